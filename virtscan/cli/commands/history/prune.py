"""`virtscan history prune`: deletes the content of old scans."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import WORKS, Command
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.source import history_option, history_url
from virtscan.cli.options import config_option, console_options, duration_option
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import OutputError, print_line
from virtscan.errors import HistoryError
from virtscan.views.wording.phrases.quantity import quantity

if TYPE_CHECKING:
    from virtscan.storage.history import History

_SECONDS = 3600.0
_THEN = ("weekly", "monthly", "none")


@click.command(
    cls=Command,
    examples=(
        "virtscan history prune --keep 90d",
        "virtscan history prune --keep 52w --then monthly",
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
@console_options
def prune(history: str | None, config: Path | None, keep: float, then: str, console: Console) -> int:
    """Delete the content of old scans; counts and trends are kept."""
    from virtscan.storage.history import Then

    def work(opened: "History") -> tuple[int, int]:
        total = sum(scan.kept for scan in opened.scans())
        try:
            removed = opened.prune(before=datetime.now(UTC) - timedelta(seconds=keep), then=Then(then))
        except HistoryError as error:
            raise OutputError(str(error)) from error
        return len(removed), total

    removed, total = run_on(history_url(history, config, console), work, seconds=_SECONDS)
    print_line(f"removed: {removed} of {quantity(total, 'scan')}; counts are kept")
    return ExitCode.CLEAN
