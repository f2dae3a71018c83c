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
_WITHHELD = "warning: details withheld; run virtscan config check, or this command without --redact"


class Console:
    """Standard error, at the requested verbosity."""

    def __init__(self, verbosity: Verbosity, *, names: bool = True) -> None:
        """Take the verbosity; without `names`, text that may name a host, a file or a user is withheld."""
        self.verbosity = verbosity
        self.names = names

    def print_log(self) -> None:
        """Print the log of the other parts of virtscan from now on, at the requested verbosity."""
        log = logging.getLogger("virtscan")
        log.setLevel(min(_LEVELS.values()))
        printer = next((handler for handler in log.handlers if isinstance(handler, _LogPrinter)), None) or _LogPrinter()
        printer.setLevel(_LEVELS[self.verbosity] if self.names else logging.ERROR)
        printer.names = self.names
        log.addHandler(printer)

    def warn(self, message: str) -> None:
        """Print a warning; not with `--quiet`."""
        if self.verbosity >= Verbosity.NORMAL:
            click.echo(f"virtscan: {message}", err=True)

    def warn_of_input(self, message: str) -> None:
        """Print a warning about the user's input, which may hold names."""
        self.warn(message if self.names else _WITHHELD)

    def detail(self, message: str) -> None:
        """Print a detail, which may hold names; only with `--verbose`."""
        if self.verbosity >= Verbosity.VERBOSE and self.names:
            click.echo(f"virtscan: {message}", err=True)


class _LogPrinter(logging.Handler):
    """Formatter of log records: one line, with the traceback of an error below it; without names no facts."""

    names = True

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage() if self.names else str(record.msg)
        click.echo(f"virtscan: {printable(message, _LONGEST)}", err=True)
        if record.exc_info and self.names:
            click.echo(logging.Formatter().formatException(record.exc_info), err=True)
