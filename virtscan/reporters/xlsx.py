"""Workbooks: a sheet for each section, with typed cells; gaps and the scan have sheets of their own."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from virtscan.model.facts.hypervisors import Moment
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import plain, printable
from virtscan.views.document import Column, Document, Section
from virtscan.views.rows.lazy import Row, Value

MOST_ROWS = 1_000_000
"""Rows of one sheet, which has 1,048,576 lines; the others follow on the next sheet."""

_LONGEST_TEXT = 32_000
_LONGEST_NAME = 31
_NARROWEST, _WIDEST = 8, 60
_MEASURED = 500
"""Rows that the widths of columns are taken from."""

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}
_EXAMPLE_OF_A_TIME = "2026-01-01 00:00:00"
_NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)

_Cell: TypeAlias = str | int | float | bool | datetime | None
_Cells: TypeAlias = Sequence[_Cell]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet: its name, its header, and its lines; `total` is the last one."""

    name: str
    header: Sequence[str]
    lines: Iterable[_Cells]
    widths: Sequence[int]
    total: _Cells | None = None


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    r"""Yield every section as a sheet of its own, then gaps, warnings, and facts about the scan.

    Assumptions come first. Columns of RVTools, with its headers, precede those of virtscan. Numbers, truth values and
    times are cells of their type. Text that looks like a number stays text. Several values are separated by `; `.
    Characters that are not printable are escaped as `\x1b`. Times are in UTC.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        book.set_properties({"created": _naive(document.taken_at or _NO_TIME)})
        bold = book.add_format({"bold": True})
        for sheet in sheets(document):
            _write(book.add_worksheet(sheet.name), sheet, bold)
    yield content.getvalue()


def sheets(document: Document, *, most_rows: int = MOST_ROWS) -> Iterator[Sheet]:
    """Yield the sheets of a workbook, none with more than `most_rows` rows."""
    if document.assumed:
        yield _assumed(document)
    for section in document.sections:
        yield from _of_section(section, section.sheet or document.heading(section), most_rows)
    yield from _of_section(document.gaps, "Gaps", most_rows)
    if document.warnings.rows:
        yield from _of_section(document.warnings, "Warnings", most_rows)
    yield _metadata(document)


def _of_section(section: Section, name: str, most_rows: int) -> Iterator[Sheet]:
    """Yield the section's rows as one sheet, or as several if they are too many for one."""
    shown = [(index, column) for index, column in enumerate(section.columns) if column.is_in_sheets]
    shown.sort(key=lambda placed: not placed[1].sheet)

    def cells(row: Row) -> _Cells:
        return [_cell(row[index], column) for index, column in shown]

    for start in range(0, max(len(section.rows), 1), most_rows):
        rows = section.rows[start : start + most_rows]
        is_last = start + most_rows >= len(section.rows)
        yield _sheet(
            name if start == 0 else f"{name} {start // most_rows + 1}",
            [column.sheet or column.heading for _, column in shown],
            # Made when they are written: all at once would be a second document.
            (cells(row) for row in rows),
            sample=[cells(row) for row in rows[:_MEASURED]],
            total=None if section.total is None or not is_last else cells(section.total),
        )


def _assumed(document: Document) -> Sheet:
    """Return the mark of a workbook under assumptions: the first sheet."""
    lines = [[_text(assumption)] for assumption in document.assumed]
    return _sheet("Assumed", ["assumptions, not observations; all sheets depend on them"], lines, sample=lines)


def _metadata(document: Document) -> Sheet:
    """Return the content of JSON other than the rows: one line per fact, then one per count."""
    taken_at = None if document.taken_at is None else _naive(document.taken_at)
    texts = [(key, value) for key, value in document.head.items() if isinstance(value, str)]
    lines: list[_Cells] = [
        ["schema", None, document.schema, None],
        ["virtscan", None, _text(document.version), "Version."],
        ["taken_at", None, taken_at, "Time of the scan (UTC)."],
        *(["where", None, _text(condition), "Only rows that meet it are shown."] for condition in document.where),
        *([key, None, _text(value), None] for key, value in texts),
        *(
            [_text(metric.name), _text("; ".join(metric.labels.values())), metric.value, _text(metric.help)]
            for metric in document.metrics
        ),
        *(["note", None, _text(note), None] for note in (document.headline, *document.notes) if note),
    ]
    return _sheet("Metadata", ["name", "label", "value", "meaning"], lines, sample=lines)


def _sheet(
    name: str, header: Sequence[str], lines: Iterable[_Cells], *, sample: Sequence[_Cells], total: _Cells | None = None
) -> Sheet:
    widths = [max(map(_width, column)) for column in zip(header, *sample, strict=True)]
    return Sheet(
        name=name[:_LONGEST_NAME],
        header=header,
        widths=[min(max(width + 2, _NARROWEST), _WIDEST) for width in widths],
        lines=lines,
        total=total,
    )


def _width(cell: _Cell) -> int:
    return len(_EXAMPLE_OF_A_TIME if isinstance(cell, datetime) else str(cell or ""))


def _write(worksheet: Worksheet, sheet: Sheet, bold: Format) -> None:
    worksheet.freeze_panes(1, 1)
    for index, width in enumerate(sheet.widths):
        worksheet.set_column(index, index, width)
    _write_line(worksheet, 0, sheet.header, bold)
    last = 0
    for last, line in enumerate(sheet.lines, start=1):
        _write_line(worksheet, last, line)
    if sheet.header:
        worksheet.autofilter(0, 0, last, len(sheet.header) - 1)
    if sheet.total is not None:
        _write_line(worksheet, last + 1, sheet.total, bold)


def _write_line(worksheet: Worksheet, number: int, line: _Cells, look: Format | None = None) -> None:
    for index, cell in enumerate(line):
        match cell:
            case None:
                continue
            case bool():
                worksheet.write_boolean(number, index, cell, look)
            case str():
                worksheet.write_string(number, index, cell, look)
            case datetime():
                worksheet.write_datetime(number, index, cell)
            case _:
                worksheet.write_number(number, index, cell, look)


def _cell(value: Value, column: Column) -> _Cell:
    match value:
        case None | bool() | int() | float():
            return value
        case str() if column.holds is Moment:
            return _naive(datetime.fromisoformat(value))
        case _:
            return _text(plain(value)) or None


def _text(text: str) -> str:
    shown = printable(text, _LONGEST_TEXT)
    # XlsxWriter takes such a text for markup of its own, and writes it unescaped.
    return f"{shown} " if shown.startswith("<r>") and shown.endswith("</r>") else shown


def _naive(moment: datetime) -> datetime:
    """Return a time in UTC as Excel holds it, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
