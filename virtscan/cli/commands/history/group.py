"""`virtscan history`: the scans that a database keeps, and their changes over time."""

import click

from virtscan.cli.commands.history.diff import diff
from virtscan.cli.commands.history.list import list_
from virtscan.cli.commands.history.prune import prune
from virtscan.cli.commands.history.show import show
from virtscan.cli.commands.history.trend import trend
from virtscan.cli.help import CommandGroup


@click.group(
    cls=CommandGroup,
    commands=(diff, list_, prune, show, trend),
    examples=(
        "virtscan history list --history sqlite:////var/lib/virtscan/history.sqlite",
        "virtscan history show 2026-11-01 --view capacity",
    ),
)
def history() -> None:
    """List, show, compare and prune the scans stored by scan --history."""
