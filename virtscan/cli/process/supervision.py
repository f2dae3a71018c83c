"""A scan in a child process: nothing that it starts outlives it, and a report survives a crash of a C library.

libvirt's client starts ssh at unpredictable times, and threads that hang in a call are abandoned. So the parent only
waits. The kernel makes it the parent of orphans (PR_SET_CHILD_SUBREAPER), and it ends them once the child has ended for
any reason.
"""

import os
import signal
import sys
from contextlib import suppress
from functools import partial

from virtscan.cli.process import leftovers, signals
from virtscan.engines.programs import end_all, spare_existing_children

_M_TRIM_THRESHOLD = -1
_M_ARENA_MAX = -8
_SPARE_BYTES = 1 << 20

_WAKEUP_BYTES = 4096

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class _Supervision:
    """State of this process: `is_program` is True in the command itself, False in other users of its code."""

    is_program = False


def allow() -> None:
    """Allow `continue_in_child` to split this process from now on."""
    _Supervision.is_program = True
    spare_existing_children()


def continue_in_child() -> signal.Signals | None:
    """Continue in a child process; this process waits for it and ends with the same exit code.

    Returns:
        None in the child, and where this process can't be split. The parent returns only if the child has crashed:
        with the signal that ended it.
    """
    signals.report_on_first()
    if not _Supervision.is_program:
        return None
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    parent = os.getpid()
    signals.expect_report()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # before the child exists, which may end before this process continues
    # Python forgets, in the child, what arrives until its fork has returned: the kernel keeps `REPORT` for it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*signals.ENDING, signals.REPORT})
    try:
        wakeups = os.pipe()
        child = os.fork()
        if child == 0:
            for file in wakeups:
                os.close(file)
            signals.report_on_any_signal()
            _prctl(_PR_SET_PDEATHSIG, signals.PARENT_GONE)
            _keep_memory_together()
            if os.getppid() != parent:
                signals.end_now(signal.SIGTERM)
            return None
        signals.report_on_first(partial(_request_report, child))
        if signals.is_report_wanted():  # since another thread took a signal while this one had it blocked
            _request_report(child)
    except OSError:
        return None  # no further process or file is granted: a limit of the user, the container or memory
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return _outcome(child, *wakeups)


def _request_report(child: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(child, signals.REPORT)


def _outcome(child: int, wakeups: int, wakeups_end: int) -> signal.Signals:
    status = _wait_for(child, wakeups, wakeups_end)
    signals.report_on_first()
    end_all()
    leftovers.remove()
    if os.WIFEXITED(status):
        os._exit(signals.final_exit_code(os.WEXITSTATUS(status)))
    return signal.Signals(os.WTERMSIG(status))


def _wait_for(child: int, wakeups: int, wakeups_end: int) -> int:
    """Return the status of the child once it has ended; until then, leave no zombies of the orphans that end.

    A signal does not interrupt a system call if another thread takes it, or if it comes just before the call. So this
    waits for a byte in a pipe, which each signal writes.
    """
    os.set_blocking(wakeups_end, False)
    signal.set_wakeup_fd(wakeups_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    try:
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == child:
                return status
            if not ended:
                os.read(wakeups, _WAKEUP_BYTES)
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.close(wakeups)
        os.close(wakeups_end)


def _prctl(option: int, value: int) -> None:
    """Set a property of this process; do nothing except on Linux."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def _keep_memory_together() -> None:
    """Make threads share one heap of the C library, and return its free memory to the system.

    Each thread that reads a host would get a heap of its own: for 128 hosts of a thousand domains 50 MiB of free room.

    Source:
        glibc mallopt(3); other C libraries lack it.
    """
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_ARENA_MAX, 1)
            mallopt(_M_TRIM_THRESHOLD, _SPARE_BYTES)
