"""The contract between a scan and the engine that runs its jobs: jobs, outcomes, deadlines."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

import msgspec

from virtscan.errors import VirtscanError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Enum):
    """Main activity of a job."""

    WAITS = "waits for replies of a host"
    READS = "reads files: it needs a CPU all the time"


class Job(Protocol[T_co]):
    """Work with a deadline of its own; it can be pickled, and so can its result."""

    @property
    def work(self) -> Work:
        """Return its main activity, by which the engine admits it."""

    def __call__(self, run_left: float, /) -> T_co:
        """Do the work, and return before the run ends in `run_left` seconds."""


class Returned(msgspec.Struct, Generic[T], frozen=True):
    """The job came to its end."""

    value: T


class Raised(msgspec.Struct, frozen=True):
    """The job ended with an exception; the caller distinguishes an expected one from a defect."""

    error: BaseException


class Cut(Enum):
    """The limit because of which a job has no outcome of its own."""

    JOB_DEADLINE = "the job's deadline"
    RUN_DEADLINE = "the run's deadline, while the job ran"
    NEVER_STARTED = "the run's deadline, before the job started"
    INTERRUPTED = "the run was interrupted"
    NO_FILES = "too few files may be open for one more job"


class Loss(Enum):
    """Reasons why a job that another machine was to do did not come back."""

    NO_SCHEDULER = "the scheduler can't be reached"
    SCHEDULER_LOST = "the connection to the scheduler ended"
    NO_WORKER = "the scheduler has no worker for it"
    WORKER_LOST = "the worker ended while the job ran"
    NO_ANSWER = "the worker did not answer in time"
    REFUSED = "the worker refused the job: it has another version, or none"
    FAILED = "the program on the worker failed"


class Lost(msgspec.Struct, frozen=True):
    """Another machine was to do the job; `place` is its address, or that of its scheduler."""

    loss: Loss
    place: str
    detail: str = ""


class AnswerError(VirtscanError):
    """An answer of another machine that can't be used."""


JobOutcome: TypeAlias = Returned[T] | Raised | Cut | Lost


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, by their indexes, that travel together; `site` is where they are best done."""

    site: str | None
    jobs: tuple[int, ...]


class Carrier(Protocol[T]):
    """Transport of jobs to other machines: as bytes, since an engine knows neither jobs nor results."""

    def slices(self, jobs: Sequence[Job[T]]) -> tuple[Slice, ...]:
        """Group the jobs that can travel; the others stay here."""

    def pack(self, jobs: Sequence[Job[T]], run_left: float) -> bytes:
        """Write the jobs of a slice, for a run that ends in this many seconds."""

    def unpack(self, jobs: Sequence[Job[T]], answer: bytes) -> Sequence[T]:
        """Read the result of each of them.

        Raises:
            AnswerError: It is not an answer to these jobs.
        """


class Engine(Protocol[T]):
    """A way to run many jobs of a kind: on this machine or beyond it."""

    def run(
        self,
        jobs: Sequence[Job[T]],
        *,
        job_timeout: float,
        deadline: float,
        on_end: Callable[[int, JobOutcome[T]], None],
        on_start: Callable[[int], None] = ...,
        is_interrupted: Callable[[], bool] = ...,
    ) -> tuple[JobOutcome[T], ...]:
        """Run all jobs and return when each has an outcome.

        Args:
            jobs: The jobs to run; those of one kind are started in this order.
            job_timeout: Seconds that one job may take, from its own start.
            deadline: Seconds that all of them together may take, from now; no job starts after that.
            on_end: Called in this thread as soon as a job (its index) has its outcome. An exception of it ends the
                run.
            on_start: Called in this thread when a job (its index) starts, if the engine knows.
            is_interrupted: Called often in this thread. Once it returns True no job starts, and those that run end
                with their partial results.

        Returns:
            The outcomes in the order of the jobs.
        """
