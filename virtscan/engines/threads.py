"""Jobs on threads of this machine, each under a deadline and all under one: nothing waits for a job that hangs.

Jobs end by themselves (`bounded.within`). A thread that does not is left behind, as there. Only the main thread decides
what an outcome is; threads send it theirs through one queue, where a late one is dropped.
"""

import resource
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

import msgspec

from virtscan.engines.bounded import NoThreadError, end_work_of, outcome_of
from virtscan.engines.engine import Cut, Job, Outcome, Raised

MOST_AT_ONCE = 128
"""More brings nothing: one process is busy with 128 hosts at 20 ms a reply."""

FILES_A_JOB = 8
"""A libvirt connection takes two; one through ssh, or ssh itself, up to seven while it starts."""

RESERVED_FILES = 64
"""For everything else that the process has open."""

LONGEST_WAIT = 0.2
"""Seconds. A signal that the kernel gives to another thread does not wake the main one, which has to act on it."""

MARGIN = 30.0
"""Seconds that a job may be late. It ends by itself, so only a machine in trouble or a defect needs them."""

T = TypeVar("T")


def run(
    jobs: Sequence[Job[T]],
    *,
    job_timeout: float,
    deadline: float,
    on_end: Callable[[int, Outcome[T]], None],
    margin: float = MARGIN,
) -> tuple[Outcome[T], ...]:
    """Run jobs as `Engine.run` describes, as many at once as sensible.

    A job that is later than `margin` seconds is left behind, and has no effect from then on.
    """
    run = _Run(jobs, job_timeout + margin, on_end)
    end = monotonic() + deadline
    try:
        while not run.is_over and (now := monotonic()) < end + (margin if run.is_busy else 0):
            if now < end:
                run.start_waiting(end)
            run.settle(timeout=LONGEST_WAIT if now >= end else min(LONGEST_WAIT, end - now))
            run.cut_late()
        run.cut_all()
    finally:
        run.leave()
    return run.outcomes()


def places(jobs: int) -> int:
    """Return how many of these jobs may run at once.

    Raises this process's soft limit of open files where the hard one allows it: a job that hangs keeps its files, so
    there must be enough for all, not only for those at once. Not beyond that, because programs that are started from
    here close every possible file one by one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = RESERVED_FILES + jobs * FILES_A_JOB
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    by_files = jobs if soft == resource.RLIM_INFINITY else (soft - RESERVED_FILES) // FILES_A_JOB
    return max(1, min(jobs, by_files, MOST_AT_ONCE))


class _Running(msgspec.Struct, frozen=True, kw_only=True):
    """A job on its thread; `late_at` is when it is left behind, `alone` that no other ran when it started."""

    thread: threading.Thread
    late_at: float
    alone: bool


class _Run(Generic[T]):
    """The state of a run; touched by the main thread alone, except for the queue."""

    def __init__(self, jobs: Sequence[Job[T]], longest: float, on_end: Callable[[int, Outcome[T]], None]) -> None:
        self._jobs = jobs
        self._longest = longest
        self._on_end = on_end
        self._places = places(len(jobs))
        self._waiting = deque(range(len(jobs)))
        self._running: dict[int, _Running] = {}
        self._outcomes: dict[int, Outcome[T]] = {}
        self._queue: SimpleQueue[tuple[int, Outcome[T]]] = SimpleQueue()

    @property
    def is_over(self) -> bool:
        return len(self._outcomes) == len(self._jobs)

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def start_waiting(self, end: float) -> None:
        """Fill the free places; a thread that was left behind takes none."""
        while self._waiting and len(self._running) < self._places:
            index, now = self._waiting[0], monotonic()
            thread = threading.Thread(target=self._work, args=(index, end - now), name=f"job {index}", daemon=True)
            running = _Running(thread=thread, late_at=now + self._longest, alone=not self._running)
            self._running[index] = running
            try:
                thread.start()
            except RuntimeError:
                # "can't start new thread": a limit of the user, the container or memory. It waits for one to end.
                del self._running[index]
                if not self._running:
                    raise
                return
            self._waiting.popleft()

    def settle(self, timeout: float) -> None:
        """Wait until a job ends, at most so long, then take all that have ended."""
        now = monotonic()
        timeout = min([timeout, *(running.late_at - now for running in self._running.values())])
        try:
            self._end(*self._queue.get(timeout=max(0, timeout)))
            while True:
                self._end(*self._queue.get_nowait())
        except Empty:
            return

    def cut_late(self) -> None:
        """End the jobs that are late; `settle` goes first, so that none which made it in time is cut."""
        now = monotonic()
        for index in [index for index, running in self._running.items() if running.late_at <= now]:
            self._end(index, Cut.JOB_DEADLINE)

    def cut_all(self) -> None:
        """End everything that has not ended."""
        for index in list(self._running):
            self._end(index, Cut.RUN_DEADLINE)
        for index in self._waiting:
            self._end(index, Cut.NEVER_STARTED)

    def leave(self) -> None:
        """Free what still runs, as far as that can be done; after an interruption that is everything."""
        for running in self._running.values():
            end_work_of(running.thread)

    def outcomes(self) -> tuple[Outcome[T], ...]:
        return tuple(self._outcomes[index] for index in range(len(self._jobs)))

    def _work(self, index: int, run_left: float) -> None:
        """Do a job, on its thread."""
        self._queue.put((index, outcome_of(partial(self._jobs[index], run_left))))

    def _end(self, index: int, outcome: Outcome[T]) -> None:
        """Give a job its outcome; the first one counts."""
        if index in self._outcomes:
            return
        running = self._running.pop(index, None)
        if running and isinstance(outcome, Raised) and isinstance(outcome.error, NoThreadError) and not running.alone:
            # Threads of jobs took those that jobs need themselves: fewer at once, and this one again.
            self._places = max(1, len(self._running))
            self._waiting.appendleft(index)
            return
        self._outcomes[index] = outcome
        if running and isinstance(outcome, Cut):
            end_work_of(running.thread)
        self._on_end(index, outcome)
