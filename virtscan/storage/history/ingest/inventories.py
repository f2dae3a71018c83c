"""Writing of an inventory to a history, within one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from virtscan.changes import replaced_definitions
from virtscan.changes.trend import at_risk_by_host, capacity_counts, finding_counts
from virtscan.model import Domain, GapAbout, HostStatus, Hypervisor, Inventory, Report
from virtscan.storage.history.content.listings import Listings, volatile_of
from virtscan.storage.history.content.pieces import HostPieces, Piece, Pieces, domain_of
from virtscan.storage.history.content.rows import (
    NOT_JUDGED,
    capacity_rows,
    domain_row,
    finding_rows,
    host_row,
    scan_row,
    sql_key,
)
from virtscan.storage.history.ingest.hosts import host_ids, hosts_with_lost_domains, note_hosts, note_removed
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
        reported: True if the report was delivered.
    """
    scope_id = _scope_id(connection, inventory.scope)
    counts = None if report is None else finding_counts(report)
    row = scan_row(inventory, counts, scope_id, pieces.rest)
    scan_id = new_id(connection, SCAN, row | {"reported": int(reported)})
    ids = host_ids(connection, scope_id, inventory.hypervisors)
    hosts = dict(zip(ids, inventory.hypervisors, strict=True))
    at_risk = None if report is None else at_risk_by_host(report.findings)
    scan = _Ingest(connection, scope_id, scan_id)
    scan.write_items(pieces.items, complete=not any(gap.about is GapAbout.PROVISIONING for gap in inventory.gaps))
    scan.write_hosts(dict(zip(ids, pieces.hosts, strict=True)), at_risk)
    note_hosts(connection, scan_id, hosts)
    note_removed(connection, scan_id, scope_id)
    _insert(connection, FINDING_COUNT, list(finding_rows(counts or (), scan_id)))
    _write_capacity(connection, scan_id, hosts)
    return scan_id


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _scope_id(connection: sa.Connection, scope: str | None) -> int:
    """Return the id of a scope, and keep other transactions from writing its scans until this one ends."""
    name = sql_key(scope or "")
    if connection.dialect.name != "sqlite":  # in SQLite, writing transactions exclude each other
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"virtscan {name}"))))
    scope_id = connection.scalar(sa.select(SCOPE.c.id).where(SCOPE.c.name == name))
    return int(scope_id) if scope_id is not None else new_id(connection, SCOPE, {"name": name})


def lock_scopes(connection: sa.Connection) -> None:
    """Keep other transactions from writing scans of any scope until this one ends."""
    for name in connection.scalars(sa.select(SCOPE.c.name).order_by(SCOPE.c.name)).all():
        _scope_id(connection, name)


class _Ingest:
    """The versions of one scan, within the transaction that writes it."""

    def __init__(self, connection: sa.Connection, scope_id: int, scan_id: int) -> None:
        self._connection = connection
        self._scope_id = scope_id
        self._scan_id = scan_id
        self._writer = VersionWriter(scan_id)

    def write_items(self, pieces: Mapping[str, Sequence[Piece]], *, complete: bool) -> None:
        """Write servers and provisioning records; unless `complete`, those that are missing have not ended."""
        of_scope = ITEM_VERSION.c.scope_id == self._scope_id
        before = open_versions(self._connection, ITEM_VERSION.c.kind, ITEM_VERSION, of_scope)
        listings: Listings = {}
        for kind, items in pieces.items():
            digests = [item.digest for item in items]
            made = step(before.get(kind, ()), digests, complete=complete)
            own = {"scope_id": self._scope_id, "kind": kind}
            rows = [own | {"digest": digests[place], "data": items[place].data.decode()} for place, _ in made.added]
            ids, volatile = self._writer.apply(ITEM_VERSION, made, rows), volatile_of(items)
            if ids is not None or volatile:
                listings[kind] = (ids, volatile)
        self._writer.flush(self._connection)
        if listings:
            self._connection.execute(SCAN.update().where(SCAN.c.id == self._scan_id), {"listings": _PACK(listings)})

    def write_hosts(self, hosts: Mapping[int, HostPieces], at_risk: Mapping[str, int] | None) -> None:
        """Write hosts with their domains; `at_risk` counts the findings of each host that has some, if judged."""
        of_scope = HOST.c.scope_id == self._scope_id
        own_host = HOST.c.id == DOMAIN_VERSION.c.host_id
        domains = open_versions(self._connection, HOST.c.id, DOMAIN_VERSION, of_scope, own_host)
        versions = self._open_hosts()
        rows = []
        for position, (host_id, pieces) in enumerate(hosts.items()):
            host = pieces.hypervisor
            listing = self._domains(pieces, host_id, domains.get(host_id, []))
            rows.append(
                {
                    "scan_id": self._scan_id,
                    "host_id": host_id,
                    "version_id": self._version(pieces, host_id, versions.get(host_id)),
                    "position": position,
                    "status": host.status.value,
                    "domains": len(host.present_domains),
                    "interfaces": sum(len(domain.interfaces) for domain in host.present_domains),
                    "at_risk": NOT_JUDGED if at_risk is None else at_risk.get(host.name, 0),
                    "volatile": _PACK(pieces.own.volatile),
                    "listing": None if listing is None else _PACK(listing),
                }
            )
        self._writer.flush(self._connection)
        _insert(self._connection, HOST_SCAN, rows)

    def _open_hosts(self) -> dict[int, tuple[int, bytes]]:
        rows = self._connection.execute(
            sa.select(HOST_VERSION.c.host_id, HOST_VERSION.c.id, HOST_VERSION.c.digest)
            .join_from(HOST_VERSION, HOST, HOST.c.id == HOST_VERSION.c.host_id)
            .where(HOST.c.scope_id == self._scope_id, HOST_VERSION.c.end_scan.is_(None))
        )
        return {host_id: (number, bytes(digest)) for host_id, number, digest in rows}

    def _version(self, pieces: HostPieces, host_id: int, before: tuple[int, bytes] | None) -> int:
        """Return the version of the host that was observed.

        A version of a host that was not read completely ends no other and has no interval; it is stored once.
        """
        digest = pieces.own.digest
        if before is not None and before[1] == digest:
            return before[0]
        complete = pieces.hypervisor.status is HostStatus.COMPLETE
        if not complete:
            same = sa.and_(HOST_VERSION.c.host_id == host_id, HOST_VERSION.c.digest == digest)
            known = self._connection.scalar(sa.select(HOST_VERSION.c.id).where(same).limit(1))
            if known is not None:
                return int(known)
        elif before is not None:
            self._writer.end(HOST_VERSION, [before[0]])
        return self._writer.add(HOST_VERSION, host_row(pieces, host_id), ended=not complete)

    def _domains(self, pieces: HostPieces, host_id: int, before: Sequence[OpenVersion]) -> tuple[int, ...] | None:
        """Record the versions of a host's domains; return them if their order can't be derived."""
        complete = pieces.hypervisor.status is HostStatus.COMPLETE
        made = step(before, pieces.digests, complete=complete)
        if not complete and made.added:
            new = [pieces.hypervisor.domains[place] for place, _ in made.added]
            is_superseded = _superseded(self._connection, host_id, new)
            made = step(before, pieces.digests, complete=False, is_superseded=is_superseded)
        rows = [domain_row(pieces, host_id, place) for place, _ in made.added]
        return self._writer.apply(DOMAIN_VERSION, made, rows)


def _superseded(connection: sa.Connection, host_id: int, new: Sequence[Domain]) -> Callable[[int], bool]:
    """Return a function that returns True for an open version, by id, that one of these domains replaces."""
    table = DOMAIN_VERSION
    is_open = sa.and_(table.c.host_id == host_id, table.c.end_scan.is_(None))
    rows = connection.execute(sa.select(table.c.id, table.c.data, table.c.format).where(is_open))
    known = {number: domain_of(data.encode(), version) for number, data, version in rows}
    keys = {number: (domain.origin, domain.key, domain.next_start) for number, domain in known.items()}
    renewed = {key for domain in new for key in replaced_definitions(domain)}
    return lambda number: keys[number] in renewed


def _write_capacity(connection: sa.Connection, scan_id: int, hosts: dict[int, Hypervisor]) -> None:
    """Write the capacity of hosts and its allocated part; an incompletely read host counts as last observed.

    A host with a list that lacks a domain it had was not read completely, as far as its counts are concerned.
    """
    unread = [number for number, host in hosts.items() if host.status is not HostStatus.COMPLETE]
    known = {number: whole.host for number, whole in whole_hosts(connection, unread, scan_id).items()}
    known |= {number: host for number, host in hosts.items() if host.status is HostStatus.COMPLETE}
    short = hosts_with_lost_domains(
        connection, [number for number, host in known.items() if not host.lists_all_domains]
    )
    seen = (
        (msgspec.structs.replace(host, status=HostStatus.PARTIAL) if number in short else host, known.get(number))
        for number, host in hosts.items()
    )
    _insert(connection, CAPACITY_COUNT, list(capacity_rows(capacity_counts(seen), scan_id)))
