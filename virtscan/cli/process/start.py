"""The beginning and the end of the process; it loads nothing before signals are handled."""

import gc
import os
import sys
from typing import NoReturn

from virtscan.cli.process import signals, streams, supervision
from virtscan.cli.process.installation import report_unloadable

YOUNG_OBJECTS = 100_000
"""New objects between two searches for reference cycles. Values, trees and documents have no cycles, and Python's
default of 700 costs a fifth of the CPU time of a small report."""


def main() -> NoReturn:
    """Run the command line and end the process, even if threads are still waiting for a host."""
    signals.end_on_signals()
    streams.open_closed_streams()
    streams.harden_outputs()
    supervision.allow()
    # Read by libvirt's client, which would start the user's own daemon, and with it VMs; both would end with the scan.
    os.environ["LIBVIRT_AUTOSTART"] = "0"
    gc.set_threshold(YOUNG_OBJECTS)
    arguments = sys.argv[1:]
    try:
        from virtscan.cli.main import run
    except Exception as error:  # noqa: BLE001 of any kind; Python would end with 1, which means "at risk"
        streams.end(report_unloadable(error, arguments))
    streams.end(run(arguments))
