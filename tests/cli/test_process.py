"""Signals, in processes of their own."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

ENDING = [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
START = """
import os, signal, time
from virtscan.cli.process import end_on_signals
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
end_on_signals()
"""


def ended(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START + script]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=PROJECT, check=False)


@pytest.mark.parametrize(("number", "code"), ENDING)
def test_a_signal_that_nobody_heard_is_raised_again(number: signal.Signals, code: int) -> None:
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


def test_a_signal_that_was_ignored_from_the_beginning_stays_so() -> None:
    done = ended("""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_on_signals()
os.kill(os.getpid(), signal.SIGTERM)
print("still here")
""")

    assert done.stdout == "still here\n"
    assert done.returncode == 0
