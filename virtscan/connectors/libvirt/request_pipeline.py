"""Many questions to one connection at once, and one thread that works on the answers."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeAlias

MOST_TOGETHER = 32
"""Answers that are used together: enough to save what can be saved so, few enough to be interrupted between."""


class Reply(NamedTuple):
    """What asking gave, or the exception that it raised; `about` is what the question says that it is about."""

    about: Any  # Any: whatever the asker needs to know it again
    said: object


Use: TypeAlias = Callable[[Sequence[Reply]], None]


class Request(NamedTuple):
    """Something to wait for, and what is done with its answer: by default nothing, and what it raised is raised.

    Questions with the same `use` get their answers used together as far as these are there together.
    """

    ask: Callable[[], object]
    use: Use | None = None
    about: object = None


class RequestPipeline:
    """Asks on threads of their own, while the calling thread alone uses the answers.

    Threads that wait and work in turn wait for the interpreter, too, each time: kept apart they read a thousand
    domains nearby in two thirds of the time. So as little as possible is done where it is asked. A question that is
    never answered holds up only itself. The threads are daemon threads: whoever runs this under a deadline may leave
    them behind.
    """

    def __init__(self, requests: Iterable[Request]) -> None:
        self._questions: deque[Request] = deque()
        self._turns: SimpleQueue[bool] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Use | None, Reply]] = SimpleQueue()
        self._outstanding = 0
        for question in reversed(list(requests)):
            self.add(question)

    def add(self, question: Request) -> None:
        """Have a further question asked, while an answer is used; it is the next."""
        self._outstanding += 1
        self._questions.append(question)
        self._turns.put(True)

    def run(self, threads: int) -> None:
        """Ask all on so many threads, and use the answers; return when everything is done.

        With one thread that is the calling one: others fill the time that it waits.

        Raises:
            BaseException: The first that using an answer raised, or an answer that nobody uses; what had not been
                asked by then is not.
        """
        if threads > 1:
            self._run_apart(threads)
            return
        while self._questions:
            _use([_ask(self._questions.pop())])

    def _run_apart(self, threads: int) -> None:
        helpers = [threading.Thread(target=self._help, daemon=True) for _ in range(threads)]
        for helper in helpers:
            helper.start()
        try:
            while self._outstanding:
                there = self._take()
                _use(there)
                self._outstanding -= len(there)
        finally:
            self._questions.clear()
            for _ in helpers:
                self._turns.put(False)
            # A connection must not be closed while somebody still uses it.
            for helper in helpers:
                helper.join()

    def _take(self) -> list[tuple[Use | None, Reply]]:
        """The answers that are there by now; wait for one if there is none."""
        there = [self._answers.get()]
        with suppress(Empty):
            while len(there) < MOST_TOGETHER:
                there.append(self._answers.get_nowait())
        return there

    def _help(self) -> None:
        while self._turns.get():
            try:
                question = self._questions.pop()
            except IndexError:
                return  # cleared, because something raised
            self._answers.put(_ask(question))


def _ask(question: Request) -> tuple[Use | None, Reply]:
    ask, use, about = question
    try:
        return use, Reply(about, ask())
    except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it, or knows what to do with it
        return use, Reply(about, error)


def _use(there: Iterable[tuple[Use | None, Reply]]) -> None:
    together: defaultdict[Use, list[Reply]] = defaultdict(list)
    for use, answer in there:
        if use is not None:
            together[use].append(answer)
        elif isinstance(answer.said, BaseException):
            raise answer.said
    for use, replies in together.items():
        use(replies)
