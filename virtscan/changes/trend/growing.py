"""Growth rates of sites, and the date when a site is full at that rate."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import linear_regression

from virtscan.changes.trend.values import Growth, Outlook
from virtscan.model.history import ScanCounts, ScanRecord

_DAYS = 90
"""Period of the present rate."""
_LEAST_SCANS = 5
_LEAST_DAYS = 7.0
"""Shortest period that a rate can be computed from."""
_LONGEST = 3650
"""Days; a date further in the future counts as never."""
_DAY = 86400.0


def growth(counts: Sequence[ScanCounts]) -> tuple[Growth, ...]:
    """Return the growth of each site of the last scan of each scope."""
    last = {scan_counts.scan.scope: scan_counts for scan_counts in counts if scan_counts.capacity}
    sites = ((scan_counts.scan, capacity.site) for scan_counts in last.values() for capacity in scan_counts.capacity)
    return tuple(_of_site(counts, scan, site) for scan, site in sites)


def _of_site(counts: Iterable[ScanCounts], last: ScanRecord, site: str | None) -> Growth:
    """Fit the memory of running domains over the last days.

    A scan that read nothing of the site adds nothing: its numbers are those of an earlier one. Nor does a scan dated
    after the last one, by a clock that was wrong.
    """
    recent = [
        (scan_counts.scan, capacity)
        for scan_counts in counts
        if scan_counts.scan.scope == last.scope
        and timedelta() <= last.taken_at - scan_counts.scan.taken_at <= timedelta(days=_DAYS)
        for capacity in scan_counts.capacity
        if capacity.site == site and capacity.unread < capacity.hypervisors and capacity.memory_running_mib is not None
    ]
    if not recent or recent[-1][1].memory_mib is None:
        return Growth(scope=last.scope, site=site, outlook=Outlook.UNKNOWN, scans=len(recent))
    since = min(scan.taken_at for scan, _ in recent)
    moments = [(scan.taken_at - since).total_seconds() / _DAY for scan, _ in recent]
    now = recent[-1][1]
    running, memory = now.memory_running_mib or 0, now.memory_mib or 0
    enough = len(recent) >= _LEAST_SCANS and max(moments) >= _LEAST_DAYS
    values = [capacity.memory_running_mib or 0 for _, capacity in recent]
    rate = linear_regression(moments, values).slope if enough else 0.0
    days = max(0.0, (memory - running) / rate) if rate > 0 else None
    is_full_some_day = days is not None and days <= _LONGEST
    full_on = recent[-1][0].taken_at + timedelta(days=days) if days is not None and is_full_some_day else None
    return Growth(
        scope=last.scope,
        site=site,
        outlook=Outlook.TOO_FEW_SCANS if not enough else Outlook.GROWING if is_full_some_day else Outlook.NOT_GROWING,
        scans=len(recent),
        since=since,
        memory_mib=memory,
        running_mib=running,
        mib_per_day=round(rate, 1) + 0.0 if enough else None,  # 0.0 in place of -0.0
        days_until_full=int(days) if days is not None and is_full_some_day else None,
        full_on=None if full_on is None else full_on.date(),
    )
