"""A fleet read by two workers of a real cluster: as threads read it, and with gaps for exactly what was lost."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from distributed import Client

from tests.build import TAKEN_AT
from tests.conftest import PROJECT
from tests.engines.dask.fleet import (
    HERE,
    engine,
    far_host,
    losses,
    near_host,
    pass_over,
    silent_host,
    statuses,
    wait_until_gone,
    whenever_a_slice_connects,
)
from tests.harness.certificates import make_certificates
from tests.harness.dask_cluster import Cluster, running_cluster
from tests.harness.definitions import direct, domain_xml
from tests.harness.launching import tied
from tests.harness.libvirtd import Libvirtd, node
from tests.harness.patience import LONG, deadlines
from tests.scanning.test_collecting import declared
from tests.scanning.test_jobs import without_times
from virtscan.engines.dask import DaskEngine, Scheduler
from virtscan.model import HostStatus, Plan, State, Target, TargetKind
from virtscan.model.gaps.workers import NotCarried, WhyNotCarried
from virtscan.scanning import collect
from virtscan.scanning.progress import Ended, Waiting
from virtscan.scanning.slices import HostCarrier

pytestmark = pytest.mark.slow


def test_a_fleet_of_60_hosts_is_read_as_threads_read_it(daemon: Libvirtd, cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "hv00.xml"
    path.write_text(node(domain_xml("here", direct("eth7"))))
    missing = f"test+tcp://{HERE}:{daemon.port}/nowhere/missing.xml"
    plan = Plan(
        targets=(
            *(far_host(daemon, f"hv{number:02}", site=f"s{number % 3}", domains=number % 4) for number in range(60)),
            Target(kind=TargetKind.LIBVIRT, address=f"test+tcp://{HERE}:1/refused.xml"),
            Target(kind=TargetKind.LIBVIRT, address=missing, site="s1"),
            Target(kind=TargetKind.LIBVIRT, address=f"test://{path}"),
        ),
        servers=(declared("satellite", State.ON),),
        host_timeout=LONG,
        deadline=LONG,
        next_start=True,
        stats=True,
    )

    inventory = collect(plan, engine=engine(cluster), taken_at=TAKEN_AT)
    expected = collect(plan, taken_at=TAKEN_AT)

    assert without_times(inventory) == without_times(expected)
    assert len(inventory.hypervisors) == 63
    assert len([name for name in statuses(inventory) if name.startswith("hv00 (test")]) == 2
    assert losses(inventory) == {}


def test_a_killed_worker_loses_nothing_if_another_one_answers(daemon: Libvirtd, cluster: Cluster) -> None:
    killed: list[int] = []

    def kill(process: int, worker: int) -> None:
        killed.append(process)
        os.kill(worker, signal.SIGKILL)

    with silent_host("a") as (silent, server):
        targets = (far_host(daemon, "hv01", site="a"), silent, far_host(daemon, "hv02", site="b"))
        plan = Plan(targets=targets, host_timeout=LONG, deadline=LONG)
        with whenever_a_slice_connects(server, cluster, kill, pass_over):
            inventory = collect(plan, engine=engine(cluster))

    assert statuses(inventory) == {
        "hv01": HostStatus.COMPLETE,
        "silent": HostStatus.FAILED,
        "hv02": HostStatus.COMPLETE,
    }
    assert losses(inventory) == {}
    wait_until_gone(killed)


def test_a_slice_whose_worker_is_killed_twice_gives_a_gap_for_each_host(daemon: Libvirtd, cluster: Cluster) -> None:
    killed: list[int] = []
    other_is_there = threading.Event()

    def kill(process: int, worker: int) -> None:
        assert other_is_there.wait(LONG)
        killed.append(process)
        os.kill(worker, signal.SIGKILL)

    def see(event: Ended | Waiting) -> None:
        if isinstance(event, Ended) and event.is_read:
            other_is_there.set()

    with silent_host("a") as (silent, server):
        targets = (far_host(daemon, "hv01", site="a"), silent, far_host(daemon, "hv02", site="b"))
        plan = Plan(targets=targets, host_timeout=LONG, deadline=LONG)
        with whenever_a_slice_connects(server, cluster, kill, kill):
            inventory = collect(plan, engine=engine(cluster), on_progress=see)

    assert losses(inventory) == {"hv01": WhyNotCarried.WORKER_LOST, "silent": WhyNotCarried.WORKER_LOST}
    assert statuses(inventory)["hv02"] is HostStatus.COMPLETE
    assert len(inventory.gaps) == 2
    wait_until_gone(killed)


def test_a_slice_that_hangs_is_read_by_another_worker(daemon: Libvirtd, cluster: Cluster) -> None:
    hung: list[int] = []

    def hang(process: int, _worker: int) -> None:
        hung.append(process)
        os.killpg(process, signal.SIGSTOP)

    with silent_host("a") as (silent, server):
        plan = Plan(targets=(far_host(daemon, "hv01", site="a"), silent), host_timeout=LONG, deadline=LONG)
        with whenever_a_slice_connects(server, cluster, hang, pass_over):
            inventory = collect(plan, engine=engine(cluster, retry_seconds=1.0))

    assert statuses(inventory) == {"hv01": HostStatus.COMPLETE, "silent": HostStatus.FAILED}
    assert losses(inventory) == {}
    with suppress(ProcessLookupError):  # its worker kills it, too, after some time
        os.killpg(hung[0], signal.SIGKILL)
    wait_until_gone(hung)


def test_slices_under_way_are_lost_with_their_scheduler(daemon: Libvirtd) -> None:
    slices: list[int] = []
    with running_cluster() as cluster, silent_host("a") as (silent, server):
        plan = Plan(targets=(silent, near_host(daemon)), host_timeout=LONG, deadline=LONG)

        def kill(process: int, _worker: int) -> None:
            slices.append(process)
            cluster.kill()

        with whenever_a_slice_connects(server, cluster, kill):
            inventory = collect(plan, engine=engine(cluster))

    assert losses(inventory) == {"silent": WhyNotCarried.SCHEDULER_LOST}
    assert statuses(inventory)["near"] is HostStatus.COMPLETE
    wait_until_gone(slices)


def test_all_slices_are_lost_if_the_scheduler_is_unreachable(daemon: Libvirtd) -> None:
    targets = (far_host(daemon, "hv01"), near_host(daemon))
    for seconds in deadlines(4):
        plan = Plan(targets=targets, deadline=seconds)
        inventory = collect(plan, engine=DaskEngine(Scheduler(address="tcp://127.0.0.1:1"), HostCarrier()))
        if statuses(inventory)["near"] is HostStatus.COMPLETE:
            break

    assert losses(inventory) == {"hv01": WhyNotCarried.NO_SCHEDULER}
    assert statuses(inventory)["near"] is HostStatus.COMPLETE


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose workers have another version, which hangs if the plan names a host that hangs."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "virtscan", folder / "virtscan", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "virtscan" / "__init__.py").write_text('__version__ = "9.9.9"\n')
    (folder / "virtscan" / "__main__.py").write_text(
        "import sys, time\n"
        "if b'hangs' in sys.stdin.buffer.peek(): time.sleep(1000)\n"
        "from virtscan.cli.process.start import main\n"
        "main()\n"
    )
    with running_cluster(project=folder) as cluster:
        yield cluster


def test_workers_of_another_version_refuse(daemon: Libvirtd, broken: Cluster) -> None:
    plan = Plan(targets=(far_host(daemon, "hv01"), near_host(daemon)), deadline=LONG)

    inventory = collect(plan, engine=engine(broken))

    (gap,) = (gap for gap in inventory.gaps if isinstance(gap.cause, NotCarried))
    assert isinstance(gap.cause, NotCarried)
    assert (gap.hypervisor, gap.cause.why) == ("hv01", WhyNotCarried.REFUSED)
    assert "but this is 9.9.9" in (gap.cause.detail or "")
    assert statuses(inventory)["near"] is HostStatus.COMPLETE


def test_a_slice_that_hangs_twice_gives_a_gap_for_each_host_and_is_killed(daemon: Libvirtd, broken: Cluster) -> None:
    targets = (far_host(daemon, "hangs", site="a"), far_host(daemon, "hv01", site="a"), near_host(daemon))
    for seconds in deadlines(6):
        seen: dict[int, int] = {}
        plan = Plan(targets=targets, host_timeout=LONG, deadline=seconds)
        inventory = collect(plan, engine=engine(broken, retry_seconds=0.5), is_interrupted=partial(look, broken, seen))
        wait_until_gone(list(seen))
        if len(seen) == 2:
            break

    assert losses(inventory) == {"hangs": WhyNotCarried.NO_ANSWER, "hv01": WhyNotCarried.NO_ANSWER}
    assert statuses(inventory)["near"] is HostStatus.COMPLETE
    assert len(seen) == 2


def test_workers_that_refuse_cost_no_attempt(daemon: Libvirtd, broken: Cluster, tmp_path: Path) -> None:
    """The third worker has the fewest places, so it is the last that gets the slice."""
    plan = Plan(targets=(far_host(daemon, "hv01"),), deadline=LONG)

    with another_worker(broken, tmp_path):
        inventory = collect(plan, engine=engine(broken))

    assert statuses(inventory) == {"hv01": HostStatus.COMPLETE}


@contextmanager
def another_worker(cluster: Cluster, folder: Path) -> Iterator[None]:
    """A worker with this virtscan, which has one place."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.address, "--nthreads", "1", "--no-nanny"]
    with (
        Client(cluster.address) as client,
        subprocess.Popen(
            tied(*command, "--no-dashboard", "--host", "127.0.0.1", "--local-directory", folder),
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        ) as process,
    ):
        client.wait_for_workers(3, timeout=LONG)
        yield
        process.kill()


def look(cluster: Cluster, seen: dict[int, int]) -> bool:
    """Note the processes that read slices."""
    seen.update(cluster.slices())
    return False


def test_certificates_of_one_authority_connect_and_no_others(daemon: Libvirtd, tmp_path: Path) -> None:
    ours, others = make_certificates(tmp_path / "ours"), make_certificates(tmp_path / "others")
    plan = Plan(targets=(far_host(daemon, "hv01"),), deadline=LONG)
    files = {"tls_ca_file": str(ours.ca)} | {
        f"tls_{role}_{kind}": str(path)
        for role in ("scheduler", "worker", "client")
        for kind, path in (("cert", ours.cert), ("key", ours.key))
    }

    with running_cluster(tls=files) as cluster:
        address = cluster.address
        assert address.startswith("tls://")
        schedulers = {
            name: Scheduler(address=address, tls_ca=str(made.ca), tls_cert=str(made.cert), tls_key=str(made.key))
            for name, made in (("ours", ours), ("others", others))
        }
        inventory = collect(plan, engine=DaskEngine(schedulers["ours"], HostCarrier()))
        plain = Scheduler(address=address.replace("tls://", "tcp://"))
        refused, unencrypted = (refusal(plan, scheduler) for scheduler in (schedulers["others"], plain))

    assert statuses(inventory) == {"hv01": HostStatus.COMPLETE}
    assert refused == unencrypted == {"hv01": WhyNotCarried.NO_SCHEDULER}


def refusal(plan: Plan, scheduler: Scheduler) -> dict[str | None, WhyNotCarried]:
    """Return the losses of a run that can't connect; its deadline is short, because it tries for half of it."""
    for seconds in deadlines(4):
        hurried = Plan(targets=plan.targets, deadline=seconds)
        found = losses(collect(hurried, engine=DaskEngine(scheduler, HostCarrier())))
        if found:
            break
    return found
