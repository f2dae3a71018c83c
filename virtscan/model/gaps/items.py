"""Subjects of gaps: items that were not read, or not used, as typed facts; `views.wording` has the words.

Every text field is a name, a path or an address, save that of `OtherItem`: redaction relies on it.
"""

from enum import Enum

import msgspec

from virtscan.model.codes import code_of
from virtscan.model.facts.hypervisors import DeviceName
from virtscan.model.states import ProvisioningKind


class Item(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=code_of):
    """An item that a gap or a warning is about. `uri` is the address of its hypervisor, as it is shown."""


class WholeHost(Item, frozen=True):
    """A hypervisor as a whole; `domains_read` is how many of its domains were delivered before reading ended early."""

    uri: str
    domains_read: int = 0


class GuestDomain(Item, frozen=True):
    """A domain, or its definition for the next start."""

    uri: str
    domain: str
    next_start: bool = False


class HostNetwork(Item, frozen=True):
    """A libvirt network."""

    uri: str
    network: str


class NamedDevice(Item, frozen=True):
    """A network device of a hypervisor."""

    uri: str
    device: DeviceName


class NodeDevice(Item, frozen=True):
    """A device in libvirt's list of node devices, by libvirt's name."""

    uri: str
    node_device: str


class FactName(Enum):
    """A fact of a hypervisor, or a list that it has."""

    KERNEL = "kernel"
    CPUS = "CPUs"
    MEMORY = "memory"
    MACS = "MACs"
    DISK_SIZES = "disk sizes"
    NAME_CPUS_MEMORY = "host name, CPUs and memory"
    BY_SSH = "kernel and devices by ssh"
    OF_ANSIBLE = "facts of Ansible"
    DOMAINS = "domains"
    INTERFACES = "list of host interfaces"
    NODE_DEVICES = "list of node devices"


class HostFact(Item, frozen=True):
    """A single fact of a hypervisor."""

    uri: str
    fact: FactName


class ReportFile(Item, frozen=True):
    """A file in a sosreport."""

    uri: str
    file: str


class DefinitionFile(Item, frozen=True):
    """A file of definitions, `FILE#2` for the second document in it."""

    path: str


class ServerItem(Item, frozen=True):
    """A server, with its source if that was read; `device` is the device whose state is unknown."""

    server: str
    source: str | None = None
    device: DeviceName | None = None


class Servers(Item, frozen=True):
    """Several servers."""

    servers: tuple[str, ...]


class System(Item, frozen=True):
    """A provisioning system as a whole, by its name or its URL."""

    system_kind: ProvisioningKind
    system: str


class SystemList(System, frozen=True):
    """A list or a method of a provisioning system, or the record of this number in it."""

    list: str
    number: int | None = None


class SystemSubnet(System, frozen=True):
    """A subnet that a provisioning system knows."""

    subnet: str


class SystemHost(System, frozen=True):
    """The interfaces of one host that a provisioning system knows."""

    host: str


class SystemHosts(System, frozen=True):
    """The interfaces of several hosts in build mode."""

    hosts: int


class CaptureFile(Item, frozen=True):
    """A packet capture."""

    file: str


class OldHost(Item, frozen=True):
    """All facts of a hypervisor, which are of one time."""

    hypervisor: str
    uri: str


class OldKernel(Item, frozen=True):
    """The kernel of a hypervisor."""

    hypervisor: str
    source: str


class OldDevices(Item, frozen=True):
    """Devices of a hypervisor that are of one source and one time."""

    hypervisor: str
    devices: tuple[DeviceName, ...]
    sources: tuple[str, ...]


class OldRecords(Item, frozen=True):
    """The boot records of a provisioning system, or its subnets."""

    source: str
    subnets: bool = False


class WaiverItem(Item, frozen=True):
    """A waiver: its reason and its globs."""

    reason: str
    hypervisor: str
    domain: str
    mac: str
    server: str


class HypervisorItem(Item, frozen=True):
    """A hypervisor by its name."""

    hypervisor: str


class NamedSegment(Item, frozen=True):
    """A segment that the configuration names."""

    segment: str


class OtherItem(Item, frozen=True):
    """An item that an earlier version wrote in words."""

    text: str


AnyItem = (
    WholeHost | GuestDomain | HostNetwork | NamedDevice | NodeDevice | HostFact | ReportFile | DefinitionFile
    | ServerItem | Servers | System | SystemList | SystemSubnet | SystemHost | SystemHosts | CaptureFile | OldHost
    | OldKernel | OldDevices | OldRecords | WaiverItem | HypervisorItem | NamedSegment | OtherItem
)  # fmt: skip
"""Any item."""
