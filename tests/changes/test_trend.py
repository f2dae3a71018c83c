"""Trends: which scans are shown, what has a row, and when a site is full."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import TAKEN_AT, domain, hypervisor, macvtap
from virtscan.changes.trend import Every, Growth, Outlook, RiskBy, capacity_counts, capacity_trend, risk_trend
from virtscan.model import DomainState, Exposure, HostStatus, Verdict
from virtscan.model.history import CapacityCount, FindingCount, ScanCounts, ScanRecord

FULL = 100_000


def record(day: int, **more: Any) -> ScanRecord:
    fields: dict[str, Any] = {
        "number": day + 1,
        "taken_at": TAKEN_AT + timedelta(days=day),
        "version": "0.2.0",
        "status": HostStatus.COMPLETE,
    }
    return ScanRecord(**(fields | more))


def capacity(day: int, running: int | None, site: str = "ams1", *, unread: int = 0, **more: Any) -> ScanCounts:
    count = CapacityCount(site=site, hypervisors=2, unread=unread, memory_mib=FULL, memory_running_mib=running)
    return ScanCounts(scan=record(day, **more), capacity=(count,))


def growth(*running: int | None, step: int = 1) -> Growth:
    (site,) = capacity_trend([capacity(step * day, mib) for day, mib in enumerate(running)], Every.SCAN).growth
    return site


def findings(day: int, *counts: FindingCount, **more: Any) -> ScanCounts:
    return ScanCounts(scan=record(day, **more), findings=counts)


def count(number: int, verdict: Verdict = Verdict.AT_RISK, **more: Any) -> FindingCount:
    fields: dict[str, Any] = {"site": "ams1", "server": "satellite", "exposure": Exposure.BOOTS, "waived": False}
    return FindingCount(verdict=verdict, findings=number, **(fields | more))


def test_a_site_that_grows_evenly_is_full_when_the_line_is() -> None:
    site = growth(*range(50_000, 60_000, 1000))

    assert (site.outlook, site.scans, site.mib_per_day) == (Outlook.GROWING, 10, 1000)
    assert (site.running_mib, site.memory_mib, site.days_until_full) == (59_000, FULL, 41)
    assert site.full_on == date(2026, 12, 1) + timedelta(days=41)


def test_a_rate_of_nearly_nothing_is_zero_without_a_sign() -> None:
    assert str(growth(*[50_001] * 9, 50_000, *[50_001] * 80).mib_per_day) == "0.0"
    assert str(growth(*[50_000] * 89, 49_999).mib_per_day) == "0.0"


@pytest.mark.parametrize("running", [[50_000] * 10, range(60_000, 50_000, -1000), [50_000] * 9 + [50_001]])
def test_a_site_that_does_not_grow_is_never_full(running: list[int]) -> None:
    site = growth(*running)

    assert (site.outlook, site.days_until_full, site.full_on) == (Outlook.NOT_GROWING, None, None)


def test_a_rate_needs_several_scans_over_several_days() -> None:
    few = growth(1000, 2000, 3000, 4000)
    assert (few.outlook, few.mib_per_day, few.days_until_full, few.full_on) == (Outlook.TOO_FEW_SCANS, None, None, None)
    assert growth(1000, 2000, 3000, 4000, 5000).outlook is Outlook.TOO_FEW_SCANS
    assert growth(1000, 2000, 3000, 4000, 5000, step=2).outlook is Outlook.GROWING


def test_a_site_that_is_full_is_full_now() -> None:
    assert growth(*range(95_000, 105_000, 1000)).days_until_full == 0


def test_memory_that_is_not_known_gives_no_rate() -> None:
    assert growth(*[None] * 10).outlook is Outlook.UNKNOWN


def test_the_rate_is_that_of_the_last_months() -> None:
    long_ago = [capacity(day, 90_000 - 100 * day) for day in range(200)]
    now = [capacity(300 + day, 70_000 + 100 * day) for day in range(60)]
    (site,) = capacity_trend([*long_ago, *now], Every.SCAN).growth

    assert (site.scans, site.mib_per_day) == (60, 100)


@pytest.mark.parametrize("status", [HostStatus.FAILED, HostStatus.PARTIAL])
def test_a_scan_that_read_nothing_of_a_site_bends_no_line(status: HostStatus) -> None:
    read = [capacity(day, 50_000 + 1000 * day) for day in range(10)]
    away = [capacity(day, 59_000, unread=2, status=status) for day in range(10, 40)]
    (site,) = capacity_trend([*read, *away], Every.SCAN).growth

    assert (site.scans, site.mib_per_day, site.days_until_full) == (10, 1000, 41)


def test_a_site_with_a_hypervisor_that_was_read_has_its_line() -> None:
    nights = [capacity(day, 50_000 + 1000 * day, unread=1, status=HostStatus.PARTIAL) for day in range(10)]
    (site,) = capacity_trend(nights, Every.SCAN).growth

    assert (site.scans, site.mib_per_day) == (10, 1000)


@pytest.mark.parametrize("days", [4000, -4000])
def test_a_scan_by_a_wrong_clock_bends_no_line(days: int) -> None:
    nights = [capacity(day, 50_000 + 1000 * day) for day in range(10)]
    wrong = msgspec.structs.replace(nights[5].scan, taken_at=TAKEN_AT + timedelta(days=days))
    nights[5] = msgspec.structs.replace(nights[5], scan=wrong)
    (site,) = capacity_trend(nights, Every.SCAN).growth

    assert (site.scans, site.mib_per_day, site.since) == (9, 1000, TAKEN_AT)


def test_a_clock_that_was_set_back_by_hours_leaves_the_line() -> None:
    nights = [capacity(day, 50_000 + 1000 * day) for day in range(10)]
    early = msgspec.structs.replace(nights[2].scan, taken_at=TAKEN_AT - timedelta(hours=12))
    nights[2] = msgspec.structs.replace(nights[2], scan=early)
    (site,) = capacity_trend(nights, Every.SCAN).growth

    assert (site.outlook, site.scans, site.since) == (Outlook.GROWING, 10, early.taken_at)


def test_each_scope_and_site_has_its_own_growth() -> None:
    nights = [
        capacity(day, rate * day, site=site, scope=scope)
        for day in range(10)
        for scope, site, rate in (("one", "ams1", 100), ("two", "ams1", 200))
    ]
    rates = {(site.scope, site.site): site.mib_per_day for site in capacity_trend(nights, Every.SCAN).growth}

    assert rates == {("one", "ams1"): 100, ("two", "ams1"): 200}


def test_the_last_scan_of_each_week_or_month_is_shown() -> None:
    nights = [capacity(day, day) for day in range(20)]  # from Sunday 2026-11-22

    def shown(every: Every) -> list[int]:
        return [point.scan.number - 1 for point in capacity_trend(nights, every).points]

    assert shown(Every.WEEK) == [0, 7, 14, 19]
    assert shown(Every.MONTH) == [8, 19]
    assert shown(Every.SCAN) == list(range(20))


def test_a_scan_that_read_nothing_does_not_represent_a_week() -> None:
    nights = [capacity(1, 1), capacity(2, 2, status=HostStatus.FAILED)]

    assert [point.scan.number for point in capacity_trend(nights, Every.WEEK).points] == [2]
    assert [point.scan.number for point in capacity_trend(nights[1:], Every.WEEK).points] == [3]


def test_the_last_scan_represents_a_week_in_which_none_read_anything() -> None:
    nights = [capacity(day, 1000, status=HostStatus.FAILED, unread=1) for day in (1, 2, 3)]
    assert [point.scan.number for point in capacity_trend(nights, Every.WEEK).points] == [4]


def test_another_version_of_virtscan_is_marked() -> None:
    nights = [capacity(day, 1, version="0.3.0" if day > 3 else "0.2.0") for day in range(6)]
    trend = capacity_trend(nights, Every.SCAN)

    assert [point.is_new_version for point in trend.points] == [False] * 4 + [True, False]
    assert [(change.scan, change.old, change.new) for change in trend.versions] == [(5, "0.2.0", "0.3.0")]


def test_findings_are_counted_by_verdict_and_exposure() -> None:
    night = findings(
        0,
        count(3),
        count(2, exposure=Exposure.LATENT),
        count(4, waived=True),
        count(5, Verdict.UNKNOWN),
        count(6, Verdict.MITIGATED),
        count(7, Verdict.NOT_AFFECTED, server=None),
    )
    (site,) = risk_trend([night], RiskBy.SITE, Every.SCAN).points
    satellite, none = risk_trend([night], RiskBy.SERVER, Every.SCAN).points

    assert (site.at_risk, site.boots, site.latent, site.pending, site.waived) == (5, 3, 2, 0, 4)
    assert (site.unknown, site.mitigated, site.not_affected) == (5, 6, 7)
    assert (satellite.label, satellite.not_affected, none.label, none.not_affected) == ("satellite", 0, None, 7)


def test_a_line_goes_down_to_zero_and_is_unknown_where_nothing_was_read() -> None:
    nights = [findings(0, count(3)), findings(1), findings(2, status=HostStatus.FAILED)]
    points = risk_trend(nights, RiskBy.SITE, Every.SCAN).points

    assert [point.at_risk for point in points] == [3, 0, None]


def test_a_site_without_findings_is_unknown_if_the_scan_was_not_complete() -> None:
    other = count(2, site="fra1")
    nights = [findings(0, count(3), other), findings(1, other, status=HostStatus.PARTIAL)]
    points = risk_trend(nights, RiskBy.SITE, Every.SCAN).points

    assert [(point.label, point.at_risk, point.unknown) for point in points[2:]] == [
        ("ams1", None, None),
        ("fra1", 2, 0),
    ]


def test_the_counts_of_a_site_are_whole_if_its_own_hypervisors_were_read() -> None:
    whole, part = CapacityCount(site="ams1", hypervisors=2), CapacityCount(site="fra1", hypervisors=2, unread=1)
    other = count(2, site="fra1")
    night = msgspec.structs.replace(findings(1, other, status=HostStatus.PARTIAL), capacity=(whole, part))
    nights = [findings(0, count(3), other), night]

    sites = risk_trend(nights, RiskBy.SITE, Every.SCAN).points[2:]
    (server,) = risk_trend(nights, RiskBy.SERVER, Every.SCAN).points[1:]

    assert [(point.label, point.status.value, point.at_risk) for point in sites] == [
        ("ams1", "complete", 0),
        ("fra1", "partial", 2),
    ]
    assert (server.status.value, server.at_risk) == ("partial", 2)
    assert [point.hypervisors for point in (*sites, server)] == [2, 2, 4]


def test_capacity_adds_up_what_is_known() -> None:
    running, off = domain("a", macvtap(), vcpus=4), domain("b", vcpus=2, state=DomainState.INACTIVE)
    host = hypervisor("hv1", running, off, domain("a", next_start=True), site="ams1")
    (count,) = capacity_counts([(host, host)])

    assert (count.vcpus_running, count.vcpus_defined, count.domains_running, count.domains_defined) == (4, 6, 1, 2)
    assert (count.memory_running_mib, count.memory_defined_mib, count.macvtap_interfaces) == (2048, 4096, 1)


def test_one_unknown_number_makes_the_sum_unknown() -> None:
    hosts = [hypervisor("hv1", domain("a", vcpus=None)), hypervisor("hv2", domain("b", state=DomainState.UNKNOWN))]
    (count,) = capacity_counts([(host, host) for host in hosts])

    assert (count.vcpus_running, count.vcpus_defined, count.domains_running, count.cpus) == (None, None, None, 32)


def test_a_host_that_was_never_read_adds_nothing_and_is_counted() -> None:
    down = hypervisor("hv2", status=HostStatus.FAILED, cpus=None)
    whole = hypervisor("hv1")

    assert [
        (count.hypervisors, count.unread, count.cpus) for count in capacity_counts([(whole, whole), (down, None)])
    ] == [(2, 1, 16)]
    assert [(count.unread, count.cpus) for count in capacity_counts([(down, None)])] == [(1, None)]


@given(st.lists(st.integers(0, FULL), min_size=5, max_size=40))
def test_every_growth_has_the_matching_outlook(running: list[int]) -> None:
    site = growth(*running, step=2)

    assert (site.outlook is Outlook.GROWING) == (site.days_until_full is not None) == (site.full_on is not None)
    assert site.outlook is not Outlook.GROWING or (site.mib_per_day or 0) >= 0
