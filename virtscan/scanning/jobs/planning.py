"""The jobs of a plan. Each is a value that any engine can run: here, in another process, or on another machine."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from virtscan import offload
from virtscan.connectors import naming
from virtscan.engines.engine import Work
from virtscan.model import Plan, ProvisioningTarget, Server, ServerTarget, Target, TargetKind
from virtscan.model.gaps import AnyCause
from virtscan.scanning.jobs.limits import Limits, limits_of
from virtscan.scanning.jobs.results import HostResult
from virtscan.scanning.reading import read_host, read_provisioning, read_server, unread_host, work_of
from virtscan.transport import uri

if TYPE_CHECKING:
    from virtscan.provisioning import Records


class HostJob(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor to be read."""

    target: Target
    limits: Limits

    @property
    def work(self) -> Work:
        """Return the main activity of reading it."""
        return work_of(self.target)

    @property
    def needs_this_machine(self) -> bool:
        """Return True if only this machine can read it, because it needs a path, daemon or password of this machine."""
        is_remote = self.target.kind is TargetKind.LIBVIRT and not uri.needs_this_machine(self.target.address)
        return not is_remote or self.target.facts is not None

    def __call__(self, run_left: float, /) -> HostResult:
        """Read the hypervisor in the time that is left for the run."""
        return read_host(self.target, msgspec.structs.replace(self.limits, run_left=run_left))

    def failed(self, reason: AnyCause) -> HostResult:
        """Return the result of a job that was not run."""
        return unread_host(self.target, reason)


class ServerJob(msgspec.Struct, frozen=True, kw_only=True):
    """A server to be read."""

    target: ServerTarget
    limits: Limits

    @property
    def work(self) -> Work:
        """Return the main activity of reading it."""
        return work_of(self.target)

    def __call__(self, run_left: float, /) -> Server:
        """Read the server in the time that is left for the run."""
        return read_server(self.target, msgspec.structs.replace(self.limits, run_left=run_left))

    def failed(self, reason: AnyCause) -> Server:
        """Return the result of a job that was not run."""
        return offload.unreadable(self.target, reason)


class ProvisioningJob(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning system to be read; it can't be pickled if it has a secret."""

    target: ProvisioningTarget
    limits: Limits
    work: Work = Work.WAITS

    def __call__(self, run_left: float, /) -> "Records":
        """Read the records in the time that is left for the run."""
        return read_provisioning(self.target, msgspec.structs.replace(self.limits, run_left=run_left))

    def failed(self, reason: AnyCause) -> "Records":
        """Return the result of a job that was not run."""
        from virtscan import provisioning

        return provisioning.unreadable(self.target, reason)


AnyJob: TypeAlias = HostJob | ServerJob | ProvisioningJob


def jobs_of(plan: Plan) -> tuple[AnyJob, ...]:
    """Return the jobs of a plan, servers first: every verdict depends on them.

    Raises:
        ConfigError: The address of a hypervisor is invalid.
    """
    limits = limits_of(plan)
    targets = _once(plan.targets)
    for target in targets:
        naming.name(target)
    return (
        *(ServerJob(target=target, limits=limits) for target in plan.servers),
        *(ProvisioningJob(target=target, limits=limits) for target in plan.provisioning),
        *(HostJob(target=target, limits=limits) for target in targets),
    )


def _once(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return each address once: of several targets with one address, the first counts, with its declared facts."""
    first: dict[tuple[TargetKind, str], Target] = {}
    for target in targets:
        first.setdefault((target.kind, target.address), target)
    return tuple(first.values())
