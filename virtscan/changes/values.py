"""The changes of a fleet: kinds, subjects and causes."""

from datetime import date, datetime
from enum import Enum
from typing import TypeAlias

import msgspec

from virtscan.model import Finding, HostStatus, Mac, ProvisioningKind, Ranked, Waiver

FieldValue: TypeAlias = str | int | float | bool | tuple[str, ...] | None
"""A fact as JSON has it: closed sets by their words."""


class Kind(Ranked):
    """Kind of change of a host, server, domain or interface.

    NOT_SEEN is one that was not read, or that may be on a host that was not read or may not list it: never a removal.
    SEEN_AGAIN is the reverse.
    """

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    CHANGED = "changed"
    NOT_SEEN = "not-seen"
    SEEN_AGAIN = "seen-again"


class FindingKind(Ranked):
    """Kind of change of a finding, the most urgent first.

    NEW is at risk or unknown, and was neither or was unknown. UNDECIDED was at risk and is unknown, which resolves
    nothing. SEEN_AGAIN is at risk or unknown, and may have been there before, unseen. NO_LONGER_SCANNED was at risk or
    unknown on a hypervisor that was removed from the configuration, which cures nothing.
    """

    NEW = "new"
    SEEN_AGAIN = "seen-again"
    WAIVER_ENDED = "waiver-ended"
    EXPOSURE_RISEN = "exposure-risen"
    UNDECIDED = "undecided"
    NOT_SEEN = "not-seen"
    EXPOSURE_FALLEN = "exposure-fallen"
    WAIVED = "waived"
    RESOLVED = "resolved"
    NO_LONGER_SCANNED = "no-longer-scanned"


class CauseKind(Enum):
    """Kind of cause of a finding's change: a proven difference of the two inventories, or UNKNOWN."""

    FIRST_SCAN = "first-scan"
    WAIVER = "waiver"
    HOST_READ = "host-read"
    INCOMPLETE_LIST = "incomplete-list"
    HOST_ADDED = "host-added"
    HOST_REMOVED = "host-removed"
    DOMAIN_ADDED = "domain-added"
    DOMAIN_REMOVED = "domain-removed"
    SERVER_ADDED = "server-added"
    SERVER_REMOVED = "server-removed"
    SERVER_OFFLOAD = "server-offload"
    SERVER_DECLARED = "server-declared"
    KERNEL = "kernel"
    RECORD = "record"
    SYSTEM_READ = "system-read"
    DOMAIN_MOVED = "domain-moved"
    DOMAIN_CHANGED = "domain-changed"
    DOMAIN_DEVICE = "domain-device"
    HOST_DEVICES = "host-devices"
    SEGMENT = "segment"
    SERVER_PLACE = "server-place"
    UNKNOWN = "unknown"


def may_be_same(scope: str | None, other: str | None) -> bool:
    """Return True unless the two scopes are known to be different."""
    return None in {scope, other} or scope == other


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison."""

    version: str
    taken_at: datetime
    scope: str | None = None


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field with its value before and after; `device` is the one of the server that it belongs to."""

    field: str
    device: str | None = None
    old: FieldValue
    new: FieldValue


class DomainRef(msgspec.Struct, frozen=True, kw_only=True):
    """A domain on a hypervisor, by the names of one inventory."""

    hypervisor: str
    domain: str
    uuid: str | None = None


class ServerRef(msgspec.Struct, frozen=True, kw_only=True):
    """A server with the interface that it is named with."""

    server: str
    interface: str | None = None


class HostChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a hypervisor; `old` and `new` are its names, None where the inventory lacks it.

    `statuses` are how much of it was read before and after. `domains` counts those that it had when last read.
    """

    kind: Kind
    old: str | None
    new: str | None
    fields: tuple[FieldChange, ...] = ()
    statuses: tuple[HostStatus | None, HostStatus | None] = (None, None)
    domains: int = 0

    @property
    def hypervisor(self) -> str:
        """The name that it has now, or had."""
        return self.new or self.old or ""


class ServerChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a provisioning server."""

    kind: Kind
    server: ServerRef
    fields: tuple[FieldChange, ...] = ()


class SystemRef(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning system, by its name or its URL."""

    kind: ProvisioningKind
    name: str


class SystemChange(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning system that was read completely on one side alone."""

    kind: Kind
    system: SystemRef


class DomainChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a domain; `old` and `new` are None where it was not there.

    `is_certain` is False for a domain that moved where one of the two hosts was not read: it may be a copy. `unread`
    names the hosts that it may be on, or may have been on.
    """

    kind: Kind
    old: DomainRef | None
    new: DomainRef | None
    fields: tuple[FieldChange, ...] = ()
    is_certain: bool = True
    unread: tuple[str, ...] = ()

    @property
    def domain(self) -> DomainRef:
        """The domain as it is now, or as it was."""
        domain = self.new or self.old
        assert domain is not None  # noqa: S101  a change has at least one side
        return domain


class InterfaceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an interface of a domain that both inventories have; `domain` is the present one."""

    kind: Kind
    old: DomainRef
    domain: DomainRef
    index: int
    mac: Mac | None
    fields: tuple[FieldChange, ...] = ()


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The change that explains that of findings; findings with an equal cause are one group.

    `old` and `new` are states of the server's offload, releases of the kernel, how much of a hypervisor was read,
    segments or places. `device` is the server's device whose state changed, `fact` the changed declaration.
    """

    kind: CauseKind
    server: str | None = None
    server_interface: str | None = None
    hypervisor: str | None = None
    device: str | None = None
    old: str | None = None
    new: str | None = None
    system: str | None = None
    fact: str | None = None


class FindingChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a finding; `old` and `new` are None where there was none.

    `is_seen` is False if the newer inventory only remembers the domain.
    """

    kind: FindingKind
    old: Finding | None
    new: Finding | None
    cause: Cause
    is_seen: bool = True

    @property
    def finding(self) -> Finding:
        """The finding as it is now, or as it was."""
        finding = self.new or self.old
        assert finding is not None  # noqa: S101  a change has at least one side
        return finding


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor that has not been read for some more full weeks."""

    hypervisor: str
    since: datetime
    days: int


class EndingWaiver(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver that will end soon, as the older inventory did not yet show."""

    waiver: Waiver
    until: date
    days: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that changed from an older to a newer inventory.

    `unread` names the hosts that one of the two did not read completely, `unread_systems` such provisioning systems:
    holes of the comparison. `lost_all_domains` is True if only the older one has any domain. `is_first`
    is True for the first scan, with nothing before it. `is_same_scope` is False if the two are of different
    configurations.
    """

    old: Snapshot
    new: Snapshot
    findings: tuple[FindingChange, ...] = ()
    hypervisors: tuple[HostChange, ...] = ()
    servers: tuple[ServerChange, ...] = ()
    domains: tuple[DomainChange, ...] = ()
    interfaces: tuple[InterfaceChange, ...] = ()
    systems: tuple[SystemChange, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    ending: tuple[EndingWaiver, ...] = ()
    unread: tuple[str, ...] = ()
    unread_systems: tuple[SystemRef, ...] = ()
    lost_all_domains: bool = False
    is_first: bool = False

    @property
    def is_empty(self) -> bool:
        """Return True if nothing is new."""
        return not (
            self.findings
            or self.hypervisors
            or self.servers
            or self.domains
            or self.interfaces
            or self.systems
            or self.reminders
            or self.ending
        )

    @property
    def is_same_scope(self) -> bool:
        """Return True unless the two are known to be of different configurations."""
        return may_be_same(self.old.scope, self.new.scope)
