"""`virtscan history show`: one scan, judged again or saved."""

from pathlib import Path

import click
import msgspec

from virtscan.cli.exit_codes import ExitCode, of_answer
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.scope import chosen_scan, scope_option
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import FILE, config_option, console_options, report_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import PRIVATE, Outputs, refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.rendering import Rendering
from virtscan.storage.address import LATEST, parse_selector
from virtscan.views.report.run import Run


@click.command(
    cls=Command,
    examples=(
        "virtscan history show latest --view capacity",
        "virtscan history show 2026-11-01 --save november.json",
    ),
    exit_codes=ANSWERS,
)
@click.argument("scan", default=LATEST)
@history_option
@config_option
@scope_option
@click.option("--save", type=FILE, help="Save the inventory to this file instead of reporting it.")
@report_options
@console_options
def show(
    scan: str,
    history: str | None,
    config: Path | None,
    scope: str | None,
    save: Path | None,
    rendering: Rendering,
    redact: Path | None,
    console: Console,
) -> int:
    """Report SCAN as virtscan report does, or save its inventory.

    SCAN is a number, a date (the last scan up to it) or latest.
    """
    from virtscan.correlator.judging import judge
    from virtscan.storage import dumps

    rendering.check(is_redacted=redact is not None)
    if save is not None:
        rendering.refuse("--save saves the inventory instead of reporting it")
    refuse_same_place(("--save", save), *rendering.places, ("--redact", redact))
    redacted = redaction(redact)
    selector = parse_selector(scan, "SCAN")
    kept_in = history_url(history, config, console)
    inventory = redacted(
        run_on(kept_in, lambda opened: opened.load(chosen_scan(opened, selector, scope, config).number))
    )
    with Outputs() as outputs:
        if save is not None:
            outputs.open(save, mode=PRIVATE).write(dumps(inventory))
            return ExitCode.CLEAN
        report = msgspec.structs.replace(judge(inventory), file="FILE")
        code = of_answer(report)
        rendering.with_pseudonyms(redacted).write(report, rendering.open(outputs), console, Run(exit_code=code))
    return code
