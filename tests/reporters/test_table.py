"""The table: what people read."""

import re
import unicodedata

import pytest

from tests.build import domain, hypervisor, inventory, macvtap
from tests.views.fleet import finding, report
from virtscan.model import Report
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.reporters.width import StandIns
from virtscan.views import GROUPINGS, VIEWS
from virtscan.views.document import Column, Document, Row, Section, number


def table(document: Document, options: RenderOptions | None = None) -> str:
    return REPORTERS["table"].render(document, options or RenderOptions()).decode()


ANSI = re.compile("\x1b\\[[0-9;]*m")


def document(columns: tuple[Column, ...], *rows: Row) -> Document:
    return Document(schema="test/1", version="1", sections=(Section(key="rows", columns=columns, rows=rows),))


def lines(text: str) -> list[str]:
    """The table's own lines, without what stands below it."""
    return re.split("\n\n(?:hypervisors|TX checksum offload|not read):", text, maxsplit=1)[0].split("\n")


def columns_wide(text: str) -> int:
    widths = {"W": 2, "F": 2}
    return sum(
        0 if unicodedata.category(char) in {"Mn", "Me"} else widths.get(unicodedata.east_asian_width(char), 1)
        for char in text
    )


def test_null_is_a_dash_and_truth_a_word() -> None:
    shown = table(document((Column("a"), Column("b"), Column("c"), Column("d")), (None, True, False, ())))

    assert lines(shown)[-1] == "-  yes  no  -"


def test_numbers_stand_on_the_right_with_two_decimals_if_they_have_any() -> None:
    shown = table(document((Column("name"), number("n"), number("ratio")), ("a", 5, 0.5), ("b", 1234, 12.25)))

    assert lines(shown) == ["name     n  ratio", "----  ----  -----", "a        5   0.50", "b     1234  12.25"]


def test_a_heading_takes_lines_rather_than_room() -> None:
    shown = table(document((Column("a_b", "long heading (MiB)"), Column("b")), ("xy", "z")))

    assert lines(shown)[:4] == ["long     b", "heading", "(MiB)", "-------  -"]


def test_a_table_without_rows_still_says_what_its_columns_are() -> None:
    shown = table(document((Column("name"), number("n"))))

    assert lines(shown) == ["name  n", "----  -"]


def test_names_of_wide_and_combining_characters_leave_columns_straight() -> None:
    names = ["web01", "開発-テスト", "e\u0301te\u0301", "각", "🖥🖥", "\uff37\uff29\uff24\uff25", "ที่"]

    shown = table(document((Column("name"), Column("end")), *[(name, "|") for name in names]))

    _, rule, *rows = lines(shown)
    assert [row.split()[0] for row in rows] == names
    assert {columns_wide(row[: row.index("|")]) for row in rows} == {13}
    assert rule == "-" * 11 + "  ---"


def test_more_kinds_of_wide_characters_than_there_are_stand_ins_make_a_table_crooked_and_not_fail() -> None:
    marks = [chr(code) for code in range(0x300, 0x36F)]
    clusters = [f"{base}{one}{two}" for base in "abcdefghijkl" for one in marks for two in marks]
    stand_ins = StandIns()

    texts = [stand_ins.put(cluster) for cluster in clusters]

    assert len(clusters) > 131_072
    assert [stand_ins.take_back(text) for text in (texts[0], texts[-1])] == [clusters[0], clusters[-1]]


def test_there_is_no_colour_unless_a_terminal_wants_it() -> None:
    view = VIEWS["risks"](report())

    assert "\x1b" not in table(view) + table(view, RenderOptions(width=200))
    assert "\x1b[31mat-risk\x1b[0m" in table(view, RenderOptions(width=200, colour=True))


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("view", VIEWS)
def test_colour_changes_nothing_else(view: str, width: int) -> None:
    shown = VIEWS[view](report())

    coloured = table(shown, RenderOptions(width=width, colour=True))

    assert ANSI.sub("", coloured) == table(shown, RenderOptions(width=width))


def test_without_a_terminal_every_finding_is_one_line() -> None:
    shown = lines(table(VIEWS["risks"](report())))

    assert [line.split()[1] for line in shown[2:]] == ["web01", "開発-テスト", "legacy-db", "pooled", "mail"]


@pytest.mark.parametrize("view", ["risks", "domains"])
def test_on_a_terminal_of_80_columns_nothing_runs_over(view: str) -> None:
    shown = lines(table(VIEWS[view](report()), RenderOptions(width=80)))

    assert max(map(columns_wide, shown)) <= 80


def test_a_table_that_fits_its_terminal_is_as_it_is_without_one() -> None:
    view = VIEWS["risks"](report())
    widest = max(map(columns_wide, lines(table(view))))

    assert table(view, RenderOptions(width=widest)) == table(view)
    assert table(view, RenderOptions(width=widest - 1)) != table(view)


def test_on_a_narrow_terminal_a_column_goes_below_another_and_the_reason_is_wrapped() -> None:
    shown = lines(table(VIEWS["risks"](report()), RenderOptions(width=90)))

    assert shown[0].split() == ["hypervisor", "MAC", "server", "verdict", "reason"]
    assert shown[1].split() == ["/", "domain", "/", "source", "device", "/", "exposure", "/", "confidence"]
    assert shown[3].split()[:4] == ["hv1", "52:54:00:93:76:af", "satellite", "at-risk"]
    assert shown[4].split()[:5] == ["web01", "bond2", "(bond,", "bridge)", "boots"]
    assert re.search(r"unknown: TX checksum\npooled .* latent +low +offload of foreman:", "\n".join(shown))


def test_on_a_narrow_terminal_an_empty_line_parts_rows_of_several_lines() -> None:
    shown = lines(table(VIEWS["risks"](report()), RenderOptions(width=90)))

    assert [number for number, line in enumerate(shown) if not line][:2] == [6, 9]


def test_a_terminal_too_narrow_for_names_and_addresses_does_not_cut_them() -> None:
    shown = table(VIEWS["risks"](report()), RenderOptions(width=1))

    assert "52:54:00:00:02:02" in shown
    assert "bond2.100 (vlan, bridge)" in shown


@pytest.mark.parametrize("view", [*VIEWS.values(), *GROUPINGS.values()], ids=[*VIEWS, *GROUPINGS])
def test_every_gap_and_warning_is_below_every_table(view: object) -> None:
    assert callable(view)
    below = table(view(report())).split("not read: 4\n")[1]

    assert below.splitlines()[:-1] == [
        "  qemu+ssh://hv2/system ghost: Domain not found",
        "  qemu+ssh://hv2/system network old: Network not found",
        "  qemu+ssh://hv3/system: nothing came within 30 s",
        "  server foreman: ssh: connection refused",
        (
            "warning: server mirror: TX checksum offload is off until the next reboot, which puts 2 "
            "interfaces at risk; `virtscan remedy` shows how to make it permanent"
        ),
    ]


def test_no_gap_is_said_as_well() -> None:
    shown = table(VIEWS["risks"](Report(inventory=inventory(hypervisor("hv1", domain("web01", macvtap()))))))

    assert "\nnot read: nothing\n" in shown


def test_a_total_stands_apart_below_the_rows() -> None:
    shown = lines(table(VIEWS["capacity"](report())))

    assert set(shown[-2]) == {"-", " "}
    assert shown[-1].split()[0] == "total"


def test_a_waived_finding_is_shown_as_waived() -> None:
    shown = table(VIEWS["risks"](Report(inventory=inventory(), findings=(finding(waived="boots from ISO"),))))

    assert "waived: boots from ISO" in lines(shown)[2]
    assert "verdicts: 1 at-risk (1 waived)" in shown


def test_the_time_and_the_version_of_the_scan_are_the_last_line() -> None:
    assert table(VIEWS["domains"](report())).splitlines()[-1] == "Scanned 2026-11-22 02:00 UTC by virtscan 0.1.0."


def test_a_document_of_no_scan_ends_with_the_version() -> None:
    assert table(document((Column("a"),))).splitlines()[-1] == "Made by virtscan 1."
