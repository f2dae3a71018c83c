"""Sections as tables that need no script, as far as a browser can show all rows at once."""

import msgspec

from virtscan.reporters.text import cell
from virtscan.views.document import Document, Section

MOST_ROWS = 500


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A section: headings with their sides, and the rows unless there are too many."""

    key: str
    title: str
    count: int
    headings: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]


def of_document(document: Document) -> list[Table]:
    """Make a table of each section that has rows, and of the first in any case."""
    return [
        _table(section, document.heading(section))
        for section in document.sections
        if section.rows or section is document.main
    ]


def _table(section: Section, title: str) -> Table:
    indexes = [index for index, column in enumerate(section.columns) if column.is_for_people]
    rows = section.rows if len(section.rows) <= MOST_ROWS else ()
    return Table(
        key=section.key,
        title=title,
        count=len(section.rows),
        headings=tuple(
            (section.columns[index].heading, "number" if section.columns[index].is_number else "text")
            for index in indexes
        ),
        rows=tuple(tuple(cell(row[index], section.columns[index]) for index in indexes) for row in rows),
        total=()
        if section.total is None or not section.rows
        else tuple(cell(section.total[index], section.columns[index]) for index in indexes),
    )
