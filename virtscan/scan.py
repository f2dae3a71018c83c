"""A plan to an inventory, and an inventory to a report: the only place that knows all the parts."""

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias, assert_never, cast

import msgspec

from virtscan import __version__, offload
from virtscan.connectors import naming, sosreport, xml_directory
from virtscan.connectors.host_draft import HostDraft
from virtscan.correlator import correlate
from virtscan.engines import threads
from virtscan.engines.threads import Cut, Outcome, Raised, Returned
from virtscan.errors import VirtscanError
from virtscan.model import (
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    Plan,
    ProvisioningTarget,
    Report,
    Server,
    ServerTarget,
    State,
    Target,
    TargetKind,
)
from virtscan.views.naming import runs_on_warnings, segment_warnings

if TYPE_CHECKING:
    from virtscan.provisioning import Records

_log = logging.getLogger(__name__)

_Host: TypeAlias = tuple[Hypervisor, tuple[Gap, ...]]

_SHARE_OF_A_READER = 0.9


def collect(
    plan: Plan, *, on_progress: Callable[[], None] = lambda: None, taken_at: datetime | None = None
) -> Inventory:
    """Read every hypervisor, server and provisioning system of a plan, each under its deadline, all under the run's.

    What can't be read, not in time or not at all, is a gap in the inventory; nothing found is no error. All are in
    the plan's order, a hypervisor that is named twice is read once. Threads that hang in a call may be left
    behind: end the process with `os._exit`.

    Args:
        plan: What to read.
        on_progress: Called in this thread whenever one of them is done.
        taken_at: The inventory's time, with its zone; None: now.

    Raises:
        ConfigError: An address that is none.
    """
    taken_at = taken_at or datetime.now(UTC).replace(microsecond=0)
    targets = _once(plan.targets)
    hosts = [_HostJob(target, plan, in_fleet=len(targets) > 1) for target in targets]
    servers = [_ServerJob(target, plan) for target in plan.servers]
    systems = [_ProvisioningJob(target, plan) for target in plan.provisioning]
    # Servers first: on them every verdict depends.
    jobs: list[_HostJob | _ServerJob | _ProvisioningJob] = [*servers, *systems, *hosts]

    def end(index: int, outcome: Outcome[object]) -> None:
        jobs[index].end(outcome)
        on_progress()

    threads.run(jobs, job_timeout=plan.host_timeout, deadline=plan.deadline, on_end=end)
    told_apart = _told_apart([host.result for host in hosts])
    return Inventory(
        version=__version__,
        taken_at=taken_at,
        scope=plan.scope,
        policy=plan.policy,
        hypervisors=tuple(hypervisor for hypervisor, _ in told_apart),
        servers=tuple(server.result for server in servers),
        netboots=tuple(netboot for system in systems for netboot in system.result.netboots),
        subnets=tuple(subnet for system in systems for subnet in system.result.subnets),
        gaps=(
            *(gap for _, gaps in told_apart for gap in gaps),
            *_without_domains([hypervisor for hypervisor, _ in told_apart]),
            *(_gap(server.result) for server in servers if server.result.tx_checksum is State.UNKNOWN),
            *(gap for system in systems for gap in system.result.gaps),
        ),
    )


def judge(inventory: Inventory) -> Report:
    """Apply the decision table and check the names; the same inventory gives the same report on any day."""
    report = correlate(inventory)
    mismatches = (
        *segment_warnings(inventory.hypervisors, inventory.servers),
        *runs_on_warnings([host.name for host in inventory.hypervisors], inventory.servers),
    )
    return msgspec.structs.replace(report, warnings=(*report.warnings, *mismatches))


class _HostJob:
    """A hypervisor to be read; `result` is there when the job has ended."""

    result: _Host

    def __init__(self, target: Target, plan: Plan, *, in_fleet: bool) -> None:
        self._target = target
        self._plan = plan
        self._in_fleet = in_fleet
        self._draft = HostDraft(target, name=naming.name(target), uri=naming.shown(target))

    def __call__(self) -> None:
        match self._target.kind:
            case TargetKind.LIBVIRT:
                from virtscan.connectors.libvirt import host  # loads the C library, which files don't need

                host.read(
                    self._target,
                    self._draft,
                    in_fleet=self._in_fleet,
                    allow_unsafe=self._plan.allow_unsafe_uri,
                    ssh_timeout=self._plan.host_timeout if self._plan.ssh_facts else None,
                    next_start=self._plan.next_start,
                    server_macs=frozenset(mac for server in self._plan.servers for mac in server.macs),
                )
            case TargetKind.XML:
                xml_directory.read(self._target, self._draft)
            case TargetKind.SOSREPORT:
                sosreport.read(self._target, self._draft)
            case _:
                assert_never(self._target.kind)
        if self._target.facts is not None:
            from virtscan.connectors import ansible_facts

            ansible_facts.read(self._target.facts, self._draft)

    def end(self, outcome: Outcome[object]) -> None:
        if isinstance(outcome, Returned):
            self.result = self._draft.close()
        else:
            silent = not self._draft.has_answered
            self.result = self._draft.close(_failure(outcome, self._plan, silent=silent))


class _ServerJob:
    """A server to be read; `result` is there when the job has ended."""

    result: Server

    def __init__(self, target: ServerTarget, plan: Plan) -> None:
        self._target = target
        self._plan = plan

    def __call__(self) -> Server:
        return offload.READERS[self._target.kind](self._target, timeout=self._plan.host_timeout)

    def end(self, outcome: Outcome[object]) -> None:
        match outcome:
            case Returned(value=Server() as server):
                self.result = server
            case Raised() | Cut():
                self.result = offload.unreadable(self._target, _failure(outcome, self._plan, silent=True))


class _ProvisioningJob:
    """A provisioning system to be asked; `result` is there when the job has ended."""

    result: "Records"

    def __init__(self, target: ProvisioningTarget, plan: Plan) -> None:
        self._target = target
        self._plan = plan

    def __call__(self) -> "Records":
        from virtscan import provisioning  # loads TLS and XML-RPC, which a scan without it does not need

        # A reader that ends before it is cut brings home what it has.
        timeout = _SHARE_OF_A_READER * self._plan.host_timeout
        return provisioning.READERS[self._target.kind](self._target, timeout=timeout)

    def end(self, outcome: Outcome[object]) -> None:
        match outcome:
            case Returned():
                self.result = cast("Records", outcome.value)  # the engine takes jobs of any kind
            case Raised() | Cut():
                from virtscan import provisioning

                self.result = provisioning.unreadable(self._target, _failure(outcome, self._plan, silent=True))


def _failure(outcome: Raised | Cut, plan: Plan, *, silent: bool) -> str:
    """Why a job has no result of its own."""
    match outcome:
        case Raised(error=VirtscanError() as error):
            return str(error)
        case Raised(error=error):
            # It costs this one item, not the scan: the others are worth as much as before.
            _log.error("A defect of virtscan, please report it.", exc_info=error)
            return f"a defect of virtscan ({type(error).__name__}), please report it"
        case Cut.JOB_DEADLINE:
            limit = f"{plan.host_timeout:g} s"
            return f"no answer within {limit}" if silent else f"stopped at its deadline of {limit}"
        case Cut.RUN_DEADLINE:
            return f"stopped at the run's deadline of {plan.deadline:g} s"
        case Cut.NEVER_STARTED:
            return f"not started before the run's deadline of {plan.deadline:g} s"


def _gap(server: Server) -> Gap:
    reason = server.reason or "nobody said why"
    return Gap(subject=f"server {server.name} ({server.source})", reason=reason, about=GapAbout.SERVER)


def _without_domains(hypervisors: Sequence[Hypervisor]) -> Iterator[Gap]:
    """A gap for each hypervisor that was read if none of them has a domain: the wrong daemon looks like that, too.

    Source:
        libvirt's drivers for QEMU and VirtualBox have a daemon of each user at /session beside that at /system.
    """
    if any(hypervisor.domains for hypervisor in hypervisors):
        return
    for hypervisor in hypervisors:
        if hypervisor.status is not HostStatus.FAILED:
            address = hypervisor.uri.partition("?")[0]
            reason = "no domain is defined there"
            if address.endswith("/session"):
                system = address.removesuffix("session") + "system"
                reason += f"; {address} is the user's own daemon; system VMs are at {system}"
            yield Gap(subject=hypervisor.uri, reason=reason, about=GapAbout.HYPERVISOR, hypervisor=hypervisor.name)


def _once(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each address once; of two that name the same the first counts, with what it says about the host."""
    first: dict[tuple[TargetKind, str], Target] = {}
    for target in targets:
        first.setdefault((target.kind, target.address), target)
    return tuple(first.values())


def _told_apart(hosts: Sequence[_Host]) -> list[_Host]:
    """Give those of the same name their addresses in addition, and a number where that does not help either."""
    count = Counter(hypervisor.name for hypervisor, _ in hosts)
    renamed: dict[str, _Host] = {}
    for hypervisor, gaps in hosts:
        name = hypervisor.name if count[hypervisor.name] == 1 else f"{hypervisor.name} ({hypervisor.uri})"
        numbered = (name if number == 1 else f"{name} #{number}" for number in itertools.count(1))
        unique = next(candidate for candidate in numbered if candidate not in renamed)
        renamed[unique] = (
            msgspec.structs.replace(hypervisor, name=unique),
            tuple(msgspec.structs.replace(gap, hypervisor=unique) for gap in gaps),
        )
    return list(renamed.values())
