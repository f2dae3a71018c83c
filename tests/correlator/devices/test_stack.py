"""A device followed down: its NICs, its bond, its open ends, and what enters it."""

from typing import Any

import pytest

from tests.build import bond, bridge, device, macvlan, nic, tap, veth, vlan
from virtscan.correlator.devices.nic import NicKind
from virtscan.correlator.devices.stack import UNKNOWN_STACK, OnBond, follow, lists_all_below
from virtscan.model import Backing, Device, DeviceKind, DeviceName

FILLING, VIRTUAL, UNKNOWN = NicKind
YES, NO, OPEN = OnBond

KINDS = {"ixgbe": FILLING, "virtio_net": VIRTUAL, None: UNKNOWN}


def kind_of(device: Device) -> NicKind:
    return KINDS[device.driver]


def followed(name: str, *devices: Device) -> Any:  # a row compares a few of its fields
    return follow({device.name: device for device in devices}, DeviceName(name), kind_of)


E4, E5 = nic("eth4"), nic("eth5")
VIRTIO, ODD = nic("eth6", driver="virtio_net"), nic("eth7", driver=None)
B2 = bond("bond2")
DUMMY = device("d0", DeviceKind.DUMMY, backing=Backing.VIRTUAL)


@pytest.mark.parametrize(
    ("top", "devices", "entry", "open_ends"),
    [
        ("eth4", (E4,), FILLING, ()),
        ("eth6", (VIRTIO,), VIRTUAL, ("eth6",)),
        ("eth7", (ODD,), UNKNOWN, ("eth7",)),
        ("bond2", (B2, E4, E5), FILLING, ()),
        ("bond2.7", (vlan("bond2.7", "bond2"), B2, E4, E5), FILLING, ()),
        # The worst end counts: virtual before unknown before filling.
        ("b", (bond("b", "eth4", "eth6"), E4, VIRTIO), VIRTUAL, ("eth6",)),
        ("b", (bond("b", "eth4", "eth7"), E4, ODD), UNKNOWN, ("eth7",)),
        ("b", (bond("b", "eth4", "eth6", "eth7"), E4, VIRTIO, ODD), VIRTUAL, ("eth6", "eth7")),
        # A bridge's tap or veth is an end that hands on partial frames.
        ("br0", (bridge("br0", "eth4", "vnet0"), E4, tap("vnet0")), VIRTUAL, ("vnet0",)),
        ("br0", (bridge("br0", "eth4", "p0"), E4, veth("p0")), VIRTUAL, ("p0",)),
        # A dummy sends nothing to the bridge that it is a port of.
        ("br0", (bridge("br0", "eth4", "d0"), E4, DUMMY), FILLING, ()),
        ("br0", (bridge("br0", "eth6", "d0"), VIRTIO, DUMMY), VIRTUAL, ("eth6",)),
        ("br0", (bridge("br0", "d0"), DUMMY), UNKNOWN, ()),
        ("d0", (DUMMY,), VIRTUAL, ("d0",)),
        # A virtual port whose kind was not observed may be a tap.
        (
            "br0",
            (bridge("br0", "eth4", "p0"), E4, device("p0", DeviceKind.UNKNOWN, backing=Backing.VIRTUAL)),
            VIRTUAL,
            ("p0",),
        ),
        # Ends of which nothing is known.
        ("gone", (), UNKNOWN, ()),
        ("b", (bond("b", "eth4", "gone"), E4), UNKNOWN, ("gone",)),
        ("b", (device("b", DeviceKind.BOND),), UNKNOWN, ("b",)),
        ("v", (device("v", DeviceKind.VLAN),), UNKNOWN, ("v",)),
        ("x", (device("x", DeviceKind.UNKNOWN, lower_complete=False),), UNKNOWN, ("x",)),
        ("d", (device("d", DeviceKind.ETHERNET),), UNKNOWN, ("d",)),
        # A list of members that may lack one leaves the bond itself open.
        ("b", (bond("b", "eth4", lower_complete=False), E4), UNKNOWN, ("b",)),
        ("b", (bond("b", "eth6", lower_complete=False), VIRTIO), VIRTUAL, ("b", "eth6")),
        # A VLAN or macvlan has one parent, in every source.
        ("v", (device("v", DeviceKind.VLAN, "eth4", lower_complete=False), E4), FILLING, ()),
        ("m", (macvlan("m", "eth4", lower_complete=False), E4), FILLING, ()),
        # A virtual device of an incomplete list hides nothing if it has something below it.
        ("b", (bond("b", "eth4", backing=Backing.VIRTUAL, lower_complete=False), E4), UNKNOWN, ("b",)),
    ],
)
def test_worst_end_of_a_stack_decides(
    top: str, devices: tuple[Device, ...], entry: NicKind, open_ends: tuple[str, ...]
) -> None:
    stack = followed(top, *devices)

    assert (stack.entry, stack.open_ends) == (entry, open_ends)


@pytest.mark.parametrize(
    ("top", "devices", "on_bond", "bond_found"),
    [
        ("bond2", (B2, E4, E5), YES, "bond2"),
        ("bond2.7", (vlan("bond2.7", "bond2"), B2, E4, E5), YES, "bond2"),
        ("br0", (bridge("br0", "eth5", "bond9"), E5, bond("bond9", "eth4"), E4), YES, "bond9"),
        ("bond2", (device("bond2", DeviceKind.BOND, lower_complete=False),), YES, "bond2"),
        ("top", (bond("top", "low"), bond("low", "eth4"), E4), YES, "top"),
        ("eth4", (E4,), NO, None),
        ("eth4.7", (vlan("eth4.7", "eth4"), E4), NO, None),
        ("br0", (bridge("br0", "eth4"), E4), NO, None),
        # A bond may hide wherever something is not known.
        ("gone", (), OPEN, None),
        ("eth4.7", (vlan("eth4.7", "eth4"),), OPEN, None),
        ("br0", (bridge("br0", "eth4", lower_complete=False), E4), OPEN, None),
        ("br0", (bridge("br0", "eth4", "x"), E4, device("x", DeviceKind.UNKNOWN)), OPEN, None),
        ("vnet0", (tap("vnet0"),), OPEN, None),
        ("d", (device("d", DeviceKind.ETHERNET, lower_complete=False),), OPEN, None),
    ],
)
def test_a_stack_is_on_no_bond_only_where_all_below_is_known(
    top: str, devices: tuple[Device, ...], on_bond: OnBond, bond_found: str | None
) -> None:
    stack = followed(top, *devices)

    assert (stack.on_bond, stack.bond) == (on_bond, bond_found)


def test_lower_devices_are_listed_once_from_the_top_down() -> None:
    stack = followed("br0", bridge("br0", "bond2", "eth4"), B2, E4, E5)

    assert (stack.kind, stack.lower, stack.nics) == (
        DeviceKind.BRIDGE,
        ("bond2", "eth4", "eth5"),
        ("eth4", "eth5"),
    )


@pytest.mark.parametrize(
    ("devices", "lower", "entry", "on_bond"),
    [
        ((bridge("a", "b"), bridge("b", "a")), ("b",), UNKNOWN, OPEN),
        ((bridge("a", "a"),), (), UNKNOWN, OPEN),
        ((bridge("a", "b"), bridge("b", "a", "eth4"), E4), ("b", "eth4"), FILLING, NO),
        ((bond("a", "b"), bridge("b", "a", "eth6"), VIRTIO), ("b", "eth6"), VIRTUAL, YES),
    ],
)
def test_a_circle_is_walked_once(
    devices: tuple[Device, ...], lower: tuple[str, ...], entry: NicKind, on_bond: OnBond
) -> None:
    stack = followed("a", *devices)

    assert (stack.lower, stack.entry, stack.on_bond) == (lower, entry, on_bond)


def test_no_device_is_unknown_in_everything() -> None:
    assert follow({}, None, kind_of) is UNKNOWN_STACK


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (B2, True),
        (bond("b", "eth4", lower_complete=False), False),
        (nic("eth4", lower_complete=False), True),
        (vlan("v.7", "eth4", lower_complete=False), True),
        (device("v", DeviceKind.VLAN, lower_complete=False), False),
        (device("d", DeviceKind.ETHERNET, lower_complete=False), False),
    ],
)
def test_a_nic_and_a_device_with_its_one_parent_hide_nothing(top: Device, expected: bool) -> None:
    assert lists_all_below(top) is expected
