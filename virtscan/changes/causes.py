"""The causes of changed findings: of all changes, the best explanation of each."""

from collections.abc import Iterable, Mapping, Sequence

from virtscan.changes.domains import Life
from virtscan.changes.fields import TX
from virtscan.changes.observation import ObservedHost
from virtscan.changes.values import (
    Cause,
    CauseKind,
    DomainChange,
    DomainRef,
    FieldChange,
    FindingKind,
    HostChange,
    InterfaceChange,
    Kind,
    ServerChange,
    ServerRef,
)
from virtscan.model import Exposure, Finding, State, Verdict
from virtscan.model import reasons as r

_OPEN = {Verdict.AT_RISK, Verdict.UNKNOWN}
_PLACES = (
    r.SharesDevice,
    r.Carried,
    r.SeparatedByVlan,
    r.SendsDown,
    r.ElsewhereOnHypervisor,
    r.OnOtherHypervisor,
    r.NotOnHypervisor,
    r.DeclaredPhysical,
    r.ObservedPhysical,
    r.NeedsPlace,
)
_KERNEL = ("kernel", "declared_kernel")


class Causes:
    """All changes of hosts, servers, domains and interfaces, as explanations."""

    def __init__(
        self,
        observed: Sequence[ObservedHost],
        hosts: Iterable[HostChange],
        servers: Iterable[ServerChange],
        domains: Iterable[DomainChange],
        interfaces: Iterable[InterfaceChange],
    ) -> None:
        self._hosts = observed
        self._kernels: Mapping[str, FieldChange] = {
            one.hypervisor: field for one in hosts for field in reversed(one.fields) if field.field in _KERNEL
        }
        self._servers: dict[ServerRef, Cause] = {}
        for one in servers:
            if (cause := _of_server(one)) is not None:
                self._servers.setdefault(one.server, cause)
        self._changed = {
            *(one.domain for one in domains if one.kind is Kind.CHANGED),
            *(one.domain for one in interfaces),
        }

    def of(self, kind: FindingKind, old: Finding | None, new: Finding | None, life: Life) -> Cause:
        """Explain the change of one finding."""
        if kind in {FindingKind.WAIVED, FindingKind.WAIVER_ENDED}:
            return Cause(kind=CauseKind.WAIVER)
        if kind in {FindingKind.EXPOSURE_RISEN, FindingKind.EXPOSURE_FALLEN}:
            exposures = {one.exposure for one in (old, new) if one is not None}
            return Cause(kind=CauseKind.RECORD if Exposure.PENDING in exposures else CauseKind.DOMAIN_CHANGED)
        if (whole := self._of_life(life)) is not None:
            return whole
        finding = _open(old, new)
        return self._of_server(finding) or self._of_host(finding, life) or _of_place(old, new, finding)

    def _of_life(self, life: Life) -> Cause | None:
        match life.kind:
            case Kind.ADDED:
                return Cause(kind=CauseKind.DOMAIN_ADDED)
            case Kind.REMOVED:
                return Cause(kind=CauseKind.DOMAIN_REMOVED)
            case Kind.NOT_SEEN:
                side = None if life.old is None else self._hosts[life.old].old
            case Kind.SEEN_AGAIN if life.old is None:
                side = None if life.new is None else self._hosts[life.new].new
            case _:
                return None
        return Cause(kind=CauseKind.HOST_READ, hypervisor=None if side is None else side.name)

    def _of_server(self, finding: Finding) -> Cause | None:
        if finding.server is None:
            return None
        return self._servers.get(ServerRef(server=finding.server, interface=finding.server_interface))

    def _of_host(self, finding: Finding, life: Life) -> Cause | None:
        """Explain it by the hypervisor that the domain is on now, or by the domain itself."""
        name = finding.hypervisor if life.new is None else self._hosts[life.new].new.name
        if life.kind is Kind.MOVED:
            return Cause(kind=CauseKind.DOMAIN_MOVED, hypervisor=name)
        if (field := self._kernels.get(name or "")) is not None:
            old, new = (None if value is None else str(value) for value in (field.old, field.new))
            return Cause(kind=CauseKind.KERNEL, hypervisor=name, old=old, new=new)
        ref = DomainRef(hypervisor=finding.hypervisor, domain=finding.domain, uuid=finding.uuid)
        return Cause(kind=CauseKind.DOMAIN_CHANGED) if ref in self._changed else None


def _open(old: Finding | None, new: Finding | None) -> Finding:
    """Give the side that names the server in question: the one that is at risk or unknown, the newer first."""
    found = next((one for one in (new, old) if one is not None and one.verdict in _OPEN), new or old)
    assert found is not None  # noqa: S101  a change has at least one side
    return found


def _of_server(change: ServerChange) -> Cause | None:
    """Give the cause that a server's change is for findings: its offload above all."""
    server, interface = change.server.server, change.server.interface
    match change.kind:
        case Kind.ADDED:
            return Cause(kind=CauseKind.SERVER_ADDED, server=server, server_interface=interface)
        case Kind.REMOVED:
            return Cause(kind=CauseKind.SERVER_REMOVED, server=server, server_interface=interface)
        case Kind.NOT_SEEN | Kind.SEEN_AGAIN:
            states = (None, State.UNKNOWN.value)
            old, new = states if change.kind is Kind.NOT_SEEN else reversed(states)
            return Cause(kind=CauseKind.SERVER_OFFLOAD, server=server, server_interface=interface, old=old, new=new)
        case _:
            pass
    for field in change.fields:
        if field.field == TX:
            return Cause(
                kind=CauseKind.SERVER_OFFLOAD,
                server=server,
                server_interface=interface,
                device=field.device,
                old=str(field.old),
                new=str(field.new),
            )
    return None


def _of_place(old: Finding | None, new: Finding | None, finding: Finding) -> Cause:
    """Explain it by the server's place, if that has changed."""
    before, after = ({reason for reason in _reasons(one) if isinstance(reason, _PLACES)} for one in (old, new))
    if finding.server is not None and before != after and None not in {old, new}:
        return Cause(kind=CauseKind.SERVER_PLACE, server=finding.server, server_interface=finding.server_interface)
    return Cause(kind=CauseKind.OTHER, hypervisor=finding.hypervisor)


def _reasons(finding: Finding | None) -> tuple[r.Reason, ...]:
    return () if finding is None else (*finding.because, *finding.missing)
