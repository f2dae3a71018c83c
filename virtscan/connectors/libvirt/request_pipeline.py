"""Many concurrent requests to one connection, and one thread that works on the results."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, NamedTuple, NoReturn, TypeAlias, TypeVar

from virtscan.engines import call_pool

MOST_TOGETHER = 32
"""Results that are used together: enough to save time, few enough to allow an interruption in between."""

WORTH_WAKING = 16
"""Results for which the thread that uses them is woken, while all slots are taken and further requests wait."""

LULL = 0.2
"""Seconds after which results are used even if they are few, because further calls may be slow."""

MOST_WAITING = 64
"""Results that wait to be used, or are being fetched: on a busy CPU, more would only fill memory."""

LARGEST_WAITING = 2 << 20
"""Characters of waiting results at which no further result is fetched."""

T = TypeVar("T")

Use: TypeAlias = Callable[[Sequence[T]], None]

Most: TypeAlias = Callable[[float, int], int]
"""Returns how many requests may be made at a time, given the seconds that the fastest one took, and how many hang."""


class PipelinedCall(NamedTuple, Generic[T]):
    """A queued call, and the function that uses its result, if any; an exception of either ends the run.

    Results of requests with the same `use` are used together if they are available together.
    """

    call: Callable[[], T]
    use: Use[T] | None = None


class _Result(NamedTuple):
    """A result of some characters on its way to the thread that uses it."""

    use: Use[Any] | None  # Any: of the type of the value; both come from one request
    value: Any
    size: int


class _CallFailure:
    """The exception of a call on its way to the thread that raises it."""

    size = 0

    def __init__(self, error: BaseException) -> None:
        self._errors = [error]

    def raise_error(self) -> NoReturn:
        """Raise the exception, once: a frame that kept it would keep its traceback's frames and connection alive."""
        raise self._errors.pop()


class RequestPipeline:
    """Makes requests on threads of the pool, while the calling thread alone uses the results.

    A thread that waits and works in turn also waits for the GIL each time. With waiting and working kept apart, a
    thousand domains nearby are read in two thirds of the time. So requesting threads do as little as possible. A
    request without a reply delays no other.
    """

    def __init__(
        self,
        requests: Iterable[PipelinedCall[Any]],  # Any: each has a type of its own
        most: Most,
        size_of: Callable[[Any], int] = lambda _result: 0,
    ) -> None:
        """Begin with these requests; `size_of` returns the characters of a result, which limit those that wait."""
        self._most = most
        self._size_of = size_of
        self._lock = threading.Lock()  # for the following
        self._requests: deque[PipelinedCall[Any]] = deque()
        self._results: deque[_Result | _CallFailure] = deque()
        self._characters = 0  # of the results that wait
        self._under_way = 0
        self._turns = 0  # under way, or offered to the pool
        self._hung = 0
        self._window = MOST_WAITING  # slots besides those that hang: one after such a call, one more with each reply
        self._fresh = 0  # results since the last wake-up
        self._is_idle = False  # there was nothing to use: the next result wakes
        self._wakes: SimpleQueue[None] = SimpleQueue()
        self._outstanding = 0  # requests whose results are not used yet
        self._fastest = float("inf")
        self.add_all(requests)

    def add(self, request: PipelinedCall[T]) -> None:
        """Add a further request, while a result is used; it is made next."""
        self._outstanding += 1
        self._requests.append(request)

    def add_all(self, requests: Iterable[PipelinedCall[Any]]) -> None:
        """Add further requests, while a result is used; they are made next, in this order."""
        for request in reversed(list(requests)):
            self.add(request)

    def run(self, check: Callable[[], None]) -> None:
        """Make all requests and use their results; return when all of it is done.

        Where the pool has no thread, the calling one makes the requests.

        Args:
            check: Called before results are used; it raises to end the run.

        Raises:
            BaseException: The first that a request or the use of a result raised; requests that wait are dropped.
        """
        try:
            while self._outstanding:
                if not self._offer_turns():
                    self._make_here()
                results = self._take()
                check()
                self._offer_turns()
                _use(results)
                self._outstanding -= len(results)
        finally:
            self._end()

    def make_next(self) -> bool:
        """Make the next request, on a thread of the pool; return True if there is a further one for it."""
        with self._lock:
            if not self._has_next():
                self._turns -= 1
                return False
            self._under_way += 1
            requests = [self._requests.pop()]
        results = [self._make(requests.pop())]  # in lists: this thread keeps no reference once the other one wakes
        with self._lock:
            self._under_way -= 1
            self._window += 1
            self._fresh += 1
            has_failed = isinstance(results[0], _CallFailure)
            self._characters += results[0].size
            self._results.append(results.pop())
            slots = self._slots()
            goes_on = self._has_next() and self._turns <= slots
            if not goes_on:
                self._turns -= 1
            has_more = self._has_next() and self._turns < slots
            if self._is_idle or has_failed or has_more or not goes_on or self._fresh >= WORTH_WAKING:
                self._wake()
        return goes_on

    def watch(self, hung: int) -> None:
        """Note how many requests hang, and allow another one in their place."""
        with self._lock:
            if hung > self._hung:
                self._window = 1
            self._hung = hung
        self._offer_turns()

    def take_back(self) -> None:
        """Take back a turn that no thread can take."""
        with self._lock:
            self._turns -= 1
            self._wake()

    def _has_next(self) -> bool:
        waiting = self._under_way - self._hung + len(self._results)
        return bool(self._requests) and waiting < MOST_WAITING and self._characters < LARGEST_WAITING

    def _slots(self) -> int:
        return min(self._window + self._hung, self._most(self._fastest, self._hung))

    def _wake(self) -> None:
        self._fresh = 0
        self._is_idle = False
        self._wakes.put(None)

    def _offer_turns(self) -> bool:
        """Offer a turn for each request, as far as there are slots; return False if one is refused."""
        while self._needs_turn():
            if not call_pool.offer(self):
                with self._lock:
                    self._turns -= 1
                return False
        return True

    def _make_here(self) -> None:
        """Make a request on the calling thread."""
        with self._lock:
            self._turns += 1
        goes_on = self.make_next()
        with self._lock:
            self._turns -= goes_on

    def _needs_turn(self) -> bool:
        with self._lock:
            offered = self._turns - self._under_way
            if not self._has_next() or len(self._requests) <= offered or self._turns >= self._slots():
                return False
            self._turns += 1
        return True

    def _take(self) -> list[_Result | _CallFailure]:
        """Take the results available now, after a wait if there are none; the wait may end without any."""
        if not self._results:
            with suppress(Empty):
                self._wakes.get(timeout=None if self._is_idle else LULL)
        with self._lock:
            self._fresh = 0
            self._is_idle = not self._results
            results = [self._results.popleft() for _ in range(min(MOST_TOGETHER, len(self._results)))]
            self._characters -= sum(result.size for result in results)
        return results

    def _end(self) -> None:
        """Wait for the calls under way, because a connection must not be closed while it is still used."""
        with self._lock:
            self._requests.clear()
        while self._under_way:
            self._wakes.get()
        self._results.clear()

    def _make(self, request: PipelinedCall[Any]) -> _Result | _CallFailure:  # Any: as above
        before = monotonic()
        try:
            value = request.call()
            result = _Result(request.use, value, self._size_of(value))
        except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
            return _CallFailure(error)
        self._fastest = min(self._fastest, monotonic() - before)
        return result


def _use(results: Iterable[_Result | _CallFailure]) -> None:
    together: defaultdict[Use[Any], list[Any]] = defaultdict(list)  # Any: as in _Result
    failed: _CallFailure | None = None
    for result in results:
        if isinstance(result, _CallFailure):
            failed = failed or result
        elif result.use is not None:
            together[result.use].append(result.value)
    for use, values in together.items():
        use(values)
    if failed is not None:
        failed.raise_error()
