"""Grouping of observations in several inventories by hypervisor; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from math import inf

import msgspec

from virtscan.model import HostStatus, Hypervisor, ScanFacts
from virtscan.model.identity.keys import driver_of, machine_uuid
from virtscan.scanning.naming import is_full_address

NOT_DECLARED: Mapping[str, object] = {
    "site": None,
    "declared_kernel": None,
    "physical": False,
    "segments": {},
    "reflective": (),
}
"""The fields of a hypervisor that are declarations, with their values if nothing is declared."""


class HostObservation(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor in one of the inventories, with the time of its configuration.

    `rank` is its place among all observations, the best first. `domains` identify it in addition to its keys; without
    domains the address does. `has_facts` is False if its domains are unknown.
    """

    host: Hypervisor
    inventory: int
    declared_at: datetime
    rank: int
    keys: tuple[str, ...]
    uuid: str | None
    domains: frozenset[str]
    has_facts: bool

    @property
    def is_recognized(self) -> bool:
        """Return False for a host without domains at a short address, which any site may have."""
        return bool(self.host.domains) or is_full_address(self.host.uri)


def by_host(inventories: Sequence[ScanFacts]) -> list[list[HostObservation]]:
    """Return the observations of each hypervisor, the best first: those that share a key, directly or through others.

    Addresses come first, then declared names, so that the best observation of each hypervisor decides on a shared
    uuid. Hypervisors of one inventory are never joined: a scan reads each once, whatever they have in common.
    """
    hosts = [(host, number) for number, inventory in enumerate(inventories) for host in inventory.hypervisors]
    hosts.sort(key=lambda pair: _rank(pair[0], inventories[pair[1]].taken_at))
    groups = [
        [_observation(host, number, inventories[number].taken_at, rank)] for rank, (host, number) in enumerate(hosts)
    ]
    while len(joined := _joined(_joined(groups, by_uuid=False), by_uuid=True)) < len(groups):
        groups = joined
    return groups


def newest_first(moment: datetime | None) -> float:
    """Return a sort key for a time, the newest first; an unknown one comes last, in inventories of any time."""
    return inf if moment is None else -moment.timestamp()


def _observation(host: Hypervisor, inventory: int, declared_at: datetime, rank: int) -> HostObservation:
    return HostObservation(
        host=host,
        inventory=inventory,
        declared_at=declared_at,
        rank=rank,
        keys=host.keys,
        uuid=machine_uuid(host.system_uuid),
        domains=frozenset({domain.uuid or domain.name for domain in host.domains} or {host.uri}),
        has_facts=_has_facts(host),
    )


def _has_facts(host: Hypervisor) -> bool:
    return bool(host.domains) or host.status is HostStatus.COMPLETE


def _rank(host: Hypervisor, declared_at: datetime) -> tuple[bool, int, float, int, float]:
    """Return a sort key, the best observation first: the newest complete one.

    Without a complete one it is the newest with domains. Of the same age it is the one with the most domains, then that
    of the newest scan. An observation of unknown age counts as the oldest.
    """
    is_newest = newest_first(host.observed_at), -len(host.domains), newest_first(declared_at)
    return not _has_facts(host), host.status.rank, *is_newest


class _Hosts:
    """Hypervisors by number, the best first; joined ones have the number of the best."""

    def __init__(self, observations: Iterable[Sequence[HostObservation]]) -> None:
        self.observations = [list(group) for group in observations]
        self._inventories = [{observation.inventory for observation in group} for group in self.observations]
        self._joined_to = list(range(len(self.observations)))

    def number(self, number: int) -> int:
        """Return the number of the hypervisor that this one was joined to, or its own."""
        while self._joined_to[number] != number:
            self._joined_to[number] = number = self._joined_to[self._joined_to[number]]
        return number

    def join(self, first: int, second: int) -> None:
        """Join two hypervisors, unless an inventory has both: there they are two."""
        best, joining = sorted((self.number(first), self.number(second)))
        if best != joining and self._inventories[best].isdisjoint(self._inventories[joining]):
            self._joined_to[joining] = best
            self._inventories[best] |= self._inventories[joining]
            self.observations[best] += self.observations[joining]
            self.observations[joining] = []


def _joined(groups: Iterable[list[HostObservation]], *, by_uuid: bool) -> list[list[HostObservation]]:
    """Join the hypervisors that share a system uuid, or else another key; each has the keys of all its observations.

    Vendors and clones repeat system uuids, and sites repeat names and short addresses. The best observations come
    first, here and in the result, so that an unread host joins only one of two hypervisors with the same name.
    """
    hosts = _Hosts(groups)
    having: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, group in enumerate(hosts.observations):
        for key in {key for observation in group for key in observation.keys}:
            if key.startswith("uuid:") is by_uuid:
                having[driver_of(group[0].host.uri), key].append(number)
    for (_, key), numbers in sorted(having.items(), reverse=True):
        if by_uuid:
            _join_by_uuid(hosts, numbers)
        else:
            _join_by_name(hosts, numbers, key)
    return [sorted(group, key=lambda observation: observation.rank) for group in hosts.observations if group]


def _join_by_uuid(hosts: _Hosts, numbers: Iterable[int]) -> None:
    """Join hypervisors that share a system uuid and a domain; one without facts joins the only other with the uuid.

    Many may share a uuid, so only those that share a domain are compared.
    """
    distinct = list(dict.fromkeys(map(hosts.number, numbers)))
    having: defaultdict[str, list[int]] = defaultdict(list)
    unread = []
    for number in distinct:
        domains = _domains(hosts.observations[number])
        if not domains:
            unread.append(number)
        for other in sorted({other for domain in domains for other in having[domain]}):
            hosts.join(other, number)
        for domain in domains:
            having[domain].append(number)
    read = dict.fromkeys(hosts.number(number) for number in distinct if number not in unread)
    if len(read) <= 1:
        for number in unread:
            hosts.join(next(iter(read), distinct[0]), number)


def _domains(observations: Iterable[HostObservation]) -> frozenset[str]:
    return frozenset[str]().union(*(observation.domains for observation in observations if observation.has_facts))


def _join_by_name(hosts: _Hosts, numbers: Iterable[int], key: str) -> None:
    """Join hypervisors that share a name or an address, the key, if two of their observations are of one hypervisor.

    Each of many sites may have the name, so only those with something else in common are compared.
    """
    distinct = sorted(set(map(hosts.number, numbers)))
    having: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for number in distinct if len(distinct) > 1 else ():
        observations = tuple(hosts.observations[number])
        traits = {trait for observation in observations for trait in _wanted_traits(observation)}
        for other in sorted({other for trait in traits for other in having[trait]}):
            best, joining = hosts.number(other), hosts.number(number)
            if best != joining and _have_common_host(hosts.observations[best], hosts.observations[joining], key):
                hosts.join(best, joining)
        for observation in observations:
            for trait in _own_traits(observation):
                having[trait].add(hosts.number(number))


def _own_traits(observation: HostObservation) -> Iterator[tuple[str, str]]:
    """Yield the traits that may show, in addition to a name, that another observation is of the same hypervisor."""
    yield "address", observation.host.uri
    if not observation.has_facts:
        yield "address, unread", observation.host.uri
    yield from _facts(observation)


def _wanted_traits(observation: HostObservation) -> Iterator[tuple[str, str]]:
    """Yield the traits of which another needs one: a short address is enough only if one of the two was not read."""
    is_address_enough = not observation.has_facts or is_full_address(observation.host.uri)
    yield "address" if is_address_enough else "address, unread", observation.host.uri
    yield from _facts(observation)


def _facts(observation: HostObservation) -> Iterator[tuple[str, str]]:
    if observation.uuid is not None:
        yield "uuid", observation.uuid
    for domain in observation.domains:
        yield "domain", domain


def _have_common_host(group: Sequence[HostObservation], other_group: Sequence[HostObservation], key: str) -> bool:
    """Return True if both groups have an observation of one hypervisor; those without facts count only if none has any.

    Both need the key in an observation that counts: another one with the key may be of another site.
    """
    group, other_group = _with_facts(group), _with_facts(other_group)
    have_key = all(any(key in observation.keys for observation in side) for side in (group, other_group))
    return have_key and any(_are_same_host(first, second) for first, second in product(group, other_group))


def _with_facts(observations: Sequence[HostObservation]) -> Sequence[HostObservation]:
    return [observation for observation in observations if observation.has_facts] or observations[:1]


def _are_same_host(first: HostObservation, second: HostObservation) -> bool:
    """Return True if two observations with a name or an address in common are of one hypervisor.

    Any site may have the name or a short address. So they also need an equal uuid or a common domain. An equal address
    is enough if two of these hold: it is a full name, a uuid is unknown, the domains of one of them are unknown.
    """
    has_uuids = None not in {first.uuid, second.uuid}
    if has_uuids and first.uuid == second.uuid:
        return True
    if first.host.uri == second.host.uri:
        is_unread = not (first.has_facts and second.has_facts)
        if [is_full_address(first.host.uri), not has_uuids, is_unread].count(True) > 1:
            return True
    # The address stands for the domains of a hypervisor without any.
    has_domains = bool(first.host.domains and second.host.domains)
    return (has_domains or not has_uuids) and not first.domains.isdisjoint(second.domains)
