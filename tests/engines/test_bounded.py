import signal
import subprocess
import threading
import time
from queue import SimpleQueue

import pytest

from tests.engines.test_threads import SHORT, in_a_process
from tests.harness.patience import LONG, deadlines
from virtscan.engines.bounded import call_on_thread, within
from virtscan.engines.engine import Cut, Raised, Returned

pytestmark = pytest.mark.slow


def test_a_call_in_time_has_its_own_outcome() -> None:
    assert within(LONG, lambda: 7) == Returned(7)


def test_an_exception_is_an_outcome() -> None:
    error = LookupError("gone")

    def fail() -> None:
        raise error

    assert within(LONG, fail) == Raised(error)


def test_a_hanging_call_is_abandoned_on_a_daemon_thread() -> None:
    release = threading.Event()
    threads: SimpleQueue[threading.Thread] = SimpleQueue()

    def hang() -> None:
        threads.put(threading.current_thread())
        release.wait(LONG)

    outcome = within(SHORT, hang)
    thread = threads.get()
    was_alive = thread.is_alive()
    release.set()

    assert outcome is Cut.JOB_DEADLINE
    assert was_alive
    assert thread.daemon


def test_the_programs_of_a_late_call_are_ended_and_with_them_those_of_its_own_calls() -> None:
    started: SimpleQueue[tuple[float, subprocess.Popen[str]]] = SimpleQueue()

    def hang_in_a_program() -> int:
        program = subprocess.Popen(["sleep", "1000"], text=True)
        started.put((time.monotonic(), program))
        return program.wait()

    for seconds in deadlines(SHORT):
        end = time.monotonic() + seconds
        outcome = within(seconds, lambda: within(LONG, hang_in_a_program))
        at, program = started.get()
        if at < end:
            break
        program.kill()
        program.wait()

    assert outcome is Cut.JOB_DEADLINE
    assert program.wait(LONG) == -signal.SIGTERM


def test_a_call_beside_a_block_is_made_while_the_block_goes_on() -> None:
    is_called, goes_on = threading.Event(), threading.Event()

    def call() -> bool:
        is_called.set()
        return goes_on.wait(LONG)

    with call_on_thread(call) as wait:
        was_called = is_called.wait(LONG)
        goes_on.set()
        outcome = wait(LONG)

    assert was_called
    assert outcome == Returned(True)


def test_the_programs_of_a_call_beside_a_block_that_fails_are_ended() -> None:
    started: list[subprocess.Popen[str]] = []
    has_started = threading.Event()

    def hang_in_a_program() -> int:
        started.append(subprocess.Popen(["sleep", "1000"], text=True))
        has_started.set()
        return started[0].wait()

    def fail_beside() -> None:
        with call_on_thread(hang_in_a_program):
            assert has_started.wait(LONG)
            raise LookupError

    with pytest.raises(LookupError):
        fail_beside()

    assert started[0].wait(LONG) == -signal.SIGTERM


def test_jobs_that_need_a_further_thread_wait_if_the_system_grants_few() -> None:
    script = """
threading.stack_size(16 << 20)
with open("/proc/self/statm") as memory:
    size = int(memory.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (200 << 20),) * 2)  # room for some ten of them
def job():
    return within(LONG, lambda: time.sleep(0.01) or 1).value
outcomes = run([job] * 100, job_timeout=LONG, deadline=LONG, on_end=ignore)
print(sum(outcome.value for outcome in outcomes))
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("100\n", "")


def test_a_job_that_gets_no_second_thread_has_an_error_as_its_outcome() -> None:
    script = """
from virtscan.engines.bounded import NoThreadError
def job():
    threading.stack_size(1 << 44)
    return within(LONG, hang)
(outcome,) = run([job], job_timeout=LONG, deadline=LONG, on_end=ignore)
print(type(outcome.error).__name__)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("NoThreadError\n", "")
