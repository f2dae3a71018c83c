"""Columns of a table side by side, or one below another where the terminal is too narrow."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from virtscan.reporters.terminal.text_column import TextColumn

GUTTER = 2
_NARROW = 20
_DEEPEST = 4
_NARROWEST = 17  # a MAC

ColumnStack = tuple[TextColumn, ...]
"""Text columns one below another."""


def side_by_side(text_columns: Iterable[TextColumn]) -> list[ColumnStack]:
    """Put every column into its own stack."""
    return [(text_column,) for text_column in text_columns]


def table_width(stacks: Sequence[ColumnStack]) -> int:
    """Return the width of the table."""
    return sum(map(_width, stacks)) + GUTTER * (len(stacks) - 1)


def fitted(text_columns: Sequence[TextColumn], room: int, *, has_headings: bool = True) -> list[ColumnStack] | None:
    """Arrange columns within a width; return None if not even shortened ones fit.

    The first arrangement that fits is used:

    - all columns side by side;
    - without the domain suffix that hosts share;
    - with names shortened, and wordy columns wrapped a little;
    - with columns below those that they belong to (`under`);
    - with columns below their neighbours, which only headings make clear.
    """
    if table_width(stacks := side_by_side(text_columns)) <= room:
        return stacks
    text_columns = [text_column.without_suffix() for text_column in text_columns]
    if table_width(stacks := side_by_side(text_columns)) <= room:
        return stacks
    squeezed = _squeezed(text_columns, side_by_side, room, _NARROW) or _squeezed(
        text_columns, _stacked, room, _NARROWEST
    )
    if squeezed is not None or not has_headings:
        return squeezed
    return _squeezed(text_columns, lambda columns: _piled(_stacked(columns), room), room, _NARROWEST)


def _squeezed(
    text_columns: Sequence[TextColumn],
    arrange: Callable[[Iterable[TextColumn]], list[ColumnStack]],
    room: int,
    narrowest: int,
) -> list[ColumnStack] | None:
    """Shorten names, and wrap wordy columns to the remaining width, at least `narrowest`; None if too wide."""
    wordy = [text_column for text_column in text_columns if text_column.column.wraps]
    remaining = room - sum(min(text_column.width, narrowest) + GUTTER for text_column in wordy)
    arranged = _shortened(
        arrange(text_column for text_column in text_columns if not text_column.column.wraps), remaining, narrowest
    )
    if table_width(arranged) > remaining:
        return None
    if not wordy:
        return arranged
    limit = (room - table_width(arranged) - GUTTER * len(wordy)) // len(wordy)
    return _in_order(text_columns, [*arranged, *((text_column.wrapped(limit),) for text_column in wordy)])


def _in_order(text_columns: Iterable[TextColumn], stacks: Iterable[ColumnStack]) -> list[ColumnStack]:
    order = {text_column.column.key: index for index, text_column in enumerate(text_columns)}
    return sorted(stacks, key=lambda stack: order[stack[0].column.key])


def _width(stack: ColumnStack) -> int:
    return max(text_column.width for text_column in stack)


def _stacked(text_columns: Iterable[TextColumn]) -> list[ColumnStack]:
    """Put columns below those that they belong to (`under`)."""
    stacks: dict[str, list[TextColumn]] = {}
    for text_column in text_columns:
        stacks.setdefault(text_column.column.under or text_column.column.key, []).append(text_column)
    return [(stack[0], *map(_below, stack[1:])) for stack in stacks.values()]


def _piled(stacks: list[ColumnStack], room: int) -> list[ColumnStack]:
    """Put stacks below neighbours of the same alignment, where that saves most, until they fit or are too deep."""
    while table_width(stacks) > room:
        pairs = [
            (min(_width(upper), _width(lower)), index)
            for index, (upper, lower) in enumerate(pairwise(stacks))
            if upper[0].column.is_number is lower[0].column.is_number and len(upper) + len(lower) <= _DEEPEST
        ]
        if not pairs:
            break
        _, index = max(pairs)
        top, *rest = stacks[index + 1]
        below = (_below(top), *rest)
        stacks = [*stacks[:index], stacks[index] + below, *stacks[index + 2 :]]
    return stacks


def _below(text_column: TextColumn) -> TextColumn:
    """Keep apart the headings of a stack, which may take several lines each."""
    heading, *cells = text_column.cells
    return msgspec.structs.replace(text_column, cells=(f"/ {heading}" if heading else heading, *cells))


def _shortened(stacks: list[ColumnStack], room: int, narrowest: int) -> list[ColumnStack]:
    """Cut the longest names first, all to the same width, as far as needed."""
    widths = [_width(stack) if any(text_column.is_name for text_column in stack) else 0 for stack in stacks]
    over = table_width(stacks) - room
    limit = max(widths, default=0)
    while over > 0 and limit > narrowest:
        over -= sum(stack_width >= limit for stack_width in widths)
        limit -= 1
    return [
        tuple(text_column.shortened(limit) if text_column.is_name else text_column for text_column in stack)
        for stack in stacks
    ]
