"""The changes to report: those that require an action, and waivers that are due."""

from collections.abc import Iterator
from datetime import date

import msgspec

from virtscan.changes.hosts import is_unread
from virtscan.changes.values import (
    Changes,
    EndingWaiver,
    FindingChange,
    FindingKind,
    HostChange,
    Kind,
    Reminder,
)
from virtscan.model import HostStatus, Inventory, Waiver, WaiverState

_REMIND_AFTER = 7
_SECONDS = 86400

_FINDINGS = {
    FindingKind.NEW,
    FindingKind.SEEN_AGAIN,
    FindingKind.WAIVER_ENDED,
    FindingKind.EXPOSURE_RISEN,
    FindingKind.UNDECIDED,
    FindingKind.RESOLVED,
    FindingKind.NO_LONGER_SCANNED,
}
_READING = {Kind.NOT_SEEN, Kind.SEEN_AGAIN}


def news(changes: Changes, old: Inventory, new: Inventory) -> Changes:
    """Return the changes to report: risks, hosts that are unread or newly read, waivers that are due.

    Args:
        changes: All changes from `old` to `new`.
        old: The inventory of the last night.
        new: The present one.
    """
    return msgspec.structs.replace(
        changes,
        findings=tuple(change for change in changes.findings if _is_news(change, new)),
        hypervisors=tuple(filter(_is_host_news, changes.hypervisors)),
        servers=tuple(change for change in changes.servers if change.kind in _READING),
        domains=(),
        interfaces=(),
        reminders=tuple(_reminders(old, new)),
        ending=tuple(_ending(old, new)),
    )


def _is_news(change: FindingChange, new: Inventory) -> bool:
    """Return True for a finding to report; one that was not seen is reported only if its host was read."""
    if change.kind is FindingKind.NOT_SEEN:
        return not any(host.name == change.finding.hypervisor and is_unread(host.status) for host in new.hypervisors)
    return change.kind in _FINDINGS


def _is_host_news(change: HostChange) -> bool:
    if change.kind is Kind.ADDED:
        return change.statuses[1] is not HostStatus.COMPLETE
    return change.kind in {*_READING, Kind.REMOVED} or any(field.field == "status" for field in change.fields)


def _reminders(old: Inventory, new: Inventory) -> Iterator[Reminder]:
    """Remind of each host that failed, once at the end of each full week; nights count, not seconds."""
    failed = {host.name for host in new.hypervisors if host.status is HostStatus.FAILED}
    for unread in new.unread:
        now, before = (
            round((taken - unread.since).total_seconds() / _SECONDS) for taken in (new.taken_at, old.taken_at)
        )
        if unread.hypervisor in failed and now // _REMIND_AFTER > max(before, 0) // _REMIND_AFTER:
            yield Reminder(hypervisor=unread.hypervisor, since=unread.since, days=now)


def _ending(old: Inventory, new: Inventory) -> Iterator[EndingWaiver]:
    """Name each waiver, by its reason and end, on the first night on which it will end within two weeks."""
    today = new.taken_at.date()
    known = {(waiver.reason, waiver.until) for waiver in old.policy.waivers}
    soon: dict[tuple[str, date], Waiver] = {}
    for waiver in new.policy.waivers:
        if waiver.until is not None and waiver.state_on(today) is WaiverState.ENDING:
            soon.setdefault((waiver.reason, waiver.until), waiver)
    for (reason, until), waiver in soon.items():
        if (reason, until) not in known or waiver.state_on(old.taken_at.date()) is WaiverState.VALID:
            yield EndingWaiver(waiver=waiver, until=until, days=(until - today).days)
