"""Intervals: which versions of a host's domains (or of other items) begin and end with an observation; pure."""

import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

import msgspec


class OpenVersion(msgspec.Struct, frozen=True, gc=False):
    """A version that has not ended; the observations that had it listed it by `rank`, then `id`."""

    id: int
    digest: bytes
    rank: float


class VersionStep(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of versions by an observation.

    `added` are the places of new versions in the observation with their ranks, `ended` the ids of those that end.
    `listing` is None if the open versions, sorted by rank, are the observation; else it has the ids in the order of the
    observation, where `-1 - n` stands for the n-th of `added`.
    """

    added: tuple[tuple[int, float], ...] = ()
    ended: tuple[int, ...] = ()
    listing: tuple[int, ...] | None = None


def step(
    before: Sequence[OpenVersion],
    observed: Sequence[bytes],
    *,
    complete: bool,
    is_superseded: Callable[[int], bool] = lambda _id: False,
) -> VersionStep:
    """Compare an observation with the versions that are open.

    Args:
        before: The open versions, by rank and id.
        observed: The digests that were observed, in their order.
        complete: True if the observation is complete, so that an unobserved item no longer exists.
        is_superseded: Returns True for an open version, by id, if a new one of the same item was observed. An
            incomplete observation ends no other.
    """
    if [version.digest for version in before] == list(observed):
        return VersionStep()
    waiting: defaultdict[bytes, deque[OpenVersion]] = defaultdict(deque)
    for version in before:
        waiting[version.digest].append(version)
    matched = [waiting[digest].popleft() if waiting.get(digest) else None for digest in observed]
    left = [version for versions in waiting.values() for version in versions]
    ended = {version.id for version in left if complete or is_superseded(version.id)}
    keeps_order = _increasing([version for version in matched if version is not None])
    ranks = _ranks(matched) if keeps_order else None
    hidden = len(left) > len(ended)
    if ranks is None:
        top = max(version.rank for version in before)
        ranks = [top + place for place in range(1, matched.count(None) + 1)]
        hidden = True
    numbers = itertools.count()
    ids = tuple(-1 - next(numbers) if version is None else version.id for version in matched)
    places = [place for place, version in enumerate(matched) if version is None]
    return VersionStep(
        added=tuple(zip(places, ranks, strict=True)),
        ended=tuple(sorted(ended)),
        listing=ids if hidden else None,
    )


def _increasing(versions: Sequence[OpenVersion]) -> bool:
    return all(
        (version.rank, version.id) < (following.rank, following.id)
        for version, following in itertools.pairwise(versions)
    )


def _ranks(matched: Sequence[OpenVersion | None]) -> list[float] | None:
    """Return a rank for each new version (None) between its neighbours; None if no number is left between them."""
    ranks: list[float] = []
    low, run = 0.0, 0
    for version in matched:
        if version is None:
            run += 1
            continue
        gap = (version.rank - low) / (run + 1)
        new = [low + gap * number for number in range(1, run + 1)]
        if not all(rank < following for rank, following in itertools.pairwise([low, *new, version.rank])) and run:
            return None
        ranks += new
        low, run = version.rank, 0
    return [*ranks, *(low + number for number in range(1, run + 1))]
