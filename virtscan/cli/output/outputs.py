"""Outputs of a command: standard output, or files that appear complete or not at all."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Self

import click

from virtscan.cli.output.console import print_message
from virtscan.cli.output.targets import OutputTarget, place

STDOUT = Path("-")
PRIVATE = 0o600
"""Permissions of files with more than a report shows: inventories, maps of pseudonyms."""

_PLACES = f"{__name__}.places"

PIPE_SECONDS = 30.0
"""Longest wait of a named pipe for its reader, in a command without a deadline."""


class ReaderGoneError(Exception):
    """The reader of our standard output has closed it.

    An exception of its own, because click would make exit code 1 of a BrokenPipeError, which means "at risk" here.
    """


class OutputError(click.ClickException):
    """A failed write of a report, such as on a full disk; its exit code differs from wrong usage."""

    exit_code = 74


class Output:
    """A place for one text; a file appears with all of it, at the end of `Outputs`, or not at all."""

    def __init__(self, name: str, to: OutputTarget) -> None:
        self.name = name
        self.is_alone = False
        self.keeps_earlier = False
        self.failure: OSError | None = None
        self._place = to
        self._has_ended = False

    def write(self, data: bytes) -> None:
        """Write the whole text, or a part of it; a failure does not keep other outputs from being written.

        Raises:
            OutputError, ReaderGoneError: It failed, and there is no other output.
        """
        if self.failure is None:
            self._try(lambda: self._place.write(data))
            if self.is_alone:
                _raise([self])

    def keep_earlier(self) -> None:
        """Leave a file of an earlier run as it is: this one has nothing better."""
        self.keeps_earlier = True

    def end(self) -> None:
        """Make the text visible, unless a write failed or an earlier file is kept; once."""
        if self._has_ended:
            return
        self._has_ended = True
        self.keeps_earlier = self.keeps_earlier and self._place.is_earlier
        if self.failure is None and not self.keeps_earlier:
            self._try(self._place.commit)
        else:
            self.discard()

    def discard(self) -> None:
        """Remove the written part of a file, unless it is visible."""
        self._has_ended = True
        with contextlib.suppress(OSError):
            self._place.discard()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self.failure = error


class Outputs:
    """The outputs of a command: opened together and ended together; a failure of one affects no other."""

    def __init__(self, *, pipe_seconds: float = PIPE_SECONDS) -> None:
        """Set how many seconds a named pipe may wait for its reader, counted from now."""
        self._deadline = monotonic() + pipe_seconds
        self._outputs: list[Output] = []

    def __enter__(self) -> Self:
        return self

    def open(self, path: Path | None, *, mode: int | None = None) -> Output:
        """Open standard output for None and `-`, else a file that takes the old one's place at the end.

        The place is opened immediately: an unwritable folder fails before hosts are read. Anything but a regular file
        (a terminal, a device, /dev/stdout) is written directly, a named pipe when there is something to write.
        A new file gets these permissions, for None those of any new file here. An old one keeps its owner and
        permissions, except those of others that `mode` denies.

        Raises:
            click.ClickException: The file can't be opened for writing.
        """
        path = None if path == STDOUT else path
        name = "standard output" if path is None else str(path)
        try:
            output = Output(name, place(path, mode=mode, deadline=self._deadline))
        except OSError as error:
            raise click.ClickException(_failed(name, error)) from error
        self._outputs.append(output)
        return output

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """End all outputs; after an exception the old files stay and the new ones are removed.

        Raises:
            OutputError: Writing failed; it names each output that did.
            ReaderGoneError: The reader of standard output has closed it.
        """
        for output in self._outputs:
            output.end() if kind is None else output.discard()
        if kind is not None:
            return
        kept = [output.name for output in self._outputs if output.keeps_earlier]
        if kept:
            print_message(f"{', '.join(kept)}: left as it was; nothing could be read")
        _raise(self._outputs)


@contextlib.contextmanager
def opened(path: Path | None, *, mode: int | None = None) -> Iterator[Output]:
    """Open one output for a block; see `Outputs.open`."""
    with Outputs() as outputs:
        output = outputs.open(path, mode=mode)
        output.is_alone = True
        yield output


def print_line(line: str) -> None:
    """Write a line that is not a report to standard output.

    Raises:
        ReaderGoneError: The reader of the pipe has closed it.
        OutputError: Writing failed.
    """
    with opened(None) as output:
        output.write(f"{line}\n".encode(errors="backslashreplace"))


def _is_file(path: str | Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 Path.is_file raises for a name that is too long


def refuse_same_place(*outputs: tuple[str, Path | None], inputs: Iterable[Path | None] = ()) -> None:
    """Refuse two outputs to one place, where the later would replace the earlier, and an output that replaces an input.

    The command keeps the places for `refuse_replaced`.

    Args:
        outputs: Options with their places, which have none for None; `-` is standard output.
        inputs: Files that the command reads.

    Raises:
        click.UsageError: Two are the same.
    """
    options: dict[str, str] = {}
    for option, path in outputs:
        if path is not None:
            place = "standard output" if path == STDOUT else os.path.realpath(path)
            if place in options:
                raise click.UsageError(f"{options[place]} and {option} are the same file, {place}")
            options[place] = option
    _refuse_replaced(options, inputs)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_PLACES] = context.meta.get(_PLACES, {}) | options


def refuse_replaced(inputs: Iterable[str | Path | None]) -> None:
    """Refuse files that the command in progress reads, or keeps facts in, if one of its outputs would replace them.

    Raises:
        click.UsageError: One is the place of an output.
    """
    context = click.get_current_context(silent=True)
    _refuse_replaced({} if context is None else context.meta.get(_PLACES, {}), inputs)


def _refuse_replaced(options: Mapping[str, str], inputs: Iterable[str | Path | None]) -> None:
    for file in {os.path.realpath(path) for path in inputs if path is not None and _is_file(path)}:
        if file in options:
            raise click.UsageError(f"{options[file]}: this command reads {file}; name another file")


def _raise(outputs: Iterable[Output]) -> None:
    """Raise all failures as one error; a reader that is gone counts only if nothing else failed."""
    failures = [(output.name, output.failure) for output in outputs if output.failure is not None]
    failed = [_failed(name, error) for name, error in failures if not isinstance(error, BrokenPipeError)]
    if failed:
        raise OutputError("\n".join(failed))
    for _, failure in failures:
        raise ReaderGoneError from failure


def _failed(name: str, error: OSError) -> str:
    return f"{name}: can't be written: {error.strerror or error}"
