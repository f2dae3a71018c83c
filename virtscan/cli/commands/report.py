"""`virtscan report`: judge a saved inventory again."""

from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import judged_on, load
from virtscan.cli.exit_codes import of_report
from virtscan.cli.options import console, lower_device_option, max_age_option, quiet_and_verbose, report_options
from virtscan.cli.output import STDOUT, keep_apart, opened
from virtscan.cli.redacting import redaction
from virtscan.cli.rendering import Rendering
from virtscan.model import FailOn, GapAbout, Inventory, LowerDevice


@click.command(epilog="Example: virtscan report fleet.json --view capacity --format csv")
@click.argument("file", type=click.Path(path_type=Path))
@lower_device_option
@max_age_option
@report_options
@quiet_and_verbose
def report(
    file: Path,
    lower_device: LowerDevice | None,
    max_age: float | None,
    fail_on: FailOn | None,
    redact: Path | None,
    verbose: bool,
    quiet: bool,
    **how: Any,  # the options of `report_options`, typed by Rendering
) -> int:
    """Judge FILE, an inventory saved by virtscan scan --save (- reads standard input); no network access."""
    said = console(verbose=verbose, quiet=quiet)
    rendering = Rendering(**how)
    rendering.check()
    keep_apart(output=rendering.output or STDOUT, redact=redact)
    redacted = redaction(redact)
    saved = load(file)
    if fail_on is FailOn.PENDING and not _knows_records(saved):
        raise click.UsageError(f"--fail-on pending: {file} has no provisioning records; choose boots, latent or never")
    inventory = redacted(judged_on(saved, said, lower_device=lower_device, max_age=max_age))
    with opened(rendering.output) as shown:
        judged = rendering.with_pseudonyms(redacted.text).write(inventory, shown, said)
    return of_report(judged, fail_on or FailOn.LATENT)


def _knows_records(inventory: Inventory) -> bool:
    """Return True if a provisioning system was read, or should have been."""
    unread = any(gap.about is GapAbout.PROVISIONING for gap in inventory.gaps)
    return bool(unread or inventory.netboots or inventory.subnets)
