"""The document of changes, `virtscan.diff/1`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

import msgspec

from virtscan.changes import (
    Cause,
    CauseKind,
    Changes,
    EndingWaiver,
    FieldChange,
    FindingKind,
    Kind,
    Reminder,
    Snapshot,
    is_newly_at_risk,
    is_newly_unknown,
)
from virtscan.model import Exposure, Gap, Verdict, Waiver
from virtscan.views.changes.groups import groups
from virtscan.views.changes.lines import ChangeLine, Subject, lines
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Metric,
    Section,
    metrics_by,
    moment,
    number,
    one_of,
    record,
    records,
    records_of,
    section,
    texts,
    timestamp,
    word,
    yes_or_no,
)
from virtscan.views.report.gap_section import gap_section
from virtscan.views.wording import changes as wording

_DATA = Audience.DATA
_KINDS = tuple(dict.fromkeys(str(kind.value) for kind in (*FindingKind, *Kind)))


def view(changes: Changes, gaps: Iterable[Gap] = ()) -> Document:
    """Show every change, by cause.

    Args:
        changes: The changes.
        gaps: Gaps of the newer side alone.
    """
    change_lines = tuple(lines(changes))
    main = section("changes", _FIELDS, change_lines)
    grouped = groups(change_lines)
    return Document(
        schema="virtscan.diff/1",
        version=changes.new.version,
        taken_at=changes.new.taken_at,
        head={"scope": changes.new.scope, "since": _side(changes.old)},
        sections=(
            msgspec.structs.replace(main, groups=grouped),
            _causes(change_lines),
            section("reminders", _REMINDERS, changes.reminders),
            section("ending_waivers", _ENDING, changes.ending),
            section("unread", (Field(Column("hypervisor"), str),), changes.unread),
        ),
        metrics=tuple(_metrics(changes)),
        headline=_headline(changes),
        notes=tuple(_notes(changes)),
        gaps=gap_section(gaps, changes.new.taken_at),
    )


def _side(side: Snapshot) -> dict[str, object]:
    return {"version": side.version, "taken_at": timestamp(side.taken_at), "scope": side.scope}


_FIELDS: tuple[Field[ChangeLine], ...] = (
    Field(one_of(Subject, "subject"), lambda line: word(line.subject)),
    Field(Column("change", words=_KINDS), lambda line: word(line.kind)),
    Field(Column("hypervisor"), lambda line: line.hypervisor),
    Field(Column("domain", under="hypervisor"), lambda line: line.domain),
    Field(Column("uuid", audience=_DATA), lambda line: line.uuid),
    Field(number("index", audience=_DATA), lambda line: line.index),
    Field(Column("mac", "MAC"), lambda line: line.mac),
    Field(Column("server"), lambda line: line.server),
    Field(Column("server_interface", under="server"), lambda line: line.server_interface),
    Field(Column("system", audience=_DATA), lambda line: line.system),
    Field(one_of(Verdict, "old_verdict", audience=_DATA), lambda line: word(line.old.verdict) if line.old else None),
    Field(one_of(Verdict, "verdict"), lambda line: word(line.new.verdict) if line.new else None),
    Field(one_of(Exposure, "old_exposure", audience=_DATA), lambda line: word(line.old.exposure) if line.old else None),
    Field(one_of(Exposure, "exposure", audience=_DATA), lambda line: word(line.new.exposure) if line.new else None),
    Field(Column("waived", audience=_DATA), lambda line: line.new.waived if line.new else None),
    Field(Column("old_hypervisor", audience=_DATA), lambda line: line.old_hypervisor),
    Field(Column("old_domain", audience=_DATA), lambda line: line.old_domain),
    Field(one_of(CauseKind, "cause", audience=_DATA), lambda line: word(line.cause.kind) if line.cause else None),
    Field(yes_or_no("certain", audience=_DATA), lambda line: line.is_certain),
    Field(texts("unread", audience=_DATA), lambda line: line.unread),
    Field(records_of(FieldChange, key="fields"), lambda line: records(line.fields)),
    Field(Column("detail", wraps=True), lambda line: line.detail or None),
)


class _CauseFindings(msgspec.Struct, frozen=True, kw_only=True):
    """Findings with one cause."""

    cause: Cause
    kind: FindingKind
    findings: int


_CAUSES: tuple[Field[_CauseFindings], ...] = (
    Field(one_of(FindingKind, "change"), lambda row: word(row.kind)),
    Field(one_of(CauseKind, "cause"), lambda row: word(row.cause.kind)),
    Field(Column("server"), lambda row: row.cause.server),
    Field(Column("server_interface"), lambda row: row.cause.server_interface),
    Field(Column("hypervisor"), lambda row: row.cause.hypervisor),
    Field(Column("device"), lambda row: row.cause.device),
    Field(Column("old"), lambda row: row.cause.old),
    Field(Column("new"), lambda row: row.cause.new),
    Field(Column("system"), lambda row: row.cause.system),
    Field(Column("fact"), lambda row: row.cause.fact),
    Field(number("findings"), lambda row: row.findings),
)

_REMINDERS: tuple[Field[Reminder], ...] = (
    Field(Column("hypervisor"), lambda reminder: reminder.hypervisor),
    Field(moment("since"), lambda reminder: timestamp(reminder.since)),
    Field(number("days"), lambda reminder: reminder.days),
)

_ENDING: tuple[Field[EndingWaiver], ...] = (
    Field(Column("reason"), lambda ending: ending.waiver.reason),
    Field(Column("until"), lambda ending: ending.until.isoformat()),
    Field(number("days"), lambda ending: ending.days),
    Field(Column("waiver", audience=Audience.DOCUMENTS, holds=Waiver), lambda ending: record(ending.waiver)),
)


def _causes(change_lines: Sequence[ChangeLine]) -> Section:
    counted = Counter((line.cause, line.kind) for line in change_lines)
    return section(
        "causes",
        _CAUSES,
        [
            _CauseFindings(cause=cause, kind=kind, findings=count)
            for (cause, kind), count in counted.items()
            if cause is not None and isinstance(kind, FindingKind)
        ],
    )


_CALLED = {"systems": "Provisioning systems"}


def _metrics(changes: Changes) -> Iterator[Metric]:
    """Count the changes; every label has every value, in the order of its set."""
    kinds = (change.kind for change in changes.findings)
    yield from metrics_by("findings", FindingKind, "change", kinds, "Findings that changed.")
    for name in ("hypervisors", "servers", "domains", "interfaces", "systems"):
        text = f"{_CALLED.get(name, name.capitalize())} that changed."
        yield from metrics_by(name, Kind, "change", (change.kind for change in getattr(changes, name)), text)
    yield _metric("newly_at_risk", sum(map(is_newly_at_risk, changes.findings)), "Interfaces that are newly at risk.")
    yield _metric("newly_unknown", sum(map(is_newly_unknown, changes.findings)), "Interfaces that are newly unknown.")
    yield _metric("not_read", len(changes.unread), "Hypervisors that one of the two scans did not read completely.")
    yield _metric("systems_not_read", len(changes.unread_systems), "Provisioning systems that one scan did not read.")


def _metric(name: str, value: int, text: str) -> Metric:
    return Metric(name=name, value=value, help=text)


def _headline(changes: Changes) -> str:
    """Count the changes, the most urgent first: the subject of the mail."""
    if changes.is_empty:
        return ""
    findings = Counter(change.kind for change in changes.findings)
    in_order = sorted(changes.hypervisors, key=lambda change: change.kind.rank)
    hosts = Counter(wording.host_happened(change, is_first=changes.is_first) for change in in_order)
    systems = Counter(change.kind for change in changes.systems)
    servers = Counter(change.kind for change in changes.servers)
    domains = Counter(change.kind for change in changes.domains)
    parts = [
        (sum(map(is_newly_at_risk, changes.findings)), "", "newly at risk"),
        (sum(map(is_newly_unknown, changes.findings)), "", "newly unknown"),
        (findings[FindingKind.RESOLVED], "finding", "resolved"),
        (findings[FindingKind.NO_LONGER_SCANNED], "finding", "no longer scanned"),
        (findings[FindingKind.NOT_SEEN], "finding", "not seen"),
        *((count, "hypervisor", happened) for happened, count in hosts.items()),
        *((servers[kind], "server", wording.happened("server", kind)) for kind in Kind),
        *((systems[kind], "provisioning system", wording.happened("provisioning system", kind)) for kind in Kind),
        *((domains[kind], "VM", wording.happened("VM", kind)) for kind in Kind),
        (len(changes.interfaces), "interface", "changed"),
        (len(changes.reminders), "hypervisor", "still not read"),
        (len(changes.ending), "waiver", "about to end"),
    ]
    counted = wording.joined(parts) or "Findings changed"
    if changes.is_first:
        return f"First scan: {counted}"
    return f"{counted}; since {changes.old.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _notes(changes: Changes) -> Iterator[str]:
    yield from map(wording.reminder, changes.reminders)
    yield from map(wording.ending, changes.ending)
    if not changes.is_same_scope:
        yield "the two scans are of different configurations: an item in only one of them may still exist"
