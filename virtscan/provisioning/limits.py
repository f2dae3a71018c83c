"""Limits of the time and the amount of data of a provisioning system, whatever it does."""

from collections.abc import Iterable, Iterator
from time import monotonic

from virtscan.errors import ProvisioningError

CHUNK = 1 << 16


class Deadline:
    """A point in time that everything about one system has to keep."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._end = monotonic() + timeout

    def left(self) -> float:
        """Seconds, more than zero.

        Raises:
            ProvisioningError: None are left.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise ProvisioningError(self.reason)
        return left

    @property
    def reason(self) -> str:
        """Return why something was not read."""
        return f"no answer within {self._timeout:g} s"


def within(chunks: Iterable[bytes], deadline: Deadline, *, largest: int) -> Iterator[bytes]:
    """Yield the chunks of a reply, as long as there is time and it is not too large.

    Raises:
        ProvisioningError: One of the limits is reached.
    """
    size = 0
    for chunk in chunks:
        deadline.left()
        size += len(chunk)
        if size > largest:
            raise ProvisioningError(f"response exceeds {largest >> 20} MiB")
        yield chunk
