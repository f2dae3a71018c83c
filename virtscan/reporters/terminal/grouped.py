"""Rows below the title of their group."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import click

from virtscan.reporters.terminal.blocks import blocks
from virtscan.reporters.terminal.cells import columns_without_headings
from virtscan.reporters.terminal.drawing import VERDICTS, bare
from virtscan.reporters.terminal.layout import fitted, side_by_side, table_width
from virtscan.reporters.terminal.width import glued, unglued, width, wrap
from virtscan.reporters.text import LINE, printable
from virtscan.views.document import Section
from virtscan.views.rows.grouping import Advice, RowGroup, joined

_INDENT = "  "


def grouped(section: Section, groups: Sequence[RowGroup], room: int | None, *, colour: bool) -> Iterator[str]:
    """Yield the lines of some groups: title and advice, and below them the rows, aligned over all groups.

    Args:
        section: The rows.
        groups: Those to show.
        room: The columns of the terminal; None: any number.
        colour: Colour the titles by verdict.
    """
    rows = _rows(section, groups, None if room is None else room - len(_INDENT))
    for index, group in enumerate(groups):
        yield from _title(group, room, VERDICTS.get(group.verdict) if colour else None)
        yield from (f"{_INDENT}{line}".rstrip() for line in rows.get(index, ()))


def _title(group: RowGroup, room: int | None, colour: str | None) -> Iterator[str]:
    """Write the title, which alone has the colour, and the advice: beside it, or below where that does not fit.

    Lines of a script are not wrapped: a broken command would be copied broken.
    """
    title = printable(group.title, LINE)
    parts = list(map(_advice, group.parts))
    advice = f" {joined(parts)}" if parts else ""
    if not group.has_script and (room is None or width(f"{title}{advice}") <= room):
        yield unglued(f"{_painted(title, colour)}{advice}")
        return
    for line in _wrapped(title, room):
        yield _painted(unglued(line), colour)
    for part, words in zip(group.parts, parts, strict=True):
        yield from map(unglued, _wrapped(f"{_INDENT}{words[:1].upper()}{words[1:]}", room))
        yield from (f"{_INDENT * 2}{printable(line, LINE)}" for line in part.script)


def _wrapped(text: str, room: int | None) -> list[str]:
    return [text] if room is None else wrap(text, room, indent=_INDENT)


def _painted(text: str, colour: str | None) -> str:
    return text if colour is None else click.style(text, fg=colour)


def _advice(part: Advice) -> str:
    commands = tuple(glued(printable(command, LINE)) for command in part.commands)
    return Advice(action=printable(part.action, LINE), commands=commands, script=part.script).words


def _rows(section: Section, groups: Sequence[RowGroup], room: int | None) -> dict[int, list[str]]:
    """Return the lines of the rows of each group that lists them, by the group's index."""
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        if group.lists_rows:
            alike[group.columns].append(index)
    lines_by_group: dict[int, list[str]] = {}
    for indexes in alike.values():
        drawn = iter(_drawn(section, [groups[index] for index in indexes], room))
        lines_by_group |= {index: [line for _ in groups[index].rows for line in next(drawn)] for index in indexes}
    return lines_by_group


def _drawn(section: Section, groups: Sequence[RowGroup], room: int | None) -> Iterable[list[str]]:
    """Draw the rows of groups with the same columns: the lines of each.

    Where they are too wide, wordy columns, which few rows have, go below their rows.
    """
    text_columns = columns_without_headings(section, groups)
    stacks = side_by_side(text_columns)
    if room is None or table_width(stacks) <= room:
        return bare(stacks)
    wordy = [text_column for text_column in text_columns if text_column.column.wraps]
    fitting = fitted(
        [text_column for text_column in text_columns if not text_column.column.wraps], room, has_headings=False
    )
    if fitting is None:
        return ([*lines, ""] for lines in blocks(text_columns, room))
    below = zip(*(text_column.cells[1:] for text_column in wordy), strict=True) if wordy else repeat(())
    return ([*lines, *_below(cells, room)] for lines, cells in zip(bare(fitting), below, strict=False))


def _below(cells: Iterable[str], room: int) -> Iterator[str]:
    for cell in filter(None, cells):
        yield from (f"{_INDENT}{line}" for line in wrap(cell, room - len(_INDENT)))
