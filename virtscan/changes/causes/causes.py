"""The cause of a changed finding: a difference of the two inventories that the finding rests on.

A cause needs a proof. Where none of the differences has one, the cause is unknown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from virtscan.changes.causes.domains import DomainCauses, boots_differently
from virtscan.changes.causes.places import place_cause
from virtscan.changes.causes.records import record_cause, waiver_cause
from virtscan.changes.causes.servers import ServerCauses
from virtscan.changes.domains import DomainPair
from virtscan.changes.hosts import is_unread
from virtscan.changes.observation import Observation, ObservedHost
from virtscan.changes.values import Cause, CauseKind, FindingKind, Kind, ServerChange
from virtscan.model import Exposure, Finding, Fix, Inventory
from virtscan.model import reasons as r

_CERTAIN = {Kind.ADDED: CauseKind.DOMAIN_ADDED, Kind.REMOVED: CauseKind.DOMAIN_REMOVED}


class Causes:
    """All differences of two inventories, as explanations."""

    def __init__(
        self, old: Inventory, new: Inventory, observed: Sequence[ObservedHost], servers: Iterable[ServerChange]
    ) -> None:
        self._old, self._new = old, new
        self._hosts = observed
        self._by_name: Mapping[str, ObservedHost] = {
            name: host for host in observed for name in (host.old.name, host.new.name) if name is not None
        }
        self._servers = ServerCauses(servers)

    def of(self, kind: FindingKind, old: Finding | None, new: Finding | None, pair: DomainPair) -> Cause:
        """Explain the change of one finding."""
        if kind in {FindingKind.EXPOSURE_RISEN, FindingKind.EXPOSURE_FALLEN} and old is not None and new is not None:
            return self._of_exposure(old, new, pair)
        proven = filter(None, self._candidates(kind, old, new, pair))
        return next(proven, None) or self._unknown(old, new)

    def _candidates(
        self, kind: FindingKind, old: Finding | None, new: Finding | None, pair: DomainPair
    ) -> Iterator[Cause | None]:
        """Yield the cause of each kind, None without a proof; the first one explains the change."""
        yield waiver_cause(kind, old, new, self._old, self._new)
        yield self._of_pair(kind, pair)
        yield DomainCauses(pair).of_presence(new or old)
        yield self._servers.of(old, new)
        yield self._of_host(old, new, pair)
        yield place_cause(old, new, self._by_name)

    def _unknown(self, old: Finding | None, new: Finding | None) -> Cause:
        finding = new or old
        return Cause(kind=CauseKind.UNKNOWN, hypervisor=None if finding is None else finding.hypervisor)

    def _of_exposure(self, old: Finding, new: Finding, pair: DomainPair) -> Cause:
        if Exposure.PENDING in {old.exposure, new.exposure}:
            return record_cause(new.mac, self._old, self._new) or self._unknown(old, new)
        domains = DomainCauses(pair)
        is_proven = boots_differently(domains.old, domains.new, old, new)
        return Cause(kind=CauseKind.DOMAIN_CHANGED) if is_proven else self._unknown(old, new)

    def _of_pair(self, kind: FindingKind, pair: DomainPair) -> Cause | None:
        """Explain a finding's change by that of the domain as a whole, or by its hypervisor's reading."""
        domain = pair.new if pair.old is None else pair.old
        is_unread = pair.kind is Kind.NOT_SEEN and kind is FindingKind.NOT_SEEN
        if pair.kind is None or domain is None or not (pair.old is None or pair.new is None or is_unread):
            return None
        host = domain.host
        if host.pair.new is None:
            return Cause(kind=CauseKind.HOST_REMOVED, hypervisor=host.old.name)
        if host.pair.old is None:
            return Cause(kind=CauseKind.HOST_ADDED, hypervisor=host.new.name)
        if pair.kind in _CERTAIN:
            return Cause(kind=_CERTAIN[pair.kind])
        return _reading(_may_hold(pair.kind, (host,)) or _may_hold(pair.kind, self._hosts))

    def _of_host(self, old: Finding | None, new: Finding | None, pair: DomainPair) -> Cause | None:
        """Explain a finding's change by the hypervisor that the domain is on, or by the domain itself."""
        if pair.old is None or pair.new is None:
            return None
        before, after = pair.old.host.pair.old, pair.new.host.pair.new
        if pair.kind is Kind.MOVED:
            return Cause(kind=CauseKind.DOMAIN_MOVED, hypervisor=None if after is None else after.name)
        if before is None or after is None:
            return None
        releases = before.kernel_release, after.kernel_release
        if releases[0] != releases[1] and _settled_by_kernel(old) is not _settled_by_kernel(new):
            return Cause(kind=CauseKind.KERNEL, hypervisor=after.name, old=releases[0], new=releases[1])
        return DomainCauses(pair).of(old, new)


def _may_hold(kind: Kind, hosts: Iterable[ObservedHost]) -> list[tuple[ObservedHost, Observation]]:
    """Return the hosts on which a domain may be, or may have been, each with the observation that allows it."""
    sides = ((host, host.new if kind is Kind.NOT_SEEN else host.old) for host in hosts)
    return [(host, side) for host, side in sides if not side.is_complete]


def _reading(may_hold: Sequence[tuple[ObservedHost, Observation]]) -> Cause:
    """Return the cause: an unread host first, otherwise an incomplete list; it names the host if it is the only one."""
    unread = [host for host, side in may_hold if side.host is not None and is_unread(side.host.status)]
    if not unread:
        name = may_hold[0][1].name if len(may_hold) == 1 else None
        return Cause(kind=CauseKind.INCOMPLETE_LIST, hypervisor=name)
    if len(unread) > 1:
        return Cause(kind=CauseKind.HOST_READ)
    host = unread[0]
    before, after = (
        None if observation is None else observation.status.value for observation in (host.pair.old, host.pair.new)
    )
    return Cause(kind=CauseKind.HOST_READ, hypervisor=host.new.name or host.old.name, old=before, new=after)


def _settled_by_kernel(finding: Finding | None) -> bool:
    """Return True if the finding rests on a kernel that fills in checksums."""
    because = () if finding is None else finding.because
    return any(
        isinstance(reason, r.KernelInferred) or (isinstance(reason, r.KernelKnown) and reason.fix is Fix.FIXED)
        for reason in because
    )
