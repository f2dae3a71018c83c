"""Outcomes of an engine to results of jobs: the job's own, or one with the reason why there is none."""

from virtscan.engines.engine import JobOutcome, Returned
from virtscan.scanning.jobs.planning import AnyJob
from virtscan.scanning.jobs.results import JobResult
from virtscan.scanning.reading import why_cut


def result_of(job: AnyJob, outcome: JobOutcome[JobResult]) -> JobResult:
    """Return a job's own result, or one with the reason why there is none."""
    return outcome.value if isinstance(outcome, Returned) else job.failed(why_cut(outcome, job.limits, work=job.work))
