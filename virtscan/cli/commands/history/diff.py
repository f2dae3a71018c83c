"""`virtscan history diff`: changes between two scans of a database."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtscan.cli.commands.diff import compared
from virtscan.cli.help import COMPARES, Command
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.scope import chosen_scan, scope_option
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import (
    config_option,
    console_options,
    fail_on_option,
    output_options,
    redact_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.model import FailOn, Inventory
from virtscan.storage.address import LATEST, parse_selector

if TYPE_CHECKING:
    from virtscan.storage.history import History


@click.command(
    cls=Command,
    examples=(
        "virtscan history diff",
        "virtscan history diff 2026-11-01 latest",
    ),
    exit_codes=COMPARES,
)
@click.argument("old", required=False)
@click.argument("new", default=LATEST)
@history_option
@config_option
@scope_option
@output_options
@redact_option
@fail_on_option
@console_options
def diff(
    old: str | None,
    new: str,
    history: str | None,
    config: Path | None,
    scope: str | None,
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    fail_on: FailOn | None,
    console: Console,
) -> int:
    """Show changes from scan OLD to scan NEW (numbers, dates or latest); default: between the last two."""
    refuse_same_place(*places(outputs), ("--redact", redact))
    redacted = redaction(redact)
    selector = parse_selector(new, "NEW")

    def both(opened: "History") -> tuple[Inventory, Inventory]:
        second = chosen_scan(opened, selector, scope, config)
        first = opened.before(second) if old is None else opened.find(parse_selector(old, "OLD"), second.scope)
        return opened.recall(first.number), opened.recall(second.number)

    before, after = redacted.together(*run_on(history_url(history, config, console), both))
    return compared(before, after, outputs=outputs, fail_on=fail_on, console=console)
