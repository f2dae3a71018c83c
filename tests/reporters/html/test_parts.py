"""The parts of the page as values: what is drawn is what is counted."""

import re
from collections.abc import Iterable

import msgspec
import pytest

from tests.build import inventory
from tests.reporters.html.fleets import fleet
from tests.views.fleet import finding, report
from virtscan.model import DeviceName, Report, Verdict
from virtscan.reporters import REPORTERS
from virtscan.reporters.html import charts, groups, picture, tables
from virtscan.views import EVERYTHING, VIEWS
from virtscan.views.document import Document, Section, number, yes_or_no
from virtscan.views.rows.grouping import RowGroup

SMALL, LARGE, WIDE = report(), fleet(15, 40), fleet(52, 4)


def counted(titles: Iterable[str]) -> int:
    """The sum of the numbers at risk in titles, each of which has one."""
    return sum(int(found[1]) for title in titles if (found := re.search(r"(\d+) at risk", title)))


@pytest.mark.parametrize("of", [SMALL, LARGE, WIDE], ids=["small", "large", "wide"])
def test_the_picture_has_every_interface_at_risk_once_and_no_other(of: Report) -> None:
    drawn = picture.of_document(EVERYTHING(of))

    assert drawn is not None
    at_risk = sum(finding.is_at_risk for finding in of.findings)
    assert counted(node.title for node in drawn.servers) == at_risk > 0
    assert counted(link.title for link in drawn.links) == at_risk


def test_the_numbers_at_the_top_are_those_of_the_headline_which_leaves_out_waived_findings() -> None:
    waived = finding(verdict=Verdict.UNKNOWN, waived="accepted")
    others = (finding(index=1, verdict=Verdict.UNKNOWN), finding(index=2), finding(index=3, waived="accepted"))
    document = EVERYTHING(msgspec.structs.replace(SMALL, findings=(waived, *others)))

    page = REPORTERS["html"].render(document).decode()

    assert "1 unknown, 2 waived" in document.headline
    assert '<li class="bad"><b>1</b> at risk</li>' in page
    assert '<li class="doubtful"><b>1</b> unknown</li>' in page


@pytest.mark.parametrize(("unread", "heading"), [(True, "Not read"), (False, "Warnings")])
def test_a_page_with_warnings_alone_does_not_claim_that_something_was_not_read(unread: bool, heading: str) -> None:
    document = EVERYTHING(SMALL)
    lines = msgspec.structs.replace(document.gaps, rows=tuple(document.gaps.rows)[:1])
    gaps = lines if unread else msgspec.structs.replace(lines, rows=())

    page = REPORTERS["html"].render(msgspec.structs.replace(document, gaps=gaps, warnings=lines)).decode()

    assert f'<a href="#gaps">{heading}</a>' in page
    assert f"<h2>{heading}</h2>" in page
    assert ("Not read" in page) is unread


def test_one_row_and_one_device_are_singular() -> None:
    host = report().inventory.hypervisors[0]
    risks = [finding(index=place, source_device=DeviceName(f"bond{place}")) for place in range(13)]
    fine = finding(index=13, verdict=Verdict.NOT_AFFECTED, rule="R1")
    unjudged = finding(index=14, verdict=Verdict.UNKNOWN, rule="R3", server=None, server_interface=None)

    page = REPORTERS["html"].render(EVERYTHING(Report(inventory=inventory(host), findings=(*risks, fine, unjudged))))

    text = page.decode()
    assert "and 1 more device<" in text
    assert "1 row: see the table below" in text
    assert "Nothing to do: 1 interface<" in text


def test_a_row_of_a_panel_has_the_words_of_a_table() -> None:
    columns = (yes_or_no("done"), number("share"))
    group = RowGroup(verdict="at-risk", title="t", rows=(0,), columns=("done", "share"))
    main = Section(key="rows", columns=columns, rows=((False, 0.5),), groups=(group,))

    (panel,) = groups.of_document(Document(schema="test/1", version="1", sections=(main,)))

    assert panel.rows == (("no", "0.50"),)


def test_more_than_fifty_devices_are_drawn_by_site() -> None:
    few, many = picture.of_document(EVERYTHING(LARGE)), picture.of_document(EVERYTHING(WIDE))

    assert few is not None
    assert many is not None
    assert (few.by_site, many.by_site) == (False, True)
    assert [node.lines[0].text for node in many.places] == ["ams1", "fra1", "lon2"]
    assert [line.text for line in many.ends[0].lines][-1].endswith(" more hypervisors")


def test_boxes_of_a_column_do_not_overlap_and_end_within_the_picture() -> None:
    for of in (SMALL, LARGE, WIDE):
        drawn = picture.of_document(EVERYTHING(of))
        assert drawn is not None
        for nodes in (drawn.servers, drawn.places, drawn.ends):
            ends = [0.0, *(node.y + node.height for node in nodes)]
            assert all(node.y >= end for node, end in zip(nodes, ends, strict=False))
            assert ends[-1] <= drawn.height


def test_there_is_no_picture_without_a_risk_or_without_findings() -> None:
    none = msgspec.structs.replace(SMALL, findings=())

    assert picture.of_document(EVERYTHING(none)) is None
    assert picture.of_document(VIEWS["servers"](SMALL)) is None


def test_bars_show_the_allocated_part_and_the_rest_when_the_largest_host_fails() -> None:
    memory, cpus, *_ = charts.of_document(EVERYTHING(SMALL))

    assert (memory.title, cpus.title) == ("Memory by site", "CPUs by site")
    assert [(bar.label, bar.words) for bar in memory.bars] == [
        ("ams1", "17% running, 20% defined of 64 GiB; 11 GiB short if its largest hypervisor fails"),
        ("fra1", "2% running, 5% defined of 128 GiB; only partly read"),
    ]
    assert [bar.words.endswith("; only partly read") for bar in cpus.bars] == [False, True]
    hypervisors = charts.of_document(EVERYTHING(SMALL))[2]
    assert ([bar.label for bar in hypervisors.bars], hypervisors.left_out) == (["hv1", "hv2"], 1)
    assert cpus.bars[0].words == "50% running, 100% defined of 16 CPUs"


def test_the_fullest_come_first_and_bars_keep_within_their_chart() -> None:
    for chart in charts.of_document(EVERYTHING(LARGE)):
        assert [bar.running for bar in chart.bars] == sorted((bar.running for bar in chart.bars), reverse=True)
        assert max(max(bar.running, bar.defined, bar.whole) for bar in chart.bars) <= 100
        assert len(chart.bars) <= 12
        assert any(bar.is_over for bar in chart.bars) is (chart.title.startswith("Memory"))


def test_every_finding_is_in_one_panel_and_waived_ones_are_not_counted() -> None:
    for of in (SMALL, LARGE):
        panels = groups.of_document(EVERYTHING(of))
        places = [place for panel in panels if panel.is_open for place in (*panel.places, *panel.further)]
        names = [name for place in places for name in (*place.names, *place.further)]
        assert sum(panel.count for panel in panels) == len(of.findings)
        assert sum(place.count for place in places) == len(names) - sum(name.look == "waived" for name in names)
        assert sum(place.count + place.waived for place in places) == len(names)
    assert ("legacy-db", "waived") in {
        (name.text, name.look)
        for panel in groups.of_document(EVERYTHING(SMALL))
        for place in panel.places
        for name in place.names
    }


def test_a_vm_with_an_interface_that_is_not_waived_is_not_shown_as_waived() -> None:
    findings = (finding(waived="accepted"), finding(index=1), finding(domain="web02", waived="accepted"))
    document = EVERYTHING(msgspec.structs.replace(SMALL, findings=findings))

    (place,) = (place for panel in groups.of_document(document) for place in panel.places)

    assert [(name.text, name.look == "waived", name.count) for name in place.names] == [
        ("web01", False, 2),
        ("web02", True, 1),
    ]
    assert '<td class="number">1 and 1 waived</td>' in REPORTERS["html"].render(document).decode()


def test_a_section_without_rows_has_no_table_unless_it_is_the_first() -> None:
    shown = {table.key: table for table in tables.of_document(EVERYTHING(SMALL))}
    nothing = tables.of_document(VIEWS["risks"](msgspec.structs.replace(SMALL, findings=())))

    assert all(table.count for table in shown.values())
    assert nothing[0].count == 0
