"""`virtscan remedy`: the changes to make, as text; nothing is run."""

from pathlib import Path
from typing import Any

import click
import msgspec

from virtscan.cli.acquire import acquire, fresh_or_saved_options
from virtscan.cli.assumptions import assume_option, parsed, with_assumptions
from virtscan.cli.exit_codes import of_answer
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.options import console_options, redact_option, text_output_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import TEXT, RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.showing import showing
from virtscan.remedy import FORMS, command_lines, document, plan


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
    help="Form of the commands and of the persistent setting; CSV and Prometheus have no commands.",
)
@assume_option
@text_output_options
@redact_option
@console_options
def remedy(
    file: Path | None,
    form: str,
    assumptions: tuple[str, ...],
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    console: Console,
    **options: Any,  # the options of `collect_options`, typed by `acquire`
) -> int:
    """Print the change for each server that puts VMs at risk, its cost and how to undo it.

    FILE is an inventory saved by virtscan scan --save (- reads standard input); without it, virtscan scans first. The
    text is a script (a playbook for ansible): read it, then run it on the server yourself; virtscan runs nothing.
    """
    from virtscan.correlator.judging import judge

    parsed(assumptions, str)
    refuse_same_place(*places(outputs), ("--redact", redact), inputs=(file,))
    redacted = redaction(redact)
    with showing(outputs) as shown:
        report = judge(redacted(acquire(file, console, **options)))
        report, what_if = with_assumptions(report, parsed(assumptions, redacted.of_condition))
        planned, chosen = plan(report, what_if.assumed), FORMS[form]
        # Beside a text there are only the document's gaps.
        listed = (
            planned
            if any(output.format_name != TEXT for output in outputs)
            else msgspec.structs.replace(planned, changes=())
        )
        marked = what_if.marked(document(listed, report, form, chosen))
        code = of_answer(report)
        further = (command_lines(listed, chosen.steps),)
        shown.show(marked, console, code=code, text=chosen.write(planned), further=further)
    return code
