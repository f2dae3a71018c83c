"""The hypervisors view: how much of each host was read, the risks there, and how long reading took."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from virtscan.correlator.kernel import kernel_state
from virtscan.model import (
    CONFIGURATION,
    Domain,
    DomainState,
    Finding,
    Fix,
    Gap,
    HostStatus,
    Hypervisor,
    Interface,
    Report,
)
from virtscan.views.counting.amounts import ratio, total
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Section,
    known,
    moment,
    number,
    one_of,
    section,
    texts,
    timestamp,
    word,
)
from virtscan.views.report import summary
from virtscan.views.report.of_report import of_report
from virtscan.views.wording.gaps import reason as gap_reason


class _JudgedHost(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor with its findings and gaps."""

    facts: Hypervisor
    findings: list[Finding]
    gaps: list[Gap]
    taken_at: datetime

    @property
    def domains(self) -> list[Domain]:
        """Its domains, without definitions for the next start of a running one."""
        return [domain for domain in self.facts.domains if not domain.next_start]

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces of all its domains."""
        return [interface for domain in self.domains for interface in domain.interfaces]

    @property
    def running(self) -> list[Domain]:
        """Its running domains."""
        return [domain for domain in self.domains if domain.state is DomainState.ACTIVE]

    @property
    def paused(self) -> int | None:
        """Its suspended domains; None if that is unknown of one that runs."""
        return self.given(_if_paused(domain) for domain in self.running)

    @property
    def vcpus_running(self) -> int | None:
        """Virtual CPUs of its running domains."""
        return self.given(domain.vcpus for domain in self.running)

    def given(self, amounts: Iterable[int | None]) -> int | None:
        """Add up amounts of running domains; None if one of them is unknown, or which domains run."""
        if self.facts.status is HostStatus.FAILED or any(one.state is DomainState.UNKNOWN for one in self.domains):
            return None
        return total(amounts)

    def count(self, things: Iterable[object]) -> int | None:
        """Count those that are true; on a host that was not read that is not zero but unknown."""
        return None if self.facts.status is HostStatus.FAILED else sum(map(bool, things))


def _if_paused(domain: Domain) -> int | None:
    paused = known(domain.resources.paused)
    return None if paused is None else int(paused)


def _version(host: Hypervisor) -> str | None:
    """Return the daemon's version in libvirt's own form."""
    if host.daemon is None:
        return None
    number = host.daemon.value
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


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
    Field(Column("libvirt", audience=_DATA), lambda host: _version(host.facts)),
    Field(number("domains"), lambda host: host.count(host.domains)),
    Field(number("domains_running", "running", under="domains"), lambda host: host.count(host.running)),
    Field(number("domains_paused", audience=_DATA), lambda host: host.paused),
    Field(number("vcpus_running", "vCPUs running", audience=_DATA), lambda host: host.vcpus_running),
    Field(
        number("vcpus_per_core", "vCPUs running per core", audience=_DATA),
        lambda host: ratio(host.vcpus_running, host.facts.processor.all_cores),
    ),
    Field(
        number("memory_running_mib", "memory running (MiB)", audience=_DATA),
        lambda host: host.given(domain.memory_mib for domain in host.running),
    ),
    Field(number("interfaces"), lambda host: host.count(host.interfaces)),
    Field(
        number("macvtap_interfaces", "macvtap", under="interfaces"),
        lambda host: host.count(interface.is_macvtap for interface in host.interfaces),
    ),
    Field(number("at_risk"), lambda host: host.count(one.is_at_risk for one in host.findings)),
    Field(number("at_risk_waived", audience=_DATA), lambda host: host.count(one.is_accepted for one in host.findings)),
    Field(number("unknown", under="at_risk"), lambda host: host.count(one.is_unknown for one in host.findings)),
    Field(moment("observed_at", audience=_DATA), lambda host: timestamp(host.facts.observed_at)),
    Field(number("open_seconds", "open (s)"), lambda host: _seconds(host.facts.open_seconds)),
    Field(number("read_seconds", "read (s)", under="open_seconds"), lambda host: _seconds(host.facts.read_seconds)),
    Field(number("gaps"), lambda host: len(host.gaps)),
    Field(texts("left_out", audience=_DATA), lambda host: tuple(one.path for one in host.facts.left_out)),
    Field(
        Column("reason", audience=_DATA), lambda host: gap_reason(host.gaps[0], host.taken_at) if host.gaps else None
    ),
)


def hypervisors(report: Report) -> Section:
    """Make one row for each hypervisor, in the inventory's order; its reason is that of its first gap."""
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
                facts=host, findings=findings[host.name], gaps=gaps[host.name], taken_at=report.inventory.taken_at
            )
            for host in report.inventory.hypervisors
        ),
    )


def view(report: Report) -> Document:
    """Show the hypervisors alone."""
    counted = summary.metrics(report)
    rows = msgspec.structs.replace(hypervisors(report), key="rows")
    return of_report(report, "hypervisors", rows, metrics=counted, notes=summary.coverage(counted))
