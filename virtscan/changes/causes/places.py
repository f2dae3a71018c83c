"""The place of a server as a cause: where it is, or whether that could be observed."""

from collections.abc import Mapping

import msgspec

from virtscan.changes.observation import ObservedHost
from virtscan.changes.values import Cause, CauseKind
from virtscan.model import Finding
from virtscan.model import reasons as r
from virtscan.model.reasons import WhyUnlocated

_UNREAD = {WhyUnlocated.HYPERVISOR_INCOMPLETE, WhyUnlocated.OUTDATED}


class _FindingPlace(msgspec.Struct, frozen=True):
    """A hypervisor, and where on it the server is; `unread` if that could not be observed."""

    hypervisor: str | None
    domain: str | None = None
    device: str | None = None
    unread: bool = False


def place_cause(old: Finding | None, new: Finding | None, hosts: Mapping[str, ObservedHost]) -> Cause | None:
    """Explain a finding's change by the place of the server that both name, if both places are observed and differ.

    If one of the two places was not observed, the cause is the reading of a hypervisor.

    Args:
        old: The former finding.
        new: The present one.
        hosts: The hypervisors by any name.
    """
    if old is None or new is None or old.server is None:
        return None
    if (old.server, old.server_interface) != (new.server, new.server_interface):
        return None
    before, after = _place(old), _place(new)
    if before is None or after is None or before == after:
        return None
    if before.unread or after.unread:
        return _reading(before, after, hosts)
    pairs = (
        (before.hypervisor, after.hypervisor),
        (before.domain, after.domain),
        (before.device, after.device),
    )
    for first, second in pairs:
        if first != second and first is not None and second is not None:
            return Cause(
                kind=CauseKind.SERVER_PLACE,
                server=new.server,
                server_interface=new.server_interface,
                old=first,
                new=second,
            )
    return None


def _place(finding: Finding) -> _FindingPlace | None:
    """Return the place that a finding rests on; None if it rests on none."""
    for reason in (*finding.missing, *finding.because):
        match reason:
            case r.NeedsPlace(why=why) if why in _UNREAD:
                return _FindingPlace(reason.hypervisor, unread=True)
            case r.NeedsHypervisors(hypervisors=names):
                return _FindingPlace(names[0] if len(names) == 1 else None, unread=True)
            case r.OnOtherHypervisor(declared=False):
                return _FindingPlace(reason.hypervisor, reason.domain)
            case r.SharesDevice() | r.Carried() | r.ElsewhereOnHypervisor():
                return _FindingPlace(reason.hypervisor, reason.domain, reason.device)
            case r.SeparatedByVlan() | r.SendsDown():
                return _FindingPlace(reason.hypervisor, reason.domain, reason.server_device)
            case _:
                pass
    return None


def _reading(before: _FindingPlace, after: _FindingPlace, hosts: Mapping[str, ObservedHost]) -> Cause | None:
    """Name the hypervisor whose reading differs: the one that hides the place, else the one that the server is on."""
    first, second = (after, before) if after.unread else (before, after)
    for name in (first.hypervisor, second.hypervisor):
        host = hosts.get(name or "")
        if host is None or host.pair.old is None or host.pair.new is None:
            continue
        statuses = host.pair.old.status, host.pair.new.status
        if statuses[0] is not statuses[1]:
            old, new = (status.value for status in statuses)
            return Cause(kind=CauseKind.HOST_READ, hypervisor=host.new.name, old=old, new=new)
    return None
