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
    """Print what to change on each server that puts interfaces at risk, what it costs and how to undo it.

    From FILE, an inventory saved by virtscan scan --save (- reads standard input), or without it from a new scan. Text
    is a script (a playbook for ansible): read it first, then run it on the server; virtscan runs nothing. Exit codes
    are those of scan and report: 0 means that everything was judged and no interface is at risk.
    """
    from virtscan.scan import judge

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
