"""The counts of one scan, which the history keeps permanently."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from virtscan.model import DomainState, Exposure, Finding, HostStatus, Hypervisor, Report, Verdict
from virtscan.model.history import CapacityCount, FindingCount


def finding_counts(report: Report) -> tuple[FindingCount, ...]:
    """Count the findings by site, server, verdict, exposure and whether they are waived."""
    sites = {host.name: host.site for host in report.inventory.hypervisors}
    counted: Counter[tuple[str | None, str | None, Verdict, Exposure, bool]] = Counter()
    alike = Counter((finding.hypervisor, finding.conclusion) for finding in report.findings)
    for (hypervisor, conclusion), count in alike.items():
        counted[
            sites.get(hypervisor),
            conclusion.server,
            conclusion.verdict,
            conclusion.exposure,
            conclusion.waived is not None,
        ] += count
    return tuple(
        FindingCount(site=site, server=server, verdict=verdict, exposure=exposure, waived=waived, findings=count)
        for (site, server, verdict, exposure, waived), count in counted.items()
    )


def at_risk_by_host(findings: Iterable[Finding]) -> Counter[str]:
    """Count the findings at risk that are not waived by the name of their hypervisor."""
    return Counter(finding.hypervisor for finding in findings if finding.is_at_risk)


def capacity_counts(seen: Iterable[tuple[Hypervisor, Hypervisor | None]]) -> tuple[CapacityCount, ...]:
    """Count the capacity of hypervisors and the allocated part, by site.

    Args:
        seen: Each hypervisor of the scan, with its last complete observation (itself if it was read completely);
            None if it was never read completely.
    """
    sites: defaultdict[str | None, list[tuple[Hypervisor, Hypervisor | None]]] = defaultdict(list)
    for now, whole in seen:
        sites[now.site].append((now, whole))
    return tuple(_site(site, hosts) for site, hosts in sites.items())


def _site(site: str | None, hosts: Sequence[tuple[Hypervisor, Hypervisor | None]]) -> CapacityCount:
    known = [whole for _, whole in hosts if whole is not None]
    unread = sum(now.status is not HostStatus.COMPLETE for now, _ in hosts)
    if not known:
        return CapacityCount(site=site, hypervisors=len(hosts), unread=unread)
    domains = [domain for host in known for domain in host.domains if not domain.next_start]
    running = [domain for domain in domains if domain.state is not DomainState.INACTIVE]
    states_known = all(domain.state is not DomainState.UNKNOWN for domain in domains)
    return CapacityCount(
        site=site,
        hypervisors=len(hosts),
        unread=unread,
        cpus=_sum([host.cpus for host in known]),
        memory_mib=_sum([host.memory_mib for host in known]),
        domains_running=len(running) if states_known else None,
        domains_defined=len(domains),
        vcpus_running=_sum([domain.vcpus for domain in running]) if states_known else None,
        vcpus_defined=_sum([domain.vcpus for domain in domains]),
        memory_running_mib=_sum([domain.memory_mib for domain in running]) if states_known else None,
        memory_defined_mib=_sum([domain.memory_mib for domain in domains]),
        macvtap_interfaces=sum(interface.is_macvtap for domain in domains for interface in domain.interfaces),
    )


def _sum(numbers: Sequence[int | None]) -> int | None:
    """Add numbers; an unknown one makes the sum unknown."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
