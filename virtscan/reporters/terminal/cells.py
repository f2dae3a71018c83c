"""Rows to columns of text."""

from collections.abc import Sequence

import msgspec

from virtscan.reporters.terminal.text_column import TextColumn, text_column
from virtscan.reporters.text import cell, longest, plain, printable
from virtscan.views.document import Section
from virtscan.views.rows.grouping import RowGroup


def text_columns(section: Section) -> list[TextColumn]:
    """Return every column for people with its cells as shown."""
    rows = section.all_rows
    return [
        text_column(column, column.heading, (cell(row[index], column) for row in rows))
        for index, column in enumerate(section.columns)
        if column.is_for_people
    ]


def columns_without_headings(section: Section, groups: Sequence[RowGroup]) -> list[TextColumn]:
    """Return the columns of some groups that have a value, without headings; a missing value is blank."""
    rows = tuple(row for group in groups for row in group.rows)
    chosen = section.of_group(msgspec.structs.replace(groups[0], rows=rows))
    columns = (
        text_column(column, "", (printable(plain(row[index]), longest(column)) for row in chosen.rows))
        for index, column in enumerate(chosen.columns)
    )
    return [column for column in columns if any(column.cells)]
