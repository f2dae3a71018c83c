"""Reachability of servers from an interface, by their places, devices and numbers together."""

from collections.abc import Collection

from virtscan.correlator.positions.position import Position
from virtscan.model import Reach
from virtscan.model.reasons import NeedsPlace, WhyUnlocated


def of_server(positions: Collection[Position]) -> Reach:
    """Join the places of one server: NO only if no for each, YES if it is reached through one that is real.

    Only one of several exclusive places is real, so they have to agree. The same holds for a place that was seen too
    long ago.
    """
    if len(positions) == 1:
        return next(iter(positions)).reach
    alternatives = {position.reach for position in positions if position.exclusive}
    real = {position.reach for position in positions if not position.exclusive}
    if any(_is_outdated(position) for position in positions):
        alternatives, real = alternatives | real, set()
    if alternatives | real == {Reach.NO}:
        return Reach.NO
    return Reach.YES if Reach.YES in real or alternatives == {Reach.YES} else Reach.UNKNOWN


def of_pool(reaches: Collection[Reach]) -> Reach:
    """Join the devices of a pool: the interface gets one of them, so they have to agree."""
    return next(iter(reaches)) if len(set(reaches)) == 1 else Reach.UNKNOWN


def of_any(reaches: Collection[Reach]) -> Reach:
    """Join several servers: one reachable server is enough."""
    if Reach.YES in reaches:
        return Reach.YES
    return Reach.NO if set(reaches) == {Reach.NO} else Reach.UNKNOWN


def _is_outdated(position: Position) -> bool:
    return any(isinstance(fact, NeedsPlace) and fact.why is WhyUnlocated.OUTDATED for fact in position.missing)
