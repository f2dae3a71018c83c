"""Many round trips on one connection at once."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

Job: TypeAlias = Callable[[], None]


class Spread:
    """Jobs, some of which call for further ones, on several threads.

    Each thread takes the next job when it has done its last one, so that a call which never returns holds up only
    itself. All but the calling thread are daemon threads: whoever runs this under a deadline may leave them behind.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._waiting = deque(jobs)
        self._under_way = 0
        self._errors: list[BaseException] = []
        self._changed = threading.Condition()

    def add(self, job: Job) -> None:
        """Call for a further job, from one that is under way; it is the next."""
        with self._changed:
            self._waiting.appendleft(job)
            self._changed.notify()

    def run(self, threads: int) -> None:
        """Run all jobs on so many threads, the calling one among them, and return when all have ended.

        Raises:
            BaseException: Of the first job that raised; what had not been started then is not run.
        """
        helpers = [threading.Thread(target=self._work, daemon=True) for _ in range(threads - 1)]
        for helper in helpers:
            helper.start()
        self._work()
        for helper in helpers:
            helper.join()
        if self._errors:
            raise self._errors[0]

    def _work(self) -> None:
        while job := self._next():
            try:
                job()
            except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
                self._errors.append(error)
            finally:
                self._ended()

    def _next(self) -> Job | None:
        with self._changed:
            while self._under_way and not self._waiting and not self._errors:
                self._changed.wait()
            if self._errors or not self._waiting:
                return None
            self._under_way += 1
            return self._waiting.popleft()

    def _ended(self) -> None:
        with self._changed:
            self._under_way -= 1
            if self._errors or not self._under_way:
                self._changed.notify_all()
