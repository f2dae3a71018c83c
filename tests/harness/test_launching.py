"""The daemons of a test run end with it, however it ends."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import tied
from tests.harness.patience import LONG

STARTS = {
    "libvirtd": """
from tests.harness.libvirtd import running_libvirtd
with running_libvirtd() as daemon:
    print(daemon.pid, flush=True)
    sys.stdin.read()
""",
    "sshd": """
from tests.harness.sshd import running_sshd
with running_sshd(pathlib.Path(sys.argv[1])) as daemon:
    print(daemon.pid, flush=True)
    sys.stdin.read()
""",
}


@contextmanager
def parent_of_a_daemon(script: str, folder: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start a process that starts a daemon; give both, the daemon as a file descriptor."""
    command = [sys.executable, "-c", f"import pathlib, sys\n{script}", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as parent:
        assert parent.stdout is not None
        daemon = os.pidfd_open(int(parent.stdout.readline()))
        try:
            yield parent, daemon
        finally:
            parent.kill()
            if not has_ended([daemon], seconds=LONG):
                signal.pidfd_send_signal(daemon, signal.SIGKILL)
            os.close(daemon)


def has_ended(processes: Sequence[int], *, seconds: float) -> bool:
    """Return True once one of the processes has ended, False if none has after that time."""
    ready, _, _ = select.select(processes, [], [], seconds)
    return bool(ready)


@pytest.mark.parametrize("script", STARTS.values(), ids=STARTS.keys())
def test_a_daemon_ends_with_a_run_that_is_killed(script: str, tmp_path: Path) -> None:
    with parent_of_a_daemon(script, tmp_path) as (parent, daemon):
        assert not has_ended([daemon], seconds=0)
        parent.kill()

        assert has_ended([daemon], seconds=LONG)


def test_a_command_is_not_started_for_a_parent_that_has_ended() -> None:
    first, *others = tied("echo", "started")
    orphan = subprocess.run(
        ["sh", "-c", '"$0" "$@" & wait', first, *others], capture_output=True, text=True, check=False
    )

    assert subprocess.run(tied("echo", "started"), capture_output=True, check=False).stdout == b"started\n"
    assert orphan.stdout == ""
