import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from virtscan.connectors.spread import Job, Spread, Work

WAIT = 20


def spread(jobs: Sequence[Job], threads: int) -> None:
    Spread(jobs).run(threads)


def brings(work: Work) -> Job:
    return lambda: work


def waits(until: Callable[[], object]) -> Job:
    """A job that brings nothing."""

    def job() -> None:
        until()

    return job


@pytest.mark.parametrize("threads", [0, 1, 3, 50])
def test_every_job_is_run_once_and_so_is_what_it_brings(threads: int) -> None:
    done: list[int] = []
    worked: list[int] = []

    def job(number: int) -> Work:
        done.append(number)
        return partial(worked.append, number)

    spread([partial(job, number) for number in range(20)], threads)

    assert sorted(done) == sorted(worked) == list(range(20))


def test_one_thread_is_the_calling_one() -> None:
    used: set[int] = set()

    spread([waits(lambda: used.add(threading.get_ident()))] * 5, 1)

    assert used == {threading.get_ident()}


def test_all_work_is_done_by_the_calling_thread_and_no_job_is() -> None:
    waited: set[int] = set()
    worked: set[int] = set()

    def job() -> Work:
        waited.add(threading.get_ident())
        return lambda: worked.add(threading.get_ident())

    spread([job] * 20, 3)

    assert worked == {threading.get_ident()}
    assert threading.get_ident() not in waited


def test_so_many_jobs_run_at_once() -> None:
    together = threading.Barrier(3)

    spread([waits(partial(together.wait, WAIT))] * 3, 3)

    assert not together.broken


def test_a_job_that_hangs_holds_up_no_other() -> None:
    release = threading.Event()
    others_done = threading.Semaphore(0)
    jobs = [waits(partial(release.wait, WAIT)), *[brings(others_done.release)] * 9]
    caller = threading.Thread(target=spread, args=(jobs, 2), daemon=True)

    caller.start()

    assert all(others_done.acquire(timeout=WAIT) for _ in range(9))
    assert caller.is_alive()
    release.set()
    caller.join(WAIT)
    assert not caller.is_alive()


def fail() -> None:
    raise LookupError


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("failing", [fail, brings(fail)])
def test_what_a_job_or_its_work_raises_is_raised(failing: Job, threads: int) -> None:
    with pytest.raises(LookupError):
        spread([failing, *[waits(threading.Event().is_set)] * 20], threads)


def test_what_had_not_been_started_when_something_raised_is_not_run() -> None:
    both_run = threading.Barrier(2)
    done: list[int] = []

    def fail_beside_another() -> None:
        both_run.wait(WAIT)
        raise LookupError

    def last_until_the_error_has_arrived() -> None:
        both_run.wait(WAIT)
        end = time.monotonic() + WAIT
        while work._jobs and time.monotonic() < end:
            time.sleep(0.001)

    work = Spread([fail_beside_another, last_until_the_error_has_arrived, waits(lambda: done.append(1))])
    with pytest.raises(LookupError):
        work.run(2)

    assert done == []


@pytest.mark.parametrize("threads", [1, 3])
def test_a_work_can_call_for_further_jobs_which_are_the_next(threads: int) -> None:
    done: list[str] = []

    def first() -> None:
        done.append("first")
        work.add(brings(second))

    def second() -> None:
        done.append("second")
        work.add(brings(partial(done.append, "third")))

    work = Spread([brings(first), brings(partial(done.append, "last"))])
    work.run(threads)

    assert sorted(done) == ["first", "last", "second", "third"]
    if threads == 1:
        assert done == ["first", "second", "third", "last"]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_jobs_are_done_at_once(threads: int) -> None:
    spread([], threads)
