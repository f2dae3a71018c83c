"""The words of changes: their kinds, counts and causes."""

from collections.abc import Iterable
from typing import assert_never

from virtscan.changes import Cause, CauseKind, EndingWaiver, FieldChange, FindingKind, HostChange, Kind, Reminder
from virtscan.model import HostStatus, State, Verdict
from virtscan.views.wording.phrases.names import listed, sender
from virtscan.views.wording.phrases.quantity import quantity

_KINDS = {
    Kind.ADDED: "added",
    Kind.REMOVED: "removed",
    Kind.MOVED: "moved",
    Kind.RENAMED: "renamed",
    Kind.CHANGED: "changed",
    Kind.NOT_SEEN: "not seen",
    Kind.SEEN_AGAIN: "seen again",
}

_OF_DOMAINS = _KINDS | {Kind.SEEN_AGAIN: "not seen before"}
_OF_MACHINES = _KINDS | {Kind.NOT_SEEN: "no longer read", Kind.SEEN_AGAIN: "newly read"}
_OF_SYSTEMS = _KINDS | {Kind.NOT_SEEN: "not read", Kind.SEEN_AGAIN: "newly read"}
_SUBJECTS = {"hypervisor": _OF_MACHINES, "VM": _OF_DOMAINS, "server": _OF_MACHINES, "provisioning system": _OF_SYSTEMS}
_READ = {
    HostStatus.COMPLETE: "newly read completely",
    HostStatus.PARTIAL: "read in part",
    HostStatus.FAILED: "not read",
}


def happened(subject: str, kind: Kind) -> str:
    """Describe a change of a hypervisor, server, domain or interface."""
    return _SUBJECTS.get(subject, _KINDS)[kind]


def host_happened(change: HostChange, *, is_first: bool) -> str:
    """Describe a change of a hypervisor.

    Args:
        change: The change.
        is_first: Nothing was scanned before, so that every hypervisor is new.
    """
    status = change.statuses[1]
    if change.kind is Kind.ADDED and status is not None and status is not HostStatus.COMPLETE:
        return _READ[status] if is_first else f"added and {_READ[status]}"
    if change.kind is Kind.CHANGED and status is not None and any(field.field == "status" for field in change.fields):
        return _READ[status]
    return happened("hypervisor", change.kind)


def finding_happened(kind: FindingKind, verdict: Verdict) -> str:
    """Describe a change of findings that have this verdict now, or had it if they have none."""
    risk = "at risk" if verdict is Verdict.AT_RISK else "unknown"
    match kind:
        case FindingKind.NEW:
            return f"newly {risk}"
        case FindingKind.SEEN_AGAIN:
            return f"{risk} (not read before)"
        case FindingKind.WAIVER_ENDED:
            return f"{risk} (no longer waived)"
        case FindingKind.EXPOSURE_RISEN:
            return "at risk with a higher exposure"
        case FindingKind.EXPOSURE_FALLEN:
            return "at risk with a lower exposure"
        case FindingKind.UNDECIDED:
            return "unknown (at risk before)"
        case FindingKind.NOT_SEEN:
            return f"{risk} when last read"
        case FindingKind.WAIVED:
            return "newly waived"
        case FindingKind.NO_LONGER_SCANNED:
            return f"no longer scanned ({risk} when last read)"
        case FindingKind.RESOLVED:
            return "resolved"
        case _:
            assert_never(kind)


def caused_by(cause: Cause) -> str:
    """Describe the cause of changed findings."""
    server = sender(cause.server or "", cause.server_interface)
    match cause.kind:
        case CauseKind.FIRST_SCAN:
            return "First scan"
        case CauseKind.WAIVER:
            return "Waivers"
        case CauseKind.HOST_READ:
            return _reading(cause)
        case CauseKind.INCOMPLETE_LIST if cause.hypervisor is None:
            return "Hypervisors that may have further VMs"
        case CauseKind.INCOMPLETE_LIST:
            return f"{cause.hypervisor} may have further VMs"
        case CauseKind.HOST_ADDED:
            return f"{cause.hypervisor} was added"
        case CauseKind.HOST_REMOVED:
            return f"{cause.hypervisor} was removed"
        case CauseKind.DOMAIN_ADDED:
            return "Added VMs"
        case CauseKind.DOMAIN_REMOVED:
            return "Removed VMs"
        case CauseKind.SERVER_ADDED:
            return f"{server} was added"
        case CauseKind.SERVER_REMOVED:
            return f"{server} was removed"
        case CauseKind.SERVER_OFFLOAD:
            return _offload(server, cause)
        case CauseKind.SERVER_DECLARED:
            return f"{server} is declared differently ({cause.fact})"
        case CauseKind.KERNEL:
            return _kernel(cause)
        case CauseKind.RECORD:
            return "Records of the provisioning system"
        case CauseKind.SYSTEM_READ:
            return f"Records of {cause.system} that were not read in one of the scans"
        case CauseKind.DOMAIN_MOVED:
            return f"VMs that moved to {cause.hypervisor}"
        case CauseKind.DOMAIN_CHANGED:
            return "Changed definitions of VMs"
        case CauseKind.DOMAIN_DEVICE:
            return "VMs on another device of their network"
        case CauseKind.HOST_DEVICES:
            return f"{cause.hypervisor} has different devices below its VMs"
        case CauseKind.SEGMENT:
            return f"{cause.hypervisor} has segment {cause.new or 'none'} instead of {cause.old or 'none'}"
        case CauseKind.SERVER_PLACE:
            return f"{server} is on {cause.new} instead of {cause.old}"
        case CauseKind.UNKNOWN:
            return f"Cause unknown, on {cause.hypervisor}"
        case _:
            assert_never(cause.kind)


def _reading(cause: Cause) -> str:
    if cause.hypervisor is None:
        return "Hypervisors that were not read"
    is_now = cause.new not in {None, HostStatus.COMPLETE.value}
    status, when = (cause.new, "") if is_now else (cause.old, " before")
    how = "read in part" if status == HostStatus.PARTIAL.value else "not read"
    return f"{cause.hypervisor} was {how}{when}"


def _kernel(cause: Cause) -> str:
    if cause.new is None:
        return f"The kernel of {cause.hypervisor} was not read"
    if cause.old is None:
        return f"The kernel of {cause.hypervisor} was not read before"
    return f"{cause.hypervisor} runs kernel {cause.new} instead of {cause.old}"


def _offload(server: str, cause: Cause) -> str:
    if cause.new == State.UNKNOWN.value:
        return f"TX checksum offload of {server} was not read"
    if cause.old == State.UNKNOWN.value:
        return f"TX checksum offload of {server} was not read before"
    device = "" if cause.device is None else f" ({cause.device})"
    return f"TX checksum offload of {server} was switched {cause.new}{device}"


def field_change(change: FieldChange) -> str:
    """Describe a changed field, as in `vcpus: 2 → 4`."""
    device = "" if change.device is None else f" of {change.device}"
    return f"{change.field}{device}: {_value(change.old)} → {_value(change.new)}"


def _value(fact: object) -> str:
    match fact:
        case None | ():
            return "none"
        case bool():
            return "yes" if fact else "no"
        case tuple():
            return ", ".join(map(str, fact))
        case _:
            return str(fact)


def may_be_on(hosts: tuple[str, ...], kind: Kind) -> str:
    """Name the hosts that something may be on, or may have been on where it is seen again."""
    return f"may {'have been' if kind is Kind.SEEN_AGAIN else 'be'} on {listed(hosts)}"


def reminder(due: Reminder) -> str:
    """Remind of a host that does not answer."""
    return f"{due.hypervisor} has not been read since {due.since:%Y-%m-%d}: {quantity(due.days, 'day')}"


def ending(ending_waiver: EndingWaiver) -> str:
    """Warn about a waiver that ends."""
    when = "today" if ending_waiver.days == 0 else f"in {quantity(ending_waiver.days, 'day')}"
    return f"waiver {ending_waiver.waiver.reason!r} ends {when} (last day {ending_waiver.until})"


def joined(parts: Iterable[tuple[int, str, str]]) -> str:
    """List counts with their nouns, which may be empty, and words; those of nothing are left out."""
    return ", ".join(f"{quantity(count, noun) if noun else count} {words}" for count, noun, words in parts if count)
