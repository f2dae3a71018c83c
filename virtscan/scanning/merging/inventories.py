"""Inventories of several sites or dates, merged into one: each host once, every gap kept; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

import msgspec

from virtscan import __version__
from virtscan.changes import with_later_domains
from virtscan.model import (
    Gap,
    HostStatus,
    Hypervisor,
    Inventory,
    LostDomain,
    Policy,
    RememberedPlace,
    ScanFacts,
    UnreadHost,
)
from virtscan.model.identity.keys import key_rank
from virtscan.scanning.merging.hosts import MergedHosts
from virtscan.scanning.merging.observations import NOT_DECLARED, HostObservation, by_host, newest_first
from virtscan.scanning.merging.records import merge_records
from virtscan.scanning.merging.servers import merge_servers
from virtscan.scanning.naming import unique_names

S = TypeVar("S", bound=msgspec.Struct)
H = TypeVar("H", Gap, LostDomain, RememberedPlace)


def merge(inventories: Sequence[Inventory], policy: Policy | None = None) -> Inventory:
    """Merge inventories; of a host or server in several of them, the newest complete observation is used.

    Declarations are those of the newest inventory with the host or server, because an older one may have another
    configuration.

    The order of the inventories does not matter, except for the policy, which is that of the first unless given.
    The result keeps the inventories of all scans, and these are merged again. So neither stages nor repetitions change
    anything. No gap is lost, not even that of a host which another inventory has. Pseudonyms must come from one map.

    Args:
        inventories: At least one.
        policy: The policy of the result; None for that of the first inventory.
    """
    first = inventories[0]
    scans = {_digest(scan): scan for inventory in inventories for scan in _scans(inventory)}
    merged = tuple(scan for _, scan in sorted(scans.items()))
    return msgspec.structs.replace(
        _of_scans(merged), policy=first.policy if policy is None else policy, redaction=first.redaction, merged=merged
    )


def is_of_its_scans(inventory: Inventory) -> bool:
    """Return True if merging the scans of a merged inventory gives it: it was not edited, nor merged by other rules.

    With pseudonyms it is not compared: the order of a result depends on its names.
    """
    if inventory.redaction is not None:
        return True
    again = merge([inventory], inventory.policy)
    return msgspec.structs.replace(inventory, version=again.version) == again


def _scans(inventory: Inventory) -> Sequence[ScanFacts]:
    """Return the scans that an inventory was merged from, or the only one."""
    return inventory.merged or (ScanFacts(**{name: getattr(inventory, name) for name in ScanFacts.__struct_fields__}),)


def _digest(scan: ScanFacts) -> bytes:
    """Identify a scan; host by host, because the JSON of all is large."""
    digest = blake2b(msgspec.json.encode(msgspec.structs.replace(scan, hypervisors=())))
    for host in scan.hypervisors:
        digest.update(msgspec.json.encode(host))
    return digest.digest()


def _of_scans(scans: Sequence[ScanFacts]) -> Inventory:
    grouped = [(_merged(observations), observations) for observations in by_host(scans)]
    # Namesakes are numbered in this order: it does not depend on the times of the scans.
    grouped.sort(key=lambda pair: _order(pair[0]))
    hosts = [host for host, _ in grouped]
    numbers: dict[tuple[int, str | None], int] = {
        (observation.inventory, observation.host.name): number
        for number, (_, observations) in enumerate(grouped)
        for observation in observations
    }
    recognized = [
        [observation.inventory for observation in observations if observation.is_recognized]
        for _, observations in grouped
    ]
    servers = merge_servers(scans, MergedHosts([host.plain_name for host in hosts], numbers, recognized))
    names = unique_names(hosts, servers.hosts_elsewhere)
    renamed = {key: names[number] for key, number in numbers.items()}
    hypervisors = [msgspec.structs.replace(host, name=name) for host, name in zip(hosts, names, strict=True)]
    scopes = {scan.scope for scan in scans}
    return Inventory(
        version=__version__,
        taken_at=max(scan.taken_at for scan in scans),
        scope=scopes.pop() if len(scopes) == 1 else None,
        hypervisors=tuple(sorted(hypervisors, key=lambda host: host.name)),
        servers=servers.on(names),
        netboots=_distinct(merge_records(scans, servers.names)),
        subnets=_distinct(subnet for scan in scans for subnet in scan.subnets),
        gaps=_of_hosts([servers.gaps(number, scan.gaps) for number, scan in enumerate(scans)], renamed),
        unread=tuple(_unread(hypervisors, scans, renamed)),
        lost=tuple(_lost(hypervisors, _of_hosts([scan.lost for scan in scans], renamed))),
        places=_of_hosts([servers.places(number, scan.places) for number, scan in enumerate(scans)], renamed),
    )


def _order(host: Hypervisor) -> tuple[str, bytes]:
    return host.plain_name, msgspec.json.encode(msgspec.structs.replace(host, name=""))


def _merged(observations: Sequence[HostObservation]) -> Hypervisor:
    """Return the best observation, with the keys of all.

    Its declarations are those of the newest configuration: segment names are comparable only within one.
    """
    best = observations[0].host
    declared = max(observations, key=lambda observation: observation.declared_at).host
    host = msgspec.structs.replace(
        best,
        own_name=best.plain_name,
        **{field: getattr(declared, field) for field in NOT_DECLARED},
        former_keys=(),
    )
    former = {key for observation in observations for key in observation.keys}.difference(host.keys)
    return msgspec.structs.replace(host, former_keys=tuple(sorted(former, key=lambda key: (key_rank(key), key))))


def _unread(
    hosts: Iterable[Hypervisor], scans: Iterable[ScanFacts], renamed: Mapping[tuple[int, str | None], str]
) -> Iterator[UnreadHost]:
    """Yield each host that was not read completely, with its first unread scan and its last observation."""
    names = {host.name for host in hosts if host.status is not HostStatus.COMPLETE}
    unread_by_name: defaultdict[str, list[tuple[UnreadHost, datetime]]] = defaultdict(list)
    for number, scan in enumerate(scans):
        for unread in scan.unread:
            name = renamed.get((number, unread.hypervisor), unread.hypervisor)
            unread_by_name[name].append((unread, scan.taken_at))
    for name in sorted(names & unread_by_name.keys()):
        since = min(unread.since for unread, _ in unread_by_name[name])
        observed = [(unread.last, taken_at) for unread, taken_at in unread_by_name[name] if unread.last is not None]
        yield UnreadHost(hypervisor=name, since=since, last=_last(observed))


def _last(observed: Sequence[tuple[Hypervisor, datetime]]) -> Hypervisor | None:
    """Return the newest complete observation of a host with the domains that may have been read since.

    Without a complete one it is the newest partial one with those of all.

    Args:
        observed: Each with the time of the scan that remembers it; its domains may have been read until then.
    """
    if not observed:
        return None
    ordered = sorted(observed, key=lambda pair: (-newest_first(pair[0].observed_at), pair[1]))
    newest = max(reversed(ordered), key=lambda pair: pair[0].status is HostStatus.COMPLETE)[0]
    complete_at = newest.observed_at if newest.status is HostStatus.COMPLETE else None
    last = msgspec.structs.replace(newest, domains=())
    for host, taken_at in ordered:
        if host is newest or complete_at is None or taken_at > complete_at:
            last = with_later_domains(last, host.domains)
    return last


def _lost(hosts: Iterable[Hypervisor], lost: Iterable[LostDomain]) -> Iterator[LostDomain]:
    """Yield each domain that no scan found elsewhere."""
    found = {domain.key.on(host.name) for host in hosts for domain in host.domains}
    return (fact for fact in lost if fact.domain.key.on(fact.hypervisor) not in found)


def _of_hosts(inventories: Sequence[Iterable[H]], renamed: Mapping[tuple[int, str | None], str]) -> tuple[H, ...]:
    """Return the facts of each inventory about hypervisors, under the names in the result."""
    return _distinct(
        msgspec.structs.replace(fact, hypervisor=renamed.get((number, fact.hypervisor), fact.hypervisor))
        for number, facts in enumerate(inventories)
        for fact in facts
    )


def _distinct(items: Iterable[S]) -> tuple[S, ...]:
    """Return each item once, in an order that depends on the items alone."""
    return tuple(item for _, item in sorted({msgspec.json.encode(item): item for item in items}.items()))
