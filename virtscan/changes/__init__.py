"""Changes between two inventories, as typed values; pure."""

from virtscan.changes.compare import Judge, compare
from virtscan.changes.findings import is_newly_at_risk, is_newly_unknown
from virtscan.changes.news import news
from virtscan.changes.remembering import remembering, replaced_definitions, with_later_domains
from virtscan.changes.values import (
    Cause,
    CauseKind,
    Changes,
    DomainChange,
    DomainRef,
    EndingWaiver,
    FieldChange,
    FindingChange,
    FindingKind,
    HostChange,
    InterfaceChange,
    Kind,
    Reminder,
    ServerChange,
    ServerRef,
    Snapshot,
    SystemChange,
    SystemRef,
)

__all__ = [
    "Cause", "CauseKind", "Changes", "DomainChange", "DomainRef", "EndingWaiver", "FieldChange", "FindingChange",
    "FindingKind", "HostChange", "InterfaceChange", "Judge", "Kind", "Reminder", "ServerChange", "ServerRef",
    "Snapshot", "SystemChange", "SystemRef", "compare", "is_newly_at_risk", "is_newly_unknown", "news", "remembering",
    "replaced_definitions",
    "with_later_domains",
]  # fmt: skip
