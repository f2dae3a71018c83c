"""Storing of a scan in the history, even if its report fails; in a file if the database refuses it."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.lock import exclusive_run
from virtscan.cli.output.console import Console, print_message
from virtscan.cli.output.outputs import OutputError
from virtscan.errors import HistoryError
from virtscan.model import Inventory, Report
from virtscan.transport import url_secrets


class HistoryWriter:
    """A context that stores a scan: before its report is printed, or when it ends.

    Without a URL it does nothing. Only one run of a configuration can enter it at a time. If the database did not store
    the scan, `failure` has the reason and, after the end, the place of the scan.
    """

    failure: str | None = None

    def __init__(self, url: str | None, *, scope: str | None, console: Console) -> None:
        """Prepare the context; no database is opened yet.

        Args:
            url: The database; None for no history.
            scope: The configuration that is scanned.
            console: Reports the outcome.
        """
        self._url = url
        self._scope = scope
        self._saved: Path | None = None
        self._console = console
        self._lock = contextlib.ExitStack()
        self._inventory: Inventory | None = None
        self._refused: Inventory | None = None
        self._number: int | None = None

    def __enter__(self) -> Self:
        if self._url is not None:
            self._lock.enter_context(exclusive_run(self._url, self._scope, self._console))
        return self

    @property
    def has_copy(self) -> bool:
        """Return True if the scan is in a file, or is stored when the context ends."""
        return self._url is not None or self._saved is not None

    def collected(self, inventory: Inventory) -> None:
        """Take the inventory to store: at the end, unless `judged` is called before."""
        self._inventory = inventory

    def judged(self, report: Report) -> None:
        """Store the inventory with this report's counts; its changes count as reported unless the context fails."""
        self._keep(report)

    def saved_in(self, file: Path) -> None:
        """Take the file that has the scan anyway."""
        self._saved = file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Store the scan if that was not done, and note whether its report was printed.

        Raises:
            OutputError: The database did not store the scan, and nothing else failed.
        """
        with self._lock:
            self._keep(None)
            if kind is None:
                self._note_reported()
        if self._refused is not None:
            from virtscan.cli.history.rescue import rescued

            elsewhere = rescued(self._refused) if self._saved is None else f"the scan is in {self._saved}"
            self.failure = f"{self.failure}; {elsewhere}"
        if self.failure is not None and kind is None:
            raise OutputError(self.failure)
        if self.failure is not None:
            print_message(self.failure)

    def _keep(self, report: Report | None) -> None:
        """Save the scan, once."""
        url, inventory = self._url, self._inventory
        self._inventory = None
        if url is None or inventory is None:
            return
        try:
            self._number = run_on(url, lambda history: history.save(inventory, report, reported=False), create=True)
        except HistoryError as error:
            self.failure, self._refused = str(error), inventory
        else:
            self._console.detail(f"history: {url_secrets.shown(url)}: scan {self._number}")

    def _note_reported(self) -> None:
        url, number = self._url, self._number
        if url is None or number is None:
            return
        try:
            run_on(url, lambda history: history.note_reported(number))
        except HistoryError as error:
            self.failure = f"{error}; scan {number} is kept, and its changes will be reported again"
