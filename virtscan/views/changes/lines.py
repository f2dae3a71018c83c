"""The rows of the changes document: a change of anything, in the same columns."""

from collections.abc import Iterator, Mapping
from enum import Enum

import msgspec

from virtscan.changes import (
    Cause,
    Changes,
    DomainChange,
    FieldChange,
    FindingChange,
    FindingKind,
    HostChange,
    InterfaceChange,
    Kind,
    ServerChange,
    SystemChange,
)
from virtscan.model import OPEN, Finding, HostStatus, Verdict
from virtscan.views.wording import changes as wording
from virtscan.views.wording.phrases.quantity import quantity


class Subject(Enum):
    """Subject of a change; in the order of the rows."""

    FINDING = "finding"
    HYPERVISOR = "hypervisor"
    SERVER = "server"
    DOMAIN = "domain"
    INTERFACE = "interface"
    SYSTEM = "system"


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `mark` is common to its group, `detail` is its own part, in words."""

    subject: Subject
    kind: Kind | FindingKind
    mark: tuple[object, ...]
    detail: str = ""
    hypervisor: str | None = None
    domain: str | None = None
    uuid: str | None = None
    index: int | None = None
    mac: str | None = None
    server: str | None = None
    server_interface: str | None = None
    system: str | None = None
    old: Finding | None = None
    new: Finding | None = None
    old_hypervisor: str | None = None
    old_domain: str | None = None
    fields: tuple[FieldChange, ...] = ()
    cause: Cause | None = None
    is_certain: bool = True
    unread: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict now, or before if there is none now."""
        finding = self.new or self.old
        return None if finding is None else finding.verdict


def lines(changes: Changes) -> Iterator[ChangeLine]:
    """Yield every change in the order of the subjects."""
    yield from map(_of_finding, changes.findings)
    yield from (_of_host(change, is_first=changes.is_first) for change in changes.hypervisors)
    yield from map(_of_server, changes.servers)
    yield from map(_of_domain, changes.domains)
    yield from map(_of_interface, changes.interfaces)
    yield from map(_of_system, changes.systems)


def _of_finding(change: FindingChange) -> ChangeLine:
    finding = change.finding
    risk = finding if change.new is None or change.new.verdict not in OPEN else change.new
    return ChangeLine(
        subject=Subject.FINDING,
        kind=change.kind,
        mark=(change.cause, wording.finding_happened(change.kind, risk.verdict)),
        detail=_verdicts(change),
        hypervisor=finding.hypervisor,
        domain=finding.domain,
        uuid=finding.uuid,
        index=finding.index,
        mac=finding.mac,
        server=risk.server,
        server_interface=risk.server_interface,
        old=change.old,
        new=change.new,
        old_hypervisor=None if change.old is None else change.old.hypervisor,
        old_domain=None if change.old is None else change.old.domain,
        cause=change.cause,
        is_certain=change.is_seen,
    )


def _verdicts(change: FindingChange) -> str:
    text = change.finding.exposure.value
    if change.kind in {FindingKind.EXPOSURE_RISEN, FindingKind.EXPOSURE_FALLEN}:
        text = " → ".join(finding.exposure.value for finding in (change.old, change.new) if finding is not None)
    elif change.kind is FindingKind.RESOLVED:
        text = "not judged" if change.new is None else change.new.verdict.value
    return text if change.is_seen else f"{text}, as last read"


def _of_host(change: HostChange, *, is_first: bool) -> ChangeLine:
    kind = change.kind
    return ChangeLine(
        subject=Subject.HYPERVISOR,
        kind=kind,
        mark=(wording.host_happened(change, is_first=is_first),),
        detail=f"was {change.old}" if kind is Kind.RENAMED else _detail(change.fields) or _domains(change),
        hypervisor=change.hypervisor,
        old_hypervisor=change.old,
        fields=change.fields,
    )


def _domains(change: HostChange) -> str:
    """Count the VMs; those of a hypervisor that was never read are unknown."""
    was_never_read = change.kind is Kind.REMOVED and change.statuses[0] is HostStatus.FAILED and not change.domains
    is_unread = change.kind is Kind.ADDED and change.statuses[1] is HostStatus.FAILED
    return "VMs unknown" if was_never_read or is_unread else quantity(change.domains, "VM")


def _of_server(change: ServerChange) -> ChangeLine:
    return ChangeLine(
        subject=Subject.SERVER,
        kind=change.kind,
        mark=(),
        detail=_detail(change.fields),
        server=change.server.server,
        server_interface=change.server.interface,
        fields=change.fields,
    )


def _of_domain(change: DomainChange) -> ChangeLine:
    domain, old = change.domain, change.old
    origin = None
    if old is not None and change.kind is Kind.MOVED:
        origin = f"from {old.hypervisor}" + ("" if change.is_certain else ", or copied")
    elif old is not None and change.kind is Kind.RENAMED:
        origin = f"was {old.domain}"
    return ChangeLine(
        subject=Subject.DOMAIN,
        kind=change.kind,
        mark=change.unread,
        detail=origin or _detail(change.fields),
        hypervisor=domain.hypervisor,
        domain=domain.domain,
        uuid=domain.uuid,
        old_hypervisor=None if old is None else old.hypervisor,
        old_domain=None if old is None else old.domain,
        fields=change.fields,
        is_certain=change.is_certain,
        unread=change.unread,
    )


def _of_interface(change: InterfaceChange) -> ChangeLine:
    return ChangeLine(
        subject=Subject.INTERFACE,
        kind=change.kind,
        mark=(),
        detail=_detail(change.fields),
        hypervisor=change.domain.hypervisor,
        domain=change.domain.domain,
        uuid=change.domain.uuid,
        index=change.index,
        mac=change.mac,
        old_hypervisor=change.old.hypervisor,
        old_domain=change.old.domain,
        fields=change.fields,
    )


def _of_system(change: SystemChange) -> ChangeLine:
    system = change.system
    return ChangeLine(subject=Subject.SYSTEM, kind=change.kind, mark=(), detail=system.kind.value, system=system.name)


def _detail(fields: tuple[FieldChange, ...]) -> str:
    return "; ".join(map(wording.field_change, fields))


COLUMNS: Mapping[Subject, tuple[str, ...]] = {
    Subject.FINDING: ("hypervisor", "domain", "mac", "detail"),
    Subject.HYPERVISOR: ("hypervisor", "detail"),
    Subject.SERVER: ("server", "server_interface", "detail"),
    Subject.DOMAIN: ("hypervisor", "domain", "detail"),
    Subject.INTERFACE: ("hypervisor", "domain", "mac", "detail"),
    Subject.SYSTEM: ("system", "detail"),
}
"""The columns in which the rows of a group differ."""
