"""Memory of an inventory: the last complete observation of hosts that it could not read."""

from collections.abc import Iterator, Mapping

import msgspec

from virtscan.model import HostStatus, Hypervisor, Inventory, UnreadHost
from virtscan.model.identity.matching import match_hosts


def remembering(new: Inventory, old: Inventory) -> Inventory:
    """Return the new inventory with the older one's memory of its hosts: former keys, and the last observation.

    A host that was read completely needs no memory. Doing it again changes nothing.
    """
    pairs = match_hosts(old.hypervisors, new.hypervisors)
    before = {pair.new.name: pair.old for pair in pairs if pair.new is not None}
    hosts = tuple(_with_keys(host, before[host.name]) for host in new.hypervisors)
    return msgspec.structs.replace(new, hypervisors=hosts, unread=tuple(_unread(before, new, old)))


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
            yield msgspec.structs.replace(remembered, hypervisor=host.name)
