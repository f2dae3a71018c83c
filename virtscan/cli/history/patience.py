"""A limit for what a database may take: a server that stops in the middle must not keep a report from its readers."""

import threading
from collections.abc import Callable
from typing import TypeVar

from virtscan.errors import HistoryError

SECONDS = 300.0
"""Saving the first scan of 100,000 domains takes a tenth of it."""

R = TypeVar("R")


def answered(work: Callable[[], R], seconds: float = SECONDS) -> R:
    """Return what a function returns that works with a database; it goes on in a thread of its own if that takes long.

    Raises:
        HistoryError: It has not ended within the limit.
    """
    results: list[R] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 raised again, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="history", daemon=True)
    thread.start()
    thread.join(seconds)
    for error in errors:
        raise error
    if not results:
        raise HistoryError(f"the history's database has not answered for {seconds:g} s")
    return results[0]
