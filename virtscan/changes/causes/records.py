"""Waivers and records of provisioning systems as causes."""

from datetime import date

from virtscan.changes.hosts import unread_systems
from virtscan.changes.values import Cause, CauseKind, FindingKind
from virtscan.model import Finding, Inventory, Mac


def waiver_cause(
    kind: FindingKind, old: Finding | None, new: Finding | None, before: Inventory, after: Inventory
) -> Cause | None:
    """Explain a finding that is newly waived, or no longer, by a waiver that one side alone has."""
    waived, one, other = old, before, after
    if kind is FindingKind.WAIVED:
        waived, one, other = new, after, before
    elif kind is not FindingKind.WAIVER_ENDED:
        return None
    holding = _holding(other)
    reasons = {reason for reason, *rest in _holding(one) if (reason, *rest) not in holding}
    is_proven = waived is not None and waived.waived in reasons
    return Cause(kind=CauseKind.WAIVER) if is_proven else None


def _holding(inventory: Inventory) -> set[tuple[str, ...]]:
    """Return the waivers that hold at the scan, without their ends."""
    today: date = inventory.taken_at.date()
    return {
        (one.reason, one.hypervisor, one.domain, one.mac, one.server)
        for one in inventory.policy.waivers
        if one.until is None or one.until >= today
    }


def record_cause(mac: Mac | None, before: Inventory, after: Inventory) -> Cause | None:
    """Explain an exposure that is or was pending by the records of this MAC."""
    pending = [{one.source for one in side.netboots if one.mac == mac and one.pending} for side in (before, after)]
    if not pending[0] ^ pending[1] or mac is None:
        return None
    for sources, other in ((pending[0], after), (pending[1], before)):
        for system in unread_systems(other):
            if f"{system.kind.value} {system.name}" in sources:
                return Cause(kind=CauseKind.SYSTEM_READ, system=system.name)
    return Cause(kind=CauseKind.RECORD)
