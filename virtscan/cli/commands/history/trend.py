"""`virtscan history trend`: capacity or risks over time."""

from pathlib import Path

import click

from virtscan.changes.trend import Every, RiskBy
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import WORKS, Command
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.scope import listed_scope_option, of_scope
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import (
    config_option,
    console_options,
    enum_option,
    output_options,
    redact_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.showing import showing

_CAPACITY, _RISKS = "capacity", "risks"


@click.command(
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
@console_options
def trend(
    history: str | None,
    config: Path | None,
    view: str,
    by: RiskBy,
    every: Every,
    scope: str | None,
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    console: Console,
) -> int:
    """Show capacity or risks over time, and the day on which each site's memory will be full."""
    from virtscan.changes.trend import capacity_trend, risk_trend
    from virtscan.views.tables import trends

    if view == _CAPACITY and by is not RiskBy.SITE:
        raise click.UsageError(f"--by {by.value} is for --view risks; capacity has sites only")
    refuse_same_place(*places(outputs), ("--redact", redact))
    redacted = redaction(redact)
    counts = run_on(
        history_url(history, config, console),
        lambda opened: opened.capacity_counts() if view == _CAPACITY else opened.finding_counts(),
    )
    kept = {scan.number for scan in of_scope([scan_counts.scan for scan_counts in counts], scope)}
    counts = redacted.of_counts([scan_counts for scan_counts in counts if scan_counts.scan.number in kept])
    if view == _CAPACITY:
        document = trends.capacity(capacity_trend(counts, every))
    else:
        document = trends.risks(risk_trend(counts, by, every))
    with showing(outputs) as shown:
        shown.show(document, console, code=ExitCode.CLEAN)
    return ExitCode.CLEAN
