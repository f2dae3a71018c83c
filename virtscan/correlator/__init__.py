"""The decision table: an inventory in, a report out; pure."""

from virtscan.correlator.correlate import correlate
from virtscan.correlator.table import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "correlate",
]
