"""The command line: parse, wire, write, exit code; one module per command."""

from virtscan.cli.process.start import main

__all__ = ["main"]
