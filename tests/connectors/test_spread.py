import threading
from functools import partial

import pytest

from virtscan.connectors.spread import spread

WAIT = 20


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


def test_no_jobs_are_done_at_once() -> None:
    spread([], 8)


def void(_value: object) -> None:
    """A job gives nothing back."""
