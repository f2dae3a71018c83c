"""Spare threads: those that fewer jobs than places leave to jobs which can use more than one."""

import threading

from virtscan.engines.admission import MOST_AT_ONCE
from virtscan.engines.bounded import calls_waited_for

_lock = threading.Lock()
_taken = 0


def share() -> int:
    """Return how many threads each job may have if all places are shared out evenly."""
    return max(1, MOST_AT_ONCE // max(1, calls_waited_for()))


def take(count: int) -> int:
    """Take spare threads, as many of these as there are; return their number, to be given back."""
    global _taken  # noqa: PLW0603 one number for the process
    with _lock:
        granted = max(0, min(count, MOST_AT_ONCE - _taken))
        _taken += granted
    return granted


def give_back(count: int) -> None:
    """Give back threads after their use."""
    global _taken  # noqa: PLW0603 as above
    with _lock:
        _taken -= count
