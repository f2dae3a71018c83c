"""A run whose jobs are partly elsewhere: slices on workers, and the rest on threads here, under one deadline."""

from collections.abc import Callable, Sequence
from queue import Empty
from time import monotonic
from typing import Generic, TypeVar

from virtscan.engines import threads
from virtscan.engines.dask.dispatcher import Dispatcher, Event, SliceArrived, SliceFailed, SliceSent
from virtscan.engines.dask.link import Scheduler, load
from virtscan.engines.engine import Carrier, Cut, Job, JobOutcome, Loss, Lost, Returned, Slice

T = TypeVar("T")
R = TypeVar("R")

MARGIN = 5.0
"""Seconds that a slice may be late; it ends by itself before the deadline."""

INTERRUPTED_MARGIN = threads.INTERRUPTED_MARGIN + 2.0
"""The same after an interruption: its hosts may be late, and then there is the way back."""


class DaskEngine(Generic[R]):
    """An engine for jobs of one kind, which a carrier knows how to send."""

    def __init__(self, scheduler: Scheduler, carrier: Carrier[R], *, retry_seconds: float | None = None) -> None:
        """Take the scheduler; after `retry_seconds` seconds another worker also tries (default: half of the time)."""
        self._scheduler = scheduler
        self._carrier = carrier
        self._retry_seconds = retry_seconds

    def run(
        self,
        jobs: Sequence[Job[R]],
        *,
        job_timeout: float,
        deadline: float,
        on_end: Callable[[int, JobOutcome[R]], None],
        on_start: Callable[[int], None] = lambda _index: None,
        is_interrupted: Callable[[], bool] = lambda: False,
    ) -> tuple[JobOutcome[R], ...]:
        """Run jobs as `Engine.run` describes."""
        end = monotonic() + deadline
        load()
        slices = self._carrier.slices(jobs)
        dispatcher = Dispatcher(
            self._scheduler, self._carrier, jobs, slices, end=end, retry_seconds=self._retry_seconds
        )
        run = _FleetRun(dispatcher, slices, on_end, on_start, is_interrupted)
        away = {index for slice_ in slices for index in slice_.jobs}
        local = [index for index in range(len(jobs)) if index not in away]
        try:
            if slices:
                dispatcher.start()
            threads.run(
                [jobs[index] for index in local],
                job_timeout=job_timeout,
                deadline=end - monotonic(),
                on_end=lambda number, outcome: run.end(local[number], outcome),
                on_start=lambda number: on_start(local[number]),
                is_interrupted=run.look,
            )
            run.wait(end)
        finally:
            if slices:
                dispatcher.close()
        return tuple(run.outcomes[index] for index in range(len(jobs)))


class _FleetRun(Generic[R]):
    """The outcomes of a run as they come; in the caller's thread."""

    def __init__(
        self,
        dispatcher: Dispatcher[R],
        slices: Sequence[Slice],
        on_end: Callable[[int, JobOutcome[R]], None],
        on_start: Callable[[int], None],
        is_interrupted: Callable[[], bool],
    ) -> None:
        self.outcomes: dict[int, JobOutcome[R]] = {}
        self._dispatcher = dispatcher
        self._slices = slices
        self._on_end = on_end
        self._on_start = on_start
        self._is_interrupted = is_interrupted
        self._places: dict[int, str] = {}
        self._interrupted_at: float | None = None

    def look(self) -> bool:
        """Take in the answers; return True after an interruption, which the workers get."""
        self._settle(timeout=0)
        if self._interrupted_at is None and self._is_interrupted():
            self._interrupted_at = monotonic()
            self._dispatcher.stop()
        return self._interrupted_at is not None

    def wait(self, end: float) -> None:
        """Wait for all slices, but not much longer than to the end of the run."""
        while self._missing():
            is_interrupted = self.look()
            limit = end + MARGIN if self._interrupted_at is None else self._interrupted_at + INTERRUPTED_MARGIN
            started = [number for number in self._missing() if number in self._places]
            if monotonic() > (limit if started else limit - MARGIN):
                break
            if is_interrupted and not started:
                break
            self._settle(timeout=threads.LONGEST_WAIT)
        for number in self._missing():
            self._end_slice(number, [self._why_missing(number)] * len(self._slices[number].jobs))

    def end(self, index: int, outcome: JobOutcome[R]) -> None:
        """Deliver the outcome of a job."""
        self.outcomes[index] = outcome
        self._on_end(index, outcome)

    def _missing(self) -> list[int]:
        return [number for number, slice_ in enumerate(self._slices) if slice_.jobs[0] not in self.outcomes]

    def _why_missing(self, number: int) -> Cut | Lost:
        if self._interrupted_at is not None:
            return Cut.INTERRUPTED
        place = self._places.get(number)
        return Cut.NEVER_STARTED if place is None else Lost(Loss.NO_ANSWER, place)

    def _settle(self, timeout: float) -> None:
        """Wait at most this long for an outcome, then take all that have come."""
        try:
            self._take(self._dispatcher.events.get(timeout=timeout))
            while True:
                self._take(self._dispatcher.events.get_nowait())
        except Empty:
            return

    def _take(self, event: Event[R]) -> None:
        match event:
            case SliceSent(slice=number, place=place):
                if number not in self._places:
                    for index in self._slices[number].jobs:
                        self._on_start(index)
                self._places[number] = place
            case SliceArrived(slice=number, results=results):
                self._end_slice(number, [Returned(result) for result in results])
            case SliceFailed(slice=number, outcome=outcome):
                self._end_slice(number, [outcome] * len(self._slices[number].jobs))

    def _end_slice(self, number: int, outcomes: Sequence[JobOutcome[R]]) -> None:
        for index, outcome in zip(self._slices[number].jobs, outcomes, strict=True):
            self.end(index, outcome)
