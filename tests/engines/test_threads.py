"""Jobs with events instead of clocks; short deadlines only where a job never ends by itself."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

import pytest

from tests.harness.launching import DEFAULT_SIGNALS
from tests.harness.patience import LONG, deadlines
from virtscan.engines.admission import FILES_PER_JOB, MOST_OPEN, RESERVED_FILES, cpus
from virtscan.engines.bounded import end_late_work
from virtscan.engines.engine import Cut, Job, JobOutcome, Raised, Returned, Work
from virtscan.engines.threads import run as run_with

pytestmark = pytest.mark.slow

T = TypeVar("T")

SHORT = 0.3
"""Seconds for a deadline that is meant to pass."""


def ignore(_index: int, _outcome: JobOutcome[T]) -> None:
    """Look at no outcome when it comes."""


class Plain(Generic[T]):
    """A job without a deadline of its own."""

    def __init__(self, call: Callable[[], T], work: Work = Work.WAITS) -> None:
        self.call = call
        self.work = work

    def __call__(self, _run_left: float, /) -> T:
        return self.call()


def run(
    work: Sequence[Callable[[], T]],
    *,
    job_timeout: float = LONG,
    deadline: float = LONG,
    on_end: Callable[[int, JobOutcome[T]], None] = ignore,
) -> tuple[JobOutcome[T], ...]:
    """Run jobs without a deadline of their own, each abandoned as soon as it is late."""

    jobs: list[Job[T]] = [Plain(call) for call in work]
    return run_with(jobs, job_timeout=job_timeout, deadline=deadline, on_end=on_end, margin=0)


@pytest.fixture
def forever() -> "threading.Event":
    """Something to wait for that never comes while the test runs."""
    return threading.Event()


def test_outcomes_are_in_the_order_of_the_jobs_not_of_their_ends() -> None:
    second_is_over = threading.Event()
    order: list[int] = []

    def first() -> str:
        assert second_is_over.wait(LONG)
        return "first"

    def on_end(index: int, _outcome: JobOutcome[str]) -> None:
        order.append(index)
        second_is_over.set()

    outcomes = run([first, lambda: "second"], on_end=on_end)

    assert order == [1, 0]
    assert outcomes == (Returned("first"), Returned("second"))


def test_a_run_without_jobs_has_no_outcomes() -> None:
    assert run([]) == ()


def test_hanging_jobs_up_to_the_limit_delay_no_other(forever: threading.Event) -> None:
    jobs: list[Callable[[], bool]] = [forever.wait] * MOST_OPEN + [lambda: True] * 72

    for seconds in deadlines(1):
        outcomes = run(jobs, job_timeout=seconds)
        if Cut.JOB_DEADLINE not in outcomes[MOST_OPEN:]:
            break

    assert outcomes == (Cut.JOB_DEADLINE,) * MOST_OPEN + (Returned(True),) * 72
    forever.set()


def test_a_job_that_ends_after_its_deadline_changes_nothing(forever: threading.Event) -> None:
    may_end = threading.Event()
    threads: SimpleQueue[threading.Thread] = SimpleQueue()
    told: list[tuple[int, JobOutcome[bool]]] = []

    def late() -> bool:
        threads.put(threading.current_thread())
        return may_end.wait(LONG)

    def on_end(index: int, outcome: JobOutcome[bool]) -> None:
        told.append((index, outcome))
        if index == 0:
            may_end.set()
            threads.get().join(LONG)

    hanging: list[Callable[[], bool]] = [forever.wait] * 128
    outcomes = run([late, *hanging], job_timeout=SHORT, on_end=on_end)

    assert outcomes[0] is Cut.JOB_DEADLINE
    assert [outcome for index, outcome in told if index == 0] == [Cut.JOB_DEADLINE]
    forever.set()


def test_a_job_that_ended_before_its_deadline_is_checked_is_in_time() -> None:
    threads: SimpleQueue[threading.Thread] = SimpleQueue()
    may_end = threading.Event()
    ends: list[float] = []

    def slow() -> str:
        threads.put(threading.current_thread())
        may_end.wait(LONG)
        return "made it"

    def busy(_index: int, _outcome: JobOutcome[str]) -> None:
        """The main thread comes back from the first of these long after every deadline."""
        ends.append(monotonic())
        if len(ends) == 1:
            may_end.set()
            threads.get().join(LONG)
            threading.Event().wait(2 * seconds)

    for seconds in deadlines(SHORT):
        may_end.clear()
        ends.clear()
        end = monotonic() + seconds
        outcomes = run([slow, lambda: "at once"], job_timeout=seconds, on_end=busy)
        if ends[0] < end:
            break

    assert outcomes == (Returned("made it"), Returned("at once"))


def test_the_end_of_the_run_ends_running_and_waiting_jobs(forever: threading.Event) -> None:
    jobs = [Plain(call, Work.READS) for call in (lambda: True, *[forever.wait] * (cpus() + 1))]

    for seconds in deadlines(5 * SHORT):
        outcomes = run_with(jobs, job_timeout=LONG, deadline=seconds, on_end=ignore, margin=0)
        if outcomes.count(Cut.NEVER_STARTED) == 1:
            break

    assert outcomes == (Returned(True), *[Cut.RUN_DEADLINE] * cpus(), Cut.NEVER_STARTED)
    forever.set()


def test_a_run_without_time_starts_nothing() -> None:
    started = threading.Event()

    outcomes = run([started.set], deadline=0)

    assert outcomes == (Cut.NEVER_STARTED,)
    assert not started.is_set()


@pytest.mark.parametrize("error", [ValueError("a defect"), SystemExit(3), KeyboardInterrupt()])
def test_exception_of_a_job_is_its_outcome_and_stops_no_other(error: BaseException) -> None:
    def fail() -> str:
        raise error

    outcomes = run([fail, lambda: "fine"])

    assert outcomes == (Raised(error), Returned("fine"))


def test_ends_are_reported_in_the_calling_thread() -> None:
    threads = []

    run([lambda: None, lambda: None], on_end=lambda _index, _outcome: threads.append(threading.current_thread()))

    assert threads == [threading.current_thread()] * 2


def test_an_exception_of_the_callback_ends_the_run(forever: threading.Event) -> None:
    def refuse(_index: int, _outcome: JobOutcome[bool]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run([forever.wait, lambda: True], on_end=refuse)
    forever.set()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 1000 & echo begun; wait; echo went on", id="as an ssh waits for that of a ProxyJump"),
        pytest.param(
            "sleep 1000 & f=$!; for i in $(seq 50); do sleep 1000 & done; echo begun; wait $f; echo went on", id="many"
        ),
    ],
)
def test_programs_of_a_late_job_are_ended_before_those_that_they_wait_for(script: str) -> None:
    started: SimpleQueue[tuple[float, subprocess.Popen[str]]] = SimpleQueue()

    def hang_in_a_program() -> int:
        program = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        program.stdout.readline()
        started.put((monotonic(), program))
        return program.wait()

    for seconds in deadlines(SHORT):
        end = monotonic() + seconds
        outcomes = run([hang_in_a_program], job_timeout=seconds)
        at, program = started.get()
        if at >= end:
            end_late_work()
        output, _ = program.communicate(timeout=LONG)  # ends when the last one that can write is gone: the sleeps, too
        if at < end:
            break

    assert outcomes == (Cut.JOB_DEADLINE,)
    assert (output, program.returncode) == ("", -signal.SIGTERM)


def test_programs_of_others_go_on_when_a_job_is_late(forever: threading.Event) -> None:
    with subprocess.Popen(["sleep", "1000"]) as bystander:
        outcomes = run([forever.wait], job_timeout=SHORT)

        assert outcomes == (Cut.JOB_DEADLINE,)
        assert bystander.poll() is None
        bystander.kill()
    forever.set()


def in_a_process(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script that has `run`, `LONG` and a job `hang` that never ends."""
    preamble = """
import os, resource, signal, subprocess, sys, threading, time
from virtscan.engines import threads
from virtscan.engines.bounded import within
from virtscan.engines.admission import slots
from virtscan.engines.engine import Work
LONG = 600
class Plain:
    work = Work.WAITS
    def __init__(self, call):
        self.call = call
    def __call__(self, _run_left):
        return self.call()
def run(work, **given):
    return threads.run([Plain(call) for call in work], margin=0, **given)
ignore = lambda index, outcome: None
hang = threading.Event().wait
"""
    return subprocess.run(
        [*DEFAULT_SIGNALS, sys.executable, "-c", preamble + script, *arguments],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


def test_ctrl_c_ends_a_run_at_once_and_the_programs_it_waits_for() -> None:
    script = """
def job():
    program = subprocess.Popen(["sleep", "1000"])
    print(program.pid, flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    program.wait()
    hang()
try:
    run([job], job_timeout=LONG, deadline=LONG, on_end=ignore)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    os._exit(0)
"""

    ended = in_a_process(script)  # its output ends when the sleep is gone, too

    assert ended.stdout.split()[1:] == ["interrupted"]
    assert ended.stderr == ""


def test_a_signal_that_another_thread_gets_does_not_wait_for_a_job() -> None:
    script = """
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # new threads inherit it
def job():
    time.sleep(0.1)  # until the main thread waits
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)
    hang()
try:
    run([job], job_timeout=LONG, deadline=LONG, on_end=ignore)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    os._exit(0)
"""

    assert in_a_process(script).stdout == "interrupted\n"


def test_a_process_ends_in_spite_of_an_abandoned_thread() -> None:
    script = """
outcomes = run([hang, lambda: "fine"], job_timeout=0.2, deadline=LONG, on_end=ignore)
while threading.active_count() > 2:
    time.sleep(0.01)
print(outcomes[0].name, threading.active_count(), flush=True)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr, ended.returncode) == ("JOB_DEADLINE 2\n", "", 0)


def test_a_run_continues_with_fewer_threads_if_the_system_grants_no_more() -> None:
    script = """
threading.stack_size(16 << 20)
with open("/proc/self/statm") as memory:
    size = int(memory.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (200 << 20),) * 2)  # room for some ten of them
most = 0
def job():
    global most
    most = max(most, threading.active_count() - 1)
    time.sleep(0.01)
    return True
outcomes = run([job] * 100, job_timeout=LONG, deadline=LONG, on_end=ignore)
print(sum(outcome.value for outcome in outcomes), 1 < most < 100)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("100 True\n", "")


def test_jobs_fail_but_the_run_ends_if_the_system_grants_no_thread() -> None:
    script = """
threading.stack_size(1 << 44)
outcomes = run([hang, hang], job_timeout=LONG, deadline=LONG, on_end=ignore)
print(*(type(outcome.error).__name__ for outcome in outcomes))
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("NoThreadError NoThreadError\n", "")


@pytest.mark.parametrize(
    ("soft", "hard", "jobs", "expected_places", "expected_soft"),
    [
        pytest.param(256, 4096, 2, 2, 256, id="enough"),
        pytest.param(256, 4096, 200, 200, RESERVED_FILES + 200 * FILES_PER_JOB, id="raised to what all need"),
        pytest.param(256, 512, 200, (512 - RESERVED_FILES) // FILES_PER_JOB, 512, id="raised as far as allowed"),
        pytest.param(256, "unlimited", 200, 200, RESERVED_FILES + 200 * FILES_PER_JOB, id="hard one unlimited"),
        pytest.param(50, 50, 200, 1, 50, id="too few for anything"),
        pytest.param(256, 256, 0, 1, 256, id="no jobs"),
    ],
)
def test_open_files_bound_how_many_jobs_run_at_once(
    soft: int, hard: int | str, jobs: int, expected_places: int, expected_soft: int
) -> None:
    script = """
soft, hard, jobs = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
infinity = sys.argv[2] == "unlimited"
real = resource.getrlimit
files = [(soft, resource.RLIM_INFINITY if infinity else int(hard))]
if infinity:  # the kernel takes no such limit for files (fs.nr_open), other systems do
    resource.getrlimit, resource.setrlimit = lambda _: files[-1], lambda _, limits: files.append(limits)
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, files[0])
print(slots(jobs), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""

    ended = in_a_process(script, str(soft), str(hard), str(jobs))

    assert (ended.stdout, ended.stderr) == (f"{expected_places} {expected_soft}\n", "")


def test_a_system_without_a_limit_of_open_files_runs_all_jobs() -> None:
    script = """
resource.getrlimit = lambda _: (resource.RLIM_INFINITY,) * 2  # other systems than Linux have it
print(slots(200))
"""

    assert in_a_process(script).stdout == "200\n"
