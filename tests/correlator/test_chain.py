from collections.abc import Iterable

import pytest
from virtscan.correlator.chain import UNKNOWN_CHAIN, OnBond, follow

from tests.build import bond, nic
from tests.correlator.scenes import device, virtual
from virtscan.model import Backing, Device, DeviceKind, DeviceName

VLAN, BRIDGE, ETHERNET, UNKNOWN = DeviceKind.VLAN, DeviceKind.BRIDGE, DeviceKind.ETHERNET, DeviceKind.UNKNOWN


def by_name(devices: Iterable[Device]) -> dict[DeviceName, Device]:
    return {one.name: one for one in devices}


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ([bond("d", "eth4", "eth5"), nic("eth4"), nic("eth5")], OnBond.YES),
        ([device("d", DeviceKind.BOND)], OnBond.YES),
        ([device("d", VLAN, "bond2"), bond("bond2", "eth4")], OnBond.YES),
        ([device("d", BRIDGE, "eth0", "bond2"), nic("eth0"), bond("bond2", "eth4")], OnBond.YES),
        ([device("d", BRIDGE, "v"), device("v", VLAN, "bond2"), bond("bond2")], OnBond.YES),
        ([device("d", UNKNOWN, "bond2"), bond("bond2")], OnBond.YES),
        ([virtual("d", "bond2"), bond("bond2")], OnBond.YES),
        ([nic("d")], OnBond.NO),
        ([device("d", UNKNOWN, backing=Backing.PHYSICAL)], OnBond.NO),
        ([device("d", VLAN, "eth0"), nic("eth0")], OnBond.NO),
        ([device("d", BRIDGE, "eth0", "eth1"), nic("eth0"), nic("eth1")], OnBond.NO),
        ([], OnBond.UNKNOWN),
        ([device("d", UNKNOWN)], OnBond.UNKNOWN),
        ([device("d", UNKNOWN, "bond2", backing=Backing.PHYSICAL)], OnBond.UNKNOWN),
        ([device("d", VLAN)], OnBond.UNKNOWN),
        ([device("d", VLAN, "eth0")], OnBond.UNKNOWN),
        ([device("d", VLAN, "eth0"), device("eth0", UNKNOWN)], OnBond.UNKNOWN),
        ([device("d", BRIDGE)], OnBond.UNKNOWN),
        ([device("d", BRIDGE, "eth0", "vnet0"), nic("eth0"), virtual("vnet0")], OnBond.UNKNOWN),
        ([device("d", ETHERNET)], OnBond.UNKNOWN),
        ([virtual("d")], OnBond.UNKNOWN),
        ([device("d", UNKNOWN, "eth0"), nic("eth0")], OnBond.UNKNOWN),
        ([device("d", VLAN, "d")], OnBond.UNKNOWN),
        ([device("d", BRIDGE, "e"), device("e", VLAN, "d")], OnBond.UNKNOWN),
    ],
)
def test_only_a_chain_known_to_its_cards_is_on_no_bond(devices: list[Device], expected: OnBond) -> None:
    assert follow(by_name(devices), DeviceName("d")).on_bond is expected


@pytest.mark.parametrize(
    ("devices", "cards"),
    [
        ([nic("d")], ("d",)),
        ([bond("d", "eth4", "eth5"), nic("eth4"), nic("eth5")], ("eth4", "eth5")),
        ([device("d", VLAN, "bond2"), bond("bond2", "eth4"), nic("eth4")], ("eth4",)),
        ([bond("d", "eth4", "eth5"), nic("eth4")], ()),
        ([bond("d", "eth4", "eth5"), nic("eth4"), virtual("eth5")], ()),
        ([device("d", BRIDGE, "eth0", "vnet0"), nic("eth0"), virtual("vnet0")], ()),
        ([device("d", DeviceKind.BOND, backing=Backing.PHYSICAL)], ()),
        ([device("d", BRIDGE, "gone0", "bond2"), bond("bond2", "eth4"), nic("eth4")], ()),
        ([device("d", UNKNOWN, backing=Backing.PHYSICAL)], ("d",)),
        ([device("d", UNKNOWN, "eth8", backing=Backing.PHYSICAL)], ()),
        ([device("d", ETHERNET)], ()),
        ([], ()),
    ],
)
def test_cards_are_named_only_if_the_device_ends_in_nothing_else(devices: list[Device], cards: tuple[str, ...]) -> None:
    assert follow(by_name(devices), DeviceName("d")).cards == cards


def test_lower_devices_are_met_going_down_each_once() -> None:
    devices = by_name(
        [
            device("br0", BRIDGE, "bond2.100", "bond2.200"),
            device("bond2.100", VLAN, "bond2"),
            device("bond2.200", VLAN, "bond2"),
            bond("bond2", "eth4", "eth5"),
            nic("eth4"),
            nic("eth5"),
        ]
    )

    chain = follow(devices, DeviceName("br0"))

    assert chain.lower == ("bond2.100", "bond2.200", "bond2", "eth4", "eth5")
    assert chain.kind is BRIDGE
    assert chain.bond == "bond2"


def test_of_two_bonds_the_one_met_first_is_named() -> None:
    devices = by_name([device("br0", BRIDGE, "bond9", "bond2"), bond("bond9", "eth4"), bond("bond2", "eth5")])

    assert follow(devices, DeviceName("br0")).bond == "bond9"


def test_a_circle_of_devices_ends() -> None:
    devices = by_name([device("a", BRIDGE, "b"), device("b", VLAN, "c"), device("c", UNKNOWN, "a")])

    assert follow(devices, DeviceName("a")).lower == ("b", "c")


def test_ten_thousand_devices_on_one_another_are_followed() -> None:
    tower = [device(f"v{level}", VLAN, f"v{level + 1}") for level in range(10_000)]

    chain = follow(by_name([*tower, nic("v10000")]), DeviceName("v0"))

    assert chain.cards == ("v10000",)


def test_nothing_is_known_of_a_device_without_a_name() -> None:
    assert follow({}, None) == UNKNOWN_CHAIN
