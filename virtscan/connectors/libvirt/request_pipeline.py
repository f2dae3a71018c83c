"""Many requests to one connection at once, and one thread that works on the results."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, NamedTuple, NoReturn, TypeAlias, TypeVar

MOST_TOGETHER = 32
"""Results that are used together: enough for the saving, few enough to be interrupted between."""

MOST_WAITING = 256
"""Results that wait to be used, or are being fetched: where the CPU is short, more would only fill memory."""

T = TypeVar("T")

Use: TypeAlias = Callable[[Sequence[T]], None]

Enough: TypeAlias = Callable[[int, float], int]
"""Returns how many threads are enough for so many requests that wait; the fastest so far took so many seconds."""


class PipelinedCall(NamedTuple, Generic[T]):
    """A call that waits, and the function that works on its result, if any; an exception of either ends the run.

    Requests with the same `use` get their results used together as far as these are there together.
    """

    ask: Callable[[], T]
    use: Use[T] | None = None


class _Result(NamedTuple):
    """A result on its way to the thread that uses it."""

    use: Use[Any] | None  # Any: of the type of the value; both come from one request
    value: Any


class _CallFailure:
    """The exception of a call on its way to the thread that raises it."""

    def __init__(self, error: BaseException) -> None:
        self._errors = [error]

    def raise_error(self) -> NoReturn:
        """Raise it, once: a frame that still had it would keep all frames of its traceback, and their connection."""
        raise self._errors.pop()


class RequestPipeline:
    """Makes requests on threads of their own, while the calling thread alone uses the results.

    Threads that wait and work in turn wait for the interpreter, too, each time: kept apart they read a thousand
    domains nearby in two thirds of the time. So as little as possible is done where it is requested. A request without
    a reply holds up only itself. The threads are daemon threads: under a deadline they may be left behind. Their number
    grows with the requests, and as the time of a call becomes known.
    """

    def __init__(self, requests: Iterable[PipelinedCall[Any]]) -> None:  # Any: each request has a type of its own
        self._requests: deque[PipelinedCall[Any]] = deque()
        self._turns: SimpleQueue[bool] = SimpleQueue()
        self._results: SimpleQueue[_Result | _CallFailure] = SimpleQueue()
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(MOST_WAITING):
            self._free.put(None)
        self._outstanding = 0
        self._fastest = float("inf")
        self.add_all(requests)

    def add(self, request: PipelinedCall[T]) -> None:
        """Add a further request, while a result is used; it is the next."""
        self._outstanding += 1
        self._requests.append(request)
        self._turns.put(True)

    def add_all(self, requests: Iterable[PipelinedCall[Any]]) -> None:
        """Add further requests, while a result is used; they are the next, in this order."""
        for request in reversed(list(requests)):
            self.add(request)

    def run(self, enough: Enough) -> None:
        """Make all requests on as many threads as are enough, and use the results; return when everything is done.

        As long as one is enough, that is the calling one: other hosts fill the time that it waits.

        Raises:
            BaseException: The first that a request or the use of a result raised; requests that wait are dropped.
        """
        helpers: list[threading.Thread] = []
        try:
            while self._outstanding:
                if (threads := enough(len(self._requests), self._fastest)) > 1:
                    self._grow(helpers, threads)
                if not helpers:
                    self._make_next()
                there = self._take()
                _use(there)
                self._outstanding -= len(there)
                for _ in there:
                    self._free.put(None)
        finally:
            self._end(helpers)

    def _end(self, helpers: Sequence[threading.Thread]) -> None:
        """Wait for the helpers, because a connection must not be closed while it is still used; keep nothing of it."""
        self._requests.clear()
        for _ in helpers:
            self._turns.put(False)
            self._free.put(None)
        for helper in helpers:
            helper.join()
        self._results = SimpleQueue()

    def _grow(self, helpers: list[threading.Thread], threads: int) -> None:
        """Start helpers until there are so many, or the system grants no more."""
        while len(helpers) < threads:
            helper = threading.Thread(target=self._help, daemon=True)
            try:
                helper.start()
            except RuntimeError:
                return  # without any, the calling thread makes the requests
            helpers.append(helper)

    def _take(self) -> list[_Result | _CallFailure]:
        """Take the results that are there by now; wait for one if there is none."""
        there = [self._results.get()]
        with suppress(Empty):
            while len(there) < MOST_TOGETHER:
                there.append(self._results.get_nowait())
        return there

    def _help(self) -> None:
        while self._make_next():
            pass

    def _make_next(self) -> bool:
        """Make the next request; return False if there is none, and will be none."""
        if not self._turns.get():
            return False
        self._free.get()
        try:
            request = self._requests.pop()
        except IndexError:
            return False  # cleared, because something raised
        self._results.put(self._make(request))
        return True

    def _make(self, request: PipelinedCall[Any]) -> _Result | _CallFailure:  # Any: as above
        before = monotonic()
        try:
            result = _Result(request.use, request.ask())
        except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
            return _CallFailure(error)
        self._fastest = min(self._fastest, monotonic() - before)
        return result


def _use(there: Iterable[_Result | _CallFailure]) -> None:
    together: defaultdict[Use[Any], list[Any]] = defaultdict(list)  # Any: as in _Result
    failed: _CallFailure | None = None
    for result in there:
        if isinstance(result, _CallFailure):
            failed = failed or result
        elif result.use is not None:
            together[result.use].append(result.value)
    for use, values in together.items():
        use(values)
    if failed is not None:
        failed.raise_error()
