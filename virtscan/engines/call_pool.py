"""A pool of threads for the calls of all hosts, which wait in one queue.

A caller offers turns; in a turn, a thread makes the caller's calls one after another. A free thread takes the next turn
of any host. A call that hangs keeps its thread, but not its slot: another thread is started instead.
"""

import threading
from collections import Counter
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple, Protocol

MOST_AT_WORK = 128
"""Most calls at the same time, not counting those that hang. More save no time: see `admission.MOST_AT_ONCE`."""

MOST_THREADS = 1024
"""Most threads, including those of calls that hang; each takes about 50 KB."""

SLOW_SECONDS = 2.0
"""Time after which a call counts as hanging."""

IDLE_SECONDS = 0.5
"""Time without work after which a thread ends."""


class Caller(Protocol):
    """The calls of a host. These methods are called on threads of the pool, or on the main thread."""

    def make_next(self) -> bool:
        """Make the next call and raise nothing; return True if the turn continues with another call."""

    def watch(self, hung: int) -> None:
        """Take the number of running calls that hang, and offer turns to replace them."""

    def take_back(self) -> None:
        """Withdraw a turn that no thread can take."""


class _Call(NamedTuple):
    caller: Caller
    began: float


class CallPool:
    """The worker threads, and the turns that they take; used by all threads of the process."""

    def __init__(
        self,
        *,
        at_work: int = MOST_AT_WORK,
        threads: int = MOST_THREADS,
        slow: float = SLOW_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._most_at_work = at_work
        self._most_threads = threads
        self._slow_seconds = slow
        self._idle_seconds = idle
        self._lock = threading.Lock()
        self._turns: SimpleQueue[Caller] = SimpleQueue()
        self._open_turns = 0  # in the queue, or being taken
        self._workers: set[threading.Thread] = set()
        self._calls: dict[threading.Thread, _Call] = {}
        self._hung: set[threading.Thread] = set()

    def offer(self, caller: Caller) -> bool:
        """Queue a turn of a caller; return False if no thread could take it."""
        with self._lock:
            self._open_turns += 1
            self._grow()
            if len(self._workers) <= len(self._hung):
                self._open_turns -= 1
                return False
            self._turns.put(caller)
        return True

    def replace_hung(self) -> None:
        """Replace threads whose callers have a hanging call; to be called repeatedly.

        If no thread is left to take turns, the callers get theirs back.
        """
        calls = self._calls.copy()
        late = monotonic() - self._slow_seconds
        hung = Counter(call.caller for call in calls.values() if call.began < late)
        untaken: list[Caller] = []
        with self._lock:
            self._hung = {
                thread for thread, call in calls.items() if hung[call.caller] and self._calls.get(thread) is call
            }
            self._grow()
            with suppress(Empty):
                while len(self._workers) <= len(self._hung):
                    untaken.append(self._turns.get_nowait())
            self._open_turns -= len(untaken)
        for caller in untaken:
            caller.take_back()
        if len(self._hung) < self._most_threads // 2:  # the other half is for callers whose calls end
            for caller in {call.caller for call in calls.values()}:
                caller.watch(hung[caller])

    def has_idle(self) -> bool:
        """Return True if there are idle threads, which end soon."""
        return len(self._workers) > len(self._calls)

    def _grow(self) -> None:
        """Start as many threads as there are open turns, if there are slots and the system grants them."""
        most = min(self._open_turns, len(self._hung) + self._most_at_work, self._most_threads)
        while len(self._workers) < most:
            thread = threading.Thread(target=self._serve, name="call pool", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return
            self._workers.add(thread)

    def _serve(self) -> None:
        thread = threading.current_thread()
        while True:
            try:
                caller = self._turns.get(timeout=self._idle_seconds)
            except Empty:
                if self._may_leave(thread):
                    return
                continue
            goes_on = self._make_calls_of(caller, thread)
            with self._lock:
                if goes_on:
                    self._turns.put(caller)
                else:
                    self._open_turns -= 1
            del caller  # an idle thread would keep it alive

    def _make_calls_of(self, caller: Caller, thread: threading.Thread) -> bool:
        """Make calls until the turn ends, or another one waits; return True if it goes on."""
        goes_on = True
        while goes_on:
            self._calls[thread] = _Call(caller, monotonic())
            goes_on = caller.make_next()
            with self._lock:
                del self._calls[thread]
                self._hung.discard(thread)
                if not self._turns.empty():
                    break
        return goes_on

    def _may_leave(self, thread: threading.Thread) -> bool:
        with self._lock:
            if self._turns.empty():
                self._workers.discard(thread)
                return True
        return False


_pool = CallPool()
offer, replace_hung, has_idle = _pool.offer, _pool.replace_hung, _pool.has_idle
