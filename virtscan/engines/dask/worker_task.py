"""The task of a Dask worker: a slice in a process of its own, killed at its deadline or when its coordinator is gone.

Only bytes, texts and numbers come and go. A call into a C library that hangs ends with its process, which a thread of
the worker would not.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from time import monotonic
from typing import IO

from virtscan.engines.programs import kill

_POLL_SECONDS = 0.1
_END_SECONDS = 15.0
"""Longest time that a process takes to end after its standard input was closed: it reports partial results."""

_LAST_BYTES = 2000
"""Bytes of messages that are sent back."""

_programs: dict[str, set["subprocess.Popen[bytes]"]] = {}
_stopped: set[str] = set()
_lock = threading.Lock()


def run_slice(plan: bytes, seconds: float, run: str) -> bytes:
    """Run `virtscan collect` with a plan; return a line of JSON, followed by the output.

    Args:
        plan: The plan, one line.
        seconds: When the process is killed.
        run: The run that the slice belongs to, for `stop`.

    Returns:
        In the line `code`, as `subprocess` has it, and `error`, the last message. The code is None if the program
        could not be started.
    """
    with _lock:
        if run in _stopped:
            return _answer(None, "interrupted", b"")
        try:
            program = subprocess.Popen(
                [sys.executable, "-P", "-m", "virtscan", "collect", "--plan", "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            return _answer(None, str(error), b"")
        _programs.setdefault(run, set()).add(program)
    try:
        return _carried_out(program, plan, monotonic() + seconds)
    finally:
        _kill(program)
        with _lock:
            _programs[run].discard(program)
            if not _programs[run]:
                del _programs[run]


def stop(run: str) -> None:
    """End all processes of a run on this worker with partial results, and start no further one."""
    with _lock:
        _stopped.add(run)
        programs = list(_programs.get(run, ()))
    for program in programs:
        _close_input(program)


def _carried_out(program: "subprocess.Popen[bytes]", plan: bytes, end: float) -> bytes:
    output, messages = _Drain(program.stdout), _Drain(program.stderr)
    # On a thread, because a process that hangs may never read more than the pipe holds.
    threading.Thread(target=_write, args=(program, plan), daemon=True).start()
    is_wanted = _watch()
    while program.poll() is None and monotonic() < end:
        if is_wanted is not None and not is_wanted():
            is_wanted = None
            end = min(end, monotonic() + _END_SECONDS)
            _close_input(program)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_POLL_SECONDS)
    _kill(program)
    lines = messages.content()[-_LAST_BYTES:].decode(errors="replace").strip().splitlines()
    return _answer(program.wait(), lines[-1] if lines else "", output.content())


class _TaskWatch:
    """The task that the calling thread runs for the scheduler; unwanted once that has dropped it."""

    def __init__(self) -> None:
        from distributed import get_worker

        self._worker = get_worker()
        self._key = self._worker.get_current_task()

    def __call__(self) -> bool:
        task = self._worker.state.tasks.get(self._key)
        return task is not None and task.state != "cancelled"


def _watch() -> _TaskWatch | None:
    try:
        return _TaskWatch()
    except (ImportError, ValueError):
        return None  # called by something other than a worker


class _Drain:
    """Reads a pipe to its end on a thread, so that the process never waits for it."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._content = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError, ValueError), self._pipe:
                self._content = self._pipe.read()

    def content(self) -> bytes:
        """Return all of it once the process has ended; nothing while something that it left has the pipe open."""
        self._thread.join(_END_SECONDS)
        return self._content


def _write(program: "subprocess.Popen[bytes]", plan: bytes) -> None:
    """Write the plan, and leave the pipe open: its end is the sign to stop."""
    rest = memoryview(plan)
    with contextlib.suppress(OSError, ValueError):
        while rest and program.stdin is not None:
            rest = rest[program.stdin.write(rest) :]


def _close_input(program: "subprocess.Popen[bytes]") -> None:
    if program.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            program.stdin.close()


def _kill(program: "subprocess.Popen[bytes]") -> None:
    """Kill the process and everything below it, such as an ssh in a session of its own, unless it has ended."""
    if program.poll() is None:
        kill(program.pid)
        with contextlib.suppress(OSError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    _close_input(program)


def _answer(code: int | None, error: str, output: bytes) -> bytes:
    return json.dumps({"code": code, "error": error}).encode() + b"\n" + output
