"""Standard streams of the process, and its end."""

import contextlib
import io
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, NoReturn

from virtscan.cli.process import signals
from virtscan.engines import background

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def open_closed_streams() -> None:
    """Put an empty file in place of each standard stream that the parent process has closed, as in `>&-`.

    Otherwise the next opened file would get its number, and messages of a library or ssh would land in it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number, which is this one
    sys.stdin, sys.stdout, sys.stderr = (
        stream or os.fdopen(number, mode, closefd=False)
        for number, (stream, mode) in enumerate(((sys.stdin, "r"), (sys.stdout, "w"), (sys.stderr, "w")))
    )


def harden_outputs() -> None:
    """Wait for the reader of a pipe that is set not to block, and ignore errors of standard error.

    Another program with a copy of the pipe, such as Node.js, may have set it so. A full disk or a closed pipe behind
    standard error must not change the exit code.
    """
    encoding, handling = sys.stdout.encoding, sys.stdout.errors
    output = io.BufferedWriter(_ReportingErrors(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(output, encoding, errors=handling, line_buffering=os.isatty(1))
    errors = io.BufferedWriter(_IgnoringErrors(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(errors, sys.stderr.encoding, errors="backslashreplace", line_buffering=True)


class _BlockingFile(io.FileIO):
    """A file that is written in full, even if its descriptor does not block."""

    def write(self, data: "ReadableBuffer", /) -> int:
        while (written := super().write(data)) is None:
            select.select([], [self], [])
        return written


class StandardOutputError(OSError):
    """A failed write to standard output, by virtscan or a library; a closed pipe is a BrokenPipeError."""


class _ReportingErrors(_BlockingFile):
    """Standard output: its write errors differ from those of other files."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StandardOutputError(error.errno, error.strerror) from error


class _IgnoringErrors(_BlockingFile):
    """A file whose write errors are ignored."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def close_input() -> None:
    """Replace standard input by an empty file: prompts of a library or ssh get no answer."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)


class Input:
    """Standard input as a connection to the process that started this one; create it before `close_input`."""

    def __init__(self) -> None:
        self._number = os.dup(0)
        mode = os.fstat(self._number).st_mode
        self._is_connection = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
        self._poll = select.poll()
        self._poll.register(self._number, select.POLLIN)
        self._has_ended = False

    def has_ended(self) -> bool:
        """Return True once the other end is closed: its process has ended, or requests an end. A file has none."""
        while self._is_connection and not self._has_ended and self._poll.poll(0):
            self._has_ended = not self._read()
        return self._has_ended

    def _read(self) -> bytes:
        """Skip bytes after the wanted text."""
        try:
            return os.read(self._number, 1 << 16)
        except OSError:
            return b""


def drop_output() -> None:
    """Discard further output, once the reader of a pipe is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def end(code: int) -> NoReturn:
    """End the process now, with this exit code or that of a signal.

    A thread may be stuck in a call into libvirt that never returns, and the interpreter's own end could wait for it.
    Nothing could be printed after this anyway.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    background.wait()
    os._exit(signals.final_exit_code(code))
