"""The log of the other parts of virtscan on standard error, as lines of the console."""

import logging

import click

from virtscan.cli.output.console import Console, Verbosity
from virtscan.reporters.text import LINE, printable

_LEVELS = {Verbosity.QUIET: logging.ERROR, Verbosity.NORMAL: logging.WARNING, Verbosity.VERBOSE: logging.INFO}


def print_log(console: Console) -> None:
    """Print the log from now on, at the console's verbosity."""
    log = logging.getLogger("virtscan")
    log.setLevel(min(_LEVELS.values()))
    printer = next((handler for handler in log.handlers if isinstance(handler, _LogPrinter)), None) or _LogPrinter()
    printer.setLevel(_LEVELS[console.verbosity] if console.names else logging.ERROR)
    printer.names = console.names
    log.addHandler(printer)


class _LogPrinter(logging.Handler):
    """Printer of log records: one line each, with the traceback of an error below; facts only if names are shown."""

    names = True

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage() if self.names else str(record.msg)
        click.echo(f"virtscan: {printable(message, LINE)}", err=True)
        if record.exc_info and self.names:
            click.echo(logging.Formatter().formatException(record.exc_info), err=True)
