"""The interfaces view: every interface of every domain, judged or not."""

from virtscan.model import DeviceKind, DomainState, LinkState, Report, SourceMode, State, Verdict
from virtscan.views.counting.placements import Placement, placements
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    number,
    one_of,
    section,
    texts,
    word,
    yes_or_no,
)
from virtscan.views.report import summary
from virtscan.views.report.report_document import report_document

_DATA = Audience.DATA

FIELDS: tuple[Field[Placement], ...] = (
    Field(Column("hypervisor"), lambda item: item.hypervisor.name),
    Field(Column("origin", audience=_DATA), lambda item: item.domain.origin),
    Field(Column("domain", under="hypervisor"), lambda item: item.domain.name),
    Field(Column("uuid", audience=_DATA), lambda item: item.domain.uuid),
    Field(one_of(DomainState, "state"), lambda item: word(item.domain.state)),
    Field(number("vcpus", "vCPUs", audience=_DATA), lambda item: item.domain.vcpus),
    Field(number("memory_mib", "memory (MiB)", audience=_DATA), lambda item: item.domain.memory_mib),
    Field(number("index"), lambda item: item.interface.index),
    Field(Column("mac", "MAC"), lambda item: item.interface.mac),
    Field(Column("type"), lambda item: item.interface.type),
    Field(Column("network", "libvirt network", under="type"), lambda item: item.interface.network),
    Field(Column("portgroup", audience=_DATA), lambda item: item.interface.portgroup),
    Field(Column("source_device"), lambda item: item.device),
    Field(one_of(SourceMode, "source_mode", "mode", under="source_device"), lambda item: word(item.mode)),
    Field(one_of(DeviceKind, "device_kind", "kind"), lambda item: word(item.kind)),
    Field(texts("lower_devices", under="device_kind"), lambda item: item.lower),
    Field(Column("vlan", "VLAN", audience=_DATA, holds=tuple[int, ...]), lambda item: item.interface.vlan or None),
    Field(Column("model", under="state"), lambda item: item.interface.model),
    Field(number("boot_order", audience=_DATA), lambda item: item.interface.boot_order),
    Field(yes_or_no("boots_from_network", "boots"), lambda item: item.boots_from_network),
    Field(one_of(LinkState, "link", audience=_DATA), lambda item: word(item.interface.link)),
    Field(one_of(State, "rom", audience=_DATA), lambda item: word(item.interface.rom)),
    Field(one_of(State, "host_csum", audience=_DATA), lambda item: word(item.interface.host_csum)),
    Field(one_of(State, "guest_csum", audience=_DATA), lambda item: word(item.interface.guest_csum)),
    Field(Column("target", under="mac"), lambda item: item.interface.target),
    Field(one_of(Verdict, "verdict"), lambda item: word(item.finding.verdict) if item.finding else None),
    Field(Column("server", audience=_DATA), lambda item: item.finding.server if item.finding else None),
    Field(Column("site", audience=Audience.FILTERS), lambda item: item.hypervisor.site),
)


def view(report: Report) -> Document:
    """Show a row for each interface, by the names of hypervisor and domain, then by number."""
    counted = summary.metrics(report)
    rows = section("rows", FIELDS, (placement for domain in placements(report) for placement in domain.placements))
    return report_document(report, "interfaces", rows, metrics=counted, notes=summary.coverage(counted))
