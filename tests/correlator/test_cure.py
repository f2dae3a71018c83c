"""The devices to switch off: on each open path the lowest that can be switched."""

from typing import Any

import pytest

from tests.build import bond, bridge, device, macvlan, nic, read_server, sends, server, vlan
from virtscan.correlator.servers.cure import any_fixed, command_word, cure, offload_of, server_of, stack_of
from virtscan.correlator.servers.sending import sending
from virtscan.model import Device, DeviceKind, DeviceName, Feature, Mac, Persistence, Server, ServerDevice, State
from virtscan.model.facts.persistence import SettingInWords

ON, OFF, UNKNOWN = State
FIXED = {"tx-checksum-ip-generic": Feature(state=ON, fixed=True)}
ETH0, ETH1 = nic("eth0"), nic("eth1")
BOND = bond("bond0", "eth0", "eth1")
BRIDGE = bridge("br0", "eth0")
MACVLAN = macvlan("mv0", "eth0")
NOW_AND_LASTING, ONLY_LASTING, ONLY_NOW = (True, True), (False, True), (True, False)


def stuck(device: Device) -> ServerDevice:
    return sends(device, ON, features=FIXED)


@pytest.mark.parametrize(
    ("devices", "switches", "fixed"),
    [
        ((sends(ETH0, ON),), {"eth0": NOW_AND_LASTING}, ()),
        ((sends(ETH0, UNKNOWN),), {"eth0": NOW_AND_LASTING}, ()),
        # The lowest, on every path.
        ((sends(BOND, ON), sends(ETH0, ON), sends(ETH1, ON)), {"eth0": NOW_AND_LASTING, "eth1": NOW_AND_LASTING}, ()),
        ((sends(BRIDGE, ON), sends(ETH0, ON)), {"eth0": NOW_AND_LASTING}, ()),
        ((sends(vlan("eth0.7", "eth0"), ON), sends(ETH0, ON)), {"eth0": NOW_AND_LASTING}, ()),
        # A path that is filled needs nothing: half a bond is left.
        ((sends(BOND, ON), sends(ETH0, OFF), sends(ETH1, ON)), {"eth1": NOW_AND_LASTING}, ()),
        ((sends(BOND, ON), sends(ETH0, OFF), sends(ETH1, OFF)), {}, ()),
        ((sends(BOND, OFF), sends(ETH0, ON), sends(ETH1, ON)), {}, ()),
        # A fixed device is passed over for one above it.
        ((stuck(ETH0),), {}, ("eth0",)),
        ((sends(BOND, ON), stuck(ETH0), stuck(ETH1)), {"bond0": NOW_AND_LASTING}, ()),
        ((sends(BOND, ON), stuck(ETH0), sends(ETH1, ON)), {"eth1": NOW_AND_LASTING, "bond0": NOW_AND_LASTING}, ()),
        ((stuck(BOND), stuck(ETH0), sends(ETH1, ON)), {"eth1": NOW_AND_LASTING}, ("eth0",)),
        ((stuck(BOND), sends(ETH0, OFF), stuck(ETH1)), {}, ("eth1",)),
        # One of known state before one that was not read.
        ((sends(BRIDGE, ON), sends(ETH0, UNKNOWN)), {"br0": NOW_AND_LASTING}, ()),
        # A macvlan can't be switched, and what is below it does not help its neighbours; what is above it does.
        ((sends(MACVLAN, ON), sends(ETH0, ON)), {}, ("eth0",)),
        ((sends(vlan("mv0.7", "mv0"), ON), sends(MACVLAN, ON), sends(ETH0, ON)), {"mv0.7": NOW_AND_LASTING}, ()),
        # Off now and on after a reboot: only the lasting setting is missing, on the device that is off.
        ((sends(ETH0, OFF, ON),), {"eth0": ONLY_LASTING}, ()),
        ((sends(BOND, OFF, ON), sends(ETH0, ON, ON), sends(ETH1, ON, ON)), {"bond0": ONLY_LASTING}, ()),
        ((sends(BOND, ON, ON), sends(ETH0, OFF, ON), sends(ETH1, OFF, OFF)), {"eth0": ONLY_LASTING}, ()),
        # Off now, and it is not known for how long: nothing is known to be wrong.
        ((sends(ETH0, OFF, UNKNOWN),), {}, ()),
        ((sends(ETH0, OFF, OFF),), {}, ()),
        # On now and off after a reboot: the setting exists.
        ((sends(ETH0, ON, OFF),), {"eth0": ONLY_NOW}, ()),
        # A circle of bridges is entered where it closes.
        ((sends(bridge("br0", "br1"), ON), sends(bridge("br1", "br0"), ON)), {"br0": NOW_AND_LASTING}, ()),
    ],
)
def test_the_lowest_device_that_can_be_switched_is_chosen_on_each_path_that_is_on(
    devices: tuple[ServerDevice, ...], switches: dict[str, tuple[bool, bool]], fixed: tuple[str, ...]
) -> None:
    planned = cure(sending(read_server(*devices)))

    assert {switch.device: (switch.now, switch.lasting) for switch in planned.switches} == switches
    assert planned.fixed == fixed
    assert planned.is_complete is (bool(switches) and not fixed)


def test_devices_are_switched_from_the_bottom_up() -> None:
    planned = cure(sending(read_server(sends(BOND, ON), stuck(ETH0), sends(ETH1, ON))))

    assert planned.words == ("eth1", "bond0")


@pytest.mark.parametrize(
    ("tx", "after", "more", "switches", "fixed"),
    [
        (ON, None, {}, {"eth0": NOW_AND_LASTING}, ()),
        (UNKNOWN, None, {}, {"eth0": NOW_AND_LASTING}, ()),
        (ON, None, {"interface": None}, {None: NOW_AND_LASTING}, ()),
        (ON, None, {"features": FIXED}, {}, ("eth0",)),
        (ON, None, {"features": FIXED, "interface": None}, {}, ("",)),
        (OFF, ON, {}, {"eth0": ONLY_LASTING}, ()),
        (OFF, UNKNOWN, {}, {}, ()),
        (OFF, None, {}, {}, ()),
        (OFF, OFF, {}, {}, ()),
        (ON, OFF, {}, {"eth0": ONLY_NOW}, ()),
    ],
)
def test_named_device_is_chosen_if_no_stack_was_read(
    tx: State,
    after: State | None,
    more: dict[str, Any],
    switches: dict[str | None, tuple[bool, bool]],
    fixed: tuple[str, ...],
) -> None:
    persistence = None if after is None else Persistence(tx_checksum=after, setting=SettingInWords(text="x"))
    planned = cure(sending(server(tx_checksum=tx, persistence=persistence, **more)))

    assert {switch.device: (switch.now, switch.lasting) for switch in planned.switches} == switches
    assert planned.fixed == fixed


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({}, False),
        ({"tx-checksum-ipv4": Feature(state=ON, fixed=True)}, True),
        ({"tx-checksumming": Feature(state=ON, fixed=True)}, True),
        ({"tx-checksum-ipv4": Feature(state=OFF, fixed=True)}, False),
        ({"tx-checksum-ipv4": Feature(state=ON)}, False),
        ({"tx-checksum-sctp": Feature(state=ON, fixed=True)}, False),
    ],
)
def test_only_a_checksum_that_is_on_and_fixed_is_stuck(features: dict[str, Feature], expected: bool) -> None:
    assert any_fixed(features) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eth0", "eth0"),
        ("bond0.100", "bond0.100"),
        ("br-lan", "br-lan"),
        (None, None),
        ("", None),
        ("-K", None),
        ("eth0;id", None),
        ("a b", None),
        ("$(id)", None),
        ("sixteen-letters0", None),
        ("eth0\n", None),
        (".", None),
    ],
)
def test_a_command_contains_only_names_that_need_no_quotes(name: str | None, expected: str | None) -> None:
    assert command_word(name) == expected


TWO_NICS = read_server(sends(nic("eth0", mac=Mac("b4:96:91:00:00:01")), ON), sends(nic("eth1"), OFF))


@pytest.mark.parametrize(("interface", "tx"), [("eth0", ON), ("eth1", OFF)])
def test_a_stack_is_found_by_the_interface_that_a_finding_names(interface: str, tx: State) -> None:
    assert stack_of(TWO_NICS, interface).tx is tx


def test_a_finding_on_a_nic_without_a_name_has_a_stack_of_which_nothing_was_read() -> None:
    stack = stack_of(TWO_NICS, None)

    assert (stack.interface, stack.top, stack.observed, stack.declared) == (None, None, False, False)


def test_the_namesake_that_sends_through_the_interface_is_found() -> None:
    first, second = server("s", interface="eth0"), server("s", interface="eth1")

    assert server_of((first, second), "s", "eth1") is second
    assert server_of((first, second), "s", "eth9") is first
    assert server_of((first,), "other", None) is None


@pytest.mark.parametrize(
    ("sending_server", "interface", "name", "expected"),
    [
        (TWO_NICS, "eth0", "eth0", ON),
        (TWO_NICS, "eth0", "eth1", OFF),
        (TWO_NICS, "eth0", "eth9", UNKNOWN),
        (server(tx_checksum=OFF), "eth0", "eth0", OFF),
        (server(tx_checksum=OFF), "eth0", None, OFF),
    ],
)
def test_the_offload_of_a_device_is_that_of_the_server_only_where_no_stack_was_read(
    sending_server: Server, interface: str, name: str | None, expected: State
) -> None:
    offload = offload_of(stack_of(sending_server, interface), None if name is None else DeviceName(name))

    assert offload.tx_checksum is expected


def test_an_unknown_device_above_the_named_one_is_not_chosen_for_being_off() -> None:
    team = sends(device("t0", DeviceKind.UNKNOWN, "eth0"), OFF)

    assert cure(sending(read_server(team, sends(ETH0, ON), interface="eth0"))).words == ("eth0",)
