"""A trend: the counts of a history's scans, one after the other, and their forecast."""

from datetime import date, datetime
from enum import Enum

import msgspec

from virtscan.model import HostStatus
from virtscan.model.history import CapacityCount, ScanRecord


class Every(Enum):
    """The scans that a trend shows: each, or the last of each week or month."""

    WEEK = "week"
    MONTH = "month"
    SCAN = "scan"


class RiskBy(Enum):
    """Subject of a series of findings."""

    SITE = "site"
    SERVER = "server"


class Outlook(Enum):
    """Forecast of the time when a site is full."""

    GROWING = "growing"
    NOT_GROWING = "not-growing"
    TOO_FEW_SCANS = "too-few-scans"
    UNKNOWN = "unknown"


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """Growth of the memory allocated to running domains of a site, towards the memory of its hypervisors.

    `scans` is the number of scans that the rate rests on, `since` the first of them. `days_until_full` counts from the
    last one, and is None unless the outlook is GROWING.
    """

    scope: str | None
    site: str | None
    outlook: Outlook
    scans: int
    since: datetime | None = None
    memory_mib: int | None = None
    running_mib: int | None = None
    mib_per_day: float | None = None
    days_until_full: int | None = None
    full_on: date | None = None


class VersionChange(msgspec.Struct, frozen=True, kw_only=True):
    """The first scan by another version of virtscan: a change at it may come from other rules."""

    scan: int
    taken_at: datetime
    old: str
    new: str


class CapacityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A site at one scan; `is_new_version` marks the first scan shown of another version of virtscan."""

    scan: ScanRecord
    count: CapacityCount
    is_new_version: bool


class RiskPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of a site, or those that a server decides, at one scan; None if they may not have been read.

    `status` is COMPLETE if every hypervisor that may have such findings was read; else the counts may be too low.
    `hypervisors` counts these: with fewer of them configured, the counts are lower without a cure.
    The counts besides `waived` leave waived findings out; `pending`, `boots` and `latent` are those at risk.
    """

    scan: ScanRecord
    label: str | None
    is_new_version: bool
    status: HostStatus
    hypervisors: int = 0
    at_risk: int | None = None
    pending: int | None = None
    boots: int | None = None
    latent: int | None = None
    unknown: int | None = None
    mitigated: int | None = None
    not_affected: int | None = None
    waived: int | None = None


class CapacityTrend(msgspec.Struct, frozen=True, kw_only=True):
    """Capacity over time, with a forecast for each site."""

    points: tuple[CapacityPoint, ...] = ()
    growth: tuple[Growth, ...] = ()
    versions: tuple[VersionChange, ...] = ()
    last: ScanRecord | None = None


class RiskTrend(msgspec.Struct, frozen=True, kw_only=True):
    """Findings over time."""

    by: RiskBy
    points: tuple[RiskPoint, ...] = ()
    versions: tuple[VersionChange, ...] = ()
    last: ScanRecord | None = None
