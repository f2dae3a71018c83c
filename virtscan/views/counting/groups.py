"""Groups, the rows of the capacity view: hosts, domains, interfaces and findings that share a label."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

import msgspec

from virtscan.model import Domain, Finding, HostStatus, Hypervisor, Processor, Report
from virtscan.model.facts.amounts import total
from virtscan.model.natural import natural
from virtscan.views.counting.placements import DomainPlacements, Placement
from virtscan.views.document import known, word
from virtscan.views.view import Grouping

Label = tuple[str | None, ...]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Hosts, domains, interfaces and findings, each of them once.

    Findings for the next start of running domains are among the findings, their definitions not among the domains.

    `has_whole_hosts`: all domains of its hosts are in it. `has_whole_sites`: all hosts of their sites are.

    A number is the sum over the items read; it is None if it is unknown for one of them, or nothing was read.
    """

    label: Label
    hosts: tuple[Hypervisor, ...]
    domains: tuple[Domain, ...]
    interfaces: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    has_whole_hosts: bool
    has_whole_sites: bool

    @property
    def read(self) -> tuple[Hypervisor, ...]:
        """Hosts that were read at least in part; the others add nothing to either side of a ratio."""
        return tuple(host for host in self.hosts if host.status is not HostStatus.FAILED)

    @property
    def status(self) -> HostStatus:
        """COMPLETE if every host is, FAILED if none was read; PARTIAL makes the numbers lower bounds."""
        statuses = {host.status for host in self.hosts} or {HostStatus.COMPLETE}
        return statuses.pop() if len(statuses) == 1 else HostStatus.PARTIAL

    def total(self, values: Iterable[int | None]) -> int | None:
        """Add up values of hosts, domains, interfaces or findings; None if one is unknown."""
        return None if self.status is HostStatus.FAILED else total(values)

    def processors(self, amount: Callable[[Processor], int | None]) -> int | None:
        """Sum up an amount of the hosts' processors."""
        return self.total(amount(host.processor) for host in self.read)

    def memory_free_mib(self) -> int | None:
        """Sum up the memory of the hosts that is free or used for caches."""
        return self.total(host.memory_free_mib for host in self.read)

    def paused(self) -> int | None:
        """Count suspended domains, which keep their resources; None if this is unknown for a domain that may run."""
        return self.total(known(domain.paused) for domain in self.domains)

    def cpus(self) -> int | None:
        """Count the CPUs of the hosts."""
        return self.total(host.cpus for host in self.read)

    def memory_mib(self) -> int | None:
        """Sum up the memory of the hosts."""
        return self.total(host.memory_mib for host in self.read)

    def running(self) -> int | None:
        """Count running domains; None if the state of one is unknown."""
        return self.total(domain.if_running(1) for domain in self.domains)

    def vcpus(self, *, running: bool) -> int | None:
        """Count virtual CPUs allocated to the running, or to all defined domains."""
        return self.total(domain.if_running(domain.vcpus) if running else domain.vcpus for domain in self.domains)

    def allocated_mib(self, *, running: bool) -> int | None:
        """Sum up the memory allocated to the running, or to all defined domains."""
        return self.total(
            domain.if_running(domain.memory_mib) if running else domain.memory_mib for domain in self.domains
        )


class _GroupPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a group: a host alone, a domain of it with those of its interfaces that belong there, or findings."""

    host: Hypervisor
    domain: Domain | None = None
    interfaces: tuple[Placement, ...] = ()
    findings: tuple[Finding, ...] = ()


def groups(report: Report, items: Iterable[DomainPlacements], by: Grouping) -> tuple[Group, ...]:
    """Make one group for each label, sorted, hosts and domains without one last; `items` are all domains of the report.

    A domain on two devices or segments is in both groups. A configured segment has a group even without any interface,
    so that an unread host is missed there.
    """
    members: defaultdict[Label, list[_GroupPart]] = defaultdict(list)
    for host in report.inventory.hypervisors:
        for label in _labels_of_host(host, by):
            members[label].append(_GroupPart(host=host))
    for item in items:
        for label, interfaces in _split(item, by).items():
            members[label].append(_GroupPart(host=item.hypervisor, domain=item.domain, interfaces=tuple(interfaces)))
    hosts = {host.name: host for host in report.inventory.hypervisors}
    for finding in report.findings:
        judged = hosts.get(finding.hypervisor)
        if judged is not None:
            members[_label(judged, finding, by)].append(_GroupPart(host=judged, findings=(finding,)))
    return tuple(_group(label, members[label], by) for label in sorted(members, key=_order))


def whole_fleet(report: Report, items: Iterable[DomainPlacements], label: Label) -> Group:
    """Return one group of all hosts, domains, interfaces and findings, each counted once."""
    hosts = [_GroupPart(host=host) for host in report.inventory.hypervisors]
    domains = [_GroupPart(host=item.hypervisor, domain=item.domain, interfaces=item.placements) for item in items]
    group = _group(label, hosts + domains, Grouping.SITE)
    return msgspec.structs.replace(group, findings=report.findings)


def group_of_host(host: Hypervisor, findings: Sequence[Finding]) -> Group:
    """Return the group of one host, without the places of its interfaces: finding those takes long."""
    return Group(
        label=(host.name,),
        hosts=(host,),
        domains=host.present_domains,
        interfaces=(),
        findings=tuple(findings),
        has_whole_hosts=True,
        has_whole_sites=False,
    )


def _group(label: Label, members: list[_GroupPart], by: Grouping) -> Group:
    return Group(
        label=label,
        hosts=tuple({member.host.name: member.host for member in members}.values()),
        domains=tuple(member.domain for member in members if member.domain is not None),
        interfaces=tuple(interface for member in members for interface in member.interfaces),
        findings=tuple(finding for member in members for finding in member.findings),
        has_whole_hosts=by in (Grouping.HYPERVISOR, Grouping.SITE),
        has_whole_sites=by is Grouping.SITE,
    )


def _split(item: DomainPlacements, by: Grouping) -> Mapping[Label, list[Placement]]:
    """Group a domain's interfaces by label; a domain without any still has a place."""
    parts: defaultdict[Label, list[Placement]] = defaultdict(list)
    for place in item.placements:
        parts[_label(item.hypervisor, place, by)].append(place)
    return parts or {_label(item.hypervisor, None, by): []}


def _labels_of_host(host: Hypervisor, by: Grouping) -> set[Label]:
    """Return the labels under which a host counts, regardless of the devices of its domains."""
    if by is Grouping.SEGMENT and host.segments:
        return {(segment,) for segment in host.segments.values()}
    if by in (Grouping.SEGMENT, Grouping.DEVICE) and host.domains:
        return set()
    return {_label(host, None, by)}


def _device_and_kind(place: Placement | Finding | None) -> tuple[str | None, str | None]:
    """Return the device of a place and its kind; without a device it has none, so that all of a host are one row."""
    match place:
        case Finding(source_device=str(device), device_kind=kind):
            return device, word(kind)
        case Placement(device=str(device), kind=kind):
            return device, word(kind)
        case _:
            return None, None


def _label(host: Hypervisor, place: Placement | Finding | None, by: Grouping) -> Label:
    match by:
        case Grouping.HYPERVISOR:
            return (host.name, host.site)
        case Grouping.DEVICE:
            return (host.name, *_device_and_kind(place))
        case Grouping.SITE:
            return (host.site,)
        case Grouping.SEGMENT:
            return (place.segment if place else None,)
        case _:
            assert_never(by)


def _order(label: Label) -> list[tuple[bool, str, str]]:
    return [(part is None, natural(part or ""), part or "") for part in label]
