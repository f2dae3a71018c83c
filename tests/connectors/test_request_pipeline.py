import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from tests.engines.test_threads import in_a_process
from tests.harness.patience import LONG
from virtscan.connectors.libvirt.request_pipeline import (
    LARGEST_WAITING,
    MOST_TOGETHER,
    MOST_WAITING,
    PipelinedCall,
    RequestPipeline,
)
from virtscan.engines import call_pool


@pytest.fixture(autouse=True)
def hung_calls_replaced() -> Iterator[None]:
    """Call often what the engine calls often."""
    is_over = threading.Event()

    def replace_hung() -> None:
        while not is_over.wait(0.02):
            call_pool.replace_hung()

    thread = threading.Thread(target=replace_hung)
    thread.start()
    yield
    is_over.set()
    thread.join()


def do_nothing() -> None:
    pass


def pipeline(requests: Iterable[PipelinedCall[Any]], most: int) -> RequestPipeline:
    return RequestPipeline(requests, lambda _fastest, _hung: most)


def run(requests: Iterable[PipelinedCall[Any]], most: int) -> None:
    pipeline(requests, most).run(do_nothing)


def answered(use: Callable[[Sequence[str]], None]) -> PipelinedCall[str]:
    """Return a request with a result at once."""
    return PipelinedCall(lambda: "answer", use)


@pytest.mark.parametrize("most", [1, 3, 50])
def test_every_request_is_made_once_and_its_result_used_once(most: int) -> None:
    requested: list[int] = []
    used: list[str] = []

    def ask(number: int) -> str:
        requested.append(number)
        return str(number)

    run([PipelinedCall(partial(ask, number), used.extend) for number in range(20)], most)

    assert sorted(requested) == list(range(20))
    assert sorted(used, key=int) == [str(number) for number in range(20)]


def test_all_results_are_used_by_the_calling_thread_which_makes_no_request() -> None:
    calling: set[int] = set()
    used: set[int] = set()

    run([PipelinedCall(lambda: calling.add(threading.get_ident()), lambda _: used.add(threading.get_ident()))] * 20, 3)

    assert used == {threading.get_ident()}
    assert threading.get_ident() not in calling


def test_the_number_of_concurrent_requests_is_limited() -> None:
    together = threading.Barrier(3)

    run([PipelinedCall(partial(together.wait, LONG))] * 3, 3)

    assert not together.broken


def test_a_hanging_request_delays_no_other() -> None:
    release = threading.Event()
    others_done = threading.Semaphore(0)
    requests = [
        PipelinedCall(partial(release.wait, LONG)),
        *[answered(lambda replies: others_done.release(len(replies)))] * 9,
    ]
    caller = threading.Thread(target=run, args=(requests, 2), daemon=True)

    caller.start()

    assert all(others_done.acquire(timeout=LONG) for _ in range(9))
    assert caller.is_alive()
    release.set()
    caller.join(LONG)
    assert not caller.is_alive()


@pytest.mark.slow
def test_hanging_request_delays_no_other_if_one_is_made_at_a_time() -> None:
    release = threading.Event()
    used: list[str] = []

    def use(replies: Sequence[str]) -> None:
        used.extend(replies)
        if len(used) == 9:
            release.set()

    hanging = [PipelinedCall(partial(release.wait, LONG))] * 2
    RequestPipeline([*hanging, *[answered(use)] * 9], lambda _fastest, hung: 1 + hung).run(do_nothing)

    assert used == ["answer"] * 9


def test_a_run_ends_when_its_check_raises_before_anything_more_is_used() -> None:
    used: list[str] = []

    def check() -> None:
        if used:
            raise LookupError

    with pytest.raises(LookupError):
        pipeline([answered(used.extend) for _ in range(3 * MOST_WAITING)], 1).run(check)

    assert 0 < len(used) <= MOST_TOGETHER


def fail(*_: object) -> None:
    raise LookupError


@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("failing", [PipelinedCall(fail), PipelinedCall(fail, print), answered(fail)])
def test_an_exception_of_a_request_and_of_a_use_is_raised(failing: "PipelinedCall[Any]", most: int) -> None:
    with pytest.raises(LookupError):
        run([failing, *[PipelinedCall(threading.Event().is_set)] * 20], most)


def test_results_beside_an_exception_are_used_before_it_is_raised() -> None:
    used: list[str] = []
    begun = threading.Event()

    def fail_then() -> None:
        begun.wait(LONG)
        raise LookupError

    def answer_then() -> str:
        begun.wait(LONG)
        return "fine"

    def until_both_are_there(_: object) -> None:
        begun.set()
        end = time.monotonic() + LONG
        while len(work._results) < 2 and time.monotonic() < end:
            time.sleep(0.001)

    then = PipelinedCall(answer_then, used.extend)
    work = pipeline([answered(until_both_are_there), PipelinedCall(fail_then), then], 3)
    with pytest.raises(LookupError):
        work.run(do_nothing)

    assert used == ["fine"]


def test_available_results_with_the_same_use_are_used_together() -> None:
    batches: dict[str, list[int]] = {"a": [], "b": []}
    begun, given = threading.Event(), threading.Semaphore(0)
    total = MOST_WAITING - 2

    def give() -> None:
        begun.wait(LONG)
        given.release()

    def wait_for_all(_: object) -> None:
        begun.set()
        for _ in range(total):
            assert given.acquire(timeout=LONG)

    def use_a(replies: Sequence[None]) -> None:
        batches["a"].append(len(replies))

    def use_b(replies: Sequence[None]) -> None:
        batches["b"].append(len(replies))

    requests = [PipelinedCall(give, use) for _ in range(total // 2) for use in (use_a, use_b)]
    run([answered(wait_for_all), *requests], 1)

    assert sum(batches["a"]) == sum(batches["b"]) == total // 2
    assert MOST_TOGETHER // 2 in batches["a"]
    assert max(map(sum, zip(*batches.values(), strict=False))) <= MOST_TOGETHER


def test_requests_that_wait_when_something_raises_are_dropped() -> None:
    done: list[int] = []

    def last_until_the_rest_is_given_up() -> None:
        end = time.monotonic() + LONG
        while work._requests and time.monotonic() < end:
            time.sleep(0.001)

    both_threads = [PipelinedCall(last_until_the_rest_is_given_up)] * 2
    work = pipeline([answered(fail), *both_threads, PipelinedCall(lambda: done.append(1))], 2)
    with pytest.raises(LookupError):
        work.run(do_nothing)

    assert done == []


@pytest.mark.parametrize("most", [1, 3])
def test_using_a_result_can_add_requests(most: int) -> None:
    done: list[str] = []

    def first(_: object) -> None:
        done.append("first")
        work.add(answered(second))

    def second(_: object) -> None:
        done.append("second")
        work.add(answered(lambda _: done.append("third")))

    work = pipeline([answered(first), answered(lambda _: done.append("last"))], most)
    work.run(do_nothing)

    assert sorted(done) == ["first", "last", "second", "third"]


@pytest.mark.parametrize("first", [1, 2])
def test_number_of_concurrent_requests_grows_once_the_time_of_a_call_is_known(first: int) -> None:
    together = threading.Barrier(5)
    waiting = [PipelinedCall(partial(together.wait, LONG))] * 5
    work = RequestPipeline(
        [answered(lambda _: work.add_all(waiting))], lambda fastest, _hung: 5 if fastest < LONG else first
    )

    work.run(do_nothing)

    assert not together.broken


@pytest.mark.parametrize("most", [1, 3])
def test_a_run_without_requests_ends_immediately(most: int) -> None:
    run([], most)


def test_no_further_request_is_made_while_too_many_results_are_unused() -> None:
    requested: list[int] = []
    unused: list[int] = []

    def use(replies: Sequence[int]) -> None:
        if not unused:
            time.sleep(0.3)  # in which all others could be made
        unused.append(len(requested) - used[0])
        used[0] += len(replies)

    used = [0]
    run([PipelinedCall(partial(requested.append, number), use) for number in range(5 * MOST_WAITING)], 4)

    assert len(requested) == 5 * MOST_WAITING
    assert max(unused) <= MOST_WAITING + MOST_TOGETHER


def test_few_large_results_wait() -> None:
    requested: list[int] = []
    used = [0]
    unused: list[int] = []

    def use(replies: Sequence[int]) -> None:
        time.sleep(0.01)  # in which others could be made
        unused.append(len(requested) - used[0])
        used[0] += len(replies)

    requests = [PipelinedCall(partial(requested.append, number), use) for number in range(40)]
    RequestPipeline(requests, lambda _fastest, _hung: 2, lambda _result: LARGEST_WAITING // 3).run(do_nothing)

    assert len(requested) == 40
    assert max(unused) <= 2 * (3 + 1)  # in use and waiting, with one more of each thread


def test_calling_thread_makes_the_requests_if_the_system_grants_no_other() -> None:
    script = """
import threading
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall, RequestPipeline
threading.stack_size(1 << 44)
RequestPipeline([PipelinedCall(lambda: "answer", print)] * 2, lambda _fastest, _hung: 8).run(lambda: None)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("['answer']\n['answer']\n", "")
