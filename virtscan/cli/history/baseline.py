"""The baseline of `scan --since`: the earlier scan, its memory, and the changes."""

from typing import Self

import msgspec

from virtscan.cli.exit_codes import ExitCode, of_changes
from virtscan.cli.history.earlier import baseline_inventory, new_gaps, news_of, with_memory_of
from virtscan.cli.output.console import Console, print_message
from virtscan.cli.output.outputs import OutputError
from virtscan.cli.output.redacting import Redaction
from virtscan.cli.output.rendering import News
from virtscan.errors import HistoryError, InventoryError
from virtscan.model import FailOn, Inventory
from virtscan.storage.address import is_history
from virtscan.transport import url_secrets


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The older side of a scan's news; `before` is None in the first scan, and for a full report.

    `note` states that there is no older scan yet; it belongs below the news, whose first line is the subject of a mail.
    `failure` is the reason why a history can't be read: the scan is then reported whole, and nothing of it is lost.
    """

    is_wanted: bool
    before: Inventory | None = None
    note: str | None = None
    failure: str | None = None

    @classmethod
    def since(cls, text: str | None, *, scope: str | None, redacted: Redaction) -> Self:
        """Read the inventory of `--since`, before any host is read; without it there is no news.

        Raises:
            ConfigError, InventoryError: It is invalid, or a file that can't be read.
        """
        if text is None:
            return cls(is_wanted=False)
        try:
            before = baseline_inventory(text, scope=scope)
        except HistoryError as error:
            print_message(f"{error}; the full report follows")
            return cls(is_wanted=False, failure=f"{error}; the scan was not compared")
        if before is not None:
            if before.redaction not in {None, redacted.identity}:
                problem = "redacted with a map that this scan does not use; add --redact with that map"
                raise InventoryError(f"--since: {url_secrets.shown(text)}: {problem}")
            return cls(is_wanted=True, before=before)
        lacking = "no scan of this configuration yet" if is_history(text) else "does not exist yet"
        return cls(is_wanted=True, note=f"{url_secrets.shown(text)}: {lacking}; everything counts as new")

    def redacted_with(self, inventory: Inventory, redacted: Redaction) -> tuple[Self, Inventory]:
        """Return both sides under pseudonyms: a name in one of them is replaced in both."""
        if self.before is None:
            return self, redacted(inventory)
        before, inventory = redacted.together(self.before, inventory)
        return msgspec.structs.replace(self, before=before), inventory

    def remembered_by(self, inventory: Inventory) -> Inventory:
        """Return this scan's inventory with earlier facts about hosts that could not be read."""
        return inventory if self.before is None else with_memory_of(inventory, self.before)

    def news(self, inventory: Inventory) -> News | None:
        """Return the changes since the earlier scan; None if the full report was requested."""
        if not self.is_wanted:
            return None
        return News(changes=news_of(inventory, self.before), gaps=new_gaps(inventory, self.before))

    def end(self, console: Console) -> None:
        """Print the note.

        Raises:
            OutputError: A history could not be read.
        """
        if self.note is not None:
            console.warn(self.note)
        if self.failure is not None:
            raise OutputError(self.failure)


def code_of(news: News | None, whole: ExitCode, fail_on: FailOn) -> ExitCode:
    """Return the exit code: that of the changes if they are reported, unless nothing could be read."""
    if news is None or whole is ExitCode.NOTHING_SEEN:
        return whole
    return of_changes(news.changes, fail_on)
