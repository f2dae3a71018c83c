"""A scan into the history, whatever becomes of its report; if the database takes none, into a file."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from virtscan.cli.console import Console
from virtscan.cli.history.lock import alone
from virtscan.cli.history.state import state_directory
from virtscan.cli.output import PRIVATE, OutputError, opened
from virtscan.errors import HistoryError
from virtscan.model import Inventory, Report
from virtscan.transport import uri


class Keeping:
    """A context that keeps a scan when it ends.

    Without a URL it does nothing. Only one run of a configuration is in it at a time.
    """

    def __init__(self, url: str | None, *, scope: str | None, saved: Path | None, console: Console) -> None:
        """Begin.

        Args:
            url: The database; None for no history.
            scope: The configuration that is scanned.
            saved: The file that has the scan anyway.
            console: Takes a word about the outcome.
        """
        self._url = url
        self._scope = scope
        self._saved = saved
        self._console = console
        self._lock = contextlib.ExitStack()
        self._inventory: Inventory | None = None
        self._report: Report | None = None

    def __enter__(self) -> Self:
        if self._url is not None:
            self._lock.enter_context(alone(self._url, self._scope, self._console))
        return self

    def collected(self, inventory: Inventory) -> None:
        """Keep this inventory at the end."""
        self._inventory = inventory

    def judged(self, report: Report) -> None:
        """Keep the counts of this report with it."""
        self._report = report

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Keep the scan.

        Raises:
            OutputError: The database did not take it, and nothing else failed.
        """
        with self._lock:
            failure = None
            if self._url is not None and self._inventory is not None:
                failure = self._keep(self._url, self._inventory, reported=kind is None)
        if failure is not None and kind is None:
            raise OutputError(failure)
        if failure is not None:
            click.echo(f"virtscan: {failure}", err=True)

    def _keep(self, url: str, inventory: Inventory, *, reported: bool) -> str | None:
        """Save the scan; return what to print if that failed."""
        from virtscan.storage.history import open_history

        try:
            with open_history(url, create=True) as history:
                number = history.save(inventory, self._report, reported=reported)
        except HistoryError as error:
            return f"{error}; {self._instead(inventory)}"
        self._console.detail(f"history: {uri.shown(url)}: scan {number}")
        return None

    def _instead(self, inventory: Inventory) -> str:
        """Say where the scan is, after writing a copy if it is nowhere."""
        from virtscan.storage import dumps

        if self._saved is not None:
            return f"the scan is in {self._saved}"
        name = f"scan-{inventory.taken_at:%Y%m%dT%H%M%SZ}.json"
        try:
            path = state_directory() / name
            with opened(path, mode=PRIVATE) as output:
                output.write(dumps(inventory))
        except (OSError, click.ClickException) as error:
            return f"the scan is lost: {error}"
        return f"the scan is in {path} (virtscan report)"
