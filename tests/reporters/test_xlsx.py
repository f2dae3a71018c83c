"""The workbook, as openpyxl reads it: types, totals, and no formula from a name."""

import io
import json
from datetime import datetime
from typing import Any

import msgspec
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from tests.build import TAKEN_AT
from tests.reporters import hostile
from tests.views.fleet import report
from virtscan.reporters import REPORTERS, xlsx
from virtscan.views import EVERYTHING, VIEWS
from virtscan.views.document import Audience, Column, Document, Section, moment, number, texts, yes_or_no

TRICKY = ("=1+1", "0012", "1E5", "TRUE", "2026-01-01", "http://x/", "<r><t>raw</t></r>", " blank ", "#REF!")
"""Names that a spreadsheet would make something else of."""


def workbook(document: Document) -> Any:  # openpyxl ships no types
    return openpyxl.load_workbook(io.BytesIO(REPORTERS["xlsx"].render(document)))


def of(*columns: Column, rows: tuple[tuple[Any, ...], ...] = (), **more: Any) -> Document:
    section = Section(key="rows", columns=columns, rows=rows, **more)
    return Document(schema="virtscan.rows/1", version="0.2.0", taken_at=TAKEN_AT, sections=(section,))


def lines(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


def test_a_cell_has_the_type_of_its_value() -> None:
    columns = (Column("text"), number("count"), number("ratio"), yes_or_no("told"), moment("at"), texts("several"))
    row = ("web01", 7, 0.25, True, "2026-11-22T04:00:00+02:00", ("a", "b"))

    sheet = workbook(of(*columns, rows=((None,) * len(row), row)))["Rows"]

    assert lines(sheet) == [
        ("text", "count", "ratio", "told", "at", "several"),
        (None,) * len(row),
        ("web01", 7, 0.25, True, TAKEN_AT.replace(tzinfo=None), "a; b"),
    ]
    assert [cell.data_type for cell in sheet[3]] == ["s", "n", "n", "b", "d", "s"]


@pytest.mark.parametrize("name", TRICKY)
def test_a_name_stays_the_text_that_it_is(name: str) -> None:
    sheet = workbook(of(Column("domain"), texts("several"), rows=((name, (name,)),), total=(name, (name,))))["Rows"]

    for cell in (*sheet[2], *sheet[3]):
        assert (cell.data_type, cell.value.removesuffix(" " * name.startswith("<"))) == ("s", name)


def test_no_hostile_name_becomes_a_formula_or_breaks_the_workbook() -> None:
    book = workbook(hostile.document())

    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s", "n", "d"}  # numbers and times of the sheet Metadata
    assert len(lines(book["Test"])) == 1 + len(hostile.NAMES) + 1


def test_headers_of_rvtools_come_first_and_ours_behind() -> None:
    columns = (
        Column("uuid", audience=Audience.DATA),
        Column("domain", sheet="VM"),
        Column("kept", audience=Audience.FILTERS),
        Column("site", audience=Audience.FILTERS, sheet="Datacenter"),
        Column("shown", audience=Audience.PEOPLE),
        Column("power", audience=Audience.SHEETS, sheet="Powerstate"),
    )

    sheet = workbook(of(*columns, rows=(tuple("abcdef"),)))["Rows"]

    assert lines(sheet) == [("VM", "Datacenter", "Powerstate", "uuid"), ("b", "d", "f", "a")]


def test_a_sheet_has_a_frozen_header_filters_and_widths_that_fit() -> None:
    rows = (("w" * 30, 1), ("x", 2))

    sheet = workbook(of(Column("domain"), number("count"), rows=rows, total=("total", 3)))["Rows"]

    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert 30 < sheet.column_dimensions["A"].width < 40
    assert sheet["A1"].font.bold
    assert sheet["B4"].value == 3


def test_gaps_and_the_scan_have_sheets_even_if_there_are_none() -> None:
    book = workbook(of(Column("domain")))

    assert book.sheetnames == ["Rows", "Gaps", "Metadata"]
    facts = {row[0]: row[2] for row in lines(book["Metadata"])}
    assert (facts["virtscan"], facts["taken_at"]) == ("0.2.0", TAKEN_AT.replace(tzinfo=None))


def test_rows_that_are_too_many_for_a_sheet_follow_on_the_next() -> None:
    document = of(number("count"), rows=tuple((count,) for count in range(5)), total=(10,))

    sheets = [(sheet.name, [*sheet.lines], sheet.total) for sheet in xlsx.sheets(document, most_rows=2)]

    assert sheets[:3] == [("Rows", [[0], [1]], None), ("Rows 2", [[2], [3]], None), ("Rows 3", [[4]], [10])]


def test_sheet_and_header_names_are_what_excel_allows() -> None:
    book = workbook(EVERYTHING(report()))

    assert len({name.casefold() for name in book.sheetnames}) == len(book.sheetnames)
    for sheet in book:
        header = [str(cell.value).casefold() for cell in sheet[1]]
        assert len(set(header)) == len(header), sheet.title


@pytest.mark.parametrize("place", range(len(EVERYTHING(report()).sections)))
def test_a_workbook_holds_the_same_numbers_as_json(place: int) -> None:
    section = EVERYTHING(report()).sections[place]
    alone = msgspec.structs.replace(EVERYTHING(report()), sections=(section,))
    document = json.loads(REPORTERS["json"].render(alone))
    records = document[section.key] + ([document["total"]] if "total" in document else [])

    header, *rows = lines(workbook(alone).worksheets[0])

    assert len(rows) == len(records)
    for column in section.columns:
        if column.is_data:
            cells = [row[header.index(column.sheet or column.heading)] for row in rows]
            assert cells == [in_a_sheet(record[column.key], column) for record in records], column.key


def in_a_sheet(value: Any, column: Column) -> Any:
    """Return a JSON value as in a workbook (`Any`: JSON, and cells)."""
    match value:
        case list():
            return "; ".join(map(str, value)) or None
        case str() if column.holds is moment("").holds:
            return datetime.fromisoformat(value).replace(tzinfo=None)
        case _:
            return value


def test_the_rows_of_a_single_view_are_named_after_it() -> None:
    assert workbook(VIEWS["servers"](report())).sheetnames[0] == "Servers"
