"""A hypervisor in one inventory: the items that were read, and its last complete observation."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from virtscan.changes.values import may_be_same
from virtscan.model import (
    Device,
    Domain,
    DomainKey,
    DomainState,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Observed,
)
from virtscan.model.gaps.causes import NoDomainDefined
from virtscan.model.identity.matching import HostPair, match_hosts

_Dated = TypeVar("_Dated", Hypervisor, Device, Observed[Any])  # Any: any fact


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """A domain of an observation; it `is_seen` unless it is only remembered.

    It `is_lost` if its host lacked it when last read, but an unread host may have it. `has_next_start` is True unless
    it runs and its definition for the next start was not read.
    """

    domain: Domain
    is_seen: bool
    has_next_start: bool = True
    is_lost: bool = False


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor with its domains by key.

    `host` is the hypervisor in the inventory, None if that lacks it. It `is_outside` if the inventory is of another
    configuration, and may exist all the same. `is_earlier` is True if it was read completely, but in a merged inventory
    a scan could not read it. `is_remembered` is True if it was not read completely, but once was, with all its domains.
    """

    host: Hypervisor | None
    domains: Mapping[DomainKey, Sighting]
    is_remembered: bool = False
    is_outside: bool = False
    is_earlier: bool = False

    @property
    def is_complete(self) -> bool:
        """Return True if the host certainly lacks each domain that is not listed."""
        if self.host is None:
            return not self.is_outside
        return self.is_read and self.host.lists_all_domains and not self.is_earlier

    @property
    def is_read(self) -> bool:
        """Return True if everything that the host listed was read."""
        return self.host is not None and self.host.status is HostStatus.COMPLETE

    @property
    def is_reached(self) -> bool:
        """Return True if something of it was read."""
        return self.host is not None and self.host.status is not HostStatus.FAILED

    @property
    def name(self) -> str | None:
        """The name in the inventory."""
        return None if self.host is None else self.host.name


class ObservedHost(msgspec.Struct, frozen=True, kw_only=True):
    """A host as the older and the newer inventory know it."""

    pair: HostPair
    old: Observation
    new: Observation


def observe(old: Inventory, new: Inventory) -> tuple[ObservedHost, ...]:
    """Pair the hosts of two inventories, in an order that is the same for either order of the two."""
    memory = [_EarlierFacts(inventory) for inventory in (old, new)]
    failed = failed_names(old), failed_names(new)
    pairs = sorted(match_hosts(old.hypervisors, new.hypervisors), key=lambda pair: pair.label)
    is_other = not may_be_same(old.scope, new.scope)
    return tuple(
        ObservedHost(
            pair=pair,
            old=_observation(pair.old, memory[0], failed[0], is_outside=is_other),
            new=_observation(pair.new, memory[1], failed[1], is_outside=is_other),
        )
        for pair in pairs
    )


def failed_names(inventory: Inventory) -> frozenset[str]:
    """Return the hypervisors that a scan could not read; in a merged inventory another scan may have read them.

    There, a gap about a domain is also that of a scan that read its hypervisor in part.
    """
    about = {GapAbout.HYPERVISOR, GapAbout.DOMAIN} if inventory.merged else {GapAbout.HYPERVISOR}
    gaps = (gap for gap in inventory.gaps if gap.about in about)
    return frozenset(gap.hypervisor for gap in gaps if gap.hypervisor and not isinstance(gap.cause, NoDomainDefined))


def interface_key(mac: str | None, index: int) -> str:
    """Identify an interface of a domain: by its MAC, else by its index."""
    return mac if mac is not None else f"#{index}"


def interfaces_of(domain: Domain) -> dict[str, Interface]:
    """Return the interfaces by key; one with the MAC of an earlier one has that of its index."""
    interfaces: dict[str, Interface] = {}
    for interface in domain.interfaces:
        key = interface_key(interface.mac, interface.index)
        interfaces[interface_key(None, interface.index) if key in interfaces else key] = interface
    return interfaces


class _EarlierFacts:
    """The memory of an inventory, by hypervisor."""

    def __init__(self, inventory: Inventory) -> None:
        self.unread = {unread.hypervisor: unread for unread in inventory.unread}
        self.lost: dict[str, tuple[Domain, ...]] = {}
        for fact in inventory.lost:
            self.lost[fact.hypervisor] = (*self.lost.get(fact.hypervisor, ()), fact.domain)

    def sightings(self, host: Hypervisor) -> dict[DomainKey, Sighting]:
        """Return the remembered domains of a hypervisor."""
        last, lost = self.last(host), self.lost.get(host.name, ())
        remembered = _by_key(() if last is None else last.domains)
        return {domain.key: Sighting(domain, is_seen=False, is_lost=True) for domain in lost} | {
            key: Sighting(domain, is_seen=False) for key, domain in remembered.items()
        }

    def last(self, host: Hypervisor) -> Hypervisor | None:
        """Return the last observation of a hypervisor that was not read completely."""
        is_unread = host.status is not HostStatus.COMPLETE and host.name in self.unread
        return self.unread[host.name].last if is_unread else None


def with_memory(inventory: Inventory) -> Inventory:
    """Return the inventory with the last observation of each host in place of an incomplete one, and lost domains.

    Its facts are as old as when it was first missed: they do not expire with each night that the host is unread.
    """
    memory = _EarlierFacts(inventory)
    if not (inventory.lost or any(unread.last is not None for unread in inventory.unread)):
        return inventory
    hosts = [_restored(host, memory, inventory.taken_at) for host in inventory.hypervisors]
    restored = {host.name for host in hosts if host.status is HostStatus.COMPLETE}
    return msgspec.structs.replace(
        inventory,
        hypervisors=tuple(hosts),
        gaps=tuple(gap for gap in inventory.gaps if gap.hypervisor not in restored & memory.unread.keys()),
        unread=tuple(unread for unread in inventory.unread if unread.hypervisor not in restored),
        lost=(),
        places=tuple(place for place in inventory.places if place.hypervisor not in restored),
    )


def _restored(host: Hypervisor, memory: _EarlierFacts, taken_at: datetime) -> Hypervisor:
    last, domains = memory.last(host), host.domains
    if host.status is HostStatus.FAILED and last is not None:
        since = memory.unread[host.name].since
        host = msgspec.structs.replace(_dated_later(last, max(taken_at - since, timedelta())), name=host.name)
        domains = last.domains
    known = {domain.key for domain in domains}
    more = tuple(sighting.domain for key, sighting in memory.sightings(host).items() if key not in known)
    return msgspec.structs.replace(host, domains=(*domains, *more)) if more else host


def _dated_later(host: Hypervisor, by: timedelta) -> Hypervisor:
    """Return the hypervisor with the times of all its facts moved later by this much."""

    def later(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + min(by, datetime.max.replace(tzinfo=moment.tzinfo) - moment)

    def dated(fact: _Dated) -> _Dated:
        return msgspec.structs.replace(fact, observed_at=later(fact.observed_at))

    kernel, daemon = host.kernel, host.daemon
    return msgspec.structs.replace(
        dated(host),
        kernel=None if kernel is None else dated(kernel),
        daemon=None if daemon is None else dated(daemon),
        devices=tuple(map(dated, host.devices)),
    )


def _observation(
    host: Hypervisor | None, memory: _EarlierFacts, failed: Container[str], *, is_outside: bool = False
) -> Observation:
    if host is None:
        return Observation(host=None, domains={}, is_outside=is_outside)
    last, domains = memory.last(host), memory.sightings(host)
    next_starts = {domain.key for domain in host.domains if domain.next_start}
    for key, domain in _by_key(host.domains).items():
        has_next_start = key in next_starts or domain.state is not DomainState.ACTIVE
        domains[key] = Sighting(domain, is_seen=True, has_next_start=has_next_start)
    is_earlier = host.status is HostStatus.COMPLETE and host.name in failed
    known = host if is_earlier else last
    return Observation(
        host=host,
        domains=domains,
        is_remembered=known is not None and known.lists_all_domains,
        is_earlier=is_earlier,
    )


def _by_key(domains: Iterable[Domain]) -> dict[DomainKey, Domain]:
    """Return one definition of each domain: the running one if there are copies, never that of its next start."""
    definitions: dict[DomainKey, Domain] = {}
    for domain in domains:
        if not domain.next_start and (domain.key not in definitions or _rank(domain) < _rank(definitions[domain.key])):
            definitions[domain.key] = domain
    return definitions


def _rank(domain: Domain) -> tuple[int, str, str]:
    return domain.state.rank, domain.origin, domain.name
