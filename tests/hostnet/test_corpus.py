"""Outputs that others collected, against what an independent reader saw in them."""

from pathlib import Path

import msgspec
import pytest

from virtscan import hostnet
from virtscan.model import Backing, Device, DeviceKind


class Slave(msgspec.Struct, frozen=True):
    """A bond's member as the independent reader saw it."""

    name: str
    hwaddr: str


class Truth(msgspec.Struct, frozen=True):
    """A line of the corpus' truth, as far as it is about bonds."""

    file: str = ""
    kind: str = ""
    slaves: tuple[Slave, ...] = ()


def test_every_bond_has_the_members_that_an_independent_reader_saw(corpus: Path) -> None:
    lines = (corpus / "truth.jsonl").read_bytes().splitlines()
    bonds = [truth for truth in (msgspec.json.decode(line, type=Truth) for line in lines) if truth.kind == "bonding"]

    assert len(bonds) == len(list((corpus / "bonding").iterdir()))
    for truth in bonds:
        bond, *members = hostnet.read_bonding((corpus / truth.file).read_text(), name="bond2", source="proc")
        assert bond.kind is DeviceKind.BOND
        assert [(member.name, member.permanent_mac) for member in members] == [
            (slave.name, slave.hwaddr) for slave in truth.slaves
        ]
        assert list(bond.lower) == [member.name for member in members]


IP: dict[str, dict[str, tuple[DeviceKind, Backing, tuple[str, ...]]]] = {
    "chef.ohai__network_spec.rb.linux_ip_link_s_d.34.txt": {
        "eth0.11": (DeviceKind.VLAN, Backing.UNKNOWN, ("eth0",)),
        "tun0": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ()),
    },
    "chef.ohai__network_spec.rb.linux_ip_link_s_d.36.txt": {"eth4": (DeviceKind.UNKNOWN, Backing.UNKNOWN, ())},
    "repo_not_named_by_the_index__golang_bond_vlan_bridge.json": {
        "bond0": (DeviceKind.BOND, Backing.UNKNOWN, ("enp0s8", "enp0s9")),
        "bond0.100": (DeviceKind.VLAN, Backing.UNKNOWN, ("bond0",)),
        "br0": (DeviceKind.BRIDGE, Backing.UNKNOWN, ("enp0s10",)),
    },
    "repo_not_named_by_the_index__macvtap_ip_d_link.txt": {
        "macvtap0": (DeviceKind.MACVLAN, Backing.VIRTUAL, ("enp8s0",))
    },
    "tool-output__ip_-d_link.txt": {
        "eth0": (DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        "bond2": (DeviceKind.VETH, Backing.VIRTUAL, ()),  # a veth of that name
    },
    "tool-output__ip_-j_-d_link.json": {
        "eth0": (DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        "bond2": (DeviceKind.VETH, Backing.VIRTUAL, ()),
    },
    "tool-output__ip_-j_-d_link_veth.json": {
        "v0": (DeviceKind.VETH, Backing.VIRTUAL, ()),
        "br9": (DeviceKind.BRIDGE, Backing.UNKNOWN, ("v0",)),
    },
}


def test_every_collected_output_of_ip_has_a_test(corpus: Path) -> None:
    assert {path.name for path in (corpus / "iplink").iterdir()} == IP.keys()


@pytest.mark.parametrize("name", IP)
def test_every_output_of_ip_gives_the_devices_in_it(corpus: Path, name: str) -> None:
    devices = hostnet.read_ip((corpus / "iplink" / name).read_text(), source="ip")

    told: dict[str, object] = {device.name: (device.kind, device.backing, device.lower) for device in devices}
    assert {device: told.get(device) for device in IP[name]} == IP[name]


def test_text_and_json_of_one_machine_give_equal_devices(corpus: Path) -> None:
    text = (corpus / "iplink" / "tool-output__ip_-d_link.txt").read_text()
    json = (corpus / "iplink" / "tool-output__ip_-j_-d_link.json").read_text()

    assert hostnet.read_ip(text, source="ip") == hostnet.read_ip(json, source="ip")


def test_drivers_and_ip_agree_on_a_compute_node(corpus: Path) -> None:
    networking = corpus / "sostree" / "openstack" / "sos_commands" / "networking"
    devices = hostnet.read_ip((networking / "ip_-s_-d_link").read_text(), source="ip")
    by_driver: dict[str, Device] = {}
    for path in networking.glob("ethtool_-i_*"):
        name = path.name.removeprefix("ethtool_-i_")
        told = hostnet.read_driver(path.read_text(), name=name, source="ethtool")
        by_driver |= {device.name: device for device in told}

    both = {device.name: device for device in devices if device.name in by_driver}
    known = {name: device.kind for name, device in both.items() if device.kind is not DeviceKind.UNKNOWN}
    assert len(known) == 11
    assert all(by_driver[name].kind is kind for name, kind in known.items())
    assert {device.name for device in by_driver.values() if device.backing is Backing.PHYSICAL} == {
        f"ens{number}" for number in range(3, 10)
    }
