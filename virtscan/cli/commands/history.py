"""`virtscan history`: the scans that a database keeps, and their changes over time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from virtscan.changes.trend import Every, RiskBy
from virtscan.cli.commands.diff import compared
from virtscan.cli.exit_codes import ExitCode, of_answer
from virtscan.cli.help import ANSWERS, COMPARES, WORKS, Command, CommandGroup
from virtscan.cli.history.asking import ask
from virtscan.cli.history.scope import chosen_scan, listed_scope_option, of_scope, scope_option
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import (
    FILE,
    config_option,
    duration_option,
    enum_option,
    fail_on_option,
    make_console,
    output_options,
    quiet_and_verbose,
    redact_option,
    report_options,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import Wanted, places, wanted_outputs
from virtscan.cli.output.outputs import PRIVATE, OutputError, Outputs, keep_apart, print_line
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.rendering import Rendering
from virtscan.cli.output.showing import showing
from virtscan.errors import HistoryError
from virtscan.model import FailOn, Inventory
from virtscan.storage.address import LATEST, parse_which
from virtscan.views.document import Document
from virtscan.views.report.metrics import Run
from virtscan.views.wording.phrases.quantity import quantity

if TYPE_CHECKING:
    from virtscan.storage.history import History

_CAPACITY, _RISKS = "capacity", "risks"
_PRUNING_SECONDS = 3600.0
_THEN = ("weekly", "monthly", "none")


@click.group(
    cls=CommandGroup,
    examples=(
        "virtscan history list --history sqlite:////var/lib/virtscan/history.sqlite",
        "virtscan history show 2026-11-01 --view capacity",
    ),
)
def history() -> None:
    """List, show, compare and prune the scans stored by scan --history."""


@history.command(
    "list",
    cls=Command,
    examples=(
        "virtscan history list --format csv",
        "virtscan history list --history postgresql://virtscan@db/virtscan",
    ),
    exit_codes=WORKS,
)
@history_option
@config_option
@listed_scope_option
@output_options
@quiet_and_verbose
def list_(
    history: str | None,
    config: Path | None,
    scope: str | None,
    formats: tuple[Wanted, ...],
    output: Path | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """List the scans with their numbers, times, completeness and counts."""
    from virtscan.views.tables.scans import view

    console = make_console(verbose=verbose, quiet=quiet)
    wanted = wanted_outputs(formats, output)
    scans = ask(history_url(history, config, console), lambda opened: opened.scans())
    _show(view(of_scope(scans, scope)), wanted, console)
    return ExitCode.CLEAN


@history.command(
    "show",
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
@quiet_and_verbose
def show_(
    scan: str,
    history: str | None,
    config: Path | None,
    scope: str | None,
    save: Path | None,
    rendering: Rendering,
    redact: Path | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Report SCAN as virtscan report does, or save its inventory.

    SCAN is a number, a date (the last scan up to it) or latest.
    """
    from virtscan.correlator.judging import judge
    from virtscan.storage import dumps

    console = make_console(verbose=verbose, quiet=quiet)
    rendering.check(is_redacted=redact is not None)
    if save is not None:
        rendering.refuse("--save saves the inventory instead of reporting it")
    keep_apart(("--save", save), *rendering.places, ("--redact", redact), inputs=(config,))
    redacted = redaction(redact)
    which = parse_which(scan, "SCAN")
    kept_in = history_url(history, config, console)
    inventory = redacted(ask(kept_in, lambda opened: opened.load(chosen_scan(opened, which, scope, config).number)))
    with Outputs() as outputs:
        if save is not None:
            outputs.open(save, mode=PRIVATE).write(dumps(inventory))
            return ExitCode.CLEAN
        report = msgspec.structs.replace(judge(inventory), file="FILE")
        code = of_answer(report)
        rendering.with_pseudonyms(redacted).write(report, rendering.open(outputs), console, Run(exit_code=code))
    return code


@history.command(
    cls=Command,
    examples=(
        "virtscan history diff",
        "virtscan history diff 2026-11-01 latest",
    ),
    exit_codes=COMPARES,
)
@click.argument("old", required=False)
@click.argument("new", default=LATEST)
@history_option
@config_option
@scope_option
@output_options
@redact_option
@fail_on_option
@quiet_and_verbose
def diff(
    old: str | None,
    new: str,
    history: str | None,
    config: Path | None,
    scope: str | None,
    formats: tuple[Wanted, ...],
    output: Path | None,
    redact: Path | None,
    fail_on: FailOn | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show changes from scan OLD to scan NEW (numbers, dates or latest); default: between the last two."""
    console = make_console(verbose=verbose, quiet=quiet)
    wanted = wanted_outputs(formats, output)
    keep_apart(*places(wanted), ("--redact", redact), inputs=(config,))
    redacted = redaction(redact)
    which = parse_which(new, "NEW")

    def both(opened: "History") -> tuple[Inventory, Inventory]:
        second = chosen_scan(opened, which, scope, config)
        first = opened.before(second) if old is None else opened.find(parse_which(old, "OLD"), second.scope)
        return opened.recall(first.number), opened.recall(second.number)

    before, after = map(redacted.of_earlier, ask(history_url(history, config, console), both))
    return compared(before, after, wanted=wanted, fail_on=fail_on, console=console)


@history.command(
    cls=Command,
    examples=(
        "virtscan history trend --view capacity --by site",
        "virtscan history trend --view risks --format csv",
    ),
    exit_codes=WORKS,
)
@history_option
@config_option
@click.option(
    "--view", type=click.Choice([_CAPACITY, _RISKS]), default=_CAPACITY, show_default=True, help="Counts to show."
)
@enum_option(
    "--by",
    RiskBy,
    default=RiskBy.SITE,
    help="Rows of each scan; server only with --view risks.",
)
@enum_option(
    "--every",
    Every,
    default=Every.WEEK,
    help="Scans to show: the last of each week or month, or all. Growth is always computed from all.",
)
@listed_scope_option
@output_options
@redact_option
@quiet_and_verbose
def trend(
    history: str | None,
    config: Path | None,
    view: str,
    by: RiskBy,
    every: Every,
    scope: str | None,
    formats: tuple[Wanted, ...],
    output: Path | None,
    redact: Path | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show capacity or risks over time, and the day on which each site's memory will be full."""
    from virtscan.changes.trend import capacity_trend, risk_trend
    from virtscan.views.tables import trends

    console = make_console(verbose=verbose, quiet=quiet)
    wanted = wanted_outputs(formats, output)
    if view == _CAPACITY and by is not RiskBy.SITE:
        raise click.UsageError(f"--by {by.value} is for --view risks; capacity has sites only")
    keep_apart(*places(wanted), ("--redact", redact), inputs=(config,))
    redacted = redaction(redact)
    counts = ask(
        history_url(history, config, console),
        lambda opened: opened.capacity_counts() if view == _CAPACITY else opened.finding_counts(),
    )
    kept = {scan.number for scan in of_scope([one.scan for one in counts], scope)}
    counts = redacted.of_counts([one for one in counts if one.scan.number in kept])
    if view == _CAPACITY:
        document = trends.capacity(capacity_trend(counts, every))
    else:
        document = trends.risks(risk_trend(counts, by, every))
    _show(document, wanted, console)
    return ExitCode.CLEAN


@history.command(
    cls=Command,
    examples=(
        "virtscan history prune --keep 90d",
        "virtscan history prune --keep 90d --then weekly",
    ),
    exit_codes=WORKS,
)
@history_option
@config_option
@duration_option("--keep", required=True, help="Keep every scan younger than this, e.g. 90d.")
@click.option(
    "--then",
    type=click.Choice(_THEN),
    default=_THEN[0],
    show_default=True,
    help="Of older scans, keep the last of each period, or none.",
)
@quiet_and_verbose
def prune(history: str | None, config: Path | None, keep: float, then: str, verbose: bool, quiet: bool) -> int:
    """Delete the content of old scans; their counts, and so the trends, are kept."""
    from virtscan.storage.history import Then

    console = make_console(verbose=verbose, quiet=quiet)

    def work(opened: "History") -> tuple[int, int]:
        total = sum(scan.kept for scan in opened.scans())
        try:
            removed = opened.prune(before=datetime.now(UTC) - timedelta(seconds=keep), then=Then(then))
        except HistoryError as error:
            raise OutputError(str(error)) from error
        return len(removed), total

    removed, total = ask(history_url(history, config, console), work, seconds=_PRUNING_SECONDS)
    print_line(f"removed: {removed} of {quantity(total, 'scan')}; counts are kept")
    return ExitCode.CLEAN


def _show(document: Document, wanted: Sequence[Wanted], console: Console) -> None:
    with showing(wanted) as shown:
        shown.show(document, console, code=ExitCode.CLEAN)
