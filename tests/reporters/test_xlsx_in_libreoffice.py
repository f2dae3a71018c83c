"""The workbook as LibreOffice reads it: text stays text, and totals are those of JSON."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from tests.build import TAKEN_AT
from tests.harness.patience import LONG
from tests.reporters.test_xlsx import TRICKY
from tests.views.fleet import report
from virtscan.reporters import REPORTERS
from virtscan.views import EVERYTHING
from virtscan.views.document import Column, Document, Section, number

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

Cell = str | float | None
Sheets = Callable[[Document], dict[str, list[list[Cell]]]]

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(tmp_path: Path) -> Sheets:
    """The sheets of a document, opened and saved by LibreOffice: texts, and numbers."""

    def convert(document: Document) -> dict[str, list[list[Cell]]]:
        book = tmp_path / "book.xlsx"
        book.write_bytes(REPORTERS["xlsx"].render(document))
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        command = ["soffice", profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(book)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONG)
        tables = etree.parse(tmp_path / "book.fods").iter(f"{_TABLE}table")
        return {table.get(f"{_TABLE}name", ""): list(map(_cells, table.iter(f"{_TABLE}table-row"))) for table in tables}

    return convert


def _cells(row: etree._Element) -> list[Cell]:
    return [
        value
        for cell in row.iterchildren(f"{_TABLE}table-cell")
        for value in [_value(cell)] * min(int(cell.get(f"{_TABLE}number-columns-repeated", 1)), 100)
    ]


def _value(cell: etree._Element) -> Cell:
    assert cell.get(f"{_TABLE}formula") is None
    match cell.get(f"{_OFFICE}value-type"):
        case None:
            return None
        case "float":
            return float(cell.get(f"{_OFFICE}value", ""))
        case _:
            return "\n".join(map(_line, cell.iterchildren(f"{_TEXT}p")))


def _line(paragraph: etree._Element) -> str:
    """The text of a paragraph; blanks at its ends are elements of their own, a link is one around text."""
    parts = [paragraph.text or ""]
    for child in paragraph:
        parts += [" " * int(child.get(f"{_TEXT}c", 1)) if child.tag == f"{_TEXT}s" else _line(child), child.tail or ""]
    return "".join(parts)


def test_a_name_stays_the_text_that_it_is(opened: Sheets) -> None:
    names = (*TRICKY, "_x0041_", "開発-テスト")
    section = Section(key="rows", columns=(Column("domain"), number("count")), rows=tuple((name, 7) for name in names))

    found = opened(Document(schema="virtscan.rows/1", version="0.2.0", taken_at=TAKEN_AT, sections=(section,)))["Rows"]

    header, *rows = [row[:2] for row in found[: len(names) + 1]]
    assert header == ["domain", "count"]
    assert [str(name).removesuffix(" " * str(name).startswith("<")) for name, _ in rows] == list(names)
    assert [count for _, count in rows] == [7] * len(names)


def test_totals_are_those_of_json(opened: Sheets) -> None:
    whole = EVERYTHING(report())
    (section,) = (section for section in whole.sections if section.key == "capacity_by_site")
    alone = msgspec.structs.replace(whole, sections=(section,))
    total = json.loads(REPORTERS["json"].render(alone))["total"]

    header, *rows = opened(alone)["Capacity by site"]

    headings = {column.sheet or column.heading: column.key for column in section.columns if column.is_in_sheets}
    (last,) = (row for row in rows if row[:1] == ["total"])
    shown = {headings[str(name)]: cell for name, cell in zip(header, last, strict=False) if cell is not None}
    assert shown == {key: value for key, value in total.items() if value is not None}
    assert len(shown) > 15
