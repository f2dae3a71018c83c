"""Trends in a page: lines over time."""

from datetime import timedelta

import msgspec

from tests.build import TAKEN_AT
from tests.storage.history.nights import host, nights, vm
from virtscan.changes.trend import Every, RiskBy, RiskPoint, RiskTrend, capacity_counts, capacity_trend, risk_trend
from virtscan.model import HostStatus
from virtscan.model.history import ScanCounts, ScanRecord
from virtscan.reporters import REPORTERS
from virtscan.reporters.html import lines
from virtscan.views.document import Document
from virtscan.views.tables import trends


def capacity(sites: int = 2, days: int = 5, hole: int | None = None) -> Document:
    """A document in which the n-th site has n times as many domains as there were days."""
    counts = []
    for day in range(days):
        fleet = [
            host(
                f"hv{site}",
                *(vm(number, vcpus=None if day == hole else 1) for number in range(site * day)),
                site=f"s{site}",
            )
            for site in range(1, sites + 1)
        ]
        (night,) = nights(fleet)
        record = ScanRecord(
            number=day + 1,
            taken_at=night.taken_at.replace(month=12, day=day + 1),
            version="0.3.0" if day > 2 else "0.2.0",
            status=HostStatus.COMPLETE,
        )
        counts.append(ScanCounts(scan=record, capacity=capacity_counts([(host, host) for host in night.hypervisors])))
    return trends.capacity(capacity_trend(counts, Every.SCAN))


def test_each_site_is_a_line_from_left_to_right_and_as_high_as_its_value() -> None:
    charts = {chart.title: chart for chart in lines.of_document(capacity())}
    chart = charts["vCPUs of running domains by site"]

    assert (chart.top, chart.first, chart.last, chart.left_out) == ("8 vCPUs", "2026-12-01", "2026-12-05", 0)
    assert [(line.label, line.words) for line in chart.lines] == [("s1", "4 vCPUs"), ("s2", "8 vCPUs")]
    assert chart.lines[0].parts == ("0.00,40.00 25.00,35.00 50.00,30.00 75.00,25.00 100.00,20.00",)
    assert chart.lines[1].parts[0].endswith("100.00,0.00")
    assert chart.versions == ((75.0, "first scan by virtscan 0.3.0"),)
    assert "Memory of running domains by site" in charts


def test_a_value_that_is_unknown_is_a_hole() -> None:
    chart = next(chart for chart in lines.of_document(capacity(1, hole=2)) if chart.title.startswith("vCPUs"))

    assert [len(part.split()) for part in chart.lines[0].parts] == [2, 2]


def test_a_value_that_the_last_scan_does_not_know_is_unknown() -> None:
    chart = next(chart for chart in lines.of_document(capacity(1, hole=4)) if chart.title.startswith("vCPUs"))

    assert [line.words for line in chart.lines] == ["unknown; 3 vCPUs before"]


def test_the_value_is_that_of_the_last_scan_whatever_the_clock_was() -> None:
    document = capacity(1)
    section = document.main
    rows = tuple(section.rows)
    moved = (*rows[:2], ("2038-01-01T00:00:00Z", *rows[2][1:]), *rows[3:])
    changed = msgspec.structs.replace(section, rows=moved)
    chart = lines.of_document(msgspec.structs.replace(document, sections=(changed, *document.sections[1:])))[1]

    assert (chart.last, [line.words for line in chart.lines]) == ("2038-01-01", ["4 vCPUs"])


def test_a_single_value_is_a_dot() -> None:
    chart = next(chart for chart in lines.of_document(capacity(1, hole=1)) if chart.title.startswith("vCPUs"))

    assert chart.lines[0].parts[0] == "0.00,40.00 0.00,40.00"


def test_the_largest_are_drawn_and_the_others_are_counted() -> None:
    chart = lines.of_document(capacity(8))[0]

    assert [line.label for line in chart.lines] == ["s3", "s4", "s5", "s6", "s7", "s8"]
    assert chart.left_out == 2


def test_one_scan_is_not_a_line_and_neither_is_another_document() -> None:
    assert lines.of_document(capacity(days=1)) == []
    assert lines.of_document(trends.risks(risk_trend([], RiskBy.SITE, Every.SCAN))) == []


def test_the_page_has_the_lines() -> None:
    page = REPORTERS["html"].render(capacity()).decode()

    assert page.count("<polyline") == 6
    assert '<a href="#trend">Trend</a>' in page


def test_counts_that_may_be_too_low_interrupt_a_line() -> None:
    def night(number: int, at_risk: int | None, status: HostStatus) -> RiskPoint:
        taken_at = TAKEN_AT + timedelta(days=number)
        scan = ScanRecord(number=number, taken_at=taken_at, version="0.1.0", status=status)
        return RiskPoint(scan=scan, label="satellite", is_new_version=False, status=status, at_risk=at_risk)

    def drawn(*points: RiskPoint) -> lines.ChartLine:
        trend = RiskTrend(by=RiskBy.SERVER, points=points, last=points[-1].scan)
        return next(
            chart.lines[0]
            for chart in lines.of_document(trends.risks(trend))
            if chart.title.startswith("Interfaces at")
        )

    whole, part, failed = HostStatus.COMPLETE, HostStatus.PARTIAL, HostStatus.FAILED
    hole = drawn(night(1, 8, whole), night(2, 3, part), night(3, 8, whole))
    least = drawn(night(1, 8, whole), night(2, 3, part))
    never = drawn(night(1, 3, part), night(2, 1, part))
    nothing = drawn(night(1, 8, whole), night(2, 3, part), night(3, None, failed))

    assert (hole.parts, hole.words) == (("0.00,0.00 0.00,0.00", "100.00,0.00 100.00,0.00"), "8 interfaces")
    assert (least.parts, least.words) == (("0.00,0.00 0.00,0.00",), "at least 3 interfaces; 8 interfaces before")
    assert (never.parts, never.words) == ((), "at least 1 interface")
    assert nothing.words == "unknown; 8 interfaces before"
