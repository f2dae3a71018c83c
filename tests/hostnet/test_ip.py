"""Outputs of `ip`, made by hand for what the collected ones don't show."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.hostnet import is_whole, read_ip
from virtscan.model import Backing, Device, DeviceKind, SourceMode

HYPERVISOR = r"""
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
4: eth4: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond2 state UP group default qlen 1000
    link/ether 3C:FD:FE:10:01:04 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68
    bond_slave state ACTIVE perm_hwaddr 3c:fd:fe:10:01:04 queue_id 0 parentbus pci parentdev 0000:19:00.0
    altname enp25s0f0
5: eth5: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond2 state UP group default qlen 1000
    link/ether 3c:fd:fe:10:01:04 brd ff:ff:ff:ff:ff:ff permaddr 3c:fd:fe:10:01:05 promiscuity 0
    bond_slave state ACTIVE mii_status UP
6: bond2: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether 3c:fd:fe:10:01:04 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bond mode 802.3ad miimon 100 updelay 0 downdelay 0
    inet 10.1.0.5/24 brd 10.1.0.255 scope global bond2
    inet 10.1.0.6/24 brd 10.1.0.255 scope global secondary bond2:1
    inet 10.9.9.1 peer 10.9.9.2/32 scope global bond2
    inet6 2001:db8::5/64 scope global dynamic mngtmpaddr
    inet6 fe80::3efd:feff:fe10:104/64 scope link
7: bond2.100@bond2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 3c:fd:fe:10:01:04 brd ff:ff:ff:ff:ff:ff promiscuity 0
    vlan protocol 802.1Q id 100 <REORDER_HDR>
8: macvtap0@bond2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 500
    link/ether 52:54:00:93:76:af brd ff:ff:ff:ff:ff:ff promiscuity 0
    macvtap  mode bridge addrgenmode eui64
9: veth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP group default
    link/ether 6a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 1
    veth
    bridge_slave state forwarding priority 32 cost 2
10: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether 6a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
    alias uplink of parentdev nobody
11: ib0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 2044 qdisc mq state UP qlen 256
    link/infiniband 80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0b:5c:a1 brd 00:ff:ff:ff:ff:12:40:1b
"""


def read(text: str, *, complete: bool = False) -> dict[str, Device]:
    return {device.name: device for device in read_ip(text, source="ip", complete=complete)}


def test_the_lower_devices_of_a_hypervisor_are_read() -> None:
    devices = read(HYPERVISOR)

    assert {name: device.lower for name, device in devices.items() if device.lower} == {
        "bond2": ("eth4", "eth5"),
        "bond2.100": ("bond2",),
        "macvtap0": ("bond2",),
        "br0": ("veth0",),
    }
    assert {name: device.kind for name, device in devices.items() if device.kind is not DeviceKind.UNKNOWN} == {
        "eth4": DeviceKind.ETHERNET,
        "eth5": DeviceKind.ETHERNET,
        "bond2": DeviceKind.BOND,
        "bond2.100": DeviceKind.VLAN,
        "macvtap0": DeviceKind.MACVLAN,
        "veth0": DeviceKind.VETH,
        "br0": DeviceKind.BRIDGE,
    }
    assert devices["bond2.100"].vlan_id == 100


def test_only_a_device_on_a_bus_or_with_a_permanent_address_is_a_nic() -> None:
    backings = {name: device.backing for name, device in read(HYPERVISOR).items()}

    assert {name for name, backing in backings.items() if backing is Backing.PHYSICAL} == {"eth4", "eth5"}
    assert {name for name, backing in backings.items() if backing is Backing.VIRTUAL} == {"macvtap0", "veth0"}


def test_lower_devices_are_complete_if_the_list_has_all_devices() -> None:
    own_parent = {"bond2.100", "macvtap0"}
    stand_on_none = {"eth4", "eth5", "veth0", "lo"}

    for complete, more in ((False, set()), (True, {"bond2", "br0"})):
        devices = read(HYPERVISOR, complete=complete)
        assert {name for name, device in devices.items() if device.lower_complete} == own_parent | stand_on_none | more


STATISTICS = "    RX: bytes  packets\n    1 1\n    TX: bytes  packets\n    1 1\n"
BRIDGE_AND_PORT = (
    f"6: br0: <UP> mtu 1500\n    link/ether 02:00:00:00:00:06\n    bridge forward_delay 1500\n{STATISTICS}"
    "7: eth0: <UP> mtu 1500 master br0\n    link/ether 02:00:00:00:00:07\n    bridge_slave state forwarding\n"
    f"{STATISTICS}"
)


@pytest.mark.parametrize(
    "text",
    [
        f"{BRIDGE_AND_PORT}8: ve",
        f"{BRIDGE_AND_PORT}8: veth0@if3: <UP> mtu 1500 master br0\n",
        f"{BRIDGE_AND_PORT}8: veth0@if3: <UP> mtu 1500 master br0\n    link/ether 02:00:00:00:00:08\n    veth\n",
        BRIDGE_AND_PORT.removesuffix("    1 1\n"),
        f"{BRIDGE_AND_PORT}Dump was interrupted and may be inconsistent.\n",
        "Cannot send dump request: Operation not permitted\n",
        "",
    ],
)
def test_a_list_that_was_cut_short_has_an_unknown_number_of_ports(text: str) -> None:
    assert is_whole(BRIDGE_AND_PORT)
    assert not is_whole(text)
    assert not any(
        device.kind is DeviceKind.BRIDGE and device.lower_complete for device in read(text, complete=True).values()
    )


def test_a_bridge_without_ports_is_known_to_have_none_in_a_list_of_all_devices() -> None:
    bridge = "10: virbr0: <UP> mtu 1500\n    link/ether 52:54:00:00:00:10\n    bridge forward_delay 200\n"

    assert (read(bridge)["virbr0"].lower_complete, read(bridge, complete=True)["virbr0"].lower_complete) == (
        False,
        True,
    )


def test_a_bridge_that_an_old_kernel_does_not_name_may_have_ports_that_it_does_not_name_either() -> None:
    unnamed = "10: br0: <UP> mtu 1500\n    link/ether 6a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"

    assert not read(unnamed, complete=True)["br0"].lower_complete


def test_permanent_macs_are_those_below_a_bond() -> None:
    assert {name: device.permanent_mac for name, device in read(HYPERVISOR).items() if device.permanent_mac} == {
        "eth4": "3c:fd:fe:10:01:04",
        "eth5": "3c:fd:fe:10:01:05",
    }


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("macvtap  mode bridge addrgenmode eui64", SourceMode.BRIDGE),
        ("macvlan  mode vepa", SourceMode.VEPA),
        ("macvlan mode private bcqueuelen 1000", SourceMode.PRIVATE),
        ("macvtap  mode passthru nopromisc", SourceMode.PASSTHROUGH),
        ("macvlan mode source", SourceMode.UNKNOWN),
        ("macvlan", None),
        ("bond mode 802.3ad", None),
    ],
)
def test_a_macvlan_shows_its_mode(line: str, mode: SourceMode | None) -> None:
    assert read(f"8: x@eth0: <UP> mtu 1500\n    {line}\n")["x"].mode is mode


@pytest.mark.parametrize("behind", ["if7", "NONE", "lo", "eth0"])
def test_a_macvlan_on_a_device_of_another_namespace_has_an_unknown_parent(behind: str) -> None:
    shown = f"2: eth0@{behind}: <UP> mtu 1500\n    link/ether 8e:11:22:33:44:55 brd ff:ff\n    macvlan mode bridge\n"
    device = read(shown, complete=True)["eth0"]

    assert (device.kind, device.lower, device.lower_complete) == (DeviceKind.MACVLAN, (), False)


def test_kinds_that_the_model_lacks_stay_unknown() -> None:
    shown = (
        "4: eth4: <UP> mtu 1500 master team0\n    team_slave\n5: team0: <UP> mtu 1500\n    team\n"
        "6: ovs-system: <UP> mtu 1500\n    openvswitch\n7: wg0: <UP> mtu 1420\n    wireguard\n"
        "8: ip1@eth4: <UP> mtu 1500\n    ipvlan mode l2\n9: gt0: <UP> mtu 1462\n    link/ether 8e:11:22:33:44:55\n"
        "    gretap remote any\n"
    )
    devices = read(shown, complete=True)

    assert {device.kind for device in devices.values()} == {DeviceKind.UNKNOWN}
    assert (devices["team0"].lower, devices["team0"].lower_complete) == (("eth4",), True)
    assert {name for name, device in devices.items() if not device.lower_complete} == {"eth4", "ovs-system"}


@pytest.mark.parametrize(
    ("shown", "complete"),
    [
        ("link/sit 0.0.0.0 brd 0.0.0.0\n    sit remote any", True),
        ("link/none\n    a_new_tunnel id 7", True),
        ("link/ppp", True),
        ("link/ether 8e:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff\n    a_new_master", False),
        ("link/ether 8e:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff", False),
        ("link/infiniband 80:00", False),
    ],
)
def test_a_device_of_another_link_type_than_ethernet_has_no_ports(shown: str, complete: bool) -> None:
    text = f"7: x0: <UP> mtu 1480\n    {shown}\n"
    link_type, kind = shown.partition("link/")[2].split()[0], shown.rpartition("\n")[2].split()[0]
    entry = {"ifname": "x0", "link_type": link_type, "linkinfo": {"info_kind": kind} if "\n" in shown else {}}

    for listed in (text, json.dumps([entry])):
        assert read(listed, complete=True)["x0"].lower_complete is complete


def test_addresses_that_others_can_reach_are_in_cidr_form() -> None:
    devices = read(HYPERVISOR)

    assert devices["bond2"].addresses == ("10.1.0.5/24", "10.1.0.6/24", "10.9.9.1/32", "2001:db8::5/64")
    assert devices["lo"].addresses == ()


def test_macs_are_lower_case_and_only_of_ethernet() -> None:
    macs = {name: device.mac for name, device in read(HYPERVISOR).items()}

    assert macs["eth4"] == "3c:fd:fe:10:01:04"
    assert macs["lo"] is None
    assert macs["ib0"] is None


def test_one_line_for_each_address_is_the_same() -> None:
    lines = r"""1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
6: bond2    inet 10.1.0.5/24 brd 10.1.0.255 scope global bond2\       valid_lft forever
6: bond2    inet6 2001:db8::5/64 scope global dynamic \       valid_lft 86sec preferred_lft 14sec
7: bond2.100@bond2    inet 10.2.0.5/24 scope global bond2.100\       valid_lft forever"""

    assert {name: device.addresses for name, device in read(lines).items()} == {
        "lo": (),
        "bond2": ("10.1.0.5/24", "2001:db8::5/64"),
        "bond2.100": ("10.2.0.5/24",),
    }


def test_one_line_for_each_link_is_the_same() -> None:
    (line,) = read_ip(
        r"7: bond2.100@bond2: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP mode DEFAULT \    "
        r"link/ether 3c:fd:fe:10:01:04 brd ff:ff:ff:ff:ff:ff promiscuity 0 \    vlan id 100 <REORDER_HDR>",
        source="ip -o -d link",
    )

    assert line == Device(
        name=line.name,
        kind=DeviceKind.VLAN,
        lower=(read("1: bond2: <UP>")["bond2"].name,),
        lower_complete=True,
        mac=line.mac,
        vlan_id=100,
        sources=("ip -o -d link",),
    )


def test_the_name_after_the_at_sign_is_a_lower_device_for_some_kinds_only() -> None:
    shown = "7: x@bond2: <UP> mtu 1500 master br0\n    link/ether 3c:fd:fe:10:01:04 brd ff:ff:ff:ff:ff:ff\n"

    assert read(shown)["x"].lower == ()
    assert read(f"{shown}    veth\n")["x"].lower == ()
    assert read(f"{shown}    vlan id 7\n")["x"].lower == ("bond2",)
    assert read(f"{shown}    vlan id 7\n".replace("@bond2", "@if4"))["x"].lower == ()


def test_a_master_that_is_not_shown_gets_no_members_from_one_of_them() -> None:
    assert list(read("4: eth4: <UP> mtu 1500 master bond2 state UP\n    bond_slave state ACTIVE\n")) == ["eth4"]


def test_addresses_in_json_are_taken_like_those_in_text() -> None:
    json = """[{}, {"ifname": "bond2", "link_type": "ether", "address": "3c:fd:fe:10:01:04", "addr_info": [
        {"family": "inet", "local": "10.1.0.5", "prefixlen": 24, "scope": "global"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"}, {}, 5]},
        {"ifname": "bond2.7", "link": "bond2", "linkinfo": {"info_kind": "vlan", "info_data": {"id": 7}}},
        {"ifname": "v1", "link": "bond2", "permaddr": "3c:fd:fe:10:01:09",
         "linkinfo": {"info_kind": "macvlan", "info_data": {"mode": "passthru"}}},
        {"ifname": "m1", "linkinfo": {"info_slave_kind": "bond",
         "info_slave_data": {"perm_hwaddr": "3C:fd:fe:10:01:05"}}},
        {"ifname": "ib0", "link_type": "infiniband", "address": "80:00", "permaddr": "80:00"}]"""
    devices = read(json)

    assert devices["bond2"].addresses == ("10.1.0.5/24",)
    assert (devices["bond2.7"].vlan_id, devices["bond2.7"].lower) == (7, ("bond2",))
    macvlan = devices["v1"]
    assert (macvlan.kind, macvlan.mode, macvlan.lower) == (DeviceKind.MACVLAN, SourceMode.PASSTHROUGH, ("bond2",))
    assert (macvlan.permanent_mac, devices["m1"].permanent_mac) == ("3c:fd:fe:10:01:09", "3c:fd:fe:10:01:05")
    assert (devices["ib0"].mac, devices["ib0"].backing) == (None, Backing.PHYSICAL)


@pytest.mark.parametrize("text", ["", "[", "[[", "[1]", '[{"ifname": 7}]', 'Object "foo" is unknown', "\\", "1: "])
def test_output_without_a_device_gives_none(text: str) -> None:
    assert read_ip(text, source="ip") == ()


WORDS = st.sampled_from(
    ["1: ", "eth0", "@", ": ", "<UP>", " master ", "\n    ", "link/ether ", "vlan", " id ", "bond_slave", "inet ",
     "10.0.0.1/24", " scope ", "global", "\\", "[", '{"ifname":', "parentdev x", "\t", "é"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=80))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    assert all(device.name for device in read_ip(text, source="ip"))


def test_an_address_counts_in_any_scope_in_which_others_can_be_answered() -> None:
    # `ip address add … scope SCOPE` of iproute2 6.1; an administrator may choose the scope of any address.
    text = """\
3: eth0@far0: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noop state UP group default qlen 1000
    link/ether 2a:0b:c5:55:10:f2 brd ff:ff:ff:ff:ff:ff
    inet 203.0.114.5/24 scope host eth0
       valid_lft forever preferred_lft forever
    inet 198.51.100.9/24 scope link eth0
       valid_lft forever preferred_lft forever
    inet 203.0.113.5/24 scope site eth0
       valid_lft forever preferred_lft forever
    inet 192.0.2.1/24 scope 100 eth0
       valid_lft forever preferred_lft forever
    inet 169.254.7.1/16 scope link eth0
       valid_lft forever preferred_lft forever
"""

    (eth0,) = read_ip(text, source="ip")

    assert eth0.addresses == ("198.51.100.9/24", "203.0.113.5/24", "192.0.2.1/24")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('[{"ifname": "eth0"}]', True),
        ('[{},{"ifname": "eth0"}]', True),
        ('[{"ifname": "eth0"},{"ifname": "eth1"', False),
        ("[ 12.345678] ip: not a list\n", False),
        ("[]", False),
    ],
)
def test_json_of_which_no_device_can_be_read_is_not_whole(text: str, whole: bool) -> None:
    assert is_whole(text) is whole
