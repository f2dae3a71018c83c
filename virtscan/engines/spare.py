"""Spare threads: those that fewer jobs than places leave to jobs which can use more than one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from virtscan.engines.admission import MOST_AT_ONCE
from virtscan.engines.bounded import calls_waited_for

_lock = threading.Lock()
_taken = 0


def share() -> int:
    """Return how many threads each job may have if all places are shared out evenly."""
    return max(1, MOST_AT_ONCE // max(1, calls_waited_for()))


@contextmanager
def taken(count: int) -> Iterator[int]:
    """Take spare threads until the end of the block, as many of these as there are; give their number."""
    global _taken  # noqa: PLW0603 one number for the process
    with _lock:
        granted = max(0, min(count, MOST_AT_ONCE - _taken))
        _taken += granted
    try:
        yield granted
    finally:
        with _lock:
            _taken -= granted
