"""The beginning and the end of the process; it loads nothing before signals are handled."""

import sys
from typing import NoReturn

from virtscan.cli.process import signals, streams, supervision


def main() -> NoReturn:
    """Run the command line and end the process, whatever threads are still waiting for a host."""
    signals.end_on_signals()
    streams.open_closed_streams()
    streams.let_errors_go_unheard()
    supervision.allow()
    from virtscan.cli.main import run

    streams.end(signals.exit_code(run(sys.argv[1:])))
