"""Where a report goes: standard output, or a file that is there whole or not at all."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click


class ReaderGoneError(Exception):
    """Whoever read our standard output has closed it.

    An exception of its own, because click would make exit code 1 of a BrokenPipeError, which means "at risk" here.
    """


class Output:
    """A place for one text; nothing appears in it before `write`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Put the whole text there.

        Raises:
            ReaderGoneError: It is a pipe, and nobody reads it any more.
        """
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error


@contextlib.contextmanager
def opened(path: Path | None) -> Iterator[Output]:
    """Standard output for None and `-`, else a file that takes the old one's place at the end.

    The place is opened at once, so that a folder which can't be written to is found before hosts are bothered. When
    the block ends with an exception the old file stays and the new one is removed. What is no regular file (a
    terminal, a pipe, /dev/stdout) is written to directly.

    Raises:
        click.ClickException: The file can't be written.
    """
    if path is None or str(path) == "-":
        yield Output(sys.stdout.buffer)
        return
    try:
        target = path.resolve()
        with _direct(target) if target.exists() and not target.is_file() else _replacing(target) as stream:
            yield Output(stream)
    except OSError as error:
        raise click.ClickException(f"{path}: can't be written: {error.strerror}") from error


@contextlib.contextmanager
def _direct(target: Path) -> Iterator[IO[bytes]]:
    with target.open("wb") as stream:
        yield stream


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(_mode_of(target))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode_of(target: Path) -> int:
    """The old file's permissions, or those that a new file gets here."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
