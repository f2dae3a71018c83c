"""Servers of several inventories, each once; namesakes that are two servers stay two; pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product

import msgspec

from virtscan.model import Inventory, RememberedPlace, Server, State
from virtscan.scanning.naming import told_apart

_FULL_ADDRESS = re.compile(r"ssh://(?:[^@/]*@)?(?:[\w-]+\.)+[A-Za-z][\w-]*(?::\d+)?")
"""The address of a server by its host's full name, which is the same at every site; a short name or an IP is not."""


class _ServerObservation(msgspec.Struct, frozen=True, kw_only=True):
    """A server in one of the inventories, under its own name and with the time of its facts."""

    server: Server
    inventory: int
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
    taken_at: datetime,
) -> MergedServers:
    """Return each server once: the observation with a known state goes before one without, then the newest.

    A name is unique at one site only. Of two sites, observations with equal facts are one server. So are those that
    serve the same and have a MAC in common, or a full address. All others stay two, so that a server which is off
    clears no interface of another site.

    Args:
        inventories: Their servers.
        sites: The pairs of inventories that are of one site, by their places.
        hypervisors: The names in the result, by inventory and name there.
        taken_at: The time of the result.
    """
    found: defaultdict[tuple[str, str], list[_ServerObservation]] = defaultdict(list)
    for number, inventory in enumerate(inventories):
        for server in inventory.servers:
            own = server.own_name
            at = server.observed_at or inventory.taken_at
            named = msgspec.structs.replace(server, name=own)
            dated = named if at == taken_at else msgspec.structs.replace(named, observed_at=at)
            observation = _ServerObservation(server=dated, inventory=number, name_there=server.name)
            found[own, server.interface or ""].append(observation)
    servers: list[Server] = []
    names: dict[tuple[int, str, str | None], str] = {}
    for _, observations in sorted(found.items()):
        groups = _grouped(sorted(observations, key=lambda one: _rank(one, taken_at)), sites)
        for group, name in zip(
            groups, told_apart((one[0].server.name, one[0].server.source) for one in groups), strict=True
        ):
            runs_on = _runs_on(group, hypervisors)
            servers.append(msgspec.structs.replace(group[0].server, name=name, runs_on=runs_on))
            names |= {(one.inventory, one.name_there, one.server.interface): name for one in group}
    return MergedServers(servers=tuple(servers), names=names)


def _runs_on(group: Sequence[_ServerObservation], hypervisors: Mapping[tuple[int, str | None], str]) -> str | None:
    """Return the declared hypervisor of a server under its name in the result; None for that of another site."""
    declared = group[0].server.runs_on
    found = (hypervisors.get((one.inventory, declared)) for one in group if one.server.runs_on == declared)
    otherwise = None if declared in hypervisors.values() else declared
    return next(filter(None, found), otherwise)


def _rank(one: _ServerObservation, taken_at: datetime) -> tuple[bool, float, bool, bytes]:
    """Return the order of observations, the best first; of equal age the one that clears nothing."""
    at = one.server.observed_at or taken_at
    is_off = one.server.tx_checksum is State.OFF
    return one.server.reason is not None, -at.timestamp(), is_off, msgspec.json.encode(one.server)


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
