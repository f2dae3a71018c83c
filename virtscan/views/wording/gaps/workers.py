"""The sentences for hypervisors that another machine was to read: the reason, and the action."""

from collections.abc import Mapping

from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.workers import NotCarried, WhyNotCarried

_WORDS: Mapping[WhyNotCarried, tuple[str, str]] = {
    WhyNotCarried.NO_SCHEDULER: (
        "scheduler {place} can't be reached",
        "check that it is running, its address and its certificates",
    ),
    WhyNotCarried.SCHEDULER_LOST: ("the connection to scheduler {place} ended before this was read", "check it"),
    WhyNotCarried.NO_WORKER: ("scheduler {place} has no worker that can read it", "start one"),
    WhyNotCarried.WORKER_LOST: ("worker {place} ended while reading this", "check its log"),
    WhyNotCarried.NO_ANSWER: ("worker {place} did not answer in time", "check it, or raise --deadline"),
    WhyNotCarried.REFUSED: ("worker {place} refused it", "install the same virtscan there"),
    WhyNotCarried.FAILED: ("virtscan on worker {place} failed", "check that it runs there"),
}


def worker_words(cause: AnyCause) -> str | None:
    """Return the reason why a worker did not read it; None for another cause."""
    if not isinstance(cause, NotCarried):
        return None
    problem, action = _WORDS[cause.why]
    detail = f" ({cause.detail})" if cause.detail else ""
    return f"{problem.format(place=cause.place)}{detail}; {action}"
