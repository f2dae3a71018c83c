"""The decision table: an inventory in, a report out; pure."""

from virtscan.correlator.correlate import correlate
from virtscan.correlator.kernel import KernelState, read_daemon, read_kernel
from virtscan.correlator.staleness.remembering import remembering_places
from virtscan.correlator.table import RULES, Rule
from virtscan.model import Fix, KernelBasis

__all__ = [
    "RULES",
    "Fix",
    "KernelBasis",
    "KernelState",
    "Rule",
    "correlate",
    "read_daemon",
    "read_kernel",
    "remembering_places",
]
