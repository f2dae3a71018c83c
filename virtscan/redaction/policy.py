"""The one table of the model's text fields: the kind of each decides how `--redact` replaces it.

A field that is not in it is withheld, and a test fails: nothing leaks because it was forgotten.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from virtscan import model
from virtscan.model import gaps as gap_model
from virtscan.model import history
from virtscan.model.facts import memory, persistence, provisioning, servers
from virtscan.model.gaps import causes as c
from virtscan.model.gaps import items as i
from virtscan.model.gaps import mismatches as m
from virtscan.model.gaps import workers
from virtscan.trace.boots.boot import Boot, BootError, Trace


class Holds(Enum):
    """Kind of a text.

    KEPT: a word of libvirt, of a program or of virtscan, or the name of a network or a site, without which findings are
    useless. TEXT: free text, which may hold any name and is withheld. The others are names of a kind, or addresses.
    """

    KEPT = "kept"
    TEXT = "text"
    HOST = "host"
    VM = "vm"
    UUID = "uuid"
    MAC = "mac"
    ADDRESS = "address"
    DEVICE = "device"
    TARGET = "target"
    NODE_DEVICE = "node-device"
    SEGMENT = "segment"
    SOURCE = "source"
    RECORD_SOURCE = "record-source"
    SYSTEM = "system"
    KEY = "key"
    ORIGIN = "origin"
    FILE = "file"
    DISK = "disk"
    POOL = "pool"
    VOLUME = "volume"
    CAPTURE = "capture"
    SCOPE = "scope"
    GLOB = "glob"


_H = Holds
_GLOBS = {"hypervisor": _H.GLOB, "domain": _H.GLOB, "mac": _H.GLOB, "server": _H.GLOB}

_SERVER = {
    "name": _H.HOST,
    "source": _H.SOURCE,
    "interface": _H.DEVICE,
    "features": _H.KEPT,
    "macs": _H.MAC,
    "declared_macs": _H.MAC,
    "addresses": _H.ADDRESS,
    "segments": _H.SEGMENT,
    "subnets": _H.ADDRESS,
    "runs_on": _H.HOST,
    "system_uuid": _H.UUID,
}

TABLE: Mapping[type[msgspec.Struct], Mapping[str, Holds]] = {
    model.Inventory: {"version": _H.KEPT, "scope": _H.SCOPE, "redaction": _H.KEPT},
    model.Waiver: {"reason": _H.TEXT} | _GLOBS,
    model.Hypervisor: {
        "name": _H.HOST,
        "own_name": _H.HOST,
        "uri": _H.SOURCE,
        "site": _H.KEPT,
        "kernel_build": _H.KEPT,
        "declared_kernel": _H.KEPT,
        "system_uuid": _H.UUID,
        "segments": _H.SEGMENT,
        "reflective": _H.DEVICE,
        "former_keys": _H.KEY,
    },
    model.Observed: {"value": _H.KEPT, "source": _H.SOURCE},
    model.Domain: {
        "origin": _H.ORIGIN, "name": _H.VM, "uuid": _H.UUID, "type": _H.KEPT, "boot_devices": _H.KEPT,
    },
    model.Resources: {"machine": _H.KEPT, "os": _H.KEPT, "description": _H.TEXT},
    model.Disk: {
        "target": _H.KEPT,
        "device": _H.KEPT,
        "bus": _H.KEPT,
        "format": _H.KEPT,
        "path": _H.DISK,
        "pool": _H.POOL,
        "volume": _H.VOLUME,
    },
    model.Processor: {"model": _H.KEPT},
    model.Interface: {
        "type": _H.KEPT,
        "mac": _H.MAC,
        "network": _H.KEPT,
        "portgroup": _H.KEPT,
        "source": _H.DEVICE,
        "model": _H.KEPT,
        "target": _H.TARGET,
    },
    model.Attachment: {"device": _H.DEVICE},
    model.Network: {"name": _H.KEPT, "forward_mode": _H.KEPT},
    model.Device: {
        "name": _H.DEVICE, "lower": _H.DEVICE, "driver": _H.KEPT, "addresses": _H.ADDRESS, "sources": _H.SOURCE,
    } | {"mac": _H.MAC, "permanent_mac": _H.MAC},
    model.LeftOut: {"path": _H.FILE},
    model.Server: _SERVER,
    model.SupposedServer: _SERVER | {"assumed_tx": _H.DEVICE},
    persistence.SettingPlace: {"files": _H.TEXT, "key": _H.TEXT, "caller": _H.TEXT},
    persistence.SettingsFound: {"unread": _H.TEXT, "not_in_report": _H.TEXT, "unclear": _H.TEXT},
    persistence.SettingInWords: {"text": _H.TEXT},
    servers.Offload: {"features": _H.KEPT},
    provisioning.Netboot: {"mac": _H.MAC, "system": _H.VM, "source": _H.RECORD_SOURCE, "server": _H.HOST},
    provisioning.Subnet: {
        "name": _H.KEPT, "network": _H.ADDRESS, "source": _H.RECORD_SOURCE, "servers": _H.HOST,
    },
    memory.UnreadHost: {"hypervisor": _H.HOST},
    memory.RememberedPlace: {
        "server": _H.HOST,
        "interface": _H.DEVICE,
        "hypervisor": _H.HOST,
        "domain": _H.VM,
        "uuid": _H.UUID,
        "macs": _H.MAC,
    },
    gap_model.Gap: {"hypervisor": _H.HOST},
    i.WholeHost: {"uri": _H.SOURCE},
    i.GuestDomain: {"uri": _H.SOURCE, "domain": _H.VM},
    i.HostNetwork: {"uri": _H.SOURCE, "network": _H.KEPT},
    i.NamedDevice: {"uri": _H.SOURCE, "device": _H.DEVICE},
    i.NodeDevice: {"uri": _H.SOURCE, "node_device": _H.NODE_DEVICE},
    i.HostFact: {"uri": _H.SOURCE},
    i.ReportFile: {"uri": _H.SOURCE, "file": _H.FILE},
    i.DefinitionFile: {"path": _H.ORIGIN},
    i.ServerItem: {"server": _H.HOST, "source": _H.SOURCE, "device": _H.DEVICE},
    i.Servers: {"servers": _H.HOST},
    i.System: {"system": _H.SYSTEM},
    i.SystemList: {"system": _H.SYSTEM, "list": _H.KEPT},
    i.SystemSubnet: {"system": _H.SYSTEM, "subnet": _H.KEPT},
    i.SystemHost: {"system": _H.SYSTEM, "host": _H.VM},
    i.SystemHosts: {"system": _H.SYSTEM},
    i.CaptureFile: {"file": _H.CAPTURE},
    i.OldHost: {"hypervisor": _H.HOST, "uri": _H.SOURCE},
    i.OldKernel: {"hypervisor": _H.HOST, "source": _H.SOURCE},
    i.OldDevices: {"hypervisor": _H.HOST, "devices": _H.DEVICE, "sources": _H.SOURCE},
    i.OldRecords: {"source": _H.RECORD_SOURCE},
    i.WaiverItem: {"reason": _H.TEXT} | _GLOBS,
    i.HypervisorItem: {"hypervisor": _H.HOST},
    i.NamedSegment: {"segment": _H.SEGMENT},
    i.OtherItem: {"text": _H.TEXT},
    c.Failure: {"detail": _H.TEXT},
    c.BadDocument: {"detail": _H.TEXT, "domains": _H.VM},
    c.ProcessCrashed: {"signal": _H.KEPT},
    c.InternalError: {"error": _H.KEPT},
    c.NoLinuxRelease: {"detail": _H.TEXT},
    c.NoDefinitions: {"left_out": _H.FILE},
    c.FilesLeftOut: {"files": _H.FILE},
    c.NoDomainDefined: {"session": _H.SOURCE},
    c.DefinedTwice: {"network": _H.KEPT, "first": _H.ORIGIN},
    c.OffloadUnknown: {"devices": _H.DEVICE, "above_unlisted": _H.DEVICE},
    c.EthtoolFailed: {"detail": _H.TEXT, "features": _H.KEPT},
    c.FeaturesConflict: {"features": _H.KEPT},
    c.FeaturesNotShown: {"features": _H.KEPT},
    c.DeviceState: {"device": _H.DEVICE},
    workers.NotCarried: {"place": _H.SOURCE, "detail": _H.TEXT},
    c.TooOld: {"sources": _H.SOURCE},
    m.KernelContradicted: {"declared": _H.KEPT, "observed": _H.KEPT, "source": _H.SOURCE},
    m.PlaceContradicted: {"runs_on": _H.HOST, "hypervisor": _H.HOST},
    m.ForeignServer: {"source": _H.RECORD_SOURCE},
    m.SegmentUnmatched: {"near": _H.SEGMENT},
    m.NoSuchDevice: {"key": _H.KEPT, "device": _H.DEVICE, "near": _H.DEVICE},
    m.NoSuchHypervisor: {"runs_on": _H.HOST, "near": _H.HOST},
    m.WaiverOfNamesakes: {"names": _H.HOST},
    m.ForeignFrames: {"link_name": _H.KEPT},
    history.ScanRecord: {"version": _H.KEPT, "scope": _H.SCOPE},
    history.FindingCount: {"site": _H.KEPT, "server": _H.HOST},
    history.CapacityCount: {"site": _H.KEPT},
    Trace: {"file": _H.CAPTURE},
    Boot: {
        "mac": _H.MAC,
        "address": _H.HOST,
        "lease_server": _H.HOST,
        "server": _H.HOST,
        "server_mac": _H.MAC,
        "file": _H.TEXT,
    },
    BootError: {"text": _H.TEXT},
}  # fmt: skip
"""By type and field; a struct without text is not in it."""
