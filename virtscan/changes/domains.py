"""Changes of domains and their interfaces.

A domain is identified by its uuid: on the same host, or on another one if it left the first. It counts as removed only
if no host is unread, because it may be on an unread one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from virtscan.changes.fields import differences, of_domain, of_interface
from virtscan.changes.observation import Observation, ObservedHost, Sighting, interfaces_of
from virtscan.changes.values import DomainChange, DomainRef, InterfaceChange, Kind
from virtscan.model import Domain, DomainKey


class DomainOnHost(msgspec.Struct, frozen=True, gc=False):
    """A domain as one side knows it, and that side's observation of the host that it is on."""

    host: ObservedHost
    side: Observation
    domain: Domain
    is_seen: bool
    has_next_start: bool
    is_lost: bool

    @property
    def ref(self) -> DomainRef:
        """The domain by the names of the inventory."""
        return DomainRef(hypervisor=self.side.name or "", domain=self.domain.name, uuid=self.domain.uuid)


class DomainPair(msgspec.Struct, frozen=True, kw_only=True):
    """A domain on both sides: as it was and as it is.

    A side is None if the domain was not there. `kind` is the change of it as a whole; None if it stayed. For one that
    `is_memory`, `old` is a further place, which the older side only remembered, and `new` the present one. Another pair
    has its change as a whole.
    """

    old: DomainOnHost | None
    new: DomainOnHost | None
    kind: Kind | None = None
    is_memory: bool = False

    @property
    def may_have_stayed(self) -> bool:
        """Return True for a domain that moved, but may also be at its former place: then the new one is a copy."""
        if self.kind is not Kind.MOVED or self.old is None:
            return False
        return not (self.old.host.new.is_complete or self.old.is_lost)

    @property
    def may_have_been_there(self) -> bool:
        """Return True for a domain that moved, but may have been there before: then the old one is a copy."""
        if self.kind is not Kind.MOVED or self.new is None:
            return False
        return not (self.new.host.old.is_complete or self.new.host.old.is_remembered)

    @property
    def remembers_what_was_read(self) -> bool:
        """Return True if the newer side only remembers the domain, but nothing older than what the older side read."""
        return self.old is not None and self.new is not None and self.old.host.old.is_read and not self.new.is_seen

    @property
    def is_found_again(self) -> bool:
        """Return True for a domain that was lost, and is seen now."""
        return self.old is not None and self.old.is_lost and self.new is not None and self.new.is_seen

    @property
    def is_certain(self) -> bool:
        """Return False for a move that may be a copy."""
        return not (self.may_have_stayed or self.may_have_been_there)


class _Places(msgspec.Struct):
    """A domain of one key on either side, by the number of the host."""

    old: dict[int, DomainOnHost] = {}
    new: dict[int, DomainOnHost] = {}

    def is_lost(self, number: int) -> bool:
        """Return True if it was lost from this host before."""
        return number in self.old and self.old[number].is_lost


def pair_domains(hosts: Sequence[ObservedHost]) -> list[tuple[DomainPair, ...]]:
    """Follow every domain from the older to the newer inventory, each with the places where it was only remembered."""
    places: defaultdict[tuple[int | None, DomainKey], _Places] = defaultdict(_Places)
    for number, host in enumerate(hosts):
        for key, sighting in host.old.domains.items():
            places[key.on(number)].old[number] = _on(host, host.old, sighting)
        for key, sighting in host.new.domains.items():
            places[key.on(number)].new[number] = _on(host, host.new, sighting)
    all_old = all(host.old.is_complete or host.old.is_remembered for host in hosts)
    all_new = all(host.new.is_complete for host in hosts)
    return [pairs for sightings in places.values() for pairs in _follow(sightings, all_old=all_old, all_new=all_new)]


def _on(host: ObservedHost, side: Observation, sighting: Sighting) -> DomainOnHost:
    return DomainOnHost(host, side, sighting.domain, sighting.is_seen, sighting.has_next_start, sighting.is_lost)


def _follow(places: _Places, *, all_old: bool, all_new: bool) -> Iterator[tuple[DomainPair, ...]]:
    """Follow one uuid, which may be on several hosts at the same time.

    It left a host where it was seen before and is not seen now, and arrived where it is seen only now. A domain that
    left one host and arrived on another has moved. Hosts where it is only remembered are considered last, those where
    both sides remember it after the others. If neither side sees it anywhere, it stayed on each host where both
    remember it.
    """
    seen_old = {number for number, sighting in places.old.items() if sighting.is_seen}
    seen_new = {number for number, sighting in places.new.items() if sighting.is_seen}
    followed: list[tuple[DomainPair, ...]]
    followed = [(DomainPair(old=places.old[number], new=places.new[number]),) for number in sorted(seen_old & seen_new)]
    left = sorted(seen_old - seen_new, key=lambda number: (number in places.new, number))
    arrived = sorted(seen_new - seen_old, key=lambda number: (number in places.old, number))
    kept = {number for number, sighting in places.new.items() if not sighting.is_lost or places.is_lost(number)}
    forgotten = sorted(places.old.keys() - seen_old - kept, key=lambda number: (not places.is_lost(number), number))
    unseen = sorted(kept & places.old.keys() - seen_old - seen_new)
    if len(left) < len(arrived):
        strangers = sum(number not in places.old for number in arrived)
        moved_unseen = [*forgotten, *unseen][: max(strangers - len(left), 0)]
        left, forgotten = [*left, *moved_unseen], forgotten[len(moved_unseen) :]
    for number, arrival in zip(left, arrived, strict=False):
        moved = DomainPair(old=places.old[number], new=places.new[arrival], kind=Kind.MOVED)
        back = DomainPair(old=places.old.get(arrival), new=moved.new, kind=Kind.SEEN_AGAIN, is_memory=True)
        followed.append((moved,) if back.old is None else (moved, back))
    for number in arrived[len(left) :]:
        kind = Kind.ADDED if all_old and number not in places.old else Kind.SEEN_AGAIN
        followed.append((DomainPair(old=places.old.get(number), new=places.new[number], kind=kind),))
    for number in left[len(arrived) :]:
        kind = Kind.REMOVED if all_new and number not in places.new else Kind.NOT_SEEN
        followed.append((DomainPair(old=places.old[number], new=places.new.get(number), kind=kind),))
    present = next((pairs[0].new for pairs in followed if pairs[0].new is not None), None)
    memory = tuple(_forgotten(places, forgotten, present, all_new=all_new))
    yield (*chain.from_iterable(followed[:1]), *memory)
    yield from followed[1:]
    for number in unseen if not (seen_old or seen_new) else ():
        yield (DomainPair(old=places.old[number], new=places.new[number]),)


def _forgotten(
    places: _Places, numbers: Sequence[int], present: DomainOnHost | None, *, all_new: bool
) -> Iterator[DomainPair]:
    """Follow a uuid from hosts where only the older side remembers it, given its last known place."""
    for number in numbers:
        was = places.old[number]
        if present is not None and (was.host.new.is_complete or was.is_lost):
            yield DomainPair(old=was, new=present, kind=Kind.MOVED, is_memory=True)
        elif not (present is not None and present.is_seen) and (all_new or was.host.new.is_read):
            kind = Kind.REMOVED if all_new else Kind.NOT_SEEN
            yield DomainPair(old=was, new=places.new.get(number), kind=kind)


def domain_changes(pair: DomainPair, hosts: Sequence[ObservedHost]) -> Iterator[DomainChange]:
    """Yield the changes of one domain: as a whole, of its name, of its fields."""
    old, new = pair.old, pair.new
    if pair.is_memory:
        return
    if pair.kind is None and old is not None and new is not None and old.domain == new.domain:
        return  # as for most of them, every night
    was = None if old is None else old.ref
    now = None if new is None else new.ref
    if pair.kind is not None:
        unread = _may_be_on(pair, hosts)
        yield DomainChange(kind=pair.kind, old=was, new=now, is_certain=pair.is_certain, unread=unread)
    if old is None or new is None or not new.is_seen:
        return
    if old.domain.name != new.domain.name:
        yield DomainChange(kind=Kind.RENAMED, old=was, new=now)
    if fields := differences(of_domain(old.domain), of_domain(new.domain)):
        yield DomainChange(kind=Kind.CHANGED, old=was, new=now, fields=fields)


def interface_changes(pair: DomainPair) -> Iterator[InterfaceChange]:
    """Yield the changes of the interfaces of a domain that both sides have."""
    old, new = pair.old, pair.new
    if old is None or new is None or not new.is_seen or old.domain.interfaces == new.domain.interfaces:
        return
    if pair.is_memory:
        return
    before, after = interfaces_of(old.domain), interfaces_of(new.domain)
    for key in dict.fromkeys((*before, *after)):
        first, second = before.get(key), after.get(key)
        interface = second or first
        assert interface is not None  # noqa: S101  every key is of one of the two
        kind = Kind.ADDED if first is None else Kind.REMOVED if second is None else Kind.CHANGED
        fields = () if first is None or second is None else differences(of_interface(first), of_interface(second))
        if kind is not Kind.CHANGED or fields:
            yield InterfaceChange(
                kind=kind, old=old.ref, domain=new.ref, index=interface.index, mac=interface.mac, fields=fields
            )


def _may_be_on(pair: DomainPair, hosts: Sequence[ObservedHost]) -> tuple[str, ...]:
    """Name the hosts that a domain may be on, or have been on: its own if that was not read, else all such hosts."""
    if pair.kind not in {Kind.NOT_SEEN, Kind.SEEN_AGAIN}:
        return ()
    newer = pair.kind is Kind.NOT_SEEN
    own = pair.old if newer else pair.new
    sides = [host.new if newer else host.old for host in hosts]
    own_side = None if own is None else own.host.new if newer else own.host.old
    among = sides if own_side is None or own_side.is_complete else [own_side]
    return tuple(side.name for side in among if not side.is_complete and side.name is not None)
