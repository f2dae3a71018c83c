"""Random inventories in which servers, domains and devices get in each other's way."""

from collections.abc import Collection
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from tests.build import TAKEN_AT, bond, bridge, device, failure, gap_in_words, macvlan, nic, tap, veth, vlan
from virtscan.model import (
    Attachment,
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    Firmware,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    LinkState,
    LowerDevice,
    Mac,
    Machine,
    Netboot,
    Observed,
    Offload,
    Persistence,
    Policy,
    Server,
    ServerDevice,
    SourceMode,
    State,
    Subnet,
)
from virtscan.model.facts.persistence import SettingInWords

MACS = tuple(Mac(f"52:54:00:00:00:{number:02x}") for number in range(1, 9))
"""MACs of domains' interfaces, and of servers in them."""

OUTER = Mac("52:54:00:00:01:01")
"""MAC of a hypervisor that is a domain of another one."""

ELSEWHERE = (Mac("b4:96:91:aa:00:01"), Mac("02:42:ac:11:00:02"), Mac("00:00:5e:00:01:07"), Mac("52:54:00:aa:00:01"))
"""MACs that no domain has: of a real NIC, a container, VRRP and a virtual machine that is not scanned."""

UUIDS = tuple(f"4c4c4544-0000-1000-8000-00000000000{number}" for number in range(4))
SEGMENTS = ("pxe-a", "pxe-b", "10.1.0.0/16")
ADDRESSES = ("10.1.0.9/16", "10.2.0.9/16", "fd00::9/64", "fe80::9/64")
KERNELS = ("2.6.32-279.el6.x86_64", "3.6.5", "3.10.0-327.el7.x86_64", "6.1.0")
TIMES = (TAKEN_AT, TAKEN_AT, TAKEN_AT, TAKEN_AT - timedelta(days=31), None)

BRIDGE = SourceMode.BRIDGE
_MODES = (BRIDGE,) * 4 + tuple(SourceMode)

CATALOGUE = (
    bond("bond2", "eth4", "eth5"),
    bond("bond3", "eth6", backing=Backing.VIRTUAL),
    bond("bond4", "eth7", lower_complete=False),
    vlan("bond2.100", "bond2"),
    vlan("bond2.200", "bond2"),
    vlan("bond2.100.7", "bond2.100"),
    bridge("br0", "bond3", "vnet7"),
    vlan("br0.100", "br0"),
    bridge("br1", "eth0", "veth0"),
    bridge("br2", "bond2.200"),
    tap("vnet7"),
    veth("veth0"),
    device("odd0", DeviceKind.UNKNOWN, lower_complete=False),
    device("mt0", DeviceKind.ETHERNET, backing=Backing.VIRTUAL, lower_complete=False),
)
"""Every kind of device, with facts that may really go together; the NICs under them differ."""

MACVLANS = tuple(
    macvlan(f"mv{number}", parent, mode)
    for number, (parent, mode) in enumerate(
        (
            ("bond2", BRIDGE),
            ("bond2", SourceMode.VEPA),
            ("bond2", SourceMode.PRIVATE),
            ("br0", BRIDGE),
            ("eth4", BRIDGE),
        )
    )
)
NICS = (
    ("ixgbe", "b4:96:91"),
    ("ixgbe", "b4:96:91"),
    (None, "b4:96:91"),
    ("virtio_net", "52:54:00"),
    ("mlx5_core", "02:00:00"),
    (None, "52:54:00"),
    (None, "02:00:00"),
    (None, None),
)
"""Drivers of NICs and the beginnings of their MACs."""

REAL = (None, "b4:96:91")

_ON = ("bond2",) * 6 + ("br0",) * 4 + ("bond2.100", "bond2.200", "bond2.100.7", "br0.100", "bond3", "bond4", "br1")
_RARE = ("br2", "eth0", "eth4", "veth0", "odd0", "gone0")
_ADDRESSED = ("bond2", "br0", "bond2.100")


def _at(name: str, mode: SourceMode | None) -> Attachment:
    return Attachment(DeviceName(name), mode)


PLUGS: tuple[tuple[str, tuple[Attachment, ...]], ...] = (
    *(("direct", (_at(name, mode),)) for name in (*_ON, *_RARE) for mode in _MODES),
    *(("bridge", (_at(name, None),)) for name in ("br0", "br1", "br2", "bond2") for _ in range(8)),
    *(("network", (_at("bond3", mode), _at("bond2", mode))) for mode in _MODES),
    *(("network", (Attachment(None, mode),)) for mode in _MODES),
    *(("ethernet", (Attachment(None, SourceMode.UNKNOWN),)) for _ in range(4)),
    *((kind, ()) for kind in ("hostdev", "user", "vhostuser") for _ in range(2)),
)
"""Types of interfaces with what they are attached to, the usual ones more often."""

MEETINGS = (
    PLUGS,
    tuple(("direct", (_at("bond2", mode),)) for mode in _MODES),
    tuple(("direct", (_at(name, mode),)) for name in ("bond2", "bond2.100", "bond2.200") for mode in _MODES),
    (
        *(("direct", (_at(name, mode),)) for name in ("br0", "br0.100") for mode in _MODES),
        *[("bridge", (_at("br0", None),))] * 18,
    ),
)
"""Choices for the interfaces of one hypervisor: any, or those that put them on one device."""

MODELS = (
    *(("virtio", csum) for csum in (None, None, None, State.ON, State.OFF)),
    ("e1000", None),
    ("e1000e", State.OFF),
    (None, None),
)
BOOTS = ((None, None, None), (1, None, None), (1, State.OFF, None), (1, None, LinkState.DOWN))
TX = (State.ON, State.ON, State.ON, State.OFF, State.UNKNOWN)
SERVES = (
    ((), ()),
    ((), ()),
    ((), ()),
    (SEGMENTS[:1], ()),
    (SEGMENTS[:2], ()),
    ((), ("10.1.0.0/16",)),
    ((), ("10.2.0.0/16", "fd00::/64")),
)


@st.composite
def interfaces(draw: DrawFn, index: int, mac: Mac, plugs: tuple[tuple[str, tuple[Attachment, ...]], ...]) -> Interface:
    """An interface attached to one of `plugs`."""
    kind, attachments = draw(st.sampled_from(plugs))
    model, csum = draw(st.sampled_from(MODELS))
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
        target="mt0" if kind == "ethernet" else None,
        managed=kind != "ethernet",
        attachments=attachments,
    )


@st.composite
def domains(
    draw: DrawFn, name: str, macs: tuple[Mac, ...], plugs: tuple[tuple[str, tuple[Attachment, ...]], ...]
) -> Domain:
    """A domain with an interface for each of `macs`."""
    return Domain(
        origin="qemu:///system",
        name=name,
        uuid=draw(st.sampled_from((None, f"aaaaaaaa-0000-1000-8000-{macs[0][-2:]:0>12}"))) if macs else None,
        type=draw(st.sampled_from(("kvm", "kvm", "kvm", "kvm", None, "lxc"))),
        state=draw(st.sampled_from((DomainState.ACTIVE, DomainState.ACTIVE, *DomainState))),
        firmware=draw(st.sampled_from((None, *Firmware))),
        boot_devices=draw(st.sampled_from((("network",), ("hd",)))),
        interfaces=tuple(draw(interfaces(index, mac, plugs)) for index, mac in enumerate(macs)),
    )


@st.composite
def devices(draw: DrawFn, host: int, *, outer: bool) -> tuple[Device, ...]:
    """All devices of a hypervisor; with `outer` one NIC has the MAC of a domain of another hypervisor."""
    driver, start = draw(st.sampled_from(NICS[3:4] if outer else NICS))
    nics = [
        nic(name, driver=driver, mac=None if start is None else Mac(f"{start}:1{host}:00:0{name[-1]}"))
        for name in ("eth0", "eth4", "eth5", "eth6")
    ]
    # Without a driver a manufacturer's MAC says that a NIC is real: no virtual machine has one.
    others = (
        (None, None, *((device, mac) for device, mac in NICS if (device, mac) != REAL))
        if (driver, start) != REAL
        else (None,)
    )
    mixed = draw(st.sampled_from(others))
    if mixed is not None:  # a virtual function of a virtual machine, or a virtual NIC beside others
        nics[3] = replace(nics[3], driver=mixed[0], mac=None if mixed[1] is None else Mac(f"{mixed[1]}:2{host}:00:06"))
    if outer:
        nics[1] = replace(nics[1], mac=OUTER)
    if draw(st.integers(0, 3)) == 0:  # as members of a bond
        nics[1:3] = [replace(device, permanent_mac=device.mac, mac=nics[1].mac) for device in nics[1:3]]
    address = draw(st.sampled_from((None, None, *ADDRESSES)))
    extra = draw(st.lists(st.sampled_from(MACVLANS), unique=True, max_size=2))
    drawn = [
        replace(device, addresses=(address,)) if address and device.name in _ADDRESSED else device
        for device in (*CATALOGUE, *nics, *extra)
    ]
    for place, mac in draw(
        st.lists(st.tuples(st.integers(0, len(drawn) - 1), st.sampled_from((*MACS, OUTER, *ELSEWHERE[:2]))), max_size=2)
    ):
        # A NIC with the MAC of another hypervisor's domain would make a domain of its hypervisor.
        if drawn[place].backing is not Backing.PHYSICAL:
            drawn[place] = replace(drawn[place], mac=mac)
    return tuple(drawn)


@st.composite
def hypervisors(draw: DrawFn, number: int, macs: tuple[Mac, ...], *, outer: bool = False) -> Hypervisor:
    """A hypervisor with an interface for each of `macs`, all in one domain or each in its own."""
    name = f"hv{number}"
    together = draw(st.booleans())
    plugs = draw(st.sampled_from(MEETINGS))
    groups = [macs] if together else [(mac,) for mac in macs]
    kernel = draw(st.sampled_from((None, None, *KERNELS[:3], *KERNELS[:3], *KERNELS)))
    declared = draw(st.sampled_from((None, None, None, None, *KERNELS)))
    daemon = draw(st.sampled_from((None, None, None, None, 1_002_000, 7_000_000)))
    at = draw(st.sampled_from(TIMES))
    segments = draw(st.sampled_from(((), (), ("bond2",), _ADDRESSED)))
    drawn = draw(devices(number, outer=outer))
    drivers = {device.driver for device in drawn if device.backing is Backing.PHYSICAL}
    real = any(device.mac is not None and device.mac.startswith(NICS[0][1] or "") for device in drawn)
    return Hypervisor(
        name=name,
        uri=f"qemu+ssh://{name}/system",
        status=draw(st.sampled_from((HostStatus.COMPLETE,) * 12 + tuple(HostStatus))),
        kernel=None if kernel is None else Observed(value=kernel, source="ssh", observed_at=at),
        declared_kernel=declared,
        daemon=None if daemon is None else Observed(value=daemon, source="libvirt", observed_at=at),
        machine=draw(st.sampled_from(_machines(drivers, real=real))),
        physical="virtio_net" not in drivers and draw(st.integers(0, 5)) == 0,
        system_uuid=draw(st.sampled_from((None, None, *UUIDS))),
        lists_all_domains=draw(st.sampled_from((True,) * 7 + (False,))),
        lists_all_devices=draw(st.booleans()),
        domains=tuple(draw(domains(f"d{place}", theirs, plugs)) for place, theirs in enumerate(groups)),
        devices=() if draw(st.integers(0, 9)) == 0 else drawn,
        segments={device: draw(st.sampled_from(SEGMENTS)) for device in segments},
        reflective=draw(st.sampled_from(((), (), ("bond2", "br0")))),
        observed_at=at,
    )


def _machines(drivers: set[str | None], *, real: bool) -> tuple[Machine, ...]:
    """Return what a hypervisor with such NICs may be observed to be."""
    if "virtio_net" in drivers:
        return Machine.VIRTUAL, Machine.UNKNOWN
    return (Machine.PHYSICAL, Machine.UNKNOWN) if real else tuple(Machine)


@st.composite
def offloads(draw: DrawFn) -> Offload:
    """The offload state of one device, now and after a reboot."""
    tx = draw(st.sampled_from(TX))
    after = draw(st.sampled_from((None, *State)))
    lasting = None if after is None else Persistence(tx_checksum=after, setting=SettingInWords(text="ifcfg"))
    return Offload(tx_checksum=tx, reason=failure("timeout") if tx is State.UNKNOWN else None, persistence=lasting)


_SHAPES = ("nic", "vlan", "bond", "bridge", "macvlan", "team", "pair")


@st.composite
def stacks(draw: DrawFn, macs: tuple[Mac, ...]) -> tuple[str | None, tuple[ServerDevice, ...]]:
    """The devices of a server with NICs of these MACs, and the one that is named, if any."""
    driver = "virtio_net" if macs[0].startswith("52:54") else "ixgbe"
    nics = [nic(f"eth{place}", driver=driver, mac=mac) for place, mac in enumerate(macs)]
    names = [str(device.name) for device in nics]
    above = {
        "nic": (),
        "pair": (),
        "vlan": (vlan("eth0.7", "eth0", backing=Backing.VIRTUAL),),
        "bond": (bond("bond0", *names, mac=macs[0]), vlan("bond0.7", "bond0")),
        "bridge": (bridge("br0", "eth0", "vnet0", mac=Mac("02:00:00:00:00:99")), tap("vnet0")),
        "macvlan": (macvlan("mv0", "eth0", mac=Mac("02:00:00:00:00:98")),),
        "team": (device("team0", DeviceKind.UNKNOWN, *names),),
    }
    shape = draw(st.sampled_from(_SHAPES))
    devices = [*above[shape], *nics]
    if shape == "bond":
        nics = [replace(device, permanent_mac=device.mac, mac=macs[0]) for device in nics]
        devices = [*above[shape], *nics]
    named = draw(st.sampled_from((None, *(str(device.name) for device in devices if device.name != "vnet0"))))
    address = draw(st.integers(0, len(devices) - 1))
    devices[address] = replace(devices[address], addresses=("10.1.0.5/16",))
    return named, tuple(ServerDevice(device=device, offload=draw(offloads())) for device in devices)


_ADDRESSES = {"s0": "10.1.0.5", "s1": "10.1.0.6", "s2": "10.1.0.7"}


@st.composite
def servers(draw: DrawFn, name: str, used: tuple[Mac, ...] = MACS, apart: Collection[Mac | None] = ()) -> Server:
    """A server whose place, state and reach may each be known or not; most of them are where `used` MACs are.

    No stack that was read has NICs `apart`, in other domains than the first MAC: those are of other nodes.
    """
    macs = draw(
        st.sampled_from((*((mac,) for mac in used), *((mac,) for mac in used), used[:2], (used[0], ELSEWHERE[0])))
    )
    if draw(st.integers(0, 5)) == 0:
        macs = (draw(st.sampled_from(ELSEWHERE)),)
    segments, subnets = draw(st.sampled_from(SERVES))
    address = _ADDRESSES.get(name, "10.1.0.8")
    source = draw(st.sampled_from((f"ssh://root@{address}", "file:x", "on")))
    offload = draw(offloads())
    server = Server(
        name=name,
        source=source,
        interface=draw(st.sampled_from((None, "eth0"))),
        tx_checksum=State.ON if source == "on" else offload.tx_checksum,
        reason=offload.reason,
        persistence=offload.persistence,
        macs=macs,
        declared_macs=macs,
        addresses=(f"{address}/16",),
        segments=segments,
        subnets=subnets,
        observed_at=draw(st.sampled_from(TIMES)),
    )
    if draw(st.integers(0, 9)) == 0:
        server = replace(server, macs=(), declared_macs=())
    if source.startswith("ssh:") and draw(st.booleans()):
        own = tuple(mac for mac in macs if mac is macs[0] or mac not in apart)
        named, devices = draw(stacks(own))
        declared = draw(st.sampled_from(((), macs[:1], (*macs, ELSEWHERE[0]), (*macs, ELSEWHERE[2]))))
        macs = tuple(mac for mac in macs if mac in (*own, *declared))
        server = replace(
            server, interface=named, devices=devices, lists_all_devices=True, macs=macs, declared_macs=declared
        )
        if not {*macs} & {*MACS}:
            server = replace(server, machine=draw(st.sampled_from(tuple(Machine))))
    return replace(
        server,
        physical=draw(st.integers(0, 9)) == 0,
        runs_on=draw(st.sampled_from((None,) * 8 + ("hv0", "hv9"))),
        system_uuid=draw(st.sampled_from((None,) * 5 + UUIDS[:1])),
    )


@st.composite
def inventories(draw: DrawFn, *, least_servers: int = 1) -> Inventory:
    """A fleet of up to three hypervisors and three servers, with as little or as much known as it happens."""
    sizes = draw(st.sampled_from(((2,), (3,), (2, 1), (1, 2), (3, 3), (1, 1, 2), (2, 3, 1))))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    used = MACS[: sum(sizes)]
    nested = len(sizes) > 1 and draw(st.integers(0, 3)) == 0
    hosts = [
        draw(hypervisors(number, used[start : start + size], outer=nested and number == 0))
        for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]
    if nested:
        hypervisor_domain = draw(domains("hv0", (OUTER,), MEETINGS[2]))
        hosts[1] = replace(hosts[1], domains=(*hosts[1].domains, hypervisor_domain))
    if len(hosts) > 1 and draw(st.integers(0, 3)) == 0:
        hosts = _with_copy(draw, hosts)
    if len(hosts) > 1 and draw(st.integers(0, 5)) == 0:
        same = {name: getattr(hosts[0], name) for name in ("devices", "system_uuid", "machine", "physical")}
        hosts[-1] = replace(hosts[-1], **same)
    apart = {nic.mac for host in hosts for domain in host.domains for nic in domain.interfaces} - {
        nic.mac for nic in hosts[0].domains[0].interfaces
    }
    crowd = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3, least_servers)))
    return Inventory(
        version="0.1.0",
        taken_at=TAKEN_AT,
        policy=Policy(
            lower_device=draw(st.sampled_from(LowerDevice)),
            max_age=draw(st.sampled_from((None, None, None, 7 * 86400.0))),
        ),
        hypervisors=tuple(hosts),
        servers=tuple(draw(servers(f"s{number}", used, apart)) for number in range(crowd)),
        netboots=tuple(draw(records(used))),
        subnets=tuple(draw(subnets())),
        gaps=tuple(draw(st.lists(gaps(), max_size=1))),
    )


def _with_copy(draw: DrawFn, hosts: list[Hypervisor]) -> list[Hypervisor]:
    """Copy a domain to another hypervisor: a cluster's definition, a backup or a clone."""
    original = draw(st.sampled_from(hosts[0].domains))
    state = draw(st.sampled_from(DomainState))
    uuid = original.uuid if draw(st.booleans()) else None
    plugs = draw(st.sampled_from(MEETINGS))
    moved = tuple(replace(interface, attachments=draw(st.sampled_from(plugs))[1]) for interface in original.interfaces)
    copy = replace(original, name=f"{original.name}-copy", uuid=uuid, state=state, interfaces=moved)
    return [hosts[0], replace(hosts[1], domains=(*hosts[1].domains, copy)), *hosts[2:]]


@st.composite
def records(draw: DrawFn, macs: tuple[Mac, ...]) -> list[Netboot]:
    """Up to two records of MACs, which name a server that is configured, another one, or none."""
    return [
        Netboot(
            mac=draw(st.sampled_from(macs)),
            system="x",
            pending=draw(st.booleans()),
            source="cobbler",
            server=draw(st.sampled_from((None, "s0", "s1.example.com", "10.1.0.5", "boot.example.com"))),
            observed_at=draw(st.sampled_from(TIMES)),
        )
        for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2))))
    ]


@st.composite
def subnets(draw: DrawFn) -> list[Subnet]:
    """Up to one subnet of a provisioning system."""
    if draw(st.integers(0, 4)):
        return []
    names = draw(st.sampled_from(((), ("s0",), ("s1", "s0"), ("other.example.com",))))
    return [Subnet(name="n", network="10.1.0.0/16", source="foreman", vlan_id=100, servers=names, observed_at=TAKEN_AT)]


@st.composite
def gaps(draw: DrawFn) -> Gap:
    """Something that could not be read."""
    about = draw(st.sampled_from((GapAbout.DOMAIN, GapAbout.HYPERVISOR, GapAbout.DEVICE, GapAbout.NETWORK)))
    return gap_in_words(
        subject="x", reason="timeout", about=about, hypervisor=draw(st.sampled_from(("hv0", "hv1", None)))
    )
