"""Columns drawn as lines."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import click
import msgspec
from tabulate import SEPARATING_LINE, tabulate

from virtscan.reporters.terminal.layout import Lane
from virtscan.reporters.terminal.strips import Strip

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


def painted(lanes: Sequence[Lane]) -> list[Lane]:
    """Colour the cells of closed sets whose values are good or bad."""
    return [tuple(map(_painted, lane)) for lane in lanes]


def _rows_of(lanes: Sequence[Lane]) -> list[list[tuple[str, ...]]]:
    """Give each row, the heading first, as the lines that it takes: a cell for each lane."""
    columns = [["\n".join(parts) for parts in zip(*(strip.cells for strip in lane), strict=True)] for lane in lanes]
    return [_block(cells) for cells in zip(*columns, strict=True)]


def table(lanes: Sequence[Lane], *, has_total: bool) -> list[str]:
    """Draw a heading, a line below it and the rows; those of several lines are apart from each other."""
    heading, *blocks = _rows_of(lanes)
    total = [SEPARATING_LINE, *blocks.pop()] if has_total else []
    if any(len(block) > 1 for block in blocks):
        blocks = [[*block, ("",) * len(lanes)] for block in blocks[:-1]] + blocks[-1:]
    rows = [line for block in blocks for line in block]
    # The heading is a row, because tabulate makes columns with a heading wider than it; so the lines it draws around
    # a table without one have to go. Cells of several lines are rows, because it is slow with such cells.
    return _drawn([*heading, SEPARATING_LINE, *rows, *total], lanes, "simple")[1:-1]


def bare(lanes: Sequence[Lane]) -> list[list[str]]:
    """Draw rows alone: the lines of each."""
    _, *blocks = _rows_of(lanes)
    lines = iter(_drawn([line for block in blocks for line in block], lanes, "plain"))
    return [[next(lines) for _ in block] for block in blocks]


def _drawn(rows: Sequence[object], lanes: Sequence[Lane], style: str) -> list[str]:
    """Pad the cells; tabulate measures them with wcwidth, colours left out."""
    text = tabulate(
        rows,  # type: ignore[arg-type]  # its annotation lacks SEPARATING_LINE
        tablefmt=style,
        disable_numparse=True,
        colalign=[lane[0].column.align.value for lane in lanes],
    )
    return [line.rstrip() for line in text.split("\n")]


def _painted(strip: Strip) -> Strip:
    colours = _COLOURS.get(strip.column.key)
    if colours is None:
        return strip
    cells = tuple(click.style(cell, fg=colours[cell]) if cell in colours else cell for cell in strip.cells)
    return msgspec.structs.replace(strip, cells=cells)


def _block(cells: Sequence[str]) -> list[tuple[str, ...]]:
    """Give a row as the lines that it takes."""
    return list(zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""))
