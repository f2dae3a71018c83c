"""Many requests to one connection at once, and one thread that works on the results."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

MOST_TOGETHER = 32
"""Results that are used together: enough for the saving, few enough to be interrupted between."""

MOST_WAITING = 256
"""Results that wait to be used, or are being fetched: where the CPU is short, more would only fill memory."""

T = TypeVar("T")

Use: TypeAlias = Callable[[Sequence[T]], None]


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


class _Failed(NamedTuple):
    """The exception of a call on its way to the thread that raises it."""

    error: BaseException


class RequestPipeline:
    """Makes requests on threads of their own, while the calling thread alone uses the results.

    Threads that wait and work in turn wait for the interpreter, too, each time: kept apart they read a thousand
    domains nearby in two thirds of the time. So as little as possible is done where it is requested. A request without
    a reply holds up only itself. The threads are daemon threads: under a deadline they may be left behind.
    """

    def __init__(self, requests: Iterable[PipelinedCall[Any]]) -> None:  # Any: each request has a type of its own
        self._requests: deque[PipelinedCall[Any]] = deque()
        self._turns: SimpleQueue[bool] = SimpleQueue()
        self._results: SimpleQueue[_Result | _Failed] = SimpleQueue()
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(MOST_WAITING):
            self._free.put(None)
        self._outstanding = 0
        for request in reversed(list(requests)):
            self.add(request)

    def add(self, request: PipelinedCall[T]) -> None:
        """Add a further request, while a result is used; it is the next."""
        self._outstanding += 1
        self._requests.append(request)
        self._turns.put(True)

    def run(self, threads: int) -> None:
        """Make all requests on so many threads, and use the results; return when everything is done.

        With one thread that is the calling one: other hosts fill the time that it waits.

        Raises:
            BaseException: The first that a request or the use of a result raised; requests that wait are dropped.
        """
        if threads > 1:
            self._run_apart(threads)
            return
        while self._requests:
            _use([_make(self._requests.pop())])

    def _run_apart(self, threads: int) -> None:
        helpers = [threading.Thread(target=self._help, daemon=True) for _ in range(threads)]
        for helper in helpers:
            helper.start()
        try:
            while self._outstanding:
                there = self._take()
                _use(there)
                self._outstanding -= len(there)
                for _ in there:
                    self._free.put(None)
        finally:
            self._requests.clear()
            for _ in helpers:
                self._turns.put(False)
                self._free.put(None)
            # A connection must not be closed while it is still used.
            for helper in helpers:
                helper.join()

    def _take(self) -> list[_Result | _Failed]:
        """Take the results that are there by now; wait for one if there is none."""
        there = [self._results.get()]
        with suppress(Empty):
            while len(there) < MOST_TOGETHER:
                there.append(self._results.get_nowait())
        return there

    def _help(self) -> None:
        while self._turns.get():
            self._free.get()
            try:
                request = self._requests.pop()
            except IndexError:
                return  # cleared, because something raised
            self._results.put(_make(request))


def _make(request: PipelinedCall[Any]) -> _Result | _Failed:  # Any: as in RequestPipeline
    try:
        return _Result(request.use, request.ask())
    except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
        return _Failed(error)


def _use(there: Iterable[_Result | _Failed]) -> None:
    together: defaultdict[Use[Any], list[Any]] = defaultdict(list)  # Any: as in _Result
    failed: _Failed | None = None
    for result in there:
        if isinstance(result, _Failed):
            failed = failed or result
        elif result.use is not None:
            together[result.use].append(result.value)
    for use, values in together.items():
        use(values)
    if failed is not None:
        raise failed.error
