"""Tables for people: the rows, and below them counts, gaps and the time of the scan."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import click
import msgspec
from tabulate import SEPARATING_LINE, tabulate

from virtscan.reporters import layout
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import CELL, LINE, gap_lines, plain, printable, scan_line
from virtscan.reporters.width import StandIns
from virtscan.views.document import Document, Section, Value

_COLOURS: Mapping[str, Mapping[str, str]] = {
    "verdict": {"at-risk": "red", "unknown": "yellow", "mitigated": "cyan", "not-affected": "green"},
    "status": {"failed": "red", "partial": "yellow"},
}


def render(document: Document, options: RenderOptions = PLAIN) -> bytes:
    """Write the rows, the notes and every gap.

    Without a terminal a row is one line, however long, for grep and less. On one that is too narrow for that, columns
    go below others and the wordy ones are wrapped. Long values lose their middle; other formats have them whole.
    """
    stand_ins = StandIns()
    strips = _strips(document.main, stand_ins)
    lanes = layout.side_by_side(strips)
    if options.width is not None and layout.width(lanes) > options.width:
        lanes = layout.fitted(strips, options.width)
    if options.colour:
        lanes = [tuple(map(_painted, lane)) for lane in lanes]
    table = stand_ins.take_back(_tabulated(lanes, has_total=document.main.total is not None))
    lines = [line.rstrip() for line in table.split("\n")]
    return "".join(f"{line}\n" for line in (*lines, "", *_footer(document))).encode()


def _strips(section: Section, stand_ins: StandIns) -> list[layout.Strip]:
    """Give every column for people with its cells as shown."""
    return [
        layout.strip(column, (stand_ins.put(_cell(row[place])) for row in section.all_rows))
        for place, column in enumerate(section.columns)
        if column.is_for_people
    ]


def _cell(value: Value) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else plain(value, none="-", yes="yes", no="no")
    return printable(text, CELL)


def _painted(strip: layout.Strip) -> layout.Strip:
    colours = _COLOURS.get(strip.column.key)
    if colours is None:
        return strip
    cells = tuple(click.style(cell, fg=colours[cell]) if cell in colours else cell for cell in strip.cells)
    return msgspec.structs.replace(strip, cells=cells)


def _tabulated(lanes: Sequence[layout.Lane], *, has_total: bool) -> str:
    columns = [["\n".join(parts) for parts in zip(*(strip.cells for strip in lane), strict=True)] for lane in lanes]
    heading, *blocks = [_block(cells) for cells in zip(*columns, strict=True)]
    total = [SEPARATING_LINE, *blocks.pop()] if has_total else []
    if any(len(block) > 1 for block in blocks):
        blocks = [[*block, ("",) * len(lanes)] for block in blocks[:-1]] + blocks[-1:]
    rows = [line for block in blocks for line in block]
    # The heading is a row, because tabulate makes columns with a heading wider than it; so the lines it draws around
    # a table without one have to go. Cells of several lines are rows, because it is slow with such cells.
    text = tabulate(
        [*heading, SEPARATING_LINE, *rows, *total],
        tablefmt="simple",
        disable_numparse=True,
        colalign=[lane[0].column.align.value for lane in lanes],
    )
    return "\n".join(text.split("\n")[1:-1])


def _block(cells: Sequence[str]) -> list[tuple[str, ...]]:
    """Give a row as the lines that it takes."""
    return list(zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""))


def _footer(document: Document) -> list[str]:
    gaps, warnings = gap_lines(document.gaps), gap_lines(document.warnings)
    return [
        *(printable(note, LINE) for note in document.notes),
        f"not read: {len(gaps) or 'nothing'}",
        *(f"  {line}" for line in gaps),
        *(f"warning: {line}" for line in warnings),
        scan_line(document.version, document.taken_at),
    ]
