"""Signals, in processes of their own."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import DEFAULT_SIGNALS
from tests.harness.patience import LONG

pytestmark = pytest.mark.slow

ENDING = [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
START = """
import os, signal, time
from virtscan.cli.process import end_on_signals
end_on_signals()
"""


def ended(script: str, *, start: tuple[str, ...] = DEFAULT_SIGNALS) -> subprocess.CompletedProcess[str]:
    command = [*start, sys.executable, "-c", START + script]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, cwd=PROJECT, check=False)


@pytest.mark.parametrize(("number", "code"), ENDING)
def test_a_swallowed_signal_is_raised_again(number: signal.Signals, code: int) -> None:
    """Python drops what is raised while an object goes, as it does in the callbacks of its imports."""
    done = ended(f"""
class Deaf:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(100):
            pass
Deaf()
for _ in range(2000):
    time.sleep(0.01)
""")

    assert "Exception ignored" in done.stderr
    assert done.returncode == code


@pytest.mark.parametrize(("number", "code"), ENDING)
def test_what_cleans_up_after_a_signal_is_not_interrupted(number: signal.Signals, code: int) -> None:
    done = ended(f"""
try:
    os.kill(os.getpid(), {number})
    time.sleep(20)
finally:
    try:
        raise LookupError
    except LookupError:
        for _ in range(100):
            time.sleep(0.01)
    print("cleaned up")
""")

    assert done.stdout == "cleaned up\n"
    assert done.returncode == code


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM"])
def test_a_signal_that_was_ignored_from_the_beginning_stays_so(name: str) -> None:
    """As nohup and the background jobs of a shell script want it."""
    script = f"os.kill(os.getpid(), signal.SIG{name})\nprint('still here')"
    done = ended(script, start=(*DEFAULT_SIGNALS, "env", f"--ignore-signal={name}"))

    assert (done.stdout, done.returncode) == ("still here\n", 0)
