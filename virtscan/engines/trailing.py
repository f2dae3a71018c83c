"""Calls that need not be waited for: they go on beside the rest, until the end of the process."""

import threading
from collections.abc import Callable
from time import monotonic

_LONGEST = 1.0
"""Seconds at the end of the process for all of them together: one may hang."""

_SLOW = 5.0
"""Seconds from which on a call is taken for one that hangs."""

_MOST = 128
"""Calls at once. There are so many only where they hang, each with a thread."""

_trailing: dict[threading.Thread, float] = {}
"""Their threads, and when they began."""

_unmade: list[Callable[[], object]] = []
"""Kept, because an object that only such a call has would make it when it is freed."""


def trail(call: Callable[[], object]) -> None:
    """Make a call that raises nothing on a thread of its own; on this one if the system grants none.

    Where too many hang the call is not made: the end of the process has to do.
    """

    def work() -> None:
        call()
        _trailing.pop(thread, None)

    if len(_trailing) >= _MOST:
        _unmade.append(call)
        return
    thread = threading.Thread(target=work, name="trailing call", daemon=True)
    _trailing[thread] = monotonic()
    try:
        thread.start()
    except RuntimeError:
        work()


def may_end() -> bool:
    """Return True if a call goes on that does not seem to hang."""
    now = monotonic()
    return any(now - began < _SLOW for began in tuple(_trailing.values()))


def wait() -> None:
    """Wait for the calls that go on, a second at most."""
    end = monotonic() + _LONGEST
    for thread in tuple(_trailing):
        if thread.is_alive():  # one that has not started can't be waited for
            thread.join(max(0.0, end - monotonic()))
