"""Servers of several inventories, each once; namesakes that are two servers stay two; pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from math import inf

import msgspec

from virtscan.model import Inventory, RememberedPlace, Server, State
from virtscan.model.sources import is_declared
from virtscan.scanning.naming import told_apart

_FULL_ADDRESS = re.compile(r"ssh://(?:[^@/]*@)?(?:[\w-]+\.)+[A-Za-z][\w-]*(?::\d+)?")
"""The address of a server by its host's full name, which is the same at every site; a short name or an IP is not."""


class _ServerObservation(msgspec.Struct, frozen=True, kw_only=True):
    """A server in one of the inventories, under its own name and with the time of its configuration."""

    server: Server
    inventory: int
    declared_at: datetime
    name_there: str

    @property
    def plain(self) -> Server:
        """All facts but their time."""
        return msgspec.structs.replace(self.server, observed_at=None)


class MergedServers(msgspec.Struct, frozen=True, kw_only=True):
    """The servers under their names in the result; `names` has these by inventory, name there and interface."""

    servers: tuple[Server, ...]
    names: Mapping[tuple[int, str, str | None], str]

    def places(self, inventory: int, places: Iterable[RememberedPlace]) -> tuple[RememberedPlace, ...]:
        """Return the places of servers of one inventory, under the names in the result."""
        return tuple(
            msgspec.structs.replace(
                place, server=self.names.get((inventory, place.server, place.interface), place.server)
            )
            for place in places
        )


def merge_servers(
    inventories: Sequence[Inventory],
    sites: Collection[tuple[int, int]],
    hypervisors: Mapping[tuple[int, str | None], str],
) -> MergedServers:
    """Return each server once: the observation with a known state goes before one without, then the newest.

    A name is unique at one site only. Of two sites, observations with equal facts are one server. So are those that
    serve the same and have a MAC in common, or a full address. All others stay two, so that a server which is off
    clears no interface of another site.

    Args:
        inventories: Their servers.
        sites: The pairs of inventories that are of one site, by their places.
        hypervisors: The names in the result, by inventory and name there.
    """
    found: defaultdict[str, defaultdict[str, list[_ServerObservation]]] = defaultdict(lambda: defaultdict(list))
    for number, inventory in enumerate(inventories):
        names_there = own_names(inventory.servers)
        for server in inventory.servers:
            own = names_there[server.name]
            observation = _ServerObservation(
                server=msgspec.structs.replace(server, name=own),
                inventory=number,
                declared_at=inventory.taken_at,
                name_there=server.name,
            )
            found[own][server.interface or ""].append(observation)
    servers: list[Server] = []
    names: dict[tuple[int, str, str | None], str] = {}
    for _, by_interface in sorted(found.items()):
        groups = [
            group
            for _, observations in sorted(by_interface.items())
            for group in _grouped(sorted(observations, key=_rank), sites)
        ]
        # The order depends on the result alone, so that merging it again finds the same.
        merged = sorted(((_merged(group, hypervisors), group) for group in groups), key=_order)
        for (server, group), name in zip(merged, _names(merged), strict=True):
            servers.append(msgspec.structs.replace(server, name=name))
            names |= {(one.inventory, one.name_there, one.server.interface): name for one in group}
    return MergedServers(servers=tuple(servers), names=names)


def _order(merged: tuple[Server, Sequence[_ServerObservation]]) -> tuple[str, bytes]:
    return merged[0].interface or "", msgspec.json.encode(merged[0])


def own_names(servers: Iterable[Server]) -> dict[str, str]:
    """Return each name without the source that an earlier merge added: that of one of the server's interfaces."""
    found: dict[str, str] = {}
    for server in servers:
        if server.own_name != server.name or server.name not in found:
            found[server.name] = server.own_name
    return found


def _names(merged: Sequence[tuple[Server, Sequence[_ServerObservation]]]) -> Iterator[str]:
    """Yield the name of each group of observations: interfaces that one inventory has of a server keep one name."""
    parts: list[tuple[set[tuple[int, str]], str]] = []
    for server, group in merged:
        inventories = {(one.inventory, one.name_there) for one in group}
        source = server.source
        for part in [one for one in parts if not one[0].isdisjoint(inventories)]:
            parts.remove(part)
            inventories, source = inventories | part[0], part[1]
        parts.append((inventories, source))
    told = told_apart((merged[0][0].name, source) for _, source in parts)
    for _, group in merged:
        first = group[0].inventory, group[0].name_there
        yield next(name for (inventories, _), name in zip(parts, told, strict=True) if first in inventories)


def _merged(group: Sequence[_ServerObservation], hypervisors: Mapping[tuple[int, str | None], str]) -> Server:
    """Return the best observation with the declarations of the newest configuration.

    A state is one of them: declared by the newest, it goes before older observations; by an older one, it is withdrawn.
    `runs_on` is the name in the result, None for a hypervisor of another site. An inventory without hypervisors is of
    no site, and may name any.
    """
    newest = max(group, key=lambda one: one.declared_at).server
    observed = (one.server for one in group if not is_declared(one.server.source))
    best = newest if is_declared(newest.source) else next(observed)
    declaring = [one.inventory for one in group if one.server.runs_on == newest.runs_on]
    found = (hypervisors.get((number, newest.runs_on)) for number in declaring)
    of_sites = {number for number, _ in hypervisors}
    is_foreign = newest.runs_on in hypervisors.values() and of_sites.issuperset(declaring)
    return msgspec.structs.replace(
        best,
        segments=newest.segments,
        subnets=newest.subnets,
        physical=newest.physical,
        runs_on=next(filter(None, found), None if is_foreign else newest.runs_on),
    )


def _rank(one: _ServerObservation) -> tuple[bool, float, float, bool, bytes]:
    """Return the order of observations, the best first; of equal age the one that clears nothing."""
    times = newest_first(one.server.observed_at), newest_first(one.declared_at)
    is_off = one.server.tx_checksum is State.OFF
    return one.server.reason is not None, *times, is_off, msgspec.json.encode(one.plain)


def newest_first(moment: datetime | None) -> float:
    """Return a sort key of a time; an unknown one comes last, for the time of its inventory would make it young."""
    return inf if moment is None else -moment.timestamp()


def _grouped(
    observations: Sequence[_ServerObservation], sites: Collection[tuple[int, int]]
) -> list[list[_ServerObservation]]:
    """Put the observations of one server together, the best first."""
    alike: dict[bytes, list[_ServerObservation]] = {}
    for one in observations:
        alike.setdefault(msgspec.json.encode(one.plain), []).append(one)
    groups: list[list[_ServerObservation]] = []
    for some in alike.values():
        known = next((group for group in groups if _are_one(group, some, sites)), None)
        if known is None:
            groups.append(list(some))
        else:
            known += some
    return groups


def _are_one(
    some: Sequence[_ServerObservation], others: Sequence[_ServerObservation], sites: Collection[tuple[int, int]]
) -> bool:
    if {one.inventory for one in some} & {one.inventory for one in others}:
        return False
    first, second = some[0].server, others[0].server
    macs = [{*server.macs, *server.declared_macs} for server in (first, second)]
    if all(macs) and macs[0].isdisjoint(macs[1]):
        return False
    if any((one.inventory, other.inventory) in sites for one, other in product(some, others)):
        return True
    return _declared(first) == _declared(second) and (all(macs) or bool(_FULL_ADDRESS.fullmatch(first.source)))


def _declared(server: Server) -> tuple[object, ...]:
    """Return what the configuration states about a server."""
    return server.source, server.segments, server.subnets, server.physical, server.runs_on
