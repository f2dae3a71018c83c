"""The risks view: every finding by cause and worst first, with the counts, the change to make, and the reasons."""

from collections.abc import Callable, Mapping
from functools import cache

import msgspec

from virtscan.correlator import RULES
from virtscan.model import (
    Conclusion,
    Confidence,
    DeviceKind,
    Exposure,
    Finding,
    FindingKey,
    Reach,
    Report,
    SourceMode,
    Verdict,
    WaivedServer,
)
from virtscan.model.reasons import Because, Missing
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    number,
    one_of,
    records,
    records_of,
    section,
    texts,
    word,
    yes_or_no,
)
from virtscan.views.report import advice, summary
from virtscan.views.report.headline import headline
from virtscan.views.report.identity import identifiers
from virtscan.views.report.report_document import report_document
from virtscan.views.rows.lazy import Value
from virtscan.views.tables.causes import causes, section_of, uneven
from virtscan.views.tables.hypervisors import hypervisors
from virtscan.views.tables.servers import servers
from virtscan.views.wording.phrases.names import sender
from virtscan.views.wording.reasons import Wording

_DATA = Audience.DATA
_PEOPLE = Audience.PEOPLE
_RULES = tuple(rule.id for rule in RULES if rule.verdict is not None)


def fields(wording: Wording, ids: Callable[[], Mapping[FindingKey, str]]) -> tuple[Field[Finding], ...]:
    """Return the columns of findings; sentences are made here, from the reasons of each."""
    return (
        Field(Column("hypervisor"), lambda finding: finding.hypervisor),
        Field(Column("domain", under="hypervisor"), lambda finding: finding.domain),
        Field(Column("uuid", audience=_DATA), lambda finding: finding.uuid),
        Field(number("index", audience=_DATA), lambda finding: finding.index),
        Field(Column("mac", "MAC"), lambda finding: finding.mac),
        Field(Column("source", "source device", audience=_PEOPLE, under="mac"), _of_conclusion(_source)),
        Field(Column("source_device", audience=_DATA), lambda finding: finding.source_device),
        Field(one_of(SourceMode, "source_mode", audience=_DATA), lambda finding: word(finding.source_mode)),
        Field(one_of(DeviceKind, "device_kind", audience=_DATA), lambda finding: word(finding.device_kind)),
        Field(Column("segment", audience=_DATA), lambda finding: finding.segment),
        Field(Column("server"), lambda finding: finding.server),
        Field(Column("server_interface", audience=_DATA), lambda finding: finding.server_interface),
        Field(one_of(Verdict, "verdict"), lambda finding: word(finding.verdict)),
        Field(one_of(Confidence, "confidence", under="verdict"), lambda finding: word(finding.confidence)),
        Field(one_of(Exposure, "exposure", under="server"), lambda finding: word(finding.exposure)),
        Field(Column("rule", audience=_DATA, words=_RULES), lambda finding: finding.rule),
        Field(texts("because", audience=_DATA), _of_conclusion(lambda finding: wording.sentences(finding.because))),
        Field(texts("missing", audience=_DATA), _of_conclusion(lambda finding: wording.sentences(finding.missing))),
        Field(
            records_of(*Because.__subclasses__(), *Missing.__subclasses__(), key="reasons"),
            _of_conclusion(lambda finding: records((*finding.because, *finding.missing))),
        ),
        Field(one_of(Reach, "reaches_server", audience=_DATA), lambda finding: word(finding.reaches_server)),
        Field(
            texts("also_at_risk_by", audience=_DATA),
            lambda finding: tuple(sender(other.server, other.server_interface) for other in finding.others),
        ),
        Field(Column("waived", audience=_DATA), lambda finding: finding.waived),
        Field(
            records_of(WaivedServer, key="waived_servers"),
            _of_conclusion(lambda finding: records(finding.waived_servers)),
        ),
        Field(yes_or_no("next_start", audience=_DATA), lambda finding: finding.next_start),
        Field(Column("origin", audience=_DATA), lambda finding: finding.origin),
        Field(Column("id", audience=_DATA), lambda finding: ids()[finding.key]),
        Field(
            Column("reason", audience=_PEOPLE, wraps=True),
            _of_conclusion(lambda finding: advice.reason(finding, wording)),
        ),
    )


def _source(finding: Finding) -> str | None:
    """Write the source device with kind and mode, as in `bond2 (bond, bridge)`."""
    if finding.source_device is None:
        return None
    words = [word(finding.device_kind), word(finding.source_mode)]
    return f"{finding.source_device} ({', '.join(text for text in words if text)})"


def _of_conclusion(value: Callable[[Finding], Value]) -> Callable[[Finding], Value]:
    """Make one value for all findings with one conclusion, on which alone it depends."""
    values: dict[int, tuple[Conclusion, Value]] = {}

    def shared(finding: Finding) -> Value:
        entry = values.get(id(finding.conclusion))
        if entry is None:
            entry = values[id(finding.conclusion)] = (finding.conclusion, value(finding))
        return entry[1]

    return shared


def view(report: Report) -> Document:
    """Show all findings in the report's order and by cause, and the servers and hypervisors in short."""
    sites = {hypervisor.name: hypervisor.site for hypervisor in report.inventory.hypervisors}
    site = Field[Finding](Column("site", audience=Audience.FILTERS), lambda finding: sites.get(finding.hypervisor))
    ids = cache(lambda: identifiers(report))  # a hash of each finding, which few formats show
    cause_groups = causes(report)
    doubtful = uneven(cause_groups, report.findings)
    mark = Field[Finding](
        Column("mark", audience=Audience.FILTERS, wraps=True),
        lambda finding: advice.mark(finding, is_less_certain=finding.key in doubtful),
    )
    findings = section("findings", (*fields(Wording(report.inventory), ids), site, mark), report.findings)
    return report_document(
        report,
        "report",
        msgspec.structs.replace(findings, groups=tuple(cause.group for cause in cause_groups)),
        servers(report).pick("server", "server_interface", "tx_checksum", "source", "observed_at"),
        hypervisors(report).pick("hypervisor", "uri", "status", "domains", "open_seconds", "read_seconds"),
        section_of(cause_groups, report.findings, ids),
        metrics=summary.metrics(report),
        headline=headline(report),
        notes=(
            *advice.unreached(report),
            *summary.scope(report),
            *advice.further(report),
        ),
    )
