"""The hypervisors view: how much of each host was read, the risks there, and how long reading took."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import msgspec

from virtscan.correlator.kernel import kernel_state
from virtscan.model import CONFIGURATION, Finding, Fix, Gap, HostStatus, Hypervisor, Interface, Report
from virtscan.model.facts.amounts import ratio
from virtscan.model.facts.hypervisors import libvirt_version
from virtscan.model.natural import by_name
from virtscan.views.counting.groups import Group, group_of_host
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Section,
    moment,
    number,
    one_of,
    section,
    texts,
    timestamp,
    word,
)
from virtscan.views.report import summary
from virtscan.views.report.report_document import report_document
from virtscan.views.wording.gaps import reason as gap_reason


class _JudgedHost(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor as a group of its own, which counts, and its gaps."""

    facts: Hypervisor
    group: Group
    gaps: list[Gap]
    taken_at: datetime

    def interfaces(self) -> Iterator[Interface]:
        """Yield the interfaces of all its domains."""
        return (interface for domain in self.group.domains for interface in domain.interfaces)


def _kernel_source(host: Hypervisor) -> str | None:
    if host.kernel is None:
        return None if host.declared_kernel is None else CONFIGURATION
    return host.kernel.source


def _seconds(duration: float | None) -> float | None:
    return None if duration is None else round(duration, 2)


_DATA = Audience.DATA

FIELDS: tuple[Field[_JudgedHost], ...] = (
    Field(Column("hypervisor"), lambda host: host.facts.name),
    Field(Column("uri", "URI", audience=_DATA), lambda host: host.facts.uri),
    Field(Column("site", under="hypervisor"), lambda host: host.facts.site),
    Field(one_of(HostStatus, "status"), lambda host: word(host.facts.status)),
    Field(Column("kernel"), lambda host: host.facts.kernel_release),
    Field(Column("kernel_source", audience=_DATA), lambda host: _kernel_source(host.facts)),
    Field(one_of(Fix, "kernel_fix", under="kernel"), lambda host: kernel_state(host.facts).fix.value),
    Field(number("cpus", "CPUs"), lambda host: host.facts.cpus),
    Field(number("memory_mib", "memory (MiB)", under="cpus"), lambda host: host.facts.memory_mib),
    Field(number("memory_free_mib", "memory free (MiB)", audience=_DATA), lambda host: host.facts.memory_free_mib),
    Field(Column("cpu_model", "CPU model", audience=_DATA), lambda host: host.facts.processor.model),
    Field(number("cpu_mhz", "CPU MHz", audience=_DATA), lambda host: host.facts.processor.mhz),
    Field(number("sockets", audience=_DATA), lambda host: host.facts.processor.sockets),
    Field(number("cores_per_socket", audience=_DATA), lambda host: host.facts.processor.cores),
    Field(number("cores", audience=_DATA), lambda host: host.facts.processor.all_cores),
    Field(number("threads_per_core", audience=_DATA), lambda host: host.facts.processor.threads),
    Field(number("numa_nodes", "NUMA nodes", audience=_DATA), lambda host: host.facts.processor.numa_nodes),
    Field(
        Column("libvirt", audience=_DATA),
        lambda host: None if host.facts.daemon is None else libvirt_version(host.facts.daemon.value),
    ),
    Field(number("domains"), lambda host: host.group.total(1 for _ in host.group.domains)),
    Field(number("domains_running", "running", under="domains"), lambda host: host.group.running()),
    Field(number("domains_paused", audience=_DATA), lambda host: host.group.paused()),
    Field(number("vcpus_running", "vCPUs running", audience=_DATA), lambda host: host.group.vcpus(running=True)),
    Field(
        number("vcpus_per_core", "vCPUs running per core", audience=_DATA),
        lambda host: ratio(host.group.vcpus(running=True), host.facts.processor.all_cores),
    ),
    Field(
        number("memory_running_mib", "memory running (MiB)", audience=_DATA),
        lambda host: host.group.allocated_mib(running=True),
    ),
    Field(number("interfaces"), lambda host: host.group.total(1 for _ in host.interfaces())),
    Field(
        number("macvtap_interfaces", "macvtap", under="interfaces"),
        lambda host: host.group.total(interface.is_macvtap for interface in host.interfaces()),
    ),
    Field(number("at_risk"), lambda host: host.group.total(finding.is_at_risk for finding in host.group.findings)),
    Field(
        number("at_risk_waived", audience=_DATA),
        lambda host: host.group.total(finding.is_accepted for finding in host.group.findings),
    ),
    Field(
        number("unknown", under="at_risk"),
        lambda host: host.group.total(finding.is_unknown for finding in host.group.findings),
    ),
    Field(moment("observed_at", audience=_DATA), lambda host: timestamp(host.facts.observed_at)),
    Field(number("open_seconds", "open (s)"), lambda host: _seconds(host.facts.open_seconds)),
    Field(number("read_seconds", "read (s)", under="open_seconds"), lambda host: _seconds(host.facts.read_seconds)),
    Field(number("gaps"), lambda host: len(host.gaps)),
    Field(texts("left_out", audience=_DATA), lambda host: tuple(left_out.path for left_out in host.facts.left_out)),
    Field(
        Column("reason", audience=_DATA), lambda host: gap_reason(host.gaps[0], host.taken_at) if host.gaps else None
    ),
)


def hypervisors(report: Report) -> Section:
    """Make one row for each hypervisor, by name; its reason is that of its first gap."""
    gaps: defaultdict[str | None, list[Gap]] = defaultdict(list)
    for gap in report.inventory.gaps:
        gaps[gap.hypervisor].append(gap)
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.hypervisor].append(finding)
    return section(
        "hypervisors",
        FIELDS,
        (
            _JudgedHost(
                facts=host,
                group=group_of_host(host, findings[host.name]),
                gaps=gaps[host.name],
                taken_at=report.inventory.taken_at,
            )
            for host in sorted(report.inventory.hypervisors, key=by_name)
        ),
    )


def view(report: Report) -> Document:
    """Show the hypervisors alone."""
    counted = summary.metrics(report)
    rows = msgspec.structs.replace(hypervisors(report), key="rows")
    return report_document(report, "hypervisors", rows, metrics=counted, notes=summary.coverage(counted))
