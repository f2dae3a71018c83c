"""A scan in a process of its own, beside healthy hosts, and a look at everything that it leaves."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.case import Outcome
from tests.harness.launching import DEFAULT_SIGNALS, VIRTSCAN
from virtscan.model import HostStatus
from virtscan.storage import loads

COMMAND = (*DEFAULT_SIGNALS, *VIRTSCAN)
HOST_SECONDS = 3
LATEST = HOST_SECONDS + 12
"""Seconds after which a scan has to be over: its limit, its start, its report, on a busy machine."""

_IDLE_SECONDS = 1.0
"""Time that an idle machine takes at most for a scan of the healthy hosts alone."""

HEALTHY = 2
_PR_SET_CHILD_SUBREAPER = 36
_DOMAIN = "<domain type='test'><name>vm{}</name><memory>1024</memory><os><type>hvm</type></os></domain>"


def inherit_orphans() -> None:
    """Become the parent of what a scan leaves running, so that it can be seen."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def healthy_hosts(folder: Path, count: int = HEALTHY) -> list[str]:
    """Hosts of libvirt's test driver, in files."""
    from tests.harness.libvirtd import node

    host = node(*(_DOMAIN.format(number) for number in range(20)))
    paths = [folder / f"healthy{number}.xml" for number in range(count)]
    for path in paths:
        path.write_text(host)
    return [f"test://{path}" for path in paths]


def connect(uris: Iterable[str]) -> list[str]:
    return [part for uri in uris for part in ("-c", uri)]


def play(
    folder: Path,
    patience: float,
    uris: Iterable[str],
    *options: str,
    start: Sequence[str] = (),
    limit: float = LATEST,
    allowed: Iterable[int] = (3, 4),
    host_timeout: float = HOST_SECONDS,
    secrets: Iterable[str] = (),
    healthy: int = HEALTHY,
) -> Outcome:
    """Scan bad hosts beside healthy ones, with a report and a saved inventory; `patience` multiplies both limits."""
    saved, report = folder / "saved.json", folder / "report.json"
    command = [*start, *COMMAND, "scan", *connect([*uris, *healthy_hosts(folder)]), *options]
    command += [f"--host-timeout={host_timeout * patience:g}s", "--save", str(saved)]
    if not start or "mount" not in start[1]:
        command += ["--format=json", "-o", str(report)]
    before = set(children())
    began = time.monotonic()
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    words = (folder / "stderr").read_text(errors="replace")
    problems = ["a traceback"] if "Traceback" in words else []
    complete = 0
    if saved.exists():
        inventory = loads(saved.read_bytes(), origin=str(saved))
        complete = sum(
            host.status is HostStatus.COMPLETE and host.name.startswith("healthy") for host in inventory.hypervisors
        )
    outputs = [words, *(path.read_text() for path in (saved, report) if path.exists())]
    problems += [f"a secret in an output: {secret}" for secret in secrets if any(secret in text for text in outputs)]
    problems += [f"left behind: {path.name}" for path in folder.glob(".*.????????")]
    if any("please report it" in text for text in outputs):  # libvirt has internal errors of its own
        problems.append("an internal error")
    return Outcome(
        seconds=seconds,
        limit=limit * patience,
        complete=complete,
        healthy=healthy,
        codes=(process.returncode,),
        allowed=frozenset(allowed),
        left=ended_leftovers(before),
        memory_mib=usage.ru_maxrss / 1024,
        problems=tuple(problems),
    )


def slowness_now(folder: Path) -> float:
    """Return how many times as long as on an idle machine a scan of the healthy hosts takes."""
    command = [*COMMAND, "scan", *connect(healthy_hosts(folder)), "--host-timeout=10m", "-o", os.devnull]
    began = time.monotonic()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.monotonic() - began) / _IDLE_SECONDS


def children() -> list[int]:
    """The processes that this one has to care for, orphans included."""
    found: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            found += map(int, (thread / "children").read_text().split())
    return found


def ended_leftovers(before: set[int]) -> tuple[str, ...]:
    """End what is there now and was not, and return its command lines."""
    found = []
    for process in set(children()) - before:
        command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        if command:  # not one that has ended and waits to be asked
            found.append(command[:60])
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return tuple(found)
