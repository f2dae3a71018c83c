"""Facts from /proc, /sys, brctl and drivers, with input made by hand."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.hostnet import (
    merge_devices,
    read_bonding,
    read_bridges,
    read_driver,
    read_ip,
    read_permanent,
    read_sysfs,
    read_vlans,
)
from virtscan.model import Backing, Device, DeviceKind, DeviceName

VLANS = """VLAN Dev name    | VLAN ID
Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD
bond2.100      | 100  | bond2
vlan40         | 40  | bond2
"""
BRIDGES = """bridge name\tbridge id\t\tSTP enabled\tinterfaces
br0\t\t8000.3cfdfe100102\tno\t\teth2
\t\t\t\t\t\t\tvnet0
\t\t\t\t\t\t\tvnet1
virbr0\t\t8000.525400aabbcc\tyes\t\t
pan0\t\t8000.000000000000\tno\t\t
"""


def test_vlans_have_their_number_and_lower_device() -> None:
    vlans = read_vlans(VLANS, source="proc")

    assert [(vlan.name, vlan.vlan_id, vlan.lower, vlan.kind) for vlan in vlans] == [
        ("bond2.100", 100, ("bond2",), DeviceKind.VLAN),
        ("vlan40", 40, ("bond2",), DeviceKind.VLAN),
    ]


def test_brctl_lists_every_port_of_a_bridge() -> None:
    bridges = read_bridges(BRIDGES, source="brctl")

    assert {bridge.name: bridge.lower for bridge in bridges} == {
        "br0": ("eth2", "vnet0", "vnet1"),
        "virbr0": (),
        "pan0": (),
    }
    assert {bridge.kind for bridge in bridges} == {DeviceKind.BRIDGE}


def test_a_file_that_is_about_no_bond_makes_none() -> None:
    assert read_bonding("Slave Interface: eth4\n", name="bond2", source="proc") == ()


def test_a_member_without_an_address_does_not_get_that_of_the_next() -> None:
    text = """Bonding Mode: xor

Slave Interface: eth4
MII Status: up

Slave Interface: eth5
Permanent HW addr: 3C:fd:fe:10:01:05
"""
    _, first, second = read_bonding(text, name="bond2", source="proc")

    assert (first.name, first.permanent_mac) == ("eth4", None)
    assert (second.name, second.permanent_mac) == ("eth5", "3c:fd:fe:10:01:05")


SYSFS = {
    "bond2": "../../devices/virtual/net/bond2",
    "bond2/bonding/slaves": "eth4 eth5\n",
    "bond2/lower_eth4": "",
    "bond2/lower_eth5": "",
    "bond2/uevent": "DEVTYPE=bond\nINTERFACE=bond2\n",
    "bond2.100/uevent": "DEVTYPE=vlan\nINTERFACE=bond2.100\n",
    "bond2.100/lower_bond2": "../bond2",
    "bonding_masters": "bond2\n",
    "br0/bridge/stp_state": "0\n",
    "br0/brif/eth2/state": "3\n",
    "virbr0/bridge/stp_state": "0\n",
    "eth2/device/numa_node": "0\n",
    "eth3": "../../devices/pci0000:00/0000:00:1c.0/0000:18:00.1/net/eth3",
    "eth4/device": "../../../0000:19:00.0",
    "eth4/device/driver": "../../../../bus/pci/drivers/ixgbe",
    "eth4/bonding_slave/perm_hwaddr": "3c:fd:fe:10:01:44\n",
    "eth4/address": "3C:FD:FE:10:01:04\n",
    "eth5/master": "../bond3",
    "bond3/address": "00:00:00:00:00:00\n",
    "wlan0/uevent": "DEVTYPE=wlan\n",
    "wlan0/device": "../../../0000:02:00.0",
    "tap0/tun_flags": "0x1002\n",
    "veth0": "../../devices/virtual/net/veth0",
}  # fmt: skip


def test_an_incomplete_sysfs_is_read_as_far_as_it_goes() -> None:
    devices = {device.name: device for device in read_sysfs(SYSFS, source="sys")}

    assert {name: (device.kind, device.backing, device.lower) for name, device in devices.items()} == {
        "bond2": (DeviceKind.BOND, Backing.UNKNOWN, ("eth4", "eth5")),
        "bond2.100": (DeviceKind.VLAN, Backing.UNKNOWN, ("bond2",)),
        "bond3": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ("eth5",)),
        "br0": (DeviceKind.BRIDGE, Backing.UNKNOWN, ("eth2",)),
        "eth2": (DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        "eth3": (DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        "eth4": (DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        "eth5": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ()),
        "tap0": (DeviceKind.ETHERNET, Backing.VIRTUAL, ()),
        "veth0": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ()),
        "virbr0": (DeviceKind.BRIDGE, Backing.UNKNOWN, ()),
        "wlan0": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ()),
    }
    assert devices[DeviceName("eth4")].mac == "3c:fd:fe:10:01:04"
    assert devices[DeviceName("bond3")].mac is None
    assert (devices[DeviceName("eth4")].driver, devices[DeviceName("eth4")].permanent_mac) == (
        "ixgbe",
        "3c:fd:fe:10:01:44",
    )
    assert {name for name, device in devices.items() if device.lower_complete} == {
        "bond2", "bond2.100", "br0", "eth2", "eth3", "eth4", "tap0", "virbr0"
    }  # fmt: skip
    cut = {device.name for device in read_sysfs(SYSFS, source="sys", complete=False) if device.lower_complete}
    assert cut == set()


def device(name: str, *lower: str, complete: bool = False) -> Device:
    return Device(name=DeviceName(name), lower=tuple(map(DeviceName, lower)), lower_complete=complete)


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        (device("b", "eth0"), device("b", "eth0", "eth1", complete=True), (("eth0", "eth1"), True)),
        (device("b", "eth0", complete=True), device("b", "eth0", "eth1"), (("eth0",), True)),
        (device("b", "eth0"), device("b", "eth1"), (("eth0",), False)),
        (device("b"), device("b", "eth1"), (("eth1",), False)),
        (device("b", "eth0"), device("b", complete=True), (("eth0",), False)),
        (device("b"), device("b", complete=True), ((), True)),
    ],
)
def test_a_complete_list_of_lower_devices_counts_and_stays_whole(
    first: Device, second: Device, merged: tuple[tuple[str, ...], bool]
) -> None:
    (found,) = merge_devices([first, second])

    assert (found.lower, found.lower_complete) == merged


def test_a_permanent_mac_is_read_where_there_is_one() -> None:
    (found,) = read_permanent("Permanent address: FA:16:3e:1f:96:bd\n", name="eth0", source="ethtool")

    assert (found.name, found.permanent_mac) == ("eth0", "fa:16:3e:1f:96:bd")
    assert read_permanent("Permanent address: 00:00:00:00:00:00\n", name="lo", source="ethtool") == ()
    assert read_permanent("Permanent address: not set\n", name="lo", source="ethtool") == ()


@pytest.mark.parametrize(
    ("driver", "bus", "told"),
    [
        ("ixgbe", "0000:19:00.0", (DeviceKind.ETHERNET, Backing.PHYSICAL)),
        ("virtio_net", "0000:00:03.0", (DeviceKind.ETHERNET, Backing.PHYSICAL)),
        ("cdc_ether", "usb-0000:00:14.0-3", (DeviceKind.ETHERNET, Backing.PHYSICAL)),
        ("bonding", "", (DeviceKind.BOND, Backing.UNKNOWN)),
        ("802.1Q VLAN Support", "", (DeviceKind.VLAN, Backing.UNKNOWN)),
        ("bridge", "N/A", (DeviceKind.BRIDGE, Backing.UNKNOWN)),
        ("veth", "", (DeviceKind.VETH, Backing.VIRTUAL)),
        ("tun", "tap", (DeviceKind.ETHERNET, Backing.VIRTUAL)),
        ("macvlan", "", (DeviceKind.MACVLAN, Backing.VIRTUAL)),
        ("dummy", "", (DeviceKind.DUMMY, Backing.VIRTUAL)),
        ("team", "", None),
        ("openvswitch", "", None),
        ("hv_netvsc", "", (DeviceKind.ETHERNET, Backing.PHYSICAL)),
        ("", "", None),
    ],
)
def test_the_driver_gives_the_kind_of_a_device(driver: str, bus: str, told: tuple[DeviceKind, Backing] | None) -> None:
    text = f"driver: {driver}\nversion: 1\nfirmware-version: \nbus-info: {bus}\nsupports-statistics: yes\n"

    found = read_driver(text, name="eth0", source="ethtool")

    assert [(device.kind, device.backing) for device in found] == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("printed", "driver"), [("vif", "xen-netfront"), ("virtio_net", "virtio_net"), ("ixgbevf", "ixgbevf")]
)
def test_the_name_that_ethtool_prints_becomes_that_of_the_driver(printed: str, driver: str) -> None:
    (found,) = read_driver(f"driver: {printed}\nbus-info: 0000:00:03.0\n", name="eth0", source="ethtool")

    assert (found.driver, found.lower_complete) == (driver, True)


def test_an_ambiguous_driver_gives_no_kind() -> None:
    assert read_driver("Cannot get driver information: Operation not supported\n", name="lo", source="ethtool") == ()


def test_merged_sources_give_a_chain_down_to_the_nics() -> None:
    bonding = "Bonding Mode: x\nSlave Interface: eth4\nPermanent HW addr: 3c:fd:fe:10:01:04\n"
    devices = merge_devices(
        [
            *read_bonding(bonding, name="bond2", source="proc"),
            *read_vlans(VLANS, source="vlan"),
            *read_ip("6: bond2    inet 10.1.0.5/24 scope global bond2", source="ip"),
            *read_driver("driver: ixgbe\nbus-info: 0000:19:00.0\n", name="eth4", source="ethtool"),
        ]
    )

    bond, vlan, nic, _ = devices
    assert bond == Device(
        name=bond.name,
        kind=DeviceKind.BOND,
        lower=(nic.name,),
        lower_complete=True,
        addresses=("10.1.0.5/24",),
        sources=("proc", "ip"),
    )
    assert vlan.lower == ("bond2",)
    assert (nic.kind, nic.backing, nic.driver) == (DeviceKind.ETHERNET, Backing.PHYSICAL, "ixgbe")
    assert (nic.mac, nic.permanent_mac) == (None, "3c:fd:fe:10:01:04")


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5))
def test_readers_of_proc_and_sys_accept_any_text(text: str, entries: dict[str, str]) -> None:
    for found in (
        read_bonding(f"Bonding Mode: {text}", name="bond2", source="s"),
        read_vlans(text, source="s"),
        read_bridges(text, source="s"),
        read_driver(text, name="eth0", source="s"),
        read_sysfs(entries, source="s"),
    ):
        assert all(device.name for device in found)


def test_a_device_is_as_old_as_the_oldest_source_that_a_fact_of_it_was_taken_from() -> None:
    old, older = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    bond = Device(name=DeviceName("bond2"), kind=DeviceKind.BOND, observed_at=old)
    adds = Device(name=DeviceName("bond2"), vlan_id=7, observed_at=older)
    repeats = Device(name=DeviceName("bond2"), kind=DeviceKind.BOND, observed_at=older)

    assert merge_devices([bond, adds])[0].observed_at == older
    assert merge_devices([bond, repeats])[0].observed_at == old
