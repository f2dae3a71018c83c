"""The older side of a comparison: a saved inventory, or a scan of a history."""

from pathlib import Path

import click
import msgspec

from virtscan.changes import Cause, CauseKind, Changes, compare, news, remembering
from virtscan.cli.acquire import load
from virtscan.cli.history.source import recalled, recalled_baseline
from virtscan.cli.options import FILE_OR_URL
from virtscan.correlator.staleness.remembering import remembering_places
from virtscan.errors import InventoryError
from virtscan.model import Gap, Inventory, LowerDevice
from virtscan.storage.address import is_history

since_option = click.option(
    "--since",
    type=FILE_OR_URL,
    metavar="FILE|URL",
    help="Report only changes since this saved inventory or scan of a history; print nothing if there are none.",
)


def earlier(text: str, origin: str, *, scope: str | None = None) -> Inventory:
    """Return the inventory in a file, or that of a scan of a history: `URL@SCAN`.

    Args:
        text: As typed.
        origin: The argument, for errors.
        scope: The value of --scope.

    Raises:
        ConfigError: It is invalid.
        InventoryError: The file can't be read, or holds no inventory.
        HistoryError: The history can't be read, or has no such scan.
    """
    return recalled(text, origin, scope=scope) if is_history(text) else load(Path(text))


def baseline_inventory(text: str, *, scope: str | None) -> Inventory | None:
    """Return the inventory of `--since`; None if it does not exist yet, as before the first scan.

    Raises:
        ConfigError: It is invalid, or a scan that does not exist.
        UsageError: It is standard input.
        InventoryError, HistoryError: As `earlier`.
    """
    if is_history(text):
        return recalled_baseline(text, scope)
    if text == "-":  # it is read before the scan, and again after it
        raise click.UsageError("--since can't be standard input; name a file")
    try:
        return load(Path(text))
    except InventoryError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise InventoryError(f"--since: {error}; without this file everything counts as new") from error


def with_memory_of(inventory: Inventory, before: Inventory) -> Inventory:
    """Return the inventory with an earlier one's memory of unread hosts, and of servers on them."""
    return remembering_places(remembering(inventory, before), before)


def changes_between(old: Inventory, new: Inventory) -> Changes:
    """Compare two inventories, both judged by today's rules.

    If the newer one judges bonds alone, so does the older one: an interface that is not judged is not resolved.
    """
    from virtscan.correlator.judging import judge

    if new.policy.lower_device is LowerDevice.BOND:
        old = msgspec.structs.replace(old, policy=msgspec.structs.replace(old.policy, lower_device=LowerDevice.BOND))
    return compare(old, new, judge)


def news_of(new: Inventory, before: Inventory | None) -> Changes:
    """Return the changes since the earlier scan; if there is none, everything is new."""
    if before is not None:
        return news(changes_between(before, new), before, new)
    old = msgspec.structs.replace(
        new, hypervisors=(), servers=(), netboots=(), subnets=(), gaps=(), unread=(), lost=(), places=()
    )
    changes = news(changes_between(old, new), old, new)
    cause = Cause(kind=CauseKind.FIRST_SCAN)
    findings = tuple(msgspec.structs.replace(finding, cause=cause) for finding in changes.findings)
    return msgspec.structs.replace(changes, findings=findings, is_first=True)


def new_gaps(new: Inventory, before: Inventory | None) -> tuple[Gap, ...]:
    """Return the gaps that the earlier inventory does not have."""
    known = set() if before is None else {(gap.about, gap.item, gap.hypervisor) for gap in before.gaps}
    return tuple(gap for gap in new.gaps if (gap.about, gap.item, gap.hypervisor) not in known)
