"""What is said on standard error: warnings, progress, gaps; never data."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from enum import IntEnum

import click

from virtscan.reporters import printable


class Verbosity(IntEnum):
    """How much is said besides the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_LEVELS = {Verbosity.QUIET: logging.ERROR, Verbosity.NORMAL: logging.WARNING, Verbosity.VERBOSE: logging.INFO}
_LONGEST = 600


class Console:
    """Standard error, as far as it was asked for."""

    def __init__(self, verbosity: Verbosity) -> None:
        self._verbosity = verbosity

    def hear(self) -> None:
        """Say from now on what the other parts of virtscan log, as much of it as was asked for."""
        log = logging.getLogger("virtscan")
        log.setLevel(min(_LEVELS.values()))
        heard = next((handler for handler in log.handlers if isinstance(handler, _Heard)), None) or _Heard()
        heard.setLevel(_LEVELS[self._verbosity])
        log.addHandler(heard)

    def warn(self, message: str) -> None:
        """Print a warning; not with `--quiet`."""
        if self._verbosity >= Verbosity.NORMAL:
            click.echo(f"virtscan: {message}", err=True)

    def detail(self, message: str) -> None:
        """Print a detail; only with `--verbose`."""
        if self._verbosity >= Verbosity.VERBOSE:
            click.echo(f"virtscan: {message}", err=True)

    @contextlib.contextmanager
    def progress(self, length: int, label: str) -> Iterator[Callable[[], None]]:
        """A bar on a terminal, nothing elsewhere and with `--verbose`; call what it gives once for each thing done."""
        if self._verbosity is not Verbosity.NORMAL or not sys.stderr.isatty():
            yield lambda: None
            return
        with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
            yield lambda: bar.update(1)


class _Heard(logging.Handler):
    """What is logged, in one line, with the traceback of an error below it."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"virtscan: {printable(record.getMessage(), _LONGEST)}", err=True)
        if record.exc_info:
            click.echo(logging.Formatter().formatException(record.exc_info), err=True)


def wants_colour() -> bool:
    """Does a terminal get colour? Not when it can't show any, or NO_COLOR says no (no-color.org: set, not empty)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
