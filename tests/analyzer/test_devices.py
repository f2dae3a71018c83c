"""A hypervisor's own devices, from its documents and from several sources together."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtscan.analyzer import read_computer, read_driver, read_host_interface, read_node_device, read_with_parent
from virtscan.errors import AnalyzerError
from virtscan.hostnet import Dmi, merge_devices
from virtscan.model import Backing, Device, DeviceKind, DeviceName, Mac, State

BOND = """
<interface type='bond' name='bond2'>
  <protocol family='ipv4'>
    <ip address='10.77.0.5' prefix='24'/>
    <ip address='10.78.0.5'/>
    <ip address='none' prefix='24'/>
    <ip/>
  </protocol>
  <protocol family='ipv6'><ip address='2001:DB8::5' prefix='64'/></protocol>
  <mac address='52:54:00:AA:BB:CC'/>
  <bond mode='active-backup'>
    <interface type='ethernet' name='eth4'><mac address='52:54:0:1:2:3'/></interface>
    <interface type='ethernet' name='eth5'/>
  </bond>
</interface>"""


def device(name: str, **facts: object) -> Device:
    return Device(name=DeviceName(name), sources=("libvirt",), **facts)  # type: ignore[arg-type]  # facts of any type


def test_a_bond_is_read_with_its_members_and_its_addresses() -> None:
    assert read_host_interface(BOND, source="libvirt") == (
        device(
            "bond2",
            kind=DeviceKind.BOND,
            lower=("eth4", "eth5"),
            lower_complete=True,
            mac="52:54:00:aa:bb:cc",
            addresses=("10.77.0.5/24", "10.78.0.5/32", "2001:db8::5/64"),
        ),
        device("eth4", kind=DeviceKind.ETHERNET, mac="52:54:00:01:02:03"),
        device("eth5", kind=DeviceKind.ETHERNET),
    )


def test_a_bridge_on_a_vlan_on_a_bond_is_read_to_the_bottom() -> None:
    xml = f"""
    <interface type='bridge' name='br0'><bridge stp='off'>
      <interface type='vlan' name='bond2.100'><vlan tag='100'><interface name='bond2'/></vlan></interface>
      {BOND}
      <interface/>
    </bridge></interface>"""

    devices = {item.name: item for item in merge_devices(read_host_interface(xml, source="libvirt"))}

    assert devices[DeviceName("br0")].lower == ("bond2.100", "bond2")
    assert devices[DeviceName("bond2.100")] == device(
        "bond2.100", kind=DeviceKind.VLAN, lower=("bond2",), lower_complete=True, vlan_id=100
    )
    assert devices[DeviceName("bond2")].lower == ("eth4", "eth5")
    assert list(devices) == ["bond2", "bond2.100", "br0", "eth4", "eth5"]


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        ("<interface type='ethernet' name='a'/>", DeviceKind.ETHERNET),
        ("<interface type='unknown' name='a'/>", DeviceKind.UNKNOWN),
        ("<interface type='team' name='a'/>", DeviceKind.UNKNOWN),
        ("<interface name='a'/>", DeviceKind.UNKNOWN),
        ("<interface type='vlan' name='a'/>", DeviceKind.VLAN),
    ],
)
def test_a_kind_that_libvirt_does_not_name_is_unknown(xml: str, kind: DeviceKind) -> None:
    assert read_host_interface(xml, source="libvirt") == (device("a", kind=kind),)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<domain/>", "<domain> is not a host interface"),
        ("<interface type='bridge'><source bridge='br0'/></interface>", "without a name"),
        ("<interface", "not well-formed"),
    ],
)
def test_invalid_host_interface_xml_is_refused_with_the_reason(xml: str, message: str) -> None:
    with pytest.raises(AnalyzerError, match=message):
        read_host_interface(xml, source="libvirt")


@pytest.mark.parametrize(
    ("xml", "complete"),
    [
        ("<interface type='bond' name='a'><bond><interface type='ethernet' name='b'/></bond></interface>", True),
        ("<interface type='bond' name='a'><bond/></interface>", False),
        ("<interface type='bond' name='a'/>", False),
        ("<interface type='bridge' name='a'><bridge/></interface>", True),
        ("<interface type='bridge' name='a'/>", False),
        ("<interface type='vlan' name='a'><vlan tag='7'><interface name='b'/></vlan></interface>", True),
        ("<interface type='vlan' name='a'><vlan tag='7'/></interface>", False),
        ("<interface type='ethernet' name='a'/>", False),
        ("<interface name='a'><bond><interface name='b'/></bond></interface>", False),
    ],
)
def test_a_list_of_members_is_complete_where_libvirt_looked(xml: str, complete: bool) -> None:
    assert read_host_interface(xml, source="libvirt")[0].lower_complete is complete


def node_device(inside: str, parent: str = "<parent>pci_0000_00_19_0</parent>") -> Device | None:
    return read_node_device(f"<device><name>net_x</name>{parent}{inside}</device>", source="libvirt")


def net(inside: str) -> str:
    return f"<capability type='net'><interface>eth4</interface>{inside}<capability type='80203'/></capability>"


@pytest.mark.parametrize(
    ("features", "tx"),
    [
        ("<feature name='rx'/><feature name='tx'/>", State.ON),
        ("<feature name='rx'/><feature name='txvlan'/>", State.OFF),
        ("", State.UNKNOWN),
    ],
)
def test_tx_checksum_offload_is_off_only_when_other_features_are_listed(features: str, tx: State) -> None:
    assert node_device(net(features)) == device("eth4", lower_complete=True, backing=Backing.PHYSICAL, tx=tx)


@pytest.mark.parametrize(
    ("parent", "backing"),
    [
        ("<parent>pci_0000_00_19_0</parent>", Backing.PHYSICAL),
        ("<parent>computer</parent>", Backing.VIRTUAL),
        ("<parent/>", Backing.UNKNOWN),
        ("", Backing.UNKNOWN),
    ],
)
def test_a_device_on_no_bus_is_virtual(parent: str, backing: Backing) -> None:
    expected = device("eth4", backing=backing, lower_complete=backing is Backing.PHYSICAL)
    assert node_device(net(""), parent) == expected


@pytest.mark.parametrize(
    ("path", "backing", "driver"),
    [
        ("/sys/devices/virtual/net/vnet0", Backing.VIRTUAL, None),
        ("/sys/devices/pci0000:00/0000:00:19.0/net/eth4", Backing.PHYSICAL, None),
        ("/sys/devices/platform/soc/fd580000.ethernet/net/eth4", Backing.PHYSICAL, None),
        ("/sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth4", Backing.PHYSICAL, "virtio_net"),
        ("/sys/devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A03:00/VMBUS:01/6b2f-1/net/eth4", Backing.PHYSICAL, "hv_netvsc"),
        ("/sys/devices/vif-0/net/eth4", Backing.PHYSICAL, "xen-netfront"),
        ("", Backing.VIRTUAL, None),
    ],
)
def test_the_path_of_a_nic_gives_its_bus_if_libvirt_does_not(path: str, backing: Backing, driver: str | None) -> None:
    device = node_device(net(""), f"<path>{path}</path><parent>computer</parent>")

    assert device is not None
    assert (device.backing, device.driver, device.lower_complete) == (backing, driver, backing is Backing.PHYSICAL)


@pytest.mark.parametrize(
    ("inside", "parent"),
    [("<parent>pci_0000_00_19_0</parent>", "pci_0000_00_19_0"), ("<parent>computer</parent>", None), ("", None)],
)
def test_the_parent_of_a_node_device_is_one_that_can_be_requested(inside: str, parent: str | None) -> None:
    assert read_with_parent(f"<device>{inside}</device>", source="libvirt") == (None, parent)


@pytest.mark.parametrize(
    ("inside", "driver"),
    [
        ("<driver><name>ixgbe</name></driver>", "ixgbe"),
        ("<driver><name>virtio-pci</name></driver>", "virtio_net"),
        ("<driver/>", None),
        ("", None),
    ],
)
def test_the_driver_of_the_device_above_is_the_nics(inside: str, driver: str | None) -> None:
    assert read_driver(f"<device><name>pci_0000_00_19_0</name>{inside}</device>") == driver


def test_the_node_device_computer_repeats_the_firmware() -> None:
    xml = """<device><name>computer</name><capability type='system'><product>KVM</product>
        <hardware><vendor>QEMU</vendor>
        <uuid>4C4C4544004235108052B4C04F4E3731</uuid></hardware></capability></device>"""

    assert read_computer(xml) == Dmi(vendor="QEMU", product="KVM", uuid="4c4c4544-0042-3510-8052-b4c04f4e3731")
    assert read_computer("<device><capability type='system'/></device>") == Dmi()
    assert read_computer("<device/>") == Dmi()
    with pytest.raises(AnalyzerError, match="not a node device"):
        read_computer("<domain/>")


def test_a_node_device_has_its_mac_and_not_its_kind() -> None:
    assert node_device(net("<address>28:D2:44:55:66:88</address>")) == device(
        "eth4", lower_complete=True, backing=Backing.PHYSICAL, mac=Mac("28:d2:44:55:66:88")
    )


@pytest.mark.parametrize("inside", ["", "<capability type='pci'><interface>eth4</interface></capability>"])
def test_node_device_of_another_kind_gives_no_device(inside: str) -> None:
    assert node_device(inside) is None


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<domain/>", "<domain> is not a node device"),
        ("<device><capability type='net'/></device>", "without the name of its interface"),
        ("<device>", "not well-formed"),
    ],
)
def test_invalid_node_device_xml_is_refused_with_the_reason(xml: str, message: str) -> None:
    with pytest.raises(AnalyzerError, match=message):
        read_node_device(xml, source="libvirt")


def test_a_fact_unknown_to_one_source_is_filled_in_by_another() -> None:
    libvirt = Device(name=DeviceName("a"), kind=DeviceKind.BOND, sources=("libvirt", "both"))
    ssh = Device(name=DeviceName("a"), lower=(DeviceName("b"),), tx=State.OFF, vlan_id=3, sources=("ssh", "both"))

    expected = {"kind": DeviceKind.BOND, "lower": ("b",), "tx": State.OFF, "vlan_id": 3}
    for order in ((libvirt, ssh), (ssh, libvirt)):
        (merged,) = merge_devices(order)
        assert {fact: getattr(merged, fact) for fact in expected} == expected
        assert merged.backing is Backing.UNKNOWN
        assert merged.sources == tuple(dict.fromkeys(order[0].sources + order[1].sources))


def test_first_source_is_used_in_a_contradiction() -> None:
    first = Device(name=DeviceName("a"), tx=State.OFF, lower=(DeviceName("x"),), mac=Mac("52:54:00:00:00:01"))
    second = Device(name=DeviceName("a"), tx=State.ON, lower=(DeviceName("y"),), mac=Mac("52:54:00:00:00:02"))

    assert merge_devices([first, second]) == (first,)
    assert merge_devices([second, first]) == (second,)


def test_merging_no_devices_gives_no_devices() -> None:
    assert merge_devices(iter(())) == ()


devices = st.builds(
    Device,
    name=st.sampled_from(["eth0", "bond2"]).map(DeviceName),
    kind=st.sampled_from(DeviceKind),
    tx=st.sampled_from(State),
    backing=st.sampled_from(Backing),
    vlan_id=st.none() | st.integers(0, 2),
    sources=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
)


@settings(deadline=None)
@given(st.lists(devices, max_size=4))
def test_merging_keeps_every_device_once_and_is_idempotent(given_devices: list[Device]) -> None:
    merged = merge_devices(given_devices)

    assert [item.name for item in merged] == sorted({item.name for item in given_devices})
    assert merge_devices(merged) == merged


@settings(deadline=None)
@given(st.lists(devices, max_size=4))
def test_the_merged_facts_do_not_depend_on_the_order_of_sources(given_devices: list[Device]) -> None:
    def known(order: tuple[Device, ...]) -> list[tuple[object, ...]]:
        return [
            (d.name, d.kind is DeviceKind.UNKNOWN, d.tx is State.UNKNOWN, d.vlan_id is None, set(d.sources))
            for d in merge_devices(order)
        ]

    orders = list(itertools.permutations(given_devices))

    assert all(known(order) == known(orders[0]) for order in orders)
