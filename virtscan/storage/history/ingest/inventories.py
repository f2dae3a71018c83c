"""An inventory into a history, within one transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from virtscan.changes.trend import at_risk_by_host, capacity_counts, finding_counts
from virtscan.model import Domain, DomainKey, GapAbout, HostStatus, Hypervisor, Inventory, Report
from virtscan.storage.history.content.listings import Listings, volatile_of
from virtscan.storage.history.content.pieces import HostPieces, Pieces, domain_of
from virtscan.storage.history.content.rows import (
    domain_row,
    finding_rows,
    host_row,
    maybe_text,
    scan_row,
    sql_key,
    sql_text,
)
from virtscan.storage.history.ingest.hosts import host_ids
from virtscan.storage.history.ingest.intervals import VersionWriter, open_versions
from virtscan.storage.history.ingest.versions import OpenVersion, step
from virtscan.storage.history.memory import whole_hosts
from virtscan.storage.history.tables import (
    CAPACITY_COUNT,
    DOMAIN_VERSION,
    FINDING_COUNT,
    HOST,
    HOST_SCAN,
    HOST_VERSION,
    ITEM_VERSION,
    SCAN,
    SCOPE,
    new_id,
)

_PACK = msgspec.msgpack.Encoder().encode


def ingest(
    connection: sa.Connection, inventory: Inventory, pieces: Pieces, report: Report | None, *, reported: bool
) -> int:
    """Write one scan; return its number.

    Args:
        connection: In a transaction that writes.
        inventory: The scan.
        pieces: The same in pieces.
        report: The report; None if judging failed.
        reported: Whether the report reached its readers.
    """
    scope_id = _scope_id(connection, inventory.scope)
    counts = finding_counts(report) if report else ()
    row = scan_row(inventory, counts, scope_id, pieces.rest)
    scan_id = new_id(connection, SCAN, row | {"reported": int(reported)})
    writer = VersionWriter(scan_id)
    listings = _write_items(connection, writer, inventory, pieces, scope_id)
    ids = host_ids(connection, scope_id, inventory.hypervisors)
    rows = _hosts(connection, writer, pieces, ids, scope_id)
    at_risk = at_risk_by_host(report.findings) if report else Counter[str]()
    writer.flush(connection)
    _insert(
        connection,
        HOST_SCAN,
        [
            row | {"scan_id": scan_id, "at_risk": at_risk[host.name]}
            for host, row in zip(inventory.hypervisors, rows, strict=True)
        ],
    )
    if listings:
        connection.execute(SCAN.update().where(SCAN.c.id == scan_id), {"listings": _PACK(listings)})
    _note_hosts(connection, scan_id, ids, inventory.hypervisors)
    _note_removed(connection, scan_id, scope_id)
    _insert(connection, FINDING_COUNT, list(finding_rows(counts, scan_id)))
    _write_capacity(connection, scan_id, dict(zip(ids, inventory.hypervisors, strict=True)))
    return scan_id


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _scope_id(connection: sa.Connection, scope: str | None) -> int:
    """Return the id of a scope; no other transaction writes scans of it until this one ends."""
    name = sql_key(scope or "")
    if connection.dialect.name != "sqlite":  # whose transactions that write exclude each other
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"virtscan {name}"))))
    found = connection.scalar(sa.select(SCOPE.c.id).where(SCOPE.c.name == name))
    return int(found) if found is not None else new_id(connection, SCOPE, {"name": name})


def lock_scopes(connection: sa.Connection) -> None:
    """Let no other transaction write scans, of whatever scope, until this one ends."""
    for name in connection.scalars(sa.select(SCOPE.c.name).order_by(SCOPE.c.name)).all():
        _scope_id(connection, name)


def _write_items(
    connection: sa.Connection, writer: VersionWriter, inventory: Inventory, pieces: Pieces, scope_id: int
) -> Listings:
    """Write servers and provisioning records; those of a system that did not answer have not ended."""
    complete = not any(gap.about is GapAbout.PROVISIONING for gap in inventory.gaps)
    before = open_versions(connection, ITEM_VERSION.c.kind, ITEM_VERSION, ITEM_VERSION.c.scope_id == scope_id)
    listings: Listings = {}
    for kind, items in pieces.items.items():
        digests = [item.digest for item in items]
        made = step(before.get(kind, ()), digests, complete=complete)
        own = {"scope_id": scope_id, "kind": kind}
        rows = [own | {"digest": digests[place], "data": items[place].data.decode()} for place, _ in made.added]
        ids, volatile = writer.apply(ITEM_VERSION, made, rows), volatile_of(items)
        if ids is not None or volatile:
            listings[kind] = (ids, volatile)
    return listings


def _hosts(
    connection: sa.Connection, writer: VersionWriter, pieces: Pieces, ids: Sequence[int], scope_id: int
) -> list[dict[str, Any]]:
    """Note the versions of hosts and domains that begin and end; make the rows of hosts."""
    of_scope = HOST.c.scope_id == scope_id
    domains = open_versions(connection, HOST.c.id, DOMAIN_VERSION, of_scope, HOST.c.id == DOMAIN_VERSION.c.host_id)
    hosts = _open_hosts(connection, scope_id)
    rows = []
    for position, (host_id, one) in enumerate(zip(ids, pieces.hosts, strict=True)):
        host = one.hypervisor
        listing = _domains(connection, writer, one, host_id, domains.get(host_id, []))
        rows.append(
            {
                "host_id": host_id,
                "version_id": _version_of_host(connection, writer, one, host_id, hosts.get(host_id)),
                "position": position,
                "status": host.status.value,
                "domains": sum(not domain.next_start for domain in host.domains),
                "interfaces": sum(len(domain.interfaces) for domain in host.domains if not domain.next_start),
                "volatile": _PACK(one.own.volatile),
                "listing": None if listing is None else _PACK(listing),
            }
        )
    return rows


def _open_hosts(connection: sa.Connection, scope_id: int) -> dict[int, tuple[int, bytes]]:
    rows = connection.execute(
        sa.select(HOST_VERSION.c.host_id, HOST_VERSION.c.id, HOST_VERSION.c.digest)
        .join_from(HOST_VERSION, HOST, HOST.c.id == HOST_VERSION.c.host_id)
        .where(HOST.c.scope_id == scope_id, HOST_VERSION.c.end_scan.is_(None))
    )
    return {host_id: (number, bytes(digest)) for host_id, number, digest in rows}


def _version_of_host(
    connection: sa.Connection,
    writer: VersionWriter,
    pieces: HostPieces,
    host_id: int,
    before: tuple[int, bytes] | None,
) -> int:
    """Return the version that was observed.

    One of a host that was not read completely ends none and has no interval of its own; it is kept once.
    """
    digest = pieces.own.digest
    if before is not None and before[1] == digest:
        return before[0]
    complete = pieces.hypervisor.status is HostStatus.COMPLETE
    if not complete:
        same = sa.and_(HOST_VERSION.c.host_id == host_id, HOST_VERSION.c.digest == digest)
        known = connection.scalar(sa.select(HOST_VERSION.c.id).where(same).limit(1))
        if known is not None:
            return int(known)
    elif before is not None:
        writer.end(HOST_VERSION, [before[0]])
    return writer.add(HOST_VERSION, host_row(pieces, host_id), ended=not complete)


def _domains(
    connection: sa.Connection,
    writer: VersionWriter,
    pieces: HostPieces,
    host_id: int,
    before: Sequence[OpenVersion],
) -> tuple[int, ...] | None:
    host = pieces.hypervisor
    complete = host.status is HostStatus.COMPLETE
    made = step(before, pieces.digests, complete=complete)
    if not complete and made.added:
        new = [host.domains[place] for place, _ in made.added]
        made = step(before, pieces.digests, complete=False, is_superseded=_superseded(connection, host_id, new))
    rows = [domain_row(pieces, host_id, place) for place, _ in made.added]
    return writer.apply(DOMAIN_VERSION, made, rows)


def _superseded(connection: sa.Connection, host_id: int, new: Sequence[Domain]) -> Callable[[int], bool]:
    """Return a function that decides of an open version whether one of these domains is the same in a new state."""
    table = DOMAIN_VERSION
    is_open = sa.and_(table.c.host_id == host_id, table.c.end_scan.is_(None))
    rows = connection.execute(sa.select(table.c.id, table.c.data, table.c.format).where(is_open))
    keys = {number: _key(domain_of(data.encode(), version)) for number, data, version in rows}
    renewed = set(map(_key, new))
    return lambda number: keys[number] in renewed


def _key(domain: Domain) -> tuple[str, DomainKey, bool]:
    return domain.origin, domain.key, domain.next_start


def _note_hosts(connection: sa.Connection, scan_id: int, ids: Sequence[int], hosts: Sequence[Hypervisor]) -> None:
    """Keep a host's present name and site, and when it was first and last read completely."""
    of_scan = sa.and_(HOST_SCAN.c.host_id == HOST.c.id, HOST_SCAN.c.scan_id == scan_id)
    query = sa.select(HOST.c.id, HOST.c.name, HOST.c.site).join_from(HOST, HOST_SCAN, of_scan)
    before = {number: (name, site) for number, name, site in connection.execute(query)}
    after = {number: (sql_text(host.name), maybe_text(host.site)) for number, host in zip(ids, hosts, strict=True)}
    if changed := [
        {"changed": number, "name": name, "site": site}
        for number, (name, site) in after.items()
        if before[number] != (name, site)
    ]:
        connection.execute(HOST.update().where(HOST.c.id == sa.bindparam("changed")), changed)
    read = sa.select(HOST_SCAN.c.host_id).where(
        HOST_SCAN.c.scan_id == scan_id, HOST_SCAN.c.status == HostStatus.COMPLETE.value
    )
    first = sa.func.coalesce(HOST.c.first_complete, scan_id)
    connection.execute(HOST.update().where(HOST.c.id.in_(read)).values(first_complete=first, last_complete=scan_id))


def _note_removed(connection: sa.Connection, scan_id: int, scope_id: int) -> None:
    """Keep the scan from which on a host is no longer configured; one that is back is not removed."""
    here = sa.select(HOST_SCAN.c.host_id).where(HOST_SCAN.c.scan_id == scan_id)
    of_scope, removed = HOST.c.scope_id == scope_id, HOST.c.removed_scan
    connection.execute(
        HOST.update().where(of_scope, removed.is_(None), HOST.c.id.not_in(here)).values(removed_scan=scan_id)
    )
    connection.execute(
        HOST.update().where(of_scope, removed.is_not(None), HOST.c.id.in_(here)).values(removed_scan=None)
    )


def _write_capacity(connection: sa.Connection, scan_id: int, hosts: dict[int, Hypervisor]) -> None:
    """Count the capacity of hosts and its allocated part; incompletely read ones count as they last were."""
    unread = [number for number, host in hosts.items() if host.status is not HostStatus.COMPLETE]
    known = {number: whole.host for number, whole in whole_hosts(connection, unread, scan_id).items()}
    known |= {number: host for number, host in hosts.items() if host.status is HostStatus.COMPLETE}
    seen = ((host, known.get(number)) for number, host in hosts.items())
    counts = capacity_counts(seen)
    rows = [msgspec.structs.asdict(one) | {"scan_id": scan_id, "site": maybe_text(one.site)} for one in counts]
    _insert(connection, CAPACITY_COUNT, rows)
