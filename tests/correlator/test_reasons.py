from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from tests.build import FIXED_KERNEL, ONLY_BONDS, bridged, hypervisor, macvtap, nic, server
from tests.correlator.scenes import (
    SERVING,
    device,
    finding_of,
    provisioner,
    satellite,
    scene,
    virtual,
)
from virtscan.model import (
    Attachment,
    DeviceKind,
    DeviceName,
    Gap,
    GapAbout,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    Persistence,
    Policy,
    SourceMode,
    State,
)

ANY = Policy(lower_device=LowerDevice.ANY)
UNREAD = Attachment(None, SourceMode.UNKNOWN)
UNFIXED_SAYS = (
    "hv1 runs kernel 2.6.32-279.el6.x86_64 (ssh), which does not fill in checksums: "
    "RHEL 6 has the fix only since 2.6.32-504.30.3.el6"
)
TX_ON = "satellite eth0: TX checksum offload is on (ssh://satellite.example.com)"
BOND2 = "bond2 of hv1 is a bond"


def says(looked_at: Inventory, because: Iterable[str], missing: Iterable[str] = ()) -> None:
    found = finding_of(looked_at)
    assert (found.because, found.missing) == (tuple(because), tuple(missing))


def lasting(after_reboot: State, setting: str) -> Inventory:
    off = satellite(tx_checksum=State.OFF, persistence=Persistence(tx_checksum=after_reboot, setting=setting))
    return scene(servers=(off,))


def test_a_risk_says_where_the_server_is_what_it_sends_and_what_the_kernel_does_not_do() -> None:
    says(
        scene(beside=(provisioner(),)),
        [
            "satellite is domain sat on hv1, on bond2 as well, in bridge mode",
            TX_ON,
            "the interface is in bridge mode",
            UNFIXED_SAYS,
            BOND2,
        ],
    )


def test_a_fixed_kernel_is_all_there_is_to_say() -> None:
    says(
        scene(kernel=FIXED_KERNEL),
        ["hv1 runs kernel 6.1.0-18-amd64 (ssh), which fills in checksums: Linux has the fix since 3.15", BOND2],
    )


def test_without_a_server_one_is_missing() -> None:
    says(scene(servers=()), [BOND2], ["a provisioning server: none was named"])


def test_servers_of_other_segments_are_named_with_what_they_serve() -> None:
    servers = (satellite(segments=("pxe-a",)), server("capsule", segments=("pxe-c", "pxe-d")))

    says(
        scene(servers=servers, segments={"bond2": "pxe-b"}),
        ["no server serves bond2 of hv1 (segment pxe-b): capsule (pxe-c, pxe-d), satellite (pxe-a)", BOND2],
    )


def test_a_device_of_another_subnet_needs_no_segment() -> None:
    bond2, *cards = hypervisor().devices
    addressed = replace(bond2, addresses=("192.0.2.9/24",))

    says(
        scene(servers=(satellite(subnets=("10.77.0.0/24",)),), host_devices=(addressed, *cards)),
        ["no server serves bond2 of hv1: satellite (10.77.0.0/24)", BOND2],
    )


TX_OFF = "satellite eth0: TX checksum offload is off (ssh://satellite.example.com)"


def test_offload_that_comes_back_after_a_reboot_is_said_with_its_setting() -> None:
    says(
        lasting(State.ON, "ethtool -K alone"),
        [TX_OFF, "off now; on again after a reboot: ethtool -K alone", BOND2],
    )


def test_offload_that_stays_off_is_said_with_its_setting() -> None:
    says(lasting(State.OFF, "ifcfg-eth0"), [TX_OFF, "it stays off after a reboot: ifcfg-eth0", BOND2])


def test_a_source_that_cannot_tell_about_the_next_reboot_says_why() -> None:
    says(
        lasting(State.UNKNOWN, "a file does not tell"),
        [TX_OFF, BOND2],
        ["whether it stays off after a reboot: a file does not tell"],
    )


def test_offload_of_which_nobody_asked_how_long_it_stays_off_says_so() -> None:
    says(scene(servers=(satellite(tx_checksum=State.OFF),)), [TX_OFF, BOND2], ["whether it stays off after a reboot"])


@pytest.mark.parametrize(
    ("nic", "reason"),
    [
        (
            macvtap(mac=SERVING, model="e1000"),
            "the card of satellite is a virtual e1000, which sends only filled checksums",
        ),
        (
            macvtap(mac=SERVING, host_csum=State.OFF),
            "the card of satellite has <host csum='off'/>, so it sends only filled checksums",
        ),
    ],
)
def test_a_server_that_sends_filled_checksums_says_why(nic: Interface, reason: str) -> None:
    says(scene(beside=(provisioner(nic),)), [reason, BOND2])


def test_a_bridge_under_the_lower_device_is_named() -> None:
    devices = (device("br0", DeviceKind.BRIDGE, "eth0"), nic("eth0"), device("br0.7", DeviceKind.VLAN, "br0"))
    looked_at = scene(
        macvtap("br0.7"), beside=(provisioner(bridged("br0", SERVING)),), devices=devices, policy=ANY, kernel=None
    )

    says(
        looked_at,
        [
            "satellite is domain sat on hv1 and plugged into br0 itself, which br0.7 stands on",
            TX_ON,
            "br0.7 of hv1 is a VLAN",
        ],
        ["the kernel of hv1 (uname -r)"],
    )


def test_ports_that_do_not_meet_name_the_exception() -> None:
    says(
        scene(beside=(provisioner(macvtap(mode=SourceMode.VEPA, mac=SERVING)),)),
        [
            "satellite is domain sat on hv1, on bond2 as well, in vepa mode",
            "the interface is in bridge mode",
            "the frames leave through the card (a hairpin inside a software switch would be an exception)",
            BOND2,
        ],
    )


def test_another_hypervisor_is_named_and_what_would_put_both_on_one_machine() -> None:
    says(
        scene(others=(hypervisor("hv2", provisioner()),)),
        ["satellite is domain sat on hv2, another hypervisor", BOND2],
        ["whether hv1 and hv2 share a machine: no MAC of a device of hv1 or hv2 was read"],
    )


def test_hypervisors_whose_devices_are_known_leave_nothing_open() -> None:
    there = hypervisor("hv2", provisioner(), devices=(replace(nic("eth0"), mac=Mac("52:54:00:00:00:22")),))
    here = (replace(nic("eth9"), mac=Mac("52:54:00:00:00:11")),)

    says(
        scene(others=(there,), devices=here),
        ["satellite is domain sat on hv2, another hypervisor", BOND2],
    )


def test_a_physical_server_is_called_so() -> None:
    says(scene(servers=(server(physical=True),)), ["satellite is declared a physical machine", BOND2])


def test_a_server_that_is_nowhere_says_with_which_mac_it_was_looked_for() -> None:
    says(
        scene(),
        [f"satellite is no domain: every hypervisor was read and none has its MAC ({SERVING})", BOND2],
    )


def test_a_device_with_its_own_way_out_names_its_cards() -> None:
    says(
        scene(beside=(provisioner(macvtap("bond3", mac=SERVING)),)),
        [
            "satellite is domain sat on hv1, on bond3, and bond2 is reached only through its own cards (eth4, eth5)",
            BOND2,
        ],
    )


def test_a_server_nowhere_to_be_found_asks_for_its_mac_and_the_kernel() -> None:
    says(
        scene(servers=(server(),), kernel="3.13.0-24-generic"),
        [TX_ON, "the interface is in bridge mode", BOND2],
        [
            "where satellite runs: give its MAC",
            "whether kernel 3.13.0-24-generic of hv1 (ssh) is fixed: it is not known whether its vendor added the fix",
        ],
    )


def test_what_could_not_be_read_is_named_where_the_server_may_hide() -> None:
    def missing(count: int) -> str:
        gaps = tuple(Gap(subject=f"d{number}", reason="gone", about=GapAbout.DOMAIN) for number in range(count))
        (only,) = finding_of(scene(gaps=gaps)).missing
        return only

    assert missing(1) == "where satellite runs: its MAC was not found, but not everything was read (d0)"
    assert missing(3).endswith(" (d0, d1, d2)")
    assert missing(5).endswith(" (d0, d1, d2 and 2 more)")


def test_a_network_that_was_not_read_is_named() -> None:
    unread = Interface(index=0, type="network", network="pxe-net", attachments=(UNREAD,))

    says(
        scene(unread, servers=(server(),)),
        [TX_ON],
        [
            "where satellite runs: give its MAC",
            "the mode of the interface on network pxe-net",
            "which device of hv1 the interface is on (network pxe-net)",
        ],
    )


def test_an_interface_on_no_network_whose_device_is_not_known_is_said_plainly() -> None:
    says(
        scene(Interface(index=0, type="direct", attachments=(UNREAD,)), servers=(server(),)),
        [TX_ON],
        ["where satellite runs: give its MAC", "the mode of the interface", "which device of hv1 the interface is on"],
    )


def test_a_server_beside_an_interface_of_which_nobody_knows_the_device_is_named() -> None:
    unread = Interface(index=0, type="direct", attachments=(UNREAD,))

    assert finding_of(scene(unread, beside=(provisioner(),))).missing[0] == (
        "whether frames get from bond2 to the device of the interface without a card: satellite is domain sat on hv1"
    )


def test_an_unread_offload_state_says_why() -> None:
    says(
        scene(servers=(server(tx_checksum=State.UNKNOWN),)),
        [BOND2],
        ["TX checksum offload of satellite eth0: ssh: connection refused"],
    )


def test_an_unread_offload_state_without_a_reason_is_called_not_read() -> None:
    blind = server(interface=None, tx_checksum=State.UNKNOWN, reason=None)

    says(scene(servers=(blind,)), [BOND2], ["TX checksum offload of satellite: not read"])


@pytest.mark.parametrize(
    ("name", "because", "missing"),
    [
        ("bond7", "bond7 of hv1 is named like a bond; its kind was not observed", "the kind of bond7 of hv1"),
        (
            "bond0.100",
            "bond0.100 of hv1 is named like a bond; its kind was not observed",
            "the kind of bond0.100 of hv1",
        ),
        ("p1p1", "p1p1 of hv1: its kind was not observed", "the kind of p1p1 of hv1"),
        ("veth0", "veth0 of hv1 is an ethernet device", "what veth0 of hv1 stands on"),
        ("v9", "v9 of hv1 is a VLAN", "what v9 of hv1 stands on"),
        ("br9", "br9 of hv1 is a bridge", "what br9 of hv1 stands on"),
    ],
)
def test_a_device_that_may_be_no_bond_says_what_is_known_of_it(name: str, because: str, missing: str) -> None:
    devices = (virtual("veth0"), device("v9", DeviceKind.VLAN, "x"), device("br9", DeviceKind.BRIDGE))
    found = finding_of(scene(macvtap(name), devices=devices, policy=ONLY_BONDS))
    without_filter = finding_of(scene(macvtap(name), devices=devices, policy=ANY))

    assert because in found.because
    assert missing in found.missing
    assert because in without_filter.because
    assert missing not in without_filter.missing


def test_what_a_vlan_stands_on_is_said() -> None:
    found = finding_of(scene(macvtap("bond2.7"), devices=(device("bond2.7", DeviceKind.VLAN, "bond2"),)))

    assert found.because[-1] == "bond2.7 of hv1 stands on the bond bond2"
    assert DeviceName("eth4") in found.lower_devices
