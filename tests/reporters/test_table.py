"""The table: what people read."""

import re
import unicodedata
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from tests.build import domain, hypervisor, inventory, macvtap
from tests.views.fleet import report
from virtscan.model import HostStatus, Hypervisor, Report
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views import GROUPINGS, VIEWS
from virtscan.views.document import Column, Document, Section, number, texts
from virtscan.views.rows.lazy import Row


def table(document: Document, options: RenderOptions | None = None) -> str:
    return REPORTERS["table"].render(document, options or RenderOptions()).decode()


ANSI = re.compile("\x1b\\[[0-9;]*m")


def document(columns: tuple[Column, ...], *rows: Row) -> Document:
    return Document(schema="test/1", version="1", sections=(Section(key="rows", columns=columns, rows=rows),))


def lines(text: str) -> list[str]:
    """The table's own lines, without what stands below it."""
    return re.split("\n\n(?:hypervisors:|TX checksum offload:|Made by)", text, maxsplit=1)[0].split("\n")


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


def test_a_heading_is_wrapped_to_the_width_of_its_column() -> None:
    shown = table(document((Column("a_b", "long heading (MiB)"), Column("b")), ("xy", "z")))

    assert lines(shown)[:4] == ["long     b", "heading", "(MiB)", "-------  -"]


def test_without_rows_there_is_a_sentence_and_no_heading() -> None:
    none = Section(key="rows", columns=(Column("name"),), rows=(), none="No domain was found.")

    assert table(Document(schema="test/1", version="1", sections=(none,))) == (
        "No domain was found.\n\nMade by virtscan 1.\n"
    )


def test_names_of_wide_and_combining_characters_leave_columns_straight() -> None:
    names = ["web01", "開発-テスト", "e\u0301te\u0301", "각", "🖥🖥", "\uff37\uff29\uff24\uff25", "ที่"]

    shown = table(document((Column("name"), Column("end")), *[(name, "|") for name in names]))

    _, rule, *rows = lines(shown)
    assert [row.split()[0] for row in rows] == names
    assert {columns_wide(row[: row.index("|")]) for row in rows} == {13}
    assert rule == "-" * 11 + "  ---"


def test_there_is_no_colour_unless_for_a_terminal() -> None:
    risks, domains = VIEWS["risks"](report()), VIEWS["domains"](report())

    assert "\x1b" not in table(risks) + table(risks, RenderOptions(width=200)) + table(domains)
    assert "\x1b[31msatellite eth0: " in table(risks, RenderOptions(width=200, colour=True))
    assert "\x1b[31mat-risk\x1b[0m" in table(domains, RenderOptions(width=200, colour=True))


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("view", VIEWS)
def test_colour_changes_nothing_else(view: str, width: int) -> None:
    shown = VIEWS[view](report())

    coloured = table(shown, RenderOptions(width=width, colour=True))

    assert ANSI.sub("", coloured) == table(shown, RenderOptions(width=width))


@pytest.mark.parametrize("width", [40, 80, 100, 120, 200])
@pytest.mark.parametrize("view", [*VIEWS.values(), *GROUPINGS.values()], ids=[*VIEWS, *GROUPINGS])
def test_no_line_is_wider_than_its_terminal(view: Callable[[Report], Document], width: int) -> None:
    for named in (report(), with_long_names(20), with_long_names(75)):
        shown = table(view(named), RenderOptions(width=width, show_all=True))

        assert max(map(columns_wide, shown.split("\n"))) <= width


def with_long_names(length: int) -> Report:
    """The report with names of this length, which differ at their ends."""
    found = report()
    names = {host.name: f"{host.name}{'-' * length}"[: length - len(host.name)] + host.name for host in hosts(found)}
    hypervisors = tuple(replace(host, name=names[host.name]) for host in hosts(found))
    findings = tuple(
        replace(finding, hypervisor=names[finding.hypervisor], domain=f"{finding.domain}{'.' * length}")
        for finding in found.findings
    )
    return replace(found, inventory=replace(found.inventory, hypervisors=hypervisors), findings=findings)


def hosts(found: Report) -> tuple[Hypervisor, ...]:
    return found.inventory.hypervisors


def test_a_table_that_fits_its_terminal_is_as_it_is_without_one() -> None:
    rows = document((Column("hypervisor"), Column("b", wraps=True)), ("kvm01.example.com", "one two"))

    assert lines(table(rows, RenderOptions(width=26)))[0] == "hypervisor         b"
    assert "kvm01.example.com" in table(rows, RenderOptions(width=26))
    assert "kvm01.example.com" not in table(rows, RenderOptions(width=24))


def test_host_names_lose_their_common_suffix_if_a_table_does_not_fit() -> None:
    rows = document(
        (Column("hypervisor"), Column("domain")), ("kvm01.example.com", "web.a"), ("kvm02.example.com", "db.b")
    )

    assert lines(table(rows, RenderOptions(width=20)))[2:] == ["kvm01       web.a", "kvm02       db.b"]
    total = msgspec.structs.replace(rows.main, total=("total", None))
    shown = table(msgspec.structs.replace(rows, sections=(total,)), RenderOptions(width=20))
    assert {"kvm01       web.a", "kvm02       db.b", "total       -"} <= set(lines(shown))


def test_a_name_that_is_too_long_loses_its_middle() -> None:
    rows = document((Column("domain"), Column("mac", "MAC")), ("ams1-prod-app01-with-a-long-name", "52:54:00:00:00:01"))

    shown = lines(table(rows, RenderOptions(width=40)))

    assert shown[2] == "ams1-prod-…-long-name  52:54:00:00:00:01"


@pytest.mark.parametrize("width", [None, 60])
def test_colour_is_that_of_the_whole_title_and_of_no_advice(width: int | None) -> None:
    shown = table(VIEWS["risks"](report()), RenderOptions(width=width, colour=True))

    title = "cobbler ens3 x: TX checksum offload is on; the server's place is unknown (medium confidence)."
    painted = re.findall(r"\x1b\[31m([^\x1b]*)\x1b\[0m", shown)
    assert title in " ".join(" ".join(painted).split())
    assert "ethtool" in shown
    assert not any("ethtool" in part for part in painted)


@pytest.mark.parametrize("width", [None, 100_000])
def test_a_sentence_is_never_shortened(width: int | None) -> None:
    sentence = " ".join(["word"] * 200)
    shown = table(document((Column("a"), Column("b", wraps=True)), ("x", sentence)), RenderOptions(width=width))

    assert sentence in shown


def test_lists_are_broken_between_their_parts_and_times_are_never_cut() -> None:
    columns = (texts("macs"), Column("observed_at"))
    rows = document(columns, (("52:54:00:00:00:01", "52:54:00:00:00:02"), "2026-11-22T02:00:00Z"))

    shown = lines(table(rows, RenderOptions(width=42)))

    assert shown[2:4] == ["52:54:00:00:00:01;  2026-11-22T02:00:00Z", "52:54:00:00:00:02"]


def test_columns_move_below_others_on_a_narrow_terminal_and_empty_lines_separate_rows() -> None:
    columns = (Column("hypervisor"), Column("domain", under="hypervisor"), Column("reason", wraps=True))
    long = "a reason of more than one line"
    rows = document(columns, ("hv1", "a-domain-of-20-chars", long), ("hv2", "another-of-20-chars-", long))

    assert lines(table(rows, RenderOptions(width=42)))[:8] == [
        "hypervisor            reason",
        "/ domain",
        "--------------------  ----------------",
        "hv1                   a reason of more",
        "a-domain-of-20-chars  than one line",
        "",
        "hv2                   a reason of more",
        "another-of-20-chars-  than one line",
    ]


def test_a_terminal_too_narrow_for_any_table_gets_a_block_a_row() -> None:
    columns = (Column("hypervisor"), Column("mac", "MAC"), number("vcpus", "vCPUs"), Column("network"))

    shown = table(document(columns, ("hv1", "52:54:00:00:00:01", 4, None)), RenderOptions(width=30))

    assert shown.split("\n\n")[0].split("\n") == ["hypervisor  hv1", "MAC         52:54:00:00:00:01", "vCPUs       4"]


@pytest.mark.parametrize("view", [*VIEWS.values(), *GROUPINGS.values()], ids=[*VIEWS, *GROUPINGS])
def test_every_gap_and_warning_is_below_every_table(view: object) -> None:
    assert callable(view)
    below = table(view(report())).split("Not read: 4\n")[1]

    assert below.splitlines()[:-1] == [
        "  qemu+ssh://hv2/system domain ghost: Domain not found",
        "  qemu+ssh://hv2/system network old: Network not found",
        "  qemu+ssh://hv3/system: no answer within 30 s; check the host, or raise --host-timeout",
        "  server foreman: ssh: connection refused",
        (
            "warning: server mirror: TX checksum offload is off until the next reboot, which puts 2 "
            "interfaces at risk; `virtscan remedy` shows how to make it persistent"
        ),
    ]


def test_a_complete_result_is_stated_as_complete() -> None:
    shown = table(VIEWS["risks"](Report(inventory=inventory(hypervisor("hv1", domain("web01", macvtap()))))))

    assert "\nAll hypervisors were read.\n" in shown


def test_a_total_is_set_apart_below_the_rows() -> None:
    shown = lines(table(VIEWS["capacity"](report())))

    assert set(shown[-2]) == {"-", " "}
    assert shown[-1].split()[0] == "total"


def test_the_time_and_the_version_of_the_scan_are_the_last_line() -> None:
    assert table(VIEWS["domains"](report())).splitlines()[-1] == "Scanned 2026-11-22 02:00 UTC by virtscan 0.1.0."


def test_a_document_without_a_scan_ends_with_the_version() -> None:
    assert table(document((Column("a"),))).splitlines()[-1] == "Made by virtscan 1."


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ("risks", "No hypervisor was read."),
        ("interfaces", "No hypervisor was read."),
        ("domains", "No hypervisor was read."),
        ("servers", "No provisioning server was given."),
    ],
)
def test_a_failed_scan_is_one_sentence_and_no_heading(view: str, sentence: str) -> None:
    failed = Report(inventory=inventory(hypervisor("hv1", status=HostStatus.FAILED)))

    assert table(VIEWS[view](failed)).split("\n\n")[0] == sentence
