"""Limits on time and data for reading a provisioning system."""

from collections.abc import Iterable, Iterator
from time import monotonic

from virtscan.errors import ProvisioningError

CHUNK = 1 << 16


class Deadline:
    """The time at which reading of a system must end."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._end = monotonic() + timeout

    def left(self) -> float:
        """Return the remaining seconds, more than zero.

        Raises:
            ProvisioningError: No time is left.
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
    """Yield the chunks of a reply within the limits.

    Raises:
        ProvisioningError: The time is over, or the reply is larger than `largest` bytes.
    """
    size = 0
    for chunk in chunks:
        deadline.left()
        size += len(chunk)
        if size > largest:
            raise ProvisioningError(f"response exceeds {largest >> 20} MiB")
        yield chunk
