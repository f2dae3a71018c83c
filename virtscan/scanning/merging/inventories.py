"""Inventories of several sites or dates, merged into one: each host once, every gap kept; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations, product
from typing import TypeVar

import msgspec

from virtscan import __version__
from virtscan.model import Gap, HostStatus, Hypervisor, Inventory, Policy, RememberedPlace, UnreadHost
from virtscan.model.identity.keys import machine_uuid
from virtscan.scanning.merging.hosts import MergedHosts
from virtscan.scanning.merging.records import merge_records
from virtscan.scanning.merging.servers import merge_servers, newest_first
from virtscan.scanning.naming import is_full_address, unique_names

S = TypeVar("S", bound=msgspec.Struct)
H = TypeVar("H", Gap, UnreadHost, RememberedPlace)

_OTHER_DRIVERS = frozenset({"bhyve", "ch", "esx", "hyperv", "lxc", "test", "vbox", "vpx", "vz", "xen"})
"""Drivers of libvirt, other than QEMU's, that a machine can have: one system uuid, several hypervisors."""

_NOT_DECLARED: Mapping[str, object] = {
    "site": None,
    "declared_kernel": None,
    "physical": False,
    "segments": {},
    "reflective": (),
}


class _HostObservation(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor in one of the inventories, with the time of its configuration."""

    host: Hypervisor
    inventory: int
    declared_at: datetime

    @property
    def is_recognized(self) -> bool:
        """Return False for a host of which nothing but a short address is known, which each site may have."""
        return self.host.status is not HostStatus.FAILED or is_full_address(self.host.uri)

    @property
    def rank(self) -> tuple[int, float, int, bytes, bytes]:
        """The best observation is the least: the newest complete one; one of unknown age is the oldest.

        Of equal age it is the one with the most domains.
        """
        # Facts that a merge changes come last, so that merging again finds the same.
        undeclared: dict[str, object] = {"name": self.host.plain_name, "own_name": None, **_NOT_DECLARED}
        facts = msgspec.structs.replace(self.host, former_keys=(), observed_at=None, **undeclared)
        declared = [getattr(self.host, field) for field in _NOT_DECLARED]
        order = self.host.status.rank, newest_first(self.host.observed_at), -len(self.host.domains)
        return *order, msgspec.json.encode(facts), msgspec.json.encode(declared)


def merge(inventories: Sequence[Inventory], policy: Policy | None = None) -> Inventory:
    """Merge inventories; of a host or server in several of them, the newest complete observation is used.

    Declarations are those of the newest inventory with the host or server, for an older one may be of another
    configuration.

    The order of the inventories does not matter, except for the policy: it is that of the first, unless one is given.
    Merging an inventory again changes nothing. No gap is lost, not even that of a host which another inventory has.
    Pseudonyms have to be of one map.

    Args:
        inventories: At least one.
        policy: How the result is judged.
    """
    taken_at = max(inventory.taken_at for inventory in inventories)
    clusters = _clusters(
        [
            _HostObservation(host=host, inventory=number, declared_at=inventory.taken_at)
            for number, inventory in enumerate(inventories)
            for host in inventory.hypervisors
        ]
    )
    # The order depends on the result alone, so that merging it again finds the same.
    clusters.sort(key=_order)
    hosts = [_united(cluster) for cluster in clusters]
    numbers: dict[tuple[int, str | None], int] = {
        (observation.inventory, observation.host.name): number
        for number, cluster in enumerate(clusters)
        for observation in cluster
    }
    recognized = [[one.inventory for one in cluster if one.is_recognized] for cluster in clusters]
    servers = merge_servers(inventories, MergedHosts([host.plain_name for host in hosts], numbers, recognized))
    names = unique_names(hosts, servers.hosts_elsewhere)
    renamed = {place: names[number] for place, number in numbers.items()}
    hypervisors = [msgspec.structs.replace(host, name=name) for host, name in zip(hosts, names, strict=True)]
    scopes = {inventory.scope for inventory in inventories}
    return Inventory(
        version=__version__,
        taken_at=taken_at,
        scope=scopes.pop() if len(scopes) == 1 else None,
        policy=inventories[0].policy if policy is None else policy,
        hypervisors=tuple(sorted(hypervisors, key=lambda host: host.name)),
        servers=servers.on(names),
        netboots=_distinct(merge_records(inventories)),
        subnets=_distinct(one for inventory in inventories for one in inventory.subnets),
        gaps=_of_hosts([inventory.gaps for inventory in inventories], renamed),
        unread=_of_hosts([inventory.unread for inventory in inventories], renamed),
        redaction=inventories[0].redaction,
        places=_of_hosts([servers.places(number, one.places) for number, one in enumerate(inventories)], renamed),
    )


def _clusters(observations: Sequence[_HostObservation]) -> list[list[_HostObservation]]:
    """Put observations of one hypervisor together, the best first: those that share a key, directly or through others.

    Addresses come first, then declared names, so that the best observation of each hypervisor decides on a shared
    uuid. No two hypervisors of the result could be joined, so that merging it again finds the same.
    """
    clusters = [[observation] for observation in observations]
    while len(joined := _joined(_joined(clusters, by_uuid=False), by_uuid=True)) < len(clusters):
        clusters = joined
    return clusters


def _order(cluster: Sequence[_HostObservation]) -> tuple[str, bytes]:
    host = _united(cluster)
    return host.plain_name, msgspec.json.encode(msgspec.structs.replace(host, name=""))


def _joined(clusters: Sequence[list[_HostObservation]], *, by_uuid: bool) -> list[list[_HostObservation]]:
    """Join the clusters that share a system uuid, or else another key; each has the keys of all its observations.

    Vendors and clones repeat a system's uuid, and sites the names and short addresses of their hypervisors. The best
    observations come first, so that a host which was not read joins one of two namesakes and not both of them.
    """
    clusters = sorted(clusters, key=lambda cluster: cluster[0].rank)
    parent = list(range(len(clusters)))
    members = list(clusters)

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    having: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, cluster in enumerate(clusters):
        for key in {one for observation in cluster for one in observation.host.keys}:
            if key.startswith("uuid:") is by_uuid:
                having[_driver(cluster[0].host), key].append(place)
    for (_, key), places in sorted(having.items(), reverse=True):
        for first, second in combinations(places, 2):
            best, other = sorted((root(first), root(second)))
            if best != other and _have_one_in_common(members[best], members[other], key):
                parent[other] = best
                members[best] = sorted([*members[best], *members[other]], key=lambda observation: observation.rank)
    joined: defaultdict[int, list[_HostObservation]] = defaultdict(list)
    for place, cluster in enumerate(clusters):
        joined[root(place)] += cluster
    return [sorted(cluster, key=lambda observation: observation.rank) for cluster in joined.values()]


def _have_one_in_common(some: Sequence[_HostObservation], others: Sequence[_HostObservation], key: str) -> bool:
    """Return True if an observation of some is one of the others; one without facts counts only beside no other."""
    pairs = product(_known(some) or some[:1], _known(others) or others[:1])
    return any(not _are_different(one.host, other.host, key) for one, other in pairs)


def _known(cluster: Sequence[_HostObservation]) -> list[_HostObservation]:
    return [one for one in cluster if one.host.domains or one.host.status is HostStatus.COMPLETE]


def _are_different(one: Hypervisor, other: Hypervisor, key: str) -> bool:
    """Return True if two hypervisors with this key in common have no domain in common: each site may have the key.

    They are one all the same by an equal uuid and another key, or by a full address while a uuid is unknown. A uuid or
    an address alone is enough only while the domains of one of them are unknown; an address also if neither has any.
    """
    uuids = {machine_uuid(one.system_uuid), machine_uuid(other.system_uuid)}
    is_uuid, is_address = key.startswith("uuid:"), one.uri == other.uri
    if not is_uuid and (is_address and is_full_address(one.uri) if None in uuids else len(uuids) == 1):
        return False
    are_known = all(host.domains or host.status is HostStatus.COMPLETE for host in (one, other))
    if not are_known and (is_uuid or is_address):
        return False
    domains = [{domain.uuid or domain.name for domain in host.domains} for host in (one, other)]
    return domains[0].isdisjoint(domains[1]) and (any(domains) or not is_address)


def _driver(host: Hypervisor) -> str:
    scheme = host.uri.partition(":")[0].partition("+")[0]
    return scheme if scheme in _OTHER_DRIVERS else "qemu"


def _united(cluster: Sequence[_HostObservation]) -> Hypervisor:
    """Return the best observation, with the keys of all.

    Its declarations are those of the newest configuration: names of segments are comparable within one only.
    """
    best = cluster[0]
    declared = max(cluster, key=lambda observation: observation.declared_at).host
    every = sorted({key for observation in cluster for key in observation.host.keys} - set(best.host.keys))
    return msgspec.structs.replace(
        best.host,
        own_name=best.host.plain_name,
        **{field: getattr(declared, field) for field in _NOT_DECLARED},
        former_keys=(*best.host.former_keys, *every),
    )


def _of_hosts(inventories: Sequence[Iterable[H]], renamed: Mapping[tuple[int, str | None], str]) -> tuple[H, ...]:
    """Return facts about hypervisors, of each inventory, under the names that these have in the result."""
    return _distinct(
        msgspec.structs.replace(one, hypervisor=renamed.get((number, one.hypervisor), one.hypervisor))
        for number, facts in enumerate(inventories)
        for one in facts
    )


def _distinct(items: Iterable[S]) -> tuple[S, ...]:
    """Return each item once, in an order that depends on the items alone."""
    return tuple(item for _, item in sorted({msgspec.json.encode(item): item for item in items}.items()))
