"""Columns of a table side by side, or one below another where the terminal is too narrow."""

import textwrap
from collections.abc import Iterable, Sequence

import msgspec

from virtscan.views.document import Column

_GUTTER = 2
_NARROWEST = 15


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """A column with its cells, the heading first; a line break within a cell is one on the screen."""

    column: Column
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        """The longest line of any cell."""
        return max(len(line) for cell in self.cells for line in cell.split("\n"))

    def wrapped(self, width: int) -> "Strip":
        """Wrap lines to a width; words of the heading stay whole."""
        heading, *cells = self.cells
        return Strip(
            column=self.column,
            cells=(
                _wrap(heading, width, break_long_words=False),
                *(cell if len(cell) <= width else _wrap(cell, width, break_long_words=True) for cell in cells),
            ),
        )


Lane = tuple[Strip, ...]
"""Strips one below another."""


def strip(column: Column, cells: Iterable[str]) -> Strip:
    """Make a strip as wide as its cells: the heading takes more lines rather than more columns."""
    cells = tuple(cells)
    width = max(map(len, cells), default=0)
    return Strip(column=column, cells=(_wrap(column.heading, max(width, 1), break_long_words=False), *cells))


def side_by_side(strips: Iterable[Strip]) -> list[Lane]:
    """Put every strip into its own lane."""
    return [(strip,) for strip in strips]


def width(lanes: Sequence[Lane]) -> int:
    """Return the width of the table."""
    return sum(max(strip.width for strip in lane) for lane in lanes) + _GUTTER * (len(lanes) - 1)


def fitted(strips: Sequence[Strip], room: int) -> list[Lane]:
    """Put columns below those that they may stand under, and wrap wordy ones to the width that is left.

    What still does not fit runs over: names and addresses stay whole.
    """
    wordy = [strip for strip in strips if strip.column.wraps]
    if wordy:
        others = _stacked([strip for strip in strips if not strip.column.wraps])
        left = room - width(others) - _GUTTER * len(wordy)
        limit = max(left // len(wordy), _NARROWEST)
        strips = [strip.wrapped(limit) if strip.column.wraps else strip for strip in strips]
    return _stacked(strips)


def _stacked(strips: Iterable[Strip]) -> list[Lane]:
    lanes: dict[str, list[Strip]] = {}
    for strip in strips:
        lanes.setdefault(strip.column.under or strip.column.key, []).append(strip)
    return [(lane[0], *map(_below, lane[1:])) for lane in lanes.values()]


def _below(strip: Strip) -> Strip:
    """Keep apart the headings of a lane, which may take several lines each."""
    heading, *cells = strip.cells
    return Strip(column=strip.column, cells=(f"/ {heading}", *cells))


def _wrap(text: str, width: int, *, break_long_words: bool) -> str:
    lines = textwrap.wrap(text, width, break_long_words=break_long_words, break_on_hyphens=False)
    return "\n".join(lines) or text
