"""Packet captures: the boots in them, and whether they failed because of partial checksums."""

from virtscan.trace.boots.boot import Boot, ChecksumCounts, Lease, Outcome, Side, Trace
from virtscan.trace.boots.judging import Failed, Judgement, judge
from virtscan.trace.joining import Agreement, BootComparison, comparisons
from virtscan.trace.reading import read
from virtscan.trace.view import view

__all__ = [
    "Agreement",
    "Boot",
    "BootComparison",
    "ChecksumCounts",
    "Failed",
    "Judgement",
    "Lease",
    "Outcome",
    "Side",
    "Trace",
    "comparisons",
    "judge",
    "read",
    "view",
]  # fmt: skip
