"""Newline-delimited JSON against the document that is JSON."""

import json

import pytest

from tests.reporters import hostile
from tests.views.fleet import report
from tests.views.rows import EVERY_VIEW
from virtscan.reporters import REPORTERS
from virtscan.views import VIEWS


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_the_lines_are_the_rows_and_then_all_else_of_the_document(view: str) -> None:
    shown = EVERY_VIEW[view](report())
    document = json.loads(REPORTERS["json"].render(shown))

    *rows, last = map(json.loads, REPORTERS["ndjson"].render(shown).decode().splitlines())

    assert rows == document.pop(shown.main.key)
    assert last == document
    assert last["gaps"]


def test_only_the_last_line_has_a_schema() -> None:
    lines = [json.loads(line) for line in REPORTERS["ndjson"].render(VIEWS["risks"](report())).splitlines()]

    assert [line.get("schema") for line in lines] == [None] * 5 + ["virtscan.report/1"]


def test_a_name_adds_no_line() -> None:
    lines = REPORTERS["ndjson"].render(hostile.document()).decode().splitlines()

    assert len(lines) == len(hostile.NAMES) + 1
    assert json.loads(lines[-1])["summary"]["names"].keys() >= {hostile.NAMES["newline"]}
