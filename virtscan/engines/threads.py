"""Jobs on threads of this machine, each under a deadline and all under one: nothing waits for a job that hangs.

Jobs end by themselves (`bounded.within`). A thread that does not is abandoned, as there. Only the main thread decides
the outcomes; threads send it theirs through one queue, where a late one is dropped.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

import msgspec

from virtscan.engines import background, call_pool
from virtscan.engines.admission import Admission
from virtscan.engines.bounded import NoThreadError, abandon, end_late_work, interrupt, outcome_of
from virtscan.engines.demand import SAMPLE_SECONDS
from virtscan.engines.engine import Cut, Job, JobOutcome, Raised, Work

LONGEST_WAIT = 0.2
"""Seconds. A signal that the kernel gives to another thread does not wake the main one, which has to act on it."""

MARGIN = 10.0
"""Seconds that a job may be late. It ends by itself, so only an overloaded machine or a defect needs them."""

INTERRUPTED_MARGIN = 5.0
"""The same after an interruption: the user waits."""

ENDING_SECONDS = 1.0
"""Longest time that a thread takes to end after its job has."""

T = TypeVar("T")


def run(
    jobs: Sequence[Job[T]],
    *,
    job_timeout: float,
    deadline: float,
    on_end: Callable[[int, JobOutcome[T]], None],
    on_start: Callable[[int], None] = lambda _index: None,
    is_interrupted: Callable[[], bool] = lambda: False,
    margin: float = MARGIN,
) -> tuple[JobOutcome[T], ...]:
    """Run jobs as `Engine.run` describes, as many at a time as is useful.

    A job more than `margin` seconds late is abandoned, and has no effect from then on.
    """
    run = _ThreadedRun(jobs, job_timeout + margin, on_end, on_start)
    end = monotonic() + deadline
    cut = Cut.RUN_DEADLINE
    try:
        while not run.is_over and (now := monotonic()) < end + (margin if run.is_busy else 0):
            if is_interrupted():
                if cut is not Cut.INTERRUPTED:
                    cut, end, margin = Cut.INTERRUPTED, now, INTERRUPTED_MARGIN
                interrupt()
            if now < end:
                run.start_waiting(end)
            run.settle(timeout=LONGEST_WAIT if now >= end else min(LONGEST_WAIT, end - now))
            run.cut_late()
        run.cut_all(cut)
    finally:
        run.abandon_running()
    return run.outcomes()


class _Running(msgspec.Struct, frozen=True, kw_only=True):
    """A job on its thread; `late_at` is when it is abandoned, `alone` that no other ran when it started."""

    thread: threading.Thread
    late_at: float
    alone: bool


class _ThreadedRun(Generic[T]):
    """The state of a run; touched by the main thread alone, except for the queue."""

    def __init__(
        self,
        jobs: Sequence[Job[T]],
        longest: float,
        on_end: Callable[[int, JobOutcome[T]], None],
        on_start: Callable[[int], None],
    ) -> None:
        self._jobs = jobs
        self._longest = longest
        self._on_end = on_end
        self._on_start = on_start
        self._admission = Admission(len(jobs))
        self._waiting: dict[Work, deque[int]] = {work: deque() for work in Work}
        for index, job in enumerate(jobs):
            self._waiting[job.work].append(index)
        self._running: dict[int, _Running] = {}
        self._sweep_at = 0.0
        self._threadless_since = 0.0
        self._outcomes: dict[int, JobOutcome[T]] = {}
        self._queue: SimpleQueue[tuple[int, JobOutcome[T]]] = SimpleQueue()

    @property
    def is_over(self) -> bool:
        return len(self._outcomes) == len(self._jobs)

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def start_waiting(self, end: float) -> None:
        """Start the admitted jobs of each kind; a thread that was abandoned takes no slot."""
        for work, waiting in self._waiting.items():
            running = sum(self._jobs[index].work is work for index in self._running)
            while waiting and self._admission.admits(work, running):
                if not self._start(waiting[0], end):
                    return
                waiting.popleft()
                running += 1
        if not self._running and not background.may_end():
            # No job is running whose end would free files: threads that were abandoned hold them.
            for index in self._all_waiting():
                self._end(index, Cut.NO_FILES)

    def _start(self, index: int, end: float) -> bool:
        """Start a job; return False if no thread is free until another job ends."""
        now = monotonic()
        thread = threading.Thread(target=self._work, args=(index, end - now), name=f"job {index}", daemon=True)
        is_bounded = self._jobs[index].work is Work.WAITS
        late_at = now + self._longest if is_bounded else float("inf")
        self._running[index] = _Running(thread=thread, late_at=late_at, alone=not self._running)
        try:
            thread.start()
        except RuntimeError as error:
            # "can't start new thread": a limit of the user, the container or memory. The job waits for a thread to end.
            del self._running[index]
            self._threadless_since = self._threadless_since or now
            is_short = now - self._threadless_since < ENDING_SECONDS
            may_start_later = is_short or call_pool.has_idle() or background.may_end()
            if not (self._running or may_start_later):
                for waiting in self._all_waiting():  # threads that hang are all that there may be
                    self._end(waiting, Raised(NoThreadError(str(error))))
            return False
        self._threadless_since = 0.0
        self._admission.started()
        self._on_start(index)
        return True

    def settle(self, timeout: float) -> None:
        """Wait at most this long for a job to end, then take all that have ended."""
        now = monotonic()
        timeout = max(0.0, min([timeout, *(running.late_at - now for running in self._running.values())]))
        if any(self._waiting.values()):
            timeout = min(timeout, SAMPLE_SECONDS)
        try:
            self._end(*self._queue.get(timeout=timeout))
            while True:
                self._end(*self._queue.get_nowait())
        except Empty:
            return

    def cut_late(self) -> None:
        """End the jobs that are late; `settle` goes first, so that none which made it in time is cut."""
        now = monotonic()
        for index in [index for index, running in self._running.items() if running.late_at <= now]:
            self._end(index, Cut.JOB_DEADLINE)
        if now >= self._sweep_at:
            self._sweep_at = now + LONGEST_WAIT
            end_late_work()
            call_pool.replace_hung()

    def cut_all(self, cut: Cut) -> None:
        """End everything that has not ended."""
        for index in list(self._running):
            self._end(index, cut)
        for index in self._all_waiting():
            self._end(index, Cut.INTERRUPTED if cut is Cut.INTERRUPTED else Cut.NEVER_STARTED)

    def abandon_running(self) -> None:
        """Free the running jobs, as far as possible; after an interruption that is all of them."""
        for running in self._running.values():
            abandon(running.thread)

    def outcomes(self) -> tuple[JobOutcome[T], ...]:
        return tuple(self._outcomes[index] for index in range(len(self._jobs)))

    def _all_waiting(self) -> list[int]:
        return [index for waiting in self._waiting.values() for index in waiting]

    def _work(self, index: int, run_left: float) -> None:
        """Do a job, on its thread."""
        self._queue.put((index, outcome_of(partial(self._jobs[index], run_left))))

    def _end(self, index: int, outcome: JobOutcome[T]) -> None:
        """Deliver the outcome of a job; the first one counts."""
        if index in self._outcomes:
            return
        running = self._running.pop(index, None)
        if running:
            self._admission.ended()
        if running and isinstance(outcome, Raised) and isinstance(outcome.error, NoThreadError) and not running.alone:
            # Too few threads are left for the jobs' own work: run fewer jobs at a time, and this one again.
            self._admission.limit_to(len(self._running))
            self._waiting[self._jobs[index].work].appendleft(index)
            return
        self._outcomes[index] = outcome
        if running and isinstance(outcome, Cut):
            abandon(running.thread)
        self._on_end(index, outcome)
