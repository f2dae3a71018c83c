"""The history that a command works on."""

import importlib.util
from pathlib import Path

import click

from virtscan.cli.history.bounded_access import SECONDS, run_on
from virtscan.cli.history.scope import chosen_scan
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import refuse_replaced
from virtscan.cli.plan import load_plan
from virtscan.config import Options
from virtscan.errors import ConfigError, HistoryError, NoScanError
from virtscan.model import Inventory, Plan
from virtscan.storage.address import check_url, database_file, parse_address
from virtscan.views.document import Section

_OPTION = "--history"

history_option = click.option(
    _OPTION, metavar="URL", help="Database, e.g. sqlite:////var/lib/virtscan/history.sqlite (default: [history] url)."
)


def checked(url: str, origin: str) -> str:
    """Return a URL of the command line as it is opened.

    Args:
        url: As typed, without a scan.
        origin: The option or argument, for errors.

    Raises:
        ConfigError: It is invalid, has a password, or needs a module that is not installed.
    """
    return installed(check_url(url, origin, private=False))


def installed(url: str) -> str:
    """Return the URL if its modules are there, before any host is read.

    Raises:
        ConfigError: One is missing.
        click.UsageError: An output of the command would replace the database.
    """
    refuse_replaced([database_file(url)])
    needed = {"sqlalchemy": "history"} | ({"psycopg": "postgresql"} if url.startswith("postgresql") else {})
    for module, extra in needed.items():
        if importlib.util.find_spec(module) is None:
            raise ConfigError(f"history: {module} is not installed; install virtscan[{extra}]")
    return url


def kept_in(option: str | None, plan: Plan) -> str | None:
    """Return the URL that a scan is kept in: that of `--history`, else the configuration's; None for no history.

    Raises:
        ConfigError: It is invalid.
    """
    if option is not None:
        return checked(option, _OPTION)
    return None if plan.history is None else installed(plan.history)


def history_url(option: str | None, config: Path | None, console: Console) -> str:
    """Return the URL of `--history`, else that of the configuration.

    Raises:
        ConfigError: It is invalid.
        click.UsageError: Neither names one.
    """
    if option is not None:
        return checked(option, _OPTION)
    url = kept_in(None, load_plan(config, Options(), console))
    if url is None:
        raise click.UsageError("no history given; use --history URL, or [history] url in the configuration")
    return url


def trend_of(url: str | None, scope: str | None) -> tuple[Section, ...]:
    """Return the trend of capacity for the page of a scan, from the scans of its configuration.

    It is empty if the history does not exist, or does not answer.
    """
    from virtscan.changes.trend import Every, capacity_trend
    from virtscan.views.tables.trends import sections_of_page

    if url is None:
        return ()
    try:
        counts = run_on(url, lambda history: history.capacity_counts())
    except HistoryError:
        return ()  # keeping the scan also fails, with an error
    own = [scan_counts for scan_counts in counts if scan_counts.scan.scope == scope]
    return sections_of_page(capacity_trend(own, Every.WEEK))


def recalled(text: str, origin: str, *, scope: str | None = None, seconds: float = SECONDS) -> Inventory:
    """Return the inventory of `URL@SCAN`, with the last complete observation of each host that it did not read.

    Args:
        text: As typed; without @SCAN it is the last scan.
        origin: The option or argument, for errors.
        scope: The value of --scope.
        seconds: Longest wait for the database.

    Raises:
        ConfigError: It is invalid.
        HistoryError: The history can't be read, or has no such scan.
    """
    address = parse_address(text)
    return run_on(
        checked(address.url, origin),
        lambda history: history.recall(chosen_scan(history, address.selector, scope, None).number),
        seconds=seconds,
    )


def recalled_baseline(text: str, scope: str | None) -> Inventory | None:
    """Return the scan that `--since` names, or the last one of a configuration whose report reached a reader.

    None if the history does not exist yet, or has no scan of this configuration.

    Raises:
        ConfigError: It is invalid, or names a scan that does not exist.
        HistoryError: The history can't be read.
    """
    address = parse_address(text)
    try:
        return run_on(
            checked(address.url, "--since"),
            lambda history: history.recall(history.find(address.selector, scope, reported=True).number),
        )
    except NoScanError as error:
        if address.selector is not None:
            raise ConfigError(f"--since: {error}") from error
        return None
