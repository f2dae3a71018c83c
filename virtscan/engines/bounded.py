"""One call under a deadline, on a thread that can be left behind.

A call into a C library can't be interrupted, closing its connection from outside does not free it, and
`ThreadPoolExecutor` and `asyncio.to_thread` join their threads at exit. So the call gets a daemon thread of its own.
A late result goes into a queue that is no longer read.
"""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from virtscan.engines.engine import Cut, Outcome, Raised, Returned
from virtscan.engines.programs import end_programs_of

T = TypeVar("T")


class NoThreadError(RuntimeError):
    """The system grants no further thread: a limit of the user, of the container, or memory."""


def within(seconds: float, call: Callable[[], T]) -> Outcome[T]:
    """Call on a daemon thread and wait for the outcome, but no longer than so many seconds.

    At the deadline the programs that the call has started are ended, and its thread is left behind. End a process
    with such threads with `os._exit`: its own end could wait for them.

    Returns:
        `Cut.JOB_DEADLINE` if it is late.

    Raises:
        NoThreadError: There is no thread to call it on.
    """
    results: SimpleQueue[Outcome[T]] = SimpleQueue()

    def work() -> None:
        results.put(outcome_of(call))

    thread = _Helper(work)
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThreadError(str(error)) from error
    try:
        return results.get(timeout=max(0, seconds))
    except Empty:
        end_work_of(thread)
        return Cut.JOB_DEADLINE
    except BaseException:  # an interruption
        end_work_of(thread)
        raise


def outcome_of(call: Callable[[], T]) -> Outcome[T]:
    """Call, and make a value of whatever comes of it: above the caller nothing would catch an exception."""
    try:
        return Returned(call())
    except BaseException as error:  # noqa: BLE001 on a thread of its own it would only be printed and lost
        return Raised(error)


def end_work_of(thread: threading.Thread) -> None:
    """End the programs of a thread, and of the calls that it waits for."""
    end_programs_of(thread)
    for helper in threading.enumerate():
        if isinstance(helper, _Helper) and helper.caller is thread:
            end_work_of(helper)


class _Helper(threading.Thread):
    """A thread for one call; `caller` waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(target=work, name="bounded call", daemon=True)
        self.caller = threading.current_thread()
