"""Slices of a fleet for other machines: hypervisors that they can read, and the results.

Servers, provisioning systems, files and secrets stay on this machine; `HostJob.needs_this_machine` has the rule.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from virtscan import __version__
from virtscan.connectors import naming
from virtscan.engines import threads
from virtscan.engines.engine import AnswerError, Job, Slice
from virtscan.errors import ConfigError, InventoryError, PlanError
from virtscan.model import Gap, Inventory, Mac, Policy, Target, TargetKind
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import NoDomainDefined
from virtscan.scanning.assembling import assemble
from virtscan.scanning.jobs.limits import Limits
from virtscan.scanning.jobs.planning import HostJob
from virtscan.scanning.jobs.results import HostResult, JobResult
from virtscan.scanning.jobs.running import run
from virtscan.scanning.progress import Ended, Waiting
from virtscan.storage import loads
from virtscan.storage.plan_file import PlannedHypervisor, SavedPlan, plan_dumps
from virtscan.transport import uri

LARGEST = 60
"""Most hosts in a slice. Each task costs 3.9 ms of scheduling, and a third of a second for its process."""


class HostCarrier:
    """Transport of hypervisor jobs to other machines and of their results; see `engines.engine.Carrier`."""

    def slices(self, jobs: Sequence[Job[JobResult]]) -> tuple[Slice, ...]:
        """Group the jobs that another machine can do, by site and as evenly as possible."""
        sites: defaultdict[str | None, list[int]] = defaultdict(list)
        for index, job in enumerate(jobs):
            if isinstance(job, HostJob) and not job.needs_this_machine:
                sites[job.target.site].append(index)
        return tuple(
            Slice(site=site, jobs=tuple(part)) for site, indexes in sites.items() for part in _evenly(indexes, LARGEST)
        )

    def pack(self, jobs: Sequence[Job[JobResult]], run_left: float) -> bytes:
        """Write the plan of a slice."""
        hosts = [job for job in jobs if isinstance(job, HostJob)]
        limits = hosts[0].limits
        return plan_dumps(
            SavedPlan(
                schema="virtscan.plan/1",
                version=__version__,
                hypervisors=tuple(_planned(job.target) for job in hosts),
                host_timeout=limits.host_timeout,
                deadline=limits.deadline,
                run_left=run_left,
                in_fleet=limits.in_fleet,
                ssh_facts=limits.ssh_facts,
                next_start=limits.next_start,
                stats=limits.stats,
                allow_unsafe_uri=limits.allow_unsafe,
                server_macs=tuple(sorted(limits.server_macs)),
            )
        )

    def unpack(self, jobs: Sequence[Job[JobResult]], answer: bytes) -> tuple[HostResult, ...]:
        """Read the inventory of a slice; each job has a result of its own.

        Raises:
            AnswerError: It is not the inventory of this slice, or of another virtscan.
        """
        try:
            inventory = loads(answer, origin="answer")
        except InventoryError as error:
            raise AnswerError(str(error)) from error
        if inventory.version != __version__:
            raise AnswerError(f"answered by virtscan {inventory.version}; this is {__version__}")
        expected = [naming.shown(job.target) for job in jobs if isinstance(job, HostJob)]
        if [host.uri for host in inventory.hypervisors] != expected:
            raise AnswerError("the answer is about other hypervisors")
        return tuple(_results(inventory))


def jobs_of_slice(plan: SavedPlan, *, one_call_at_a_time: bool = False) -> tuple[HostJob, ...]:
    """Return the jobs of a plan from another machine, each hypervisor once, in the plan's order.

    Args:
        plan: The plan.
        one_call_at_a_time: Allow no concurrent calls on one connection.

    Raises:
        PlanError: The address of a hypervisor is invalid, or could do more than read it.
    """
    limits = Limits(
        host_timeout=plan.host_timeout,
        deadline=plan.deadline,
        in_fleet=plan.in_fleet,
        ssh_facts=plan.ssh_facts,
        next_start=plan.next_start,
        stats=plan.stats,
        allow_unsafe=plan.allow_unsafe_uri,
        one_call_at_a_time=one_call_at_a_time,
        server_macs=frozenset(map(Mac, plan.server_macs)),
    )
    jobs: dict[str, HostJob] = {}
    for place, planned in enumerate(plan.hypervisors):
        try:
            uri.check(planned.uri, allow_unsafe=plan.allow_unsafe_uri, consent="set allow_unsafe_uri in the plan")
        except ConfigError as error:
            raise PlanError(f"hypervisors[{place}]: {error}") from error
        jobs.setdefault(planned.uri, HostJob(target=_target(planned), limits=limits))
    return tuple(jobs.values())


def collect_slice(
    jobs: Sequence[HostJob],
    *,
    run_left: float,
    on_progress: Callable[[Ended | Waiting], None],
    is_interrupted: Callable[[], bool],
) -> Inventory:
    """Read the hypervisors of a slice as `collect` does."""
    results = run(
        jobs,
        threads,
        job_timeout=jobs[0].limits.host_timeout if jobs else run_left,
        deadline=run_left,
        on_progress=on_progress,
        is_interrupted=is_interrupted,
    )
    return _assembled(results)


def unread_slice(jobs: Sequence[HostJob], reason: AnyCause) -> Inventory:
    """Return the inventory of a slice that was not read at all, with this reason."""
    return _assembled([job.failed(reason) for job in jobs])


def _assembled(results: Sequence[JobResult]) -> Inventory:
    return assemble(results, policy=Policy(), scope=None, taken_at=datetime.now(UTC).replace(microsecond=0))


def _evenly(items: Sequence[int], largest: int) -> Iterator[Sequence[int]]:
    """Split a sequence into as few parts as possible, of nearly equal length and at most `largest` items."""
    parts = -(-len(items) // largest)
    for number in range(parts):
        yield items[number * len(items) // parts : (number + 1) * len(items) // parts]


def _planned(target: Target) -> PlannedHypervisor:
    return PlannedHypervisor(
        uri=target.address,
        name=target.name,
        site=target.site,
        kernel=target.kernel,
        segments=target.segments,
        reflective=target.reflective,
        physical=target.physical,
    )


def _target(planned: PlannedHypervisor) -> Target:
    return Target(
        kind=TargetKind.LIBVIRT,
        address=planned.uri,
        name=planned.name,
        site=planned.site,
        kernel=planned.kernel,
        segments=planned.segments,
        reflective=planned.reflective,
        physical=planned.physical,
    )


def _results(inventory: Inventory) -> Iterator[HostResult]:
    """Split an inventory into results, to be assembled with others for names and gaps of the whole fleet."""
    gaps: defaultdict[str | None, list[Gap]] = defaultdict(list)
    for gap in inventory.gaps:
        if not isinstance(gap.cause, NoDomainDefined):
            gaps[gap.hypervisor].append(gap)
    for host in inventory.hypervisors:
        name = host.plain_name
        yield HostResult(
            hypervisor=msgspec.structs.replace(host, name=name),
            gaps=tuple(msgspec.structs.replace(gap, hypervisor=name) for gap in gaps[host.name]),
        )
