"""`scan --history` and the commands of the history, with the small fleet."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from tests.conftest import PROJECT
from tests.harness.launching import DEFAULT_SIGNALS, VIRTSCAN
from tests.harness.postgresql import PostgreSQL
from tests.storage.history.nights import host, nights, save, vm
from virtscan.cli.history.bounded_access import run_on
from virtscan.cli.history.lock import exclusive_run
from virtscan.cli.history.writer import HistoryWriter
from virtscan.cli.main import run
from virtscan.cli.output.console import Console, Verbosity
from virtscan.cli.output.outputs import OutputError
from virtscan.errors import HistoryError, NoScanError
from virtscan.model import HostStatus
from virtscan.reporters import REPORTERS
from virtscan.storage import dumps, loads
from virtscan.storage.history import History, open_history

HV = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"
SCAN = ["scan", "-c", HV, "--server", "satellite=on"]
AT_RISK = 4


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/history.sqlite"


@pytest.fixture
def locked(tmp_path: Path, url: str) -> Iterator[str]:
    """A history that another process is writing to, for ever."""
    save(url, nights([host("hv1", vm(1))]))
    connection = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield f"{url}?timeout=0.1"
    connection.close()


def scans(url: str) -> int:
    with open_history(url) as history:
        return len(history.scans())


def test_history_keeps_the_inventory_that_is_saved(tmp_path: Path, url: str) -> None:
    assert run([*SCAN, "--history", url, "--save", str(tmp_path / "a.json"), "-o", os.devnull]) == AT_RISK
    assert run(["history", "show", "latest", "--history", url, "--save", str(tmp_path / "b.json")]) == 0

    first, second = (loads((tmp_path / name).read_bytes(), origin=name) for name in ("a.json", "b.json"))
    assert first == second
    assert first.hypervisors[0].domains


def test_a_kept_scan_is_reported_as_it_was(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "--history", url, "--format", "json"]) == AT_RISK
    report = json.loads(capfd.readouterr().out)
    assert run(["history", "show", "--history", url, "--format", "json"]) == 3  # done, but there are gaps

    assert json.loads(capfd.readouterr().out) == report


def test_a_scan_of_a_history_is_shown_with_success_whatever_is_at_risk_in_it(url: str) -> None:
    file = PROJECT / "fixtures" / "rules" / "R8.json"
    save(url, [loads(file.read_bytes(), origin="R8")])

    assert run(["report", str(file), "-o", os.devnull]) == 1
    assert run(["history", "show", "--history", url, "-o", os.devnull]) == 0


def test_the_configuration_names_a_history_beside_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "virtscan.toml"
    config.write_text(f'[history]\nurl = "sqlite:///kept.sqlite"\n[[hypervisor]]\nuri = "{HV}"\n')
    scan = ["scan", "--config", str(config), "-o", os.devnull]

    assert run(scan) == 3
    assert run([*scan, "--no-history"]) == 3
    assert scans(f"sqlite:///{tmp_path}/kept.sqlite") == 1
    assert run(["config", "show", str(config)]) == 0
    assert f"history: sqlite:///{tmp_path}/kept.sqlite" in capfd.readouterr().out
    assert run(["history", "list", "--config", str(config), "--format", "csv"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 2


def test_a_locked_database_loses_no_scan(locked: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "--history", locked, "--format", "json"]) == 74

    out, err = capfd.readouterr()
    (copy,) = (tmp_path / "home/.local/state/virtscan").glob("scan-*.json")
    assert f"database is locked: another process is writing to it; try again; the scan is in {copy}" in err
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = loads(copy.read_bytes(), origin="copy")
    assert json.loads(out)["summary"]["domains"] == len(kept.hypervisors[0].domains) > 0


def test_message_names_the_saved_file_and_there_is_no_copy(
    locked: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fleet.json"
    assert run([*SCAN, "--history", locked, "--save", str(file), "-o", os.devnull]) == 74

    assert f"the scan is in {file}" in capfd.readouterr().err
    assert loads(file.read_bytes(), origin="file").hypervisors[0].domains
    assert not list((tmp_path / "home").rglob("*.json"))


@pytest.mark.parametrize("why", ["the file can't be written", "the scan read nothing"])
def test_message_names_a_copy_if_save_wrote_no_new_file(
    why: str, locked: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An earlier file stays as it is, and is not the scan."""
    file = tmp_path / "fleet.json"
    file.write_text("earlier")
    scan = SCAN if why == "the file can't be written" else ["scan", "--xml", str(tmp_path / "none")]
    target = "/dev/full" if scan is SCAN else str(file)
    assert run([*scan, "--history", locked, "--save", target, "-o", os.devnull]) == 74

    (copy,) = (tmp_path / "home/.local/state/virtscan").glob("scan-*.json")
    assert f"the scan is in {copy}" in capfd.readouterr().err
    assert loads(copy.read_bytes(), origin="copy").hypervisors
    assert file.read_text() == "earlier"


def test_a_database_that_is_away_loses_no_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert run([*SCAN, "--history", f"postgresql:///x?host={tmp_path}", "-o", os.devnull]) == 74

    (copy,) = (tmp_path / "state").glob("scan-*.json")
    assert f"the scan is in {copy}" in capfd.readouterr().err


def test_two_scans_of_one_second_are_both_kept_while_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cron starts those of two configurations."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    (inventory,) = nights([host("hv1", vm(1))])
    console = Console(Verbosity.QUIET)

    for scope in ("ams", "fra"):
        writer = HistoryWriter(f"postgresql:///x?host={tmp_path}", scope=scope, console=console)
        with pytest.raises(OutputError, match="the scan is in"), writer:
            writer.collected(replace(inventory, scope=scope))

    kept = [loads(path.read_bytes(), origin="copy").scope for path in tmp_path.glob("scan-*.json")]
    assert sorted(kept, key=str) == ["ams", "fra"]


def test_a_history_to_compare_with_that_is_away_loses_neither_scan_nor_report(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    away = f"postgresql:///x?host={tmp_path}"
    saved = tmp_path / "fleet.json"

    assert run([*SCAN, "--history", away, "--since", away, "--save", str(saved)]) == 74

    printed = capfd.readouterr()
    assert "Scanned " in printed.out
    assert "the full report follows" in printed.err
    assert loads(saved.read_bytes(), origin="").hypervisors
    assert run([*SCAN, "--since", away]) == 74


def test_a_damaged_history_loses_neither_scan_nor_report(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--history", url, "-o", os.devnull]) == AT_RISK
    connection = sqlite3.connect(tmp_path / "history.sqlite")
    connection.execute("UPDATE scan SET taken_at = 'yesterday'")
    connection.commit()
    connection.close()

    assert run([*SCAN, "--history", url, "--since", url]) == 74

    printed = capfd.readouterr()
    assert "Scanned " in printed.out
    assert "damaged: Invalid isoformat string: 'yesterday'" in printed.err
    assert run(["check", url]) == 3
    assert "VIRTSCAN UNKNOWN: " in capfd.readouterr().out


def test_a_scan_is_kept_even_if_the_reader_of_its_report_is_gone(url: str, tmp_path: Path) -> None:
    command = [*VIRTSCAN, *SCAN, "--history", url]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as gone:
        environment = os.environ | {"HOME": str(tmp_path)}
        command = [*DEFAULT_SIGNALS, *command]
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, env=environment, check=False)

    assert done.returncode == 141, done.stderr
    assert scans(url) == 1


def test_news_that_was_not_delivered_is_repeated(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    off, on = (["scan", "-c", HV, "--server", f"satellite={state}"] for state in ("off", "on"))
    keep = ["--history", url, "--since", url]
    assert run([*off, *keep]) in {0, 3}
    capfd.readouterr()
    assert run([*on, *keep, "-o", "/dev/full"]) == 74
    assert run([*on, *keep]) in {1, 4}
    assert "satellite" in capfd.readouterr().out
    assert run([*on, *keep]) in {0, 3}
    assert capfd.readouterr().out == ""


def test_the_last_two_scans_are_compared(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    save(url, nights([host("hv1", vm(1), vm(2))], [host("hv1", vm(1))], [host("hv1", vm(1), vm(3))]))

    assert run(["history", "diff", "--history", url]) in {0, 3}
    last = capfd.readouterr().out
    assert run(["history", "diff", "1", "2026-11-23", "--history", url]) in {0, 3}
    first = capfd.readouterr().out
    assert ("vm3" in last, "vm2" in last, "vm3" in first, "vm2" in first) == (True, False, False, True)
    assert run(["diff", f"{url}@2", f"{url}@latest"]) in {0, 3}
    assert capfd.readouterr().out == last
    assert run(["history", "diff", "latest", "1", "--history", url]) in {0, 3}


def test_a_scan_that_read_nothing_is_kept_as_failed(url: str) -> None:
    assert run(["scan", "-c", "qemu+tcp://127.0.0.1:9/system", "--history", url, "-o", os.devnull]) == 5

    with open_history(url) as history:
        assert [scan.status for scan in history.scans()] == [HostStatus.FAILED]


def test_a_password_on_the_command_line_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "--history", "postgresql://me:hunter2@db/virtscan"]) == 2

    out, err = capfd.readouterr()
    assert "use [history] url with ${VARIABLE}, or ~/.pgpass" in err
    assert "hunter2" not in out + err


def test_a_password_in_a_file_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "virtscan.toml"
    config.write_text('[history]\nurl = "postgresql://me:hunter2@db/virtscan"\n')
    config.chmod(0o644)
    assert run(["config", "check", str(config)]) == 2
    config.write_text('[history]\nurl = "postgresql://me:${PASSWORD}@db/virtscan"\n')
    monkeypatch.setenv("PASSWORD", "hunter2")
    assert run(["config", "show", str(config)]) == 0

    out, err = capfd.readouterr()
    assert "postgresql+psycopg://me:***@db/virtscan" in out
    assert "hunter2" not in out + err


@pytest.mark.parametrize(
    ("command", "origin"),
    [
        (["scan", "--history", "{}"], "--history"),
        (["scan", "--since", "{}"], "--since"),
        (["history", "list", "--history", "{}"], "--history"),
        (["diff", "{}@1", "b.json"], "OLD"),
        (["diff", "a.json", "{}@1"], "NEW"),
        (["check", "{}"], "FILE"),
    ],
)
def test_a_password_is_refused_by_the_name_of_the_option_that_has_it(
    command: list[str], origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_bytes(dumps(nights([host("hv1")])[0]))
    monkeypatch.chdir(tmp_path)
    assert run([word.format("postgresql://me:hunter2@db/virtscan") for word in command]) in {2, 3}

    out, err = capfd.readouterr()
    assert f"{origin}: a password on the command line is readable by others" in out + err
    assert "hunter2" not in out + err


def test_a_password_with_any_character_reaches_the_database(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    password = "p@ss/w?rd#%20&=:x"
    name, _, query = postgresql.new_database().partition("@/")[2].partition("?")
    user = postgresql.new_user(password)
    config = tmp_path / "virtscan.toml"
    config.write_text(
        f'[history]\nurl = "postgresql://{user}:${{SECRET}}@/{name}?{query}"\n[[hypervisor]]\nuri = "{HV}"\n'
    )
    monkeypatch.setenv("SECRET", password)

    assert run(["scan", "--config", str(config), "-o", os.devnull]) == 3
    assert run(["history", "list", "--config", str(config), "--format", "csv"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 2
    monkeypatch.setenv("SECRET", "hunter2@/?")
    assert run(["history", "list", "--config", str(config)]) == 2
    err = capfd.readouterr().err
    assert "password authentication failed" in err
    assert "hunter2" not in err


def test_a_scan_may_be_named_as_behind_a_url(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(1), vm(2))]))

    assert run(["history", "show", "@1", "--history", url, "--format", "json"]) in {0, 3}
    assert json.loads(capfd.readouterr().out)["summary"]["domains"] == 1
    assert run(["history", "diff", "@1", "@2", "--history", url]) in {0, 3}
    assert "vm2" in capfd.readouterr().out
    assert run(["history", "list", "--history", f"{url}@2"]) == 2
    assert "--history: '@2' names one scan, but this option takes the whole database" in capfd.readouterr().err


@pytest.fixture
def two_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A history that two configurations share, of which this machine has the first."""
    url = f"sqlite:///{tmp_path}/history.sqlite"
    for site in ("ams1", "fra1"):
        config = tmp_path / f"{site}.toml"
        config.write_text(f'[[hypervisor]]\nuri = "{HV}"\nname = "kvm-{site}"\n')
        for _ in range(2):
            assert run(["scan", "--config", str(config), "--history", url, "-o", os.devnull]) == 3
    monkeypatch.setenv("VIRTSCAN_CONFIG", str(tmp_path / "ams1.toml"))
    return url


def test_a_shared_history_is_searched_for_the_configuration_in_use(
    two_sites: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_history(two_sites) as history:
        other = str(history.scans()[-1].scope)
    as_file, as_scope, begun = (["--scope", scope] for scope in (str(tmp_path / "fra1.toml"), other, other[:6]))
    show = ["history", "show", "--history", two_sites, "--view", "hypervisors", "--format", "csv"]

    for option, site in (([], "ams1"), (as_file, "fra1"), (as_scope, "fra1"), (begun, "fra1")):
        assert run([*show, *option]) == 3
        assert f"kvm-{site}" in capfd.readouterr().out
        assert run(["check", two_sites, *option]) == 1
        assert run(["diff", f"{two_sites}@latest", two_sites, *option]) == 0
        assert run(["history", "diff", "--history", two_sites, *option]) == 0
        assert run(["history", "list", "--history", two_sites, "--format", "csv", *option]) == 0
        assert len(capfd.readouterr().out.splitlines()) == (3 if option else 5) + 1  # with the line of check


def test_no_configuration_of_a_shared_history_is_guessed(
    two_sites: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VIRTSCAN_CONFIG")

    assert run(["check", two_sites]) == 3
    assert "scans of several configurations; give --scope: " in capfd.readouterr().out
    assert run(["history", "show", "--history", two_sites]) == 2
    assert "(its last scan is 4)" in capfd.readouterr().err
    assert run(["history", "diff", "1", "3", "--history", two_sites]) == 2
    with open_history(two_sites) as history:
        scope = history.scans()[0].scope
    assert f"scan 1 belongs to another configuration, {scope}; virtscan history list" in capfd.readouterr().err
    assert run(["history", "show", "3", "--history", two_sites]) == 3
    assert run(["history", "show", "--history", two_sites, "--scope", "paris"]) == 2
    assert "--scope: no scans of 'paris'; the history has " in capfd.readouterr().err


def test_the_first_night_of_a_configuration_states_that_it_has_no_scan_yet(
    two_sites: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "lon1.toml"
    config.write_text(f'[[hypervisor]]\nuri = "{HV}"\n')

    scan = ["scan", "--config", str(config), "--since", two_sites, "-o", os.devnull]
    assert run(scan) in {0, 3}
    assert f"{two_sites}: no scan of this configuration yet; everything counts as new" in capfd.readouterr().err
    assert run([*scan[:-3], f"{two_sites}@99"]) == 2
    assert "--since: " in capfd.readouterr().err


def test_a_comparison_and_a_trend_may_be_under_pseudonyms(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["--redact", str(tmp_path / "map"), "--history", url]
    assert run([*SCAN, "--history", url, "-o", os.devnull]) == AT_RISK
    save(url, nights([host("secret-kvm", vm(1))], [host("secret-kvm", vm(2, name="secret-vm"))]))
    capfd.readouterr()

    assert run(["history", "diff", "2", "3", *names]) in {0, 3}
    assert run(["history", "trend", "--view", "risks", "--by", "server", "--format", "csv", *names]) == 0
    out = capfd.readouterr().out
    assert ("secret" in out, "satellite" in out, "host1" in out) == (False, False, True)


def test_the_footer_has_the_exit_code_of_a_scan_that_was_not_kept(
    locked: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--history", locked]) == 74

    assert "; exit code 74." in capfd.readouterr().out


def test_the_footer_has_the_exit_code_of_a_scan_that_was_not_saved(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "--save", "/dev/full"]) == 74

    assert capfd.readouterr().out.endswith("; exit code 74.\n")


def test_a_scan_whose_report_can_not_be_written_is_not_lost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "-o", "/dev/full"]) == 74

    (copy,) = (tmp_path / "home/.local/state/virtscan").glob("scan-*.json")
    assert f"the scan is in {copy} (virtscan report)" in capfd.readouterr().err
    assert run([*SCAN, "-o", "/dev/full", "--save", str(tmp_path / "saved.json")]) == 74
    assert "the scan is in" not in capfd.readouterr().err


def test_a_scan_whose_file_can_not_be_written_is_not_lost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, "--save", "/dev/full", "-o", os.devnull]) == 74

    (copy,) = (tmp_path / "home/.local/state/virtscan").glob("scan-*.json")
    assert f"the scan is in {copy} (virtscan report)" in capfd.readouterr().err
    assert len(loads(copy.read_bytes(), origin="copy").hypervisors) == 1


def test_nights_under_pseudonyms_are_compared(url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    night = [*SCAN, "--history", url, "--since", url, "--redact", str(tmp_path / "map")]
    assert run(night) == AT_RISK
    capfd.readouterr()

    assert run(night) in {0, 3}
    assert capfd.readouterr() == ("", "")


def test_a_second_run_of_a_configuration_scans_nothing(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*SCAN, "--history", url, "-o", os.devnull]) == AT_RISK
    with open_history(url) as history:
        (record,) = history.scans()
    with exclusive_run(url, record.scope, Console(Verbosity.NORMAL)):
        assert run([*SCAN, "--history", url, "-o", os.devnull]) == 2
        assert f"another scan of this configuration is running (process {os.getpid()})" in capfd.readouterr().err
        assert run(["scan", "-c", "test:///default", "--history", url, "-o", os.devnull]) == 0  # another one
    assert run([*SCAN, "--history", url, "-o", os.devnull]) == AT_RISK
    assert scans(url) == 3


def test_without_a_place_for_the_lock_it_scans_with_a_warning(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/dev/null/state")
    assert run([*SCAN, "--history", url, "-o", os.devnull]) == AT_RISK

    assert "warning: no lock against overlapping runs: /dev/null/state" in capfd.readouterr().err
    assert scans(url) == 1


def test_a_full_disk_loses_no_report(tmp_path: Path) -> None:
    """Neither the database nor the file nor the note in the lock has room: in a filesystem of a page."""
    kept = ["--history", f"sqlite:///{tmp_path}/h", "--save", f"{tmp_path}/saved"]
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c",
         f'mount -t tmpfs -o size=4k tmpfs {tmp_path} && cat /dev/zero >{tmp_path}/fill 2>/dev/null; exec "$@"', "sh",
         *VIRTSCAN, *SCAN, *kept],
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 74, done.stderr
    assert "; exit code 74." in done.stdout
    copy = re.search(r"the scan is in (.*) \(virtscan report\)", done.stderr)
    assert copy is not None, done.stderr
    inventory = Path(copy[1]).read_bytes()
    Path(copy[1]).unlink()
    assert len(loads(inventory, origin="copy").hypervisors) == 1


def test_copy_is_in_the_temporary_folder_if_the_user_has_none(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "virtscan", *SCAN, "--history", "sqlite:////dev/null/h"],
        env=os.environ | {"STATE_DIRECTORY": "/dev/null/state", "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 74, done.stderr
    (copy,) = tmp_path.glob("scan-*.json")
    assert f"the scan is in {copy} (virtscan report)" in done.stderr
    assert (len(loads(copy.read_bytes(), origin="copy").hypervisors), copy.stat().st_mode & 0o777) == (1, 0o600)


def test_a_database_that_stops_in_the_middle_keeps_no_report_back(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    save(url, nights([host("hv1", vm(1))]))

    with (
        postgresql.frozen(url) as freeze,
        pytest.raises(HistoryError, match=r"@/test\d+\S*: no answer for 0.5 s; check"),
    ):
        run_on(url, freeze_between_reading(freeze), seconds=0.5)

    assert run_on(url, lambda history: len(history.scans())) == 1


def freeze_between_reading(freeze: Callable[[], None]) -> Callable[[History], int]:
    """Work that has a connection when the server freezes."""

    def work(history: History) -> int:
        history.scans()
        freeze()
        return len(history.scans())

    return work


def test_an_error_of_work_with_a_history_is_its_own(url: str) -> None:
    with pytest.raises(NoScanError, match="no such file"):
        run_on(url, lambda history: history.scans())


def test_a_history_for_which_there_is_no_thread_has_an_error(url: str) -> None:
    threading.stack_size(1 << 44)
    try:
        with pytest.raises(HistoryError, match="no more threads can be started; raise `ulimit -u`"):
            run_on(url, lambda history: history.scans())
    finally:
        threading.stack_size(0)


def test_the_first_nights_in_an_empty_database_are_compared(
    postgresql: PostgreSQL, capfd: pytest.CaptureFixture[str]
) -> None:
    url = postgresql.new_database()
    night = [*SCAN, "--history", url, "--since", url]

    assert run(night) == AT_RISK
    out, err = capfd.readouterr()
    assert out.startswith("First scan: ")
    assert f"{url}: no scan of this configuration yet; everything counts as new" in err
    assert run(night) in {0, 3}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format_name", REPORTERS)
@pytest.mark.parametrize("command", [["list"], ["trend"], ["trend", "--view", "risks", "--by", "server"]])
def test_every_format_has_the_scans_and_the_trends(
    command: list[str], format_name: str, url: str, tmp_path: Path
) -> None:
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(1), vm(2))]))
    file = tmp_path / "out"

    assert run(["history", *command, "--history", url, "--format", format_name, "-o", str(file)]) == 0
    assert file.stat().st_size > 0


def test_the_trend_has_a_row_for_each_site_and_week(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    week = [[host("hv1", *map(vm, range(day))), host("hv2", site="fra1")] for day in range(10)]
    save(url, nights(*week))

    assert run(["history", "trend", "--history", url, "--format", "csv"]) == 0
    rows = [line.split(",") for line in capfd.readouterr().out.splitlines()[1:]]
    assert [(row[0], row[1]) for row in rows] == [
        (f"{day}T02:00:00Z", site) for day in ("2026-11-22", "2026-11-29", "2026-12-01") for site in ("ams1", "fra1")
    ]
    assert run(["history", "trend", "--history", url]) == 0
    out = capfd.readouterr().out
    assert "ams1: memory will be full in 23 days (2026-12-24) at +2048 MiB per day; based on 10 scans" in out
    assert "fra1: memory is not filling up (+0 MiB per day); based on 10 scans" in out


def test_the_trend_of_a_shared_history_keeps_configurations_apart(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scopes = ("scope-a", "scope-b")
    for scope in scopes:
        save(url, nights([host("hv1", vm(1))], [host("hv1", vm(1))], scope=scope))
    trend, page = ["history", "trend", "--history", url], tmp_path / "page.html"

    assert run(trend) == 0
    out = capfd.readouterr().out
    assert "scope" in out.splitlines()[0]
    assert all(f"ams1 (scope {scope}): no growth rate yet: 2 scans" in out for scope in scopes)
    assert run([*trend, "--every", "scan", "--format", f"html={page}"]) == 0
    assert all(f"ams1 ({scope})" in page.read_text() for scope in scopes)
    assert run([*trend, "--scope", scopes[0]]) == 0
    assert not re.search(r"^taken at.*scope|\(scope", capfd.readouterr().out)


def test_the_page_of_a_scan_has_the_trend_of_its_history(url: str, tmp_path: Path) -> None:
    page, book = tmp_path / "page.html", tmp_path / "fleet.xlsx"
    both = ["--format", f"html={page}", "--format", f"xlsx={book}"]
    assert run([*SCAN, "--history", url, *both]) == AT_RISK
    assert "<polyline" not in page.read_text()
    weeks = [host("hv1", vm(1))], *[[host("hv1", vm(1), vm(2))]] * 9
    save(url, nights(*weeks, scope="another"))
    assert run([*SCAN, "--history", url, *both]) == AT_RISK
    assert "<h2>Trend</h2>" not in page.read_text(), "of another configuration"
    with open_history(url) as history:
        own = history.scans()[0].scope
    save(url, nights(*weeks, scope=own))
    assert run([*SCAN, "--history", url, *both]) == AT_RISK
    assert "<h2>Trend</h2>" in page.read_text()
    assert {"trend", "growth"} <= {name.lower() for name in openpyxl.load_workbook(book).sheetnames}
    assert run([*SCAN, "--history", url, "--redact", str(tmp_path / "map"), *both]) == AT_RISK
    assert "<h2>Trend</h2>" not in page.read_text()


def test_pruning_shows_what_it_removed(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    long_ago = timedelta(days=300)
    save(url, [replace(night, taken_at=night.taken_at - long_ago) for night in nights(*[[host("hv1", vm(1))]] * 9)])

    assert run(["history", "prune", "--keep", "1s", "--then", "none", "--history", url]) == 0
    assert capfd.readouterr().out == "removed: 8 of 9 scans; counts are kept\n"
    assert run(["history", "show", "1", "--history", url]) == 2
    assert "scan 1: pruned, only its counts are kept" in capfd.readouterr().err


def test_pruning_one_scan_is_singular(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    save(url, nights([host("hv1", vm(1))]))

    assert run(["history", "prune", "--keep", "1s", "--then", "none", "--history", url]) == 0
    assert capfd.readouterr().out == "removed: 0 of 1 scan; counts are kept\n"


def test_pruning_a_locked_database_is_a_failed_write(locked: str) -> None:
    assert run(["history", "prune", "--keep", "1s", "--history", locked]) == 74


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["list"], "no history given; use --history URL, or [history] url in the configuration"),
        (["list", "--history", "sqlite:////none/h"], "sqlite:////none/h: no such file"),
        (["list", "--history", "h.db"], "not the URL of a database: 'h.db'; write 'sqlite:///h.db' for that file"),
        (["show", "yesterday", "--history", "sqlite:///x"], "SCAN: invalid scan 'yesterday'; write latest, a number"),
        (["trend", "--by", "server", "--history", "sqlite:///x"], "--by server is for --view risks"),
        (["show", "--save", "x", "--format", "csv=y"], "instead of reporting it; omit --format csv=y"),
        (["show", "--save", "x", "--view", "servers"], "instead of reporting it; omit --view"),
        (["show", "--save", "x", "-o", "y"], "instead of reporting it; omit --output"),
    ],
)
def test_wrong_usage_names_the_action(arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["history", *arguments]) == 2
    assert says in capfd.readouterr().err


def test_a_redacted_scan_is_kept_under_pseudonyms(url: str, tmp_path: Path) -> None:
    assert run([*SCAN, "--history", url, "--redact", str(tmp_path / "map"), "-o", os.devnull]) == AT_RISK

    with open_history(url) as history:
        assert b"kvm01" not in dumps(history.load(1))
