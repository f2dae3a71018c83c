"""Calls that need not be waited for: they go on beside the rest, until the end of the process."""

import threading
from collections.abc import Callable
from time import monotonic

_LONGEST = 1.0
"""Seconds at the end of the process for all of them together: one may hang."""

_trailing: set[threading.Thread] = set()


def trail(call: Callable[[], object]) -> None:
    """Make a call that raises nothing on a thread of its own; on this one if the system grants none."""

    def work() -> None:
        call()
        _trailing.discard(thread)

    thread = threading.Thread(target=work, name="trailing call", daemon=True)
    _trailing.add(thread)
    try:
        thread.start()
    except RuntimeError:
        work()


def wait() -> None:
    """Wait for the calls that go on, a second at most."""
    end = monotonic() + _LONGEST
    for thread in tuple(_trailing):
        thread.join(max(0.0, end - monotonic()))
