"""`python -m tests.bench [NAME…]`: measure, print a table, end with 1 if something is not reached."""

import gc
import os
import platform
import sys
from collections.abc import Callable, Mapping

from tabulate import tabulate

from tests.bench import (
    beyond,
    capture,
    crowds,
    fleets,
    judging,
    page,
    planning,
    reading_hosts,
    redacting,
    reports,
    starting,
    year,
)
from tests.bench.measuring import Row
from virtscan.cli.process.start import YOUNG_OBJECTS

BENCHMARKS: Mapping[str, Callable[[], list[Row]]] = {
    "beyond": beyond.rows,
    "capture": capture.rows,
    "crowds": crowds.rows,
    "fleets": fleets.rows,
    "hosts": reading_hosts.rows,
    "judging": judging.rows,
    "page": page.rows,
    "planning": planning.rows,
    "redact": redacting.rows,
    "reports": reports.rows,
    "start": starting.rows,
    "history": year.rows,
}


def main(names: list[str]) -> int:
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.stderr.write(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    gc.set_threshold(YOUNG_OBJECTS)  # as the command does
    sys.stdout.write(f"{_machine()}\n")
    rows = [row for name in names or BENCHMARKS for row in BENCHMARKS[name]()]
    titles = ["benchmark", "measured", "limit", "reached", "seconds and sizes"]
    sys.stdout.write(tabulate([_cells(row) for row in rows], titles, disable_numparse=True) + "\n")
    return 0 if all(row.is_reached for row in rows) else 1


def _machine() -> str:
    """Describe what the absolute times depend on; builds of one Python's version differ by a half."""
    load, _, _ = os.getloadavg()
    interpreter = f"{platform.python_implementation()} {platform.python_version()} at {sys.base_prefix}"
    return f"{interpreter}, {os.cpu_count()} CPUs, load {load:.1f} before"


def _cells(row: Row) -> list[str]:
    return [row.benchmark, f"{row.measured:.2f} {row.unit}", *_judged(row), row.detail]


def _judged(row: Row) -> tuple[str, str]:
    if row.limit is None:
        return "", ""
    bound = "at most" if row.at_most else "at least"
    return f"{bound} {row.limit:g} {row.unit}", "yes" if row.is_reached else "NO"


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # a scan may have left threads behind
