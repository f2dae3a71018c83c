"""One call under a deadline, on a thread that can be abandoned.

A call into a C library can't be interrupted, and closing its connection from outside does not free it.
`ThreadPoolExecutor` and `asyncio.to_thread` join their threads at exit. So the call gets a daemon thread of its own. A
late result goes into a queue without a reader.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from virtscan.engines import call_pool
from virtscan.engines.engine import Cut, JobOutcome, Raised, Returned
from virtscan.engines.programs import end_programs_of

T = TypeVar("T")


_POLL = 0.2
"""Seconds between two measurements of a thread's CPU time."""

_waited_for: set[SimpleQueue[Any]] = set()  # Any: outcomes of calls of every type
_left_behind: set[threading.Thread] = set()


class NoThreadError(RuntimeError):
    """The system grants no further thread: a limit of the user, of the container, or memory."""


def within(seconds: float, call: Callable[[], T]) -> JobOutcome[T]:
    """Call on a daemon thread and wait for the outcome for at most this many seconds.

    At the deadline the programs that the call has started are ended, and its thread is abandoned. A process with such
    threads must exit by `os._exit`: a normal exit could wait for them.

    Returns:
        `Cut.JOB_DEADLINE` if it is late, `Cut.INTERRUPTED` after `interrupt`.

    Raises:
        NoThreadError: The system grants no thread for it.
    """
    with call_on_thread(call) as wait:
        return wait(seconds)


def within_work(seconds: float, run_left: float, call: Callable[[], T]) -> JobOutcome[T]:
    """Limit the CPU time of a call that computes all the time, as `within` limits the elapsed time.

    The call is late after this many seconds of CPU time. It is also late after as many in a row without any, because
    then a disk does not answer.

    Returns:
        As `within`; `Cut.RUN_DEADLINE` if `run_left` has passed.

    Raises:
        NoThreadError: The system grants no thread for it.
    """
    with _supervised(call) as (thread, results):
        return _get_after_work(thread, results, seconds, run_left)


def interrupt() -> None:
    """Abandon all calls that are waited for."""
    for results in tuple(_waited_for):
        results.put(Cut.INTERRUPTED)


@contextmanager
def call_on_thread(call: Callable[[], T]) -> Iterator[Callable[[float], JobOutcome[T]]]:
    """Run a call on a daemon thread during the block; yield a function that waits for its outcome for some seconds.

    If the block ends before the call does, the thread is abandoned as in `within`.

    Raises:
        NoThreadError: The system grants no thread for it.
    """
    with _supervised(call) as (_thread, results):

        def wait(seconds: float) -> JobOutcome[T]:
            try:
                return results.get(timeout=max(0, seconds))
            except Empty:
                return Cut.JOB_DEADLINE

        yield wait


@contextmanager
def _supervised(call: Callable[[], T]) -> Iterator[tuple[threading.Thread, SimpleQueue[JobOutcome[T]]]]:
    results: SimpleQueue[JobOutcome[T]] = SimpleQueue()
    is_over = threading.Event()

    def work() -> None:
        outcome = outcome_of(call)
        is_over.set()
        results.put(outcome)

    thread = _CallThread(work)
    _waited_for.add(results)
    try:
        _start(thread)
        yield thread, results
    finally:
        _waited_for.discard(results)
        if not is_over.is_set():
            abandon(thread)


def _start(thread: threading.Thread) -> None:
    """Start a thread; if the system grants none, wait for idle threads to end first."""
    while True:
        try:
            return thread.start()
        except RuntimeError as error:
            if not call_pool.has_idle():
                raise NoThreadError(str(error)) from error
        time.sleep(_POLL)


def _get_after_work(
    thread: threading.Thread, results: SimpleQueue[JobOutcome[T]], seconds: float, run_left: float
) -> JobOutcome[T]:
    started = moved = time.monotonic()
    last = 0.0
    while True:
        try:
            return results.get(timeout=_POLL)
        except Empty:
            now, used = time.monotonic(), _seconds_of_work(thread)
        if used > last:
            last, moved = used, now
        if used > seconds or now - moved > seconds:
            return Cut.JOB_DEADLINE
        if now - started > run_left:
            return Cut.RUN_DEADLINE


def _seconds_of_work(thread: threading.Thread) -> float:
    """Return the CPU time of a thread in seconds; 0.0 if it has ended.

    Source:
        Linux, include/linux/posix-timers_types.h: the clock of a thread, by its number. `pthread_getcpuclockid` may
        crash if the thread ends meanwhile.
    """
    try:
        return time.clock_gettime(~(thread.native_id or 0) << 3 | 6)
    except OSError:
        return 0.0


def outcome_of(call: Callable[[], T]) -> JobOutcome[T]:
    """Call a function, and return an exception as a value: it would otherwise end the thread unseen."""
    try:
        return Returned(call())
    except BaseException as error:  # noqa: BLE001 on a thread of its own it would only be printed and lost
        return Raised(error)


def abandon(thread: threading.Thread) -> None:
    """End the programs of a thread that is no longer waited for, and of the calls that it waits for."""
    _left_behind.add(thread)
    end_work_of(thread)


def end_late_work() -> None:
    """End programs that threads started after they were abandoned; call it repeatedly."""
    for thread in tuple(_left_behind):
        if thread.is_alive():
            end_work_of(thread)
        else:
            _left_behind.discard(thread)


def end_work_of(thread: threading.Thread) -> None:
    """End the programs of a thread, and of the calls that it waits for."""
    end_programs_of(thread)
    for running in threading.enumerate():
        if isinstance(running, _CallThread) and running.caller is thread:
            end_work_of(running)


def call_threads() -> list[int]:
    """Return the kernel's ids of the threads that run calls."""
    return [
        thread.native_id
        for thread in threading.enumerate()
        if isinstance(thread, _CallThread) and thread.native_id is not None and thread not in _left_behind
    ]


class _CallThread(threading.Thread):
    """A thread for one call; `caller` waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(target=work, name="bounded call", daemon=True)
        self.caller = threading.current_thread()
