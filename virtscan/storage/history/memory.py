"""The last observations of hosts."""

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from virtscan.changes import with_later_domains
from virtscan.model import HostStatus, Hypervisor, Inventory, UnreadHost
from virtscan.storage.history.reading import ScanReader, chunks
from virtscan.storage.history.tables import HOST, HOST_SCAN, SCAN


class Whole(msgspec.Struct, frozen=True):
    """A host with the number of the scan that read it completely."""

    host: Hypervisor
    scan_id: int


def whole_hosts(connection: sa.Connection, ids: Sequence[int], scan_id: int) -> dict[int, Whole]:
    """Return hosts, by id, as they were at the last scan up to this one that read them completely."""
    reader = ScanReader(connection)
    scans: dict[int, list[int]] = {}
    for portion in chunks(ids):
        for number, scan in _last_complete(connection, portion, scan_id):
            scans.setdefault(scan, []).append(number)
    return {
        number: Whole(host, scan)
        for scan, host_ids in scans.items()
        for number, host in reader.hosts(scan, host_ids).items()
    }


def remembering(connection: sa.Connection, inventory: Inventory, scan_id: int) -> Inventory:
    """Return the inventory of a scan with the last observation of each host that it did not read completely."""
    reader = ScanReader(connection)
    recorded = {unread_host.hypervisor: unread_host for unread_host in inventory.unread}
    rows = connection.execute(
        sa.select(HOST_SCAN.c.position, HOST_SCAN.c.host_id)
        .where(HOST_SCAN.c.scan_id == scan_id, HOST_SCAN.c.status != HostStatus.COMPLETE.value)
        .order_by(HOST_SCAN.c.position)
    )
    ids = {inventory.hypervisors[position].name: host_id for position, host_id in rows}
    whole = whole_hosts(connection, list(ids.values()), scan_id)
    unread = []
    for name, host_id in ids.items():
        known = recorded.get(name)
        if host_id in whole and (known is None or known.last is None):
            last, since = whole[host_id].host, whole[host_id].scan_id
            last = with_later_domains(last, reader.later_domains(host_id, since, scan_id))
            unread.append(_unread(connection, name, Whole(last, since), scan_id))
        elif known is not None:
            unread.append(known)
    return msgspec.structs.replace(inventory, unread=tuple(unread))


def _unread(connection: sa.Connection, name: str, whole: Whole, scan_id: int) -> UnreadHost:
    """Return the record of a host that was not read completely since its last complete scan."""
    scope = sa.select(SCAN.c.scope_id).where(SCAN.c.id == scan_id).scalar_subquery()
    later = sa.select(SCAN.c.taken_at).where(SCAN.c.scope_id == scope, SCAN.c.id > whole.scan_id)
    since = connection.scalars(later.order_by(SCAN.c.id).limit(1)).one()
    return UnreadHost(hypervisor=name, since=since, last=whole.host)


def _last_complete(connection: sa.Connection, ids: Sequence[int], scan_id: int) -> Iterator[tuple[int, int]]:
    """Yield hosts with the scan that they were last read completely at."""
    at_last = sa.and_(HOST_SCAN.c.scan_id == HOST.c.last_complete, HOST_SCAN.c.host_id == HOST.c.id)
    query = sa.select(HOST.c.id, HOST.c.last_complete).join_from(HOST, HOST_SCAN, at_last).where(HOST.c.id.in_(ids))
    newest = {number: scan for number, scan in connection.execute(query) if scan <= scan_id}
    yield from newest.items()
    never = sa.select(HOST.c.id).where(HOST.c.id.in_(ids), HOST.c.last_complete.is_(None))
    older = set(ids) - set(newest) - set(connection.scalars(never))
    if older:  # an old scan, or the last observation of a host was pruned
        table = HOST_SCAN
        complete = sa.and_(table.c.scan_id <= scan_id, table.c.status == HostStatus.COMPLETE.value)
        query = sa.select(table.c.host_id, sa.func.max(table.c.scan_id)).where(table.c.host_id.in_(older), complete)
        yield from ((number, scan) for number, scan in connection.execute(query.group_by(table.c.host_id)))
