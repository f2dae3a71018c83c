"""`virtscan diff`: changes between two inventories."""

from collections.abc import Sequence
from pathlib import Path

import click

from virtscan.cli.acquire import judged_on, refuse_other_names
from virtscan.cli.exit_codes import ExitCode, of_changes
from virtscan.cli.help import COMPARES, Command
from virtscan.cli.history.earlier import changes_between, earlier, new_gaps
from virtscan.cli.history.scope import check_scope, scope_option
from virtscan.cli.options import (
    FILE_OR_URL,
    console_options,
    fail_on_option,
    lower_device_option,
    max_age_option,
    output_options,
    redact_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.showing import showing
from virtscan.model import FailOn, Inventory, LowerDevice


@click.command(
    cls=Command,
    examples=(
        "virtscan diff monday.json tuesday.json --format json",
        "virtscan diff sqlite:////var/lib/virtscan/history.sqlite@2026-11-01 tuesday.json",
    ),
    exit_codes=COMPARES,
)
@click.argument("old", type=FILE_OR_URL)
@click.argument("new", type=FILE_OR_URL)
@scope_option
@lower_device_option
@max_age_option
@output_options
@redact_option
@fail_on_option
@console_options
def diff(
    old: str,
    new: str,
    scope: str | None,
    lower_device: LowerDevice | None,
    max_age: float | None,
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    fail_on: FailOn | None,
    console: Console,
) -> int:
    """Show changes from OLD to NEW: hypervisors, servers, VMs, interfaces, and new risks with their causes.

    OLD and NEW are inventories saved by virtscan scan --save, or scans of a history: URL@latest, URL@NUMBER or
    URL@DATE (the last scan up to it). Both are judged by today's rules. For a hypervisor that was not read, its
    last complete observation counts. Without changes nothing is printed; JSON has empty lists.
    """
    check_scope(scope, old, new)
    refuse_same_place(*places(outputs), ("--redact", redact), inputs=(Path(old), Path(new)))
    redacted = redaction(redact)
    sides = [earlier(text, origin, scope=scope) for text, origin in ((old, "OLD"), (new, "NEW"))]
    refuse_other_names(sides[1], new, sides[0], old)
    judged = (judged_on(side, console, lower_device=lower_device, max_age=max_age) for side in sides)
    first, second = redacted.together(*judged)
    return compared(first, second, outputs=outputs, fail_on=fail_on, console=console)


def compared(
    old: Inventory, new: Inventory, *, outputs: Sequence[RequestedOutput], fail_on: FailOn | None, console: Console
) -> ExitCode:
    """Write the changes; return the exit code."""
    from virtscan.views.changes import view

    changes = changes_between(old, new)
    code = of_changes(changes, fail_on or FailOn.LATENT)
    with showing(outputs) as shown:
        shown.show(view(changes, new_gaps(new, old)), console, code=code, is_empty=changes.is_empty)
    return code
