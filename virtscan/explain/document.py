"""The accounts as a document, for programs."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from virtscan.explain.explanation import (
    Decision,
    Exclusion,
    Explanation,
    InterfaceExplanation,
    RuleResult,
    ServerFacts,
    StatedFact,
    WhatIf,
)
from virtscan.model import (
    Confidence,
    DeviceName,
    Exposure,
    Finding,
    FindingKey,
    NotJudged,
    Reach,
    Report,
    SourceMode,
    Verdict,
    WaivedServer,
)
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
from virtscan.views.report.identity import identifiers
from virtscan.views.report.report_document import report_document
from virtscan.views.rows.lazy import Value

_DATA = Audience.DATA


class _DecidedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a server that the table was applied to."""

    server: str | None
    server_interface: str | None
    place: str | None
    decides: bool


class _SharedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions that differ only in their place, as those about most servers of a large fleet."""

    source_device: DeviceName | None
    source_mode: SourceMode | None
    steps: tuple[RuleResult, ...]
    rule: str
    verdict: Verdict | None
    confidence: Confidence | None
    waived: str | None
    places: tuple[_DecidedPlace, ...] = ()


def document(explanation: Explanation, report: Report) -> Document:
    """Make the document from the accounts; `applies` is null for a rule that was not reached."""
    return report_document(
        report,
        "explain",
        section("interfaces", _fields(identifiers(report)), explanation.accounts),
        section("servers", SERVERS, explanation.server_facts),
    )


def _finding(value: Callable[[Finding], Value]) -> Callable[[InterfaceExplanation], Value]:
    return lambda account: None if account.finding is None else value(account.finding)


def _fields(ids: Mapping[FindingKey, str]) -> tuple[Field[InterfaceExplanation], ...]:
    identifier = Field(Column("id", audience=_DATA), _finding(lambda finding: ids[finding.key]))
    return (*FIELDS, identifier)


FIELDS: tuple[Field[InterfaceExplanation], ...] = (
    Field(Column("hypervisor"), lambda account: account.hypervisor.name),
    Field(Column("origin", audience=_DATA), lambda account: account.domain.origin),
    Field(Column("domain", under="hypervisor"), lambda account: account.domain.name),
    Field(Column("uuid", audience=_DATA), lambda account: account.domain.uuid),
    Field(number("index"), lambda account: account.interface.index),
    Field(Column("mac", "MAC"), lambda account: account.interface.mac),
    Field(Column("source_device", under="mac"), _finding(lambda finding: finding.source_device)),
    Field(one_of(SourceMode, "source_mode", audience=_DATA), _finding(lambda finding: word(finding.source_mode))),
    Field(Column("server"), _finding(lambda finding: finding.server)),
    Field(Column("server_interface", under="server"), _finding(lambda finding: finding.server_interface)),
    Field(one_of(Verdict, "verdict"), _finding(lambda finding: word(finding.verdict))),
    Field(one_of(Confidence, "confidence", under="verdict"), _finding(lambda finding: word(finding.confidence))),
    Field(one_of(Exposure, "exposure", under="index"), lambda account: word(account.exposure)),
    Field(Column("rule", audience=_DATA), _finding(lambda finding: finding.rule)),
    Field(texts("because", wraps=True), lambda account: account.because if account.finding else None),
    Field(texts("missing", wraps=True), lambda account: account.missing if account.finding else None),
    Field(one_of(Reach, "reaches_server", audience=_DATA), _finding(lambda finding: word(finding.reaches_server))),
    Field(Column("waived", audience=_DATA), _finding(lambda finding: finding.waived)),
    Field(
        records_of(WaivedServer, key="waived_servers"),
        _finding(lambda finding: records(finding.waived_servers)),
    ),
    Field(yes_or_no("next_start", audience=_DATA), lambda account: account.domain.next_start),
    Field(one_of(NotJudged, "not_judged", audience=_DATA), lambda account: word(account.not_judged)),
    Field(records_of(StatedFact, key="facts"), lambda account: _facts(account.facts)),
    Field(records_of(_SharedDecision, key="decisions"), lambda account: records(_shared(account.decisions))),
    # The keys `silent` and `ways` were published under these names.
    Field(records_of(Exclusion, key="silent"), lambda account: records(account.excluded)),
    Field(records_of(WhatIf, key="ways"), lambda account: records(account.missing_facts)),
)


SERVERS: tuple[Field[tuple[ServerFacts, StatedFact]], ...] = (
    Field(Column("server"), lambda row: row[0].name),
    Field(Column("server_interface", under="server"), lambda row: row[0].interface),
    Field(Column("fact"), lambda row: row[1].fact),
    Field(Column("value", wraps=True), lambda row: row[1].value),
    Field(Column("source", wraps=True), lambda row: row[1].source),
    Field(moment("observed_at"), lambda row: timestamp(row[1].observed_at)),
    Field(Column("ago", audience=Audience.DOCUMENTS), lambda row: row[1].ago),
)


def _shared(decisions: Iterable[Decision]) -> Iterator[_SharedDecision]:
    """Join the decisions that differ only in their place, in the order of their first one."""
    alike: defaultdict[_SharedDecision, list[_DecidedPlace]] = defaultdict(list)
    for decision in decisions:
        kept = {name: getattr(decision, name) for name in _SharedDecision.__struct_fields__ if name != "places"}
        place = {name: getattr(decision, name) for name in _DecidedPlace.__struct_fields__}
        alike[_SharedDecision(**kept)].append(_DecidedPlace(**place))
    for shared, places in alike.items():
        yield msgspec.structs.replace(shared, places=tuple(places))


def _facts(facts: Iterable[StatedFact]) -> tuple[Mapping[str, object], ...]:
    return tuple({**record(stated), "observed_at": timestamp(stated.observed_at)} for stated in facts)
