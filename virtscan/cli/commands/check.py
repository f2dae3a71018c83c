"""`virtscan check`: the status of a saved scan for Nagios and Icinga."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import load
from virtscan.cli.help import STATUSES, Command
from virtscan.cli.history.scope import check_scope, scope_option
from virtscan.cli.nagios import Level, StatusError, status_of
from virtscan.cli.options import FILE_OR_URL, duration_option, enum_option
from virtscan.cli.output.outputs import OutputError, ReaderGoneError, print_line
from virtscan.errors import VirtscanError
from virtscan.model import FailOn, Inventory
from virtscan.storage.address import is_history


class _Plugin(Command):
    """A command whose errors are the status UNKNOWN: to Nagios, 2 would be CRITICAL, and so would a code above 3."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:  # Any: click's own
        """Parse the arguments."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise StatusError(error.format_message()) from error

    def report_defect(self) -> int:
        """Print the status."""
        StatusError("internal error; see standard error").show()
        return Level.UNKNOWN

    def invoke(self, ctx: click.Context) -> Any:  # Any: click's own
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (VirtscanError, OutputError) as error:
            raise StatusError(str(error)) from error
        except ReaderGoneError as error:
            raise StatusError("the reader of standard output is gone") from error


@click.command(
    cls=_Plugin,
    examples=(
        "virtscan check /var/lib/virtscan/fleet.json --max-scan-age 26h",
        "virtscan check sqlite:////var/lib/virtscan/history.sqlite --fail-on pending",
    ),
    exit_codes=STATUSES,
)
@click.argument("file", type=FILE_OR_URL)
@scope_option
@duration_option("--timeout", default="50s", show_default=True, help="Longest wait for the history's database.")
@duration_option("--max-scan-age", default="26h", show_default=True, help="Treat a scan older than this as missing.")
@enum_option(
    "--fail-on",
    FailOn,
    default=FailOn.BOOTS,
    help="Lowest exposure at which a VM at risk is CRITICAL; a lower one is WARNING.",
)
def check(file: str, scope: str | None, timeout: float, max_scan_age: float, fail_on: FailOn) -> int:
    """Print the status of the last scan in one line with performance data, for Nagios and Icinga.

    FILE is an inventory saved by virtscan scan --save, or the URL of a history.
    """
    from virtscan.correlator.judging import judge

    check_scope(scope, file)
    report = judge(_saved(file, scope, timeout))
    status = status_of(report, fail_on, datetime.now(UTC), max_scan_age)
    print_line(status.line)
    return status.level


def _saved(file: str, scope: str | None, timeout: float) -> Inventory:
    if not is_history(file):
        return load(Path(file))
    from virtscan.cli.history.source import recalled

    return recalled(file, "FILE", scope=scope, seconds=timeout)
