"""Conversion of Foreman's records to boot records and subnets; pure.

Source:
    theforeman/foreman.git, app/views/api/v2 (output, 1.6 to 3.13); app/models/concerns/orchestration/tftp.rb and
    nic/base.rb (`mac_addresses_for_provisioning`) for which MACs it prepares for an installation;
    operatingsystem.rb (`boot_filename`) and orchestration/dhcp.rb (`boot_server`) for the server of a boot loader.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from virtscan.model import Mac, Netboot, Subnet
from virtscan.provisioning.records import mac_address


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A smart proxy, as a subnet refers to it."""

    url: str | None = None
    name: str | None = None


class SubnetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A subnet with its smart proxies; None for a kind that it lacks."""

    id: int
    name: str
    network: str
    mask: str | None = None
    cidr: int | None = None
    vlanid: int | str | None = None
    tftp: Proxy | None = None
    httpboot: Proxy | None = None
    dhcp: Proxy | None = None


class HostRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A host as in Foreman's list: with the MAC and the subnet of its primary interface only."""

    id: int
    name: str
    mac: str | None = None
    subnet_id: int | None = None
    provision_method: str | None = None
    pxe_loader: str | None = None


class NextServers(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts that serve boot loaders in a subnet, by TFTP and by HTTP."""

    tftp: str | None
    http: str | None

    def of(self, loader: str | None) -> str | None:
        """Return the host that serves this boot loader; None, a host's default loader, is served by TFTP."""
        if loader is not None and "UEFI HTTP" in loader:
            return self.http
        return None if loader in _ELSEWHERE else self.tftp


_ELSEWHERE = {"None", "iPXE Embedded"}
"""Loaders from Foreman itself, from a template proxy, or from a server that Foreman does not configure."""


class InterfaceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An interface of a host; `attached_devices` are a bond's members by `identifier`."""

    mac: str | None = None
    identifier: str | None = None
    subnet_id: int | None = None
    provision: bool | None = None
    attached_devices: str | Sequence[str] | None = None


def subnet(record: SubnetRecord, *, source: str, at: datetime) -> Subnet:
    """Return the subnet; a DHCP server counts as well, because it answers there.

    Raises:
        ValueError: Its network is invalid.
    """
    prefix = record.cidr if record.cidr is not None else record.mask
    return Subnet(
        name=record.name,
        network=str(ipaddress.ip_network(f"{record.network}/{prefix}", strict=False)),
        source=source,
        vlan_id=_vlan(record.vlanid),
        servers=tuple(dict.fromkeys(_hosts(record))),
        observed_at=at,
    )


def next_servers(records: Sequence[SubnetRecord]) -> Mapping[int, NextServers]:
    """Return the hosts that serve boot loaders, by the id of the subnet."""
    return {record.id: NextServers(tftp=_host(record.tftp), http=_host(record.httpboot)) for record in records}


def netboots(
    host: HostRecord,
    interfaces: Sequence[InterfaceRecord] | None,
    servers: Mapping[int, NextServers],
    *,
    source: str,
    at: datetime,
) -> tuple[Netboot, ...]:
    """Return a record for each MAC of a host in build mode.

    Args:
        host: The host.
        interfaces: All of its interfaces; None if unknown. If none of them is known to be provisioned, the primary
            one is assumed to be, as it nearly always is.
        servers: The next servers by the id of a subnet.
        source: The system as a source.
        at: Time of the observation.
    """
    interfaces = () if interfaces is None else interfaces
    if not any(interface.provision for interface in interfaces):
        interfaces = (InterfaceRecord(mac=host.mac, subnet_id=host.subnet_id, provision=True), *interfaces)
    provisioned = set(_provisioned(interfaces))
    # An image is written by the compute resource, without a boot from the network.
    boots = host.provision_method != "image"
    return tuple(
        Netboot(
            mac=mac,
            system=host.name,
            pending=boots and mac in provisioned,
            source=source,
            server=_server(host, interface, servers),
            observed_at=at,
        )
        for mac, interface in _by_mac(interfaces).items()
    )


def _server(host: HostRecord, interface: InterfaceRecord, servers: Mapping[int, NextServers]) -> str | None:
    of_subnet = None if interface.subnet_id is None else servers.get(interface.subnet_id)
    return None if of_subnet is None else of_subnet.of(host.pxe_loader)


def _by_mac(interfaces: Sequence[InterfaceRecord]) -> Mapping[Mac, InterfaceRecord]:
    """Return interfaces by MAC; of a bond, its members and VLANs with the same MAC, the provisioned one counts."""
    ordered = sorted(interfaces, key=lambda interface: not interface.provision)
    by_mac: dict[Mac, InterfaceRecord] = {}
    for interface in ordered:
        if mac := mac_address(interface.mac):
            by_mac.setdefault(mac, interface)
    return by_mac


def _provisioned(interfaces: Sequence[InterfaceRecord]) -> Iterator[Mac]:
    """Yield the MACs of the interface that is provisioned and, if that is a bond, of its members."""
    for interface in interfaces:
        if interface.provision:
            attached = interface.attached_devices or ()
            members = attached.replace(",", " ").split() if isinstance(attached, str) else attached
            of_members = [other.mac for other in interfaces if other.identifier and other.identifier in members]
            yield from filter(None, map(mac_address, (interface.mac, *of_members)))


def _hosts(record: SubnetRecord) -> Iterator[str]:
    for proxy in (record.tftp, record.httpboot, record.dhcp):
        if host := _host(proxy):
            yield host


def _host(proxy: Proxy | None) -> str | None:
    if proxy is None:
        return None
    try:
        return urlsplit(proxy.url or "").hostname or proxy.name
    except ValueError:
        return proxy.name


def _vlan(recorded: int | str | None) -> int | None:
    """Return None for 0 as well, which is not a VLAN."""
    text = str(recorded)
    return int(text) if text.isascii() and text.isdecimal() and 0 < int(text[:5]) < 4095 else None
