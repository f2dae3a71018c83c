"""Hostile names in every format: one document holds all of them, in every place for text."""

import csv
import io
import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reporters import hostile
from virtscan.reporters import REPORTERS, RenderOptions, Reporter
from virtscan.views.document import Column, Document, Section

WIDTHS = {"pipe": None, "wide": 100_000, "narrow": 80}
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")

options = pytest.mark.parametrize("options", [RenderOptions(width=width) for width in WIDTHS.values()], ids=WIDTHS)


@options
@pytest.mark.parametrize("reporter", REPORTERS.values(), ids=REPORTERS)
def test_no_format_writes_a_control_character_of_a_terminal(reporter: Reporter, options: RenderOptions) -> None:
    hostile.assert_harmless(reporter.render(hostile.document(), options))
    hostile.assert_harmless(reporter.render(hostile.grouped(), options))


@options
def test_a_long_name_makes_no_table_endless(options: RenderOptions) -> None:
    text = REPORTERS["table"].render(hostile.document(), options).decode()
    text += REPORTERS["table"].render(hostile.grouped(), options).decode()

    assert max(map(len, text.split("\n"))) < 5_000


def test_a_name_adds_no_line_to_a_table() -> None:
    text = REPORTERS["table"].render(hostile.document()).decode()

    _, _, heading, _, *rows = text.split("\n")
    assert heading.split() == ["text", "below", "wordy", "verdict", "number", "people"]
    assert rows[len(hostile.NAMES)].startswith("---")
    assert rows[len(hostile.NAMES) + 2] == ""
    assert len(rows) == (len(hostile.NAMES) + 3) + len(hostile.NAMES) + (1 + 2 * len(hostile.NAMES)) + 2


@pytest.fixture
def endless_fields() -> Iterator[None]:
    """Python's reader stops at 131,072 characters; a line read with the wrong delimiter is one field."""
    limit = csv.field_size_limit(10_000_000)
    yield
    csv.field_size_limit(limit)


@pytest.mark.usefixtures("endless_fields")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_finds_no_formula(delimiter: str) -> None:
    text = REPORTERS["csv"].render(hostile.document()).decode()

    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert [cell for cell in row if cell.startswith(FORMULA)] == []


@pytest.mark.usefixtures("endless_fields")
def test_every_csv_record_has_every_column() -> None:
    text = REPORTERS["csv"].render(hostile.document(), RenderOptions(total=True)).decode()

    heading, *rows = csv.reader(io.StringIO(text, newline=""))

    assert len(rows) == len(hostile.NAMES) + 1
    assert {len(row) for row in rows} == {len(heading)}


def test_json_keeps_names_unchanged_except_lone_surrogates() -> None:
    content = REPORTERS["json"].render(hostile.document())

    decoded = json.loads(content)

    assert msgspec.json.decode(content) == decoded
    for name, row in zip(hostile.NAMES.values(), decoded["rows"], strict=True):
        expected = name.replace("\udce9", "\\udce9")
        assert row == {
            "text": expected,
            "below": expected,
            "wordy": expected,
            "verdict": expected,
            "several": [expected, f"{expected}2"],
            "record": {"name": expected},
            "number": None,
        }
        assert decoded["summary"]["names"][expected] == 1


@pytest.mark.long
@given(name=st.text(alphabet=st.characters(codec=None)))
def test_any_text_goes_through_every_format(name: str) -> None:
    columns = (Column("text"), Column("wordy", wraps=True))
    document = Document(
        schema="test/1",
        version=name,
        sections=(Section(key="rows", columns=columns, rows=((name, name),)),),
        notes=(name,),
    )

    for reporter in REPORTERS.values():
        for width in WIDTHS.values():
            hostile.assert_harmless(reporter.render(document, RenderOptions(width=width)))
