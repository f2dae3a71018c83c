"""Access to a database, SQLite or PostgreSQL: opening, schema upgrades, conversion of errors."""

import contextlib
import os
import sqlite3
import stat
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from virtscan import __version__
from virtscan.errors import HistoryError, NoScanError
from virtscan.storage.history.migrations import STEPS
from virtscan.storage.history.tables import SCHEMA_VERSION, TABLES
from virtscan.transport import url_secrets

_MODE = 0o640
_LOCK_SECONDS = 30
_BEGINS = "virtscan_begins"
_LONGEST = 200
"""Characters of a reason."""
_ADVISORY_LOCK = 7645171100042  # any number that no other program in the database uses


class Database:
    """An open database; transactions that write to the same scope exclude each other."""

    def __init__(self, url: str) -> None:
        self.shown = url_secrets.shown(url)
        self._url = url
        with self.errors():
            self._engine = _engine(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        name = self._engine.url.database
        return Path(name) if self.is_sqlite and name and not name.startswith("file:") else None

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one state of the database."""
        options = {_BEGINS: "BEGIN"} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.errors(), self._engine.execution_options(**options).begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction, which takes effect as a whole or not at all."""
        with self.errors(), self._engine.execution_options(**{_BEGINS: "BEGIN IMMEDIATE"}).begin() as connection:
            yield connection

    def create(self) -> None:
        """Create the database if it is not there, and bring its schema to the present version.

        Raises:
            HistoryError: It can't be created, or its schema is of a later virtscan.
        """
        if self.path is not None:
            with self.errors():
                _create_file(self.path)
            _exists(self.path, self.shown)
        present = self._schema()
        for number in sorted(STEPS):
            if number > present:
                self._apply(number)

    def check(self) -> None:
        """Refuse a database that can't be read.

        An older schema can be read, so that the first scan after an upgrade can be compared with the scan before.

        Raises:
            NoScanError: It does not exist, or holds no history.
            HistoryError: Its schema is of a later virtscan.
        """
        if self.path is not None and not _exists(self.path, self.shown):
            raise NoScanError(f"{self.shown}: no such file; virtscan scan --history creates one")
        if self._schema() == 0:
            raise NoScanError(f"{self.shown}: not a history of virtscan; virtscan scan --history creates one")

    def check_current(self) -> None:
        """Refuse a database whose schema is not the present one, before it is changed.

        Raises:
            HistoryError: Its schema is older.
        """
        if (present := self._schema()) < max(STEPS):
            raise HistoryError(
                f"{self.shown}: its schema is version {present}, this virtscan needs {max(STEPS)}; "
                "the next virtscan scan --history upgrades it"
            )

    def optimize(self) -> None:
        """Update the statistics of the query planner."""
        with contextlib.suppress(HistoryError), self.writing() as connection:  # the scan is saved either way
            if self.is_sqlite:
                connection.exec_driver_sql("PRAGMA analysis_limit = 400")
                connection.exec_driver_sql("ANALYZE")
            else:
                connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in TABLES)}")

    def vacuum(self) -> None:
        """Return the space of removed rows to the file system (SQLite)."""
        if self.is_sqlite:
            with self.errors(), self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM")

    def _schema(self) -> int:
        with self.reading() as connection:
            if not sa.inspect(connection).has_table(SCHEMA_VERSION.name):
                return 0
            number = connection.scalar(sa.select(sa.func.max(SCHEMA_VERSION.c.number))) or 0
        if number > max(STEPS):
            raise HistoryError(
                f"{self.shown}: schema version {number} was written by a later virtscan; use that version"
            )
        return number

    def _apply(self, number: int) -> None:
        """Apply one step, unless another process has done so in the meantime."""
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            kind = "TEXT" if self.is_sqlite else "TIMESTAMP WITH TIME ZONE"
            connection.exec_driver_sql(
                "CREATE TABLE IF NOT EXISTS schema_version "
                f"(number INTEGER PRIMARY KEY, applied_at {kind} NOT NULL, version TEXT NOT NULL)"
            )
            if connection.scalar(sa.select(SCHEMA_VERSION).where(SCHEMA_VERSION.c.number == number)) is not None:
                return
            for statement in STEPS[number](self._engine.dialect.name):
                connection.exec_driver_sql(statement)
            row = {"number": number, "applied_at": datetime.now(UTC), "version": __version__}
            connection.execute(SCHEMA_VERSION.insert(), row)

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Convert errors of the library and the driver.

        Raises:
            HistoryError: The database is unreachable, locked, full, damaged or not writable for this user; or its
                content can't be decoded.
        """
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise HistoryError(f"{self.shown}: {_reason(error.orig, self._url)}") from error
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
            raise HistoryError(f"{self.shown}: not a URL that can be opened; see virtscan history --help") from error
        except ModuleNotFoundError as error:
            driverless = f"{self._url.partition('+')[0]}://"
            raise HistoryError(f"{self.shown}: {error.name} is not installed; write {driverless} instead") from error
        except OSError as error:
            raise HistoryError(f"{self.shown}: can't be opened: {error.strerror}") from error
        except (LookupError, TypeError, ValueError, zlib.error) as error:  # in the content, e.g. edited by hand
            reason = " ".join(str(error).split())[:_LONGEST]
            raise HistoryError(f"{self.shown}: damaged: {reason}; restore a copy of the database") from error


def _reason(error: BaseException | None, url: str) -> str:
    text = " ".join(url_secrets.without_secrets(str(error), url).split()) or "no reason given"
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return f"{text}: another process is writing to it; try again"
    if text == "file is not a database":
        return "not a database; use a history written by virtscan scan --history"
    return text


def _exists(path: Path, shown: str) -> bool:
    """Return True if the file exists; SQLite gives no reason for one that it can't open.

    Raises:
        HistoryError: It is not a regular file, such as a folder or a pipe, or can't be read.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except FileNotFoundError:
        return False
    except IsADirectoryError:
        is_regular = False
    except OSError as error:
        raise HistoryError(f"{shown}: can't be read: {error.strerror}") from error
    if not is_regular:
        raise HistoryError(f"{shown}: not a regular file; use another path, such as history.sqlite")
    return True


def _create_file(path: Path) -> None:
    """Create an empty database; its permissions do not depend on the umask."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.fchmod(descriptor, _MODE)
        finally:
            os.close(descriptor)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except ValueError as error:  # of a port that is not a number
        raise sa.exc.ArgumentError(str(error)) from error
    if parsed.get_backend_name() == "sqlite":
        arguments = {} if "timeout" in parsed.query else {"timeout": _LOCK_SECONDS}
        engine = sa.create_engine(parsed, connect_args=arguments)
        _begin_by_ourselves(engine)
        return engine
    lock = f"-c lock_timeout={_LOCK_SECONDS}s"
    return sa.create_engine(parsed, connect_args={"connect_timeout": 10, "options": lock})


def _begin_by_ourselves(engine: sa.Engine) -> None:
    """Begin each transaction explicitly: the driver would begin it only before the first change of a row.

    Source:
        SQLAlchemy's documentation of pysqlite, "Serializable isolation / Savepoints / Transactional DDL".
    """

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA page_size = 16384")  # of a new file: a domain is 1 KB, and three fill 4096 bytes
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = OFF")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(connection.get_execution_options().get(_BEGINS, "BEGIN"))
