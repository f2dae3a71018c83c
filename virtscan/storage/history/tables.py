"""The tables as queries name them; migrations create them."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class MomentColumn(sa.types.TypeDecorator[datetime]):
    """A time in UTC: a timestamp with time zone in PostgreSQL, ISO 8601 text with Z in SQLite, which sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the type."""
        return sa.String() if dialect.name == "sqlite" else sa.DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:  # a type of the driver
        """Convert on the way in."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Convert on the way out."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC)


class _Checked(sa.types.TypeEngine[Any]):
    """A type whose values are checked on the way out: SQLite stores any value in any column.

    PostgreSQL checks them on the way in.
    """

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:  # noqa: ARG002 its signature
        """Return a function that raises ValueError for a value of another type."""
        kind = self.python_type

        def checked(value: object) -> object:
            if value is None or type(value) is kind:
                return value
            raise ValueError(f"a value of type {type(value).__name__} in place of {kind.__name__}")

        return checked


class _Integer(_Checked, sa.Integer): ...


class _Text(_Checked, sa.Text): ...


class _Blob(_Checked, sa.LargeBinary): ...


_METADATA = sa.MetaData()
_INTEGERS = sa.BigInteger().with_variant(_Integer(), "sqlite")
_TEXT = sa.Text().with_variant(_Text(), "sqlite")
_BLOB = sa.LargeBinary().with_variant(_Blob(), "sqlite")


def _table(name: str, /, **columns: Any) -> sa.Table:  # types of columns
    return sa.Table(name, _METADATA, *(sa.Column(key, kind, primary_key=key == "id") for key, kind in columns.items()))


def _integers(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _INTEGERS)


def _texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _TEXT)


SCHEMA_VERSION = _table("schema_version", number=sa.Integer(), applied_at=MomentColumn(), **_texts("version"))
SCOPE = _table("scope", **_integers("id"), **_texts("name"))
SCAN = _table(
    "scan",
    **_integers("id", "scope_id", "hypervisors", "complete", "partial", "failed", "domains", "interfaces", "gaps"),
    **_integers("at_risk", "unknown", "reported", "format"),
    taken_at=MomentColumn(),
    **_texts("version", "status"),
    rest=_BLOB,
    listings=_BLOB,
)
HOST = _table(
    "host",
    **_integers("id", "scope_id", "first_complete", "last_complete", "removed_scan"),
    **_texts("name", "site"),
)
HOST_KEY = _table("host_key", **_integers("scope_id", "host_id"), **_texts("key"))
HOST_VERSION = _table(
    "host_version",
    **_integers("id", "host_id", "first_scan", "end_scan", "format", "cpus", "memory_mib"),
    digest=_BLOB,
    **_texts("name", "site", "uri", "kernel", "data"),
)
HOST_SCAN = _table(
    "host_scan",
    **_integers("scan_id", "host_id", "version_id", "position", "domains", "interfaces", "at_risk"),
    **_texts("status"),
    volatile=_BLOB,
    listing=_BLOB,
)
DOMAIN_VERSION = _table(
    "domain_version",
    **_integers("id", "host_id", "first_scan", "end_scan", "format", "next_start", "vcpus", "memory_mib", "interfaces"),
    rank=sa.Double(),
    digest=_BLOB,
    **_texts("name", "uuid", "state", "data"),
)
ITEM_VERSION = _table(
    "item_version",
    **_integers("id", "scope_id", "first_scan", "end_scan", "format"),
    rank=sa.Double(),
    digest=_BLOB,
    **_texts("kind", "data"),
)
FINDING_COUNT = _table(
    "finding_count", **_integers("scan_id", "waived", "findings"), **_texts("site", "server", "verdict", "exposure")
)
CAPACITY_COUNT = _table(
    "capacity_count",
    **_integers("scan_id", "hypervisors", "unread", "cpus", "memory_mib", "domains_running", "domains_defined"),
    **_integers("vcpus_running", "vcpus_defined", "memory_running_mib", "memory_defined_mib", "macvtap_interfaces"),
    **_texts("site"),
)

TABLES = tuple(_METADATA.tables.values())


def new_id(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    """Insert a row into a table that numbers its rows; return the number."""
    key = connection.execute(table.insert(), row).inserted_primary_key
    if key is None:  # both databases give it for a single row
        raise AssertionError(table.name)
    return int(key[0])
