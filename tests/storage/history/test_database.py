"""A database is private to its group, has a known schema, and is never half written."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.build import server
from tests.conftest import PROJECT
from tests.harness.postgresql import PostgreSQL
from tests.storage.history import golden
from tests.storage.history.nights import host, nights, query, save, vm
from virtscan.errors import HistoryError
from virtscan.model import State
from virtscan.storage.address import check_url
from virtscan.storage.history import Then, open_history
from virtscan.storage.history.migrations import STEPS
from virtscan.storage.history.tables import TABLES

GOLDEN = PROJECT / "fixtures" / "history"
FLEET = nights([host("hv1", vm(1))], [host("hv1", vm(2))])


def problem(url: str, *, create: bool = False) -> str:
    with pytest.raises(HistoryError) as raised, open_history(url, create=create) as history:
        history.scans()
    return str(raised.value)


def test_only_its_owner_and_group_can_read_a_new_file(tmp_path: Path) -> None:
    save(f"sqlite:///{tmp_path}/h", FLEET)

    assert (tmp_path / "h").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["h"]  # no write-ahead log, which a reader could not open


@pytest.mark.long
def test_the_tables_are_those_that_the_migrations_make(url: str) -> None:
    save(url, [])

    for table in TABLES:
        columns = ", ".join(column.name for column in table.columns)
        assert query(url, f"SELECT {columns} FROM {table.name}") is not None
    assert [number for (number,) in query(url, "SELECT number FROM schema_version")] == list(STEPS)


def test_opening_again_changes_nothing(url: str) -> None:
    save(url, FLEET)
    before = query(url, "SELECT * FROM schema_version")
    save(url, [])

    assert query(url, "SELECT * FROM schema_version") == before


def test_a_reader_makes_no_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none"

    assert problem(url) == f"{url}: no such file; virtscan scan --history creates one"
    assert not (tmp_path / "none").exists()


def test_a_database_without_a_history_is_reported_as_such(new_url: object, url: str) -> None:
    if url.startswith("sqlite"):
        sqlite3.connect(url.removeprefix("sqlite:///")).execute("CREATE TABLE x (y)")

    assert problem(url).endswith(": not a history of virtscan; virtscan scan --history creates one")


def test_a_file_that_is_not_a_database_is_reported_as_such(tmp_path: Path) -> None:
    (tmp_path / "h").write_bytes(b"{}" * 1000)

    said = f"sqlite:///{tmp_path}/h: not a database; use a history written by virtscan scan --history"
    assert problem(f"sqlite:///{tmp_path}/h", create=True) == said


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
@pytest.mark.parametrize("create", [False, True])
def test_what_is_not_a_file_is_refused_with_an_action(kind: str, create: bool, tmp_path: Path) -> None:
    path = Path("/dev/null") if kind == "device" else tmp_path / kind
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    url = f"sqlite:///{path}"

    said = f"{url}: not a regular file; use another path, such as history.sqlite"
    assert problem(url, create=create) == said


def test_an_address_without_an_end_is_not_called_damaged() -> None:
    url = "postgresql+psycopg://[::1"

    assert problem(url) == f"{url}: not a URL that can be opened; see virtscan history --help"


def test_a_later_schema_is_refused(url: str) -> None:
    save(url, FLEET)
    with open_history(url) as history, history._database.writing() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET number = 99 WHERE number = 1")

    for create in (False, True):
        assert problem(url, create=create).partition(";")[0].endswith("99 was written by a later virtscan")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none/h"

    assert problem(url, create=True) == f"{url}: can't be opened: No such file or directory"


@pytest.mark.parametrize(
    ("address", "driver", "advice"),
    [("sqlite+aiosqlite:////h", "aiosqlite", "sqlite://"), ("postgresql+pg8000://h/d", "pg8000", "postgresql://")],
)
def test_a_driver_that_is_not_installed_can_be_left_out(
    address: str, driver: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)

    assert problem(address) == f"{address}: {driver} is not installed; write {advice} instead"


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    message = problem("postgresql+psycopg://me:hunter2@/x?host=/nowhere", create=True)

    assert message.startswith("postgresql+psycopg://me:***@/x?host=/nowhere: ")
    assert "hunter2" not in message


def test_a_locked_file_is_an_error_after_some_patience(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/h"
    save(url, FLEET)
    other = sqlite3.connect(tmp_path / "h", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with (
        open_history(f"{url}?timeout=0.1") as history,
        pytest.raises(HistoryError, match="database is locked: another"),
    ):
        history.save(FLEET[0], None)
    with open_history(f"{url}?timeout=0.1") as history:
        assert len(history.scans()) == 2  # reading goes on
    other.execute("ROLLBACK")
    with open_history(url) as history:
        assert history.save(FLEET[0], None) == 3


@pytest.mark.parametrize("version", sorted(STEPS))
def test_every_released_sqlite_schema_is_read(version: int, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "h")
    connection.executescript((GOLDEN / f"schema-{version}.sqlite.sql").read_text(encoding="utf-8"))
    connection.close()

    assert_read_only(f"sqlite:///{tmp_path}/h", version)
    assert_golden(f"sqlite:///{tmp_path}/h")


@pytest.mark.parametrize("version", sorted(STEPS))
def test_the_steps_still_make_every_released_schema(version: int) -> None:
    made, released = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    for number in sorted(STEPS)[:version]:
        for statement in STEPS[number]("sqlite"):
            made.execute(statement)
    released.executescript((GOLDEN / f"schema-{version}.sqlite.sql").read_text(encoding="utf-8"))

    definitions = (
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT IN ('schema_version', 'sqlite_stat1')"
    )
    assert set(made.execute(definitions)) == set(released.execute(definitions))


@pytest.mark.parametrize("version", sorted(STEPS))
def test_every_released_postgresql_schema_is_read(version: int, postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    postgresql.psql(
        url.partition("@/")[2].partition("?")[0],
        (GOLDEN / f"schema-{version}.postgresql.sql").read_text(encoding="utf-8"),
    )

    assert_read_only(check_url(url, "test", private=False), version)
    assert_golden(check_url(url, "test", private=False))


def assert_read_only(url: str, version: int) -> None:
    """A reader, such as --since on the night after an upgrade, needs no newer schema; pruning does."""
    with open_history(url) as history:
        assert list(map(history.load, (1, 2))) == golden.SCANS
        assert history.recall(history.find(None).number).unread
        assert history.finding_counts()
        assert history.capacity_counts()
        if version < max(STEPS):
            with pytest.raises(
                HistoryError,
                match=f"its schema is version {version}, this virtscan needs {max(STEPS)}; the next virtscan",
            ):
                history.prune(before=golden.SCANS[1].taken_at, then=Then.NONE)
    assert query(url, "SELECT max(number) FROM schema_version") == [(version,)]


@pytest.mark.parametrize("edit", ["site = X'FF'", "hypervisors = X'FF'", "memory_mib = 'much'"])
def test_damaged_counts_are_an_error(edit: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/h"
    save(url, FLEET)
    connection = sqlite3.connect(tmp_path / "h")
    connection.execute(f"UPDATE capacity_count SET {edit}")
    connection.commit()
    connection.close()

    with open_history(url) as history, pytest.raises(HistoryError, match=f"^{url}: damaged: .*; restore a copy"):
        history.capacity_counts()


def assert_golden(url: str) -> None:
    """The history of the golden database, after the schema was brought up to date."""
    with open_history(url, create=True) as history:
        assert list(map(history.load, (1, 2))) == golden.SCANS
        assert history.save(golden.SCANS[1], None) == 3
        assert list(map(history.load, (1, 2, 3))) == [*golden.SCANS, golden.SCANS[1]]
    assert query(url, "SELECT kind, domain FROM change ORDER BY 1, 2") == [("added", "vm3"), ("not-seen", "vm2")]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE host_version SET data = '{}'",
        "UPDATE domain_version SET data = ''",
        "UPDATE host_version SET data = X'FF'",
        "UPDATE domain_version SET data = X'FF'",
        "UPDATE host_version SET data = replace(data, 'ams1', 'ams2')",
        "UPDATE domain_version SET data = replace(data, '52:54', '52:55')",
        "UPDATE item_version SET data = replace(data, '\"on\"', '\"off\"')",
        "UPDATE scan SET rest = X'00' WHERE id = 2",
        "UPDATE scan SET rest = 4611686018427387904",
        "UPDATE scan SET taken_at = X'FF'",
        "UPDATE scan SET domains = 'many'",
        "UPDATE scan SET taken_at = 'yesterday'",
        "UPDATE scan SET status = 'bogus'",
        "UPDATE host_scan SET volatile = X''",
        "DELETE FROM host_scan",
        "DELETE FROM host_version",
        "DELETE FROM domain_version",
    ],
)
def test_damaged_content_is_an_error_and_never_a_smaller_scan(edit: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/h"
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(2))], servers=(server("satellite", State.ON),)))
    connection = sqlite3.connect(tmp_path / "h")
    connection.execute(edit)
    connection.commit()
    connection.close()

    with open_history(url) as history, pytest.raises(HistoryError, match=f"^{url}: damaged: .*; restore a copy"):
        history.recall(history.find(None).number)
