"""Programs started by abandoned jobs, and all that are left at the end."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

_END_SECONDS = 2.0
"""Longest wait for the next killed program to end, or stopped one to stop; one in a system call may never do so."""

_FORK_SECONDS = 0.1
"""Longest wait for a program in a call that no signal interrupts: a fork is short, but a dead NFS server is not."""

_IN_A_CALL, _AT_REST = {b"D"}, {b"T", b"t", b"Z", b"X", b"x", b""}
"""States of threads, as in proc_pid_stat(5)."""

_MASTER = b"ssh: "
"""The title of an ssh that ControlPersist keeps in the background for later logins, by the user's choice."""


_spared: set[int] = set()


def spare_existing_children() -> None:
    """Make `end_all` spare the present children: a shell that became this process (`exec`) started them."""
    _spared.update(_all_children(os.getpid()))


def end_programs_of(thread: Thread) -> None:
    """Terminate the programs that a thread of this process has started, and their children.

    An ssh that waits for a silent port would outlive this process, and one more would remain after each night. The
    libvirt call that waits for that ssh returns when it has ended.

    They are found only if the kernel lists a thread's children (Linux with CONFIG_PROC_CHILDREN); elsewhere
    nothing happens.
    """
    for program in _children(os.getpid(), thread.native_id):
        _end(program, signal.SIGTERM)


def kill(program: int) -> None:
    """Kill a program and those below it, even in other sessions."""
    _end(program, signal.SIGKILL)


def end_all() -> None:
    """Kill all children of this process and wait until they are gone, with those that it inherits from them."""
    end = monotonic() + _END_SECONDS
    while programs := [program for program in _all_children(os.getpid()) if not _is_spared(program)]:
        for program in programs:
            _end(program, signal.SIGKILL)
        is_late = monotonic() > end
        if sum(_reap(program) for program in programs):  # each of them, or one stays a zombie
            end = monotonic() + _END_SECONDS
        elif is_late:
            return
        else:
            sleep(0.001)


def _end(program: int, ending: signal.Signals) -> None:
    # All are stopped first: none starts another one, and none goes on because its child has ended.
    programs = list(_stop(program))
    for number in (ending, signal.SIGCONT):
        for stopped in programs:
            _send(stopped, number)


def _stop(program: int) -> Iterator[int]:
    """Stop a program and those below it that are not spared (the ssh of a ProxyJump); yield their numbers."""
    _send(program, signal.SIGSTOP)
    began = monotonic()
    # A thread may be in a fork, whose child is not listed yet.
    while states := _at_work(program):
        if monotonic() - began > (_FORK_SECONDS if states == _IN_A_CALL else _END_SECONDS):
            break
        sleep(0.0002)
    yield program
    for child in _all_children(program):
        if not _is_spared(child):
            yield from _stop(child)


def _send(program: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(program, number)


def _at_work(process: int) -> set[bytes]:
    """Return the states of the threads of a process that have neither stopped nor ended."""
    return {_state(process, thread) for thread in _threads(process)} - _AT_REST


def _state(process: int, thread: int) -> bytes:
    """Return the letter of proc_pid_stat(5); empty for a thread that is gone."""
    try:
        _, _, state = Path(f"/proc/{process}/task/{thread}/stat").read_bytes().rpartition(b") ")
    except OSError:
        return b""
    return state[:1]


def _reap(program: int) -> bool:
    """Return True if the program is gone."""
    try:
        return os.waitpid(program, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _is_spared(program: int) -> bool:
    if program in _spared:
        return True
    try:
        return Path(f"/proc/{program}/cmdline").read_bytes().startswith(_MASTER)
    except OSError:
        return False


def _all_children(process: int) -> Iterator[int]:
    for thread in _threads(process):
        yield from _children(process, thread)


def _threads(process: int) -> list[int]:
    try:
        return [int(thread) for thread in os.listdir(f"/proc/{process}/task")]  # noqa: PTH208 names alone
    except OSError:
        return []


def _children(process: int, thread: int | None) -> list[int]:
    try:
        return [int(number) for number in Path(f"/proc/{process}/task/{thread}/children").read_text().split()]
    except OSError:
        return []
