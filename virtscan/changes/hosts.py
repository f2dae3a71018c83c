"""Changes of hypervisors, of provisioning servers, and of the systems that hold boot records."""

from collections.abc import Iterator

from virtscan.changes.fields import differences, differences_of_devices, of_host, of_server
from virtscan.changes.observation import ObservedHost
from virtscan.changes.values import FieldChange, HostChange, Kind, ServerChange, ServerRef, SystemChange, SystemRef
from virtscan.model import GapAbout, HostStatus, Inventory, Server, State
from virtscan.model.gaps.items import System


def host_changes(host: ObservedHost) -> Iterator[HostChange]:
    """Yield the changes of one hypervisor: whether it was read, its name, its fields."""
    old, new = host.pair.old, host.pair.new
    statuses = (None if old is None else old.status, None if new is None else new.status)
    was, now = host.old.name, host.new.name
    if old is None or new is None:
        kind = Kind.ADDED if old is None else Kind.REMOVED
        count = len((host.new if old is None else host.old).domains)
        yield HostChange(kind=kind, old=was, new=now, statuses=statuses, domains=count)
        return
    reached = host.old.is_reached, host.new.is_reached
    if reached == (True, False):
        yield HostChange(kind=Kind.NOT_SEEN, old=was, new=now, statuses=statuses, domains=len(host.old.domains))
    elif reached == (False, True):
        yield HostChange(kind=Kind.SEEN_AGAIN, old=was, new=now, statuses=statuses, domains=len(host.new.domains))
    if was != now:
        yield HostChange(kind=Kind.RENAMED, old=was, new=now, statuses=statuses)
    fields = differences(of_host(old), of_host(new))
    if reached == (True, True) and old.status is not new.status:
        fields = (FieldChange(field="status", old=old.status.value, new=new.status.value), *fields)
    if fields:
        yield HostChange(kind=Kind.CHANGED, old=was, new=now, statuses=statuses, fields=fields)


def server_changes(old: Inventory, new: Inventory) -> Iterator[ServerChange]:
    """Yield the changes of all servers; each is known by its name and interface."""
    before, after = _servers(old), _servers(new)
    for ref in dict.fromkeys((*before, *after)):
        first, second = before.get(ref), after.get(ref)
        if first is None or second is None:
            yield ServerChange(kind=Kind.ADDED if first is None else Kind.REMOVED, server=ref)
            continue
        read = first.tx_checksum is not State.UNKNOWN, second.tx_checksum is not State.UNKNOWN
        if read[0] != read[1]:
            yield ServerChange(kind=Kind.NOT_SEEN if read[0] else Kind.SEEN_AGAIN, server=ref)
        if fields := (*differences(of_server(first), of_server(second)), *differences_of_devices(first, second)):
            yield ServerChange(kind=Kind.CHANGED, server=ref, fields=fields)


def system_changes(old: Inventory, new: Inventory) -> Iterator[SystemChange]:
    """Yield the systems that one side could not read completely, and the other has no gap about."""
    before, after = unread_systems(old), unread_systems(new)
    for ref in dict.fromkeys((*before, *after)):
        if (ref in before) is not (ref in after):
            yield SystemChange(kind=Kind.NOT_SEEN if ref in after else Kind.SEEN_AGAIN, system=ref)


def unread_systems(inventory: Inventory) -> tuple[SystemRef, ...]:
    """Return the systems that were not read completely."""
    items = (gap.item for gap in inventory.gaps if gap.about is GapAbout.PROVISIONING)
    refs = (SystemRef(kind=item.system_kind, name=item.system) for item in items if isinstance(item, System))
    return tuple(dict.fromkeys(refs))


def is_unread(status: HostStatus | None) -> bool:
    """Return True for a host that was configured and not read completely."""
    return status is not None and status is not HostStatus.COMPLETE


def _servers(inventory: Inventory) -> dict[ServerRef, Server]:
    """Return the servers by name and interface; of two with the same key, the first."""
    servers: dict[ServerRef, Server] = {}
    for server in inventory.servers:
        servers.setdefault(ServerRef(server=server.name, interface=server.interface), server)
    return servers
