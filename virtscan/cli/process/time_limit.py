"""A limit for work that may never end: a regular expression of the user."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from virtscan.errors import ConfigError

SECONDS = 10.0
"""CPU time; a sensible expression takes less than a second for a million rows."""


@contextmanager
def within_seconds(problem: str, seconds: float = SECONDS) -> Iterator[None]:
    """End the block with a ConfigError of this text after this many seconds of work.

    The module `re` checks for signals while it searches. Outside the main thread there is no limit.
    """

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise ConfigError(problem)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
