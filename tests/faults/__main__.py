"""`python -m tests.faults [--core] [WORD…]`: play the faults, print a table, end with 1 if something does not hold.

A word chooses the cases whose names contain it.
"""

import os
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from tests.faults import hosts, machine
from tests.faults.case import Case, Outcome
from tests.faults.scanning import inherit_orphans, slowness_now

CASES = (*hosts.CASES, *machine.CASES)
TITLES = ["case", "ended after", "rest complete", "exit code", "left running", "memory", "held"]


def main(arguments: list[str]) -> int:
    """Play the chosen cases."""
    if os.geteuid() != 0:
        sys.stderr.write("make faults: only root can make networks and disks of its own; run it as root\n")
        return 2
    words = [argument for argument in arguments if argument != "--core"]
    chosen = [case for case in CASES if (case.is_core or "--core" not in arguments)]
    chosen = [case for case in chosen if not words or any(word in case.name for word in words)]
    inherit_orphans()
    outcomes = [(case, _played(case)) for case in chosen]
    rows = [_row(case, outcome) for case, outcome in outcomes]
    sys.stdout.write(tabulate(rows, TITLES, disable_numparse=True) + "\n")
    failed = [(case.name, problem) for case, outcome in outcomes for problem in outcome.failures]
    for name, problem in failed:
        sys.stdout.write(f"{name}: {problem}\n")
    return 1 if failed or not outcomes else 0


def _played(case: Case) -> Outcome:
    """Play a case; where it lacks time and even a scan without a fault takes long, again with longer limits."""
    sys.stderr.write(f"{case.name}\n")
    patience = 1.0
    while True:
        with tempfile.TemporaryDirectory(prefix="virtscan-faults-") as folder:
            outcome = case.play(Path(folder), patience)
            sys.stderr.write(f"  {outcome.seconds:.1f} s {' '.join(outcome.failures)}\n")
            slowness = slowness_now(Path(folder)) if outcome.lacks_time else 0.0
        if slowness <= patience:
            return outcome
        patience = slowness
        sys.stderr.write(f"  again with {patience:.1f} times the limits: a scan without a fault takes as much longer\n")


def _row(case: Case, outcome: Outcome) -> list[str]:
    return [
        case.name,
        f"{outcome.seconds:.1f} s",
        f"{outcome.complete} of {outcome.healthy}" if outcome.healthy else "-",
        ", ".join(map(str, sorted(set(outcome.codes)))),
        str(len(outcome.left)),
        f"{outcome.memory_mib:.0f} MiB" if outcome.memory_mib else "-",
        "no" if outcome.failures else "yes",
    ]


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # threads of servers may still wait
