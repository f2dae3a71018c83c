"""Which server answers which MAC, as provisioning systems have it on record."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from virtscan.correlator.servers.serving import Locality, network
from virtscan.model import Inventory, Mac, Server, Subnet

ServerNumbers = frozenset[int]
"""Servers by their number; empty: nothing on record."""

_NONE: ServerNumbers = frozenset()


class Assignments:
    """Records of Cobbler and Foreman, as far as they name servers that are configured.

    A record that names another host excludes no server: nothing is known of that host. `foreign` lists such names.
    """

    def __init__(self, inventory: Inventory, servers: Sequence[Server]) -> None:
        """Take the records; `servers` gives each server its number."""
        by_mac: defaultdict[Mac, set[int]] = defaultdict(set)
        unclear: set[Mac] = set()
        foreign: dict[tuple[str, str], None] = {}
        for netboot in inventory.netboots:
            named = _named(servers, [netboot.server] if netboot.server else [])
            by_mac[netboot.mac] |= named
            if not named:
                unclear.add(netboot.mac)
                if netboot.server:
                    foreign[netboot.server, netboot.source] = None
        self.foreign: tuple[tuple[str, str], ...] = tuple(sorted(foreign))
        self._by_mac = {mac: frozenset(named) for mac, named in by_mac.items() if mac not in unclear}
        self._subnets = [
            (network(subnet.network), subnet, _named(servers, subnet.servers)) for subnet in inventory.subnets
        ]

    def of_mac(self, mac: Mac | None) -> ServerNumbers:
        """Give the servers that are to answer this MAC; none if one record of it names no configured server."""
        return _NONE if mac is None else self._by_mac.get(mac, _NONE)

    def possible_for(self, mac: Mac | None) -> ServerNumbers:
        """Give the servers that may be the ones to answer this MAC: any on record while it is unknown."""
        return frozenset[int]().union(*self._by_mac.values()) if mac is None else self.of_mac(mac)

    def of_device(self, device: Locality, vlan_id: int | None) -> ServerNumbers:
        """Give the servers of the subnets that a device is in, by its addresses, else by its VLAN: they may answer."""
        return frozenset[int]().union(*(named for _, named in self._matching(device, vlan_id)))

    def subnets_of(self, device: Locality, vlan_id: int | None) -> tuple[Subnet, ...]:
        """Give the subnets on record that a device is in."""
        return tuple(subnet for subnet, _ in self._matching(device, vlan_id))

    def _matching(self, device: Locality, vlan_id: int | None) -> list[tuple[Subnet, ServerNumbers]]:
        found = [
            (subnet, named)
            for subnet_network, subnet, named in self._subnets
            if subnet_network is not None and any(address in subnet_network for address in device.addresses)
        ]
        if found or device.addresses or vlan_id is None:
            return found
        same = [(subnet, named) for _, subnet, named in self._subnets if subnet.vlan_id == vlan_id]
        return same if len(same) == 1 else []


def _named(servers: Sequence[Server], names: Iterable[str]) -> ServerNumbers:
    """Give the servers that all these names mean; none at all if one of the names is not a configured server's."""
    meant = [frozenset(number for number, server in enumerate(servers) if is_called(server, name)) for name in names]
    return frozenset[int]().union(*meant) if meant and all(meant) else _NONE


def is_called(server: Server, name: str) -> bool:
    """Return True if a name on record means the server: by full name, by an address, or by a short name.

    A short name counts only if no full name of the server contradicts it: proxies of two sites are often called alike.
    """
    wanted = name.casefold().rstrip(".")
    try:
        address = ipaddress.ip_address(wanted)
    except ValueError:
        own = tuple(name for name in _host_names(server) if network(name) is None)
        return wanted in own or (
            any(_agree(one, wanted) for one in own) and all(_agree(one, wanted) for one in own if "." in one)
        )
    return wanted in _host_names(server) or any(
        address == ipaddress.ip_interface(text).ip for text in server.addresses if network(text) is not None
    )


def _host_names(server: Server) -> Iterator[str]:
    """Give the names of a server: its own, and the host that it is read from."""
    yield server.name.casefold().rstrip(".")
    host = server.source.partition("://")[2].rpartition("@")[2].casefold()
    host = host.removeprefix("[").partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if host and network(host) is None:
        yield host.rstrip(".")
    elif host:
        yield host


def _agree(one: str, other: str) -> bool:
    """Return True if one of two names is the other without its domain, or without a part of it."""
    return all(first == second for first, second in zip(one.split("."), other.split("."), strict=False))
