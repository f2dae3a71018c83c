"""Background calls, which are only waited for at the end of the process."""

import threading
from collections.abc import Callable
from time import monotonic

_LONGEST = 1.0
"""Longest wait in seconds at the end of the process, for all calls together: one may hang."""

_SLOW = 5.0
"""Seconds after which a call counts as hanging."""

_MOST = 128
"""Most calls at the same time. Only hanging calls, each with a thread, reach this number."""

_running: dict[threading.Thread, float] = {}
"""Start time of each running call, by thread."""

_unmade: list[Callable[[], object]] = []
"""Calls that were not made. They stay referenced: otherwise a finalizer of an object in one would make the call."""


def call(function: Callable[[], object]) -> None:
    """Call a function, which must not raise, on a thread of its own; on this one if the system grants none.

    If too many calls hang, the call is not made: the end of the process replaces it.
    """

    def work() -> None:
        function()
        _running.pop(thread, None)

    if len(_running) >= _MOST:
        _unmade.append(function)
        return
    thread = threading.Thread(target=work, name="background call", daemon=True)
    _running[thread] = monotonic()
    try:
        thread.start()
    except RuntimeError:
        work()


def may_end() -> bool:
    """Return True if a call is running that is not considered hanging."""
    now = monotonic()
    return any(now - began < _SLOW for began in tuple(_running.values()))


def wait(seconds: float = _LONGEST) -> None:
    """Wait for the running calls, at most this many seconds in total."""
    end = monotonic() + seconds
    for thread in tuple(_running):
        if thread.is_alive():  # one that has not started can't be waited for
            thread.join(max(0.0, end - monotonic()))
