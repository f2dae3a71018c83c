"""`virtscan remedy`: what to change, as text; nothing is run."""

from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import acquire, fresh_or_saved_options
from virtscan.cli.console import Console
from virtscan.cli.exit_codes import of_report
from virtscan.cli.options import FILE, console, quiet_and_verbose, redact_option
from virtscan.cli.output import STDOUT, keep_apart, opened
from virtscan.cli.redacting import redaction
from virtscan.model import FailOn, Report
from virtscan.remedy import FORMS, document, plan
from virtscan.reporters import printable


@click.command(epilog="Example: virtscan remedy fleet.json --as nmcli -o satellite.sh")
@fresh_or_saved_options
@click.option(
    "--as",
    "form",
    type=click.Choice(list(FORMS)),
    default="shell",
    show_default=True,
    help="How to make the change persistent.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option("-o", "--output", type=FILE, help="Write to this file, atomically.")
@redact_option
@quiet_and_verbose
def remedy(
    file: Path | None,
    form: str,
    format_name: str,
    output: Path | None,
    redact: Path | None,
    verbose: bool,
    quiet: bool,
    **what: Any,  # the options of `collect_options`, typed by `acquire`
) -> int:
    """Print the change for each server that puts VMs at risk, its cost and how to undo it.

    FILE is an inventory saved by virtscan scan --save (- reads standard input); without it a new scan is made. The text
    is a script (a playbook for ansible) to read first and to run on the server yourself; virtscan runs nothing. The
    exit code is that of the scan or report: 0 if everything was judged and no VM is at risk.
    """
    from virtscan.views.judging import judge

    said = console(verbose=verbose, quiet=quiet)
    keep_apart(output=output or STDOUT, redact=redact)
    redacted = redaction(redact)
    with opened(output) as shown:
        report = judge(redacted(acquire(file, said, **what)))
        shown.write(_text(report, form, format_name, said).encode())
    return of_report(report, FailOn.LATENT)


def _text(report: Report, form: str, format_name: str, said: Console) -> str:
    made, gaps = plan(report), (*report.inventory.gaps, *report.warnings)
    if format_name == "json":
        return document(made, gaps, form, FORMS[form].steps)
    for gap in gaps:
        said.warn(printable(f"{gap.subject}: {gap.reason}", 600))
    return FORMS[form].write(made)
