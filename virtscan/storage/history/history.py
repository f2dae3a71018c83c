"""The history of a fleet: scans saved, listed, read back, counted and pruned."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

import msgspec
import sqlalchemy as sa

from virtscan.errors import HistoryError, NoScanError
from virtscan.model import Exposure, HostStatus, Inventory, Report, Verdict
from virtscan.model.history import CapacityCount, FindingCount, ScanCounts, ScanRecord
from virtscan.storage.address import ScanSelector
from virtscan.storage.history.content.pieces import split_into_pieces
from virtscan.storage.history.content.rows import NOT_JUDGED
from virtscan.storage.history.database import Database
from virtscan.storage.history.ingest import ingest, lock_scopes
from virtscan.storage.history.memory import remembering
from virtscan.storage.history.pruning import Then, remembered, remove, superfluous
from virtscan.storage.history.reading import ScanReader
from virtscan.storage.history.tables import CAPACITY_COUNT, FINDING_COUNT, SCAN, SCOPE


class History:
    """A database of scans; close it, or use it as a context manager."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> "History":
        """Return itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Close the database."""
        self._database.close()

    def save(self, inventory: Inventory, report: Report | None, *, reported: bool = True) -> int:
        """Save a scan with the counts of its report; return its number.

        Unless it is `reported`, its changes will be reported again.

        Raises:
            HistoryError: The database can't be written; no part of the scan is then saved.
        """
        pieces = split_into_pieces(inventory)
        with self._database.writing() as connection:
            number = ingest(connection, inventory, pieces, report, reported=reported)
        self._database.optimize()
        return number

    def note_reported(self, number: int) -> None:
        """Record that the report of a scan was delivered.

        Raises:
            HistoryError: The database can't be written.
        """
        with self._database.writing() as connection:
            connection.execute(SCAN.update().where(SCAN.c.id == number).values(reported=1))

    def scans(self) -> tuple[ScanRecord, ...]:
        """Return the scans, the oldest first."""
        with self._database.reading() as connection:
            return tuple(_records(connection))

    def find(self, selector: ScanSelector, scope: str | None = None, *, reported: bool = False) -> ScanRecord:
        """Return a scan whose content is kept.

        Args:
            selector: Its number; the last one up to the end of a day (UTC); None for the last one.
            scope: The scope of the scan; None if there is only one scope.
            reported: True to skip scans whose report was not delivered, unless `selector` is a number.

        Raises:
            HistoryError: The scan does not exist, or the scans are of several scopes.
        """
        every = self.scans()
        records = [record for record in every if scope is None or record.scope == scope]
        if isinstance(selector, int):
            chosen = [record for record in records if record.number == selector]
        else:
            kept = [record for record in records if record.kept and (record.reported or not reported)]
            chosen = [
                record for record in kept if selector is None or record.taken_at.astimezone(UTC).date() <= selector
            ]
            if selector is not None:  # a clock that was set back gave later numbers to earlier times
                chosen.sort(key=lambda record: record.taken_at)
            last = {record.scope: record.number for record in chosen}
            if len(last) > 1:
                shown = ", ".join(
                    f"{scope_name or 'none'} (its last scan is {number})" for scope_name, number in last.items()
                )
                raise HistoryError(f"{self._database.shown}: scans of several configurations; give --scope: {shown}")
        if not chosen:
            up_to = "" if isinstance(selector, int) else "up to "
            requested = "scan" if selector is None else f"scan {up_to}{selector}"
            other = next((record for record in every if record.number == selector), None)
            problem = (
                f"no {requested}"
                if other is None
                else f"{requested} belongs to another configuration, {other.scope or 'none'}"
            )
            raise NoScanError(f"{self._database.shown}: {problem}; virtscan history list shows all")
        return chosen[-1]

    def before(self, scan: ScanRecord) -> ScanRecord:
        """Return the scan before this one of the same scope.

        Raises:
            HistoryError: It is the first whose content is kept.
        """
        earlier = [
            record
            for record in self.scans()
            if record.scope == scan.scope and record.kept and record.number < scan.number
        ]
        if not earlier:
            raise HistoryError(f"{self._database.shown}: no scan before scan {scan.number} is kept; name two scans")
        return earlier[-1]

    def load(self, number: int) -> Inventory:
        """Return the inventory of a scan as it was saved.

        Raises:
            HistoryError: The scan does not exist, or its content was pruned.
        """
        with self._database.reading() as connection:
            return ScanReader(connection).inventory(number)

    def recall(self, number: int) -> Inventory:
        """Return the inventory of a scan with the last complete observation of each host that it did not read.

        Raises:
            HistoryError: As `load`.
        """
        with self._database.reading() as connection:
            return remembering(connection, ScanReader(connection).inventory(number), number)

    def finding_counts(self) -> tuple[ScanCounts, ...]:
        """Return the counts of findings and capacity of every scan, including pruned ones, the oldest first."""
        with self._database.reading() as connection:
            counts: dict[int, list[FindingCount]] = {}
            for scan_id, count in _finding_counts(connection):
                counts.setdefault(scan_id, []).append(count)
            return tuple(
                msgspec.structs.replace(scan_counts, findings=tuple(counts.get(scan_counts.scan.number, ())))
                for scan_counts in _capacity_counts(connection)
            )

    def capacity_counts(self) -> tuple[ScanCounts, ...]:
        """Return the counts of capacity of every scan, including pruned ones, the oldest first."""
        with self._database.reading() as connection:
            return tuple(_capacity_counts(connection))

    def prune(self, *, before: datetime, then: Then) -> tuple[int, ...]:
        """Remove the content of old scans; return their numbers. All counts stay, and the memory of unread hosts.

        Args:
            before: Scans from this time on are kept.
            then: The older scans that are kept.

        Raises:
            HistoryError: The database can't be written; it is then unchanged.
        """
        self._database.check_current()
        with self._database.writing() as connection:
            lock_scopes(connection)
            needed = remembered(connection, before)
            numbers = superfluous(_records(connection), needed, before=before, then=then)
            remove(connection, numbers)
        if numbers:
            self._database.vacuum()
            self._database.optimize()
        return numbers


def open_history(url: str, *, create: bool = False) -> History:
    """Open a history.

    Args:
        url: As `check_url` returns it.
        create: Create the database if it does not exist, and upgrade its schema.

    Raises:
        HistoryError: It can't be opened, does not exist, or is of a later virtscan.
    """
    database = Database(url)
    try:
        if create:
            database.create()
        else:
            database.check()
    except BaseException:
        database.close()
        raise
    return History(database)


def _records(connection: sa.Connection) -> Iterator[ScanRecord]:
    query = sa.select(
        *(column for column in SCAN.c if column.key not in {"rest", "listings", "format", "scope_id"}),
        SCOPE.c.name.label("scope"),
        SCAN.c.rest.is_not(None).label("kept"),
    ).join_from(SCAN, SCOPE, SCOPE.c.id == SCAN.c.scope_id)
    for row in connection.execute(query.order_by(SCAN.c.id)).mappings():
        values = {key: value for key, value in row.items() if key not in {"id", "status", "scope", "reported", "kept"}}
        findings = {name: None if row[name] == NOT_JUDGED else row[name] for name in ("at_risk", "unknown")}
        yield ScanRecord(
            **(values | findings),
            number=row["id"],
            status=HostStatus(row["status"]),
            scope=row["scope"] or None,
            reported=bool(row["reported"]),
            kept=bool(row["kept"]),
        )


def _capacity_counts(connection: sa.Connection) -> Iterator[ScanCounts]:
    counts: dict[int, list[CapacityCount]] = {}
    fields = CapacityCount.__struct_fields__
    columns = (CAPACITY_COUNT.c[name] for name in fields)
    for scan_id, *values in connection.execute(sa.select(CAPACITY_COUNT.c.scan_id, *columns)):
        counts.setdefault(scan_id, []).append(CapacityCount(**dict(zip(fields, values, strict=True))))
    for scan in _records(connection):
        yield ScanCounts(scan=scan, capacity=tuple(counts.get(scan.number, ())))


def _finding_counts(connection: sa.Connection) -> Iterator[tuple[int, FindingCount]]:
    table = FINDING_COUNT.c
    columns = (table.scan_id, table.site, table.server, table.verdict, table.exposure, table.waived, table.findings)
    for scan_id, site, server, verdict, exposure, waived, findings in connection.execute(sa.select(*columns)):
        yield (
            scan_id,
            FindingCount(
                site=site,
                server=server,
                verdict=Verdict(verdict),
                exposure=Exposure(exposure),
                waived=bool(waived),
                findings=findings,
            ),
        )
