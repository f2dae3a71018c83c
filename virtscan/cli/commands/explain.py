"""`virtscan explain`: everything about one interface."""

import os
from pathlib import Path
from typing import Any

import click

from virtscan import explain as explanations
from virtscan.cli.acquire import acquire, fresh_or_saved_options
from virtscan.cli.assumptions import assume_option, parsed
from virtscan.cli.exit_codes import ExitCode, of_explanation
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.options import NAME, console_options, redact_option, text_output_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.showing import showing
from virtscan.cli.process.signals import exit_code
from virtscan.correlator.assumptions import assume
from virtscan.explain import Explanation
from virtscan.model import Gap, GapAbout, Inventory, Report
from virtscan.reporters.text import LINE, gap_lines, printable, scan_line
from virtscan.views.assumptions import assumed_words, marked
from virtscan.views.report.gap_section import gap_section
from virtscan.views.wording.phrases.quantity import quantity


@click.command(
    cls=Command,
    examples=(
        "virtscan explain web01 fleet.json",
        "virtscan explain 52:54:00:93:76:af fleet.json --format json",
    ),
    exit_codes=ANSWERS,
)
@click.argument("interface", metavar="DOMAIN|MAC", type=NAME)
@fresh_or_saved_options
@assume_option
@text_output_options
@redact_option
@console_options
def explain(
    interface: str,
    file: Path | None,
    assumptions: tuple[str, ...],
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    console: Console,
    **options: Any,  # the options of `collect_options`, typed by `acquire`
) -> int:
    """Explain the verdicts of the interfaces of DOMAIN (a name, uuid or glob), or of the interface with this MAC.

    The explanation has the facts about each interface, its devices and the servers that may answer it, with source
    and age. Then follow the rules, each with the reason why it applies or not, and the missing facts that would give
    a definite verdict, easiest first. FILE is an inventory saved by virtscan scan --save (- reads standard input);
    without it, virtscan scans first.
    """
    from virtscan.correlator.judging import judge

    supposed = parsed(assumptions, str)
    refuse_same_place(*places(outputs), ("--redact", redact), inputs=(file,))
    redacted = redaction(redact)
    if file is not None and _are_swapped(interface, str(file)):
        raise click.UsageError(f"{file}: no such file; write DOMAIN before FILE: virtscan explain {file} {interface}")
    with showing(outputs) as shown:
        inventory = assume(acquire(file, console, **options), supposed).inventory
        positions = explanations.find(inventory, interface)
        if not positions:
            if redact is None and not explanations.has_no_interface(inventory, interface):
                for line in gap_lines(gap_section(_unread(inventory), inventory.taken_at)):
                    console.warn(line)
            raise click.ClickException(_not_found(inventory, interface, shows_names=redact is None))
        report = judge(redacted(inventory))
        assumed = tuple(assumption.text for assumption in parsed(assumptions, redacted.of_condition))
        explanation = explanations.explain(report, positions)
        code = _exit_code(explanation, report)
        text = None
        if shown.text is not None:
            body = explanations.text(explanation, shown.width)
            mark = f"{printable(assumed_words(assumed))}\n\n" if assumed else ""
            scan = scan_line(report.inventory.version, report.inventory.taken_at, exit_code(code))
            text = f"{mark}{body}\n{scan}\n"
        document = marked(explanations.document(explanation, report), assumed)
        further = explanations.sections(explanation)
        shown.show(document, console, code=code, text=text, further=further)
    return code


def _are_swapped(interface: str, file: str) -> bool:
    """Return True if the first argument is a file, and the second is none."""
    is_file = os.path.isfile(interface)  # noqa: PTH113 Path raises an error for a name that is too long
    return file != "-" and not os.path.lexists(file) and (interface == "-" or is_file)


def _exit_code(explanation: Explanation, report: Report) -> ExitCode:
    explained = [account.finding for account in explanation.accounts if account.finding is not None]
    return of_explanation(report, explained, {account.hypervisor.name for account in explanation.accounts})


def _not_found(inventory: Inventory, query: str, *, shows_names: bool) -> str:
    name = printable(query, LINE)
    if explanations.has_no_interface(inventory, query):
        return f"domain {name} has no interface"
    names = explanations.near(inventory, query) if shows_names else ()
    near = ", ".join(printable(similar, LINE) for similar in names)
    advice = f"; did you mean {near}?" if near else "; give the name or uuid of a domain, or the MAC of an interface"
    unread = len(_unread(inventory))
    hidden = f" (not everything was read: {quantity(unread, 'gap')})" if unread else ""
    return f"{name}: no such domain or interface{advice}{hidden}"


def _unread(inventory: Inventory) -> list[Gap]:
    """Return the gaps that may hide a domain."""
    return [gap for gap in inventory.gaps if gap.about in {GapAbout.HYPERVISOR, GapAbout.DOMAIN}]
