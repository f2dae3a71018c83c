"""Columns drawn as lines."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

import click
import msgspec

from virtscan.reporters.terminal.layout import GUTTER, ColumnStack
from virtscan.reporters.terminal.text_column import TextColumn
from virtscan.reporters.terminal.width import width
from virtscan.views.document import Column

VERDICTS: Mapping[str, str] = {
    "at-risk": "red",
    "unknown": "yellow",
    "mitigated": "cyan",
    "not-affected": "green",
}
_COLOURS: Mapping[str, Mapping[str, str]] = {
    "verdict": VERDICTS,
    "status": {"failed": "red", "partial": "yellow"},
}


def painted(stacks: Sequence[ColumnStack]) -> list[ColumnStack]:
    """Colour the cells of closed sets whose values are good or bad."""
    return [tuple(map(_painted, stack)) for stack in stacks]


def table(stacks: Sequence[ColumnStack], *, has_total: bool) -> list[str]:
    """Draw a heading, a line below it and the rows; those of several lines are apart from each other."""
    heading, *blocks = _rows_of(stacks)
    total = blocks.pop() if has_total else []
    if any(len(block) > 1 for block in blocks):
        blocks = [[*block, ("",) * len(stacks)] for block in blocks[:-1]] + blocks[-1:]
    lines = _drawn([*heading, *(line for block in blocks for line in block), *total], stacks)
    ruler = ["-" * width(cell) for cell in lines[0]]
    below = len(lines) - len(total)
    parts = lines[: len(heading)], [ruler], lines[len(heading) : below], [ruler] * has_total, lines[below:]
    return [_joined(line) for part in parts for line in part]


def bare(stacks: Sequence[ColumnStack]) -> list[list[str]]:
    """Draw rows alone: the lines of each."""
    _, *blocks = _rows_of(stacks)
    lines = map(_joined, _drawn([line for block in blocks for line in block], stacks))
    return [[next(lines) for _ in block] for block in blocks]


def _rows_of(stacks: Sequence[ColumnStack]) -> list[list[tuple[str, ...]]]:
    """Return each row, the heading first, as the lines that it takes: a cell for each stack."""
    columns = [
        ["\n".join(parts) for parts in zip(*(text_column.cells for text_column in stack), strict=True)]
        for stack in stacks
    ]
    rows = ([cell.split("\n") for cell in cells] for cells in zip(*columns, strict=True))
    return [list(zip_longest(*lines, fillvalue="")) for lines in rows]


def _drawn(rows: Sequence[Sequence[str]], stacks: Sequence[ColumnStack]) -> list[Sequence[str]]:
    """Pad the cells of each column to the same width."""
    columns = (_padded(cells, stack[0].column) for cells, stack in zip(zip(*rows, strict=True), stacks, strict=True))
    return list(zip(*columns, strict=True))


def _joined(cells: Iterable[str]) -> str:
    return (" " * GUTTER).join(cells).rstrip()


def _padded(cells: Sequence[str], column: Column) -> list[str]:
    """Pad the cells of a column to the widest; tabulate measures them with wcwidth, colours left out.

    It looks at each cell several times, so it gets those that repeat, as most do, only once.
    """
    from tabulate import DataRow, TableFormat, tabulate  # slow to load; many reports have no rows

    marked = DataRow(begin="", sep="", end="|")  # tabulate strips lines
    style = TableFormat(None, None, None, None, headerrow=None, datarow=marked, padding=0, with_header_hide=None)
    side = "right" if column.is_number else "left"
    distinct = list(dict.fromkeys(cells))
    lines = tabulate([[cell] for cell in distinct], tablefmt=style, disable_numparse=True, colalign=(side,))
    padded = {cell: line[:-1] for cell, line in zip(distinct, lines.split("\n"), strict=True)}
    return [padded[cell] for cell in cells]


def _painted(text_column: TextColumn) -> TextColumn:
    colours = _COLOURS.get(text_column.column.key)
    if colours is None:
        return text_column
    cells = tuple(click.style(cell, fg=colours[cell]) if cell in colours else cell for cell in text_column.cells)
    return msgspec.structs.replace(text_column, cells=cells)
