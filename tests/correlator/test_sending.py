"""T over the paths of a sending stack: on if one path stays partial, off if all are filled, else unknown."""

from typing import Any

import pytest

from tests.build import bond, bridge, device, macvlan, nic, read_server, sends, server, tap, veth, vlan
from virtscan.correlator.servers.paths import PathState
from virtscan.correlator.servers.sending import SendingStack, down_to_macvlan, sending, sending_stacks
from virtscan.model import Backing, Device, DeviceKind, Mac, Persistence, Server, ServerDevice, State
from virtscan.model.facts.persistence import SettingInWords

ON, OFF, UNKNOWN = State
A, B, C = (Mac(f"b4:96:91:00:00:0{number}") for number in (1, 2, 3))


def read(*devices: tuple[Device, State], interface: str | None = None, **more: Any) -> Server:
    """A server that sends through `interface`, else through the first of its devices."""
    server_devices = tuple(sends(device, tx) for device, tx in devices)
    return read_server(*server_devices, **({"interface": interface or str(devices[0][0].name)} | more))


ETH0, ETH1 = nic("eth0", mac=A), nic("eth1", mac=B)
BOND = bond("bond0", "eth0", "eth1", mac=A)
BRIDGE = bridge("br0", "eth0")
TEAM = device("team0", DeviceKind.UNKNOWN, lower_complete=False)
AT_HOME = nic("eth0", mac=A, addresses=("192.0.2.10/24",))
VLAN = vlan("eth0.7", "eth0")


@pytest.mark.parametrize(
    ("stack", "tx", "deciding"),
    [
        # One NIC.
        (read((ETH0, ON)), ON, ("eth0",)),
        (read((ETH0, OFF)), OFF, ("eth0",)),
        (read((ETH0, UNKNOWN)), UNKNOWN, ("eth0",)),
        # A bond does not follow its members: every path counts by itself.
        (read((BOND, ON), (ETH0, ON), (ETH1, ON)), ON, ("bond0", "eth0", "eth1")),
        (read((BOND, ON), (ETH0, OFF), (ETH1, OFF)), OFF, ("eth0", "eth1")),
        (read((BOND, ON), (ETH0, OFF), (ETH1, ON)), ON, ("bond0", "eth1")),
        (read((BOND, ON), (ETH0, OFF), (ETH1, ON), interface="eth0"), ON, ("bond0", "eth1")),
        (read((BOND, OFF), (ETH0, ON), (ETH1, ON)), OFF, ("bond0",)),
        (read((BOND, UNKNOWN), (ETH0, OFF), (ETH1, UNKNOWN)), UNKNOWN, ("bond0", "eth1")),
        (read((BOND, ON), (ETH0, OFF), (ETH1, UNKNOWN)), ON, ("bond0",)),
        (read((BOND, UNKNOWN), (ETH0, OFF), (ETH1, ON)), ON, ("eth1",)),
        # A member that the server does not list was not read.
        (read((BOND, UNKNOWN), (ETH0, OFF)), UNKNOWN, ("bond0", "eth1")),
        (read((BOND, ON), (ETH0, OFF)), ON, ("bond0",)),
        # Members that are not all known: one path is unknown, unless something above fills.
        (read((bond("bond0", "eth0", lower_complete=False), ON), (ETH0, OFF)), UNKNOWN, ()),
        (read((bond("bond0", "eth0", lower_complete=False), OFF), (ETH0, ON)), OFF, ("bond0",)),
        (read((bond("bond0", "eth0", lower_complete=False), ON), (ETH0, ON)), ON, ("bond0", "eth0")),
        (read((device("bond0", DeviceKind.BOND, lower_complete=False), ON)), UNKNOWN, ()),
        (read((device("bond0", DeviceKind.BOND, lower_complete=False), OFF)), OFF, ("bond0",)),
        # A bond of which no member is known may have any NIC; one that has none has none.
        (read((ETH0, OFF), (device("bond0", DeviceKind.BOND), ON)), OFF, ("eth0",)),
        (read((ETH0, OFF), (device("bond0", DeviceKind.BOND, lower_complete=False), ON)), UNKNOWN, ()),
        (read((ETH0, ON), (device("br0", DeviceKind.BRIDGE, lower_complete=False), ON)), ON, ("eth0",)),
        # A tap of which nothing below is listed holds no NIC.
        (read((ETH0, OFF), (device("odd0", DeviceKind.ETHERNET, backing=Backing.VIRTUAL), ON)), OFF, ("eth0",)),
        (read((ETH0, OFF), (tap("odd0", lower_complete=False), ON)), OFF, ("eth0",)),
        # So may a team, which has no kind in many sources, unless the named device has an address.
        (read((ETH0, OFF), (TEAM, ON)), UNKNOWN, ()),
        (read((ETH0, OFF), (TEAM, UNKNOWN)), UNKNOWN, ("team0",)),
        (read((ETH0, OFF), (TEAM, OFF)), OFF, ("eth0", "team0")),
        (read((ETH0, ON), (TEAM, ON)), ON, ("eth0",)),
        (read((BOND, ON), (ETH0, OFF), (ETH1, OFF), (TEAM, ON)), UNKNOWN, ()),
        (read((AT_HOME, OFF), (TEAM, ON)), OFF, ("eth0",)),
        # A tunnel has no members; a VLAN and a veth of a guest are known by their names.
        (read((ETH0, OFF), (device("wg0", DeviceKind.UNKNOWN), ON)), OFF, ("eth0",)),
        (read((ETH0, OFF), (device("eth0.7", DeviceKind.UNKNOWN, lower_complete=False), ON)), OFF, ("eth0",)),
        (read((ETH0, OFF), (device("veth1a", DeviceKind.UNKNOWN, lower_complete=False), ON)), OFF, ("eth0",)),
        # A bridge and its port.
        (read((BRIDGE, ON), (ETH0, OFF)), OFF, ("eth0",)),
        (read((BRIDGE, OFF), (ETH0, ON)), OFF, ("br0",)),
        (read((BRIDGE, ON), (ETH0, ON)), ON, ("br0", "eth0")),
        (read((BRIDGE, ON), (ETH0, OFF), interface="eth0"), OFF, ("eth0",)),
        (read((bridge("br0", "eth0", lower_complete=False), ON), (ETH0, OFF)), UNKNOWN, ()),
        # Taps and veths of guests beside a NIC lead to no other machine.
        (
            read((bridge("br0", "eth0", "vnet0", "v0"), ON), (ETH0, OFF), (tap("vnet0"), ON), (veth("v0"), ON)),
            OFF,
            ("eth0",),
        ),
        (read((bridge("br0", "vnet0"), ON), (tap("vnet0"), ON)), ON, ("br0", "vnet0")),
        # A dummy that gives the bridge its MAC sends nothing.
        (
            read(
                (bridge("br0", "eth0", "d0"), ON),
                (ETH0, OFF),
                (device("d0", DeviceKind.DUMMY, backing=Backing.VIRTUAL), ON),
            ),
            OFF,
            ("eth0",),
        ),
        # A VLAN follows its parent, and is read as it is.
        (read((VLAN, OFF), (ETH0, OFF)), OFF, ("eth0.7",)),
        (read((VLAN, ON), (ETH0, OFF)), OFF, ("eth0",)),
        (read((VLAN, ON), (ETH0, ON)), ON, ("eth0.7", "eth0")),
        (read((VLAN, UNKNOWN), (ETH0, ON)), ON, ("eth0",)),
        (read((VLAN, UNKNOWN), (ETH0, UNKNOWN)), UNKNOWN, ("eth0.7", "eth0")),
        (
            read((vlan("bond0.7", "bond0"), ON), (BOND, ON), (ETH0, OFF), (ETH1, ON)),
            ON,
            ("bond0.7", "bond0", "eth1"),
        ),
        # A VLAN over the named device is another network: it is not sent through.
        (read((ETH0, ON), (VLAN, OFF)), ON, ("eth0",)),
        # A macvlan in a guest, over its only NIC.
        (read((macvlan("mv0", "eth0"), ON), (ETH0, OFF)), OFF, ("eth0",)),
        (read((macvlan("mv0", "eth0"), ON), (ETH0, ON)), ON, ("mv0", "eth0")),
        # A device of unknown kind above the named one may be a team, or a VLAN: its "off" fills, or is not passed.
        (read((device("t0", DeviceKind.UNKNOWN, "eth0"), OFF), (ETH0, ON), interface="eth0"), UNKNOWN, ()),
        (read((device("t0", DeviceKind.UNKNOWN, "eth0"), ON), (ETH0, ON), interface="eth0"), ON, ("t0", "eth0")),
        (read((device("t0", DeviceKind.UNKNOWN, "eth0"), UNKNOWN), (ETH0, ON), interface="eth0"), ON, ("eth0",)),
        (
            read((device("t0", DeviceKind.UNKNOWN, "eth0", "eth1"), OFF), (ETH0, ON), (ETH1, OFF), interface="eth0"),
            UNKNOWN,
            (),
        ),
        (read((device("t0", DeviceKind.UNKNOWN, "eth0"), OFF), (ETH0, OFF), interface="eth0"), OFF, ("t0",)),
        (read((device("t0", DeviceKind.UNKNOWN, "eth0"), OFF), (ETH0, ON)), OFF, ("t0",)),
        # Two levels.
        (
            read((bridge("br0", "bond0"), ON), (BOND, ON), (ETH0, OFF), (ETH1, ON), interface="eth0"),
            ON,
            ("br0", "bond0", "eth1"),
        ),
        # A circle ends.
        (read((bridge("br0", "br1"), ON), (bridge("br1", "br0"), OFF)), OFF, ("br1",)),
    ],
)
def test_a_path_is_filled_by_the_first_device_that_is_off(stack: Server, tx: State, deciding: tuple[str, ...]) -> None:
    sending_stack = sending(stack)

    assert (sending_stack.tx, sending_stack.deciding()) == (tx, deciding)


def lasting(device: Device, now: State, after: State | None) -> ServerDevice:
    return sends(device, now, after)


@pytest.mark.parametrize(
    ("devices", "after"),
    [
        ((lasting(ETH0, OFF, OFF),), OFF),
        ((lasting(ETH0, OFF, ON),), ON),
        ((lasting(ETH0, OFF, None),), UNKNOWN),
        ((lasting(ETH0, OFF, UNKNOWN),), UNKNOWN),
        ((lasting(BOND, ON, ON), lasting(ETH0, OFF, OFF), lasting(ETH1, OFF, OFF)), OFF),
        ((lasting(BOND, ON, ON), lasting(ETH0, OFF, OFF), lasting(ETH1, OFF, ON)), ON),
        ((lasting(BOND, ON, None), lasting(ETH0, OFF, OFF), lasting(ETH1, OFF, None)), UNKNOWN),
        ((lasting(BOND, OFF, OFF), lasting(ETH0, ON, ON), lasting(ETH1, ON, None)), OFF),
        # The device that fills now may fill later, too.
        ((lasting(VLAN, ON, ON), lasting(ETH0, OFF, UNKNOWN)), UNKNOWN),
        ((lasting(VLAN, ON, ON), lasting(ETH0, ON, UNKNOWN)), ON),
        ((lasting(BOND, ON, ON), lasting(ETH0, OFF, UNKNOWN), lasting(ETH1, OFF, UNKNOWN)), UNKNOWN),
        ((lasting(BOND, ON, ON), lasting(ETH0, OFF, UNKNOWN), lasting(ETH1, OFF, ON)), ON),
    ],
)
def test_the_state_after_a_reboot_is_joined_over_the_same_paths(
    devices: tuple[ServerDevice, ...], after: State
) -> None:
    assert sending(read_server(*devices)).after_reboot is after


@pytest.mark.parametrize(
    ("source", "tx", "after", "expected"),
    [
        ("file:/tmp/k.txt", ON, None, (ON, UNKNOWN)),
        ("file:/tmp/k.txt", OFF, None, (OFF, UNKNOWN)),
        ("on", ON, None, (ON, UNKNOWN)),
        ("off", OFF, UNKNOWN, (OFF, UNKNOWN)),
        ("ssh://s", UNKNOWN, None, (UNKNOWN, UNKNOWN)),
        ("ssh://s", OFF, OFF, (OFF, OFF)),
    ],
)
def test_without_devices_the_state_of_the_server_counts_and_no_stack_is_observed(
    source: str, tx: State, after: State | None, expected: tuple[State, State]
) -> None:
    persistence = None if after is None else Persistence(tx_checksum=after, setting=SettingInWords(text="x"))
    (stack,) = sending_stacks(server(source=source, tx_checksum=tx, persistence=persistence, macs=(A,)))

    assert (stack.tx, stack.after_reboot) == expected
    assert (stack.observed, stack.on_nics, stack.declared, {*stack.macs}, stack.nic_macs) == (
        False,
        False,
        True,
        {A},
        (A,),
    )


def test_a_named_device_that_is_not_listed_leaves_the_state_of_the_server() -> None:
    bare, other = sending_stacks(read((ETH0, ON), interface="eth9", tx_checksum=OFF))

    assert (bare.interface, bare.tx, bare.observed) == ("eth9", OFF, False)
    assert (other.interface, other.tx, other.declared) == ("eth0", ON, False)


ADDRESSED = {"addresses": ("10.1.0.5/16",)}


@pytest.mark.parametrize(
    ("devices", "named", "stacks"),
    [
        # A named device is the one declared stack; other NICs are stacks outside of it.
        (((ETH0, OFF), (ETH1, ON)), "eth0", [("eth0", OFF, True), ("eth1", ON, False)]),
        (
            ((BOND, ON), (ETH0, OFF), (ETH1, OFF), (nic("eth2", mac=C), ON)),
            "eth0",
            [("eth0", OFF, True), ("eth2", ON, False)],
        ),
        (((ETH0, OFF), (tap("vnet0"), ON)), "eth0", [("eth0", OFF, True)]),
        # Without one, every device with an address is a declared stack.
        (
            ((nic("eth0", mac=A, **ADDRESSED), OFF), (nic("eth1", mac=B, **ADDRESSED), ON), (nic("eth2", mac=C), ON)),
            None,
            [("eth0", OFF, True), ("eth1", ON, True), ("eth2", ON, False)],
        ),
        # A member's address and its bond's are one stack.
        (
            ((bond("bond0", "eth0", "eth1", **ADDRESSED), ON), (nic("eth0", **ADDRESSED), OFF), (ETH1, OFF)),
            None,
            [("bond0", OFF, True)],
        ),
        # None has an address: the state of the server, which is not that of any NIC.
        (((ETH0, ON), (ETH1, ON)), None, [(None, UNKNOWN, True), ("eth0", ON, False), ("eth1", ON, False)]),
    ],
)
def test_each_device_with_an_address_is_a_stack_unless_one_is_named(
    devices: tuple[tuple[Device, State], ...], named: str | None, stacks: list[tuple[str | None, State, bool]]
) -> None:
    two_nics = read_server(*(sends(*pair) for pair in devices), interface=named, tx_checksum=UNKNOWN)

    assert [(stack.interface, stack.tx, stack.declared) for stack in sending_stacks(two_nics)] == stacks


def test_the_worst_of_several_declared_stacks_decides() -> None:
    off = sends(nic("eth0", mac=A, **ADDRESSED), OFF, OFF)
    comes_back = sends(nic("eth1", mac=B, **ADDRESSED), OFF, ON)
    unread = sends(nic("eth2", mac=C, **ADDRESSED), UNKNOWN)

    assert sending(read_server(off, comes_back, interface=None)).interface == "eth1"
    assert sending(read_server(off, comes_back, unread, interface=None)).interface == "eth2"


@pytest.mark.parametrize(
    ("devices", "macs", "nic_macs", "on_nics"),
    [
        ((ETH0,), {A}, (A,), True),
        ((bond("bond0", "eth0", "eth1", mac=C), ETH0, ETH1), {A, B, C}, (A, B), True),
        # A bond or team gives its members its own MAC: that of the NIC is then known as the permanent one only.
        ((BOND, ETH0, ETH1), {A, B}, (), True),
        ((device("team0", DeviceKind.UNKNOWN, "eth0", mac=A), ETH0), {A}, (), True),
        ((BOND, nic("eth0", mac=A, permanent_mac=A), nic("eth1", mac=A, permanent_mac=B)), {A, B}, (A, B), True),
        ((bridge("br0", "eth0", mac=C), ETH0), {A, C}, (A,), True),
        # An end that is not known to be a NIC, or has no MAC, leaves the bottom open.
        ((BOND, ETH0), {A}, (), False),
        ((BOND, ETH0, nic("eth1")), {A}, (), True),
        ((bond("bond0", "eth0", lower_complete=False), ETH0), {A}, (), False),
        ((veth("eth0", mac=C),), {C}, (), False),
        ((device("eth0", DeviceKind.ETHERNET, mac=C),), {C}, (), False),
    ],
)
def test_all_macs_of_a_stack_are_the_servers_and_those_at_its_bottom_are_its_nics(
    devices: tuple[Device, ...], macs: set[Mac], nic_macs: tuple[Mac, ...], on_nics: bool
) -> None:
    stack = sending(read_server(*(sends(device) for device in devices), macs=()))

    assert ({*stack.macs}, stack.nic_macs, stack.on_nics) == (macs, nic_macs, on_nics)


def on_macvlan(macvlan_tx: State, *below: State, above: State | None = None) -> SendingStack:
    lower = bond("bond0", "eth0", "eth1") if len(below) == 3 else ETH0
    stacked = [sends(macvlan("mv0", lower.name), macvlan_tx), *map(sends, (lower, ETH0, ETH1)[: len(below)], below)]
    if above is not None:
        stacked.insert(0, sends(vlan("mv0.7", "mv0", backing=Backing.VIRTUAL), above))
    return sending(read_server(*stacked))


@pytest.mark.parametrize(
    ("stack", "everywhere", "on_its_host"),
    [
        (on_macvlan(ON, OFF), OFF, ON),
        (on_macvlan(ON, ON), ON, ON),
        (on_macvlan(OFF, ON), OFF, OFF),
        (on_macvlan(UNKNOWN, ON), ON, UNKNOWN),
        (on_macvlan(ON, ON, OFF, OFF), OFF, ON),
        (on_macvlan(ON, OFF, above=OFF), OFF, OFF),
        (on_macvlan(ON, OFF, above=ON), OFF, ON),
        (sending(read((BOND, ON), (ETH0, OFF), (ETH1, OFF))), OFF, OFF),
        (sending(server(tx_checksum=OFF)), OFF, OFF),
    ],
)
def test_neighbours_of_a_macvlan_get_its_frames_before_anything_below_it(
    stack: SendingStack, everywhere: State, on_its_host: State
) -> None:
    assert (stack.tx, down_to_macvlan(stack).tx) == (everywhere, on_its_host)


def test_the_paths_down_to_a_macvlan_are_one() -> None:
    (path,) = down_to_macvlan(on_macvlan(ON, ON, OFF, OFF)).paths

    assert (path.devices, path.now) == (("mv0",), PathState.PARTIAL)
