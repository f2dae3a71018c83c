"""Hostile names in every view and every format."""

import csv
import io
import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reporters import hostile
from virtscan.reporters import REPORTERS, Terminal
from virtscan.views import GROUPINGS, VIEWS

pytestmark = pytest.mark.slow

ALL_VIEWS = {**VIEWS, **{f"capacity by {by}": view for by, view in GROUPINGS.items()}}
TERMINALS = {"pipe": None, "wide": Terminal(width=10_000), "narrow": Terminal(width=80)}
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")

names = pytest.mark.parametrize("name", [pytest.param(text, id=key) for key, text in hostile.NAMES.items()])
views = pytest.mark.parametrize("view", ALL_VIEWS)


def unprintable(text: str) -> set[str]:
    return {char for char in text if not char.isprintable() and char != "\n"}


def lines_below_the_heading(name: str, view: str, format_name: str) -> int:
    """Headings take more lines the narrower a column is."""
    text = REPORTERS[format_name].render(ALL_VIEWS[view](hostile.report(name)))
    return text[text.find("\n---") + 1 :].count("\n")


@pytest.mark.parametrize("format_name", REPORTERS)
@views
@names
def test_no_format_hands_on_a_character_that_a_terminal_would_act_on(name: str, view: str, format_name: str) -> None:
    text = REPORTERS[format_name].render(ALL_VIEWS[view](hostile.report(name)))

    assert unprintable(text) == set()
    assert text.encode("utf-8")
    assert text.endswith("\n")


@pytest.mark.parametrize("format_name", ["table", "csv"])
@views
@names
def test_a_name_adds_no_line(name: str, view: str, format_name: str) -> None:
    expected = lines_below_the_heading("harmless", view, format_name)

    assert lines_below_the_heading(name, view, format_name) == expected


@pytest.mark.parametrize("terminal", TERMINALS.values(), ids=TERMINALS)
@views
@names
def test_a_name_makes_no_table_endless(name: str, view: str, terminal: Terminal | None) -> None:
    text = REPORTERS["table"].render(ALL_VIEWS[view](hostile.report(name)), terminal)

    assert max(map(len, text.split("\n"))) < 2_500
    assert unprintable(text) == set()


@pytest.fixture
def endless_fields() -> Iterator[None]:
    """Python's reader stops at 131,072 characters; a line read with the wrong delimiter is one field."""
    limit = csv.field_size_limit(10_000_000)
    yield
    csv.field_size_limit(limit)


@pytest.mark.usefixtures("endless_fields")
@views
@names
def test_a_spreadsheet_finds_no_formula(name: str, view: str) -> None:
    text = REPORTERS["csv"].render(ALL_VIEWS[view](hostile.report(name)))

    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert [cell for cell in row if cell.startswith(FORMULA)] == []


@pytest.mark.usefixtures("endless_fields")
@views
@names
def test_every_csv_record_has_every_column(name: str, view: str) -> None:
    text = REPORTERS["csv"].render(ALL_VIEWS[view](hostile.report(name)))

    heading, *rows = csv.reader(io.StringIO(text, newline=""))

    assert rows
    assert {len(row) for row in rows} == {len(heading)}


@names
def test_json_keeps_names_as_they_are_but_for_what_is_no_text(name: str) -> None:
    text = REPORTERS["json"].render(VIEWS["interfaces"](hostile.report(name)))
    expected = name.replace("\udce9", "\\udce9")

    row = json.loads(text)["rows"][0]

    assert msgspec.json.decode(text) == json.loads(text)
    assert (row["hypervisor"], row["domain"], row["type"]) == (expected, expected, expected)


@given(name=st.text(alphabet=st.characters(codec=None)))
def test_any_text_goes_through_every_format(name: str) -> None:
    presentation = VIEWS["risks"](hostile.report(name))

    for reporter in REPORTERS.values():
        for terminal in TERMINALS.values():
            assert unprintable(reporter.render(presentation, terminal)) == set()
