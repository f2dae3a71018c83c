import threading
import time
from collections.abc import Sequence
from functools import partial

import pytest

from virtscan.connectors.spread import Job, Spread

WAIT = 20


def spread(jobs: Sequence[Job], threads: int) -> None:
    Spread(jobs).run(threads)


@pytest.mark.parametrize("threads", [1, 3, 50])
def test_every_job_is_run_once(threads: int) -> None:
    done: list[int] = []

    spread([partial(done.append, number) for number in range(20)], threads)

    assert sorted(done) == list(range(20))


def test_one_thread_is_the_calling_one() -> None:
    used: set[int] = set()

    spread([lambda: used.add(threading.get_ident())] * 5, 1)

    assert used == {threading.get_ident()}


def test_so_many_jobs_run_at_once() -> None:
    together = threading.Barrier(3)

    spread([lambda: void(together.wait(WAIT))] * 3, 3)

    assert not together.broken


def test_a_job_that_hangs_holds_up_no_other() -> None:
    release = threading.Event()
    others_done = threading.Semaphore(0)
    jobs = [lambda: void(release.wait(WAIT)), *[others_done.release] * 9]
    caller = threading.Thread(target=spread, args=(jobs, 2), daemon=True)

    caller.start()

    assert all(others_done.acquire(timeout=WAIT) for _ in range(9))
    assert caller.is_alive()
    release.set()
    caller.join(WAIT)
    assert not caller.is_alive()


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_job_raises_is_raised_and_no_further_job_started(threads: int) -> None:
    done: list[int] = []

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        spread([fail] * threads + [lambda: done.append(1)] * 100, threads)

    assert done == []


def test_what_fails_on_one_thread_stops_the_others() -> None:
    together = threading.Barrier(2)
    helpers: list[threading.Thread] = []
    done: list[int] = []

    def fail_on_the_helper() -> None:
        if threading.current_thread() is not threading.main_thread():
            helpers.append(threading.current_thread())
            together.wait(WAIT)
            raise LookupError
        together.wait(WAIT)
        helpers[0].join(WAIT)

    with pytest.raises(LookupError):
        spread([fail_on_the_helper, fail_on_the_helper, partial(done.append, 1)], 2)

    assert done == []


@pytest.mark.parametrize("threads", [1, 3])
def test_a_job_can_call_for_further_ones_which_are_the_next(threads: int) -> None:
    done: list[str] = []

    def first() -> None:
        done.append("first")
        work.add(second)

    def second() -> None:
        done.append("second")
        work.add(partial(done.append, "third"))

    work = Spread([first, partial(done.append, "last")])
    work.run(threads)

    assert sorted(done) == ["first", "last", "second", "third"]
    if threads == 1:
        assert done == ["first", "second", "third", "last"]


def test_a_thread_without_work_waits_for_what_another_calls_for() -> None:
    together = threading.Barrier(2)

    def first() -> None:
        time.sleep(0.05)  # time to give up, for a thread that would
        work.add(lambda: void(together.wait(2)))
        together.wait(2)

    work = Spread([first])
    work.run(2)

    assert not together.broken


def test_no_jobs_are_done_at_once() -> None:
    spread([], 8)


def void(_value: object) -> None:
    """A job gives nothing back."""
