"""The decision table: an inventory in, a report out; pure."""

from virtscan.correlator.judge import correlate
from virtscan.correlator.kernel import Fix, KernelState, read_kernel
from virtscan.correlator.rules import RULES, Rule

__all__ = ["RULES", "Fix", "KernelState", "Rule", "correlate", "read_kernel"]
