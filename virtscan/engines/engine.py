"""The contract between a scan and the engine that runs its jobs: jobs, outcomes, deadlines."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Enum):
    """What a job does most of the time."""

    ASKS = "waits for replies of a host"
    READS = "reads files: it needs a CPU all the time"


class Job(Protocol[T_co]):
    """Work with a deadline of its own; it can be pickled, and so can its result."""

    @property
    def work(self) -> Work:
        """Return what it does, by which the engine admits it."""

    def __call__(self, run_left: float, /) -> T_co:
        """Do the work, and return before the run ends in `run_left` seconds."""


class Returned(msgspec.Struct, Generic[T], frozen=True):
    """The job came to its end."""

    value: T


class Raised(msgspec.Struct, frozen=True):
    """The job ended with an exception; the caller tells an expected one from a defect."""

    error: BaseException


class Cut(Enum):
    """The limit because of which a job has no outcome of its own."""

    JOB_DEADLINE = "the job's deadline"
    RUN_DEADLINE = "the run's deadline, in mid-job"
    NEVER_STARTED = "the run's deadline, before the job started"
    INTERRUPTED = "the run was interrupted"
    NO_FILES = "too few files may be open for one more job"


Outcome: TypeAlias = Returned[T] | Raised | Cut


class Engine(Protocol):
    """A way to run many jobs: on this machine or beyond it."""

    def run(
        self,
        jobs: Sequence[Job[T]],
        *,
        job_timeout: float,
        deadline: float,
        on_end: Callable[[int, Outcome[T]], None],
        on_start: Callable[[int], None] = ...,
        is_interrupted: Callable[[], bool] = ...,
    ) -> tuple[Outcome[T], ...]:
        """Run all jobs and return when each has an outcome.

        Args:
            jobs: What to run; those of one kind are started in this order.
            job_timeout: Seconds that one job may take, from its own start.
            deadline: Seconds that all of them together may take, from now; no job starts after that.
            on_end: Called in this thread as soon as a job (its index) has its outcome. An exception of it ends the
                run.
            on_start: Called in this thread when a job (its index) starts, if the engine knows.
            is_interrupted: Called often in this thread. Once it returns True no job starts, and those that run end
                with what they have.

        Returns:
            The outcomes in the order of the jobs.
        """
