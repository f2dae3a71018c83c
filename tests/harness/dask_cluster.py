"""A Dask cluster of two worker processes on the loopback, in a process of the tests' own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import psutil

from tests.conftest import PROJECT
from tests.harness.launching import tied

_SCRIPT = """
import json, sys
import dask
from distributed import Client, LocalCluster
from distributed.security import Security

WORKERS = 2

if __name__ == "__main__":
    tls = json.loads(sys.argv[1])
    # A worker that is killed takes longer under load to start again than the 15 s after which it would be given up.
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"})
    with LocalCluster(
        n_workers=WORKERS,
        threads_per_worker=2,
        processes=True,
        host="127.0.0.1",
        protocol="tls://" if tls else "tcp://",
        security=Security(require_encryption=True, **tls) if tls else None,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
        resources=json.loads(sys.argv[2]) or None,
    ) as cluster, Client(cluster) as client:
        print(cluster.scheduler_address, flush=True)
        for _ in sys.stdin:
            client.wait_for_workers(WORKERS)
            print("all there", flush=True)
"""


class Cluster:
    """A running cluster; its workers are found anew each time, because one that is killed is started again."""

    def __init__(self, address: str, process: "subprocess.Popen[str]") -> None:
        self.address = address
        self.pid = process.pid
        self._process = process

    def slices(self) -> dict[int, int]:
        """Return the processes that read slices, each with the worker that started it."""
        below = {process.pid: process for process in psutil.Process(self.pid).children(recursive=True)}
        workers: dict[int, int] = {}
        for pid, process in below.items():
            with suppress(psutil.NoSuchProcess):  # it has ended
                parent = below.get(process.ppid())
                if parent is not None and _is_slice(process) and not _is_slice(parent):
                    workers[pid] = parent.pid
        return workers

    def wait_for_workers(self) -> None:
        """Wait until workers that were killed have started again."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline(), "the cluster has ended"

    def kill(self) -> None:
        """Kill the scheduler, and with it the cluster."""
        self._process.kill()
        self._process.wait()


def _is_slice(process: psutil.Process) -> bool:
    return ("collect", "--plan") in pairwise(process.cmdline())


@contextmanager
def running_cluster(
    *,
    tls: Mapping[str, str] | None = None,
    project: Path = PROJECT,
    resources: Mapping[str, int] | None = None,
) -> Iterator[Cluster]:
    """Start one and end it again.

    Args:
        tls: Files of certificates, as arguments of Dask's `Security`.
        project: Where its workers find virtscan.
        resources: What each worker has.
    """
    process = subprocess.Popen(
        tied(sys.executable, "-c", _SCRIPT, json.dumps(tls or {}), json.dumps(resources or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(project)},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the cluster did not start"
        yield Cluster(address, process)
    finally:
        process.communicate()
