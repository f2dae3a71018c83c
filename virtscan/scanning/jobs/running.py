"""Running of jobs on an engine: each gets its own result, or one with the reason why there is none."""

from collections.abc import Callable, Sequence

from virtscan.engines.engine import Engine, Job, JobOutcome, Returned
from virtscan.scanning.jobs.planning import AnyJob
from virtscan.scanning.jobs.results import JobResult
from virtscan.scanning.progress import Ended, Waiting, Watch
from virtscan.scanning.reading import why_cut


def run(
    jobs: Sequence[AnyJob],
    engine: Engine[JobResult],
    *,
    job_timeout: float,
    deadline: float,
    on_progress: Callable[[Ended | Waiting], None],
    is_interrupted: Callable[[], bool],
) -> list[JobResult]:
    """Run jobs, each under its limit and all under the deadline, in seconds; return their results in order."""
    watch = Watch(jobs, on_progress)
    work: Sequence[Job[JobResult]] = jobs

    def look() -> bool:
        watch.look()
        return is_interrupted()

    outcomes = engine.run(
        work,
        job_timeout=job_timeout,
        deadline=deadline,
        on_end=watch.end,
        on_start=watch.start,
        is_interrupted=look,
    )
    return [_result(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]


def _result(job: AnyJob, outcome: JobOutcome[JobResult]) -> JobResult:
    return outcome.value if isinstance(outcome, Returned) else job.failed(why_cut(outcome, job.limits, work=job.work))
