"""A large fleet some way off: through the workers of a cluster, against threads of this machine."""

from collections.abc import Iterator
from functools import partial

from tests.bench.host import documents
from tests.bench.measuring import Row, in_turns
from tests.bench.reading_hosts import delayed
from tests.harness.dask_cluster import running_cluster
from tests.harness.libvirtd import Libvirtd, running_libvirtd
from virtscan.engines import threads
from virtscan.engines.dask import DaskEngine, Scheduler
from virtscan.engines.engine import Engine
from virtscan.model import HostStatus, Plan, Target, TargetKind
from virtscan.scanning import collect
from virtscan.scanning.jobs.results import JobResult
from virtscan.scanning.slices import HostCarrier

HOSTS, DOMAINS = 2000, 10
ROUND_TRIP = 0.02
LIMIT = 1.3
SECONDS = 300.0


def rows() -> list[Row]:
    with running_libvirtd() as daemon, delayed(daemon.port, ROUND_TRIP) as port, running_cluster() as cluster:
        plan = Plan(targets=tuple(_hosts(daemon, port)), host_timeout=SECONDS, deadline=SECONDS)
        engines: dict[str, Engine[JobResult]] = {
            "threads": threads,
            "slices": DaskEngine(Scheduler(address=cluster.address), HostCarrier()),
        }
        took = in_turns({name: partial(_read, plan, engine) for name, engine in engines.items()}, rounds=1)
    return [
        Row(
            benchmark=f"{HOSTS} hosts of {DOMAINS} domains at {ROUND_TRIP * 1000:.0f} ms: slices through Dask, threads",
            measured=took["slices"] / took["threads"],
            limit=LIMIT,
            detail=f"{took['slices']:.1f} s; {took['threads']:.1f} s",
        )
    ]


def _hosts(daemon: Libvirtd, port: int) -> Iterator[Target]:
    path = daemon.definitions("far", *documents(DOMAINS))
    for number in range(HOSTS):
        # Written so that it does not look like the loopback, of which no host leaves this machine.
        address = f"test+tcp://127.1:{port}{path}?n={number}"
        yield Target(kind=TargetKind.LIBVIRT, address=address, name=f"hv{number:04}", site=f"site{number % 4}")


def _read(plan: Plan, engine: Engine[JobResult]) -> None:
    inventory = collect(plan, engine=engine)
    failed = [host.name for host in inventory.hypervisors if host.status is HostStatus.FAILED]
    assert len(inventory.hypervisors) == HOSTS
    assert failed == []
