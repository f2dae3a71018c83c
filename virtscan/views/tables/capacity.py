"""The capacity view: the resources of hosts, the allocated part, and the part of that at risk."""

from collections import Counter
from collections.abc import Iterator, Sequence

from virtscan.model import DeviceKind, HostStatus, Report
from virtscan.model.facts.amounts import ratio
from virtscan.views.counting.groups import Group, groups, whole_fleet
from virtscan.views.counting.headroom import cpu_ratio_without_largest, largest_domain_mib, memory_without_largest_mib
from virtscan.views.counting.placements import DomainPlacements, placements
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Section,
    number,
    one_of,
    section,
    texts,
    word,
)
from virtscan.views.report import summary
from virtscan.views.report.report_document import report_document
from virtscan.views.view import Grouping

_LABELS = {
    Grouping.HYPERVISOR: (Column("hypervisor"), Column("site", under="hypervisor")),
    Grouping.DEVICE: (
        Column("hypervisor"),
        Column("source_device"),
        one_of(DeviceKind, "device_kind", "kind", under="source_device"),
    ),
    Grouping.SITE: (Column("site"),),
    Grouping.SEGMENT: (Column("segment"),),
}

_HEADROOM = "memory_headroom_mib"
_MOST_SITES = 6


def _macvtap_by_device(group: Group) -> tuple[str, ...] | None:
    """Count the macvtap interfaces on each device of one host, the fullest first."""
    if len(group.hosts) != 1:
        return None
    counts = Counter(
        place.device for place in group.interfaces if place.interface.is_macvtap and place.device is not None
    )
    return tuple(f"{device}={counts[device]}" for device in sorted(counts, key=lambda name: (-counts[name], name)))


PARTIAL = "status partial: some items were not read, so the real numbers may be higher"
"""Note on numbers that lack unread items."""

_DATA = Audience.DATA

FIELDS: tuple[Field[Group], ...] = (
    Field(one_of(HostStatus, "status"), lambda group: word(group.status)),
    Field(number("hypervisors", audience=_DATA), lambda group: len(group.hosts)),
    Field(number("cpus", "CPUs"), lambda group: group.cpus()),
    Field(number("sockets", audience=_DATA), lambda group: group.processors(lambda processors: processors.sockets)),
    Field(number("cores", audience=_DATA), lambda group: group.processors(lambda processors: processors.all_cores)),
    Field(number("threads", audience=_DATA), lambda group: group.processors(lambda processors: processors.all_threads)),
    Field(number("memory_mib", "memory (MiB)", under="cpus"), lambda group: group.memory_mib()),
    Field(number("memory_free_mib", "memory free (MiB)", audience=_DATA), lambda group: group.memory_free_mib()),
    Field(number("domains_running"), lambda group: group.running()),
    Field(number("domains_paused", under="domains_running"), lambda group: group.paused()),
    Field(number("domains_defined", under="domains_running"), lambda group: group.total(1 for _ in group.domains)),
    Field(number("vcpus_running", "vCPUs running"), lambda group: group.vcpus(running=True)),
    Field(number("vcpus_defined", "vCPUs defined", under="vcpus_running"), lambda group: group.vcpus(running=False)),
    Field(
        number("vcpus_running_per_cpu", "vCPUs running per CPU"),
        lambda group: ratio(group.vcpus(running=True), group.cpus()),
    ),
    Field(
        number("vcpus_defined_per_cpu", "vCPUs defined per CPU", under="vcpus_running_per_cpu"),
        lambda group: ratio(group.vcpus(running=False), group.cpus()),
    ),
    Field(number("memory_running_mib", "memory running (MiB)"), lambda group: group.allocated_mib(running=True)),
    Field(
        number("memory_defined_mib", "memory defined (MiB)", under="memory_running_mib"),
        lambda group: group.allocated_mib(running=False),
    ),
    Field(
        number("memory_running_ratio", "memory running ratio"),
        lambda group: ratio(group.allocated_mib(running=True), group.memory_mib()),
    ),
    Field(
        number("memory_defined_ratio", "memory defined ratio", under="memory_running_ratio"),
        lambda group: ratio(group.allocated_mib(running=False), group.memory_mib()),
    ),
    Field(
        number("vcpus_running_per_cpu_n1", "vCPUs running per CPU N+1", audience=_DATA),
        cpu_ratio_without_largest,
    ),
    Field(number(_HEADROOM, "headroom N+1 (MiB)", under="memory_running_mib"), memory_without_largest_mib),
    Field(number("largest_domain_mib", "largest new VM (MiB)", under="memory_running_ratio"), largest_domain_mib),
    Field(
        number("macvtap_interfaces"),
        lambda group: group.total(place.interface.is_macvtap for place in group.interfaces),
    ),
    Field(
        number("at_risk", under="macvtap_interfaces"),
        lambda group: group.total(finding.is_at_risk for finding in group.findings),
    ),
    Field(
        number("at_risk_waived", audience=_DATA),
        lambda group: group.total(finding.is_accepted for finding in group.findings),
    ),
    Field(
        number("unknown", under="macvtap_interfaces"),
        lambda group: group.total(finding.is_unknown for finding in group.findings),
    ),
)


_BY_DEVICE = Field(texts("macvtap_by_device", "macvtap on", wraps=True), _macvtap_by_device)


def view(report: Report, by: Grouping = Grouping.HYPERVISOR) -> Document:
    """Show a row for each hypervisor, source device, site or segment."""
    items = tuple(placements(report))
    rows = table(report, items, by)
    counted = summary.metrics(report)
    notes = (*summary.coverage(counted), *_notes(report, items, by)) if rows.rows else ()
    return report_document(report, "capacity", rows, metrics=counted, notes=notes)


def table(report: Report, items: Sequence[DomainPlacements], by: Grouping, key: str = "rows") -> Section:
    """Return the groups of a report's domains under this key; the total counts everything once."""
    columns = _LABELS[by]
    fields = (*(_label_field(column, place) for place, column in enumerate(columns)), *_fields(by))
    if by is Grouping.HYPERVISOR:
        fields = (*fields, _BY_DEVICE)
    total = whole_fleet(report, items, ("total", *[None] * (len(columns) - 1)))
    return section(key, fields, groups(report, items, by), total)


def _fields(by: Grouping) -> Iterator[Field[Group]]:
    """Yield the numbers of a group; tables have the headroom of sites only by site, others have it in a note."""
    for field in FIELDS:
        if field.column.key == _HEADROOM and by is not Grouping.SITE:
            yield field.with_column(audience=_DATA)
        else:
            yield field


def _label_field(column: Column, place: int) -> Field[Group]:
    return Field(column, lambda group: group.label[place])


def _notes(report: Report, items: Sequence[DomainPlacements], by: Grouping) -> list[str]:
    """Explain the numbers, as far as these need it."""
    total = whole_fleet(report, items, ())
    notes = [_headroom(groups(report, items, Grouping.SITE))] if total.read else []
    if by in (Grouping.DEVICE, Grouping.SEGMENT):
        notes.append(f"a domain on several {by.value}s counts for each of them, and once in the total")
    if total.status is HostStatus.PARTIAL:
        notes.append(PARTIAL)
    silent = [host.name for host in total.read if host.cpus is None or host.memory_mib is None]
    if silent:
        notes.append(f"totals and ratios are unknown, because CPUs or memory are unknown for: {', '.join(silent)}")
    complete = (host for host in total.read if host.status is HostStatus.COMPLETE and host.memory_mib is not None)
    short = [host.name for host in complete if not host.lists_all_domains]
    if short:
        notes.append(f"headroom is unknown, because these may have more domains than were read: {', '.join(short)}")
    return notes


def _headroom(sites: Sequence[Group]) -> str:
    """Describe the headroom of each site: that of one is of no use to another."""
    words = "headroom N+1 is the memory left for more VMs when the largest hypervisor of a site fails"
    left = [(site.label[0] or "without a site:", memory_without_largest_mib(site)) for site in sites[:_MOST_SITES]]
    shown = ", ".join(f"{name} {'unknown' if mib is None else f'{mib} MiB'}" for name, mib in left)
    more = f" and {len(sites) - _MOST_SITES} more (--by site)" if len(sites) > _MOST_SITES else ""
    return f"{words}: {shown}{more}"
