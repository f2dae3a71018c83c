"""Waivers and records of provisioning systems as causes."""

from virtscan.changes.hosts import unread_systems
from virtscan.changes.values import Cause, CauseKind, FindingKind
from virtscan.model import Finding, Inventory, Mac


def waiver_cause(
    kind: FindingKind, old: Finding | None, new: Finding | None, before: Inventory, after: Inventory
) -> Cause | None:
    """Explain a finding that is newly waived, or no longer, by a waiver that one side alone has."""
    waived, with_waiver, without_waiver = old, before, after
    if kind is FindingKind.WAIVED:
        waived, with_waiver, without_waiver = new, after, before
    elif kind is not FindingKind.WAIVER_ENDED:
        return None
    holding = _holding(without_waiver)
    reasons = {reason for reason, *rest in _holding(with_waiver) if (reason, *rest) not in holding}
    is_proven = waived is not None and waived.waived in reasons
    return Cause(kind=CauseKind.WAIVER) if is_proven else None


def _holding(inventory: Inventory) -> set[tuple[str, ...]]:
    """Return the waivers that hold at the scan, without their ends."""
    return {
        (waiver.reason, waiver.hypervisor, waiver.domain, waiver.mac, waiver.server)
        for waiver in inventory.policy.waivers
        if waiver.holds_on(inventory.taken_at.date())
    }


def record_cause(mac: Mac | None, before: Inventory, after: Inventory) -> Cause | None:
    """Explain an exposure that is or was pending by the records of this MAC."""
    pending = [
        {record.source for record in side.netboots if record.mac == mac and record.pending} for side in (before, after)
    ]
    if not pending[0] ^ pending[1] or mac is None:
        return None
    for sources, inventory in ((pending[0], after), (pending[1], before)):
        for system in unread_systems(inventory):
            if f"{system.kind.value} {system.name}" in sources:
                return Cause(kind=CauseKind.SYSTEM_READ, system=system.name)
    return Cause(kind=CauseKind.RECORD)
