"""The last observations of hosts and of domains."""

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from virtscan.changes import with_later_domains
from virtscan.model import DomainKey, HostStatus, Hypervisor, Inventory, LostDomain, UnreadHost
from virtscan.storage.history.content.pieces import domain_of, verified
from virtscan.storage.history.reading import ScanReader, chunks
from virtscan.storage.history.tables import DOMAIN_VERSION, HOST, HOST_SCAN, SCAN


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
    """Return the inventory of a scan with the last observation of each host that it did not read completely.

    The domains that may be on such a host are part of it.
    """
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
    lost = inventory.lost or tuple(_lost(connection, inventory, scan_id))
    return msgspec.structs.replace(inventory, unread=tuple(unread), lost=lost)


def _lost(connection: sa.Connection, inventory: Inventory, scan_id: int) -> Iterator[LostDomain]:
    """Yield the domains that ended since the last scan that read all hosts, and that no host has at this scan.

    See `virtscan.changes.remembering`, which carries them from scan to scan.
    """
    complete = [host for host in inventory.hypervisors if host.status is HostStatus.COMPLETE]
    if len(complete) == len(inventory.hypervisors) or not all(host.lists_all_domains for host in complete):
        return
    scope = sa.select(SCAN.c.scope_id).where(SCAN.c.id == scan_id).scalar_subquery()
    whole = sa.select(sa.func.coalesce(sa.func.max(SCAN.c.id), 0)).where(
        SCAN.c.scope_id == scope, SCAN.c.id <= scan_id, SCAN.c.status == HostStatus.COMPLETE.value
    )
    ended, now = DOMAIN_VERSION.alias(), DOMAIN_VERSION.alias()
    is_valid = sa.and_(now.c.first_scan <= scan_id, sa.or_(now.c.end_scan.is_(None), now.c.end_scan > scan_id))
    is_here = sa.and_(ended.c.uuid.is_(None), now.c.host_id == ended.c.host_id, now.c.name == ended.c.name)
    found = (
        sa.select(now.c.id)
        .join_from(now, HOST, HOST.c.id == now.c.host_id)
        .where(HOST.c.scope_id == scope, is_valid, sa.or_(now.c.uuid == ended.c.uuid, is_here))
    )
    of_scan = sa.and_(HOST_SCAN.c.host_id == ended.c.host_id, HOST_SCAN.c.scan_id == scan_id)
    rows = connection.execute(
        sa.select(HOST_SCAN.c.position, ended.c.format, ended.c.digest, ended.c.data)
        .join_from(ended, HOST_SCAN, of_scan)
        .where(ended.c.end_scan > whole.scalar_subquery(), ended.c.end_scan <= scan_id, ended.c.next_start == 0)
        .where(~found.exists())
        .order_by(HOST_SCAN.c.position, ended.c.end_scan.desc(), ended.c.rank, ended.c.id)
    )
    known: set[tuple[int, DomainKey]] = set()
    for position, version, digest, data in rows:
        domain = domain_of(verified(data, digest, version), version)
        if (position, domain.key) not in known:
            known.add((position, domain.key))
            yield LostDomain(hypervisor=inventory.hypervisors[position].name, domain=domain)


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
