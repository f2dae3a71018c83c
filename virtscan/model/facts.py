"""What was observed on hypervisors: domains, their interfaces, networks and devices, and what could not be seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, NewType, TypeAlias, TypeVar

import msgspec

from virtscan.model.states import (
    Backing,
    DeviceKind,
    DomainState,
    GapAbout,
    HostStatus,
    LinkState,
    SourceMode,
    State,
)

DeviceName = NewType("DeviceName", str)
Mac = NewType("Mac", str)
"""Lower case, every byte two digits."""

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: one without can't be compared with the others."""

CONFIGURATION = "configuration"
"""The source of what the administrator declares: it holds at the scan, whenever it was written down."""

T = TypeVar("T")


class Observed(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A value with where it was read and when; `observed_at` is None when the source does not say."""

    value: T
    source: str
    observed_at: Moment | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be looked at, and why.

    `hypervisor` is the name of the hypervisor that it belongs to, None for servers and files of no host.
    """

    subject: str
    reason: str
    about: GapAbout
    hypervisor: str | None = None


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A device that an interface can be plugged into.

    `mode` is the macvtap mode; None when the interface is no macvtap there (a host bridge, say). `device` is None
    only when nobody could say which it is.
    """

    device: DeviceName | None
    mode: SourceMode | None


class Interface(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A domain's network interface: what its XML says, and in `attachments` what that resolves to.

    What the XML does not say is None. `source` and `mode` are the XML's own; `attachments` holds the one device in
    use of a running domain, every device that is possible for a powered-off domain on a pool, and nothing for
    interfaces that reach no device of the host (user, vhostuser, hostdev).
    """

    index: int
    type: str
    mac: Mac | None = None
    network: str | None = None
    portgroup: str | None = None
    source: str | None = None
    mode: SourceMode | None = None
    model: str | None = None
    boot_order: int | None = None
    link: LinkState | None = None
    rom: State | None = None
    vlan: tuple[int, ...] = ()
    host_csum: State | None = None
    guest_csum: State | None = None
    target: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_macvtap(self) -> bool:
        """Is it, or may it be, a macvtap?"""
        return any(attachment.mode is not None for attachment in self.attachments)


class Domain(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A virtual machine as one document describes it.

    `origin` tells apart documents of the same name or uuid: the URI, or the file (with `#2`, `#3` … for the
    second and later documents in it). `boot_devices` are `<os><boot dev>` in order.
    """

    origin: str
    name: str
    uuid: str | None = None
    state: DomainState = DomainState.UNKNOWN
    vcpus: int | None = None
    memory_mib: int | None = None
    boot_devices: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A libvirt network, as far as an interface on it needs to be resolved.

    `attachments` is every device that an interface on it may get, in the network's order.
    """

    name: str
    forward_mode: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A network device of a hypervisor.

    `lower` names what it stands on directly: a bond's members, a VLAN's device, a bridge's ports; empty when nobody
    said or nothing is below. `addresses` are in CIDR form. `sources` names who said all this, best first;
    `observed_at` is the oldest of their times, None when it is the hypervisor's own.
    """

    name: DeviceName
    kind: DeviceKind = DeviceKind.UNKNOWN
    lower: tuple[DeviceName, ...] = ()
    backing: Backing = Backing.UNKNOWN
    mac: Mac | None = None
    vlan_id: int | None = None
    addresses: tuple[str, ...] = ()
    tx: State = State.UNKNOWN
    sources: tuple[str, ...] = ()
    observed_at: datetime | None = None


class Hypervisor(msgspec.Struct, frozen=True, kw_only=True):
    """One hypervisor: what it delivered, and how much of it that was.

    `name` is unique in an inventory. `devices` holds only those that an interface leads to, `networks` only those
    in use. `segments` maps a source device to the segment that the configuration gives it. Seconds are wall time.
    """

    name: str
    uri: str
    status: HostStatus
    site: str | None = None
    kernel: Observed[str] | None = None
    cpus: int | None = None
    memory_mib: int | None = None
    domains: tuple[Domain, ...] = ()
    networks: tuple[Network, ...] = ()
    devices: tuple[Device, ...] = ()
    segments: Mapping[str, str] = {}
    observed_at: Moment | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None
