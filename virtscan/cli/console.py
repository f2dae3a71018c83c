"""Output on standard error: warnings, details, gaps; never data."""

import logging
from enum import IntEnum

import click

from virtscan.reporters import printable


class Verbosity(IntEnum):
    """Amount of messages besides the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_LEVELS = {Verbosity.QUIET: logging.ERROR, Verbosity.NORMAL: logging.WARNING, Verbosity.VERBOSE: logging.INFO}
_LONGEST = 600


class Console:
    """Standard error, at the requested verbosity."""

    def __init__(self, verbosity: Verbosity) -> None:
        self.verbosity = verbosity

    def print_log(self) -> None:
        """Print the log of the other parts of virtscan from now on, at the requested verbosity."""
        log = logging.getLogger("virtscan")
        log.setLevel(min(_LEVELS.values()))
        printer = next((handler for handler in log.handlers if isinstance(handler, _LogPrinter)), None) or _LogPrinter()
        printer.setLevel(_LEVELS[self.verbosity])
        log.addHandler(printer)

    def warn(self, message: str) -> None:
        """Print a warning; not with `--quiet`."""
        if self.verbosity >= Verbosity.NORMAL:
            click.echo(f"virtscan: {message}", err=True)

    def detail(self, message: str) -> None:
        """Print a detail; only with `--verbose`."""
        if self.verbosity >= Verbosity.VERBOSE:
            click.echo(f"virtscan: {message}", err=True)


class _LogPrinter(logging.Handler):
    """Formatter of log records: one line, with the traceback of an error below it."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"virtscan: {printable(record.getMessage(), _LONGEST)}", err=True)
        if record.exc_info:
            click.echo(logging.Formatter().formatException(record.exc_info), err=True)
