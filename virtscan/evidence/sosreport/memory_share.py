"""Memory limit for the files of all sosreports that this process reads at the same time."""

import threading
import weakref
from time import monotonic, sleep

from virtscan.errors import SosreportError

MAX_KEPT = 192 * 1024 * 1024
"""Most bytes kept of one report: enough for about 6,000 domains."""

_SHARED = MAX_KEPT // 2
"""Bytes of all reports together beyond which only the first one continues, so that at least one finishes."""

_LONGEST_WAIT = 60.0
_POLL_SECONDS = 0.05

_lock = threading.RLock()
"""Reentrant: the garbage collector may release a report at any moment, even in a thread that holds the lock."""

_shares: "list[Share]" = []


class Share:
    """The memory that one report uses."""

    def __init__(self, limit: int = MAX_KEPT) -> None:
        self._limit = limit
        self._taken = 0
        with _lock:
            _shares.append(self)

    def take(self, size: int) -> None:
        """Wait until this many more bytes are free, and take them.

        Raises:
            SosreportError: The report exceeds its limit, or other reports did not release memory in time.
        """
        self._taken += size
        if self._taken > self._limit:
            raise SosreportError("exceeds the size limit of a report")
        end = monotonic() + _LONGEST_WAIT
        while not self._may_continue():
            if monotonic() > end:
                raise SosreportError("not enough memory while other reports are read; scan fewer at a time")
            sleep(_POLL_SECONDS)

    def release_with(self, holder: object) -> None:
        """Release all memory when the holder of the content is garbage-collected."""
        weakref.finalize(holder, self.release)

    def release(self) -> None:
        """Release all memory."""
        with _lock:
            if self in _shares:
                _shares.remove(self)

    def _may_continue(self) -> bool:
        with _lock:
            shares = tuple(_shares)
            return shares[:1] == (self,) or sum(share._taken for share in shares) <= _SHARED  # noqa: SLF001 of its own class
