"""Running of jobs on an engine: each gets its result, or one with the reason why there is none."""

from collections.abc import Callable, Sequence

import msgspec

from virtscan.engines.engine import Engine, Job, JobOutcome, Returned
from virtscan.model.gaps.causes import Failure, Interrupted
from virtscan.model.gaps.items import WholeHost
from virtscan.scanning.jobs.planning import AnyJob
from virtscan.scanning.jobs.results import HostResult, JobResult
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
    late: set[int] = set()

    def look() -> bool:
        watch.look()
        return is_interrupted()

    def end(index: int, outcome: JobOutcome[JobResult]) -> None:
        if is_interrupted():
            late.add(index)
        watch.end(index, outcome)

    outcomes = engine.run(
        work,
        job_timeout=job_timeout,
        deadline=deadline,
        on_end=end,
        on_start=watch.start,
        is_interrupted=look,
    )
    results = [_result(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]
    return [_as_interrupted(result) if index in late else result for index, result in enumerate(results)]


def _result(job: AnyJob, outcome: JobOutcome[JobResult]) -> JobResult:
    return outcome.value if isinstance(outcome, Returned) else job.failed(why_cut(outcome, job.limits, work=job.work))


def _as_interrupted(result: JobResult) -> JobResult:
    """Return the result of a job that ended after the interruption, which is then the cause of a failure.

    A signal to the process group, as Ctrl-C sends it, also ends the ssh of a connection.
    """
    if not isinstance(result, HostResult):
        return result
    gaps = [
        msgspec.structs.replace(gap, cause=Interrupted())
        if isinstance(gap.item, WholeHost) and isinstance(gap.cause, Failure)
        else gap
        for gap in result.gaps
    ]
    return msgspec.structs.replace(result, gaps=tuple(gaps))
