"""Admission of jobs: how many may run at a time, by open files and idle CPU.

A job that has started has a deadline. On a busy CPU, running more jobs at a time makes all of them end later, and none
in time. So only one job per CPU reads files. Jobs that wait for hosts start while all of them together need less than
one CPU. More CPUs do not help, because threads of one process share the interpreter lock. A few always run. A job that
hangs needs no CPU and takes no slot. Otherwise a site that is down would delay the others by many deadlines.
"""

import os
import resource
from contextlib import suppress
from time import monotonic

from virtscan.engines.demand import Demand
from virtscan.engines.engine import Work

MOST_AT_ONCE = 128
"""Most jobs that work at the same time. More save no time: 128 hosts at 20 ms a reply keep one process busy."""

MOST_OPEN = 512
"""Most jobs that have started but not ended. Each has threads, files and perhaps an ssh of 1 MB, even if it hangs."""

LEAST_AT_ONCE = 8
"""Jobs that may always run, however much CPU they need: enough to keep a CPU busy with nearby hosts."""

FILES_PER_JOB = 8
"""File descriptors of a job. A libvirt connection takes two; one through ssh, or ssh itself, up to seven at first."""

RESERVED_FILES = 64
"""File descriptors for everything else that the process has open."""

_SPARE_FILES = 8
"""File descriptors to keep free in addition to those of a job, where the limit is low."""

_STARTING_SECONDS = 2.0
"""Longest time that a job takes to open its files; from then on they are counted themselves."""

_BUSY = 0.9
"""Number of CPUs that all jobs together need before no more are admitted."""


class Admission:
    """The state of the limits, checked before each start of a job and updated by each start and end."""

    def __init__(self, jobs: int) -> None:
        self._slots = slots(jobs)
        self._files = _Files(jobs)
        self._demand = Demand()
        self._starts = LEAST_AT_ONCE

    def admits(self, work: Work, running: int) -> bool:
        """Return True if one more job of this kind may start in addition to this many running ones."""
        if not self._files.has_room():
            return False
        if work is Work.READS:
            return running < cpus()
        if running >= self._slots:
            return False
        if self._demand.sample():
            # Jobs that start now show only in the next sample. So at most as many start as run already.
            at_work = self._demand.at_work
            self._starts = max(LEAST_AT_ONCE, running) if self._demand.cpus < _BUSY else 0
            self._starts = max(min(self._starts, MOST_AT_ONCE - at_work), LEAST_AT_ONCE - at_work)
        return self._starts > 0 or running < LEAST_AT_ONCE

    def started(self) -> None:
        """Count a start."""
        self._starts -= 1
        self._files.started()

    def ended(self) -> None:
        """Count an end."""
        self._files.ended()

    def limit_to(self, running: int) -> None:
        """Lower the limit to the number of running jobs, after the system granted no thread for another one."""
        self._slots = max(1, running)


class _Files:
    """The open files of this process, counted only if the limit may be too low for all jobs, hanging ones included."""

    def __init__(self, jobs: int) -> None:
        self._soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._is_scarce = self._soft != resource.RLIM_INFINITY and self._soft < RESERVED_FILES + jobs * FILES_PER_JOB
        self._starts: list[float] = []

    def started(self) -> None:
        if self._is_scarce:
            self._starts.append(monotonic() + _STARTING_SECONDS)

    def ended(self) -> None:
        """Reserve nothing more for an ended job; the files that it still has open are counted."""
        if self._starts:
            del self._starts[0]

    def has_room(self) -> bool:
        if not self._is_scarce:
            return True
        now = monotonic()
        self._starts = [until for until in self._starts if until > now]
        used = _open_files() + FILES_PER_JOB * len(self._starts)
        return used + FILES_PER_JOB + _SPARE_FILES <= self._soft


def slots(jobs: int) -> int:
    """Raise the soft limit of open files as far as needed, and return how many jobs may be started and unfinished.

    A job that hangs keeps its files, so the limit must suffice for all jobs. It is raised no further, because a child
    process closes every possible file descriptor one by one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = RESERVED_FILES + jobs * FILES_PER_JOB
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    by_files = jobs if soft == resource.RLIM_INFINITY else (soft - RESERVED_FILES) // FILES_PER_JOB
    return max(1, min(jobs, by_files, MOST_OPEN))


def cpus() -> int:
    """Return the number of CPUs that this process may use."""
    with suppress(AttributeError):  # elsewhere than on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 names alone
