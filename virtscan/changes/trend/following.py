"""Trends computed from the counts of many scans."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

import msgspec

from virtscan.changes.trend.growing import growth
from virtscan.changes.trend.values import (
    CapacityPoint,
    CapacityTrend,
    Every,
    RiskBy,
    RiskPoint,
    RiskTrend,
    VersionChange,
)
from virtscan.model import Exposure, HostStatus, Verdict
from virtscan.model.history import CapacityCount, FindingCount, ScanCounts, ScanRecord


def capacity_trend(counts: Sequence[ScanCounts], every: Every) -> CapacityTrend:
    """Follow the capacity of the sites and its allocated part.

    Args:
        counts: Those of every scan, the first one first.
        every: The scans to show; the growth is computed from all.
    """
    shown, new = _shown(counts, every)
    return CapacityTrend(
        points=tuple(
            CapacityPoint(scan=scan_counts.scan, count=count, is_new_version=scan_counts.scan.number in new)
            for scan_counts in shown
            for count in sorted(scan_counts.capacity, key=lambda count: _order(count.site))
        ),
        growth=growth(counts),
        versions=tuple(_version_changes([scan_counts.scan for scan_counts in counts])),
        last=counts[-1].scan if counts else None,
    )


def risk_trend(counts: Sequence[ScanCounts], by: RiskBy, every: Every) -> RiskTrend:
    """Follow the findings of each site, or of each server that decides some.

    A label has zero findings in a scan of its scope that lacks it, so that a line goes down and does not end. If a
    hypervisor that may have such findings was not read, their counts are unknown: any of a server, those of a site.
    """
    shown, new = _shown(counts, every)
    labels: dict[str | None, set[str | None]] = {}
    for scan_counts in counts:
        labels.setdefault(scan_counts.scan.scope, set()).update(_label(count, by) for count in scan_counts.findings)
    return RiskTrend(
        by=by,
        points=tuple(
            _point(scan_counts, label, by, is_new_version=scan_counts.scan.number in new)
            for scan_counts in shown
            for label in sorted(labels[scan_counts.scan.scope], key=_order)
        ),
        versions=tuple(_version_changes([scan_counts.scan for scan_counts in counts])),
        last=counts[-1].scan if counts else None,
    )


def _point(scan_counts: ScanCounts, label: str | None, by: RiskBy, *, is_new_version: bool) -> RiskPoint:
    label_counts = [count for count in scan_counts.findings if _label(count, by) == label]
    # The hypervisors that may have findings of this label.
    capacity = [count for count in scan_counts.capacity if by is RiskBy.SERVER or count.site == label]
    status = _status(scan_counts.scan.status, capacity)
    point = RiskPoint(
        scan=scan_counts.scan,
        label=label,
        is_new_version=is_new_version,
        status=status,
        hypervisors=sum(count.hypervisors for count in capacity),
    )
    is_judged = scan_counts.scan.at_risk is not None
    if not label_counts and (status is not HostStatus.COMPLETE or not is_judged):
        return point
    verdicts: Counter[Verdict] = Counter()
    exposures: Counter[Exposure] = Counter()
    for count in label_counts:
        if not count.waived:
            verdicts[count.verdict] += count.findings
            exposures[count.exposure] += count.findings if count.verdict is Verdict.AT_RISK else 0
    return msgspec.structs.replace(
        point,
        at_risk=verdicts[Verdict.AT_RISK],
        pending=exposures[Exposure.PENDING],
        boots=exposures[Exposure.BOOTS],
        latent=exposures[Exposure.LATENT],
        unknown=verdicts[Verdict.UNKNOWN],
        mitigated=verdicts[Verdict.MITIGATED],
        not_affected=verdicts[Verdict.NOT_AFFECTED],
        waived=sum(count.findings for count in label_counts if count.waived),
    )


def _status(of_scan: HostStatus, capacity: Sequence[CapacityCount]) -> HostStatus:
    """Return the completeness of some hypervisors of a scan.

    Those of a complete scan may have lists that lack a domain which they had.
    """
    are_unread = any(count.unread for count in capacity)
    if capacity and not are_unread:
        return HostStatus.COMPLETE
    return HostStatus.PARTIAL if are_unread and of_scan is HostStatus.COMPLETE else of_scan


def _label(count: FindingCount, by: RiskBy) -> str | None:
    match by:
        case RiskBy.SITE:
            return count.site
        case RiskBy.SERVER:
            return count.server
        case _:
            assert_never(by)


def _order(label: str | None) -> tuple[bool, str]:
    return label is None, label or ""


def _shown(counts: Iterable[ScanCounts], every: Every) -> tuple[list[ScanCounts], set[int]]:
    """Choose the scans to show; return them with the numbers of those that are the first of another version."""
    last: dict[object, ScanCounts] = {}
    for scan_counts in counts:
        key = _period(scan_counts.scan, every)
        is_failed = scan_counts.scan.status is HostStatus.FAILED
        if not is_failed or key not in last or last[key].scan.status is HostStatus.FAILED:
            last[key] = scan_counts
    shown = sorted(last.values(), key=lambda scan_counts: scan_counts.scan.number)
    return shown, {change.scan for change in _version_changes([scan_counts.scan for scan_counts in shown])}


def _period(scan: ScanRecord, every: Every) -> object:
    match every:
        case Every.SCAN:
            return scan.number
        case Every.WEEK:
            return scan.scope, scan.week
        case Every.MONTH:
            return scan.scope, scan.month
        case _:
            assert_never(every)


def _version_changes(scans: Iterable[ScanRecord]) -> Iterator[VersionChange]:
    versions: dict[str | None, str] = {}
    for scan in scans:
        old = versions.setdefault(scan.scope, scan.version)
        if old != scan.version:
            yield VersionChange(scan=scan.number, taken_at=scan.taken_at, old=old, new=scan.version)
        versions[scan.scope] = scan.version
