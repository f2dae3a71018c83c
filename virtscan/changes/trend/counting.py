"""The counts of one scan, which the history keeps permanently."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from virtscan.model import Exposure, Finding, HostStatus, Hypervisor, Report, Verdict
from virtscan.model.facts.amounts import total
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
    domains = [domain for host in known for domain in host.present_domains]
    return CapacityCount(
        site=site,
        hypervisors=len(hosts),
        unread=unread,
        cpus=total(host.cpus for host in known),
        memory_mib=total(host.memory_mib for host in known),
        domains_running=total(domain.if_running(1) for domain in domains),
        domains_defined=len(domains),
        vcpus_running=total(domain.if_running(domain.vcpus) for domain in domains),
        vcpus_defined=total(domain.vcpus for domain in domains),
        memory_running_mib=total(domain.if_running(domain.memory_mib) for domain in domains),
        memory_defined_mib=total(domain.memory_mib for domain in domains),
        macvtap_interfaces=sum(interface.is_macvtap for domain in domains for interface in domain.interfaces),
    )
