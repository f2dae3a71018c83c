"""Findings grouped by cause: one change, or one fact, settles a group; the first to act on first."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from virtscan.model import OPEN, Confidence, Exposure, Finding, FindingKey, Report, Verdict
from virtscan.model.reasons import Reason
from virtscan.views.document import Audience, Column, Field, Section, number, one_of, section, texts, word
from virtscan.views.rows.grouping import RowGroup
from virtscan.views.wording.causes import UNPLACED, CauseWording
from virtscan.views.wording.missing import leading

_COLUMNS = ("hypervisor", "source_device", "domain", "mac", "exposure", "mark")
_DATA = Audience.DATA
_NO_SERVER = "R3"


class CauseGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Findings with one cause; `first` is one of them, for their common facts."""

    first: Finding
    group: RowGroup


_CauseKey: TypeAlias = tuple[Verdict, str | None, str | None, bool, str | type[Reason] | None]


def causes(report: Report) -> tuple[CauseGroup, ...]:
    """Group the findings of a report, the first to act on first.

    At risk comes before unknown, a higher confidence before a lower one, and more VMs that boot from the network before
    fewer. Groups that are waived as a whole come last.
    """
    places: defaultdict[_CauseKey, defaultdict[int, array[int]]] = defaultdict(partial(defaultdict, _no_places))
    for place, finding in enumerate(report.findings):
        places[_key(finding)][_doubt(finding)].append(place)
    wording = CauseWording(report)
    groups = [_cause(report.findings, by_doubt, wording) for by_doubt in places.values()]
    return tuple(sorted(groups, key=lambda cause: _urgency(cause, report.findings)))


def uneven(causes: Iterable[CauseGroup], findings: Sequence[Finding]) -> frozenset[FindingKey]:
    """Return the findings that are less certain than the first of their cause, whose confidence its title has."""
    return frozenset(
        findings[row].key
        for cause in causes
        for row in cause.group.rows
        if cause.first.verdict is Verdict.AT_RISK and findings[row].confidence is not cause.first.confidence
    )


def section_of(
    causes: Sequence[CauseGroup], findings: Sequence[Finding], ids: Callable[[], Mapping[FindingKey, str]]
) -> Section:
    """Return the causes as a section of documents, which names the findings by their ids."""
    fields: tuple[Field[CauseGroup], ...] = (
        Field(one_of(Verdict, "verdict"), lambda cause: word(cause.first.verdict)),
        Field(Column("server"), lambda cause: cause.first.server),
        Field(Column("server_interface", under="server"), lambda cause: cause.first.server_interface),
        Field(Column("cause", wraps=True), lambda cause: cause.group.title),
        Field(Column("action", wraps=True), lambda cause: cause.group.action or None),
        Field(texts("commands"), lambda cause: cause.group.commands),
        Field(texts("also", wraps=True), lambda cause: tuple(advice.words for advice in cause.group.also)),
        Field(number("interfaces"), lambda cause: len(cause.group.rows)),
        Field(number("at_risk"), lambda cause: sum(findings[row].is_at_risk for row in cause.group.rows)),
        Field(
            texts("findings", audience=_DATA),
            lambda cause: tuple(ids()[findings[row].key] for row in cause.group.rows),
        ),
    )
    return section("causes", fields, causes)


def _key(finding: Finding) -> _CauseKey:
    match finding.verdict:
        case Verdict.AT_RISK:
            placed = UNPLACED if finding.rule == UNPLACED else None
            low = finding.confidence is Confidence.LOW
            return finding.verdict, finding.server, finding.server_interface, low, placed
        case Verdict.UNKNOWN:
            lacks = leading(finding.missing)
            kind = None if lacks is None else type(lacks)
            return finding.verdict, finding.server, finding.server_interface, False, kind
        case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
            return finding.verdict, finding.server, finding.server_interface, False, finding.rule


def _no_places() -> "array[int]":
    """Return an empty compact list of places: it takes a fifth of the memory of a list of objects."""
    return array("L")


def _cause(findings: Sequence[Finding], by_doubt: "Mapping[int, array[int]]", wording: CauseWording) -> CauseGroup:
    """Make a cause from the findings at some places: those not waived first, then the more certain ones."""
    places = _no_places()
    for doubt in sorted(by_doubt):
        places += by_doubt[doubt]
    own = [findings[place] for place in places]
    is_waived = own[0].waived is not None
    action, commands = ("", ()) if is_waived else wording.action(own)
    return CauseGroup(
        first=own[0],
        group=RowGroup(
            verdict=own[0].verdict.value,
            title=wording.title(own),
            action=action,
            commands=commands,
            also=() if is_waived else wording.also(own),
            rows=places,
            columns=_COLUMNS,
            is_open=own[0].verdict in OPEN,
            lists_rows=own[0].rule != _NO_SERVER,
        ),
    )


def _doubt(finding: Finding) -> int:
    return (finding.waived is not None) * len(Confidence) + finding.confidence.rank


def _urgency(cause: CauseGroup, findings: Sequence[Finding]) -> tuple[bool, int, int, int, int]:
    own = [findings[row] for row in cause.group.rows]
    boots = sum(finding.exposure is not Exposure.LATENT and finding.waived is None for finding in own)
    verdict = cause.first.verdict
    confidence = cause.first.confidence.rank if verdict is Verdict.AT_RISK else 0
    is_accepted = verdict in OPEN and cause.first.waived is not None
    return is_accepted, verdict.rank, confidence, -boots, -len(own)
