"""Servers that send through several devices: which of them are switched, now and for good."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, hypervisor, macvtap, server
from tests.remedy.plans import fleet, remedy
from tests.remedy.stacks import bonded, part, rebooted, servers, stacked
from virtscan.correlator import correlate
from virtscan.correlator.servers.cure import any_fixed
from virtscan.model import (
    DeviceKind,
    Interface,
    Inventory,
    Mac,
    Machine,
    Observed,
    Persistence,
    Server,
    ServerDevice,
    SourceMode,
    State,
    Verdict,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.remedy import plan
from virtscan.remedy.plan import Change, Remedy

OFF_FOR_GOOD = Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="the remedy"))


def only(made: Remedy) -> Change:
    (change,) = made.changes
    return change


def switches(server: Server) -> list[tuple[str | None, bool, bool]]:
    """The devices to switch: now, and for good."""
    return [
        (device.interface, device.now, device.lasting) for change in remedy(server).changes for device in change.devices
    ]


def test_every_member_of_a_bond_is_switched() -> None:
    assert switches(bonded()) == [("eth0", True, True), ("eth1", True, True)]


def test_a_member_that_is_named_is_switched_with_the_other_members() -> None:
    named = replace(bonded(), interface="eth0")

    assert switches(named) == switches(bonded())
    assert only(remedy(named)).top == "bond0"


def test_a_member_that_is_off_already_is_left_alone() -> None:
    half = bonded(part("eth0", tx=State.OFF, later=State.OFF), part("eth1"))

    assert switches(half) == [("eth1", True, True)]


def test_a_member_that_comes_back_on_gets_a_lasting_step_only() -> None:
    half = bonded(part("eth0", tx=State.OFF, later=State.ON), part("eth1"), later=State.ON)

    assert switches(half) == [("eth0", False, True), ("eth1", True, True)]


def test_a_server_that_comes_back_on_gets_lasting_steps_where_it_is_off_now() -> None:
    off_above = bonded(tx=State.OFF, later=State.ON)

    change = only(remedy(off_above))

    assert switches(off_above) == [("bond0", False, True)]
    assert (change.tx_checksum, change.state_after_reboot) == (State.OFF, State.ON)


def test_no_second_setting_is_written_beside_one_that_works() -> None:
    kept = bonded(part("eth0", later=State.OFF), part("eth1"))

    assert switches(kept) == [("eth0", True, False), ("eth1", True, True)]
    assert any("eth0: no persistent step needed" in note for note in only(remedy(kept)).notes)


def test_a_setting_on_the_bond_keeps_all_of_its_paths_off() -> None:
    assert switches(bonded(later=State.OFF)) == [("eth0", True, False), ("eth1", True, False)]


def test_a_vlan_follows_its_nic() -> None:
    vlan = stacked(part("eth0.7", DeviceKind.VLAN, ["eth0"]), part("eth0"), interface="eth0.7")

    assert switches(vlan) == [("eth0", True, True)]
    assert only(remedy(vlan)).interface == "eth0.7"


def test_devices_are_switched_from_the_bottom_up() -> None:
    fixed_member = bonded(part("eth0", fixed=True), part("eth1"))

    assert [name for name, _, _ in switches(fixed_member)] == ["eth1", "bond0"]


def test_a_bond_whose_members_are_not_all_listed_is_switched_itself_as_well() -> None:
    assert [name for name, _, _ in switches(bonded(complete=False))] == ["eth0", "eth1", "bond0"]


def test_a_device_that_cannot_be_switched_leaves_its_interfaces_at_risk_now_or_after_a_reboot() -> None:
    stuck = part("eth0", fixed=True)
    comes_back = bonded(stuck, part("eth1", fixed=True), tx=State.OFF, later=State.ON)

    assert remedy(stacked(stuck)).still_at_risk == 2
    assert switches(comes_back) == [("bond0", False, True)]


def test_devices_below_a_macvlan_do_not_help() -> None:
    own = stacked(part("mv0", DeviceKind.MACVLAN, ["eth0"], fixed=True), part("eth0"), interface="mv0")

    change = only(remedy(own))

    assert (change.fixed, change.devices) == (True, ())


def test_alternatives_are_listed_in_order() -> None:
    stuck = stacked(part("eth0", fixed=True))

    notes = [note for note in only(remedy(stuck)).notes if note[:2] in {"1.", "2.", "3."}]

    assert ["csum='off'" in notes[0], "another device" in notes[1], "kernel" in notes[2]] == [True] * 3
    assert len(only(remedy(replace(stuck, machine=Machine.CONTAINER))).notes) == len(only(remedy(stuck)).notes) - 1


def test_a_member_keeps_its_permanent_mac_apart_from_that_of_its_bond() -> None:
    shared = "02:00:00:00:00:01"
    made = remedy(bonded(part("eth0", mac=shared, permanent="02:00:00:00:00:0a"), part("eth1", mac=shared)))

    assert [device.mac for device in only(made).devices] == ["02:00:00:00:00:0a", None]


def test_the_bond_of_known_members_is_never_switched_on_an_old_kernel() -> None:
    old = replace(bonded(), kernel=Observed(value="2.6.32-279.el6.x86_64", source="ssh"))

    assert [name for name, _, _ in switches(old)] == ["eth0", "eth1"]
    assert not any("refuses" in note for note in only(remedy(old)).notes)


A, B = "52:54:00:00:00:0a", "52:54:00:00:00:0b"


def two_nics(interface: str | None) -> Server:
    """A VM whose second NIC, eth1, is a macvtap on the device of the others."""
    return stacked(addressed(part("eth0", mac=A)), addressed(part("eth1", mac=B)), interface=interface)


def addressed(device: ServerDevice) -> ServerDevice:
    return replace(device, device=replace(device.device, addresses=("192.0.2.1/24",)))


def beside(server: Server, *nics: Interface) -> Remedy:
    booting = domain("web01", macvtap(mac="52:54:00:00:01:01"))
    return remedy(server, hosts=(hypervisor("hv1", booting, domain("sat", *nics), kernel=UNFIXED_KERNEL),))


def test_a_nic_outside_the_stack_is_switched_where_it_is_the_one_that_puts_at_risk() -> None:
    made = beside(two_nics("eth0"), macvtap(mac=A, mode=SourceMode.VEPA), macvtap(mac=B, index=1))

    change = only(made)
    assert (change.interface, [device.interface for device in change.devices]) == ("eth1", ["eth1"])
    assert "not declared" in change.notes[0]
    assert made.still_at_risk == 0


def test_each_stack_of_a_server_without_a_named_interface_is_a_change_of_its_own() -> None:
    made = beside(two_nics(None), macvtap(mac=A), macvtap(mac=B, index=1))

    assert [(change.interface, [device.interface for device in change.devices]) for change in made.changes] == [
        ("eth0", ["eth0"]),
        ("eth1", ["eth1"]),
    ]
    assert made.still_at_risk == 0


def test_a_nic_that_was_not_read_is_not_taken_for_the_named_one() -> None:
    made = beside(
        server(source="on", macs=(Mac(A),), features={}), macvtap(mac=A, mode=SourceMode.VEPA), macvtap(mac=B, index=1)
    )

    (device,) = only(made).devices
    assert (device.interface, device.mac) == (None, None)
    assert made.still_at_risk == 0


@pytest.mark.long
@given(servers())
def test_a_remedy_leaves_no_interface_at_risk_by_the_server_now_or_after_its_reboot(server: Server) -> None:
    inventory = fleet(server)
    made = plan(correlate(inventory))
    changes = [change for change in made.changes if not change.fixed]
    after = applied(inventory, changes)

    if made.changes and len(changes) == len(made.changes):
        assert at_risk(after) == 0
        assert at_risk(replace(after, servers=tuple(map(rebooted, after.servers)))) == 0
        assert made.still_at_risk == 0
    assert made.still_at_risk >= at_risk(after)


@pytest.mark.long
@given(servers())
def test_a_remedy_switches_nothing_that_cannot_be_and_repeats_no_setting(server: Server) -> None:
    known = {str(device.device.name): device for device in server.devices}
    for change in remedy(server).changes:
        for device in change.devices:
            observed = known.get(device.interface or "")
            assert device.now or device.lasting
            if observed is not None:
                assert observed.device.kind is not DeviceKind.MACVLAN
                assert not any_fixed(observed.offload.features)
                settled = observed.offload.persistence
                assert not (device.lasting and settled is not None and settled.tx_checksum is State.OFF)


def applied(inventory: Inventory, changes: list[Change]) -> Inventory:
    """The inventory after its servers were switched by the changes, and no further."""
    made = {device.interface: device for change in changes for device in change.devices}

    def switched(server: Server) -> Server:
        devices = []
        for device in server.devices:
            offload, change = device.offload, made.get(device.device.name)
            if change is not None and change.now:
                offload = replace(offload, tx_checksum=State.OFF)
            if change is not None and change.lasting:
                offload = replace(offload, persistence=OFF_FOR_GOOD)
            devices.append(replace(device, offload=offload))
        named = made.get(server.interface)
        if named is not None and named.now:
            server = replace(server, tx_checksum=State.OFF)
        if named is not None and named.lasting:
            server = replace(server, persistence=OFF_FOR_GOOD)
        return replace(server, devices=tuple(devices))

    return replace(inventory, servers=tuple(map(switched, inventory.servers)))


def at_risk(inventory: Inventory) -> int:
    return sum(finding.verdict is Verdict.AT_RISK for finding in correlate(inventory).findings)
