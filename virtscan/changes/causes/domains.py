"""The definition of a domain, its device and its segment as causes."""

from collections.abc import Sequence

import msgspec

from virtscan.changes.domains import DomainPair
from virtscan.changes.observation import interface_key, interfaces_of
from virtscan.changes.values import Cause, CauseKind
from virtscan.model import Domain, Finding, Interface

_BOOTING = ("boot_devices", "direct_kernel", "firmware")
_BOOTING_INTERFACE = ("boot_order", "rom", "link")
_ATTACHED = ("type", "network", "portgroup", "source", "mode")


class DomainCauses:
    """A domain on both sides, None where it was not there."""

    def __init__(self, pair: DomainPair) -> None:
        self.old = None if pair.old is None else pair.old.domain
        self.new = None if pair.new is None else pair.new.domain

    def of_presence(self, finding: Finding | None) -> Cause | None:
        """Explain a finding by its interface if the domain is on both sides, but only one of them has the interface."""
        if self.old is None or self.new is None:
            return None
        is_on_one_side = (_interface(self.old, finding) is None) is not (_interface(self.new, finding) is None)
        return Cause(kind=CauseKind.DOMAIN_CHANGED) if is_on_one_side else None

    def of(self, old: Finding | None, new: Finding | None) -> Cause | None:
        """Explain a finding's change by that of its interface, which both sides have: definition, device, segment."""
        if self._is_attached_differently(old, new):
            return Cause(kind=CauseKind.DOMAIN_CHANGED)
        if old is None or new is None:
            return None
        if old.source_device != new.source_device:
            return Cause(kind=CauseKind.DOMAIN_DEVICE)
        if (old.device_kind, old.lower_devices) != (new.device_kind, new.lower_devices):
            return Cause(kind=CauseKind.HOST_DEVICES, hypervisor=new.hypervisor)
        if old.segment != new.segment:
            return Cause(kind=CauseKind.SEGMENT, hypervisor=new.hypervisor, old=old.segment, new=new.segment)
        return None

    def _is_attached_differently(self, old: Finding | None, new: Finding | None) -> bool:
        before, after = _interface(self.old, old or new), _interface(self.new, new or old)
        if self.old is None or self.new is None or before is None or after is None:
            return False
        fields = _ATTACHED if after.network is None else _ATTACHED[:3]
        return self.old.type != self.new.type or _differ(before, after, fields)


def boots_differently(before: Domain | None, after: Domain | None, old: Finding, new: Finding) -> bool:
    """Return True if the definitions differ in the boot settings of this interface."""
    first, second = _interface(before, old), _interface(after, new)
    if before is None or after is None or first is None or second is None:
        return False
    return _differ(before, after, _BOOTING) or _differ(first, second, _BOOTING_INTERFACE)


def _interface(domain: Domain | None, finding: Finding | None) -> Interface | None:
    """Return the interface that a finding is about."""
    if domain is None or finding is None:
        return None
    interfaces = interfaces_of(domain)
    return interfaces.get(interface_key(finding.mac, finding.index)) or interfaces.get(
        interface_key(None, finding.index)
    )


def _differ(old: msgspec.Struct, new: msgspec.Struct, fields: Sequence[str]) -> bool:
    return any(getattr(old, field) != getattr(new, field) for field in fields)
