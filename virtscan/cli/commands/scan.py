"""`virtscan scan`: collect, judge, report."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import click
import msgspec

from virtscan.cli.acquire import collected, planned
from virtscan.cli.assumptions import AssumptionResult, assume_option, check, parsed, with_assumptions
from virtscan.cli.exit_codes import ExitCode, of_report
from virtscan.cli.help import JUDGES, Command
from virtscan.cli.history.baseline import Baseline, code_of
from virtscan.cli.history.earlier import since_option
from virtscan.cli.history.rescue import rescued, rescued_unless_reported
from virtscan.cli.history.source import history_option, kept_in, trend_of
from virtscan.cli.history.writer import HistoryWriter
from virtscan.cli.options import FILE, collect_options, console_options, fail_on_option, report_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import PRIVATE, Output, OutputError, Outputs, refuse_same_place
from virtscan.cli.output.redacting import Redaction, redaction
from virtscan.cli.output.rendering import News, Rendering, with_file
from virtscan.cli.plan import default_uri_line
from virtscan.correlator.assumptions import Assumption
from virtscan.errors import ConfigError, InventoryError
from virtscan.model import FailOn, Inventory, Plan, Report
from virtscan.views.report.run import Run


@click.command(
    cls=Command,
    examples=(
        "virtscan scan -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite",
        "virtscan scan -q --since /var/lib/virtscan/fleet.json --save /var/lib/virtscan/fleet.json",
    ),
    exit_codes=JUDGES,
)
@collect_options
@click.option("--save", type=FILE, help="Save the inventory to this file, for virtscan report.")
@since_option
@history_option
@click.option("--no-history", is_flag=True, help="Don't store this scan, even if [history] url is set.")
@assume_option
@report_options
@fail_on_option
@console_options
def scan(
    rendering: Rendering,
    save: Path | None,
    since: str | None,
    history: str | None,
    no_history: bool,
    assumptions: tuple[str, ...],
    redact: Path | None,
    fail_on: FailOn | None,
    console: Console,
    **options: Any,  # the options of `collect_options`, typed by `planned`
) -> int:
    """Read every domain of every hypervisor; report which will fail to boot over the network, and why.

    Without -c, --xml, --sosreport or a configuration, the hypervisor is LIBVIRT_DEFAULT_URI, else libvirt's
    uri_default, else qemu:///system. Read-only; never prompts.

    With --since only changes are reported: new and resolved risks, hypervisors newly unread or newly read, and waivers
    that end within 14 days. Pages, workbooks and metrics still show the whole fleet.
    """
    from virtscan.correlator.judging import judge

    full_console, console = console, console if since is None else console.for_news()
    rendering.check(is_assumed=bool(assumptions), is_news=since is not None, is_redacted=redact is not None)
    refuse_same_place(("--save", save), *rendering.places, ("--redact", redact))
    refuse_same_place(*rendering.places, inputs=(None if since is None else Path(since),))
    redacted = redaction(redact)
    plan = planned(console, fail_on=fail_on, **options)
    check(parsed(assumptions, str), plan)
    url = None if no_history else kept_in(history, plan)
    with (
        HistoryWriter(url, scope=plan.scope, console=console) as writer,
        ExitStack() as unreported,
        Outputs(pipe_seconds=plan.deadline) as outputs,
    ):
        baseline = Baseline.since(since, scope=redacted.scope(plan.scope), redacted=redacted)
        saved = outputs.open(save, mode=PRIVATE) if save else None
        shown = rendering.open(outputs)
        baseline, inventory, seconds = _collected(plan, console, baseline, redacted)
        writer.collected(inventory)
        unreported.enter_context(rescued_unless_reported(inventory, lambda: writer.has_copy))
        report = judge(inventory)
        news = baseline.news(inventory)
        outcome = _outcome(report, news, parsed(assumptions, redacted.of_condition), plan.fail_on)
        keep_earlier = outcome.code is ExitCode.NOTHING_SEEN
        if save and saved and _save(inventory, saved, keep_earlier=keep_earlier):
            writer.saved_in(save)
        writer.judged(report)
        if redact is None and writer.failure is None:  # names of the history have no pseudonyms
            rendering = rendering.with_sections(lambda: trend_of(url, plan.scope))
        note = default_uri_line(plan, names=console.names)
        rendering = msgspec.structs.replace(rendering, note=note, what_if=outcome.what_if)
        judged = with_file(outcome.report, save, is_redacted=redact is not None)
        failure = writer.failure or baseline.failure or (saved and saved.failure)
        # A failed save or history decides the exit code.
        run = Run(exit_code=OutputError.exit_code if failure else outcome.code, seconds=seconds)
        rendering.with_pseudonyms(redacted).write(judged, shown, console, run, news)
    baseline.end(full_console)
    if outcome.refused is not None:
        raise outcome.refused
    return outcome.code


def _collected(
    plan: Plan, console: Console, baseline: Baseline, redacted: Redaction
) -> tuple[Baseline, Inventory, float]:
    """Return both sides under pseudonyms, the new one with earlier facts about unread hosts, and the seconds it took.

    Raises:
        OutputError: The map of pseudonyms can't be written; the facts are in a private file.
    """
    began = monotonic()
    inventory = collected(plan, console)
    seconds = monotonic() - began
    try:
        baseline, inventory = baseline.redacted_with(inventory, redacted)
    except (InventoryError, OutputError) as error:
        raise OutputError(f"{error}; {rescued(inventory)}; its names are real") from error
    return baseline, baseline.remembered_by(inventory), seconds


class _ScanResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a scan; `refused` is the error of its assumptions, without which it is then reported."""

    report: Report
    what_if: AssumptionResult
    refused: ConfigError | None
    code: ExitCode


def _outcome(
    report: Report, news: News | None, assumptions: Sequence[Assumption], fail_on: FailOn | None
) -> _ScanResult:
    least = fail_on or FailOn.LATENT
    what_if, refused = AssumptionResult(), None
    try:
        report, what_if = with_assumptions(report, assumptions)
    except ConfigError as error:
        refused = error
    code = code_of(news, of_report(report, least), least)
    return _ScanResult(report=report, what_if=what_if, refused=refused, code=code)


def _save(inventory: Inventory, saved: Output, *, keep_earlier: bool) -> bool:
    """Write the inventory to its file before the report, whose writing may fail; return True if it is in the file."""
    from virtscan.storage import parts

    for part in parts(inventory):
        saved.write(part)
    if keep_earlier:
        saved.keep_earlier()
    saved.end()
    return saved.failure is None and not saved.keeps_earlier and Path(saved.name).is_file()
