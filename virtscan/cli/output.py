"""Where a report goes: standard output, or a file that is there whole or not at all."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

STDOUT = Path("-")


class ReaderGoneError(Exception):
    """The reader of our standard output has closed it.

    An exception of its own, because click would make exit code 1 of a BrokenPipeError, which means "at risk" here.
    """


class OutputError(click.ClickException):
    """A failed write of a report, such as on a full disk; its exit code differs from wrong usage."""

    exit_code = 74


class Output:
    """A place for one text; nothing appears in it before `write`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write the whole text.

        Raises:
            ReaderGoneError: The reader of the pipe has closed it.
        """
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error


def tell(line: str) -> None:
    """Write a line that is not a report to standard output.

    Raises:
        ReaderGoneError: The reader of the pipe has closed it.
        OutputError: Writing failed.
    """
    with opened(None) as output:
        output.write(f"{line}\n".encode(errors="backslashreplace"))


def keep_apart(**outputs: Path | None) -> None:
    """Refuse one place for two outputs: the later would take the earlier's place, or stand right behind it.

    Args:
        outputs: Places by the name of their option, which has none for None; `-` is standard output.

    Raises:
        click.UsageError: Two are the same.
    """
    options: dict[str, str] = {}
    for option, path in outputs.items():
        if path is not None:
            place = "standard output" if path == STDOUT else str(path.resolve())
            first = options.setdefault(place, option)
            if first != option:
                raise click.UsageError(f"--{first} and --{option} are the same file, {place}")


@contextlib.contextmanager
def opened(path: Path | None, *, mode: int | None = None) -> Iterator[Output]:
    """Standard output for None and `-`, else a file that takes the old one's place at the end.

    The place is opened at once, so that an unwritable folder fails before hosts are read. When
    the block ends with an exception the old file stays and the new one is removed. What is not a regular file (a
    terminal, a pipe, /dev/stdout) is written to directly. The file gets these permissions; for None those of the old
    one, or of any new file here.

    Raises:
        click.ClickException: The file can't be opened for writing.
        OutputError: Writing failed.
    """
    failure = click.ClickException
    try:
        with _place(path, mode) as stream:
            failure = OutputError
            yield Output(stream)
    except OSError as error:
        raise failure(f"{path or 'standard output'}: can't be written: {error.strerror}") from error


def _place(path: Path | None, mode: int | None) -> contextlib.AbstractContextManager[IO[bytes]]:
    if path is None or path == STDOUT:
        return contextlib.nullcontext(sys.stdout.buffer)
    target = path.resolve()
    return target.open("wb") if target.exists() and not target.is_file() else _replacing(target, mode)


@contextlib.contextmanager
def _replacing(target: Path, mode: int | None) -> Iterator[IO[bytes]]:
    # The name is known before the file is there, so that a signal at any moment finds what to remove.
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        new.chmod(_mode_of(target) if mode is None else mode)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _mode_of(target: Path) -> int:
    """Return the old file's permissions, or those that a new file gets here."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
