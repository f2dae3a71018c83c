"""Which server answers whom, as provisioning systems have it on record."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence

from virtscan.correlator.coverage import IpNetwork, Reach
from virtscan.model import Inventory, Mac, Server, Subnet

Servers = frozenset[int]
"""Servers by their number; empty: nobody says."""

_NOBODY: Servers = frozenset()


class Assignments:
    """What Cobbler and Foreman say, as far as it names servers that are looked at.

    A host that is none of those servers is not one of whom anything is known: it narrows nothing down.
    """

    def __init__(self, inventory: Inventory, servers: Sequence[Server]) -> None:
        """Take the records; `servers` gives each server its number."""
        by_mac: defaultdict[Mac, set[int]] = defaultdict(set)
        unclear: set[Mac] = set()
        for netboot in inventory.netboots:
            named = _named(servers, [netboot.server] if netboot.server else [])
            by_mac[netboot.mac] |= named
            if not named:
                unclear.add(netboot.mac)
        self._by_mac = {mac: frozenset(named) for mac, named in by_mac.items() if mac not in unclear}
        self._subnets = [
            (_network(subnet.network), subnet, _named(servers, subnet.servers)) for subnet in inventory.subnets
        ]

    def of_mac(self, mac: Mac | None) -> Servers:
        """The servers that are to answer this MAC; if one record of it names none, nobody says."""
        return _NOBODY if mac is None else self._by_mac.get(mac, _NOBODY)

    def of_device(self, device: Reach, vlan_id: int | None) -> Servers:
        """The servers of the subnets that a device is in: by its addresses, else by its VLAN if one subnet has it."""
        found = [named for _, named in self._matching(device, vlan_id)]
        return frozenset[int]().union(*found) if found and all(found) else _NOBODY

    def subnets_of(self, device: Reach, vlan_id: int | None) -> tuple[Subnet, ...]:
        """The subnets on record that a device is in."""
        return tuple(subnet for subnet, _ in self._matching(device, vlan_id))

    def _matching(self, device: Reach, vlan_id: int | None) -> list[tuple[Subnet, Servers]]:
        found = [
            (subnet, named)
            for network, subnet, named in self._subnets
            if network is not None and any(address in network for address in device.addresses)
        ]
        if found or device.addresses or vlan_id is None:
            return found
        same = [(subnet, named) for _, subnet, named in self._subnets if subnet.vlan_id == vlan_id]
        return same if len(same) == 1 else []


def _named(servers: Sequence[Server], names: Iterable[str]) -> Servers:
    """The servers that all these names mean; none at all if one of the names is nobody's."""
    meant = [frozenset(number for number, server in enumerate(servers) if _is_called(server, name)) for name in names]
    return frozenset[int]().union(*meant) if meant and all(meant) else _NOBODY


def _is_called(server: Server, name: str) -> bool:
    """Is it the server's name, with or without its domain, the host that it is read from, or one of its addresses?"""
    wanted = name.casefold().rstrip(".")
    host = server.source.partition("://")[2].rpartition("@")[2].casefold()
    if wanted in (server.name.casefold(), host, host.rpartition(":")[0]):
        return True
    try:
        address = ipaddress.ip_address(wanted)
    except ValueError:
        return wanted.partition(".")[0] == server.name.casefold()
    return any(address == ipaddress.ip_interface(text).ip for text in server.addresses if _network(text) is not None)


def _network(text: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
