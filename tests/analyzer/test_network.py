"""Facts of a network about the interfaces on it, and their way into the domains."""

import msgspec
import pytest

from tests import build
from tests.analyzer.reading import read_domain
from virtscan.analyzer import HostDevices, read_network, resolve
from virtscan.errors import AnalyzerError
from virtscan.model import Attachment, Device, DeviceKind, DeviceName, Domain, DomainState, Network, SourceMode


def read(inside: str) -> Network:
    return read_network(f"<network><name>n</name>{inside}</network>")


def on(*devices: str | None, mode: SourceMode | None) -> tuple[Attachment, ...]:
    return tuple(Attachment(None if device is None else DeviceName(device), mode) for device in devices)


POOL = "<interface dev='eth1'/><interface dev='eth2'/>"
UNKNOWN = on(None, mode=SourceMode.UNKNOWN)


@pytest.mark.parametrize(
    ("inside", "forward_mode", "attachments"),
    [
        ("<bridge name='virbr0'/>", None, on("virbr0", mode=None)),
        ("<forward mode='none'/><bridge name='virbr0'/>", None, on("virbr0", mode=None)),
        ("<forward/><bridge name='virbr0'/>", "nat", on("virbr0", mode=None)),
        ("<forward mode='nat' dev='eth0'/><bridge name='virbr0'/>", "nat", on("virbr0", mode=None)),
        ("<forward mode='route'/><bridge name='virbr0'/>", "route", on("virbr0", mode=None)),
        ("<forward mode='open'/><bridge name='virbr0'/>", "open", on("virbr0", mode=None)),
        ("<forward mode='nat'/>", "nat", on(None, mode=None)),
        ("<forward mode='nat'/><bridge name=''/>", "nat", on(None, mode=None)),
        ("<forward mode='bridge'/><bridge name='br0'/>", "bridge", on("br0", mode=None)),
        (f"<forward mode='bridge'>{POOL}</forward>", "bridge", on("eth1", "eth2", mode=SourceMode.BRIDGE)),
        (f"<forward mode='vepa'>{POOL}</forward>", "vepa", on("eth1", "eth2", mode=SourceMode.VEPA)),
        (f"<forward mode='private'>{POOL}</forward>", "private", on("eth1", "eth2", mode=SourceMode.PRIVATE)),
        (f"<forward dev='eth1' mode='vepa'>{POOL}</forward>", "vepa", on("eth1", "eth2", mode=SourceMode.VEPA)),
        (f"<forward mode='vepa'>{POOL}{POOL}</forward>", "vepa", on("eth1", "eth2", mode=SourceMode.VEPA)),
        ("<forward mode='bridge' dev='bond2'/>", "bridge", on("bond2", mode=SourceMode.BRIDGE)),
        (
            "<forward mode='passthrough'><pf dev='e0'/></forward>",
            "passthrough",
            (Attachment(DeviceName("e0"), SourceMode.PASSTHROUGH, virtual_function=True),),
        ),
        (
            "<forward mode='passthrough'><pf dev='e0'/><interface dev='e0v1'/></forward>",
            "passthrough",
            on("e0v1", mode=SourceMode.PASSTHROUGH),
        ),
        ("<forward mode='bridge'><interface dev=''/></forward>", "bridge", on(None, mode=SourceMode.BRIDGE)),
        ("<forward mode='bridge'/>", "bridge", on(None, mode=SourceMode.BRIDGE)),
        ("<forward mode='hostdev'><pf dev='eth2'/></forward>", "hostdev", ()),
        ("<forward mode='NETMODE'/><bridge name='br0'/>", "NETMODE", UNKNOWN),
        (
            "<forward mode='vepa'><interface dev='e'/></forward><portgroup name='p'><vlan/></portgroup>",
            "vepa",
            on("e", mode=SourceMode.VEPA),
        ),
    ],
)
def test_a_network_gives_every_device_that_an_interface_on_it_may_get(
    inside: str, forward_mode: str | None, attachments: tuple[Attachment, ...]
) -> None:
    assert read(inside) == Network(name="n", forward_mode=forward_mode, attachments=attachments)


def test_a_status_file_is_read_as_the_network_in_it() -> None:
    xml = "<networkstatus><class_id bitmap='0-2'/><network><name>n</name><bridge name='b'/></network></networkstatus>"

    assert read_network(xml).attachments == on("b", mode=None)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<domain/>", "<domain> is not a network"),
        ("<networkstatus/>", "<networkstatus> contains no network"),
        ("<network/>", "without a name"),
        ("<network><name/></network>", "without a name"),
        ("<network>", "not well-formed"),
    ],
)
def test_invalid_network_xml_is_refused_with_the_reason(xml: str, message: str) -> None:
    with pytest.raises(AnalyzerError, match=message):
        read_network(xml)


def domain(*interfaces: str) -> Domain:
    return read_domain(f"<domain><name>a</name><devices>{''.join(interfaces)}</devices></domain>", origin="o")


ON_N = "<interface type='network'><source network='n' portgroup='p'/></interface>"
BRIDGED = "<interface type='bridge'><source bridge='br0'/></interface>"
POOLED = {"n": read(f"<forward mode='bridge'>{POOL}</forward>")}


def test_an_interface_on_a_network_may_get_any_device_of_its_pool() -> None:
    resolved = resolve(domain(BRIDGED, ON_N), POOLED)

    assert [interface.attachments for interface in resolved.interfaces] == [
        on("br0", mode=None),
        on("eth1", "eth2", mode=SourceMode.BRIDGE),
    ]
    assert (resolved.interfaces[1].source, resolved.interfaces[1].mode) == (None, None)


@pytest.mark.parametrize("interface", [ON_N, "<interface type='network'/>"])
def test_an_unread_network_may_be_macvtap(interface: str) -> None:
    (resolved,) = resolve(domain(interface), {}).interfaces

    assert resolved.attachments == UNKNOWN
    assert resolved.is_macvtap


def test_an_interface_on_a_network_of_pci_devices_reaches_none_of_the_host() -> None:
    networks = {"n": read("<forward mode='hostdev'/>")}

    assert resolve(domain(ON_N), networks).interfaces[0].attachments == ()


def device(kind: DeviceKind, name: str = "tap7", *lower: str, mode: SourceMode | None = None) -> Device:
    return Device(name=DeviceName(name), kind=kind, lower=tuple(map(DeviceName, lower)), mode=mode)


BRIDGE_OF_TAP7 = device(DeviceKind.BRIDGE, "br0", "eth0", "tap7")


@pytest.mark.parametrize(
    ("devices", "attachments"),
    [
        ([], UNKNOWN),
        ([BRIDGE_OF_TAP7], UNKNOWN),
        ([device(DeviceKind.UNKNOWN)], UNKNOWN),
        ([device(DeviceKind.UNKNOWN), BRIDGE_OF_TAP7], UNKNOWN),
        ([device(DeviceKind.BOND)], UNKNOWN),
        ([device(DeviceKind.ETHERNET)], ()),
        ([device(DeviceKind.VETH)], ()),
        ([device(DeviceKind.ETHERNET), BRIDGE_OF_TAP7], on("br0", mode=None)),
        ([device(DeviceKind.VETH), BRIDGE_OF_TAP7], on("br0", mode=None)),
        (
            [device(DeviceKind.MACVLAN, "tap7", "bond2", mode=SourceMode.PRIVATE)],
            on("bond2", mode=SourceMode.PRIVATE),
        ),
        (
            [device(DeviceKind.MACVLAN, "tap7", "bond2"), BRIDGE_OF_TAP7],
            on("bond2", mode=SourceMode.UNKNOWN),
        ),
        ([device(DeviceKind.MACVLAN)], UNKNOWN),
    ],
)
def test_a_device_created_beforehand_has_the_kind_that_the_host_lists(
    devices: list[Device], attachments: tuple[Attachment, ...]
) -> None:
    created = domain("<interface type='ethernet'><target dev='tap7' managed='no'/></interface>")
    complete, partial = (HostDevices(devices, is_complete=known) for known in (True, False))
    is_macvtap = any(item.name == "tap7" and item.kind is DeviceKind.MACVLAN for item in devices)

    assert resolve(created, {}, complete).interfaces[0].attachments == attachments
    # A list that may lack devices or kinds clears nothing.
    assert resolve(created, {}, partial).interfaces[0].attachments == (attachments if is_macvtap else UNKNOWN)


@pytest.mark.parametrize(
    "target", ["<target dev='tap7'/>", "<target dev='tap7' managed='yes'/>", "<target managed='yes'/>", ""]
)
def test_a_tap_that_libvirt_creates_reaches_no_known_device(target: str) -> None:
    created = domain(f"<interface type='ethernet'>{target}</interface>")

    assert resolve(created, {}, HostDevices([device(DeviceKind.MACVLAN)])).interfaces[0].attachments == ()


@pytest.mark.parametrize("is_complete", [True, False])
@pytest.mark.parametrize(
    ("state", "attachments"),
    [
        (DomainState.ACTIVE, (Attachment(DeviceName("br0"), None),)),
        (DomainState.INACTIVE, ()),
        (DomainState.UNKNOWN, ()),
    ],
)
def test_the_tap_of_a_running_domain_may_be_a_port_of_a_bridge(
    is_complete: bool, state: DomainState, attachments: tuple[Attachment, ...]
) -> None:
    created = domain("<interface type='ethernet'><target dev='tap7'/></interface>")
    bridge = Device(name=DeviceName("br0"), kind=DeviceKind.BRIDGE, lower=(DeviceName("tap7"),))
    tapped = msgspec.structs.replace(created, state=state)

    assert resolve(tapped, {}, HostDevices([bridge], is_complete=is_complete)).interfaces[0].attachments == attachments
    assert resolve(tapped, {}, HostDevices(is_complete=is_complete)) is tapped


def test_a_device_without_a_name_may_be_a_macvtap() -> None:
    created = domain("<interface type='ethernet'><target managed='no'/></interface>")

    assert resolve(created, {}, HostDevices(is_complete=True)).interfaces[0].attachments == UNKNOWN


@pytest.mark.parametrize(
    "interface",
    [
        BRIDGED,
        "<interface type='direct'><source network='n' dev='eth9' mode='vepa'/></interface>",
        "<interface type='network'><source network='n' bridge='virbr9'/></interface>",
        "<interface type='network'><actual type='direct'><source dev='eth9' mode='vepa'/></actual></interface>",
        "<interface type='user'/>",
        "",
    ],
)
def test_a_domain_with_nothing_to_resolve_is_the_same_object(interface: str) -> None:
    original = domain(interface)

    assert resolve(original, POOLED) is original


def test_resolving_twice_is_resolving_once() -> None:
    once = resolve(domain(ON_N, BRIDGED), POOLED)

    assert resolve(once, POOLED) is once


def test_resolving_changes_nothing_but_attachments() -> None:
    original = build.domain("a", build.macvtap(), msgspec.structs.replace(build.bridged(), type="network", network="n"))
    unresolved = msgspec.structs.replace(
        original,
        interfaces=tuple(msgspec.structs.replace(i, attachments=()) for i in original.interfaces),
    )

    resolved = resolve(unresolved, POOLED)

    assert resolved.interfaces[0] == unresolved.interfaces[0]
    assert msgspec.structs.replace(resolved.interfaces[1], attachments=()) == unresolved.interfaces[1]
