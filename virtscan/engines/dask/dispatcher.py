"""Slices to workers and back, on a thread with an event loop.

The dispatcher and not the scheduler chooses the worker of a slice. So its plan has the remaining time, and a second
attempt goes to another worker. A second attempt is made when the first worker ends or fails. It is also made when the
first worker has not answered in half of the remaining time; then the first answer of both counts. A worker that refuses
costs no attempt.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import Generic, TypeAlias, TypeVar
from uuid import uuid4

import msgspec

from virtscan.engines.bounded import NoThreadError
from virtscan.engines.dask.answers import results_of
from virtscan.engines.dask.link import Answer, Link, Scheduler, connect
from virtscan.engines.dask.workers import Worker, choose, for_site
from virtscan.engines.engine import Carrier, Job, Loss, Lost, Raised, Slice

T = TypeVar("T")

_CONNECT_SECONDS = 10.0
_NO_WORKER_SECONDS = 10.0
"""Longest wait for workers while there are none: one may be starting again."""

_TICK_SECONDS = 0.1
_TRIES = 2
_RESERVE_SECONDS = 2.0
"""Part of the remaining time for the way back, or a tenth of it where that is less."""

_KILL_SECONDS = 3.0
"""Time from the deadline of a slice until it is killed."""

_END_SECONDS = 5.0


class SliceSent(msgspec.Struct, frozen=True):
    """A slice, by its number, was sent to a worker."""

    slice: int
    place: str


class SliceArrived(msgspec.Struct, Generic[T], frozen=True):
    """A slice came back, with a result for each of its jobs."""

    slice: int
    results: Sequence[T]


class SliceFailed(msgspec.Struct, frozen=True):
    """A slice did not come back."""

    slice: int
    outcome: Lost | Raised


Event: TypeAlias = SliceSent | SliceArrived[T] | SliceFailed


class _Trip(msgspec.Struct, eq=False):
    """A slice that has not arrived; `avoided` are the workers that had it, `tries` counts those that did not refuse."""

    number: int
    slice: Slice
    tries: int = 0
    avoided: set[str] = msgspec.field(default_factory=set)
    last: Lost | None = None


class _Attempt(msgspec.Struct, eq=False):
    """A slice on a worker; from `late_at` on, another one may try as well."""

    trip: _Trip
    worker: Worker
    late_at: float
    answer: Answer


class Dispatcher(Generic[T]):
    """Sends the slices of a run to workers; the caller's thread takes their outcomes from `events`."""

    def __init__(
        self,
        scheduler: Scheduler,
        carrier: Carrier[T],
        jobs: Sequence[Job[T]],
        slices: Sequence[Slice],
        *,
        end: float,
        retry_seconds: float | None,
    ) -> None:
        """Take the slices to carry until `end`; `retry_seconds` is the time before a second attempt."""
        self.events: SimpleQueue[Event[T]] = SimpleQueue()
        self._scheduler = scheduler
        self._carrier = carrier
        self._jobs = jobs
        self._end = end
        self._retry_seconds = retry_seconds
        self._open = {number: _Trip(number, slice_) for number, slice_ in enumerate(slices)}
        self._waiting = list(self._open.values())
        self._attempts: list[_Attempt] = []
        self._unfit: dict[str, Lost] = {}
        self._none_since: float | None = None
        self._link: Link | None = None
        self._is_stopping = False
        self._run = uuid4().hex
        self._loop = asyncio.new_event_loop()
        # Only of connections that ended, which is noticed anyway.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._work, name="dask", daemon=True)

    def start(self) -> None:
        """Start the dispatcher; if the system grants no thread for it, all slices have failed."""
        try:
            self._thread.start()
        except RuntimeError as error:
            self._loop.close()
            self._fail_all(Raised(NoThreadError(str(error))))

    def stop(self) -> None:
        """Start no further slice, and recall those under way with their partial results."""
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._stop)

    def close(self) -> None:
        """End the connection, and with it all that is still under way."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._main and self._main.cancel())
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop), suppress(asyncio.CancelledError):
                self._main = self._loop.create_task(self._carry())
                self._loop.run_until_complete(self._main)
        except BaseException as error:  # noqa: BLE001 on a thread of its own it would only be printed and lost
            self._fail_all(Raised(error))

    def _stop(self) -> None:
        self._is_stopping = True
        self._waiting.clear()
        if self._link is not None:
            self._link.stop(self._run, {attempt.worker.address for attempt in self._attempts})

    async def _carry(self) -> None:
        link = await connect(self._scheduler, min(_CONNECT_SECONDS, max(1.0, (self._end - monotonic()) / 2)))
        if isinstance(link, Lost):
            self._fail_all(link)
            return
        self._link = link
        try:
            while self._open:
                if link.is_lost:
                    self._fail_all(Lost(Loss.SCHEDULER_LOST, self._scheduler.address))
                    return
                self._send_waiting(link)
                answers = [attempt.answer.task for attempt in self._attempts]
                if answers:
                    await asyncio.wait(answers, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(_TICK_SECONDS)
                if not link.is_lost:
                    self._settle(link)
        finally:
            await link.close()

    def _send_waiting(self, link: Link) -> None:
        now = monotonic()
        if self._is_stopping or now >= self._end:
            return
        self._none_since = None if link.workers else self._none_since or now
        fit = [worker for worker in link.workers.values() if worker.address not in self._unfit]
        used = Counter(attempt.worker.address for attempt in self._attempts)
        for trip in tuple(self._waiting):
            candidates = for_site(fit, trip.slice.site)
            if worker := choose(candidates, used, trip.avoided):
                used[worker.address] += 1
                self._waiting.remove(trip)
                self._send(link, trip, worker)
            elif all(candidate.address in trip.avoided for candidate in candidates) and self._is_hopeless(
                candidates, now
            ):
                self._waiting.remove(trip)
                if not self._is_under_way(trip):
                    unfit = next(iter(self._unfit.values()), None)
                    self._fail(trip, trip.last or unfit or Lost(Loss.NO_WORKER, self._scheduler.address))

    def _is_hopeless(self, candidates: Sequence[Worker], now: float) -> bool:
        """Return True if no further worker can be expected."""
        if candidates or self._unfit:
            return True
        return self._none_since is not None and now - self._none_since > _NO_WORKER_SECONDS

    def _send(self, link: Link, trip: _Trip, worker: Worker) -> None:
        now = monotonic()
        seconds = max(1.0, self._end - now)
        seconds -= min(_RESERVE_SECONDS, seconds / 10)
        plan = self._carrier.pack([self._jobs[index] for index in trip.slice.jobs], seconds)
        key = f"virtscan-{self._run}-{trip.number}-{len(trip.avoided)}"
        answer = link.send(worker, plan, seconds=seconds + _KILL_SECONDS, run=self._run, key=key)
        late_at = now + (seconds / 2 if self._retry_seconds is None else self._retry_seconds)
        self._attempts.append(_Attempt(trip, worker, late_at, answer))
        trip.tries += 1
        trip.avoided.add(worker.address)
        self.events.put(SliceSent(trip.number, worker.address))

    def _settle(self, link: Link) -> None:
        """Take in the outcomes of the attempts."""
        now = monotonic()
        for attempt in tuple(self._attempts):
            trip = attempt.trip
            if trip.number not in self._open:
                self._attempts.remove(attempt)
                attempt.answer.drop()
            elif attempt.answer.task.done():
                self._attempts.remove(attempt)
                self._take(trip, attempt.worker.address, attempt.answer.task.result())
            elif attempt.worker.address not in link.workers:
                self._attempts.remove(attempt)
                attempt.answer.drop()
                self._try_again(trip, Lost(Loss.WORKER_LOST, attempt.worker.address))
            elif now > attempt.late_at and trip.tries < _TRIES and trip not in self._waiting:
                trip.last = Lost(Loss.NO_ANSWER, attempt.worker.address)
                self._waiting.append(trip)

    def _take(self, trip: _Trip, place: str, answer: bytes | Lost) -> None:
        if isinstance(answer, bytes):
            results = results_of(answer, [self._jobs[index] for index in trip.slice.jobs], self._carrier, place)
            if not isinstance(results, Lost):
                self._end_trip(trip)
                self.events.put(SliceArrived(trip.number, results))
                return
            answer = results
        if answer.loss is Loss.REFUSED:
            self._unfit[place] = answer
            trip.tries -= 1
        self._try_again(trip, answer)

    def _try_again(self, trip: _Trip, lost: Lost) -> None:
        trip.last = lost
        if trip in self._waiting or self._is_under_way(trip):
            return
        if trip.tries < _TRIES and not self._is_stopping and monotonic() < self._end:
            self._waiting.append(trip)
        else:
            self._fail(trip, lost)

    def _is_under_way(self, trip: _Trip) -> bool:
        return any(attempt.trip is trip for attempt in self._attempts)

    def _fail(self, trip: _Trip, outcome: Lost | Raised) -> None:
        self._end_trip(trip)
        self.events.put(SliceFailed(trip.number, outcome))

    def _fail_all(self, outcome: Lost | Raised) -> None:
        for trip in tuple(self._open.values()):
            self._fail(trip, outcome)

    def _end_trip(self, trip: _Trip) -> None:
        del self._open[trip.number]
        if trip in self._waiting:
            self._waiting.remove(trip)
