"""Reading of a scan from a history: the inventory as it was saved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from virtscan.errors import HistoryError
from virtscan.model import Domain, Hypervisor, Inventory
from virtscan.storage.history.content.listings import Listings, each
from virtscan.storage.history.content.pieces import domain_of, item_of, joined, rest_of, verified, with_volatile
from virtscan.storage.history.tables import DOMAIN_VERSION, HOST_SCAN, HOST_VERSION, ITEM_VERSION, SCAN
from virtscan.storage.inventory_file import from_saved, host_from_saved

_CHUNK = 500
"""Most parameters of a query; old versions of SQLite accept 999."""

_unpack_values = msgspec.msgpack.Decoder(tuple[bytes, ...]).decode
_unpack_ids = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_unpack_listings = msgspec.msgpack.Decoder(Listings).decode


class ScanReader:
    """Scans within one transaction; a value shared by several of them is read once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._domains: dict[int, Domain] = {}

    def inventory(self, scan_id: int) -> Inventory:
        """Return the inventory that was saved.

        Raises:
            HistoryError: The scan does not exist, or its content was pruned.
            ValueError: Its content is damaged: rows are missing, or can't be decoded.
        """
        row = self._connection.execute(sa.select(SCAN).where(SCAN.c.id == scan_id)).mappings().one_or_none()
        if row is None:
            raise HistoryError(f"scan {scan_id}: no such scan; virtscan history list shows them")
        if row["rest"] is None:
            raise HistoryError(f"scan {scan_id}: pruned, only its counts are kept (virtscan history trend)")
        rest = rest_of(bytes(row["rest"]), row["format"])
        of_scan = HOST_SCAN.c.scan_id == scan_id
        inventory = from_saved(joined(rest, self._hosts(scan_id, of_scan).values(), self._items(row)))
        hosts = inventory.hypervisors
        domains = sum(len(host.present_domains) for host in hosts)
        if (len(hosts), domains) != (row["hypervisors"], row["domains"]):
            raise ValueError(f"rows of scan {scan_id} are missing, or are not its own")
        return inventory

    def hosts(self, scan_id: int, ids: Sequence[int]) -> dict[int, Hypervisor]:
        """Return some hosts of a scan by their ids."""
        hosts: dict[int, Hypervisor] = {}
        for portion in chunks(ids):
            chosen = sa.and_(HOST_SCAN.c.scan_id == scan_id, HOST_SCAN.c.host_id.in_(portion))
            hosts |= {number: host_from_saved(host) for number, host in self._hosts(scan_id, chosen).items()}
        return hosts

    def later_domains(self, host_id: int, since: int, scan_id: int) -> tuple[Domain, ...]:
        """Return a host's definitions that are valid at a scan, and were first read after another one."""
        table = DOMAIN_VERSION
        ids = self._connection.scalars(
            sa.select(table.c.id)
            .where(table.c.host_id == host_id, table.c.first_scan > since, table.c.first_scan <= scan_id)
            .where(sa.or_(table.c.end_scan.is_(None), table.c.end_scan > scan_id))
            .order_by(table.c.rank, table.c.id)
        ).all()
        self._load(ids)
        return tuple(self._domains[number] for number in ids)

    def _hosts(self, scan_id: int, chosen: sa.ColumnElement[bool]) -> dict[int, Any]:
        """Return hosts with their domains as structs of the inventory file, by id and in their order."""
        query = (
            sa.select(HOST_SCAN.c.host_id, HOST_VERSION.c.format, HOST_VERSION.c.digest, HOST_VERSION.c.data)
            .add_columns(HOST_SCAN.c.volatile, HOST_SCAN.c.listing)
            .join_from(HOST_SCAN, HOST_VERSION, HOST_VERSION.c.id == HOST_SCAN.c.version_id)
            .where(chosen)
            .order_by(HOST_SCAN.c.position)
        )
        rows = self._connection.execute(query).all()
        domains = self._domains_at(scan_id, chosen)
        domains |= {row.host_id: _unpack_ids(row.listing) for row in rows if row.listing is not None}
        self._load(number for ids in domains.values() for number in ids)
        made = {}
        for host_id, version, digest, data, values, _ in rows:
            host = item_of(
                "hypervisors", with_volatile(verified(data, digest, version), _unpack_values(values)), version
            )
            own = tuple(self._domains[number] for number in domains.get(host_id, ()))
            made[host_id] = msgspec.structs.replace(host, domains=own)
        return made

    def _domains_at(self, scan_id: int, chosen: sa.ColumnElement[bool]) -> dict[int, Sequence[int]]:
        """Return the versions that are valid at a scan, by host and in order."""
        table = DOMAIN_VERSION
        rows = self._connection.execute(
            sa.select(table.c.host_id, table.c.id, table.c.format, table.c.digest, table.c.data)
            .join_from(HOST_SCAN, table, table.c.host_id == HOST_SCAN.c.host_id)
            .where(chosen, HOST_SCAN.c.listing.is_(None), table.c.first_scan <= scan_id)
            .where(sa.or_(table.c.end_scan.is_(None), table.c.end_scan > scan_id))
            .order_by(table.c.host_id, table.c.rank, table.c.id)
        )
        listings: dict[int, list[int]] = {}
        for host_id, number, version, digest, data in rows:
            listings.setdefault(host_id, []).append(number)
            if number not in self._domains:
                self._domains[number] = domain_of(verified(data, digest, version), version)
        return dict(listings)

    def _load(self, ids: Iterable[int]) -> None:
        """Read versions by their ids."""
        table = DOMAIN_VERSION
        for portion in chunks([number for number in ids if number not in self._domains]):
            query = sa.select(table.c.id, table.c.format, table.c.digest, table.c.data).where(table.c.id.in_(portion))
            for number, version, digest, data in self._connection.execute(query):
                self._domains[number] = domain_of(verified(data, digest, version), version)

    def _items(self, scan: Mapping[Any, Any]) -> dict[str, tuple[Any, ...]]:
        """Return servers and provisioning records by the inventory's field."""
        table = ITEM_VERSION
        listings = {} if scan["listings"] is None else _unpack_listings(scan["listings"])
        rows = self._connection.execute(
            sa.select(table.c.kind, table.c.id, table.c.format, table.c.digest, table.c.data)
            .where(table.c.scope_id == scan["scope_id"], table.c.first_scan <= scan["id"])
            .where(sa.or_(table.c.end_scan.is_(None), table.c.end_scan > scan["id"]))
            .order_by(table.c.rank, table.c.id)
        )
        stored: dict[str, dict[int, tuple[int, bytes]]] = {kind: {} for kind in listings}
        for kind, number, version, digest, data in rows:
            stored.setdefault(kind, {})[number] = (version, verified(data, digest, version))
        made = {}
        for kind, by_id in stored.items():
            ids, volatile = listings.get(kind, (None, ()))
            ids = tuple(by_id) if ids is None else ids
            made[kind] = tuple(
                item_of(kind, with_volatile(by_id[number][1], values), by_id[number][0])
                for number, values in zip(ids, each(volatile, len(ids)), strict=True)
            )
        return made


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Split ids into portions for one query each."""
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
