"""Hosts known again by their keys."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.model.identity.matching import match_keys

A, B, C = "uri:a", "uri:b", "uri:c"
CLONE, NAME = "uuid:1", "name:hv1"

KEYS = st.frozensets(st.sampled_from((A, B, C, CLONE, "uuid:2", NAME, "name:hv2")), min_size=1).map(sorted).map(tuple)
HOSTS = st.lists(KEYS, max_size=5, unique=True)


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([(A,), (B,)], [(B,), (C,)], {1: 0}),
        ([(CLONE, A)], [(CLONE, B)], {0: 0}),
        ([(CLONE, A), (CLONE, B)], [(CLONE, B), (CLONE, A)], {0: 1, 1: 0}),
        ([(CLONE, A), (CLONE, B)], [(CLONE, B)], {1: 0}),
        ([(CLONE, A), (NAME, B)], [(CLONE, NAME)], {0: 0}),
        ([(NAME, A), (B,)], [(NAME, B)], {0: 0}),
        ([(CLONE, "name:a", A), (CLONE, NAME, B)], [(CLONE, NAME, A)], {1: 0}),
        ([(A,), (A, B)], [(A, B), (A, C)], {0: 1, 1: 0}),
        ([("other:x",), (A,)], [(A, "other:x")], {1: 0}),
    ],
    ids=[
        "any key",
        "another address",
        "clones, by address",
        "a clone that is gone",
        "a uuid before a name",
        "a name before an address",
        "the most stable of several",
        "most keys first",
        "any kind of key",
    ],
)
def test_a_host_is_known_by_most_of_its_keys_then_by_the_most_stable(
    old: list[tuple[str, ...]], new: list[tuple[str, ...]], pairs: dict[int, int]
) -> None:
    assert match_keys(old, new) == pairs


def paired(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Return the pairs by their keys, whatever the places."""
    return {(frozenset(old[first]), frozenset(new[second])) for first, second in match_keys(old, new).items()}


@given(HOSTS, HOSTS, st.data())
def test_the_order_of_hosts_changes_no_pair(
    old: list[tuple[str, ...]], new: list[tuple[str, ...]], data: st.DataObject
) -> None:
    others = [[data.draw(st.permutations(keys)) for keys in data.draw(st.permutations(hosts))] for hosts in (old, new)]

    assert paired(*others) == paired(old, new)


@given(HOSTS, HOSTS)
def test_the_reverse_comparison_has_the_reverse_pairs(old: list[tuple[str, ...]], new: list[tuple[str, ...]]) -> None:
    assert paired(new, old) == {(after, before) for before, after in paired(old, new)}


@given(HOSTS, HOSTS)
def test_each_host_is_in_one_pair_at_most_and_hosts_without_a_common_key_are_left(
    old: list[tuple[str, ...]], new: list[tuple[str, ...]]
) -> None:
    pairs = match_keys(old, new)
    left_old = [keys for place, keys in enumerate(old) if place not in pairs]
    left_new = [keys for place, keys in enumerate(new) if place not in pairs.values()]

    assert len(set(pairs.values())) == len(pairs)
    assert all(set(old[first]) & set(new[second]) for first, second in pairs.items())
    assert not any(set(old_keys) & set(new_keys) for old_keys in left_old for new_keys in left_new)


@given(HOSTS)
def test_every_host_matches_itself(hosts: list[tuple[str, ...]]) -> None:
    assert match_keys(hosts, hosts) == {place: place for place in range(len(hosts))}
