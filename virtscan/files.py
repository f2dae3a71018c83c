"""Bounded reading of files that users name, and their times: never waits without end for a pipe."""

import errno
import io
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from virtscan.errors import VirtscanError

WRITER_SECONDS = 30.0
"""Longest wait for a program that writes to a named pipe."""


class FileError(VirtscanError):
    """A file that can't be read, is not a regular one, or is too large; its caller adds the path."""


class NoFileError(FileError):
    """A file that does not exist."""


def read_regular(path: Path, limit: int) -> tuple[bytes, os.stat_result]:
    """Return the content of a regular file of at most `limit` bytes, and its status.

    Raises:
        NoFileError: It does not exist.
        FileError: Anything else is wrong with it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileError("not a regular file")
            content = file.read(limit + 1)
    except IsADirectoryError as error:
        raise FileError("not a regular file") from error
    except FileNotFoundError as error:
        raise NoFileError(f"can't be read: {error.strerror}") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise FileError(f"can't be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > limit:
        raise FileError(f"too large (over {limit} bytes)")
    return content, status


def open_file(path: Path, *, seconds: float = WRITER_SECONDS) -> io.FileIO:
    """Open a file that may be a named pipe, which only opens once a program writes to it.

    Raises:
        OSError: It can't be opened, or no program writes to the pipe within these seconds.
    """
    if not _is_pipe(path):
        return io.FileIO(path)
    from queue import Empty, SimpleQueue
    from threading import Thread

    results: SimpleQueue[io.FileIO | OSError] = SimpleQueue()

    def wait() -> None:
        """Open the pipe in a thread: only this also notices a program that opened it, and writes much later."""
        try:
            results.put(io.FileIO(path))
        except OSError as error:
            results.put(error)

    Thread(target=wait, daemon=True).start()
    try:
        result = results.get(timeout=seconds)
    except Empty:
        problem = f"no program wrote to this pipe for {seconds:g} s; start that program first, or name a file"
        raise TimeoutError(errno.ETIMEDOUT, problem) from None
    if isinstance(result, OSError):
        raise result
    return result


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 of any path, also one that can't be opened
    except (OSError, ValueError):
        return False


def moment(seconds: float | None) -> datetime | None:
    """Return seconds since 1970 as a time in UTC; None beyond the calendar, which files and captures can be."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe immediately, so that it is refused, where `open` would wait for its other end."""
    return os.open(path, flags | os.O_NONBLOCK)
