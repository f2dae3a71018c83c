"""One connection at work: fetches documents and delivers what they say."""

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TypeVar

import libvirt

from virtscan.connectors.libvirt_errors import end_if_lost, reason
from virtscan.connectors.reading import Reading
from virtscan.connectors.spread import Job, Spread, Work
from virtscan.errors import AnalyzerError, ConnectorError
from virtscan.model import GapAbout

FAR = 0.005
"""Seconds for a list of domains from which on waiting for the network, not work, is what takes the time."""

T = TypeVar("T")


class Session:
    """An open connection, the reading that it fills, and how many threads use it at once.

    `threads` is their number; None lets it follow from the distance, which `listed` measures.
    """

    def __init__(
        self, connection: libvirt.virConnect, reading: Reading, *, in_fleet: bool, threads: int | None = None
    ) -> None:
        self.connection = connection
        self.reading = reading
        self._in_fleet = in_fleet
        self._threads = threads
        self._list_seconds = 0.0
        self._spread = Spread(())

    def listed(self, call: Callable[[], T]) -> T:
        """Call for a list of domains, and take the time."""
        before = monotonic()
        result = call()
        self._list_seconds = monotonic() - before
        return result

    def run(self, jobs: Sequence[Job]) -> None:
        """Run all jobs, each of them a round trip or a few, and those that their works add."""
        self._spread = Spread(jobs)
        self._spread.run(self._threads or thread_count(len(jobs), self._list_seconds, in_fleet=self._in_fleet))

    def add(self, job: Job) -> None:
        """Call for a further job, from a work."""
        self._spread.add(job)

    def fetch(
        self, subject: str, about: GapAbout, describe: Callable[[], str], deliver: Callable[[str], None]
    ) -> Work | None:
        """The job to fetch a document; its work is to `deliver` it. What goes wrong with it is a gap.

        Raises:
            ConnectorError: The connection is gone, or nobody waits for the rest any more.
        """
        if self.reading.is_closed:
            # Past its deadline: what still ran would only keep others from their work.
            raise ConnectorError("nobody waits for it any more")
        try:
            return partial(self._deliver, subject, about, deliver, describe())
        except libvirt.libvirtError as error:
            # A domain may vanish between being listed and being described (VIR_ERR_NO_DOMAIN), or be busy for long.
            end_if_lost(self.connection, error)
            self.reading.gap(subject, reason(error), about)
        except UnicodeDecodeError:
            self.reading.gap(subject, "its document is not UTF-8", about)
        return None

    def _deliver(self, subject: str, about: GapAbout, deliver: Callable[[str], None], document: str) -> None:
        try:
            deliver(document)
        except AnalyzerError as error:
            self.reading.gap(subject, str(error), about)


def thread_count(jobs: int, list_seconds: float, *, in_fleet: bool) -> int:
    """How many threads share a connection for so many round trips, after a list of domains took so long.

    In a fleet other hosts fill the time, and each thread takes memory: a far host gets a few, a near one no more than
    the one that it has.

    libvirt's client has two defects that only several threads meet (both seen with 9.0.0): a call may not be sent
    before the next reply comes, and the process may crash when the connection is lost while others are just sending
    (a stale GSource, CVE-2024-4418, fixed in 10.3.0 and in many distributions' older versions). Both are rare; and one
    after another, a far host's round trips would take ten times as long.
    """
    far = list_seconds > FAR
    if in_fleet:
        return min(jobs, max(3, min(8, jobs // 6))) if far else 1
    return min(jobs, 16 if far else 4)
