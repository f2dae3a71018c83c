"""Collection of a plan's facts: an engine runs the jobs, and the results are assembled."""

from collections.abc import Callable
from datetime import UTC, datetime

from virtscan.engines import threads
from virtscan.engines.engine import Engine
from virtscan.model import Inventory, Plan
from virtscan.model.gaps import AnyCause
from virtscan.scanning.assembling import assemble
from virtscan.scanning.jobs.planning import jobs_of
from virtscan.scanning.jobs.results import JobResult
from virtscan.scanning.jobs.running import run
from virtscan.scanning.progress import Ended, Waiting, ignore


def collect(
    plan: Plan,
    *,
    engine: Engine[JobResult] = threads,
    on_progress: Callable[[Ended | Waiting], None] = ignore,
    is_interrupted: Callable[[], bool] = lambda: False,
    taken_at: datetime | None = None,
) -> Inventory:
    """Read every hypervisor, server and provisioning system of a plan, each under its own and the run's deadline.

    An item that can't be read, or not in time, is a gap in the inventory; finding nothing is not an error. Items are in
    the plan's order; a hypervisor that occurs twice is read once. Threads that hang in a call may be abandoned: end the
    process with `os._exit`.

    Args:
        plan: The plan of the scan.
        engine: The engine that runs the jobs.
        on_progress: Called in this thread whenever an item is done, and regularly with the item that takes longest.
        is_interrupted: Called often in this thread; once it returns True, the scan ends with the items read by then.
        taken_at: The inventory's time, with a time zone; None for now.

    Raises:
        ConfigError: An address is invalid.
    """
    taken_at = taken_at or datetime.now(UTC).replace(microsecond=0)
    results = run(
        jobs_of(plan),
        engine,
        job_timeout=plan.host_timeout,
        deadline=plan.deadline,
        on_progress=on_progress,
        is_interrupted=is_interrupted,
    )
    return assemble(results, policy=plan.policy, scope=plan.scope, taken_at=taken_at)


def unread(plan: Plan, reason: AnyCause) -> Inventory:
    """Return the inventory of a plan that was not read at all, with this reason."""
    taken_at = datetime.now(UTC).replace(microsecond=0)
    results = [job.failed(reason) for job in jobs_of(plan)]
    return assemble(results, policy=plan.policy, scope=plan.scope, taken_at=taken_at)
