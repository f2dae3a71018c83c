"""Several processes that write, and some that are killed while they do."""

import re
import subprocess
import sys

import pytest

from tests.harness.launching import tied, unmeasured
from tests.storage.history.writing import unbroken

KILLS = 100


def writer(*arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = tied(sys.executable, "-m", "tests.storage.history.writing", *arguments)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env)


@pytest.mark.long
def test_three_writers_at_once_lose_nothing(url: str) -> None:
    saved = []
    for process in [writer(url, scope, 3) for scope in ("ams1", "fra1", "lon1")]:
        output, _ = process.communicate()
        assert process.returncode == 0
        saved += output.split()

    assert len(set(saved)) == len(saved)
    assert unbroken(url) == (set(map(int, saved)), {"ams1": 3, "fra1": 3, "lon1": 3})


@pytest.mark.slow
def test_a_writer_that_is_killed_at_any_moment_leaves_no_half_scan_and_loses_none(url: str) -> None:
    killer = writer("kill", url, KILLS, env=unmeasured())
    output, _ = killer.communicate()

    assert killer.returncode == 0
    assert re.search(r"^[1-9]\d* kills", output, re.MULTILINE)
