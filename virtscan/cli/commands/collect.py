"""`virtscan collect`: one slice of a fleet, read for another machine."""

import os
import stat
import sys
from pathlib import Path

import click

from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.options import FILE, console_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import OutputError, opened
from virtscan.cli.process.child_process import read_in_child
from virtscan.cli.process.signals import is_report_wanted
from virtscan.cli.process.streams import Input, close_input
from virtscan.errors import PlanError
from virtscan.files import FileError, read_regular
from virtscan.model import Inventory

_STDIN = Path("-")
_LARGEST = 64 << 20
"""Bytes of a plan; that of 60 hypervisors has some 10,000."""


@click.command(
    cls=Command,
    examples=(
        "virtscan collect --plan slice.json > inventory.json",
        "virtscan collect -q --plan slice.json > inventory.json",
    ),
    exit_codes=ANSWERS,
)
@click.option(
    "--plan",
    "path",
    type=FILE,
    required=True,
    help="Plan to read; - reads one line of standard input. The run ends when standard input is closed.",
)
@console_options
def collect(path: Path, console: Console) -> int:
    """Read the hypervisors of a plan; print their inventory in the format of virtscan scan --save.

    Workers on other machines run this (docs/fleet.md). virtscan schema plan describes the plan, which must come from
    the same version of virtscan. At the plan's deadline, items read by then are printed; the rest are gaps.
    """
    from virtscan.storage import dumps
    from virtscan.storage.plan_file import plan_loads

    text, origin = _text(path)
    plan = plan_loads(text, origin=origin)
    connection = Input() if path == _STDIN else None
    close_input()

    from virtscan.cli.output import progress
    from virtscan.scanning.slices import collect_slice, jobs_of_slice, unread_slice

    try:
        jobs = jobs_of_slice(plan)
    except PlanError as error:
        raise PlanError(f"{origin}: {error}") from error

    def read(seconds: float, one_call_at_a_time: bool) -> Inventory:
        with progress.shown(console, len(jobs)) as report:
            return collect_slice(
                jobs_of_slice(plan, one_call_at_a_time=one_call_at_a_time),
                run_left=seconds,
                on_progress=report,
                is_interrupted=lambda: is_report_wanted() or (connection is not None and connection.has_ended()),
            )

    with opened(None) as output:
        inventory = read_in_child(
            read, lambda reason: unread_slice(jobs, reason), console, seconds=plan.run_left or plan.deadline
        )
        try:
            output.write(dumps(inventory))
        except OutputError as error:
            from virtscan.cli.history.rescue import rescued

            raise OutputError(f"{error.message}; {rescued(inventory)}") from error
    return ExitCode.INCOMPLETE if inventory.gaps else ExitCode.CLEAN


def _text(path: Path) -> tuple[bytes, str]:
    """Return the plan's text and the name of its place.

    Raises:
        PlanError: The file can't be read.
    """
    if path == _STDIN:
        # A file has its end; a connection is kept open by the process that sends the plan.
        is_file = stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
        read = sys.stdin.buffer.read if is_file else sys.stdin.buffer.readline
        return read(_LARGEST), "standard input"
    try:
        return read_regular(path, _LARGEST)[0], str(path)
    except FileError as error:
        raise PlanError(f"{path}: {error}") from error
