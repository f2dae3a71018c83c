"""Properties of all formats together."""

import csv
import io
import json
import pkgutil
import re
import subprocess
import sys
from typing import Any

import pytest

import virtscan.reporters
from tests.build import hypervisor, inventory
from tests.conftest import PROJECT
from tests.reporters.reading import text_of
from tests.views.fleet import report
from tests.views.rows import EVERY_VIEW
from virtscan.model import HostStatus, Hypervisor, Report
from virtscan.remedy.plan import Upgrade
from virtscan.reporters import REPORTERS, Content, RenderOptions
from virtscan.views import GROUPINGS
from virtscan.views.document import Audience, Column, Document, Field, Section, records_of, section
from virtscan.views.rows.grouping import Advice, RowGroup
from virtscan.views.rows.lazy import Value

NOT_FORMATS = {"reporter", "terminal", "text"}


def test_the_formats_to_choose_from_are_the_modules_of_the_package() -> None:
    modules = {module.name for module in pkgutil.iter_modules(virtscan.reporters.__path__)}

    assert {reporter.module for reporter in REPORTERS.values()} == modules - NOT_FORMATS


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_csv_and_json_have_the_same_values_in_the_same_order(view: str) -> None:
    whole = EVERY_VIEW[view](report())
    document = json.loads(REPORTERS["json"].render(whole))
    rows = document[whole.main.key] + ([document["total"]] if "total" in document else [])
    records = {column.key for column in whole.main.columns if column.audience is Audience.DOCUMENTS}
    rows = [{key: value for key, value in row.items() if key not in records} for row in rows]
    rows = [row | {"taken_at": document["taken_at"]} for row in rows]

    text = REPORTERS["csv"].render(whole, RenderOptions(total=True)).decode()

    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        list(rows[0]),
        *([in_csv(value) for value in row.values()] for row in rows),
    ]


@pytest.mark.parametrize("name", [name for name, reporter in REPORTERS.items() if not reporter.has_records])
def test_a_format_without_records_makes_none(name: str) -> None:
    """With many servers they are far more than there are rows."""

    def refused(domain: str) -> Value:
        raise AssertionError(domain)

    fields: tuple[Field[str], ...] = (
        Field(Column("domain"), lambda domain: domain),
        Field(records_of(Upgrade, key="upgrades"), refused),
    )
    document = Document(schema="virtscan.domains/1", version="1", sections=(section("rows", fields, ["web01"]),))

    assert REPORTERS[name].render(document)


@pytest.mark.parametrize("width", [None, 40])
@pytest.mark.parametrize("name", ["table", "markdown"])
def test_a_script_keeps_its_lines(name: str, width: int | None) -> None:
    script = ("if true; then", "    echo '```' <a> | tee \"/etc/a file with a long name\"", "fi")
    also = (Advice(action="Persistent", script=script), Advice(action="Then look at it."))
    group = RowGroup(verdict="at-risk", title="A.", action="Do it.", also=also, rows=(), columns=(), lists_rows=False)
    main = Section(key="rows", columns=(Column("domain"),), rows=(("web01",),), groups=(group,))
    document = Document(schema="virtscan.remedy/1", version="1", sections=(main,))

    lines = REPORTERS[name].render(document, RenderOptions(width=width)).decode().split("\n")

    assert {"  Persistent:", "  Then look at it."} <= set(lines)
    indent = "    " if name == "table" else "  "
    start = lines.index(f"{indent}{script[0]}")
    assert lines[start : start + 3] == [f"{indent}{line}" for line in script]
    if name == "markdown":
        assert lines[start - 1] == lines[start + 3] == "  ````"


@pytest.mark.parametrize("name", ["csv", "html", "json", "ndjson"])
def test_a_large_document_is_written_in_small_pieces(name: str) -> None:
    """All of it in memory would take more than the fleet."""
    rows = tuple((f"web{number}",) for number in range(50_000))
    section = Section(key="rows", columns=(Column("domain"),), rows=rows, total=("total",))
    document = Document(schema="virtscan.domains/1", version="1", sections=(section,))
    options = RenderOptions(total=True)

    pieces = list(REPORTERS[name].parts(document, options))

    assert set(re.findall("web[0-9]+", b"".join(pieces).decode())) == {name for (name,) in rows}
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 5


def in_csv(value: Any) -> str:
    """Return a JSON value as in CSV (`Any`: JSON)."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return "; ".join(map(str, value))
        case _:
            return str(value)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_table_has_the_same_total_as_json(grouping: str) -> None:
    whole = GROUPINGS[grouping](report())
    total = json.loads(REPORTERS["json"].render(whole))["total"]

    shown = REPORTERS["table"].render(whole).decode().split("\n\n")[0].splitlines()[-1].split()

    hidden = {column.key for column in whole.main.columns if not column.is_for_people}
    assert shown == [in_table(value) for key, value in total.items() if key not in hidden]


def in_table(value: Any) -> str:
    """Return a JSON value as in a table (`Any`: JSON)."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return "-" if value is None else str(value)


@pytest.mark.long
def test_the_same_report_gives_the_same_text() -> None:
    for view in EVERY_VIEW.values():
        for reporter in REPORTERS.values():
            assert reporter.render(view(report())) == reporter.render(view(report()))


@pytest.mark.parametrize("name", [name for name in REPORTERS if name != "table"])
def test_only_the_table_loads_the_table_library(name: str) -> None:
    script = (
        "import sys; from tests.views.fleet import report; from virtscan.views import VIEWS;"
        f"from virtscan.reporters import REPORTERS; REPORTERS[{name!r}].render(VIEWS['risks'](report()));"
        "sys.exit('tabulate' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], check=False, cwd=PROJECT)

    assert done.returncode == 0


@pytest.mark.parametrize("hosts", [(), (hypervisor("hv1", status=HostStatus.FAILED),)], ids=["empty", "all failed"])
@pytest.mark.parametrize("view", EVERY_VIEW)
@pytest.mark.parametrize("name", REPORTERS)
def test_every_format_is_well_formed_even_if_nothing_was_read(
    name: str, view: str, hosts: tuple[Hypervisor, ...]
) -> None:
    document = EVERY_VIEW[view](Report(inventory=inventory(*hosts)))

    text = text_of(REPORTERS[name].render(document, RenderOptions(width=80)))

    if REPORTERS[name].content is not Content.METRICS:
        assert document.main.columns[0].key in text or not document.main.rows
    assert len(text.splitlines()) > len(document.main.rows)
