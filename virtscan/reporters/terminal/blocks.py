"""One block per row, where a terminal is too narrow for columns."""

from collections.abc import Iterator, Sequence

from virtscan.reporters.terminal.layout import GUTTER
from virtscan.reporters.terminal.strips import Strip
from virtscan.reporters.terminal.width import shorten, width, wrap

_NARROWEST = 8


def blocks(strips: Sequence[Strip], room: int) -> Iterator[list[str]]:
    """Yield the lines of each row, each a heading and a value; missing values are left out.

    Args:
        strips: The columns.
        room: The columns of a line.
    """
    headings = [strip.column.heading for strip in strips]
    left = max(map(width, headings)) + GUTTER
    limit = max(room - left, _NARROWEST)
    for cells in zip(*(strip.cells[1:] for strip in strips), strict=True):
        lines: list[str] = []
        for heading, cell, strip in zip(headings, cells, strips, strict=True):
            if cell not in {"", "-"}:
                parts = wrap(cell, limit) if strip.column.wraps else [shorten(cell, limit)]
                lines += [f"{heading if not number else '':{left}}{part}" for number, part in enumerate(parts)]
        yield lines
