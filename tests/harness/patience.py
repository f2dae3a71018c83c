"""The end of every wait that only a defect reaches, and of waits that are meant to end."""

from collections.abc import Iterator

LONG = 600.0
"""Seconds. A machine under load needs many times as long as an idle one, and no test's result may depend on that."""


def deadlines(first: float) -> Iterator[float]:
    """Yield longer and longer deadlines, in seconds, that are all meant to pass.

    For a test in which something else must be done before: it takes the first one that was long enough for that.
    """
    while first < LONG:
        yield first
        first *= 10
