"""Columns with their cells as text, which can be made narrower."""

from collections.abc import Iterable

import msgspec

from virtscan.reporters.terminal.width import glued, shorten, unglued, width, wrap
from virtscan.reporters.text import common_suffix
from virtscan.views.document import Column
from virtscan.views.rows.columns import SHORTENED

_TOTAL = "total"
"""The first cell of a row of totals; all others are names."""


class TextColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column with its cells, the heading first; a line break within a cell is one on the screen."""

    column: Column
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        """The longest line of any cell."""
        return max(width(line) for cell in self.cells for line in cell.split("\n"))

    @property
    def is_name(self) -> bool:
        """Return True for text that may be shortened to its ends; a time may not."""
        return not self.column.is_number and not self.column.words and not self.column.key.endswith("_at")

    def wrapped(self, limit: int) -> "TextColumn":
        """Wrap lines to a width; words of the heading are not broken."""
        heading, *cells = self.cells
        return self._with(_heading(heading, limit), ("\n".join(wrap(cell, limit)) for cell in cells))

    def shortened(self, limit: int) -> "TextColumn":
        """Break lists into lines, and cut the middle out of longer lines; words of the heading are not broken."""
        heading, *cells = self.cells
        return self._with(_heading(heading, limit), (_shortened(cell, limit) for cell in cells))

    def without_suffix(self) -> "TextColumn":
        """Drop the domain suffix that all names of hosts share."""
        heading, *cells = self.cells
        named = [cell for cell in cells if cell != _TOTAL]
        suffix = common_suffix(named) if self.column.key in SHORTENED else ""
        return self._with(heading, (cell.removesuffix(suffix) for cell in cells)) if suffix else self

    def _with(self, heading: str, cells: Iterable[str]) -> "TextColumn":
        return TextColumn(column=self.column, cells=(heading, *cells))


def text_column(column: Column, heading: str, cells: Iterable[str]) -> TextColumn:
    """Return a column as wide as its cells: the heading takes more lines rather than more columns."""
    cells = tuple(cells)
    longest = max(map(width, cells), default=0)
    return TextColumn(column=column, cells=(_heading(heading, max(longest, 1)), *cells))


def _heading(text: str, limit: int) -> str:
    return "\n".join(wrap(text.replace("\n", " "), limit, whole_words=True))


def _shortened(cell: str, limit: int) -> str:
    if width(cell) <= limit:
        return cell
    parts = [glued(shorten(part, limit - 1)) for part in cell.split("; ")]
    return (
        "\n".join(unglued(line) for line in wrap("; ".join(parts), limit)) if len(parts) > 1 else shorten(cell, limit)
    )
