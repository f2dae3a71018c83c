import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.engines.test_threads import in_a_process
from tests.harness.patience import LONG
from virtscan.connectors.libvirt.request_pipeline import MOST_TOGETHER, MOST_WAITING, PipelinedCall, RequestPipeline


def run(requests: Sequence[PipelinedCall[Any]], threads: int) -> None:
    RequestPipeline(requests).run(lambda _requests, _fastest: threads)


def answered(use: Callable[[Sequence[str]], None]) -> PipelinedCall[str]:
    """Return a request with a result at once."""
    return PipelinedCall(lambda: "answer", use)


@pytest.mark.parametrize("threads", [0, 1, 3, 50])
def test_every_request_is_made_once_and_its_result_used_once(threads: int) -> None:
    asked: list[int] = []
    used: list[str] = []

    def ask(number: int) -> str:
        asked.append(number)
        return str(number)

    run([PipelinedCall(partial(ask, number), used.extend) for number in range(20)], threads)

    assert sorted(asked) == list(range(20))
    assert sorted(used, key=int) == [str(number) for number in range(20)]


def test_one_thread_is_the_calling_one() -> None:
    used: set[int] = set()

    run([PipelinedCall(lambda: used.add(threading.get_ident()))] * 5, 1)

    assert used == {threading.get_ident()}


def test_all_results_are_used_by_the_calling_thread_which_makes_no_request() -> None:
    asked: set[int] = set()
    used: set[int] = set()

    run([PipelinedCall(lambda: asked.add(threading.get_ident()), lambda _: used.add(threading.get_ident()))] * 20, 3)

    assert used == {threading.get_ident()}
    assert threading.get_ident() not in asked


def test_the_number_of_concurrent_requests_is_limited() -> None:
    together = threading.Barrier(3)

    run([PipelinedCall(partial(together.wait, LONG))] * 3, 3)

    assert not together.broken


def test_a_request_that_hangs_holds_up_no_other() -> None:
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


def fail(*_: object) -> None:
    raise LookupError


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("failing", [PipelinedCall(fail), PipelinedCall(fail, print), answered(fail)])
def test_an_exception_of_a_request_and_of_a_use_is_raised(failing: "PipelinedCall[Any]", threads: int) -> None:
    with pytest.raises(LookupError):
        run([failing, *[PipelinedCall(threading.Event().is_set)] * 20], threads)


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
        while work._results.qsize() < 2 and time.monotonic() < end:
            time.sleep(0.001)

    work = RequestPipeline(
        [answered(until_both_are_there), PipelinedCall(fail_then), PipelinedCall(answer_then, used.extend)]
    )
    with pytest.raises(LookupError):
        work.run(lambda *_: 3)

    assert used == ["fine"]


def test_results_that_are_there_are_used_together_where_they_are_used_in_the_same_way() -> None:
    batches: dict[str, list[int]] = {"a": [], "b": []}
    given = threading.Semaphore(0)
    total = 4 * MOST_TOGETHER

    def wait_for_all(_: object) -> None:
        for _ in range(total):
            assert given.acquire(timeout=LONG)

    def use_a(replies: Sequence[None]) -> None:
        batches["a"].append(len(replies))

    def use_b(replies: Sequence[None]) -> None:
        batches["b"].append(len(replies))

    requests = [PipelinedCall(given.release, use) for _ in range(total // 2) for use in (use_a, use_b)]
    run([answered(wait_for_all), *requests], 2)

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
    work = RequestPipeline([answered(fail), *both_threads, PipelinedCall(lambda: done.append(1))])
    with pytest.raises(LookupError):
        work.run(lambda *_: 2)

    assert done == []


@pytest.mark.parametrize("threads", [1, 3])
def test_using_a_result_can_add_requests_which_are_the_next(threads: int) -> None:
    done: list[str] = []

    def first(_: object) -> None:
        done.append("first")
        work.add(answered(second))

    def second(_: object) -> None:
        done.append("second")
        work.add(answered(lambda _: done.append("third")))

    work = RequestPipeline([answered(first), answered(lambda _: done.append("last"))])
    work.run(lambda *_: threads)

    assert sorted(done) == ["first", "last", "second", "third"]
    if threads == 1:
        assert done == ["first", "second", "third", "last"]


@pytest.mark.parametrize("first", [1, 2])
def test_threads_are_added_once_more_are_enough(first: int) -> None:
    together = threading.Barrier(5)
    waiting = [PipelinedCall(partial(together.wait, LONG))] * 5
    work = RequestPipeline([answered(lambda _: work.add_all(waiting))])

    work.run(lambda requests, fastest: 5 if requests > 1 and fastest < LONG else first)

    assert not together.broken


@pytest.mark.parametrize("threads", [1, 3])
def test_no_requests_are_done_at_once(threads: int) -> None:
    run([], threads)


def test_results_that_are_not_used_yet_keep_further_requests_from_being_made() -> None:
    asked: list[int] = []
    most: list[int] = []

    def use(replies: Sequence[int]) -> None:
        if not most:
            time.sleep(0.3)  # in which all others could be made
        most.append(len(asked) - used[0])
        used[0] += len(replies)

    used = [0]
    run([PipelinedCall(partial(asked.append, number), use) for number in range(5 * MOST_WAITING)], 4)

    assert len(asked) == 5 * MOST_WAITING
    assert max(most) <= MOST_WAITING


def test_where_the_system_grants_no_thread_the_calling_one_makes_the_requests() -> None:
    script = """
import threading
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall, RequestPipeline
threading.stack_size(1 << 44)
RequestPipeline([PipelinedCall(lambda: "answer", print)] * 2).run(lambda _requests, _fastest: 8)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("['answer']\n['answer']\n", "")
