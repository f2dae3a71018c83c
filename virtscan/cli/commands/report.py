"""`virtscan report`: judge a saved inventory again."""

from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import judged_on, load
from virtscan.cli.exit_codes import FailOn, of_report
from virtscan.cli.options import console, lower_device_option, max_age_option, quiet_and_verbose, report_options
from virtscan.cli.output import STDOUT, keep_apart, opened
from virtscan.cli.redacting import redaction
from virtscan.cli.rendering import Rendering
from virtscan.model import LowerDevice


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
    fail_on: str,
    redact: Path | None,
    verbose: bool,
    quiet: bool,
    **how: Any,  # the options of `report_options`, typed by Rendering
) -> int:
    """Report on FILE, an inventory that a scan kept with --save (- reads standard input); no network is touched."""
    said = console(verbose=verbose, quiet=quiet)
    rendering = Rendering(**how)
    rendering.check()
    keep_apart(output=rendering.output or STDOUT, redact=redact)
    redacted = redaction(redact)
    inventory = redacted(judged_on(load(file), said, lower_device=lower_device, max_age=max_age))
    with opened(rendering.output) as shown:
        judged = rendering.with_pseudonyms(redacted.text).write(inventory, shown, said)
    return of_report(judged, FailOn(fail_on))
