"""Faults of this machine: a full disk, no CPU, and signals that end the process."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.case import Case, Outcome
from tests.faults.liars import liars, silent
from tests.faults.scanning import COMMAND, LATEST, children, connect, ended_leftovers, healthy_hosts, play

_ENDED = frozenset({0, 1, 3, 4, 5, 129, 130, 143, -signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGKILL})
_SPINNERS = 20


def _full(folder: Path, patience: float) -> Outcome:
    """The disk of the report is full; the saved inventory is elsewhere."""
    disk = folder / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=4k none {disk}; exec "$@" -o {disk}/report'
    start = ["unshare", "--mount", "sh", "-ec", mount, "sh"]
    return play(folder, patience, [], "--view=domains", "--format=json", start=start, allowed=[74])


def _under_load(folder: Path, patience: float) -> Outcome:
    """Limits that are over before ssh has started, on a machine with 20 times too much to do."""
    spinners = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(_SPINNERS)]
    try:
        with liars({"silent": silent}) as ports:
            uris = [f"qemu+ssh://u{number}@127.0.0.1:{ports['silent']}/system" for number in range(33)]
            return play(
                folder, patience, uris, host_timeout=0.05 / patience, limit=20 * LATEST, allowed=[3, 4, 5], healthy=0
            )
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def _kills(count: int) -> Callable[[Path, float], Outcome]:
    """End scans at random moments, in every way."""

    def case(folder: Path, patience: float) -> Outcome:
        generator = random.Random()
        codes: list[int] = []
        left: list[str] = []
        problems: list[str] = []
        longest = 0.0
        report = folder / "report"
        with liars({"silent": silent}) as ports:
            uri = f"qemu+ssh://127.0.0.1:{ports['silent']}/system"
            command = [*COMMAND, "scan", *connect([uri, *healthy_hosts(folder)]), "-o", str(report)]
            for _ in range(count):
                report.write_text("earlier\n")
                before = set(children())
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                time.sleep(generator.uniform(0.1, 1.5))
                process.send_signal(generator.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]))
                sent = time.monotonic()
                codes.append(process.wait())
                _wait_for_end(before, LATEST * patience)
                longest = max(longest, time.monotonic() - sent)
                left += ended_leftovers(before)
                whole = report.read_text()
                if whole != "earlier\n" and "Scanned" not in whole:
                    problems.append("half a report")
                problems += [f"left behind: {path.name}" for path in folder.glob(".report.*")]
        # Python itself ends with 1 if Ctrl-C meets it before the program has begun.
        return Outcome(
            seconds=longest, limit=LATEST * patience, complete=0, healthy=0, codes=tuple(codes), allowed=_ENDED,
            left=tuple(left), problems=tuple(problems),
        )  # fmt: skip

    return case


def _wait_for_end(before: set[int], seconds: float) -> None:
    """A scan whose parent was killed needs a moment to notice."""
    end = time.monotonic() + seconds
    while set(children()) - before and time.monotonic() < end:
        for process in set(children()) - before:
            os.waitpid(process, os.WNOHANG)
        time.sleep(0.05)


CASES = (
    Case(name="disk full", play=_full),
    Case(name="limits of 50 ms at load 20", play=_under_load),
    Case(name="20 kills at random moments", play=_kills(20)),
    Case(name="200 kills at random moments", play=_kills(200), is_core=False),
)
