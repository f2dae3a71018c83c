"""A hypervisor of the inventory file, version 3; see `inventory_v3`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from msgspec.structs import force_setattr

from virtscan.model import (
    Attachment,
    Backing,
    DeviceKind,
    DomainState,
    Firmware,
    HostStatus,
    Interface,
    Machine,
    Packed,
    Processor,
    Resources,
    SourceMode,
    State,
    WhyLeftOut,
    mac_or_text,
    pack,
)
from virtscan.model.facts.packing import NO_RESOURCES

SavedTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

T = TypeVar("T")


class SavedStruct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record of the file."""


class SavedValue(SavedStruct, Generic[T], frozen=True):
    """An observed value."""

    value: T
    source: str
    observed_at: SavedTime | None = None


class SavedNetwork(SavedStruct, frozen=True):
    """A libvirt network."""

    name: str
    forward_mode: str | None = None
    attachments: tuple[Attachment, ...] = ()


class SavedDevice(SavedStruct, frozen=True):
    """A network device of a hypervisor or a server."""

    name: str
    kind: DeviceKind = DeviceKind.UNKNOWN
    lower: tuple[str, ...] = ()
    lower_complete: bool = False
    mode: SourceMode | None = None
    backing: Backing = Backing.UNKNOWN
    driver: str | None = None
    mac: str | None = None
    permanent_mac: str | None = None
    vlan_id: int | None = None
    addresses: tuple[str, ...] = ()
    tx: State = State.UNKNOWN
    sources: tuple[str, ...] = ()
    observed_at: datetime | None = None

    def __post_init__(self) -> None:
        """Normalize the MACs: one in another notation would equal no MAC of a server, and could clear a VM."""
        force_setattr(self, "mac", mac_or_text(self.mac))
        force_setattr(self, "permanent_mac", mac_or_text(self.permanent_mac))


class SavedLeftOut(SavedStruct, frozen=True):
    """A file in a folder of definitions that contains none."""

    path: str
    why: WhyLeftOut


class SavedDomain(SavedStruct, frozen=True, gc=False):
    """A domain."""

    origin: str
    name: str
    uuid: str | None = None
    state: DomainState = DomainState.UNKNOWN
    type: str | None = None
    next_start: bool = False
    firmware: Firmware | None = None
    direct_kernel: bool = False
    vcpus: int | None = None
    memory_mib: int | None = None
    boot_devices: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    resources: Resources = NO_RESOURCES

    def __post_init__(self) -> None:
        """Read MACs in any notation."""
        if any(interface.mac != mac_or_text(interface.mac) for interface in self.interfaces):
            force_setattr(self, "interfaces", tuple(map(_with_mac, self.interfaces)))

    @property
    def packed(self) -> Packed:
        """Return the resources as the model keeps them."""
        return pack(self.resources)


def _with_mac(interface: Interface) -> Interface:
    return msgspec.structs.replace(interface, mac=mac_or_text(interface.mac))


class SavedHypervisor(SavedStruct, frozen=True):
    """A hypervisor. `keys` are all keys that ever identified it, the best first."""

    name: str
    uri: str
    status: HostStatus
    keys: tuple[str, ...] = ()
    own_name: str | None = None
    is_name_declared: bool = False
    site: str | None = None
    kernel: SavedValue[str] | None = None
    kernel_build: str | None = None
    declared_kernel: str | None = None
    daemon: SavedValue[int] | None = None
    machine: Machine = Machine.UNKNOWN
    physical: bool = False
    system_uuid: str | None = None
    local: bool = False
    lists_all_domains: bool = False
    lists_all_devices: bool = False
    cpus: int | None = None
    memory_mib: int | None = None
    memory_free_mib: int | None = None
    processor: Processor = Processor()
    domains: tuple[SavedDomain, ...] = ()
    networks: tuple[SavedNetwork, ...] = ()
    devices: tuple[SavedDevice, ...] = ()
    segments: Mapping[str, str] = {}
    reflective: tuple[str, ...] = ()
    observed_at: SavedTime | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None
    left_out: tuple[SavedLeftOut, ...] = ()


class SavedMergedHypervisor(SavedHypervisor, frozen=True):
    """A hypervisor in one of the scans of a merged inventory.

    `same_as` is the name of the hypervisor of the whole inventory that has its domains, networks and devices; they are
    saved only there.
    """

    same_as: str | None = None
