"""Measuring: next to the baselines, in turns, so that a slow machine slows all of them."""

import gc
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeAlias

import msgspec

Way: TypeAlias = Callable[[], float | None]
"""Does the work once; gives the seconds that count, None when all of them do."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One number and what it has to be: at most the limit, or at least. Without a limit it explains another row."""

    benchmark: str
    measured: float
    limit: float | None = None
    at_most: bool = True
    unit: str = "x"
    detail: str = ""

    @property
    def is_reached(self) -> bool:
        if self.limit is None:
            return True
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def in_turns(ways: Mapping[str, Way], rounds: int) -> dict[str, float]:
    """The median of the seconds that each way takes, after one round that only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            began = perf_counter()
            counted = way()
            took = perf_counter() - began
            if number:
                seconds[name].append(took if counted is None else counted)
    return {name: median(values) for name, values in seconds.items()}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that a command took, those of them on a CPU, and its memory at most, in KiB."""

    seconds: float
    cpu: float
    kibibytes: int


def usage_of(command: Sequence[str]) -> Usage:
    """Run a command without input or output, whatever its exit code, and measure it.

    The kernel lets a program start with its parent's peak of memory, so a small interpreter starts this one.
    """
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _STARTED_BY_A_SMALL_ONE, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds = perf_counter() - began
    cpu, kibibytes = done.stdout.split()
    return Usage(seconds=seconds, cpu=float(cpu), kibibytes=int(kibibytes))


_STARTED_BY_A_SMALL_ONE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def own_peak_kibibytes() -> int:
    """Return this program's memory at most; unlike `ru_maxrss` it does not begin with the parent's."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])
