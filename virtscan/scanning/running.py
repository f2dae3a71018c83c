"""Outcomes of an engine to results of jobs: the job's own, or one with the reason why there is none."""

from virtscan.engines.engine import JobOutcome, Returned
from virtscan.scanning.jobs import AnyJob
from virtscan.scanning.reading import why_cut
from virtscan.scanning.results import JobResult


def result_of(job: AnyJob, outcome: JobOutcome[JobResult]) -> JobResult:
    """Give a job's own result, or one with the reason why there is none."""
    return outcome.value if isinstance(outcome, Returned) else job.failed(why_cut(outcome, job.limits, work=job.work))
