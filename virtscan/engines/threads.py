"""Jobs on threads of this machine, each under a deadline and all under one: nothing waits for a job that hangs.

A call into a C library can't be interrupted, closing its connection from outside does not free it, and
`ThreadPoolExecutor` and `asyncio.to_thread` join their threads at exit. So each job gets a daemon thread of its own,
which is left behind when the job is late. Only the main thread decides what an outcome is; threads send it theirs
through one queue, where nobody looks at a late one.
"""

import resource
import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

import msgspec

from virtscan.engines.programs import end_programs_of

MOST_AT_ONCE = 128
"""More brings nothing: one process is busy with 128 hosts at 20 ms a reply."""

FILES_A_JOB = 8
"""A libvirt connection takes two; one through ssh, or ssh itself, up to seven while it starts."""

RESERVED_FILES = 64
"""For everything else that the process has open."""

LONGEST_WAIT = 0.2
"""Seconds. A signal that the kernel gives to another thread does not wake the main one, which has to act on it."""

T = TypeVar("T")


class Returned(msgspec.Struct, Generic[T], frozen=True):
    """The job came to its end."""

    value: T


class Raised(msgspec.Struct, frozen=True):
    """The job ended with an exception: an expected one or a defect, the caller knows which."""

    error: BaseException


class Cut(Enum):
    """The job has no outcome of its own: which deadline was in the way."""

    JOB_DEADLINE = "the job's deadline"
    RUN_DEADLINE = "the run's deadline, in mid-job"
    NEVER_STARTED = "the run's deadline, before the job started"


Outcome: TypeAlias = Returned[T] | Raised | Cut


class Ended(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The outcome of each job in the order of the jobs, and how many threads still hang in theirs.

    While some do, the interpreter must not be shut down in the usual way: flush, then `os._exit`.
    """

    outcomes: tuple[Outcome[T], ...]
    left_behind: int


def run(
    jobs: Sequence[Callable[[], T]],
    *,
    job_timeout: float,
    deadline: float,
    on_end: Callable[[int, Outcome[T]], None],
) -> Ended[T]:
    """Run all jobs, as many at once as sensible, and return when each has an outcome.

    Args:
        jobs: What to run; started in this order.
        job_timeout: Seconds that one job may take, from its own start.
        deadline: Seconds that all of them together may take, from now.
        on_end: Called in this thread as soon as a job (its index) has its outcome; what the job does after that is
            nobody's business any more. An exception of it ends the run.

    Returns:
        All outcomes; at the latest when `deadline` is over.
    """
    spread = _Spread(jobs, job_timeout, on_end)
    end = monotonic() + deadline
    try:
        while not spread.is_over and monotonic() < end:
            spread.start_waiting()
            spread.settle(timeout=min(LONGEST_WAIT, end - monotonic()))
            spread.cut_late()
        spread.cut_all()
    finally:
        spread.leave()
    return spread.ended()


def places(jobs: int) -> int:
    """How many of so many jobs may run at once.

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


class _Spread(Generic[T]):
    """The state of a run; touched by the main thread alone, except for the queue."""

    def __init__(
        self, jobs: Sequence[Callable[[], T]], job_timeout: float, on_end: Callable[[int, Outcome[T]], None]
    ) -> None:
        self._jobs = jobs
        self._job_timeout = job_timeout
        self._on_end = on_end
        self._places = places(len(jobs))
        self._waiting = deque(range(len(jobs)))
        self._running: dict[int, tuple[threading.Thread, float]] = {}
        self._left: list[threading.Thread] = []
        self._outcomes: dict[int, Outcome[T]] = {}
        self._queue: SimpleQueue[tuple[int, Outcome[T]]] = SimpleQueue()

    @property
    def is_over(self) -> bool:
        return len(self._outcomes) == len(self._jobs)

    def start_waiting(self) -> None:
        """Fill the free places; a thread that was left behind takes none."""
        while self._waiting and len(self._running) < self._places:
            index = self._waiting[0]
            thread = threading.Thread(target=self._work, args=(index,), name=f"job {index}", daemon=True)
            self._running[index] = thread, monotonic() + self._job_timeout
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
        timeout = min([timeout, *(end - now for _, end in self._running.values())])
        try:
            self._end(*self._queue.get(timeout=max(0, timeout)))
            while True:
                self._end(*self._queue.get_nowait())
        except Empty:
            return

    def cut_late(self) -> None:
        """End the jobs whose deadline is over; `settle` goes first, so that none which made it in time is cut."""
        now = monotonic()
        for index in [index for index, (_, end) in self._running.items() if end <= now]:
            self._end(index, Cut.JOB_DEADLINE)

    def cut_all(self) -> None:
        """End everything that has not ended."""
        for index in list(self._running):
            self._end(index, Cut.RUN_DEADLINE)
        for index in self._waiting:
            self._end(index, Cut.NEVER_STARTED)

    def leave(self) -> None:
        """Free what still runs, as far as that can be done; after an interruption that is everything."""
        for thread, _ in self._running.values():
            end_programs_of(thread)

    def ended(self) -> Ended[T]:
        return Ended(
            outcomes=tuple(self._outcomes[index] for index in range(len(self._jobs))),
            left_behind=sum(thread.is_alive() for thread in self._left),
        )

    def _work(self, index: int) -> None:
        """What a thread does."""
        outcome: Outcome[T]
        try:
            outcome = Returned(self._jobs[index]())
        except BaseException as error:  # noqa: BLE001 nothing is above this: it would only be printed and lost
            outcome = Raised(error)
        self._queue.put((index, outcome))

    def _end(self, index: int, outcome: Outcome[T]) -> None:
        """Give a job its outcome; the first one counts."""
        if index in self._outcomes:
            return
        self._outcomes[index] = outcome
        thread, _ = self._running.pop(index, (None, 0))
        if thread and isinstance(outcome, Cut):
            self._left.append(thread)
            end_programs_of(thread)
        self._on_end(index, outcome)
