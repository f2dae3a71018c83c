"""Memory for the kept files of sosreports: one limit for all that are read at once in this process."""

import threading
import weakref
from time import monotonic, sleep

from virtscan.errors import SosreportError

MAX_KEPT = 192 * 1024 * 1024
"""Bytes of all files kept of one report: some 6,000 domains."""

_SHARED = MAX_KEPT // 2
"""Bytes of all reports together beyond which only the first one continues, so that at least one finishes."""

_LONGEST_WAIT = 60.0
_POLL_SECONDS = 0.05

_lock = threading.RLock()
"""The garbage collector gives a report back at any moment, also in a thread that holds the lock."""

_shares: "list[Share]" = []


class Share:
    """The part of the memory that one report takes."""

    def __init__(self, limit: int = MAX_KEPT) -> None:
        self._limit = limit
        self._taken = 0
        with _lock:
            _shares.append(self)

    def take(self, size: int) -> None:
        """Take this many more bytes, as soon as they are free.

        Raises:
            SosreportError: The report exceeds the limit of one, or the first one hangs.
        """
        self._taken += size
        if self._taken > self._limit:
            raise SosreportError("exceeds the size limit of a report")
        end = monotonic() + _LONGEST_WAIT
        while not self._may_go_on():
            if monotonic() > end:
                raise SosreportError("not enough memory while other reports are read; scan fewer at once")
            sleep(_POLL_SECONDS)

    def give_back_with(self, holder: object) -> None:
        """Return everything back when the holder of the content is gone."""
        weakref.finalize(holder, self.give_back)

    def give_back(self) -> None:
        """Return everything back."""
        with _lock:
            if self in _shares:
                _shares.remove(self)

    def _may_go_on(self) -> bool:
        with _lock:
            shares = tuple(_shares)
            return shares[:1] == (self,) or sum(share._taken for share in shares) <= _SHARED  # noqa: SLF001 of its own class
