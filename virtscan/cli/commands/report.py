"""`virtscan report`: judge a saved inventory again."""

from pathlib import Path

import click
import msgspec

from virtscan.cli.acquire import judged_on, load, load_merged
from virtscan.cli.assumptions import assume_option, parsed, with_assumptions
from virtscan.cli.exit_codes import of_report
from virtscan.cli.help import JUDGES, Command
from virtscan.cli.options import (
    PATH,
    console_options,
    fail_on_option,
    lower_device_option,
    max_age_option,
    report_options,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import Outputs, refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.rendering import Rendering, with_file
from virtscan.model import FailOn, GapAbout, Inventory, LowerDevice
from virtscan.views.report.run import Run


@click.command(
    cls=Command,
    examples=(
        "virtscan report fleet.json --view capacity --by site",
        "virtscan report ams1.json fra1.json --format xlsx=fleet.xlsx",
    ),
    exit_codes=JUDGES,
)
@click.argument("files", nargs=-1, required=True, type=PATH)
@lower_device_option
@max_age_option
@assume_option
@report_options
@fail_on_option
@console_options
def report(
    files: tuple[Path, ...],
    rendering: Rendering,
    lower_device: LowerDevice | None,
    max_age: float | None,
    fail_on: FailOn | None,
    assumptions: tuple[str, ...],
    redact: Path | None,
    console: Console,
) -> int:
    """Judge FILES, inventories saved by virtscan scan --save (- reads standard input); no network access.

    Several files are merged first, as by virtscan merge.
    """
    from virtscan.correlator.judging import judge

    rendering.check(is_assumed=bool(parsed(assumptions, str)), is_redacted=redact is not None)
    refuse_same_place(*rendering.places, ("--redact", redact), inputs=files)
    redacted = redaction(redact)
    saved = load(files[0]) if len(files) == 1 else load_merged(files, console)
    if fail_on is FailOn.PENDING and not _has_provisioning(saved):
        raise click.UsageError(f"--fail-on pending: {files[0]}: no provisioning records; choose boots, latent or never")
    inventory = redacted(judged_on(saved, console, lower_device=lower_device, max_age=max_age))
    with Outputs() as outputs:
        shown = rendering.open(outputs)
        judged, what_if = with_assumptions(judge(inventory), parsed(assumptions, redacted.of_condition))
        judged = with_file(judged, files[0], is_redacted=redact is not None or len(files) > 1)
        rendering = msgspec.structs.replace(rendering, what_if=what_if)
        code = of_report(judged, fail_on or FailOn.LATENT)
        rendering.with_pseudonyms(redacted).write(judged, shown, console, Run(exit_code=code))
    return code


def _has_provisioning(inventory: Inventory) -> bool:
    """Return True if a provisioning system was read, or should have been."""
    unread = any(gap.about is GapAbout.PROVISIONING for gap in inventory.gaps)
    return bool(unread or inventory.netboots or inventory.subnets)
