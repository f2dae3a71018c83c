"""Writing of versions: new ones begin with a scan, others end with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from virtscan.storage.history.ingest.versions import OpenVersion, VersionStep
from virtscan.storage.inventory_file import VERSION

_BITS = 24
"""A version's id is the number of its first scan, shifted by this many bits, so that ids of two writers differ."""


class VersionWriter:
    """The versions that begin and end with one scan; nothing is written before `flush`."""

    def __init__(self, scan_id: int) -> None:
        self._scan_id = scan_id
        self._next = scan_id << _BITS
        self._added: defaultdict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
        self._ended: defaultdict[sa.Table, list[int]] = defaultdict(list)

    def apply(self, table: sa.Table, made: VersionStep, rows: Iterable[Mapping[str, Any]]) -> tuple[int, ...] | None:
        """Record the versions that begin and end.

        Args:
            table: The table of the versions.
            made: The changes of the scan.
            rows: The columns of each version that is added, besides those of its interval.

        Returns:
            The ids of all that was observed, in that order; None if they follow from the intervals.
        """
        first = self._next
        for row, (_, rank) in zip(rows, made.added, strict=True):
            self.add(table, {**row, "rank": rank})
        self.end(table, made.ended)
        if made.listing is None:
            return None
        return tuple(first - 1 - number if number < 0 else number for number in made.listing)

    def add(self, table: sa.Table, row: Mapping[str, Any], *, ended: bool = False) -> int:
        """Add a version; return its id. One that has `ended` is an observation without an interval."""
        number = self._next
        self._next += 1
        interval = {"id": number, "first_scan": self._scan_id, "end_scan": self._scan_id if ended else None}
        self._added[table].append({**row, **interval, "format": VERSION})
        return number

    def end(self, table: sa.Table, ids: Sequence[int]) -> None:
        """End versions."""
        self._ended[table] += ids

    def flush(self, connection: sa.Connection) -> None:
        """Write everything once."""
        for table, ids in self._ended.items():
            if ids:
                change = table.update().where(table.c.id == sa.bindparam("ended")).values(end_scan=self._scan_id)
                connection.execute(change, [{"ended": number} for number in ids])
        for table, rows in self._added.items():
            connection.execute(table.insert(), rows)
        self._ended.clear()
        self._added.clear()


def open_versions(
    connection: sa.Connection, group: sa.ColumnElement[Any], table: sa.Table, *conditions: sa.ColumnElement[bool]
) -> dict[Any, list[OpenVersion]]:
    """Return the versions that have not ended, by rank and id, in groups by the value of a column."""
    columns = (group, table.c.id, table.c.digest, table.c.rank)
    rows = connection.execute(
        sa.select(*columns).where(table.c.end_scan.is_(None), *conditions).order_by(group, table.c.rank, table.c.id)
    )
    groups: dict[Any, list[OpenVersion]] = {}
    for value, number, digest, rank in rows.all():
        groups.setdefault(value, []).append(OpenVersion(number, digest, rank))
    return groups
