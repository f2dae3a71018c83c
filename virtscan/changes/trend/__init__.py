"""What many scans show: counts of each, and how they grow."""

from virtscan.changes.trend.counting import at_risk_by_host, capacity_counts, finding_counts

__all__ = ["at_risk_by_host", "capacity_counts", "finding_counts"]
