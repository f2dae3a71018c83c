"""Demand for CPU by the threads of bounded calls: used, and waited for."""

import os
from collections import deque
from time import monotonic
from typing import NamedTuple

from virtscan.engines.bounded import call_threads

SAMPLE_SECONDS = 0.03
"""Shortest period of one measurement."""

_SAMPLES = 3

_SECONDS_A_THREAD = 0.001
"""Extra time for each thread: measuring one takes some ten microseconds."""

_AT_WORK_SECONDS = 2.0
"""Time that a thread counts as at work after it had a CPU, or began."""


class _Usage(NamedTuple):
    """A thread's use so far, in nanoseconds, and when it last had a CPU."""

    got: int
    waited: int
    at: float


class Demand:
    """`cpus` that were needed, in the highest of the last samples, `at_work` the threads that had one lately.

    The highest, because the kernel counts the time of a thread only when its turn is over.

    A thread that waits for the interpreter sleeps; the one that has it gets a CPU or waits for it. So the sum is about
    1 as soon as threads of this process take turns, even on a busy machine.

    Source:
        Linux, Documentation/scheduler/sched-stats.rst: /proc/PID/schedstat. Elsewhere the demand is taken for zero.
    """

    def __init__(self) -> None:
        self.cpus = 0.0
        self.at_work = 0
        self._last: deque[float] = deque(maxlen=_SAMPLES)
        self._at = monotonic()
        self._uses: dict[int, _Usage] = {}

    def sample(self) -> bool:
        """Return True if enough time has passed since the last sample; `cpus` and `at_work` are new then."""
        now = monotonic()
        if now - self._at < max(SAMPLE_SECONDS, _SECONDS_A_THREAD * len(self._uses)):
            return False
        uses: dict[int, _Usage] = {}
        needed = 0
        for thread in call_threads():
            before = self._uses.get(thread, _Usage(0, 0, now))
            got, waited = _use(thread) or before[:2]
            needed += got - before.got + waited - before.waited
            uses[thread] = _Usage(got, waited, now if got > before.got else before.at)
        self._last.append(needed / 1e9 / (now - self._at))
        self.cpus = max(self._last)
        self.at_work = sum(now - use.at < _AT_WORK_SECONDS for use in uses.values())
        self._at, self._uses = now, uses
        return True


def _use(thread: int) -> tuple[int, int] | None:
    """Return the time that a thread had a CPU, and that it waited for one; None if it has ended."""
    # By the system's own calls: objects for the path and the file take three times as long.
    try:
        file = os.open(b"/proc/self/task/%d/schedstat" % thread, os.O_RDONLY)
    except OSError:
        return None
    try:
        got, waited, _ = os.read(file, 80).split()
    except (OSError, ValueError):
        return None
    finally:
        os.close(file)
    return int(got), int(waited)
