"""The pool of threads for calls: real threads, and callers whose calls end when a test lets them."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.engines.test_threads import in_a_process
from tests.harness.patience import LONG, deadlines
from virtscan.engines.call_pool import CallPool


class Calls:
    """A caller that makes so many calls of one kind."""

    def __init__(self, call: Callable[[], object], count: int = 1) -> None:
        self._call = call
        self._left = count
        self.hung = self.taken_back = 0
        self.is_over = threading.Event()

    def make_next(self) -> bool:
        self._call()
        self._left -= 1
        if not self._left:
            self.is_over.set()
        return self._left > 0

    def watch(self, hung: int) -> None:
        self.hung = hung

    def take_back(self) -> None:
        self.taken_back += 1


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Ends what hangs."""
    event = threading.Event()
    yield event
    event.set()


def until(condition: Callable[[], bool], then: Callable[[], None] = lambda: None) -> bool:
    """Wait for a condition, while doing something; return False if it does not come."""
    end = time.monotonic() + LONG
    while not condition():
        if time.monotonic() > end:
            return False
        then()
        time.sleep(0.01)
    return True


def test_callers_take_turns() -> None:
    made: list[str] = []
    begun = threading.Event()
    pool = CallPool(at_work=1)
    callers = [Calls(partial(made.append, name), count=3) for name in "ab"]

    def begin() -> None:
        assert begun.wait(LONG)

    for caller in (Calls(begin), *callers):
        assert pool.offer(caller)
    begun.set()

    assert all(caller.is_over.wait(LONG) for caller in callers)
    assert "".join(made) == "ababab"


def test_concurrent_calls_never_exceed_the_slots() -> None:
    under_way = threading.Semaphore(3)
    together = threading.Barrier(3)

    def call() -> None:
        assert under_way.acquire(blocking=False)
        together.wait(LONG)
        under_way.release()

    pool = CallPool(at_work=3)
    callers = [Calls(call) for _ in range(12)]
    for caller in callers:
        pool.offer(caller)

    assert all(caller.is_over.wait(LONG) for caller in callers)


def test_a_hanging_call_frees_its_slot_and_its_caller_is_notified(release: threading.Event) -> None:
    pool = CallPool(at_work=2, slow=0.1)
    hanging = [Calls(lambda: release.wait(LONG)) for _ in range(3)]
    well = Calls(lambda: None, count=5)
    for caller in (*hanging, well):
        assert pool.offer(caller)

    assert until(well.is_over.is_set, pool.replace_hung)
    assert until(lambda: [caller.hung for caller in hanging] == [1, 1, 1], pool.replace_hung)


def test_thread_that_ends_late_takes_further_calls(release: threading.Event) -> None:
    pool = CallPool(threads=1, slow=0.1)
    late, well = Calls(lambda: release.wait(LONG), count=2), Calls(lambda: None)
    assert pool.offer(late)
    assert until(lambda: not pool.offer(well), pool.replace_hung)
    release.set()

    assert late.is_over.wait(LONG)
    assert until(lambda: pool.offer(well))
    assert well.is_over.wait(LONG)


def test_turns_are_returned_if_no_thread_is_left_to_take_them(release: threading.Event) -> None:
    pool = CallPool(threads=1, slow=0.1)
    late, well = Calls(lambda: release.wait(LONG)), Calls(lambda: None)

    assert pool.offer(late)
    assert pool.offer(well)
    assert until(lambda: well.taken_back == 1, pool.replace_hung)
    release.set()

    assert late.is_over.wait(LONG)
    assert not well.is_over.is_set()


def test_calls_of_a_caller_with_a_hanging_call_take_no_slot(release: threading.Event) -> None:
    for slow in deadlines(0.5):
        pool = CallPool(at_work=1, slow=slow)
        hanging, well = Calls(lambda: release.wait(LONG), count=100), Calls(lambda: None)
        assert pool.offer(hanging)
        assert until(lambda: hanging.hung > 0, pool.replace_hung)  # noqa: B023 called in this round

        assert pool.offer(hanging)
        assert pool.offer(well)

        assert until(well.is_over.is_set, pool.replace_hung)
        if hanging.hung == 1:  # else the second call has become slow, too
            break

    assert hanging.hung == 1


def test_threads_without_work_end() -> None:
    threads: list[threading.Thread] = []
    caller = Calls(lambda: threads.append(threading.current_thread()))

    assert CallPool(idle=0.05).offer(caller)
    assert caller.is_over.wait(LONG)
    threads[0].join(LONG)

    assert not threads[0].is_alive()


def test_turn_is_refused_if_the_system_grants_no_thread() -> None:
    script = """
import threading
from virtscan.engines import call_pool
threading.stack_size(1 << 44)
print(call_pool.offer(None))
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("False\n", "")
