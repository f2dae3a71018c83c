"""`virtscan history` and its commands, one module each."""

from virtscan.cli.commands.history.group import history

__all__ = ["history"]
