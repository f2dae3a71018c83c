"""`virtscan history list`: the scans that a database keeps."""

from pathlib import Path

import click

from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import WORKS, Command
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.scope import listed_scope_option, of_scope
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import config_option, console_options, output_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput
from virtscan.cli.output.showing import showing


@click.command(
    "list",
    cls=Command,
    examples=(
        "virtscan history list --format csv",
        "virtscan history list --history postgresql://virtscan@db/virtscan",
    ),
    exit_codes=WORKS,
)
@history_option
@config_option
@listed_scope_option
@output_options
@console_options
def list_(
    history: str | None,
    config: Path | None,
    scope: str | None,
    outputs: tuple[RequestedOutput, ...],
    console: Console,
) -> int:
    """List the scans with their numbers, times, completeness and counts."""
    from virtscan.views.tables.scans import view

    scans = run_on(history_url(history, config, console), lambda opened: opened.scans())
    with showing(outputs) as shown:
        shown.show(view(of_scope(scans, scope)), console, code=ExitCode.CLEAN)
    return ExitCode.CLEAN
