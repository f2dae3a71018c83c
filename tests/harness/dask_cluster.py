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
from distributed import LocalCluster
from distributed.security import Security

if __name__ == "__main__":
    tls = json.loads(sys.argv[1])
    with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        host="127.0.0.1",
        protocol="tls://" if tls else "tcp://",
        security=Security(require_encryption=True, **tls) if tls else None,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
        resources=json.loads(sys.argv[2]) or None,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


class Cluster:
    """A running cluster; its workers are found anew each time, because one that is killed is started again."""

    def __init__(self, address: str, process: "subprocess.Popen[str]") -> None:
        self.address = address
        self.pid = process.pid
        self._process = process

    def slices(self) -> dict[int, int]:
        """Return the processes that read slices, each with the worker that started it."""
        below = {one.pid: one for one in psutil.Process(self.pid).children(recursive=True)}
        found: dict[int, int] = {}
        for pid, one in below.items():
            with suppress(psutil.NoSuchProcess):  # it has ended
                parent = below.get(one.ppid())
                if parent is not None and _is_slice(one) and not _is_slice(parent):
                    found[pid] = parent.pid
        return found

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
