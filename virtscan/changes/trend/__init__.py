"""Trends over many scans: counts of each, and their growth."""

from virtscan.changes.trend.counting import at_risk_by_host, capacity_counts, finding_counts
from virtscan.changes.trend.following import capacity_trend, risk_trend
from virtscan.changes.trend.values import (
    CapacityPoint,
    CapacityTrend,
    Every,
    Growth,
    Outlook,
    RiskBy,
    RiskPoint,
    RiskTrend,
    VersionChange,
)

__all__ = [
    "CapacityPoint", "CapacityTrend", "Every", "Growth", "Outlook", "RiskBy", "RiskPoint", "RiskTrend",
    "VersionChange", "at_risk_by_host", "capacity_counts", "capacity_trend", "finding_counts", "risk_trend",
]  # fmt: skip
