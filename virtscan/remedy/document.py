"""A remedy as a document, for programs: the same plan, with the steps of one form as texts."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from virtscan.model import DeviceKind, Mac, Report, State
from virtscan.remedy.actions import group
from virtscan.remedy.forms.form import Form
from virtscan.remedy.notes import COST
from virtscan.remedy.plan import Change, InterfaceAtRisk, Question, Remedy, Steps, Upgrade
from virtscan.remedy.wording import CAUSE, NO_CHANGE, cost
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
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
from virtscan.views.report.report_document import report_document
from virtscan.views.wording.phrases.names import listed
from virtscan.views.wording.phrases.quantity import quantity

_DATA = Audience.DATA
_NAMED = 10
_LISTED = 20
"""Longest list of facts to find out as notes; the text, JSON, the page and the workbook have all."""


class _DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device to switch; `now` and `lasting` select its steps."""

    device: str | None
    device_kind: DeviceKind
    mac: Mac | None
    now: bool
    lasting: bool


def document(remedy: Remedy, report: Report, name: str, form: Form) -> Document:
    """Make the document with the steps of the form; a change without a device to switch has no steps.

    Args:
        remedy: The changes.
        report: The report that they are made for.
        name: The form's name, for the key `form`.
        form: The form.
    """
    return report_document(
        report,
        "remedy",
        msgspec.structs.replace(
            section("changes", _fields(form.steps), remedy.changes),
            groups=tuple(group(change, form.steps(change)) for change in remedy.changes),
        ),
        section("questions", QUESTIONS, remedy.questions),
        head={
            "form": name,
            "cost": COST,
            "afterwards": {"at-risk": remedy.still_at_risk, "unknown": remedy.still_unknown},
        },
        headline=_headline(remedy),
        notes=(
            f"remaining after these changes: {remedy.still_at_risk} at risk, {remedy.still_unknown} unknown",
            *_to_find_out(remedy.questions),
            *([form.use, cost()] if remedy.has_commands else []),
            *([f"{CAUSE}."] if remedy.changes else []),
        ),
    )


def _headline(remedy: Remedy) -> str:
    servers = tuple(dict.fromkeys(change.server for change in remedy.changes))
    return f"{quantity(len(servers), 'server')} to change: {listed(servers, _NAMED)}" if servers else NO_CHANGE


def _to_find_out(facts: Sequence[Question]) -> Iterator[str]:
    """Count the missing facts, and describe the first of them, those that most interfaces need."""
    yield f"facts to find out first: {len(facts)}"
    for fact in facts[:_LISTED]:
        interfaces = quantity(fact.interfaces, "interface")
        yield f"{fact.where} ({interfaces}): {'; '.join(fact.missing)}; {fact.how}".removesuffix("; ")
    if len(facts) > _LISTED:
        yield f"and {len(facts) - _LISTED} more facts; --format text lists all"


def _fields(steps_of: Callable[[Change], Steps]) -> tuple[Field[Change], ...]:
    return (
        Field(Column("server"), lambda change: change.server),
        Field(Column("server_interface", "interface", under="server"), lambda change: change.interface),
        Field(texts("switched", audience=Audience.TABLES), _switched),
        Field(one_of(DeviceKind, "device_kind", audience=_DATA), _kind),
        Field(records_of(_DeviceRow, key="devices"), _devices),
        Field(Column("source", audience=_DATA), lambda change: change.source),
        Field(moment("observed_at", audience=_DATA), lambda change: timestamp(change.observed_at)),
        Field(one_of(State, "tx_checksum", "TX checksum offload"), lambda change: word(change.tx_checksum)),
        Field(Column("after_reboot", wraps=True), lambda change: change.after_reboot),
        Field(yes_or_no("fixed"), lambda change: change.fixed),
        Field(number("at_risk", audience=Audience.TABLES), lambda change: len(change.interfaces_at_risk)),
        Field(
            Column("steps", audience=Audience.DOCUMENTS, holds=Steps),
            lambda change: None if change.fixed else record(steps_of(change)),
        ),
        Field(records_of(InterfaceAtRisk, key="interfaces_at_risk"), lambda change: records(change.interfaces_at_risk)),
        Field(records_of(Upgrade, key="upgrades"), lambda change: records(change.upgrades)),
        Field(texts("notes", wraps=True), lambda change: change.notes),
    )


QUESTIONS: tuple[Field[Question], ...] = (
    Field(Column("where"), lambda question: question.where),
    Field(texts("missing"), lambda question: question.missing),
    Field(Column("how"), lambda question: question.how),
    Field(number("interfaces"), lambda question: question.interfaces),
)


def _switched(change: Change) -> tuple[str, ...]:
    """Name the devices to switch."""
    return tuple(device.interface or "INTERFACE" for device in change.devices)


def _kind(change: Change) -> str | None:
    return change.devices[0].kind.value if len(change.devices) == 1 else None


def _devices(change: Change) -> tuple[Mapping[str, object], ...]:
    return records(
        _DeviceRow(
            device=device.interface,
            device_kind=device.kind,
            mac=device.mac,
            now=device.now,
            lasting=device.lasting,
        )
        for device in change.devices
    )
