"""Two inventories to their changes."""

from collections.abc import Callable
from typing import TypeAlias

from virtscan.changes.causes import Causes
from virtscan.changes.domains import domain_changes, interface_changes, pair_domains
from virtscan.changes.findings import FindingSide, by_domain, finding_changes, is_newly_at_risk
from virtscan.changes.hosts import host_changes, is_unread, server_changes, system_changes, unread_systems
from virtscan.changes.observation import failed_names, observe, with_memory
from virtscan.changes.values import Changes, DomainChange, FindingChange, Snapshot
from virtscan.model import Inventory, Report

Judge: TypeAlias = Callable[[Inventory], Report]
"""The decision table: both sides are judged by the same one."""


def compare(old: Inventory, new: Inventory, judge: Judge) -> Changes:
    """Return everything that changed from an older to a newer inventory.

    A host that the older one did not read completely counts as its last complete observation, if `old.unread` has it.
    Neither times nor the version of virtscan are changes. The reverse comparison has the reverse changes.

    Args:
        old: The inventory to compare with.
        new: The present one.
        judge: Judges an inventory; called for both.
    """
    hosts = observe(old, new)
    followed = pair_domains(hosts)
    of_hosts = tuple(change for host in hosts for change in host_changes(host))
    of_servers = tuple(server_changes(old, new))
    of_domains = tuple(change for pairs in followed for pair in pairs for change in domain_changes(pair, hosts))
    of_interfaces = tuple(change for pairs in followed for pair in pairs for change in interface_changes(pair))
    causes = Causes(old, new, hosts, of_servers)
    before, after = _side(old, judge), _side(new, judge)
    findings = [change for pairs in followed for change in finding_changes(pairs, before, after, causes)]
    unread = {host.name for host in (*old.hypervisors, *new.hypervisors) if is_unread(host.status)}
    unread |= failed_names(old) | failed_names(new)
    return Changes(
        old=_snapshot(old),
        new=_snapshot(new),
        findings=tuple(sorted(findings, key=_order)),
        hypervisors=of_hosts,
        servers=of_servers,
        domains=tuple(sorted(of_domains, key=_order_of_domains)),
        interfaces=of_interfaces,
        systems=tuple(system_changes(old, new)),
        unread=tuple(sorted(unread)),
        unread_systems=tuple(dict.fromkeys((*unread_systems(old), *unread_systems(new)))),
        lost_all_domains=old.has_domains and not new.has_domains,
    )


def _side(inventory: Inventory, judge: Judge) -> FindingSide:
    seen, restored = by_domain(judge(inventory)), with_memory(inventory)
    return FindingSide(seen, seen if restored is inventory else by_domain(judge(restored)))


def _snapshot(inventory: Inventory) -> Snapshot:
    return Snapshot(version=inventory.version, taken_at=inventory.taken_at, scope=inventory.scope)


def _order(change: FindingChange) -> tuple[int, bool, str, str, str, str, int]:
    finding = change.finding
    return (
        change.kind.rank,
        not is_newly_at_risk(change),
        finding.server or "",
        finding.server_interface or "",
        finding.hypervisor,
        finding.domain,
        finding.index,
    )


def _order_of_domains(change: DomainChange) -> tuple[int, str, str, str]:
    domain = change.domain
    return change.kind.rank, domain.hypervisor, domain.domain, domain.uuid or ""
