"""Facts observed on hypervisors: domains, their interfaces, networks and devices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, NewType, TypeAlias, TypeVar, assert_never

import msgspec

from virtscan.model.facts.packing import Packed, reshape, unpack
from virtscan.model.facts.resources import Processor, Resources
from virtscan.model.identity.keys import DomainKey, domain_key, host_keys
from virtscan.model.identity.mac import Mac
from virtscan.model.identity.short_names import without_address
from virtscan.model.states import (
    Backing,
    DeviceKind,
    DomainState,
    Firmware,
    HostStatus,
    LinkState,
    Machine,
    SourceMode,
    State,
    WhyLeftOut,
)

DeviceName = NewType("DeviceName", str)

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: one without can't be compared with the others."""

ASSUMED = "assumed"
"""The source of a fact that is supposed, not observed."""

CONFIGURATION = "configuration"
"""The source of declarations: they hold at the scan, whenever they were written."""

T = TypeVar("T")


class Observed(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A value with where it was read and when; `observed_at` is None if the source has no time."""

    value: T
    source: str
    observed_at: Moment | None = None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file, a folder or a document of a file that holds no definition; the path is below the folder that was read."""

    path: str
    why: WhyLeftOut


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A device that an interface can be attached to.

    `mode` is the macvtap mode; None if the interface is not a macvtap there (a host bridge, for example). `device` is
    None only if it is unknown. `virtual_function` is True if it is an unknown virtual function of `device`.
    """

    device: DeviceName | None
    mode: SourceMode | None
    virtual_function: bool = False


VIRTIO_MODELS = frozenset({"virtio", "virtio-transitional", "virtio-non-transitional"})


class Interface(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A domain's network interface: the facts of its XML, and in `attachments` the devices that these resolve to.

    A value that the XML lacks is None. `managed` is False where libvirt uses a device that was created beforehand
    (`<target managed='no'>`), which may be a tap or a macvtap. `source` and `mode` are the XML's own. `attachments`
    holds the one device in use of a running domain, or every possible device of a powered-off domain on a pool. It is
    empty for interfaces that reach no device of the host (user, vhostuser, hostdev).
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
    managed: bool = True
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_macvtap(self) -> bool:
        """Return True if the attachment is, or may be, a macvtap."""
        for attachment in self.attachments:  # noqa: SIM110 a generator takes five times as long
            if attachment.mode is not None:
                return True
        return False


class Domain(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A virtual machine as one document describes it.

    `origin` distinguishes documents of the same name or uuid: the URI, or the file (with `#2`, `#3` … for the
    second and later documents in it). `boot_devices` are `<os><boot dev>` in order. `type` is the domain's own
    (kvm, qemu, lxc …). `next_start` marks the persistent definition of a running domain, which its next start will use.
    `packed` are its resources.
    """

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
    packed: Packed = Packed()

    @property
    def key(self) -> DomainKey:
        """Return the key by which it is recognized."""
        return domain_key(self.uuid, self.origin, self.name)

    @property
    def resources(self) -> Resources:
        """Its resources, unpacked at each access."""
        return unpack(self.packed)

    @property
    def paused(self) -> State:
        """Return ON for a suspended domain, which keeps its resources; one that does not run is not suspended."""
        return State.OFF if self.state is DomainState.INACTIVE else self.resources.paused

    def if_running(self, amount: int | None) -> int | None:
        """Return an amount of the domain; 0 if it does not run, None if that is unknown."""
        match self.state:
            case DomainState.ACTIVE:
                return amount
            case DomainState.INACTIVE:
                return 0
            case DomainState.UNKNOWN:
                return None
            case _:
                assert_never(self.state)

    def with_shape(self, shape: Resources) -> "Domain":
        """Return the domain with another shape of its resources; its own texts stay."""
        return msgspec.structs.replace(self, packed=reshape(self.packed, shape))


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A libvirt network, as far as an interface on it needs to be resolved.

    `attachments` is every device that an interface on it may get, in the network's order.
    """

    name: str
    forward_mode: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A network device of a hypervisor.

    `lower` names the devices directly below: a bond's members, a VLAN's or macvlan's parent, a bridge's ports. The list
    is complete only if `lower_complete` is True, so an empty `lower` alone proves nothing. `mode` is a macvlan's.
    `permanent_mac` is the address burnt in, which a bond's members keep below the MAC in use. `driver` is the kernel
    driver of a NIC. `addresses` are in CIDR form. `sources` names the sources, best first; `observed_at` is the oldest
    of their times; None stands for the hypervisor's time.
    """

    name: DeviceName
    kind: DeviceKind = DeviceKind.UNKNOWN
    lower: tuple[DeviceName, ...] = ()
    lower_complete: bool = False
    mode: SourceMode | None = None
    backing: Backing = Backing.UNKNOWN
    driver: str | None = None
    mac: Mac | None = None
    permanent_mac: Mac | None = None
    vlan_id: int | None = None
    addresses: tuple[str, ...] = ()
    tx: State = State.UNKNOWN
    sources: tuple[str, ...] = ()
    observed_at: datetime | None = None

    @property
    def macs(self) -> tuple[Mac, ...]:
        """The MAC in use and the permanent one, each once; empty if both are unknown."""
        return tuple(dict.fromkeys(mac for mac in (self.mac, self.permanent_mac) if mac is not None))

    @property
    def own_mac(self) -> Mac | None:
        """The permanent MAC, else the MAC in use, which may belong to another device."""
        return self.permanent_mac or self.mac


def libvirt_version(number: int) -> str:
    """Write a version of libvirt in its own form: 7000000 is 7.0.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


class Hypervisor(msgspec.Struct, frozen=True, kw_only=True):
    """One hypervisor: the items that were read, and how complete they are.

    `name` is unique in an inventory: namesakes get distinct names. `own_name` is the name before that, of the
    configuration if `is_name_declared`. `former_keys` are the keys of earlier observations. `devices` are all devices
    that its sources list, `networks` only those in use. `lists_all_domains` is True where the source shows that no
    domain is missing (libvirt; a sosreport with `virsh list`; never a folder of dumps). `lists_all_devices` is True
    where every device of the kernel was listed with its kind (`ip -d link`). `kernel` is observed, `uname -r`, with
    `uname -v` in `kernel_build`; `declared_kernel` is the configuration's. `daemon` is libvirt's version (7000000 is
    7.0.0), only from a daemon that runs on the hypervisor (qemu, lxc, ch). `memory_free_mib` includes the kernel's
    caches. `machine` is observed, `physical` declared. `local` is True if it is this machine. `segments` maps a source
    device to its configured segment. `reflective` names the devices that are declared to lead to a reflecting switch.
    `left_out` are files of a folder of definitions that hold none. Seconds are wall time.
    """

    name: str
    uri: str
    status: HostStatus
    site: str | None = None
    kernel: Observed[str] | None = None
    kernel_build: str | None = None
    declared_kernel: str | None = None
    daemon: Observed[int] | None = None
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
    domains: tuple[Domain, ...] = ()
    networks: tuple[Network, ...] = ()
    devices: tuple[Device, ...] = ()
    segments: Mapping[str, str] = {}
    reflective: tuple[str, ...] = ()
    observed_at: Moment | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None
    left_out: tuple[LeftOut, ...] = ()
    own_name: str | None = None
    is_name_declared: bool = False
    former_keys: tuple[str, ...] = ()

    @property
    def present_domains(self) -> tuple[Domain, ...]:
        """Return the domains without the definitions for the next start of those that run."""
        return tuple(domain for domain in self.domains if not domain.next_start)

    @property
    def kernel_release(self) -> str | None:
        """Return the release of the kernel, observed or else declared; None if it is unknown."""
        return self.declared_kernel if self.kernel is None else self.kernel.value

    @property
    def plain_name(self) -> str:
        """Return the name before it was made unique; files of earlier versions lack `own_name`."""
        return self.own_name or without_address(self.name, self.uri)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key ever seen for this host, the best first; each identifies it."""
        own_name = self.plain_name
        now = host_keys(
            system_uuid=self.system_uuid,
            declared_name=own_name if self.is_name_declared else None,
            uri=self.uri,
            own_name=own_name if self.local else None,
        )
        return tuple(dict.fromkeys((*now, *self.former_keys)))
