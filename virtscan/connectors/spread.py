"""Many round trips on one connection at once, and one thread that works on what they bring."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import TypeAlias

Work: TypeAlias = Callable[[], None]
Job: TypeAlias = Callable[[], Work | None]
"""Waits for something, and gives what is to be done with it, if anything is."""


class Spread:
    """Jobs on threads of their own, while the calling thread alone does the work that they bring.

    Threads that wait and work in turn wait for the interpreter, too, each time: kept apart they read a thousand
    domains nearby in two thirds of the time. A job that never returns holds up only itself. The threads are daemon
    threads: whoever runs this under a deadline may leave them behind.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs: deque[Job] = deque()
        self._turns: SimpleQueue[bool] = SimpleQueue()
        self._brought: SimpleQueue[Work | BaseException | None] = SimpleQueue()
        self._outstanding = 0
        for job in reversed(list(jobs)):
            self.add(job)

    def add(self, job: Job) -> None:
        """Call for a further job, from a work; it is the next."""
        self._outstanding += 1
        self._jobs.append(job)
        self._turns.put(True)

    def run(self, threads: int) -> None:
        """Run all jobs on so many threads, and what they bring; return when everything is done.

        With one thread that is the calling one: others fill the time that it waits.

        Raises:
            BaseException: Of the first job or work that raised; what had not been started then is not run.
        """
        if threads > 1:
            self._run_apart(threads)
            return
        while self._jobs:
            if work := self._jobs.pop()():
                work()

    def _run_apart(self, threads: int) -> None:
        helpers = [threading.Thread(target=self._help, daemon=True) for _ in range(threads)]
        for helper in helpers:
            helper.start()
        try:
            while self._outstanding:
                match self._brought.get():
                    case BaseException() as error:
                        raise error
                    case work:
                        self._outstanding -= 1
                        if work:
                            work()
        finally:
            self._jobs.clear()
            for _ in helpers:
                self._turns.put(False)
            # A connection must not be closed while somebody still uses it.
            for helper in helpers:
                helper.join()

    def _help(self) -> None:
        while self._turns.get():
            try:
                job = self._jobs.pop()
            except IndexError:
                return  # cleared, because something raised
            try:
                self._brought.put(job())
            except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
                self._brought.put(error)
                return
