"""CSV: what spreadsheets and scripts read."""

import csv
import io

import msgspec
import pytest

from tests.build import TAKEN_AT, hypervisor, inventory
from tests.reporters.hostile import LONG
from tests.views.fleet import finding, report
from virtscan.model import Report
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views import VIEWS
from virtscan.views.document import Audience, Column, Document, Section
from virtscan.views.rows.lazy import Value


def render(document: Document) -> str:
    return REPORTERS["csv"].render(document).decode()


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def cell(value: Value) -> str:
    section = Section(key="rows", columns=(Column("a"), Column("b")), rows=((value, 1),))
    return parsed(render(Document(schema="test/1", version="1", sections=(section,))))[1][0]


def test_a_finding_is_one_row_with_every_key_of_the_document() -> None:
    heading, *rows = parsed(render(VIEWS["risks"](report())))

    assert heading == [
        "hypervisor", "domain", "uuid", "index", "mac", "source_device", "source_mode", "device_kind", "segment",
        "server", "server_interface", "verdict", "confidence", "exposure", "rule", "because", "missing",
        "reaches_server", "also_at_risk_by", "waived", "next_start", "origin", "id", "taken_at",
    ]  # fmt: skip
    assert len(rows) == 5
    assert {row[-1] for row in rows} == {"2026-11-22T02:00:00Z"}


def test_a_row_with_a_time_of_its_own_keeps_it() -> None:
    section = Section(key="rows", columns=(Column("taken_at"),), rows=(("yesterday",),))
    document = Document(schema="test/1", version="1", sections=(section,), taken_at=TAKEN_AT)

    assert render(document) == "taken_at\nyesterday\n"


def test_every_row_of_a_report_under_assumptions_is_marked() -> None:
    document = msgspec.structs.replace(VIEWS["risks"](report()), assumed=("satellite tx=off", "=1 tx=on"))

    heading, *rows = parsed(render(document))

    assert heading[-1] == "assumed"
    assert {row[-1] for row in rows} == {"satellite tx=off; '=1 tx=on"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (-5, "-5"),
        (-0.25, "-0.25"),
        ("52:54:00:93:76:af", "52:54:00:93:76:af"),
        (("eth4", "eth5"), "eth4; eth5"),
        ("it's", "it's"),
        ("a=b", "a=b"),
        ("-1", "'-1"),
        ("=1+1", "'=1+1"),
        ("@a;=b", "'@a;'=b"),
        (("=1", "=2"), "'=1; '=2"),
        ("  =1+1", "  '=1+1"),
        ("a;  +1", "a;  '+1"),
        ("two\nlines", "two\\nlines"),
        (LONG, LONG),
    ],
)
def test_a_value_is_written_plainly(value: Value, expected: str) -> None:
    assert cell(value) == expected


def test_columns_made_for_people_are_left_out() -> None:
    columns = (Column("a", audience=Audience.PEOPLE), Column("b", "for people", audience=Audience.DATA))
    main = Section(key="rows", columns=columns, rows=((1, 2),))

    text = render(Document(schema="test/1", version="1", sections=(main,)))

    assert text == "b\n2\n"


def test_a_total_is_the_last_row_on_demand_only() -> None:
    document = VIEWS["capacity"](report())
    heading, *rows, last = parsed(REPORTERS["csv"].render(document, RenderOptions(total=True)).decode())
    assert parsed(render(document)) == [heading, *rows]

    total = dict(zip(heading, last, strict=True))

    assert (total["hypervisor"], total["status"], total["cpus"], total["at_risk"]) == ("total", "partial", "48", "2")


def test_csv_without_rows_has_the_heading() -> None:
    text = render(VIEWS["domains"](Report(inventory=inventory(hypervisor()))))

    assert text.startswith("hypervisor,origin,domain,")
    assert text.count("\n") == 1


def test_gaps_are_left_out_and_the_format_is_marked() -> None:
    text = render(VIEWS["risks"](Report(inventory=report().inventory, findings=(finding(),))))

    assert "ghost" not in text
    assert not REPORTERS["csv"].has_gaps
