"""Output on standard error: warnings, details, gaps; never data."""

from enum import IntEnum

import click


class Verbosity(IntEnum):
    """Amount of messages besides the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_WITHHELD = "warning: details withheld; run virtscan config check, or this command without --redact"


def print_message(message: str) -> None:
    """Print a message to standard error; a name in it can't send escape sequences or reorder the text."""
    from virtscan.reporters import printable  # loads the views

    click.echo("virtscan: " + "\n".join(map(printable, message.split("\n"))), err=True)


class Console:
    """Standard error, at the requested verbosity."""

    def __init__(self, verbosity: Verbosity, *, names: bool = True) -> None:
        """Take the verbosity; without `names`, text that may name a host, a file or a user is withheld."""
        self.verbosity = verbosity
        self.names = names

    def for_news(self) -> "Console":
        """Return the console of a run that reports only changes: no warnings, unless details are requested."""
        return self if self.verbosity is Verbosity.VERBOSE else Console(Verbosity.QUIET, names=self.names)

    def warn(self, message: str) -> None:
        """Print a warning; not with `--quiet`."""
        if self.verbosity >= Verbosity.NORMAL:
            print_message(message)

    def warn_of_input(self, message: str) -> None:
        """Print a warning about the user's input, which may hold names."""
        self.warn(message if self.names else _WITHHELD)

    def detail(self, message: str) -> None:
        """Print a detail, which may hold names; only with `--verbose`."""
        if self.verbosity >= Verbosity.VERBOSE and self.names:
            print_message(message)
