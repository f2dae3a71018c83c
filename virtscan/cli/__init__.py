"""The command line: parse, wire, write, exit code; one module a command."""

from virtscan.cli.process.start import main

__all__ = ["main"]
