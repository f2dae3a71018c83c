"""Pruning: the content of old scans is deleted, their counts are kept."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum
from typing import assert_never

import sqlalchemy as sa

from virtscan.model import HostStatus
from virtscan.model.history import ScanRecord
from virtscan.storage.history.reading import chunks
from virtscan.storage.history.tables import DOMAIN_VERSION, HOST, HOST_SCAN, HOST_VERSION, ITEM_VERSION, SCAN


class Then(Enum):
    """Older scans that keep their content: the last of each week or month, or none."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NONE = "none"


def superfluous(
    scans: Iterable[ScanRecord], needed: Collection[int], *, before: datetime, then: Then
) -> tuple[int, ...]:
    """Return the scans whose content will be removed.

    Args:
        scans: All scans, the first one first.
        needed: Numbers of scans that are kept in any case.
        before: The content of scans from this time on is kept, and that of two of each scope: the last one, and the
            last one whose changes were reported, because the next report of changes compares with it.
        then: The other scans that are kept. A scan that read nothing represents a period only if all of its scans did.
    """
    kept: dict[object, int] = {}
    old = [scan for scan in scans if scan.kept]
    for failed in (True, False):  # the later one of a period takes the place of the earlier
        for scan in old:
            if scan.taken_at < before and (scan.status is HostStatus.FAILED) is failed:
                kept[_period(scan, then)] = scan.number
    last = {(scan.scope, scan.reported): scan.number for scan in old}
    stay = {*(kept.values() if then is not Then.NONE else ()), *last.values(), *needed}
    return tuple(scan.number for scan in old if scan.taken_at < before and scan.number not in stay)


def _period(scan: ScanRecord, then: Then) -> object:
    match then:
        case Then.WEEKLY:
            return scan.scope, scan.week
        case Then.MONTHLY:
            return scan.scope, scan.month
        case Then.NONE:
            return None
        case _:
            assert_never(then)


def remembered(connection: sa.Connection, before: datetime) -> set[int]:
    """Return the scans that hold the last complete observation of some host: up to now, or to a scan that is kept.

    Only scans from `before` on count as kept: the first of these that did not read a host needs the longest memory.
    """
    complete = HOST_SCAN.c.status == HostStatus.COMPLETE.value
    last = sa.select(HOST.c.last_complete).where(HOST.c.last_complete.is_not(None)).distinct()
    away = (
        sa.select(HOST_SCAN.c.host_id, sa.func.min(HOST_SCAN.c.scan_id).label("since"))
        .join_from(HOST_SCAN, SCAN, SCAN.c.id == HOST_SCAN.c.scan_id)
        .where(sa.not_(complete), SCAN.c.taken_at >= before)
        .group_by(HOST_SCAN.c.host_id)
        .subquery()
    )
    earlier = (
        sa.select(sa.func.max(HOST_SCAN.c.scan_id))
        .join_from(HOST_SCAN, away, away.c.host_id == HOST_SCAN.c.host_id)
        .where(complete, HOST_SCAN.c.scan_id < away.c.since)
        .group_by(HOST_SCAN.c.host_id)
    )
    return {*connection.scalars(last), *connection.scalars(earlier)}


def remove(connection: sa.Connection, numbers: tuple[int, ...]) -> None:
    """Remove the content of scans, and the versions that no kept scan has.

    Intervals then begin and end with kept scans, so that the successor of a version stays its successor.
    """
    for portion in chunks(numbers):
        connection.execute(HOST_SCAN.delete().where(HOST_SCAN.c.scan_id.in_(portion)))
        connection.execute(SCAN.update().where(SCAN.c.id.in_(portion)).values(rest=None, listings=None))
    for table in (DOMAIN_VERSION, HOST_VERSION):
        scope = sa.select(HOST.c.scope_id).where(HOST.c.id == table.c.host_id).correlate(table).scalar_subquery()
        _shorten(connection, table.c.first_scan, scope)
        _shorten(connection, table.c.end_scan, scope)
    _shorten(connection, ITEM_VERSION.c.first_scan, ITEM_VERSION.c.scope_id)
    _shorten(connection, ITEM_VERSION.c.end_scan, ITEM_VERSION.c.scope_id)
    _shorten(connection, HOST.c.first_complete, HOST.c.scope_id)
    _shorten(connection, HOST.c.removed_scan, HOST.c.scope_id)
    for table in (DOMAIN_VERSION, ITEM_VERSION):
        connection.execute(table.delete().where(table.c.first_scan == table.c.end_scan))
    used = sa.select(HOST_SCAN.c.version_id)
    connection.execute(
        HOST_VERSION.delete().where(HOST_VERSION.c.end_scan.is_not(None), HOST_VERSION.c.id.not_in(used))
    )


def _shorten(connection: sa.Connection, column: sa.Column[int], scope: sa.ColumnElement[int]) -> None:
    """Move the end of an interval from a removed scan to the next one that is kept; the last one always is."""
    is_kept = sa.and_(SCAN.c.scope_id == scope, SCAN.c.rest.is_not(None), SCAN.c.id >= column)
    following = sa.select(sa.func.min(SCAN.c.id)).where(is_kept).correlate(column.table).scalar_subquery()
    removed = sa.select(SCAN.c.id).where(SCAN.c.rest.is_(None))
    connection.execute(column.table.update().where(column.in_(removed)).values({column.key: following}))
