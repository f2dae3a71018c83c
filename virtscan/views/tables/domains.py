"""The domains view: the resources of each virtual machine, and its worst verdict."""

from virtscan.model import DomainState, Report, Verdict
from virtscan.views.counting import domain_resources
from virtscan.views.counting.placements import DomainPlacements, placements
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    known,
    number,
    one_of,
    section,
    word,
    yes_or_no,
)
from virtscan.views.report import summary
from virtscan.views.report.report_document import report_document


def _verdict(domain: DomainPlacements) -> Verdict | None:
    """Return the worst verdict of its findings, waived or not; None without a finding."""
    verdicts = (finding.verdict for finding in domain.findings)
    return min(verdicts, key=lambda verdict: verdict.rank, default=None)


FIELDS: tuple[Field[DomainPlacements], ...] = (
    Field(Column("hypervisor"), lambda item: item.hypervisor.name),
    Field(Column("origin", audience=Audience.DATA), lambda item: item.domain.origin),
    Field(Column("domain", under="hypervisor"), lambda item: item.domain.name),
    Field(Column("uuid", audience=Audience.DATA), lambda item: item.domain.uuid),
    Field(one_of(DomainState, "state"), lambda item: word(item.domain.state)),
    Field(yes_or_no("paused", under="state"), lambda item: known(item.domain.paused)),
    Field(number("vcpus", "vCPUs"), lambda item: item.domain.vcpus),
    Field(number("memory_mib", "memory (MiB)", under="vcpus"), lambda item: item.domain.memory_mib),
    Field(yes_or_no("boots_from_network"), lambda item: any(place.boots_from_network for place in item.placements)),
    Field(number("interfaces"), lambda item: len(item.placements)),
    Field(
        number("macvtap_interfaces", under="interfaces"),
        lambda item: sum(place.interface.is_macvtap for place in item.placements),
    ),
    Field(number("at_risk"), lambda item: sum(finding.is_at_risk for finding in item.findings)),
    Field(
        number("at_risk_waived", audience=Audience.DATA),
        lambda item: sum(finding.is_accepted for finding in item.findings),
    ),
    Field(one_of(Verdict, "verdict"), lambda item: word(_verdict(item))),
    *domain_resources.FIELDS,
    Field(Column("site", audience=Audience.FILTERS), lambda item: item.hypervisor.site),
)


def view(report: Report) -> Document:
    """Show a row for each domain, by the names of hypervisor and domain."""
    counted = summary.metrics(report)
    rows = section("rows", FIELDS, placements(report))
    return report_document(report, "domains", rows, metrics=counted, notes=summary.coverage(counted))
