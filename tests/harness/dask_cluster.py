"""A Dask cluster of two worker processes on the loopback, in a process of the tests' own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

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
        everything = _processes()
        workers = {pid for pid, one in everything.items() if one.is_below(self.pid, everything)}
        return {
            pid: one.parent
            for pid, one in everything.items()
            if one.is_slice and one.parent in workers and not everything[one.parent].is_slice
        }

    def kill(self) -> None:
        """Kill the scheduler, and with it the cluster."""
        self._process.kill()
        self._process.wait()


class _Process(msgspec.Struct, frozen=True):
    parent: int
    command: bytes

    @property
    def is_slice(self) -> bool:
        return b"\0collect\0--plan\0" in self.command

    def is_below(self, pid: int, everything: Mapping[int, "_Process"]) -> bool:
        above = self.parent
        while above in everything:
            if above == pid:
                return True
            above = everything[above].parent
        return False


def _processes() -> dict[int, _Process]:
    found: dict[int, _Process] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                found[int(folder.name)] = _Process(parent, (folder / "cmdline").read_bytes())
            except OSError:
                continue  # it has ended
    return found


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
