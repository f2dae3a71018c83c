"""Memory of an inventory: the last observation of hosts that it could not read."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from virtscan.model import Domain, DomainKey, DomainState, HostStatus, Hypervisor, Inventory, LostDomain, UnreadHost
from virtscan.model.identity.matching import match_hosts


def remembering(new: Inventory, old: Inventory) -> Inventory:
    """Return the new inventory with the older one's memory of its hosts: former keys, and the last observation.

    A host that was read completely needs no memory. Of one that was read in part, the domains that were read count as
    last observed. A domain that left its host may be on one that was not read. Doing it again changes nothing.
    """
    pairs = match_hosts(old.hypervisors, new.hypervisors)
    before = {pair.new.name: pair.old for pair in pairs if pair.new is not None}
    hosts = tuple(_with_keys(host, before[host.name]) for host in new.hypervisors)
    unread, lost = tuple(_unread(before, new, old)), tuple(_lost(before, new, old))
    return msgspec.structs.replace(new, hypervisors=hosts, unread=unread, lost=lost)


def _with_keys(host: Hypervisor, before: Hypervisor | None) -> Hypervisor:
    if before is None or set(before.keys) <= set(host.keys):
        return host
    former = tuple(key for key in (*host.former_keys, *before.keys) if key not in host.keys)
    return msgspec.structs.replace(host, former_keys=tuple(dict.fromkeys((*host.former_keys, *former))))


def _unread(known: Mapping[str, Hypervisor | None], new: Inventory, old: Inventory) -> Iterator[UnreadHost]:
    memory = {unread.hypervisor: unread for unread in old.unread}
    present = {unread.hypervisor: unread for unread in new.unread}
    for host in new.hypervisors:
        before = known[host.name]
        if host.status is HostStatus.COMPLETE:
            continue
        if host.name in present and present[host.name].last is not None:
            yield present[host.name]
        elif before is None:
            yield present.get(host.name) or UnreadHost(hypervisor=host.name, since=new.taken_at)
        elif before.status is HostStatus.COMPLETE:
            yield UnreadHost(hypervisor=host.name, since=new.taken_at, last=before)
        else:
            remembered = memory.get(before.name) or UnreadHost(hypervisor=host.name, since=old.taken_at)
            yield msgspec.structs.replace(remembered, hypervisor=host.name, last=_later(remembered.last, before))


def _lost(known: Mapping[str, Hypervisor | None], new: Inventory, old: Inventory) -> Iterator[LostDomain]:
    """Yield the domains that are nowhere in the new inventory, and would be if all hosts had been read.

    A host whose list may lack domains that it has would keep each removed domain lost permanently.
    """
    complete = [host for host in new.hypervisors if host.status is HostStatus.COMPLETE]
    if len(complete) == len(new.hypervisors) or not all(host.lists_all_domains for host in complete):
        return
    names = {before.name: name for name, before in known.items() if before is not None}
    last = {unread.hypervisor: unread.last for unread in old.unread}
    whole = {host.name for host in complete}
    found = {domain.key.on(host.name) for host in new.hypervisors for domain in host.domains}
    for name, before in known.items():
        if before is not None and name not in whole:  # its last observation has them
            found |= {domain.key.on(name) for domain in before.domains}
    left = (
        (host.name, domain)
        for host in complete
        if (before := known[host.name]) is not None
        for domain in (*before.domains, *_remembered(before, last.get(before.name)))
    )
    earlier = ((names[fact.hypervisor], fact.domain) for fact in old.lost if fact.hypervisor in names)
    present = ((fact.hypervisor, fact.domain) for fact in new.lost)
    lost: dict[tuple[str, DomainKey], LostDomain] = {}
    for name, domain in (*present, *left, *earlier):
        if not domain.next_start and domain.key.on(name) not in found:
            lost.setdefault((name, domain.key), LostDomain(hypervisor=name, domain=domain))
    yield from lost.values()


def _remembered(before: Hypervisor, last: Hypervisor | None) -> Sequence[Domain]:
    return () if last is None or before.status is HostStatus.COMPLETE else last.domains


def _later(last: Hypervisor | None, before: Hypervisor) -> Hypervisor | None:
    """Return the last observation of a host with what a later scan read of it, in part or not at all."""
    if before.status is HostStatus.FAILED:
        return last
    return before if last is None else with_later_domains(last, before.domains)


def with_later_domains(last: Hypervisor, domains: Sequence[Domain]) -> Hypervisor:
    """Return the last complete observation of a host with definitions that were read since."""
    later = {key for domain in domains for key in replaced_definitions(domain)}
    kept = (domain for domain in last.domains if (domain.origin, domain.key, domain.next_start) not in later)
    return msgspec.structs.replace(last, domains=(*kept, *domains)) if domains else last


def replaced_definitions(domain: Domain) -> Iterator[tuple[str, DomainKey, bool]]:
    """Yield origin, key and `next_start` of each older definition that this one replaces.

    A domain that does not run has no other definition for its next start.
    """
    yield domain.origin, domain.key, domain.next_start
    if domain.state is DomainState.INACTIVE and not domain.next_start:
        yield domain.origin, domain.key, True
