"""Hypervisors of two inventories that are the same host."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from virtscan.model.facts.hypervisors import Hypervisor


class _Candidate(NamedTuple):
    """A possible pair by the places of its hosts, the better one less: more common keys, and better ones."""

    unshared: int
    rank: int
    first: str
    second: str
    old: int
    new: int


class HostPair(msgspec.Struct, frozen=True, kw_only=True):
    """A host in an older and a newer inventory; None where that inventory lacks it."""

    old: Hypervisor | None
    new: Hypervisor | None

    @property
    def label(self) -> tuple[str, str]:
        """Names of the host, the same for either order of the two inventories."""
        first, second = sorted((self.old.name if self.old else "", self.new.name if self.new else ""))
        return first or second, second


def match_hosts(old: Sequence[Hypervisor], new: Sequence[Hypervisor]) -> tuple[HostPair, ...]:
    """Pair the hosts that share a key; each is in one pair, with the host that it shares the most and best keys with.

    Every key ever seen for a host identifies it. The pairs are the same for either order of the arguments.
    """
    having: defaultdict[str, list[int]] = defaultdict(list)
    for number, host in enumerate(old):
        for key in host.keys:
            having[key].append(number)
    shared: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for place, host in enumerate(new):
        for key in host.keys:
            for number in having.get(key, ()):
                shared[number, place].append(key)
    candidates = [_candidate(old, new, *places, keys) for places, keys in shared.items()]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for one in sorted(candidates):
        if one.old not in partner and one.new not in taken:
            partner[one.old] = one.new
            taken.add(one.new)
    pairs = [
        HostPair(old=host, new=new[partner[number]] if number in partner else None) for number, host in enumerate(old)
    ]
    pairs += [HostPair(old=None, new=host) for place, host in enumerate(new) if place not in taken]
    return tuple(pairs)


def _candidate(
    old: Sequence[Hypervisor], new: Sequence[Hypervisor], number: int, place: int, keys: Sequence[str]
) -> _Candidate:
    first, second = old[number], new[place]
    rank = min(first.keys.index(key) + second.keys.index(key) for key in keys)
    names = sorted((first.name, second.name))
    return _Candidate(-len(keys), rank, names[0], names[1], number, place)
