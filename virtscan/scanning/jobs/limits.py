"""Limits of a reader: its time, and the facts that it may request."""

import msgspec

from virtscan.model import Mac, Plan


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one job, the same for all jobs of a scan except `run_left`.

    All times are in seconds: `host_timeout` for the job, `deadline` for the whole run. `run_left` is the rest when the
    job starts; None without a run. `in_fleet` is True if other hypervisors are read at the same time.
    `one_call_at_a_time` allows no concurrent calls on one connection.
    """

    host_timeout: float = 30.0
    deadline: float = 600.0
    run_left: float | None = None
    in_fleet: bool = False
    ssh_facts: bool = False
    next_start: bool = False
    stats: bool = False
    allow_unsafe: bool = False
    server_macs: frozenset[Mac] = frozenset()
    one_call_at_a_time: bool = False

    @property
    def seconds(self) -> float:
        """Return the seconds until the earlier of the two deadlines."""
        return self.host_timeout if self.run_left is None else min(self.host_timeout, self.run_left)

    @property
    def run_ends_first(self) -> bool:
        """Return True if the run's deadline comes before that of the job."""
        return self.seconds < self.host_timeout


def limits_of(plan: Plan) -> Limits:
    """Return the limits of a plan's jobs."""
    return Limits(
        host_timeout=plan.host_timeout,
        deadline=plan.deadline,
        in_fleet=len({(target.kind, target.address) for target in plan.targets}) > 1,
        ssh_facts=plan.ssh_facts,
        next_start=plan.next_start,
        stats=plan.stats,
        allow_unsafe=plan.allow_unsafe_uri,
        one_call_at_a_time=plan.one_call_at_a_time,
        server_macs=frozenset(mac for server in plan.servers for mac in server.macs),
    )
