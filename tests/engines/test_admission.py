"""Admission of jobs; real threads make the demand for the CPU."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.engines.test_threads import Plain, ignore, in_a_process
from tests.harness.patience import LONG
from virtscan.engines.admission import LEAST_AT_ONCE, MOST_AT_ONCE, cpus
from virtscan.engines.bounded import within, within_work
from virtscan.engines.demand import Demand
from virtscan.engines.engine import Cut, JobOutcome, Returned, Work
from virtscan.engines.threads import run

pytestmark = pytest.mark.slow


class Counter:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def around(self, call: Callable[[], None]) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        call()
        with self._lock:
            self.now -= 1


def busy(seconds: float, stop: threading.Event | None = None) -> None:
    """Use so many seconds of a CPU, or until it is stopped."""
    end = time.thread_time() + seconds
    while time.thread_time() < end and not (stop and stop.is_set()):
        pass


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Stops what a test leaves behind."""
    event = threading.Event()
    yield event
    event.set()


def run_all(jobs: int, work: Work, call: Callable[[], None]) -> tuple[int, tuple[JobOutcome[JobOutcome[None]], ...]]:
    """Run jobs that make the same bounded call; return how many there were at once, too."""
    counter = Counter()
    made = [Plain(lambda: within(LONG, lambda: counter.around(call)), work) for _ in range(jobs)]
    outcomes = run(made, job_timeout=LONG, deadline=LONG, on_end=ignore)
    return counter.most, outcomes


def test_one_job_that_reads_files_runs_on_each_cpu() -> None:
    together = threading.Barrier(cpus(), timeout=LONG)

    def meet() -> None:
        together.wait()
        time.sleep(0.05)  # in which others could start

    most, outcomes = run_all(3 * cpus(), Work.READS, meet)

    assert most == cpus()
    assert outcomes == (Returned(Returned(None)),) * len(outcomes)


def test_jobs_that_use_the_cpu_keep_others_from_starting() -> None:
    most, outcomes = run_all(40, Work.WAITS, lambda: busy(0.1))

    assert most <= 2 * LEAST_AT_ONCE
    assert outcomes == (Returned(Returned(None)),) * 40


def test_hanging_jobs_delay_no_others_so_a_site_that_is_down_takes_one_deadline() -> None:
    together = threading.Barrier(3 * MOST_AT_ONCE, timeout=LONG)

    most, _ = run_all(3 * MOST_AT_ONCE, Work.WAITS, lambda: ignore(together.wait(), Returned(None)))

    assert most == 3 * MOST_AT_ONCE


def test_number_of_active_jobs_stays_near_the_limit() -> None:
    def answers() -> None:
        for _ in range(15):
            time.sleep(0.1)
            busy(0.0001)

    most, outcomes = run_all(3 * MOST_AT_ONCE, Work.WAITS, answers)

    assert most < 2 * MOST_AT_ONCE
    assert outcomes == (Returned(Returned(None)),) * len(outcomes)


def test_a_busy_thread_needs_a_cpu_and_a_waiting_one_none() -> None:
    demand, release = Demand(), threading.Event()
    workers = [
        threading.Thread(target=lambda call=call: within(LONG, call)) for call in (lambda: busy(1), release.wait)
    ]
    wanted = 0.0
    for worker in workers:
        worker.start()
    while workers[0].is_alive():
        if demand.sample():
            wanted = max(wanted, demand.cpus)
        time.sleep(0.01)
    release.set()
    workers[1].join()

    assert wanted > 0.5


def test_long_work_is_late_by_its_cpu_time_and_not_by_waiting_for_others(stop: threading.Event) -> None:
    assert within_work(0.3, LONG, lambda: busy(LONG, stop)) is Cut.JOB_DEADLINE
    assert within_work(LONG, LONG, lambda: busy(0.3)) == Returned(None)


def test_work_without_progress_is_late(stop: threading.Event) -> None:
    assert within_work(0.3, LONG, lambda: stop.wait(LONG)) is Cut.JOB_DEADLINE


def test_work_ends_with_the_run(stop: threading.Event) -> None:
    assert within_work(LONG, 0.3, lambda: busy(LONG, stop)) is Cut.RUN_DEADLINE


def test_an_interruption_ends_jobs_with_what_they_have_and_starts_no_other(stop: threading.Event) -> None:
    started = threading.Event()

    def hang() -> None:
        started.set()
        stop.wait(LONG)

    def job() -> str:
        return f"so far, {within(LONG, hang)}"

    jobs = [Plain(job, Work.READS) for _ in range(cpus() + 1)]
    outcomes = run(jobs, job_timeout=LONG, deadline=LONG, on_end=ignore, is_interrupted=started.is_set)

    assert Returned(f"so far, {Cut.INTERRUPTED}") in outcomes
    assert outcomes[-1] is Cut.INTERRUPTED


def test_jobs_for_which_no_files_are_left_have_that_as_their_outcome() -> None:
    script = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def job():
    return within(0.5, lambda: (socket.create_server(("127.0.0.1", 0)), os.pipe(), hang()))
outcomes = run([job] * 40, job_timeout=LONG, deadline=LONG, on_end=ignore)
cuts = [outcome.value if isinstance(outcome, Returned) else outcome for outcome in outcomes]
print(sorted({cut.name for cut in cuts}))
"""

    ended = in_a_process("import socket\nfrom virtscan.engines.engine import Returned\n" + script)

    assert (ended.stdout, ended.stderr) == ("['JOB_DEADLINE', 'NO_FILES']\n", "")


def test_jobs_that_have_ended_leave_their_files_to_others() -> None:
    script = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
outcomes = run([lambda: "read"] * 40, job_timeout=LONG, deadline=LONG, on_end=ignore)
print({outcome.value for outcome in outcomes})
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("{'read'}\n", "")


def test_files_that_background_calls_are_about_to_give_back_are_waited_for() -> None:
    script = """
from virtscan.engines import background
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def job():
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(8)]
    background.call(lambda: (time.sleep(0.3), [os.close(file) for file in files]))
    return "read"
outcomes = run([job] * 20, job_timeout=LONG, deadline=LONG, on_end=ignore)
print({outcome.value for outcome in outcomes})
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("{'read'}\n", "")
