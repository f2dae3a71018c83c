"""Changes of domains and their interfaces.

A domain is known by its uuid: on the same host, or on another one if it left the first. It is removed only if no host
is unread, because it may be on that one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

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

    @property
    def ref(self) -> DomainRef:
        """The domain by the names of the inventory."""
        return DomainRef(hypervisor=self.side.name or "", domain=self.domain.name, uuid=self.domain.uuid)


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """A domain on both sides: as it was and as it is.

    A side is None if the domain was not there. `kind` is the change of it as a whole; None if it stayed.
    """

    key: DomainKey
    old: DomainOnHost | None
    new: DomainOnHost | None
    kind: Kind | None = None
    is_certain: bool = True


class _Spots(msgspec.Struct):
    """A domain of one key on either side, by the number of the host."""

    old: dict[int, DomainOnHost] = {}
    new: dict[int, DomainOnHost] = {}


def lives(hosts: Sequence[ObservedHost]) -> list[Life]:
    """Follow every domain from the older to the newer inventory."""
    spots: defaultdict[tuple[int | None, DomainKey], _Spots] = defaultdict(_Spots)
    for number, host in enumerate(hosts):
        for key, sighting in host.old.domains.items():
            spots[key.on(number)].old[number] = _on(host, host.old, sighting)
        for key, sighting in host.new.domains.items():
            spots[key.on(number)].new[number] = _on(host, host.new, sighting)
    all_old = all(host.old.is_complete or host.old.is_remembered for host in hosts)
    all_new = all(host.new.is_complete for host in hosts)
    return [life for (_, key), one in spots.items() for life in _follow(key, one, all_old=all_old, all_new=all_new)]


def _on(host: ObservedHost, side: Observation, sighting: Sighting) -> DomainOnHost:
    return DomainOnHost(host, side, sighting.domain, sighting.is_seen)


def _follow(key: DomainKey, spots: _Spots, *, all_old: bool, all_new: bool) -> Iterator[Life]:
    """Follow one uuid, which may be on several hosts at once.

    It left a host where it was seen before and is not seen now, and arrived where it is seen only now. A domain that
    left one host and arrived on another has moved. Hosts where it is only remembered are considered last.
    """
    seen_old = {number for number, one in spots.old.items() if one.is_seen}
    seen_new = {number for number, one in spots.new.items() if one.is_seen}
    for number in sorted(seen_old & seen_new):
        yield Life(key=key, old=spots.old[number], new=spots.new[number])
    left = sorted(seen_old - seen_new, key=lambda number: (number in spots.new, number))
    arrived = sorted(seen_new - seen_old, key=lambda number: (number in spots.old, number))
    forgotten = sorted(spots.old.keys() - seen_old - spots.new.keys())
    if len(left) < len(arrived):
        strangers = sum(number not in spots.old for number in arrived)
        moved_unseen = forgotten[: max(strangers - len(left), 0)]
        left, forgotten = [*left, *moved_unseen], forgotten[len(moved_unseen) :]
    for number, place in zip(left, arrived, strict=False):
        was, now = spots.old[number], spots.new[place]
        is_certain = was.host.new.is_complete and (now.host.old.is_complete or now.host.old.is_remembered)
        yield Life(key=key, old=was, new=now, kind=Kind.MOVED, is_certain=is_certain)
    for number in arrived[len(left) :]:
        kind = Kind.ADDED if all_old and number not in spots.old else Kind.SEEN_AGAIN
        yield Life(key=key, old=spots.old.get(number), new=spots.new[number], kind=kind)
    for number in left[len(arrived) :]:
        kind = Kind.REMOVED if all_new and number not in spots.new else Kind.NOT_SEEN
        yield Life(key=key, old=spots.old[number], new=spots.new.get(number), kind=kind)
    if all_new and not seen_new:
        for number in forgotten:
            yield Life(key=key, old=spots.old[number], new=None, kind=Kind.REMOVED)


def domain_changes(life: Life, hosts: Sequence[ObservedHost]) -> Iterator[DomainChange]:
    """Yield the changes of one domain: as a whole, of its name, of its fields."""
    old, new = life.old, life.new
    if life.kind is None and old is not None and new is not None and old.domain == new.domain:
        return  # as most of them, night after night
    was = None if old is None else old.ref
    now = None if new is None else new.ref
    if life.kind is not None:
        unread = _may_be_on(life, hosts)
        yield DomainChange(kind=life.kind, old=was, new=now, is_certain=life.is_certain, unread=unread)
    if old is None or new is None or not new.is_seen:
        return
    if old.domain.name != new.domain.name:
        yield DomainChange(kind=Kind.RENAMED, old=was, new=now)
    if fields := differences(of_domain(old.domain), of_domain(new.domain)):
        yield DomainChange(kind=Kind.CHANGED, old=was, new=now, fields=fields)


def interface_changes(life: Life) -> Iterator[InterfaceChange]:
    """Yield the changes of the interfaces of a domain that both sides have."""
    old, new = life.old, life.new
    if old is None or new is None or not new.is_seen or old.domain.interfaces == new.domain.interfaces:
        return
    before, after = interfaces_of(old.domain), interfaces_of(new.domain)
    for key in dict.fromkeys((*before, *after)):
        first, second = before.get(key), after.get(key)
        found = second or first
        assert found is not None  # noqa: S101  every key is of one of the two
        kind = Kind.ADDED if first is None else Kind.REMOVED if second is None else Kind.CHANGED
        fields = () if first is None or second is None else differences(of_interface(first), of_interface(second))
        if kind is not Kind.CHANGED or fields:
            yield InterfaceChange(
                kind=kind, old=old.ref, domain=new.ref, index=found.index, mac=found.mac, fields=fields
            )


def _may_be_on(life: Life, hosts: Sequence[ObservedHost]) -> tuple[str, ...]:
    """Name the hosts that a domain may be on, or have been on: its own if that was not read, else all such hosts."""
    if life.kind not in {Kind.NOT_SEEN, Kind.SEEN_AGAIN}:
        return ()
    newer = life.kind is Kind.NOT_SEEN
    own = life.old if newer else life.new
    sides = [host.new if newer else host.old for host in hosts]
    own_side = None if own is None else own.host.new if newer else own.host.old
    among = sides if own_side is None or own_side.is_complete else [own_side]
    return tuple(side.name for side in among if not side.is_complete and side.name is not None)
