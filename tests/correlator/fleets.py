"""Random inventories in which servers, domains and devices get in each other's way, and ways to know less of them."""

from collections.abc import Callable
from typing import TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from tests.build import TAKEN_AT
from virtscan.model import (
    Attachment,
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    LinkState,
    LowerDevice,
    Mac,
    Observed,
    Persistence,
    Policy,
    Server,
    SourceMode,
    State,
)

Change: TypeAlias = Callable[[Inventory], Inventory]

MACS = tuple(Mac(f"52:54:00:00:00:{number:02x}") for number in range(1, 8))
SEGMENTS = ("pxe-a", "pxe-b")
ADDRESSES = ("10.1.0.9/16", "10.2.0.9/16", "fd00::9/64", "fe80::9/64")
KERNELS = ("2.6.32-279.el6.x86_64", "3.6.5", "3.10.0-327.el7.x86_64", "6.1.0")


def _device(name: str, kind: DeviceKind, backing: Backing, *lower: str) -> Device:
    return Device(name=DeviceName(name), kind=kind, backing=backing, lower=tuple(DeviceName(below) for below in lower))


CATALOGUE = (
    _device("bond2", DeviceKind.BOND, Backing.UNKNOWN, "eth4", "eth5"),
    _device("bond3", DeviceKind.BOND, Backing.VIRTUAL, "eth6"),
    _device("bond2.100", DeviceKind.VLAN, Backing.UNKNOWN, "bond2"),
    _device("br0", DeviceKind.BRIDGE, Backing.VIRTUAL, "bond3"),
    _device("br0.100", DeviceKind.VLAN, Backing.UNKNOWN, "br0"),
    _device("br1", DeviceKind.BRIDGE, Backing.UNKNOWN, "eth0", "veth0"),
    _device("veth0", DeviceKind.ETHERNET, Backing.VIRTUAL),
    _device("mv0", DeviceKind.ETHERNET, Backing.VIRTUAL, "bond2"),
    _device("odd0", DeviceKind.UNKNOWN, Backing.UNKNOWN),
    *(_device(f"eth{number}", DeviceKind.ETHERNET, Backing.PHYSICAL) for number in (0, 4, 5, 6)),
)
"""Every kind of device, with facts that may really go together."""

_ON = ("bond2",) * 6 + ("br0",) * 4 + ("bond2.100", "br0.100", "bond3", "br1", "eth0", "veth0", "mv0", "odd0", "gone0")
_ADDRESSED = ("bond2", "br0", "bond2.100")
_MODES = (SourceMode.BRIDGE,) * 4 + tuple(SourceMode)


def _at(name: str, mode: SourceMode | None) -> Attachment:
    return Attachment(DeviceName(name), mode)


PLUGS: tuple[tuple[str, tuple[Attachment, ...]], ...] = (
    *(("direct", (_at(name, mode),)) for name in _ON for mode in _MODES),
    *(("bridge", (_at(name, None),)) for name in ("br0", "br1", "bond2") for _ in range(8)),
    *(("network", (_at("bond3", mode), _at("bond2", mode))) for mode in _MODES),
    *(("network", (Attachment(None, mode),)) for mode in _MODES),
    *(("hostdev", ()) for _ in range(4)),
    *(("user", ()) for _ in range(4)),
)
"""Types of interfaces with what they are plugged into, the usual ones more often."""

MEETINGS = (
    PLUGS,
    tuple(("direct", (_at("bond2", mode),)) for mode in _MODES),
    (
        *(("direct", (_at(name, mode),)) for name in ("br0", "br0.100") for mode in _MODES),
        *[("bridge", (_at("br0", None),))] * 18,
    ),
)
"""What the interfaces of one hypervisor choose from: anything, or what makes them meet on one device."""

CARDS = (
    *(("virtio", csum) for csum in (None, None, None, State.ON, State.OFF)),
    ("e1000", None),
    ("e1000e", State.OFF),
    (None, None),
)
BOOTS = ((None, None, None), (1, None, None), (1, State.OFF, None), (1, None, LinkState.DOWN))
SENDS = (
    *((State.ON, None) for _ in range(5)),
    (State.OFF, None),
    *((State.OFF, Persistence(tx_checksum=lasts, setting="ifcfg")) for lasts in State),
    (State.UNKNOWN, None),
    (State.UNKNOWN, Persistence(tx_checksum=State.OFF, setting="ifcfg")),
)
SERVES = (
    ((), ()),
    ((), ()),
    (SEGMENTS[:1], ()),
    (SEGMENTS, ()),
    ((), ("10.1.0.0/16",)),
    ((), ("10.1.0.0/16", "fd00::/64")),
    (SEGMENTS[1:], ("10.2.0.0/16",)),
)


@st.composite
def interfaces(draw: DrawFn, index: int, mac: Mac, plugs: tuple[tuple[str, tuple[Attachment, ...]], ...]) -> Interface:
    """An interface plugged into one of `plugs`."""
    kind, attachments = draw(st.sampled_from(plugs))
    model, csum = draw(st.sampled_from(CARDS))
    boot_order, rom, link = draw(st.sampled_from(BOOTS))
    return Interface(
        index=index,
        type=kind,
        mac=mac,
        network="net" if kind == "network" else None,
        model=model,
        boot_order=boot_order,
        rom=rom,
        link=link,
        host_csum=csum,
        attachments=attachments,
    )


@st.composite
def hypervisors(draw: DrawFn, name: str, macs: tuple[Mac, ...]) -> Hypervisor:
    """A hypervisor with an interface for each of `macs`, all in one domain or each in its own."""
    together = draw(st.booleans())
    plugs = draw(st.sampled_from(MEETINGS))
    domains = [macs] if together else [(mac,) for mac in macs]
    kernel = draw(st.sampled_from((None, *KERNELS[:3], *KERNELS)))
    segment = draw(st.sampled_from((None, None, *SEGMENTS)))
    address = draw(st.sampled_from((None, None, *ADDRESSES)))
    return Hypervisor(
        name=name,
        uri=f"qemu+ssh://{name}/system",
        status=HostStatus.COMPLETE,
        kernel=None if kernel is None else Observed(value=kernel, source="ssh"),
        domains=tuple(
            Domain(
                origin=name,
                name=f"d{number}",
                state=draw(st.sampled_from((DomainState.ACTIVE, *DomainState))),
                boot_devices=("network",) if number else ("hd",),
                interfaces=tuple(draw(interfaces(index, mac, plugs)) for index, mac in enumerate(theirs)),
            )
            for number, theirs in enumerate(domains)
        ),
        devices=tuple(
            replace(device, addresses=(address,)) if address and device.name in _ADDRESSED else device
            for device in CATALOGUE
        ),
        segments={} if segment is None else dict.fromkeys(_ADDRESSED, segment),
    )


@st.composite
def servers(draw: DrawFn, name: str, used: tuple[Mac, ...] = MACS) -> Server:
    """A server whose place, state and reach may each be known or not; most of them are where `used` MACs are."""
    tx, persistence = draw(st.sampled_from(SENDS))
    segments, subnets = draw(st.sampled_from(SERVES))
    macs = draw(st.sampled_from((*((mac,) for mac in used), *((mac,) for mac in used), (), MACS[-1:], used[:2])))
    return Server(
        name=name,
        source="file:x",
        tx_checksum=tx,
        reason="timeout" if tx is State.UNKNOWN else None,
        persistence=persistence,
        macs=macs,
        segments=segments,
        subnets=subnets,
        physical=not macs and draw(st.integers(0, 9)) == 9,  # a MAC that is a domain's would contradict it
    )


@st.composite
def inventories(draw: DrawFn, *, least_servers: int = 1, unique: bool = False) -> Inventory:
    """A fleet of up to three hypervisors and three servers, with as little or as much known as it happens.

    Args:
        draw: Given by hypothesis.
        least_servers: How many servers there are at least.
        unique: Give every MAC to one interface, and none to a device, so that each proves where it is.
    """
    sizes = draw(st.sampled_from(((2,), (3,), (2, 1), (1, 2), (3, 3), (1, 1, 2), (2, 3, 1))))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    used = MACS[: sum(sizes)]
    crowd = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3, least_servers)))
    inventory = Inventory(
        version="0.1.0",
        taken_at=TAKEN_AT,
        policy=Policy(lower_device=draw(st.sampled_from(LowerDevice))),
        hypervisors=tuple(
            draw(hypervisors(f"hv{number}", used[start : start + size]))
            for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
        ),
        servers=tuple(draw(servers(f"s{number}", used)) for number in range(crowd)),
    )
    changes = [draw(st.sampled_from(losses(inventory))) for _ in range(draw(st.integers(0, 2)))]
    if not unique:
        changes += [draw(likenesses(inventory)) for _ in range(draw(st.integers(0, 2)))]
    for change in changes:
        inventory = change(inventory)
    return inventory


def likenesses(inventory: Inventory) -> SearchStrategy[Change]:
    """Ways for an interface or a device to have a MAC that something else may have, too."""
    hosts = st.sampled_from(inventory.hypervisors)
    clones = st.builds(
        lambda host, mac: _interface_of(host.name, "d0", 0, lambda one: replace(one, mac=mac)),
        hosts,
        st.sampled_from(MACS),
    )
    devices = st.builds(
        lambda host, name, mac: _device_of(host.name, name, lambda one: replace(one, mac=mac)),
        hosts,
        st.sampled_from([device.name for device in CATALOGUE]),
        st.sampled_from(MACS),
    )
    return clones | devices


SERVER_LOSSES: tuple[Callable[[Server], Server], ...] = (
    lambda one: replace(one, macs=()),
    lambda one: replace(one, tx_checksum=State.UNKNOWN, reason="timeout"),
    lambda one: replace(one, segments=()),
    lambda one: replace(one, subnets=()),
    lambda one: replace(one, physical=False),
    lambda one: replace(one, persistence=None),
)
HOST_LOSSES: tuple[Callable[[Hypervisor], Hypervisor], ...] = (
    lambda one: replace(one, kernel=None),
    lambda one: replace(one, segments={}),
    lambda one: replace(one, status=HostStatus.PARTIAL) if one.status is HostStatus.COMPLETE else one,
    lambda one: replace(one, status=HostStatus.FAILED),
    # All devices are forgotten, but not who has which MAC: that is another property.
    lambda one: replace(one, devices=tuple(Device(name=device.name, mac=device.mac) for device in one.devices)),
)
DEVICE_LOSSES: tuple[Callable[[Device], Device], ...] = (
    lambda one: replace(one, kind=DeviceKind.UNKNOWN),
    lambda one: replace(one, backing=Backing.UNKNOWN),
    lambda one: replace(one, lower=()),
    lambda one: replace(one, addresses=()),
)
DOMAIN_LOSSES: tuple[Callable[[Domain], Domain], ...] = (
    lambda one: replace(one, state=DomainState.UNKNOWN),
    lambda one: replace(one, boot_devices=()),
)
INTERFACE_LOSSES: tuple[Callable[[Interface], Interface], ...] = (
    lambda one: replace(one, attachments=(Attachment(None, SourceMode.UNKNOWN),) if one.attachments else ()),
    lambda one: replace(one, attachments=tuple(Attachment(at.device, SourceMode.UNKNOWN) for at in one.attachments)),
    lambda one: replace(one, model=None),
    lambda one: replace(one, host_csum=None),
    lambda one: replace(one, host_csum=State.UNKNOWN),
    lambda one: replace(one, boot_order=None, rom=None, link=None),
)


def losses(inventory: Inventory) -> list[Change]:
    """Every way to know one fact less about a server, host or device, or to have one gap more."""
    changes = [_with_gap(about, name) for about in GapAbout for name in (None, "hv0")]
    changes += (_server(server.name, loss) for server in inventory.servers for loss in SERVER_LOSSES)
    for host in inventory.hypervisors:
        changes += (_host(host.name, loss) for loss in HOST_LOSSES)
        changes += (_device_of(host.name, device.name, loss) for device in host.devices for loss in DEVICE_LOSSES)
        for domain in host.domains:
            changes += (_domain_of(host.name, domain.name, loss) for loss in DOMAIN_LOSSES)
            changes += (
                _interface_of(host.name, domain.name, interface.index, loss)
                for interface in domain.interfaces
                for loss in INTERFACE_LOSSES
            )
    return changes


def lost_macs(inventory: Inventory) -> list[Change]:
    """Every way not to know the MAC of one device any more."""
    return [
        _device_of(host.name, device.name, lambda one: replace(one, mac=None))
        for host in inventory.hypervisors
        for device in host.devices
        if device.mac is not None
    ]


def lost_domains(inventory: Inventory) -> list[Change]:
    """Every way not to read one domain, which then is a gap, or not the MAC of one interface."""
    return [
        change
        for host in inventory.hypervisors
        for domain in host.domains
        for change in (
            _drop(host.name, domain.name),
            *(
                _interface_of(host.name, domain.name, interface.index, lambda one: replace(one, mac=None))
                for interface in domain.interfaces
            ),
        )
    ]


def _with_gap(about: GapAbout, hypervisor: str | None) -> Change:
    gap = Gap(subject="something", reason="timeout", about=about, hypervisor=hypervisor)
    return lambda inventory: replace(inventory, gaps=(*inventory.gaps, gap))


def _server(name: str, change: Callable[[Server], Server]) -> Change:
    return lambda inventory: replace(
        inventory, servers=tuple(change(one) if one.name == name else one for one in inventory.servers)
    )


def _host(name: str, change: Callable[[Hypervisor], Hypervisor]) -> Change:
    return lambda inventory: replace(
        inventory, hypervisors=tuple(change(one) if one.name == name else one for one in inventory.hypervisors)
    )


def _device_of(host: str, name: str, change: Callable[[Device], Device]) -> Change:
    return _host(host, lambda one: replace(one, devices=tuple(change(d) if d.name == name else d for d in one.devices)))


def _domain_of(host: str, name: str, change: Callable[[Domain], Domain]) -> Change:
    return _host(host, lambda one: replace(one, domains=tuple(change(d) if d.name == name else d for d in one.domains)))


def _interface_of(host: str, domain: str, index: int, change: Callable[[Interface], Interface]) -> Change:
    return _domain_of(
        host,
        domain,
        lambda one: replace(one, interfaces=tuple(change(i) if i.index == index else i for i in one.interfaces)),
    )


def _drop(host: str, domain: str) -> Change:
    without = _host(host, lambda one: replace(one, domains=tuple(d for d in one.domains if d.name != domain)))
    gap = _with_gap(GapAbout.DOMAIN, host)
    return lambda inventory: gap(without(inventory))
