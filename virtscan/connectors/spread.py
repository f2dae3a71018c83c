"""Many round trips on one connection at once."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TypeAlias

Job: TypeAlias = Callable[[], None]


def spread(jobs: Iterable[Job], threads: int) -> None:
    """Run all jobs on so many threads, the calling one among them, and return when all have ended.

    Each thread takes the next job when it has done its last one, so that a call which never returns holds up only
    itself. The others are daemon threads: whoever runs this under a deadline may leave them behind.

    Raises:
        BaseException: Of the first job that raised; what had not been started then is not run.
    """
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not errors:
                waiting.get_nowait()()
        except Empty:
            return
        except BaseException as error:  # noqa: BLE001 not kept: the calling thread raises it
            errors.append(error)

    helpers = [threading.Thread(target=work, daemon=True) for _ in range(min(threads, waiting.qsize()) - 1)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
