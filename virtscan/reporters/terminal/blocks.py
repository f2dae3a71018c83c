"""One block per row, where a terminal is too narrow for columns."""

from collections.abc import Iterator, Sequence

from virtscan.reporters.terminal.layout import GUTTER
from virtscan.reporters.terminal.text_column import TextColumn
from virtscan.reporters.terminal.width import shorten, width, wrap

_NARROWEST = 8


def blocks(text_columns: Sequence[TextColumn], room: int) -> Iterator[list[str]]:
    """Yield the lines of each row, each a heading and a value; missing values are left out.

    Args:
        text_columns: The columns.
        room: The columns of a line.
    """
    headings = [text_column.column.heading for text_column in text_columns]
    margin = max(map(width, headings)) + GUTTER
    limit = max(room - margin, _NARROWEST)
    for cells in zip(*(text_column.cells[1:] for text_column in text_columns), strict=True):
        lines: list[str] = []
        for heading, cell, text_column in zip(headings, cells, text_columns, strict=True):
            if cell not in {"", "-"}:
                parts = wrap(cell, limit) if text_column.column.wraps else [shorten(cell, limit)]
                lines += [f"{heading if not number else '':{margin}}{part}" for number, part in enumerate(parts)]
        yield lines
