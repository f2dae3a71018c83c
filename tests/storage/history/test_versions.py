import math

from hypothesis import given
from hypothesis import strategies as st

from virtscan.storage.history.ingest.versions import OpenVersion, VersionStep, step


def versions(digests: str) -> list[OpenVersion]:
    return [OpenVersion(number, digest.encode(), float(number)) for number, digest in enumerate(digests, 1)]


def observe(before: str, after: str, *, complete: bool = True, superseded: tuple[int, ...] = ()) -> VersionStep:
    observed = [digest.encode() for digest in after]
    return step(versions(before), observed, complete=complete, is_superseded=superseded.__contains__)


def test_equal_observation_changes_nothing() -> None:
    assert observe("abc", "abc") == VersionStep()
    assert observe("abc", "abc", complete=False) == VersionStep()


def test_complete_observation_ends_versions_that_it_lacks() -> None:
    assert observe("abc", "ac") == VersionStep(ended=(2,))
    assert observe("abc", "") == VersionStep(ended=(1, 2, 3))


def test_incomplete_observation_ends_no_versions_and_lists_those_it_has() -> None:
    assert observe("abc", "ac", complete=False) == VersionStep(listing=(1, 3))
    assert observe("abc", "", complete=False) == VersionStep(listing=())


def test_an_incomplete_observation_ends_what_it_saw_in_a_new_state() -> None:
    assert observe("abc", "axc", complete=False, superseded=(2,)) == VersionStep(added=((1, 2.0),), ended=(2,))


def test_new_version_gets_a_place_between_its_neighbours() -> None:
    assert observe("ab", "axb") == VersionStep(added=((1, 1.5),))
    assert observe("ab", "xab") == VersionStep(added=((0, 0.5),))
    assert observe("ab", "abxy") == VersionStep(added=((2, 3.0), (3, 4.0)))


def test_changed_order_is_listed() -> None:
    assert observe("abc", "cxab") == VersionStep(added=((1, 4.0),), listing=(3, -1, 1, 2))


def test_version_without_a_place_between_its_neighbours_is_listed() -> None:
    close = [OpenVersion(1, b"a", 1.0), OpenVersion(2, b"b", math.nextafter(1.0, 2.0))]

    assert step(close, [b"a", b"x", b"b"], complete=True) == VersionStep(
        added=((1, close[1].rank + 1),), listing=(1, -1, 2)
    )


def test_equal_versions_are_counted_separately() -> None:
    assert observe("aab", "ab") == VersionStep(ended=(2,))
    assert observe("ab", "aab") == VersionStep(added=((1, 1.5),))


@given(st.lists(st.tuples(st.text("abcdef", max_size=8), st.booleans()), max_size=12))
def test_the_intervals_or_the_listing_always_give_what_was_observed(nights: list[tuple[str, bool]]) -> None:
    open_now: list[OpenVersion] = []
    number = 0
    for digests, complete in nights:
        observed = [digest.encode() for digest in digests]
        made = step(open_now, observed, complete=complete)
        new = [OpenVersion(number + place, observed[at], rank) for place, (at, rank) in enumerate(made.added)]
        ids = None if made.listing is None else [number - 1 - place if place < 0 else place for place in made.listing]
        number += len(new)
        left = [version for version in open_now if version.id not in made.ended]
        open_now = sorted((*left, *new), key=lambda version: (version.rank, version.id))
        by_id = {version.id: version.digest for version in open_now}
        assert [by_id[id_] for id_ in (by_id if ids is None else ids)] == observed
        assert complete <= (len(open_now) == len(observed))
        assert complete or not made.ended
