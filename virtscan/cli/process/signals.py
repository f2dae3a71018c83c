"""Signals that end the process: in a scan the first makes it report the items read, the second ends it immediately.

No handler raises an exception: raised in a callback of an import, or below a library that catches everything, it would
be lost.
"""

import mmap
import os
import select
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import NoReturn

from virtscan.cli.process import leftovers
from virtscan.engines.programs import end_all

ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""The signals that end the process, unless its parent had them ignored (nohup)."""

REPORT = signal.SIGUSR1
"""Sent by the parent process to its scanning child: end reading, report."""

PARENT_GONE = signal.SIGUSR2
"""Sent by the kernel to the scanning child."""

_SAME_SECONDS = 0.2
"""`timeout` and systemd send a signal to the process and to its group, and systemd SIGHUP right after SIGTERM where a
login session ends (SendSIGHUP=): that is one signal."""

_NOTE = b"virtscan: interrupted; reporting the items read; a second signal ends virtscan immediately\n"


class _SignalState:
    """The signal received so far, and the action of the first one; None: it ends the process.

    `shared` is a byte that parent and child share: the number of the signal that the parent received.
    """

    on_first: Callable[[], None] | None = None
    received: int | None = None
    at = 0.0
    shared = mmap.mmap(-1, 1)


def end_on_signals() -> None:
    """Handle the terminating signals from now on, except ignored ones.

    Undo two settings that a parent process may leave behind. A blocked signal would never arrive. With SIGCHLD ignored,
    every program would seem to end with status 0.
    """
    for number in _handled_signals():
        signal.signal(number, _handle)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def report_on_first(action: Callable[[], None] = lambda: None) -> None:
    """Make the first terminating signal only call this from now on; the next one ends the process."""
    _SignalState.on_first = action


def report_on_any_signal() -> None:
    """Make any terminating signal one to report, and leave the end to the parent; for the scanning child.

    A signal to the process group also ends the ssh of a connection, before the parent has sent `REPORT`.
    """
    for number in _handled_signals():
        signal.signal(number, _handle_report)
    signal.signal(PARENT_GONE, lambda _number, _frame: end_now(signal.SIGTERM))


def expect_report() -> None:
    """Install the handler of `REPORT`; call it before the child exists, which could receive it without a handler."""
    signal.signal(REPORT, _handle_report)


def is_report_wanted() -> bool:
    """Return True once a scan should end and report its items."""
    return _SignalState.received is not None


def exit_code(own: int) -> int:
    """Return the exit code of a process that ends in order: 128 and the signal's number if one was received."""
    return own if _SignalState.received in {None, REPORT} else 128 + int(_SignalState.received or 0)


def final_exit_code(own: int) -> int:
    """Return the exit code of a process that ends now.

    From then on a first signal ends the process itself: its handler would run too late to change the code.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    if _SignalState.received is None:
        for number in ENDING:
            if signal.getsignal(number) is _handle:
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return exit_code(own)


def end_now(number: int) -> NoReturn:
    """End the process by this signal, after ending its programs and removing its temporary files."""
    end_all()  # first: its scanning child may be writing one of the files
    leftovers.remove()
    signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def _handled_signals() -> Collection[signal.Signals]:
    return [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]


def _handle(number: int, _frame: FrameType | None) -> None:
    now = monotonic()
    if _SignalState.received is not None and now - _SignalState.at < _SAME_SECONDS:
        return
    if _SignalState.on_first is None or _SignalState.received is not None:
        end_now(number)
    _SignalState.received, _SignalState.at = number, now
    _SignalState.shared[0] = number
    with suppress(OSError):
        if select.select([], [2], [], 0)[1]:  # a full pipe or a stopped terminal must not hold up the report
            os.write(2, _NOTE)
    _SignalState.on_first()


def _handle_report(number: int, _frame: FrameType | None) -> None:
    _SignalState.received = _SignalState.received or _SignalState.shared[0] or number
