"""Merging of servers: each server once; different servers with the same name stay apart; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import TypeAlias

import msgspec

from virtscan.model import Gap, RememberedPlace, ScanFacts, Server, State
from virtscan.model.gaps.items import ServerItem
from virtscan.model.sources import is_declared
from virtscan.scanning.merging.hosts import MergedHosts
from virtscan.scanning.merging.observations import newest_first
from virtscan.scanning.naming import disambiguated, is_full_address


class _ServerObservation(msgspec.Struct, frozen=True, kw_only=True):
    """A server in one of the inventories, under its original name, with the time of its configuration.

    `host` is the number of the hypervisor that it is declared to run on; None if the inventory lacks that one.
    """

    server: Server
    inventory: int
    declared_at: datetime
    original_name: str
    host: int | None

    @property
    def declarations(self) -> tuple[object, ...]:
        """The declarations about the server, besides its source."""
        server = self.server
        return server.segments, server.subnets, server.physical, server.runs_on

    @property
    def facts(self) -> bytes:
        """All observed facts but their time."""
        return msgspec.json.encode(_with_declarations_of(_NOTHING, self.server, runs_on=None, observed_at=None))

    @property
    def macs(self) -> frozenset[str]:
        """All MACs, observed or declared."""
        return frozenset((*self.server.macs, *self.server.declared_macs))


_Joined: TypeAlias = tuple[_ServerObservation, list[_ServerObservation]]
"""A server as it is merged, with its observations."""

_NOTHING = Server(name="", source="")
"""A server without declarations."""


def _with_declarations_of(declaring: Server, server: Server, **changes: object) -> Server:
    declared = {"segments": declaring.segments, "subnets": declaring.subnets, "physical": declaring.physical}
    return msgspec.structs.replace(server, **(declared | changes))


class MergedServers(msgspec.Struct, frozen=True, kw_only=True):
    """The servers in the order of the result, with the numbers of their hypervisors, and their names by inventory."""

    servers: tuple[tuple[Server, int | None], ...]
    names: Mapping[tuple[int, str], str]

    @property
    def hosts_elsewhere(self) -> frozenset[str]:
        """The names of declared hypervisors that no inventory of their site has."""
        return frozenset(server.runs_on for server, host in self.servers if host is None and server.runs_on is not None)

    def on(self, hosts: Sequence[str]) -> tuple[Server, ...]:
        """Return the servers, with the names of their hypervisors by number."""
        return tuple(
            server if host is None else msgspec.structs.replace(server, runs_on=hosts[host])
            for server, host in self.servers
        )

    def gaps(self, inventory: int, gaps: Iterable[Gap]) -> Iterator[Gap]:
        """Yield the gaps of one inventory, those about servers under the names in the result."""
        for gap in gaps:
            if isinstance(item := gap.item, ServerItem):
                name = self.names.get((inventory, item.server), item.server)
                yield msgspec.structs.replace(gap, item=msgspec.structs.replace(item, server=name))
            else:
                yield gap

    def places(self, inventory: int, places: Iterable[RememberedPlace]) -> tuple[RememberedPlace, ...]:
        """Return the places of servers of one inventory, under the names in the result."""
        return tuple(
            msgspec.structs.replace(place, server=self.names.get((inventory, place.server), place.server))
            for place in places
        )


def merge_servers(inventories: Sequence[ScanFacts], hosts: MergedHosts) -> MergedServers:
    """Return each server once: the observation with a known state takes precedence over one without, then the newest.

    A name is unique only within a site. Observations at two sites with equal declarations are one server if they also
    have equal facts, a common MAC, or a full address. Others stay apart, so that a server with its offload off clears
    no interface of another site.
    """
    servers: list[tuple[Server, int | None]] = []
    names: dict[tuple[int, str], str] = {}
    for _, observations in sorted(_by_own_name(inventories, hosts).items()):
        groups = _grouped(sorted(observations, key=_rank), hosts)
        merged = sorted(((_merged(group), group) for group in groups), key=lambda pair: _order(pair[0]))
        unique = disambiguated((best.server.name, best.server.source) for best, _ in merged)
        for (best, group), name in zip(merged, unique, strict=True):
            servers.append((msgspec.structs.replace(best.server, name=name), best.host))
            names |= {(observation.inventory, observation.original_name): name for observation in group}
    return MergedServers(servers=tuple(servers), names=names)


def _by_own_name(inventories: Iterable[ScanFacts], hosts: MergedHosts) -> dict[str, list[_ServerObservation]]:
    by_name: defaultdict[str, list[_ServerObservation]] = defaultdict(list)
    for number, inventory in enumerate(inventories):
        for server in inventory.servers:
            host = hosts.number(number, server.runs_on)
            runs_on = server.runs_on if host is None else hosts.own_names[host]
            if hosts.is_ambiguous(number, server.runs_on):
                runs_on = None
            observation = _ServerObservation(
                server=msgspec.structs.replace(server, name=server.own_name, runs_on=runs_on),
                inventory=number,
                declared_at=inventory.taken_at,
                original_name=server.name,
                host=host,
            )
            by_name[server.own_name].append(observation)
    return by_name


def _order(observation: _ServerObservation) -> tuple[bytes, int]:
    return msgspec.json.encode(observation.server), -1 if observation.host is None else observation.host


def _merged(group: Sequence[_ServerObservation]) -> _ServerObservation:
    """Return the best observation with the declarations of the newest configuration, and its hypervisor.

    A declared state is a declaration: in the newest configuration it takes precedence over older observations, in an
    older one it no longer holds.
    """
    newest = max(group, key=lambda observation: observation.declared_at)
    observed = (observation.server for observation in group if not is_declared(observation.server.source))
    best = newest.server if is_declared(newest.server.source) else next(observed)
    hosts = [
        observation.host for observation in (newest, *group) if observation.server.runs_on == newest.server.runs_on
    ]
    host = next((host for host in hosts if host is not None), None)
    server = _with_declarations_of(newest.server, best, runs_on=newest.server.runs_on)
    return msgspec.structs.replace(newest, server=server, host=host)


def _rank(observation: _ServerObservation) -> tuple[int, float, float, bool]:
    """Return a sort key, the best observation first; of the same age, the one that clears nothing."""
    kind = 0 if is_declared(observation.server.source) else 1 if observation.server.reason is None else 2
    times = newest_first(observation.server.observed_at), newest_first(observation.declared_at)
    return kind, *times, observation.server.tx_checksum is State.OFF


def _grouped(observations: Iterable[_ServerObservation], hosts: MergedHosts) -> list[list[_ServerObservation]]:
    """Group the observations of one server, the best first: within each site, then across sites."""
    groups: list[list[_ServerObservation]] = []
    for observation in observations:
        of_site = [
            group
            for group in groups
            if _are_of_one_site(group, [observation], hosts) and _fit(group, [observation], hosts)
        ]
        # A site can have several with this name, because one that was not read fits all; an old merged file has too.
        if of_site:
            min(of_site, key=lambda group: _difference(group, observation)).append(observation)
        else:
            groups.append([observation])
    # Only those with equal declarations are compared: each of many sites may have a server of this name.
    joined: defaultdict[tuple[object, ...], list[_Joined]] = defaultdict(list)
    for group in groups:
        best = _merged(group)
        candidates = joined[_declared(best)]
        index = next(
            (index for index, (candidate, _) in enumerate(candidates) if _are_of_two_sites(candidate, best, hosts)),
            None,
        )
        if index is None:
            candidates.append((best, group))
        else:
            observations_of_both = sorted((*candidates[index][1], *group), key=_rank)
            candidates[index] = _merged(observations_of_both), observations_of_both
    return [group for candidates in joined.values() for _, group in candidates]


def _difference(group: Sequence[_ServerObservation], observation: _ServerObservation) -> tuple[bool, bool, bool, bool]:
    best = group[0]
    return (
        all(member.macs.isdisjoint(observation.macs) for member in group),
        best.server.source != observation.server.source,
        best.facts != observation.facts,
        best.declarations != observation.declarations,
    )


def _fit(group: Sequence[_ServerObservation], other_group: Sequence[_ServerObservation], hosts: MergedHosts) -> bool:
    """Return True unless a fact shows that the observations are of two servers."""
    return all(
        first.inventory != second.inventory
        and (not first.macs or not second.macs or not first.macs.isdisjoint(second.macs))
        and (
            None in {first.server.interface, second.server.interface}
            or first.server.interface == second.server.interface
        )
        and not _run_on_two(first, second, hosts)
        for first, second in product(group, other_group)
    )


def _run_on_two(first: _ServerObservation, second: _ServerObservation, hosts: MergedHosts) -> bool:
    """Return True if two observations are declared to run on two hypervisors with the same name."""
    if first.server.runs_on != second.server.runs_on or first.host == second.host:
        return False
    if first.host is None:
        return hosts.has(first.inventory, second.host)
    return second.host is not None or hosts.has(second.inventory, first.host)


def _are_of_one_site(
    group: Iterable[_ServerObservation], other_group: Iterable[_ServerObservation], hosts: MergedHosts
) -> bool:
    return any(
        hosts.are_of_one_site(first.inventory, second.inventory) for first, second in product(group, other_group)
    )


def _are_of_two_sites(first: _ServerObservation, second: _ServerObservation, hosts: MergedHosts) -> bool:
    """Return True if observations of two sites, with equal declarations, are of one server, which serves both."""
    return _fit([first], [second], hosts) and (
        first.facts == second.facts
        or bool(first.macs and second.macs)  # `_fit` holds, so they have one in common
        or is_full_address(first.server.source)
    )


def _declared(observation: _ServerObservation) -> tuple[object, ...]:
    return observation.server.source, *observation.declarations
