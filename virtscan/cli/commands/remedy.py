"""`virtscan remedy`: the changes to make, as text; nothing is run."""

from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import acquire, fresh_or_saved_options
from virtscan.cli.exit_codes import of_remedy
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.options import make_console, quiet_and_verbose, redact_option, text_output_options
from virtscan.cli.output.formats import opened_for
from virtscan.cli.output.outputs import STDOUT, keep_apart
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.rendering import show_text
from virtscan.remedy import FORMS, document, plan


@click.command(
    cls=Command,
    examples=(
        "virtscan remedy fleet.json --as nmcli -o satellite.sh",
        "virtscan remedy fleet.json --as ansible",
    ),
    exit_codes=ANSWERS,
)
@fresh_or_saved_options
@click.option(
    "--as",
    "form",
    type=click.Choice(list(FORMS)),
    default="shell",
    show_default=True,
    help="How to make the change persistent.",
)
@text_output_options
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
    exit code is 0, or 3 if something was not read or judged, which may hide further changes.
    """
    from virtscan.correlator.judging import judge

    console = make_console(verbose=verbose, quiet=quiet)
    keep_apart(("--output", output or STDOUT), ("--redact", redact))
    redacted = redaction(redact)
    with opened_for(format_name, output) as shown:
        report = judge(redacted(acquire(file, console, **what)))
        made, chosen = plan(report), FORMS[form]
        found = document(made, report, form, chosen.steps)
        code = of_remedy(report)
        show_text(chosen.write(made), found, format_name, output, shown, console, code=code)
    return code
