"""Choice of the engine for a plan: threads of this machine, or workers on others."""

from virtscan.engines import threads
from virtscan.engines.engine import Engine
from virtscan.model import Plan
from virtscan.scanning.jobs.results import JobResult


def engine_of(plan: Plan) -> Engine[JobResult]:
    """Return the engine for the jobs of a plan."""
    if plan.dask is None:
        return threads
    from virtscan.engines.dask import DaskEngine, Scheduler
    from virtscan.scanning.slices import HostCarrier

    dask = plan.dask
    scheduler = Scheduler(address=dask.address, tls_ca=dask.tls_ca, tls_cert=dask.tls_cert, tls_key=dask.tls_key)
    return DaskEngine(scheduler, HostCarrier())
