"""Headroom for more domains: after the failure of each site's largest host, and for the largest new domain today."""

from virtscan.model import HostStatus, Hypervisor
from virtscan.model.facts.amounts import ratio, total
from virtscan.views.counting.groups import Group


def memory_without_largest_mib(group: Group) -> int | None:
    """Return the memory left at a site when its largest host fails and its domains run on the others.

    It is negative where not all of them fit. It is None for anything but one whole site, because no site has room for
    the domains of another. It is also None where a host of the site may have domains that were not read.
    """
    left = _without_largest(group, [host.memory_mib for host in group.read])
    allocated = group.allocated_mib(running=True)
    return None if left is None or allocated is None else left - allocated


def cpu_ratio_without_largest(group: Group) -> float | None:
    """Return the virtual CPUs that run for each CPU that is left when the largest host of a site fails."""
    left = _without_largest(group, [host.cpus for host in group.read])
    return ratio(group.vcpus(running=True), left)


def largest_domain_mib(group: Group) -> int | None:
    """Return the memory of the largest domain that could start now on one of the hosts whose domains were all read.

    On one host, that is the unallocated memory, or the free memory if the source has it and it is less. None if it is
    unknown for one of the hosts, or if domains are in several groups.
    """
    if not group.has_whole_hosts:
        return None
    free = [_free_mib(host) for host in group.hosts if _has_all_domains(host)]
    known = [amount for amount in free if amount is not None]
    return max(known, default=None) if len(known) == len(free) else None


def _free_mib(host: Hypervisor) -> int | None:
    allocated = total(domain.if_running(domain.memory_mib) for domain in host.present_domains)
    if host.memory_mib is None or allocated is None:
        return None
    amounts = (host.memory_mib - allocated, host.memory_free_mib)
    return max(0, min(amount for amount in amounts if amount is not None))


def _has_all_domains(host: Hypervisor) -> bool:
    """Return True if none is missing: a folder of definitions, and a session's daemon, may lack some."""
    return host.status is HostStatus.COMPLETE and host.lists_all_domains


def _without_largest(group: Group, amounts: list[int | None]) -> int | None:
    """Add up amounts of the hosts of one site, all domains of which were read, without the largest one."""
    is_site = group.has_whole_sites and len({host.site for host in group.hosts}) == 1
    left = total(amounts) if is_site and all(map(_has_all_domains, group.hosts)) else None
    return None if left is None else left - max(amount for amount in amounts if amount is not None)
