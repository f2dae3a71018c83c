"""Hosts that are the same in two observations, by their keys."""

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from virtscan.model.facts.hypervisors import Hypervisor
from virtscan.model.identity.keys import key_rank


class HostPair(msgspec.Struct, frozen=True, kw_only=True):
    """A host in an older and a newer inventory; None where that inventory lacks it."""

    old: Hypervisor | None
    new: Hypervisor | None

    @property
    def label(self) -> tuple[str, str]:
        """Names of the host, independent of the order of the two inventories."""
        first, second = sorted((self.old.name if self.old else "", self.new.name if self.new else ""))
        return first or second, second


def match_hosts(old: Sequence[Hypervisor], new: Sequence[Hypervisor]) -> tuple[HostPair, ...]:
    """Pair the hosts that share a key; each host is in one pair."""
    partners = match_keys([host.keys for host in old], [host.keys for host in new])
    pairs = [
        HostPair(old=host, new=new[partners[index]] if index in partners else None) for index, host in enumerate(old)
    ]
    unmatched = set(range(len(new))) - set(partners.values())
    return (*pairs, *(HostPair(old=None, new=new[index]) for index in sorted(unmatched)))


def match_keys(old: Sequence[Collection[str]], new: Sequence[Collection[str]]) -> dict[int, int]:
    """Pair the hosts that share a key, each with one other: the index in `new` by the index in `old`.

    Clones may share a system's uuid, so those that share the most keys come first, then those that share the most
    stable ones. Neither the order of the hosts or of their keys nor an exchange of the arguments changes the pairs.

    Args:
        old: Every key of each host.
        new: The same, of another observation.
    """
    having: defaultdict[str, list[int]] = defaultdict(list)
    for first, keys in enumerate(old):
        for key in keys:
            having[key].append(first)
    shared: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for second, keys in enumerate(new):
        for key in keys:
            for first in having.get(key, ()):
                shared[first, second].append(key)

    def preference(indexes: tuple[int, int]) -> tuple[object, ...]:
        first, second = indexes
        ranks = sorted(key_rank(key) for key in shared[indexes])
        return -len(ranks), ranks, sorted(old[first]), sorted(new[second]), indexes

    partners: dict[int, int] = {}
    taken: set[int] = set()
    for first, second in sorted(shared, key=preference):
        if first not in partners and second not in taken:
            partners[first] = second
            taken.add(second)
    return partners
