"""Progress of a scan: jobs that have ended, and the one that takes longest."""

from collections.abc import Callable, Sequence
from time import monotonic

import msgspec

from virtscan.connectors import naming
from virtscan.engines.engine import JobOutcome, Returned
from virtscan.model import HostStatus, Server, State
from virtscan.scanning.jobs.planning import AnyJob, HostJob, ProvisioningJob, ServerJob
from virtscan.scanning.jobs.results import HostResult, JobResult

_NOTED_AFTER = 1.0
"""Seconds after which a running job is reported."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has ended, after `seconds`.

    `domains` is the number of a hypervisor's domains, `offload` a server's state; they are None for other jobs, and if
    nothing was read.
    """

    name: str
    seconds: float
    is_read: bool
    domains: int | None = None
    offload: State | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The job that has been running longest, for `seconds` of at most `limit`; `others` run as well."""

    name: str
    seconds: float
    limit: float
    others: int


def ignore(_event: Ended | Waiting) -> None:
    """Report nothing."""


class Watch:
    """The running jobs of a scan; all methods are called in the thread of the engine's caller."""

    def __init__(self, jobs: Sequence[AnyJob], report: Callable[[Ended | Waiting], None]) -> None:
        self._jobs = jobs
        self._report = report
        self._started: dict[int, float] = {}

    def start(self, index: int) -> None:
        """Note that a job has started."""
        self._started[index] = monotonic()

    def end(self, index: int, outcome: JobOutcome[JobResult]) -> None:
        """Report that a job has ended."""
        now = monotonic()
        seconds = now - self._started.pop(index, now)
        result = outcome.value if isinstance(outcome, Returned) else None
        self._report(_ended(_name(self._jobs[index]), seconds, result))

    def look(self) -> None:
        """Report the job that has been running longest, if it has run long enough to be named."""
        if not self._started:
            return
        index, since = next(iter(self._started.items()))
        seconds = monotonic() - since
        if seconds >= _NOTED_AFTER:
            name, limits = _name(self._jobs[index]), self._jobs[index].limits
            others = len(self._started) - 1
            self._report(Waiting(name=name, seconds=seconds, limit=limits.host_timeout, others=others))


def _name(job: AnyJob) -> str:
    match job:
        case HostJob(target=target):
            return naming.name(target)
        case ServerJob(target=target):
            return f"server {target.name}"
        case ProvisioningJob(target=target):
            return target.source


def _ended(name: str, seconds: float, result: JobResult | None) -> Ended:
    match result:
        case HostResult(hypervisor=host):
            is_read = host.status is not HostStatus.FAILED
            domains = len(host.present_domains) if is_read else None
            return Ended(name=host.name, seconds=seconds, is_read=is_read, domains=domains)
        case Server(tx_checksum=state, reason=reason):
            is_read = reason is None
            return Ended(name=name, seconds=seconds, is_read=is_read, offload=state if is_read else None)
        case None:
            return Ended(name=name, seconds=seconds, is_read=False)
        case records:
            return Ended(name=name, seconds=seconds, is_read=not records.gaps)
