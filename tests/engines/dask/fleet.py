"""Hosts that workers can read, and what becomes of the processes that read them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

from tests.harness.dask_cluster import Cluster
from tests.harness.definitions import bond_xml, direct, domain_xml
from tests.harness.libvirtd import Libvirtd
from tests.harness.patience import LONG
from tests.harness.ports import port_of, silent_port
from virtscan.engines.dask import DaskEngine, Scheduler
from virtscan.engines.engine import Engine
from virtscan.model import HostStatus, Inventory, Target, TargetKind
from virtscan.model.gaps.workers import NotCarried, WhyNotCarried
from virtscan.scanning.jobs.results import JobResult
from virtscan.scanning.slices import HostCarrier

HERE = "0x7f.1"
"""The loopback in hexadecimal, which only the resolver reads: a plan lets only other machines' hypervisors travel."""


def far_host(daemon: Libvirtd, name: str, *, site: str | None = None, domains: int = 2) -> Target:
    """A host of the test driver that workers can read."""
    documents = [domain_xml(f"{name}-{number}", direct("bond0")) for number in range(domains)]
    path = daemon.definitions(name, *documents, bond_xml("bond0", "eth0", "eth1"))
    return Target(kind=TargetKind.LIBVIRT, address=f"test+tcp://{HERE}:{daemon.port}{path}", site=site)


def near_host(daemon: Libvirtd) -> Target:
    """A host that only this machine can read."""
    path = daemon.definitions("near", domain_xml("near-1", direct("bond0")), bond_xml("bond0", "eth0"))
    return Target(kind=TargetKind.LIBVIRT, address=f"test://{path}")


@contextmanager
def silent_host(site: str) -> Iterator[tuple[Target, socket.socket]]:
    """A host that accepts connections and never answers, and what it accepts with."""
    with silent_port() as server:
        address = f"test+tcp://{HERE}:{port_of(server)}/silent.xml"
        yield Target(kind=TargetKind.LIBVIRT, address=address, site=site), server


def engine(cluster: Cluster, retry_seconds: float | None = None) -> Engine[JobResult]:
    return DaskEngine(Scheduler(address=cluster.address), HostCarrier(), retry_seconds=retry_seconds)


def statuses(inventory: Inventory) -> dict[str, HostStatus]:
    return {host.name: host.status for host in inventory.hypervisors}


def losses(inventory: Inventory) -> dict[str | None, WhyNotCarried]:
    return {gap.hypervisor: gap.cause.why for gap in inventory.gaps if isinstance(gap.cause, NotCarried)}


@contextmanager
def whenever_a_slice_connects(
    server: socket.socket, cluster: Cluster, *actions: Callable[[int, int], None]
) -> Iterator[None]:
    """Do something with each process, and its worker, that connects to a silent host; then close the connection."""
    failures: list[BaseException] = []

    def watch() -> None:
        try:
            seen: set[int] = set()
            for act in actions:
                connection, _ = server.accept()
                with connection:
                    process, worker = _reader_of(connection, cluster, seen)
                    seen.add(process)
                    act(process, worker)
        except BaseException as error:  # noqa: BLE001 reported by the test
            failures.append(error)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    thread.join(LONG)
    if failures:
        raise failures[0]


def pass_over(_process: int, _worker: int) -> None:
    """Do nothing: the connection is just closed."""


def _reader_of(connection: socket.socket, cluster: Cluster, seen: set[int]) -> tuple[int, int]:
    """Find the process that reads a slice with this connection: its child has it open."""
    here, there = connection.getpeername(), connection.getsockname()
    end = time.monotonic() + LONG
    while time.monotonic() < end:  # again, because the kernel's list can lack one that was there all the time
        for process, worker in cluster.slices().items():
            if process not in seen and any(_has_connection(child, here, there) for child in _children(process)):
                return process, worker
    raise AssertionError("no process of the cluster has this connection")


def _has_connection(process: psutil.Process, here: tuple[str, int], there: tuple[str, int]) -> bool:
    # Both ends: on a loopback a client's port is shared by its connections to several servers.
    with suppress(psutil.NoSuchProcess):
        return any(
            (connection.laddr, connection.raddr) == (here, there) for connection in process.net_connections("tcp")
        )
    return False


def _children(process: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process).children()
    return []


def running_slices(cluster: Cluster) -> list[int]:
    """Return the processes that read slices, of which there is at least one."""
    end = time.monotonic() + LONG
    while not (slices := list(cluster.slices())) and time.monotonic() < end:  # again, for the same reason
        time.sleep(0.05)
    return slices


def wait_until_gone(processes: Sequence[int]) -> None:
    end = time.monotonic() + LONG
    while time.monotonic() < end and any(map(_is_running, processes)):
        time.sleep(0.05)
    assert [process for process in processes if _is_running(process)] == []


def _is_running(process: int) -> bool:
    # An orphan that has ended stays where the first process of a container does not wait for it.
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    return False
