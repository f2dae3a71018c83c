"""The table of the model's text fields: the kind of a field decides how `--redact` replaces it.

A field that is missing here is withheld, and a test fails, so that a forgotten field leaks nothing.
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


class TextKind(Enum):
    """Kind of a text.

    KEPT: a keyword. TEXT: free text, which may contain any name and is withheld. DEVICE and NETWORK (also a segment, a
    subnet or a site) stay, save the words that `NameRedaction.of` replaces: without them findings are useless. The
    others are names of one kind, or addresses.
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
    NETWORK = "network"
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


_K = TextKind
_GLOBS = {"hypervisor": _K.GLOB, "domain": _K.GLOB, "mac": _K.GLOB, "server": _K.GLOB}

_SERVER = {
    "name": _K.HOST,
    "source": _K.SOURCE,
    "interface": _K.DEVICE,
    "features": _K.KEPT,
    "macs": _K.MAC,
    "declared_macs": _K.MAC,
    "addresses": _K.ADDRESS,
    "segments": _K.NETWORK,
    "subnets": _K.ADDRESS,
    "runs_on": _K.HOST,
    "system_uuid": _K.UUID,
}

TABLE: Mapping[type[msgspec.Struct], Mapping[str, TextKind]] = {
    model.ScanFacts: {"scope": _K.SCOPE},
    model.Inventory: {"version": _K.KEPT, "scope": _K.SCOPE, "redaction": _K.KEPT},
    model.Waiver: {"reason": _K.TEXT} | _GLOBS,
    model.Hypervisor: {
        "name": _K.HOST,
        "own_name": _K.HOST,
        "uri": _K.SOURCE,
        "site": _K.NETWORK,
        "kernel_build": _K.KEPT,
        "declared_kernel": _K.KEPT,
        "system_uuid": _K.UUID,
        "segments": _K.NETWORK,
        "reflective": _K.DEVICE,
        "former_keys": _K.KEY,
    },
    model.Observed: {"value": _K.KEPT, "source": _K.SOURCE},
    model.Domain: {
        "origin": _K.ORIGIN, "name": _K.VM, "uuid": _K.UUID, "type": _K.KEPT, "boot_devices": _K.KEPT,
    },
    model.Resources: {"machine": _K.KEPT, "os": _K.KEPT, "description": _K.TEXT},
    model.Disk: {
        "target": _K.KEPT,
        "device": _K.KEPT,
        "bus": _K.KEPT,
        "format": _K.KEPT,
        "path": _K.DISK,
        "pool": _K.POOL,
        "volume": _K.VOLUME,
    },
    model.Processor: {"model": _K.KEPT},
    model.Interface: {
        "type": _K.KEPT,
        "mac": _K.MAC,
        "network": _K.NETWORK,
        "portgroup": _K.NETWORK,
        "source": _K.DEVICE,
        "model": _K.KEPT,
        "target": _K.TARGET,
    },
    model.Attachment: {"device": _K.DEVICE},
    model.Network: {"name": _K.NETWORK, "forward_mode": _K.KEPT},
    model.Device: {
        "name": _K.DEVICE, "lower": _K.DEVICE, "driver": _K.KEPT, "addresses": _K.ADDRESS, "sources": _K.SOURCE,
    } | {"mac": _K.MAC, "permanent_mac": _K.MAC},
    model.LeftOut: {"path": _K.FILE},
    model.Server: _SERVER,
    model.SupposedServer: _SERVER | {"assumed_tx": _K.DEVICE},
    persistence.SettingPlace: {"files": _K.TEXT, "key": _K.TEXT, "caller": _K.TEXT},
    persistence.SettingsFound: {"unread": _K.TEXT, "not_in_report": _K.TEXT, "unclear": _K.TEXT},
    persistence.SettingInWords: {"text": _K.TEXT},
    servers.Offload: {"features": _K.KEPT},
    provisioning.Netboot: {"mac": _K.MAC, "system": _K.VM, "source": _K.RECORD_SOURCE, "server": _K.HOST},
    provisioning.Subnet: {
        "name": _K.NETWORK, "network": _K.ADDRESS, "source": _K.RECORD_SOURCE, "servers": _K.HOST,
    },
    memory.UnreadHost: {"hypervisor": _K.HOST},
    memory.LostDomain: {"hypervisor": _K.HOST},
    memory.RememberedPlace: {
        "server": _K.HOST,
        "interface": _K.DEVICE,
        "hypervisor": _K.HOST,
        "domain": _K.VM,
        "uuid": _K.UUID,
        "macs": _K.MAC,
    },
    gap_model.Gap: {"hypervisor": _K.HOST},
    i.WholeHost: {"uri": _K.SOURCE},
    i.GuestDomain: {"uri": _K.SOURCE, "domain": _K.VM},
    i.HostNetwork: {"uri": _K.SOURCE, "network": _K.NETWORK},
    i.NamedDevice: {"uri": _K.SOURCE, "device": _K.DEVICE},
    i.NodeDevice: {"uri": _K.SOURCE, "node_device": _K.NODE_DEVICE},
    i.HostFact: {"uri": _K.SOURCE},
    i.ReportFile: {"uri": _K.SOURCE, "file": _K.FILE},
    i.DefinitionFile: {"path": _K.ORIGIN},
    i.ServerItem: {"server": _K.HOST, "source": _K.SOURCE, "device": _K.DEVICE},
    i.Servers: {"servers": _K.HOST},
    i.System: {"system": _K.SYSTEM},
    i.SystemList: {"system": _K.SYSTEM, "list": _K.KEPT},
    i.SystemSubnet: {"system": _K.SYSTEM, "subnet": _K.NETWORK},
    i.SystemHost: {"system": _K.SYSTEM, "host": _K.VM},
    i.SystemHosts: {"system": _K.SYSTEM},
    i.CaptureFile: {"file": _K.CAPTURE},
    i.OldHost: {"hypervisor": _K.HOST, "uri": _K.SOURCE},
    i.OldKernel: {"hypervisor": _K.HOST, "source": _K.SOURCE},
    i.OldDevices: {"hypervisor": _K.HOST, "devices": _K.DEVICE, "sources": _K.SOURCE},
    i.OldRecords: {"source": _K.RECORD_SOURCE},
    i.WaiverItem: {"reason": _K.TEXT} | _GLOBS,
    i.HypervisorItem: {"hypervisor": _K.HOST},
    i.NamedSegment: {"segment": _K.NETWORK},
    i.OtherItem: {"text": _K.TEXT},
    c.Failure: {"detail": _K.TEXT},
    c.BadDocument: {"detail": _K.TEXT, "domains": _K.VM},
    c.ProcessCrashed: {"signal": _K.KEPT},
    c.InternalError: {"error": _K.KEPT},
    c.NoLinuxRelease: {"detail": _K.TEXT},
    c.NoDefinitions: {"left_out": _K.FILE},
    c.FilesLeftOut: {"files": _K.FILE},
    c.NoDomainDefined: {"session": _K.SOURCE},
    c.DefinedTwice: {"network": _K.NETWORK, "first": _K.ORIGIN},
    c.OffloadUnknown: {"devices": _K.DEVICE, "above_unlisted": _K.DEVICE},
    c.EthtoolFailed: {"detail": _K.TEXT, "features": _K.KEPT},
    c.FeaturesConflict: {"features": _K.KEPT},
    c.FeaturesNotShown: {"features": _K.KEPT},
    c.DeviceState: {"device": _K.DEVICE},
    workers.NotCarried: {"place": _K.SOURCE, "detail": _K.TEXT},
    c.TooOld: {"sources": _K.SOURCE},
    m.KernelContradicted: {"declared": _K.KEPT, "observed": _K.KEPT, "source": _K.SOURCE},
    m.PlaceContradicted: {"runs_on": _K.HOST, "hypervisor": _K.HOST},
    m.ReadTwice: {"hypervisor": _K.HOST},
    m.ForeignServer: {"source": _K.RECORD_SOURCE},
    m.SegmentUnmatched: {"near": _K.NETWORK},
    m.NoSuchDevice: {"key": _K.KEPT, "device": _K.DEVICE, "near": _K.DEVICE},
    m.NoSuchHypervisor: {"runs_on": _K.HOST, "near": _K.HOST},
    m.WaiverOfNamesakes: {"names": _K.HOST},
    m.ForeignFrames: {"link_name": _K.KEPT},
    history.ScanRecord: {"version": _K.KEPT, "scope": _K.SCOPE},
    history.FindingCount: {"site": _K.NETWORK, "server": _K.HOST},
    history.CapacityCount: {"site": _K.NETWORK},
    Trace: {"file": _K.CAPTURE},
    Boot: {
        "mac": _K.MAC,
        "address": _K.HOST,
        "lease_server": _K.HOST,
        "server": _K.HOST,
        "server_mac": _K.MAC,
        "file": _K.TEXT,
    },
    BootError: {"text": _K.TEXT},
}  # fmt: skip
"""By type and field; a struct without text is not in it."""
