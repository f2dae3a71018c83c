"""Sentences about trends."""

from datetime import date

import pytest

from tests.build import TAKEN_AT
from virtscan.changes.trend import CapacityPoint, CapacityTrend, Growth, Outlook, RiskBy, RiskPoint, RiskTrend
from virtscan.model import HostStatus
from virtscan.model.history import CapacityCount, ScanRecord
from virtscan.reporters import REPORTERS
from virtscan.views.document import Document
from virtscan.views.tables import trends


@pytest.mark.parametrize(("days", "words"), [(0, "in 0 days"), (1, "in 1 day"), (23, "in 23 days")])
def test_a_growing_site_is_full_on_a_day(days: int, words: str) -> None:
    growth = Growth(
        scope=None, site="ams1", outlook=Outlook.GROWING, scans=9, days_until_full=days, full_on=date(2026, 12, 24)
    )

    (note,) = trends.capacity(CapacityTrend(growth=(growth,))).notes

    assert note == f"ams1: memory will be full {words} (2026-12-24) at +0 MiB per day; based on 9 scans"


@pytest.mark.parametrize(("outlook", "rate"), [(Outlook.GROWING, 9.8), (Outlook.NOT_GROWING, 0.0)])
@pytest.mark.parametrize("running", [100, 130])
def test_a_full_site_is_full_whether_it_grows_or_not(outlook: Outlook, rate: float, running: int) -> None:
    growth = Growth(
        scope=None, site="ams1", outlook=outlook, scans=9, memory_mib=100, running_mib=running, mib_per_day=rate
    )

    (note,) = trends.capacity(CapacityTrend(growth=(growth,))).notes

    assert note == f"ams1: memory is full ({running} of 100 MiB), {rate:+.0f} MiB per day; based on 9 scans"


@pytest.mark.parametrize(
    ("rate", "words"), [(-0.4, "-0.4"), (0.4, "+0.4"), (0.0, "+0"), (-0.0, "+0"), (-1.0, "-1"), (9.8, "+10")]
)
def test_a_rate_that_rounds_to_zero_has_its_digit_and_zero_is_never_negative(rate: float, words: str) -> None:
    growth = Growth(scope=None, site="ams1", outlook=Outlook.NOT_GROWING, scans=9, mib_per_day=rate)

    (note,) = trends.capacity(CapacityTrend(growth=(growth,))).notes

    assert note == f"ams1: memory is not filling up ({words} MiB per day); based on 9 scans"


def test_site_that_was_not_read_has_this_as_its_reason() -> None:
    growth = Growth(scope=None, site="ams1", outlook=Outlook.UNKNOWN, scans=0)

    (note,) = trends.capacity(CapacityTrend(growth=(growth,))).notes

    assert note == "ams1: no growth rate; nothing was read in 90 days, or memory or the state of a domain is unknown"


def test_a_note_explains_how_unread_hypervisors_count() -> None:
    scan = ScanRecord(number=1, taken_at=TAKEN_AT, version="0.1.0", status=HostStatus.PARTIAL)

    def notes(unread: int) -> tuple[str, ...]:
        count = CapacityCount(site="ams1", hypervisors=2, unread=unread, cpus=8)
        return trends.capacity(
            CapacityTrend(points=(CapacityPoint(scan=scan, count=count, is_new_version=False),))
        ).notes

    assert notes(0) == ()
    assert notes(1) == (
        "an unread hypervisor counts with its last complete observation; without one it is missing from the numbers",
    )


def test_counts_of_a_scan_that_read_a_part_are_marked() -> None:
    scan = ScanRecord(number=1, taken_at=TAKEN_AT, version="0.1.0", status=HostStatus.PARTIAL)
    points = (
        RiskPoint(scan=scan, label="ams1", is_new_version=False, status=scan.status, hypervisors=3),
        RiskPoint(scan=scan, label="fra1", is_new_version=False, status=scan.status, hypervisors=4, at_risk=2),
    )
    table = REPORTERS["table"].render(trends.risks(RiskTrend(by=RiskBy.SITE, points=points, last=scan))).decode()

    assert [line.split()[1:5] for line in table.splitlines() if "ams1" in line or "fra1" in line] == [
        ["ams1", "partial", "3", "-"],
        ["fra1", "partial", "4", "2"],
    ]
    assert "status partial: some items were not read, so the real numbers may be higher" in table


def test_a_trend_without_rows_is_a_sentence() -> None:
    last = ScanRecord(number=1, taken_at=TAKEN_AT, version="0.1.0", status=HostStatus.COMPLETE)

    def first_line(document: Document) -> str:
        return REPORTERS["table"].render(document).decode().splitlines()[0]

    assert first_line(trends.risks(RiskTrend(by=RiskBy.SERVER, last=last))) == "The scans have no finding."
    assert first_line(trends.capacity(CapacityTrend(last=last))) == "The scans have no hypervisor."
    assert first_line(trends.risks(RiskTrend(by=RiskBy.SITE))) == "The history has no scans."


def test_missing_findings_of_incomplete_scans_are_not_an_all_clear() -> None:
    last = ScanRecord(number=1, taken_at=TAKEN_AT, version="0.1.0", status=HostStatus.FAILED)

    text = REPORTERS["table"].render(trends.risks(RiskTrend(by=RiskBy.SITE, last=last))).decode()
    assert text.splitlines()[0] == "The scans have no finding; the last one did not read every hypervisor."
