"""Bounded access to a history: a database that stops responding must not hold up a report."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from virtscan.errors import HistoryError
from virtscan.transport import url_secrets

if TYPE_CHECKING:
    from virtscan.storage.history import History

SECONDS = 300.0
"""Limit for one access; saving the first scan of 100,000 domains takes a tenth of it."""

R = TypeVar("R")


def run_on(url: str, work: "Callable[[History], R]", *, create: bool = False, seconds: float = SECONDS) -> R:
    """Open a history, call a function on it, and return the result.

    The call runs in a thread of its own, which is abandoned at the limit.

    Raises:
        HistoryError: The history can't be opened, or has not answered within the limit; the system grants no thread;
            or the function's own.
    """
    results: list[R] = []
    errors: list[Exception] = []

    def run() -> None:
        from virtscan.storage.history import open_history

        try:
            with open_history(url, create=create) as history:
                results.append(work(history))
        except Exception as error:  # noqa: BLE001 raised again, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="history", daemon=True)
    try:
        thread.start()
    except RuntimeError as refusal:
        shown = url_secrets.shown(url)
        raise HistoryError(f"{shown}: no more threads can be started; raise `ulimit -u`") from refusal
    thread.join(seconds)
    for error in errors:
        raise error
    if not results:
        raise HistoryError(f"{url_secrets.shown(url)}: no answer for {seconds:g} s; check the database server")
    return results[0]
