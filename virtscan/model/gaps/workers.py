"""The cause of gaps where another machine was to read a hypervisor; see `causes`."""

from enum import Enum

from virtscan.model.gaps.causes import GapCause


class WhyNotCarried(Enum):
    """Reasons why a hypervisor that another machine was to read was not read."""

    NO_SCHEDULER = "no-scheduler"
    SCHEDULER_LOST = "scheduler-lost"
    NO_WORKER = "no-worker"
    WORKER_LOST = "worker-lost"
    NO_ANSWER = "no-answer"
    REFUSED = "refused"
    FAILED = "failed"


class NotCarried(GapCause, frozen=True):
    """A worker was to read it, and did not; `place` is the address of the worker, or of the scheduler."""

    why: WhyNotCarried
    place: str
    detail: str | None = None
