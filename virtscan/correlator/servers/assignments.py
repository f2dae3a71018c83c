"""Servers of each MAC by the records of provisioning systems."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import msgspec

from virtscan.correlator.servers.serving import IpAddress, Locality, network
from virtscan.correlator.staleness.age import Clock
from virtscan.model import Inventory, Mac, Server, Subnet
from virtscan.model.identity.short_names import is_full
from virtscan.model.sources import is_declared

ServerNumbers = frozenset[int]
"""Servers by their number; empty: nothing on record."""

_NONE: ServerNumbers = frozenset()


class _Named(msgspec.Struct, frozen=True):
    """The servers that a name on record means, and those that it may mean; `foreign` if no configured server has it."""

    certain: ServerNumbers
    possible: ServerNumbers
    foreign: bool


_NO_SERVER = _Named(_NONE, _NONE, foreign=False)


class Assignments:
    """Records of Cobbler and Foreman, as far as they name servers that are configured.

    A record includes the servers that it may mean, and excludes all others. A record that is too old, names another
    host, or is not exclusive, excludes none: nothing is known of that host. `foreign` lists the names of such hosts.
    Addresses of servers age as well.
    """

    def __init__(self, inventory: Inventory, servers: Sequence[Server]) -> None:
        """Take the records; `servers` gives each server its number."""
        clock = Clock(inventory.taken_at, inventory.policy.max_age)
        fresh = tuple(is_declared(server.source) or not clock.is_too_old(server.observed_at) for server in servers)
        meaning = cache(lambda name: _meaning(servers, fresh, name))
        certain: defaultdict[Mac, set[int]] = defaultdict(set)
        possible: defaultdict[Mac, set[int]] = defaultdict(set)
        unclear: set[Mac] = set()
        foreign: dict[tuple[str, str], None] = {}
        for netboot in inventory.netboots:
            named = meaning(netboot.server) if netboot.server else _NO_SERVER
            possible[netboot.mac] |= named.possible
            certain[netboot.mac] |= named.certain
            if not named.certain or not netboot.is_exclusive or clock.is_too_old(netboot.observed_at):
                unclear.add(netboot.mac)
            if netboot.server and named.foreign:
                foreign[netboot.server, netboot.source] = None
        self.foreign: tuple[tuple[str, str], ...] = tuple(sorted(foreign))
        self._by_mac = {mac: frozenset(named) for mac, named in certain.items() if mac not in unclear}
        self._possible = {mac: frozenset(named) for mac, named in possible.items()}
        self._subnets = [
            (network(subnet.network), subnet, _all_of(meaning(name).possible for name in subnet.servers))
            for subnet in inventory.subnets
        ]

    def of_mac(self, mac: Mac | None) -> ServerNumbers:
        """Return the servers that alone are to answer this MAC; none if one record of it may mean another host."""
        return _NONE if mac is None else self._by_mac.get(mac, _NONE)

    def possible_for(self, mac: Mac | None) -> ServerNumbers:
        """Return the servers that records of this MAC may mean; if the MAC is unknown, the servers of all records."""
        return _all_of(self._possible.values()) if mac is None else self._possible.get(mac, _NONE)

    def of_device(self, device: Locality, vlan_id: int | None) -> ServerNumbers:
        """Return the servers of a device's subnets, by its addresses, else by its VLAN: they may answer."""
        return _all_of(named for _, named in self._matching(device, vlan_id))

    def subnets_of(self, device: Locality, vlan_id: int | None) -> tuple[Subnet, ...]:
        """Return the subnets on record that a device is in."""
        return tuple(subnet for subnet, _ in self._matching(device, vlan_id))

    def _matching(self, device: Locality, vlan_id: int | None) -> list[tuple[Subnet, ServerNumbers]]:
        matching = [
            (subnet, named)
            for subnet_network, subnet, named in self._subnets
            if subnet_network is not None and any(address in subnet_network for address in device.addresses)
        ]
        if matching or device.addresses or vlan_id is None:
            return matching
        same = [(subnet, named) for _, subnet, named in self._subnets if subnet.vlan_id == vlan_id]
        return same if len(same) == 1 else []


def _all_of(groups: Iterable[ServerNumbers]) -> ServerNumbers:
    return frozenset[int]().union(*groups)


def _meaning(servers: Sequence[Server], fresh: Sequence[bool], name: str) -> _Named:
    """Return the servers that a name means; an address that none is known to have may be that of any unread one."""
    certain = {
        number
        for number, server in enumerate(servers)
        if is_called(server if fresh[number] else msgspec.structs.replace(server, addresses=()), name)
    }
    unread = {number for number, server in enumerate(servers) if not (fresh[number] and server.addresses)}
    known = {number for number, server in enumerate(servers) if is_called(server, name)}
    may_be_of_unread = not certain and _address(name) is not None
    possible = known | unread if may_be_of_unread else known
    return _Named(frozenset(certain), frozenset(possible), foreign=not known)


def is_called(server: Server, name: str) -> bool:
    """Return True if a name on record means the server: by full name, by an address, or by a short name.

    A short name counts only if no full name of the server contradicts it: proxies of two sites are often called alike.
    Namesakes that were merged are meant by the name that they share, and each by its own.
    """
    if name == server.name:
        return True
    called = name.casefold().rstrip(".")
    address = _address(called)
    if address is None:
        own = tuple(name for name in _host_names(server) if network(name) is None)
        return called in own or (
            any(_agree(host_name, called) for host_name in own)
            and all(_agree(host_name, called) for host_name in own if "." in host_name)
        )
    return called in _host_names(server) or any(
        address == ipaddress.ip_interface(text).ip for text in server.addresses if network(text) is not None
    )


def is_called_in_full(server: Server, name: str) -> bool:
    """Return True if a name on record is a full name of the server, with its domain: it is the same at every site."""
    called = name.casefold().rstrip(".")
    return is_full(called) and _address(called) is None and called in _host_names(server)


def _address(text: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(text.rstrip("."))
    except ValueError:
        return None


def _host_names(server: Server) -> Iterator[str]:
    """Yield the names of a server: its own, and the host that it is read from."""
    yield server.own_name.casefold().rstrip(".")
    host = server.source.partition("://")[2].rpartition("@")[2].casefold()
    host = host.removeprefix("[").partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if host:
        yield host.rstrip(".")


def _agree(name: str, other: str) -> bool:
    """Return True if one of two names is the other without its domain, or without a part of it."""
    return all(first == second for first, second in zip(name.split("."), other.split("."), strict=False))
