"""Columns of a table side by side, or one below another where the terminal is too narrow."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from virtscan.reporters.terminal.strips import Strip

GUTTER = 2
_NARROW = 20
_DEEPEST = 4
_NARROWEST = 17  # a MAC

Lane = tuple[Strip, ...]
"""Strips one below another."""


def side_by_side(strips: Iterable[Strip]) -> list[Lane]:
    """Put every strip into its own lane."""
    return [(strip,) for strip in strips]


def width(lanes: Sequence[Lane]) -> int:
    """Return the width of the table."""
    return sum(map(_width, lanes)) + GUTTER * (len(lanes) - 1)


def fitted(strips: Sequence[Strip], room: int, *, has_headings: bool = True) -> list[Lane] | None:
    """Arrange columns in a width; None where not even shortened ones fit.

    The first that fits counts: all side by side; without the domain suffix that hosts share; names shortened and wordy
    ones wrapped a little; columns below those that they may stand under; below their neighbours, which only headings
    make clear.
    """
    if width(lanes := side_by_side(strips)) <= room:
        return lanes
    strips = [strip.without_suffix() for strip in strips]
    if width(lanes := side_by_side(strips)) <= room:
        return lanes
    squeezed = _squeezed(strips, side_by_side, room, _NARROW) or _squeezed(strips, _stacked, room, _NARROWEST)
    if squeezed is not None or not has_headings:
        return squeezed
    return _squeezed(strips, lambda some: _piled(_stacked(some), room), room, _NARROWEST)


def _squeezed(
    strips: Sequence[Strip], arrange: Callable[[Iterable[Strip]], list[Lane]], room: int, narrowest: int
) -> list[Lane] | None:
    """Shorten names, and wrap wordy columns to the remaining width, but no less than one; None if too wide."""
    wordy = [strip for strip in strips if strip.column.wraps]
    left = room - sum(min(strip.width, narrowest) + GUTTER for strip in wordy)
    others = _shortened(arrange(strip for strip in strips if not strip.column.wraps), left, narrowest)
    if width(others) > left:
        return None
    if not wordy:
        return others
    limit = (room - width(others) - GUTTER * len(wordy)) // len(wordy)
    return _in_order(strips, [*others, *((strip.wrapped(limit),) for strip in wordy)])


def _in_order(strips: Iterable[Strip], lanes: Iterable[Lane]) -> list[Lane]:
    places = {strip.column.key: place for place, strip in enumerate(strips)}
    return sorted(lanes, key=lambda lane: places[lane[0].column.key])


def _width(lane: Lane) -> int:
    return max(strip.width for strip in lane)


def _stacked(strips: Iterable[Strip]) -> list[Lane]:
    """Put columns below those that they may stand under."""
    lanes: dict[str, list[Strip]] = {}
    for strip in strips:
        lanes.setdefault(strip.column.under or strip.column.key, []).append(strip)
    return [(lane[0], *map(_below, lane[1:])) for lane in lanes.values()]


def _piled(lanes: list[Lane], room: int) -> list[Lane]:
    """Put lanes of one alignment below their neighbours, first where that saves most, until they fit or are deep."""
    while width(lanes) > room:
        pairs = [
            (min(_width(one), _width(other)), place)
            for place, (one, other) in enumerate(pairwise(lanes))
            if one[0].column.align is other[0].column.align and len(one) + len(other) <= _DEEPEST
        ]
        if not pairs:
            break
        _, place = max(pairs)
        first, *others = lanes[place + 1]
        below = (_below(first), *others)
        lanes = [*lanes[:place], lanes[place] + below, *lanes[place + 2 :]]
    return lanes


def _below(strip: Strip) -> Strip:
    """Keep apart the headings of a lane, which may take several lines each."""
    heading, *cells = strip.cells
    return msgspec.structs.replace(strip, cells=(f"/ {heading}" if heading else heading, *cells))


def _shortened(lanes: list[Lane], room: int, narrowest: int) -> list[Lane]:
    """Cut the longest names first, all to the same width, as far as needed."""
    widths = [_width(lane) if any(strip.is_name for strip in lane) else 0 for lane in lanes]
    over = width(lanes) - room
    limit = max(widths, default=0)
    while over > 0 and limit > narrowest:
        over -= sum(one >= limit for one in widths)
        limit -= 1
    return [tuple(strip.shortened(limit) if strip.is_name else strip for strip in lane) for lane in lanes]
