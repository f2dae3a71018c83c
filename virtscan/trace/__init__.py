"""A packet capture to what it says of each boot in it: did it fail because checksums were left open?"""

from virtscan.trace.boot import Boot, Lease, Outcome, Side, Sums, Trace
from virtscan.trace.joining import Agreement, Line, lines
from virtscan.trace.judging import Failed, Judgement, judge
from virtscan.trace.reading import read
from virtscan.trace.view import view

__all__ = [
    "Agreement", "Boot", "Failed", "Judgement", "Lease", "Line", "Outcome", "Side", "Sums", "Trace", "judge", "lines",
    "read", "view",
]  # fmt: skip
