"""Rows R7 to R10 and R14, and reach: every relation of the server's device to the interface's."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import (
    bond,
    bridge,
    bridged,
    device,
    domain,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    server,
    tap,
    veth,
    vlan,
)
from tests.correlator.scenes import BOOTING, OTHER, SERVING, finding_of, provisioner, satellite, scene
from virtscan.model import (
    OPEN,
    Attachment,
    Backing,
    Confidence,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    Finding,
    Interface,
    Inventory,
    Mac,
    Machine,
    Reach,
    SourceMode,
    Verdict,
)
from virtscan.model.reasons import LeavesByNic, NeedsDeviceRole, NeedsNicKinds, NeedsPlace, NeedsReflection

BRIDGE, VEPA, PRIVATE, PASSTHROUGH, NO_MODE = SourceMode
YES, NO, UNKNOWN = Reach
VIRTIO = {"driver": "virtio_net"}
STACKS = (
    bond("bond2"),
    nic("eth4"),
    nic("eth5"),
    vlan("bond2.100", "bond2"),
    vlan("bond2.200", "bond2"),
    vlan("bond2.100.7", "bond2.100"),
    bond("bond3", "eth6"),
    nic("eth6"),
    bridge("br0", "bond3"),
    vlan("br0.7", "br0"),
    bridge("br2", "bond2"),
    bridge("br100", "bond2.100"),
    bond("vbond", "veth4"),
    nic("veth4", driver="virtio_net"),
    vlan("vbond.7", "vbond"),
    device("vodd", DeviceKind.UNKNOWN, "vbond"),
    bridge("vbr", "veth4", "p0"),
    veth("p0"),
)

NESTED_MACS = ("52:54:00:00:0a:00", "52:54:00:00:0a:01")
NESTED = tuple(nic(f"eth{index}", mac=Mac(mac), **VIRTIO) for index, mac in enumerate(NESTED_MACS))


def sat(device_: str, mode: SourceMode | None = BRIDGE) -> Interface:
    return bridged(device_, SERVING) if mode is None else macvtap(device_, mode, SERVING)


def beside(server: Interface, interface: Interface, *, reflective: tuple[str, ...] = ()) -> Inventory:
    return scene(interface, beside=(provisioner(server),), host_devices=STACKS, reflective=reflective)


@pytest.mark.parametrize(
    ("server", "interface", "rule", "reach"),
    [
        (sat("bond2"), macvtap("bond2"), "R7", YES),
        (sat("bond2.100"), macvtap("bond2.100"), "R7", YES),
        (sat("eth4"), macvtap("eth4"), "R7", YES),
        (sat("gone0"), macvtap("gone0"), "R7", YES),
        *((sat("bond2", mode), macvtap("bond2"), "R9", NO) for mode in (VEPA, PRIVATE, PASSTHROUGH)),
        *((sat("bond2"), macvtap("bond2", mode), "R9", NO) for mode in (VEPA, PRIVATE, PASSTHROUGH)),
        (sat("bond2", VEPA), macvtap("bond2", VEPA), "R9", NO),
        (sat("bond2", NO_MODE), macvtap("bond2"), "R14", UNKNOWN),
        (sat("bond2"), macvtap("bond2", NO_MODE), "R14", UNKNOWN),
        (sat("bond2", NO_MODE), macvtap("bond2", VEPA), "R9", NO),
        # A VLAN lies between: over, under, beside and twice.
        (sat("bond2.100"), macvtap("bond2"), "R9", UNKNOWN),
        (sat("bond2"), macvtap("bond2.100"), "R9", UNKNOWN),
        (sat("bond2.200"), macvtap("bond2.100"), "R9", UNKNOWN),
        (sat("bond2.100.7"), macvtap("bond2"), "R9", UNKNOWN),
        (sat("bond2.100.7"), macvtap("bond2.100"), "R9", UNKNOWN),
        (sat("vbond.7"), macvtap("vbond"), "R14", UNKNOWN),
        (sat("vodd"), macvtap("vbond"), "R14", UNKNOWN),  # it may be a VLAN
        # Members and their bond.
        (sat("bond2"), macvtap("eth4"), "R9", UNKNOWN),
        (sat("eth4"), macvtap("bond2"), "R9", UNKNOWN),
        # A tap in the bridge that is, or is under, the lower device; or in one above it.
        *((sat("br0", None), macvtap("br0", mode), "R8", YES) for mode in SourceMode),
        (sat("br0", None), macvtap("br0.7"), "R8", YES),
        (sat("brX", None), macvtap("brX"), "R8", YES),
        (sat("br2", None), macvtap("bond2"), "R9", UNKNOWN),
        (sat("br100", None), macvtap("bond2.100"), "R9", UNKNOWN),
        (sat("br100", None), macvtap("bond2"), "R9", UNKNOWN),
        # Elsewhere on this hypervisor.
        (sat("bond3"), macvtap("bond2"), "R10", UNKNOWN),
        (sat("br0", None), macvtap("bond2"), "R10", UNKNOWN),
        (sat("bond2"), macvtap("vbond"), "R14", UNKNOWN),
        (sat("bond2"), macvtap("vbr"), "R14", UNKNOWN),
        (sat("bond2"), macvtap("gone0"), "R14", UNKNOWN),
        *(
            (Interface(index=0, type=kind, mac=Mac(SERVING)), macvtap("bond2"), "R10", UNKNOWN)
            for kind in ("hostdev", "user", "vhostuser")
        ),
        (Interface(index=0, type="vhostuser", mac=Mac(SERVING)), macvtap("vbond"), "R14", UNKNOWN),
    ],
)
def test_each_relation_of_two_guests_has_its_row(
    server: Interface, interface: Interface, rule: str, reach: Reach
) -> None:
    finding = finding_of(beside(server, interface))

    assert (finding.rule, finding.reaches_server) == (rule, reach)
    assert finding.missing or finding.verdict is not Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("server", "interface", "rule", "reach"),
    [
        (sat("bond2", VEPA), macvtap("bond2"), "R9", YES),
        (sat("bond2", VEPA), macvtap("bond2", VEPA), "R9", YES),
        (sat("bond2", PRIVATE), macvtap("bond2"), "R9", NO),
        (sat("bond2"), macvtap("bond2", PASSTHROUGH), "R9", NO),
        (sat("bond2", NO_MODE), macvtap("bond2", VEPA), "R9", UNKNOWN),
        (sat("vbond", VEPA), macvtap("vbond"), "R14", YES),
        (sat("vbond", PRIVATE), macvtap("vbond"), "R9", NO),
        # What stands on such a device leads to the switch as well.
        (sat("bond2.100", VEPA), macvtap("bond2.100"), "R9", YES),
        (sat("vbond.7", VEPA), macvtap("vbond.7"), "R14", YES),
    ],
)
def test_a_reflecting_switch_brings_frames_back(
    server: Interface, interface: Interface, rule: str, reach: Reach
) -> None:
    finding = finding_of(beside(server, interface, reflective=("bond2", "vbond")))

    assert (finding.rule, finding.reaches_server) == (rule, reach)


def dummy(name: str) -> Device:
    """A dummy as `ip -d link` shows it: virtual, with nothing below it."""
    return device(name, DeviceKind.DUMMY, backing=Backing.VIRTUAL)


def mine(device: Device) -> Device:
    return replace(device, mac=Mac(SERVING))


@pytest.mark.parametrize(
    ("own", "interface", "rule", "reach"),
    [
        (macvlan("mv0", "bond2"), macvtap(), "R7", YES),
        (macvlan("mv0", "bond2", VEPA), macvtap(), "R9", NO),
        (macvlan("mv0", "bond2", PRIVATE), macvtap(), "R9", NO),
        (macvlan("mv0", "bond2", PASSTHROUGH), macvtap(), "R9", NO),
        (macvlan("mv0", "bond2", mode=None), macvtap(), "R14", UNKNOWN),
        (macvlan("mv0", "bond2", lower=(), lower_complete=False), macvtap(), "R14", UNKNOWN),
        (macvlan("mv0", "bond3"), macvtap(), "R10", UNKNOWN),
        (macvlan("mv0", "bond2.100"), macvtap(), "R9", UNKNOWN),
        (macvlan("mv0", "eth4"), macvtap(), "R9", UNKNOWN),
        (veth("p9"), macvtap("br9"), "R8", YES),
        (tap("p9"), macvtap("br9", VEPA), "R8", YES),
        (veth("p9"), macvtap(), "R10", UNKNOWN),
        # A dummy sends nothing: the host sends through another device.
        (dummy("p9"), macvtap("br9"), "R14", UNKNOWN),
        (dummy("p9"), macvtap(), "R14", UNKNOWN),
        (dummy("own"), macvtap("own"), "R9", NO),
        (bond("own", "eth4"), macvtap("own"), "R9", NO),
        (vlan("bond2.9", "bond2"), macvtap(), "R9", UNKNOWN),
        (nic("eth9"), macvtap(), "R10", UNKNOWN),
        (device("odd", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R14", UNKNOWN),
        (device("odd", DeviceKind.UNKNOWN, "eth6"), macvtap(), "R14", UNKNOWN),
        # A team has no kind here; a macvlan is on top of one device.
        (device("own", DeviceKind.UNKNOWN, "eth4", "eth5"), macvtap("own"), "R9", NO),
        (device("own", DeviceKind.UNKNOWN, "eth6", "eth9"), macvtap(), "R10", UNKNOWN),
        (device("mt9", DeviceKind.ETHERNET, lower_complete=False), macvtap(), "R14", UNKNOWN),
    ],
)
def test_each_device_of_the_host_itself_has_its_row(own: Device, interface: Interface, rule: str, reach: Reach) -> None:
    finding = finding_of(scene(interface, host_devices=(*STACKS, bridge("br9", "eth6", "p9"), mine(own))))

    assert (finding.rule, finding.reaches_server) == (rule, reach)


@pytest.mark.parametrize(("driver", "filled"), [("ixgbe", True), ("virtio_net", False)])
def test_a_host_process_is_cleared_without_a_nic_that_fills_in_checksums(driver: str, filled: bool) -> None:
    devices = (bond("bond2", "eth4", mac=Mac(SERVING)), nic("eth4", driver=driver))

    finding = finding_of(scene(host_devices=devices))

    assert finding.rule == "R9"
    assert any(isinstance(reason, LeavesByNic) for reason in finding.because) is filled


def test_a_dummy_with_the_mac_of_its_bridge_does_not_send_for_it() -> None:
    pinned = (bridge("br9", "eth6", "p9", mac=Mac(SERVING)), mine(dummy("p9")))

    finding = finding_of(scene(macvtap("br9"), host_devices=(*STACKS, *pinned)))

    assert (finding.rule, finding.reaches_server) == ("R9", NO)


@pytest.mark.parametrize(
    ("kind", "rule"), [("ethernet", "R14"), ("new", "R14"), ("user", "R10"), ("hostdev", "R10"), ("vhostuser", "R10")]
)
def test_an_interface_on_no_known_device_is_elsewhere_only_by_its_type(kind: str, rule: str) -> None:
    own = Interface(index=0, type=kind, mac=Mac(SERVING))

    assert finding_of(scene(beside=(provisioner(own),))).rule == rule


OVER_MACVLAN = (
    *STACKS,
    macvlan("mv1", "bond2"),
    macvlan("mv2", "bond2"),
    macvlan("mv3", "bond2", VEPA),
    bridge("br5", "mv1"),
    bridge("br6", "mv2"),
    bridge("br7", "mv3"),
    bridge("br8", "mv1", "eth6"),
    bridge("br9", "eth6", "p0"),
    vlan("mv1.7", "mv1"),
    bridge("br10", "mv1.7"),
    vlan("bond3.100", "bond3"),
    bridge("br11", "mv1", "bond3.100"),
    bridge("br12", "mv2", "bond3.100"),
)


@pytest.mark.parametrize(
    ("server", "interface", "rule"),
    [
        (sat("br5", None), macvtap(), "R7"),
        (sat("br7", None), macvtap(), "R9"),
        (sat("br8", None), macvtap(), "R7"),
        (sat("br9", None), macvtap(), "R10"),
        (sat("br10", None), macvtap(), "R9"),
        (sat("br5", None), macvtap("br5"), "R8"),
        (sat("mv1"), macvtap(), "R7"),
        (sat("mv1", VEPA), macvtap(), "R9"),
        (sat("bond2"), macvtap("mv1"), "R7"),
        (sat("mv2"), macvtap("mv1"), "R7"),
        (sat("bond2"), macvtap("br6"), "R8"),
        (sat("bond2"), macvtap("br7"), "R9"),
        (sat("br5", None), macvtap("br6"), "R8"),
        (sat("bond2"), macvtap("mv1.7"), "R9"),
        # A VLAN beside the macvlan tags nothing that leaves by the macvlan.
        (sat("br11", None), macvtap(), "R7"),
        (sat("bond2"), macvtap("br12"), "R8"),
        (sat("br11", None), macvtap("br12"), "R8"),
        # A macvtap over a bridge sends through the bridge's port.
        (sat("br5"), macvtap(), "R7"),
        (sat("br7"), macvtap(), "R9"),
        # In bridge mode the macvlan of the interface's bridge would receive its frames.
        (sat("bond2", NO_MODE), macvtap("br6"), "R14"),
        (sat("bond2", NO_MODE), macvtap("br7"), "R9"),
    ],
)
def test_a_macvlan_on_the_path_represents_its_parent(server: Interface, interface: Interface, rule: str) -> None:
    finding = finding_of(scene(interface, beside=(provisioner(server),), host_devices=OVER_MACVLAN))

    assert finding.rule == rule


UNCLEAR = (
    *OVER_MACVLAN,
    macvlan("mv4", "bond2", mode=None),
    device("odd", DeviceKind.UNKNOWN, "bond2"),
    device("odd2", DeviceKind.UNKNOWN, "bond2"),
    device("odd3", DeviceKind.UNKNOWN, "bond3"),
    device("team", DeviceKind.UNKNOWN, "eth4", "eth5"),
    bridge("br13", "mv4"),
    bridge("br14", "odd"),
    bridge("br15", "odd2"),
    bridge("br16", "odd", "bond3.100"),
    bridge("br17", "odd3"),
    bridge("br18", "team"),
    vlan("odd.7", "odd"),
)


@pytest.mark.parametrize(
    ("server", "interface", "devices"),
    [
        (sat("odd"), macvtap(), {"odd"}),
        (sat("br14", None), macvtap(), {"odd"}),
        (sat("bond2"), macvtap("br14"), {"odd"}),
        (sat("bond2"), macvtap("odd"), {"odd"}),
        (sat("odd"), macvtap("odd2"), {"odd", "odd2"}),
        (sat("br14", None), macvtap("br15"), {"odd", "odd2"}),
        (sat("br14", None), macvtap("br6"), {"odd"}),
        (sat("bond2"), macvtap("br13"), {"mv4"}),
        (sat("bond2", NO_MODE), macvtap("br13"), {"mv4"}),
        # A VLAN on another branch separates nothing.
        (sat("br16", None), macvtap("odd2"), {"odd", "odd2"}),
    ],
)
def test_a_device_that_may_be_a_macvlan_in_bridge_mode_clears_nothing(
    server: Interface, interface: Interface, devices: set[str]
) -> None:
    finding = finding_of(scene(interface, beside=(provisioner(server),), host_devices=UNCLEAR))

    (needed,) = finding.missing
    assert isinstance(needed, NeedsDeviceRole)
    assert (finding.rule, set(needed.devices)) == ("R14", devices)


@pytest.mark.parametrize(
    ("server", "interface", "rule"),
    [
        (sat("odd3"), macvtap(), "R10"),
        (sat("br17", None), macvtap(), "R10"),
        (sat("bond2"), macvtap("odd.7"), "R9"),
        (sat("odd"), macvtap("bond2", VEPA), "R9"),
        (sat("bond2", VEPA), macvtap("odd"), "R9"),
        (sat("odd", None), macvtap(), "R9"),  # a tap's device is a bridge
        (sat("br18", None), macvtap("eth4"), "R9"),  # a macvlan is on one device
        (sat("odd"), macvtap("odd"), "R7"),
    ],
)
def test_a_device_of_unknown_kind_that_changes_nothing_is_not_needed(
    server: Interface, interface: Interface, rule: str
) -> None:
    finding = finding_of(scene(interface, beside=(provisioner(server),), host_devices=UNCLEAR))

    assert (finding.rule, [fact for fact in finding.missing if isinstance(fact, NeedsDeviceRole)]) == (rule, [])


LAID = ("bond2", "bond2.100", "bond3", "br2", "mv1", "mv3", "br5", "br6", "br7", "br11", "br12", "mv1.7")
LAID_PAIRS = [
    (macvtap(name), provisioner(sat(other, mode)))
    for name in LAID
    for other in LAID
    for mode in (BRIDGE, None)
    if mode or other.startswith("br")
]


@pytest.mark.parametrize("loss", [{"kind": DeviceKind.UNKNOWN}, {"mode": None}])
def test_a_lost_kind_or_mode_clears_no_pair_of_devices(loss: dict[str, Any]) -> None:
    for interface, guest in LAID_PAIRS:
        if finding_of(scene(interface, beside=(guest,), host_devices=OVER_MACVLAN)).verdict is not Verdict.AT_RISK:
            continue
        for lost in OVER_MACVLAN:
            less = [replace(device, **loss) if device is lost else device for device in OVER_MACVLAN]
            finding = finding_of(scene(interface, beside=(guest,), host_devices=less))
            assert finding.verdict in OPEN, (interface, guest, lost.name)


@pytest.mark.parametrize(("target", "rule"), [("mv0", "R10"), (None, "R10"), ("vnet7", "R7")])
def test_a_device_that_is_a_domains_target_is_not_a_place_of_its_own(target: str | None, rule: str) -> None:
    guest = provisioner(macvtap("bond3", mac=SERVING, target=target))

    assert finding_of(scene(beside=(guest,), host_devices=(*STACKS, mine(macvlan("mv0", "bond2"))))).rule == rule


@pytest.mark.parametrize(
    "interface",
    [
        Interface(index=0, type="network", network="n", attachments=(Attachment(None, BRIDGE),)),
        Interface(index=0, type="ethernet", target="t0", managed=False, attachments=(Attachment(None, NO_MODE),)),
    ],
)
def test_an_interface_of_which_the_device_is_unknown_lacks_it(interface: Interface) -> None:
    finding = finding_of(scene(interface, beside=(provisioner(),)))

    assert (finding.verdict, type(finding.missing[0]).__name__) == (Verdict.UNKNOWN, "NeedsInterface")


@pytest.mark.parametrize(("copies", "rule"), [(("bond2", "bond3"), "R7"), (("bond3",), "R10")])
def test_a_nested_hypervisor_sends_out_of_each_domain_that_it_may_be(copies: tuple[str, ...], rule: str) -> None:
    inner = hypervisor("hv2", provisioner(), devices=(nic("eth0", mac=Mac(OTHER), driver="virtio_net"),))
    hypervisor_domains = tuple(domain(f"hv2-{name}", macvtap(name, mac=OTHER)) for name in copies)

    assert finding_of(scene(beside=hypervisor_domains, others=(inner,), host_devices=STACKS)).rule == rule


@pytest.mark.parametrize(
    ("devices", "here", "rule", "confidence"),
    [
        # The server's frames leave by the NIC below its device, and by no other that is known.
        ((bond("bond2", "eth0"), NESTED[0], NESTED[1]), 0, "R7", Confidence.HIGH),
        ((bond("bond2", "eth0"), NESTED[0], NESTED[1]), 1, "R7", Confidence.MEDIUM),
        ((bond("bond2", "eth0", "eth1"), NESTED[0], NESTED[1]), 1, "R7", Confidence.HIGH),
        # Its device is unknown.
        ((NESTED[0], NESTED[1]), 0, "R7", Confidence.MEDIUM),
    ],
)
def test_only_nics_below_the_servers_device_of_a_nested_hypervisor_are_known_to_send(
    devices: tuple[Device, ...], here: int, rule: str, confidence: Confidence
) -> None:
    inner = hypervisor("hv2", provisioner(), devices=devices)
    around = domain(
        "hv2",
        *(
            macvtap("bond2" if here == index else "bond3", mac=mac, index=index)
            for index, mac in enumerate(NESTED_MACS)
        ),
    )
    finding = finding_of(scene(beside=(around,), others=(inner,), host_devices=STACKS))

    assert (finding.rule, finding.confidence) == (rule, confidence)


def test_segments_exclude_a_server_that_may_send_by_another_nic_of_its_nested_hypervisor() -> None:
    inner = hypervisor("hv2", provisioner(), devices=(bond("bond2", "eth0"), *NESTED))
    nics = [macvtap("bond3", mac=NESTED_MACS[0]), macvtap("bond2", mac=NESTED_MACS[1], index=1)]
    looked_at = scene(
        servers=(satellite(segments=("a",)),),
        beside=(domain("hv2", *nics),),
        others=(inner,),
        host_devices=STACKS,
        segments={DeviceName("bond2"): "b"},
    )

    finding = finding_of(looked_at)

    assert finding.rule == "R4"


def test_a_nested_hypervisor_may_be_a_domain_that_was_not_read() -> None:
    inner = hypervisor("hv2", provisioner(), devices=(nic("eth0", mac=Mac(OTHER), driver="virtio_net"),))

    assert finding_of(scene(others=(inner,))).rule == "R10"
    assert finding_of(scene(others=(inner,), lists_all_domains=False)).rule == "R14"


@pytest.mark.parametrize(
    ("devices", "beside", "more", "confidence"),
    [
        # Without its node devices, the server's hypervisor may be any other domain of the interface's.
        ((), True, {}, Confidence.LOW),
        ((Device(name=DeviceName("eth0")), bridge("br0")), True, {}, Confidence.LOW),
        ((), True, {"machine": Machine.VIRTUAL}, Confidence.LOW),
        ((nic("eth0", mac=Mac(OTHER), driver="virtio_net"),), True, {}, Confidence.MEDIUM),
        ((), True, {"physical": True}, Confidence.MEDIUM),
        ((), True, {"machine": Machine.PHYSICAL}, Confidence.MEDIUM),
        ((), False, {}, Confidence.MEDIUM),
    ],
)
def test_a_hypervisor_without_known_nics_may_be_a_domain_of_another(
    devices: tuple[Device, ...], beside: bool, more: dict[str, Any], confidence: Confidence
) -> None:
    there = hypervisor("hv2", provisioner(), devices=devices, **more)
    guests = (domain("any", macvtap("bond3", mac="52:54:00:00:00:0e")),) if beside else ()
    finding = finding_of(scene(beside=guests, others=(there,)))

    assert (finding.rule, finding.confidence) == ("R10", confidence)
    needed = (NeedsNicKinds(hypervisor="hv2", device=None),) if confidence is Confidence.LOW else ()
    assert tuple(fact for fact in finding.missing if isinstance(fact, NeedsNicKinds)) == needed


@pytest.mark.parametrize(
    ("devices", "beside", "more", "confidence"),
    [
        ((), True, {}, Confidence.LOW),
        ((bridge("br0"),), True, {}, Confidence.LOW),
        ((), True, {"machine": Machine.VIRTUAL}, Confidence.LOW),
        ((nic("eth0", mac=Mac(OTHER), driver="virtio_net"),), True, {}, Confidence.MEDIUM),
        ((), True, {"physical": True}, Confidence.MEDIUM),
        ((), True, {"machine": Machine.PHYSICAL}, Confidence.MEDIUM),
        ((), True, {"lists_all_domains": True}, Confidence.MEDIUM),
        ((), False, {}, Confidence.MEDIUM),
    ],
)
def test_a_server_that_is_not_found_may_be_on_a_hypervisor_that_may_be_a_domain(
    devices: tuple[Device, ...], beside: bool, more: dict[str, Any], confidence: Confidence
) -> None:
    """It may have domains that were not read, and may be a domain itself as long as none of its NICs is known."""
    there = hypervisor("hv2", devices=devices, **{"lists_all_domains": False} | more)
    guests = (domain("any", macvtap("bond3", mac="52:54:00:00:00:0e")),) if beside else ()
    finding = finding_of(scene(beside=guests, others=(there,)))

    assert (finding.rule, finding.confidence) == ("R10", confidence)
    needed = (NeedsNicKinds(hypervisor="hv2", device=None),) if confidence is Confidence.LOW else ()
    assert tuple(fact for fact in finding.missing if isinstance(fact, NeedsNicKinds)) == needed


def test_a_nic_that_fills_inside_a_nested_hypervisor_fills_for_good() -> None:
    inner = hypervisor(
        "hv2",
        provisioner(macvtap(mac=SERVING, model="e1000")),
        devices=(nic("eth0", mac=Mac(OTHER), driver="virtio_net"),),
    )

    assert finding_of(scene(beside=(domain("hv2", macvtap(mac=OTHER)),), others=(inner,))).rule == "R6"


@pytest.mark.parametrize(("devices", "rule"), [(("bond2", "bond3"), "R4"), (("bond2",), "R7")])
def test_a_server_that_is_known_to_be_on_the_device_overrules_a_declaration(
    devices: tuple[str, ...], rule: str
) -> None:
    pool = replace(sat("bond2"), attachments=tuple(Attachment(DeviceName(device), BRIDGE) for device in devices))
    far = satellite(segments=("a",))

    finding = finding_of(
        scene(servers=(far,), beside=(provisioner(pool),), host_devices=STACKS, segments={DeviceName("bond2"): "b"})
    )

    assert finding.rule == rule


@pytest.mark.parametrize("copies", [(), ("bond3",)])
def test_a_copy_that_is_off_elsewhere_silences_no_server_on_the_device(copies: tuple[str, ...]) -> None:
    # The declaration excludes it, and its place contradicts the declaration.
    silenced = satellite(segments=("a",))
    here = provisioner(sat("bond2"), state=DomainState.UNKNOWN)
    off = [domain("spare", sat(copy), state=DomainState.INACTIVE) for copy in copies]

    finding = finding_of(
        scene(
            servers=(silenced, server("other", physical=True)),
            beside=(here, *off),
            host_devices=STACKS,
            segments={DeviceName("bond2"): "b"},
        )
    )

    assert (finding.rule, finding.server) == ("R7", "satellite")


@pytest.mark.parametrize(("more", "rule"), [(None, "R9"), (Interface(index=1, type="ethernet", mac=Mac(OTHER)), "R14")])
def test_a_server_on_the_device_is_judged_at_all_of_its_places(more: Interface | None, rule: str) -> None:
    here = domain("sat", sat("bond2", VEPA), *(() if more is None else (more,)))

    finding = finding_of(
        scene(
            servers=(satellite(segments=("a",), source="on"),),
            beside=(here,),
            host_devices=STACKS,
            segments={DeviceName("bond2"): "b"},
        )
    )

    assert finding.rule == rule


def test_a_server_on_the_device_is_judged_where_it_may_be_without_being_read() -> None:
    two = server(macs=(Mac(SERVING), Mac("02:42:ac:11:00:02")), segments=("a",))

    finding = finding_of(
        scene(
            servers=(two,),
            beside=(provisioner(sat("bond2", VEPA)),),
            host_devices=STACKS,
            segments={DeviceName("bond2"): "b"},
        )
    )

    assert finding.rule == "R11"


def test_a_declaration_yields_to_a_server_on_the_device_in_an_unknown_mode() -> None:
    here = provisioner(sat("odd0", NO_MODE))

    finding = finding_of(
        scene(
            macvtap("odd0"),
            servers=(satellite(segments=("a",)), server("other", physical=True)),
            beside=(here,),
            segments={DeviceName("odd0"): "b"},
        )
    )

    assert (finding.rule, finding.server) == ("R14", "satellite")


@pytest.mark.parametrize(("machine", "rule"), [(Machine.VIRTUAL, "R14"), (Machine.UNKNOWN, "R9")])
def test_a_virtual_machine_has_no_nic_at_an_end_that_is_not_listed(machine: Machine, rule: str) -> None:
    apart = macvtap("bond2", SourceMode.VEPA)

    finding = finding_of(scene(apart, beside=(provisioner(),), host_devices=(), reflective=("bond2",), machine=machine))

    assert finding.rule == rule


@pytest.mark.parametrize(("reflective", "rule"), [(("bond2",), "R14"), ((), "R9")])
def test_a_device_over_an_unknown_one_may_lead_to_a_reflecting_switch(reflective: tuple[str, ...], rule: str) -> None:
    own = mine(device("bond2.200", DeviceKind.VLAN, lower_complete=False))

    finding = finding_of(
        scene(macvtap("bond2.200"), devices=(own,), reflective=reflective, machine=Machine.VIRTUAL, host_devices=())
    )

    assert finding.rule == rule


@pytest.mark.parametrize(
    ("state", "rule"), [(DomainState.ACTIVE, "R9"), (DomainState.INACTIVE, "R14"), (DomainState.UNKNOWN, "R14")]
)
def test_a_device_with_a_domains_mac_is_its_own_only_while_the_domain_runs(state: DomainState, rule: str) -> None:
    guest = provisioner(macvtap(mode=SourceMode.PRIVATE, mac=SERVING), state=state)
    odd = device("mt0", DeviceKind.ETHERNET, backing=Backing.VIRTUAL, lower_complete=False, mac=Mac(SERVING))

    assert finding_of(scene(beside=(guest,), devices=(odd,))).rule == rule


@pytest.mark.parametrize(
    ("mac", "beside", "rule", "confidence"),
    [
        (None, (domain("inner", macvtap(mac=OTHER)),), "R14", Confidence.LOW),
        (None, (), "R10", Confidence.MEDIUM),
        (Mac("52:54:00:00:0c:01"), (domain("inner", macvtap(mac=OTHER)),), "R10", Confidence.MEDIUM),
    ],
)
def test_a_virtual_machine_without_the_mac_of_a_nic_may_be_any_domain(
    mac: Mac | None, beside: tuple[Domain, ...], rule: str, confidence: Confidence
) -> None:
    outer = hypervisor("hv2", provisioner(), *beside)
    finding = finding_of(
        scene(host_devices=(bond("bond2", "eth4"), nic("eth4", driver="virtio_net", mac=mac)), others=(outer,))
    )

    assert (finding.rule, finding.confidence) == (rule, confidence)


@pytest.mark.parametrize(
    ("known", "rule", "confidence"),
    [
        ({"driver": "virtio_net"}, "R14", Confidence.LOW),
        ({"driver": "virtio_net", "backing": Backing.UNKNOWN}, "R10", Confidence.LOW),
        ({"driver": None, "backing": Backing.UNKNOWN, "kind": DeviceKind.UNKNOWN}, "R10", Confidence.LOW),
        ({"driver": "ixgbe"}, "R10", Confidence.MEDIUM),
    ],
)
def test_a_hypervisor_with_a_device_that_may_be_a_virtual_nic_may_be_a_domain(
    known: dict[str, Any], rule: str, confidence: Confidence
) -> None:
    inner = hypervisor("hv2", provisioner(), devices=(replace(nic("eth0"), **known), nic("eth1")))
    finding = finding_of(scene(others=(inner,), lists_all_domains=False))

    assert (finding.rule, finding.confidence) == (rule, confidence)
    assert any(isinstance(reason, NeedsPlace) for reason in finding.missing) or known == {"driver": "ixgbe"}


@pytest.mark.parametrize("guest", [tap("web", mac=Mac(OTHER)), macvlan("web", "eth0", mac=Mac(OTHER))])
def test_a_device_that_may_be_a_guests_makes_no_domain_of_its_hypervisor(guest: Device) -> None:
    nics = (nic("eth0", mac=Mac("52:54:00:00:00:03"), driver="virtio_net"),)
    web = domain("web", macvtap("bond3", mac=OTHER))

    def judged(device: Device) -> Finding:
        inner = hypervisor("hv2", provisioner(), devices=(*nics, device))
        return finding_of(scene(beside=(web,), others=(inner,), host_devices=STACKS, lists_all_domains=False))

    assert judged(guest).rule == "R14"
    assert judged(replace(guest, kind=DeviceKind.UNKNOWN)).rule == "R14"
    assert judged(replace(guest, kind=DeviceKind.UNKNOWN, backing=Backing.UNKNOWN)).rule == "R14"


def test_a_hypervisor_with_a_device_that_may_be_a_nic_may_be_nested() -> None:
    doubtful = device("web", DeviceKind.UNKNOWN, mac=Mac(OTHER))
    web = domain("web", macvtap(mac=OTHER))
    inner = hypervisor("hv2", provisioner(), devices=(doubtful,))
    finding = finding_of(scene(beside=(web,), others=(inner,), host_devices=STACKS))

    assert (finding.rule, finding.confidence) == ("R7", Confidence.MEDIUM)
    assert NeedsNicKinds(hypervisor="hv2", device=None, nics=(doubtful.name,)) in finding.missing


@pytest.mark.parametrize("port", [tap("tap0"), veth("tap0")])
@pytest.mark.parametrize(("device", "rule"), [("tap0", "R9"), ("tap0.100", "R8"), ("br0", "R8")])
def test_a_port_with_the_servers_mac_is_carried_under_a_device_and_sends_down_as_the_device_itself(
    port: Device, device: str, rule: str
) -> None:
    around = (mine(port), vlan("tap0.100", "tap0"), bridge("br0", "tap0", "eth4"))

    assert finding_of(scene(macvtap(device), devices=around)).rule == rule


@pytest.mark.parametrize(
    ("sender", "rule"), [(mine(bridge("br0", "mv0")), "R9"), (mine(macvlan("mv1", "bond2")), "R8")]
)
def test_a_macvlan_under_a_bridge_hands_up_frames_of_its_siblings_but_not_its_own(sender: Device, rule: str) -> None:
    devices = {device.name: device for device in (macvlan("mv0", "bond2"), bridge("br0", "mv0"), sender)}

    assert finding_of(scene(macvtap("br0"), devices=tuple(devices.values()))).rule == rule


def test_a_hypervisor_that_may_be_a_domain_beside_the_server_is_not_cleared() -> None:
    outer = hypervisor("hv2", provisioner(), domain("inner", macvtap(mac=OTHER)))
    doubtful = device("eth4", DeviceKind.UNKNOWN, lower_complete=False, mac=Mac(OTHER))

    finding = finding_of(scene(host_devices=(bond("bond2", "eth4"), doubtful), others=(outer,)))

    assert finding.rule == "R14"
    assert NeedsNicKinds(hypervisor="hv1", device=None, nics=(doubtful.name,)) in finding.missing


@pytest.mark.parametrize(
    ("server", "macvlans", "rule"),
    [
        (bridged("br1", mac=SERVING), (macvlan("mv0", "bond2"),), "R14"),
        (macvtap("p1", mac=SERVING), (macvlan("mv0", "bond2"),), "R14"),
        (bridged("br1", mac=SERVING), (macvlan("mv0", "bond2", SourceMode.PRIVATE),), "R10"),
        (bridged("br1", mac=SERVING), (macvlan("mv0", "eth0"),), "R10"),
        (bridged("br2", mac=SERVING), (macvlan("mv0", "bond2"),), "R10"),
    ],
)
def test_a_pair_of_veths_may_lead_to_a_macvlan_beside_the_interface(
    server: Interface, macvlans: tuple[Device, ...], rule: str
) -> None:
    devices = (bridge("br0", "mv0", "p0"), veth("p0"), bridge("br1", "p1"), veth("p1"), bridge("br2", "eth1"))
    nics = (nic("eth0"), nic("eth1"))

    finding = finding_of(scene(beside=(provisioner(server),), devices=(*devices, *nics, *macvlans)))

    assert finding.rule == rule
    needs_reflection = [fact.nics == ("p0",) for fact in finding.missing if isinstance(fact, NeedsReflection)]
    assert any(needs_reflection) is (rule == "R14")


@pytest.mark.parametrize("listed", [("veth0", "veth1"), ()])
def test_a_veth_without_its_kind_is_known_by_its_name(listed: tuple[str, ...]) -> None:
    ends = (device(name, DeviceKind.UNKNOWN, lower_complete=False) for name in listed)
    devices = (bridge("br0", "mv0", "veth0"), bridge("br1", "veth1"), macvlan("mv0", "bond2"), *ends)

    assert finding_of(scene(beside=(provisioner(bridged("br1", mac=SERVING)),), devices=devices)).rule == "R14"


@pytest.mark.parametrize(
    ("port", "interface", "rule"),
    [
        # libvirt lists a macvlan as an ethernet device, but not as a node device.
        (device("p0", DeviceKind.ETHERNET, lower_complete=False), macvtap(), "R14"),
        (device("p0", DeviceKind.ETHERNET, lower_complete=False), macvtap("br1"), "R8"),
        (device("p0", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R14"),
        (device("macvtap0", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R14"),
        (device("docker-shim", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R14"),
        (device("vnet0", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R10"),
        (device("veth1a", DeviceKind.UNKNOWN, lower_complete=False), macvtap(), "R10"),
        (nic("p0", driver=None), macvtap(), "R10"),
        (tap("p0", lower_complete=False), macvtap(), "R10"),
        (vlan("p0.5", "p0"), macvtap(), "R10"),
    ],
)
def test_a_bridge_port_of_unknown_backing_may_be_a_macvlan(port: Device, interface: Interface, rule: str) -> None:
    devices = (bridge("br1", port.name), port)

    assert (
        finding_of(scene(interface, beside=(provisioner(bridged("br1", mac=SERVING)),), devices=devices)).rule == rule
    )


@pytest.mark.parametrize(
    ("server", "mode", "devices", "rule"),
    [
        # No source lists the device, or none knows its kind: it may be a macvlan on the interface's device.
        (sat("p0"), BRIDGE, (), "R14"),
        (sat("p0", NO_MODE), BRIDGE, (), "R14"),
        (sat("p0"), BRIDGE, (device("p0", DeviceKind.UNKNOWN, lower_complete=False),), "R14"),
        (sat("p0"), BRIDGE, (device("p0", DeviceKind.ETHERNET, lower_complete=False),), "R14"),
        (bridged("br1", mac=SERVING), BRIDGE, (bridge("br1", "p0"),), "R14"),
        (sat("macvtap0"), BRIDGE, (), "R14"),
        (sat("lom1"), BRIDGE, (), "R14"),
        # A macvlan may be named after its parent; keepalived names one after its VRRP group.
        (sat("eth6.mv"), BRIDGE, (nic("eth6"),), "R14"),
        (bridged("br1", mac=SERVING), BRIDGE, (nic("eth6"), bridge("br1", "eth6.mv")), "R14"),
        (sat("vrrp.51"), BRIDGE, (nic("eth6"),), "R14"),
        (sat("eth6.5"), BRIDGE, (), "R14"),
        # In another mode frames leave by the NIC; a tap's device is a bridge; a VLAN over a listed device is known by
        # its name.
        (sat("p0", VEPA), BRIDGE, (), "R10"),
        (sat("p0"), PRIVATE, (), "R10"),
        (bridged("p0", mac=SERVING), BRIDGE, (), "R10"),
        (bridged("p0", mac=SERVING), BRIDGE, (device("p0", DeviceKind.ETHERNET, lower_complete=False),), "R10"),
        (sat("eth6.5"), BRIDGE, (nic("eth6"),), "R10"),
    ],
)
def test_a_device_that_is_not_described_may_be_a_macvlan(
    server: Interface, mode: SourceMode, devices: tuple[Device, ...], rule: str
) -> None:
    known = scene(macvtap(mode=mode), beside=(provisioner(server),), devices=devices, lists_all_devices=False)

    assert finding_of(known).rule == rule


def test_a_device_that_a_complete_list_lacks_is_no_macvlan() -> None:
    assert finding_of(scene(beside=(provisioner(sat("p0")),))).rule == "R10"


@pytest.mark.parametrize("serving", [True, False], ids=["server", "interface"])
@pytest.mark.parametrize(
    ("other", "mode", "rule"),
    [
        # Any NIC may be the function; its physical one is another device, and so is a bond.
        (Attachment(DeviceName("eth8v1"), SourceMode.BRIDGE), SourceMode.BRIDGE, "R14"),
        (Attachment(DeviceName("unlisted"), SourceMode.BRIDGE), SourceMode.BRIDGE, "R14"),
        (Attachment(DeviceName("eth8v1"), SourceMode.UNKNOWN), SourceMode.BRIDGE, "R14"),
        (Attachment(DeviceName("eth8"), SourceMode.BRIDGE, virtual_function=True), SourceMode.BRIDGE, "R14"),
        (Attachment(DeviceName("eth9"), SourceMode.BRIDGE, virtual_function=True), SourceMode.BRIDGE, "R10"),
        (Attachment(DeviceName("eth8"), SourceMode.BRIDGE), SourceMode.BRIDGE, "R10"),
        (Attachment(DeviceName("bond2"), SourceMode.BRIDGE), SourceMode.BRIDGE, "R10"),
        (Attachment(DeviceName("eth8v1"), SourceMode.VEPA), SourceMode.BRIDGE, "R10"),
        (Attachment(DeviceName("eth8v1"), SourceMode.BRIDGE), SourceMode.PASSTHROUGH, "R10"),
    ],
)
def test_a_network_on_a_physical_function_gives_a_virtual_function_that_others_may_be_on(
    other: Attachment, mode: SourceMode, rule: str, *, serving: bool
) -> None:
    function = Attachment(DeviceName("eth8"), mode, virtual_function=True)
    here, there = (other, function) if serving else (function, other)
    nics = [
        replace(macvtap(mac=mac), type="network", network="pool", attachments=(attachment,))
        for mac, attachment in ((BOOTING, here), (SERVING, there))
    ]
    devices = (nic("eth8"), nic("eth8v1"), nic("eth9"))
    finding = finding_of(scene(nics[0], beside=(provisioner(nics[1]),), devices=devices))

    assert finding.rule == rule
