"""The MACs that Foreman prepares for an installation, and the servers of each subnet."""

from typing import Any

import pytest

from tests.build import TAKEN_AT
from virtscan.model import Netboot, Subnet
from virtscan.provisioning.foreman.items import (
    HostRecord,
    InterfaceRecord,
    NextServers,
    Proxy,
    SubnetRecord,
    netboots,
    next_servers,
    subnet,
)

ONE, TWO, THREE = (f"52:54:00:00:00:0{number}" for number in (1, 2, 3))
HOST = HostRecord(id=4, name="web01", mac=ONE, subnet_id=1)
PROXY = Proxy(name="proxy", url="https://proxy.example.com:9090")

IN_SUBNET = NextServers(tftp="proxy", http="web")


def found(*interfaces: InterfaceRecord, host: HostRecord = HOST) -> tuple[Netboot, ...]:
    return netboots(host, interfaces, {1: IN_SUBNET}, source="foreman f", at=TAKEN_AT)


def pending(*interfaces: InterfaceRecord, host: HostRecord = HOST) -> dict[str, bool]:
    return {netboot.mac: netboot.pending for netboot in found(*interfaces, host=host)}


def recorded(**more: Any) -> SubnetRecord:
    fields: dict[str, Any] = {"id": 1, "name": "lab", "network": "10.77.0.0", "mask": "255.255.255.0"}
    return SubnetRecord(**(fields | more))


def made(**more: Any) -> Subnet:
    return subnet(recorded(**more), source="foreman f", at=TAKEN_AT)


def test_only_the_interface_for_provisioning_is_pending() -> None:
    assert pending(InterfaceRecord(mac=ONE), InterfaceRecord(mac=TWO, provision=True)) == {TWO: True, ONE: False}


@pytest.mark.parametrize("attached", ["eth0,eth1", "eth0, eth1", ("eth0", "eth1")])
def test_members_of_a_pending_bond_are_pending(attached: Any) -> None:
    bond = InterfaceRecord(identifier="bond0", mac=ONE, provision=True, attached_devices=attached)
    members = (InterfaceRecord(identifier="eth0", mac=ONE), InterfaceRecord(identifier="eth1", mac=TWO))
    other = InterfaceRecord(identifier="eth2", mac=THREE)

    assert pending(*members, other, bond) == {ONE: True, TWO: True, THREE: False}


def test_an_image_is_not_booted_from_the_network() -> None:
    host = HostRecord(id=4, name="web01", provision_method="image")

    assert pending(InterfaceRecord(mac=ONE, provision=True), host=host) == {ONE: False}


def test_the_primary_interface_represents_unknown_ones() -> None:
    (netboot,) = netboots(HOST, None, {1: IN_SUBNET}, source="foreman f", at=TAKEN_AT)

    assert (netboot.mac, netboot.pending, netboot.server) == (ONE, True, "proxy")


def test_interfaces_of_which_none_is_marked_do_not_clear_the_primary_one() -> None:
    assert pending(InterfaceRecord(mac=TWO), InterfaceRecord(mac=ONE)) == {ONE: True, TWO: False}
    assert pending() == {ONE: True}


def test_each_interface_has_the_server_of_its_own_subnet() -> None:
    interfaces = (InterfaceRecord(mac=ONE, subnet_id=1, provision=True), InterfaceRecord(mac=TWO, subnet_id=7))

    assert [netboot.server for netboot in found(*interfaces, InterfaceRecord(mac=THREE))] == ["proxy", None, None]


def test_provisioning_interface_is_used_if_several_share_a_mac() -> None:
    vlan = InterfaceRecord(identifier="eth0.7", mac=ONE, subnet_id=7)

    (netboot,) = found(vlan, InterfaceRecord(identifier="eth0", mac=ONE, subnet_id=1, provision=True))

    assert (netboot.pending, netboot.server) == (True, "proxy")


def test_interfaces_without_a_mac_are_left_out() -> None:
    assert found(InterfaceRecord(mac=None, provision=True), InterfaceRecord(mac="")) == ()


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ({"cidr": 27, "network": "192.168.200.0"}, "192.168.200.0/27"),
        ({"mask": "255.255.252.0"}, "10.77.0.0/22"),
        ({"network": "10.77.0.5"}, "10.77.0.0/24"),
        ({"network": "2001:db8::", "mask": "ffff:ffff::", "cidr": 32}, "2001:db8::/32"),
    ],
)
def test_a_network_is_written_with_its_prefix(network: dict[str, Any], expected: str) -> None:
    assert made(**network).network == expected


@pytest.mark.parametrize("network", [{"network": ""}, {"cidr": 99}, {"mask": None}])
def test_an_invalid_network_is_refused(network: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^.*/"):
        made(**network)


@pytest.mark.parametrize(
    ("recorded", "vlan"), [(42, 42), ("42", 42), ("", None), (None, None), (0, None), (4095, None), ("9" * 5000, None)]
)
def test_a_vlan_is_a_number_that_a_vlan_can_have(recorded: Any, vlan: int | None) -> None:
    assert made(vlanid=recorded).vlan_id == vlan


def test_every_server_of_a_subnet_counts_once() -> None:
    other = Proxy(name="dhcp", url="https://dhcp.example.com:9090")

    assert made(tftp=PROXY, httpboot=PROXY, dhcp=other).servers == ("proxy.example.com", "dhcp.example.com")
    assert made().servers == ()


@pytest.mark.parametrize("url", [None, "", "proxy.example.com", "https://[::1"])
def test_a_proxy_without_a_host_in_its_address_is_known_by_its_name(url: str | None) -> None:
    assert made(tftp=Proxy(name="proxy", url=url)).servers == ("proxy",)


@pytest.mark.parametrize(
    ("loader", "server"),
    [
        *((by_tftp, "proxy") for by_tftp in (None, "PXELinux BIOS", "Grub2 UEFI SecureBoot", "iPXE Chain BIOS")),
        *((by_http, "web") for by_http in ("Grub2 UEFI HTTP", "Grub2 UEFI HTTPS SecureBoot", "iPXE UEFI HTTP")),
        *((elsewhere, None) for elsewhere in ("None", "iPXE Embedded")),
    ],
)
def test_the_boot_loader_decides_which_server_it_comes_from(loader: str | None, server: str | None) -> None:
    host = HostRecord(id=4, name="web01", mac=ONE, subnet_id=1, pxe_loader=loader)

    assert [one.server for one in found(InterfaceRecord(mac=ONE, subnet_id=1, provision=True), host=host)] == [server]


def test_an_installation_is_never_loaded_from_dhcp() -> None:
    http = Proxy(name="http", url="https://http.example.com:9090")
    records = [recorded(id=1, tftp=PROXY, httpboot=http), recorded(id=2, dhcp=PROXY)]

    assert next_servers(records) == {
        1: NextServers(tftp="proxy.example.com", http="http.example.com"),
        2: NextServers(tftp=None, http=None),
    }
