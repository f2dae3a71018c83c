"""`virtscan check`: a plugin for Nagios and Icinga."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.conftest import PROJECT
from tests.harness.patience import LONG
from tests.harness.postgresql import PostgreSQL
from tests.storage.history.nights import host, nights, save, vm
from virtscan.cli.main import run
from virtscan.model import GapAbout, HostStatus, Inventory, Persistence, Policy, State, Waiver
from virtscan.model.facts.persistence import SettingInWords
from virtscan.storage import dumps

LINE = re.compile(r"VIRTSCAN (OK|WARNING|CRITICAL|UNKNOWN): [^|\n]+( \| (\S+=\d+s?;;\d*;0 ?)+)?\n")
BOOTS = domain("web01", macvtap(), boot_devices=("network", "hd"))
LATENT = domain("web01", macvtap(), boot_devices=("hd",))
OFF = server(tx_checksum=State.OFF)
NONE_KNOWN = "No interface is known to be at risk"
GAP = gap_in_words("hv9", "no answer", GapAbout.HYPERVISOR)


def scan(*domains: Any, kernel: str = UNFIXED_KERNEL, hours: float = 1, **fields: Any) -> Inventory:
    """A scan of so many hours ago (`Any`: fields differ in type)."""
    taken_at = datetime.now(UTC) - timedelta(hours=hours)
    made = inventory(hypervisor("hv1", *domains, kernel=kernel), **({"servers": (server(),)} | fields))
    return replace(made, taken_at=taken_at)


def checked(
    folder: Path, saved: Inventory | bytes, capfd: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str]:
    """The exit code and the line."""
    file = folder / "fleet.json"
    file.write_bytes(saved if isinstance(saved, bytes) else dumps(saved))
    code = run(["check", str(file), *options])
    printed = capfd.readouterr()
    assert LINE.fullmatch(printed.out), printed.out
    assert printed.err == ""
    return code, printed.out


@pytest.mark.parametrize(
    ("saved", "options", "code", "words"),
    [
        (scan(BOOTS, servers=(OFF,)), (), 0, "VIRTSCAN OK: No interface is at risk. 1 judged | at_risk=0;;;0 "),
        (scan(BOOTS), (), 2, "VIRTSCAN CRITICAL: 1 interface of 1 VM at risk (1 medium confidence); 1 has network"),
        (scan(LATENT), (), 1, "VIRTSCAN WARNING: 1 interface of 1 VM at risk (1 medium confidence) | "),
        (scan(LATENT), ("--fail-on", "latent"), 2, "CRITICAL: 1 interface"),
        (scan(BOOTS), ("--fail-on", "pending"), 1, "WARNING: 1 interface"),
        (scan(BOOTS), ("--fail-on", "never"), 1, "WARNING: 1 interface"),
        (scan(BOOTS, servers=(OFF,), gaps=(GAP,)), (), 1, f"WARNING: {NONE_KNOWN}. 1 not at risk. 1 gap"),
        (scan(BOOTS, servers=(server(tx_checksum=State.UNKNOWN),)), (), 1, f"WARNING: {NONE_KNOWN}. 1 unk"),
        (scan(), (), 1, "WARNING: No domain was found"),
        (scan(BOOTS, hours=27), (), 3, "UNKNOWN: the last scan was 1 day ago; check that virtscan scan runs | "),
        (scan(BOOTS, servers=(OFF,), hours=20), (), 0, "OK: "),
        (scan(BOOTS, servers=(OFF,), hours=25), ("--max-scan-age", "1d"), 3, "UNKNOWN: the last scan was"),
        (scan(BOOTS, servers=(OFF,), hours=-5), (), 0, "scan_age=0s;;93600;0"),
        (scan(BOOTS, servers=(OFF,), hours=-72), (), 3, "UNKNOWN: the last scan is dated 2 days in the future"),
        (b"{", (), 3, "UNKNOWN: "),
        (scan(BOOTS), ("--max-scan-age", "26"), 3, "UNKNOWN: Invalid value for '--max-scan-age': invalid "),
        (scan(BOOTS), ("--scope", "3f0c"), 3, "UNKNOWN: --scope is for a history, "),
        (scan(BOOTS), ("--nonsense",), 3, "UNKNOWN: No such option"),
    ],
)  # fmt: skip
def test_a_scan_has_the_exit_code_and_the_line_that_nagios_reads(
    saved: Inventory | bytes, options: tuple[str, ...], code: int, words: str, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    status, line = checked(tmp_path, saved, capfd, *options)

    assert (status, words in line) == (code, True), line


def test_an_offload_that_comes_back_on_with_the_next_reboot_is_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    back_on = replace(OFF, persistence=Persistence(tx_checksum=State.ON, setting=SettingInWords(text="no setting")))

    code, line = checked(tmp_path, scan(BOOTS, servers=(back_on,)), capfd)
    assert code == 1
    assert "1 further interface at risk after the servers' next reboot" in line


@pytest.mark.parametrize(("days", "code"), [(0, 1), (13, 1), (20, 0)])
def test_a_waiver_that_ends_soon_is_a_warning(
    days: int, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    until = datetime.now(UTC).date() + timedelta(days=days)
    policy = Policy(waivers=(Waiver(reason="boots from ISO", until=until),))

    status, line = checked(tmp_path, scan(BOOTS, policy=policy), capfd)
    assert (status, "1 waiver ends within 14 days" in line) == (code, bool(code))
    assert "1 waived" in line


def test_a_scan_that_read_nothing_adds_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = replace(scan(), hypervisors=(hypervisor("hv1", status=HostStatus.FAILED),))

    code, line = checked(tmp_path, saved, capfd)
    assert (code, line.startswith("VIRTSCAN UNKNOWN: No hypervisor was read; see virtscan report | ")) == (3, True)
    assert [number.partition("=")[0] for number in line.partition(" | ")[2].split()] == ["gaps", "scan_age"]


def test_no_file_is_unknown_and_its_name_adds_no_number(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "/nowhere/a|b=1\n"]) == 3
    assert capfd.readouterr().out == (
        "VIRTSCAN UNKNOWN: /nowhere/a\\x7cb=1\\n: can't be read: No such file or directory\n"
    )
    assert run(["check"]) == 3
    assert capfd.readouterr().out == "VIRTSCAN UNKNOWN: Missing argument 'FILE'.\n"


def test_the_last_scan_of_a_history_can_be_checked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'history.sqlite'}"
    assert run(["scan", "-c", "test:///default", "--server", "a=off", "--history", url, "-q", "-o", "/dev/null"]) == 0

    assert run(["check", url]) == 0
    assert capfd.readouterr().out.startswith("VIRTSCAN OK: ")
    assert run(["check", f"sqlite:///{tmp_path / 'nowhere.sqlite'}"]) == 3
    assert capfd.readouterr().out.startswith("VIRTSCAN UNKNOWN: ")


def test_a_defect_is_unknown(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "getcwd", broken)  # like a defect of virtscan: nothing expects this error
        code = run(["check", "fleet.json"])
        printed = capfd.readouterr()
        other_code = run(["report", "fleet.json"])

    assert (code, printed.out) == (3, "VIRTSCAN UNKNOWN: internal error; see standard error\n")
    assert "ZeroDivisionError" in printed.err
    assert (other_code, capfd.readouterr().out) == (70, "")


@pytest.mark.parametrize("module", ["click", "msgspec", "virtscan.cli.process.streams"])
@pytest.mark.parametrize(
    "content",
    [
        "raise ImportError('libfoo.so is missing')",
        "raise AttributeError('libfoo.so is missing')",
        "raise SyntaxError('libfoo.so is missing')",
    ],
)
def test_a_broken_installation_is_unknown_and_for_other_commands_no_risk(
    module: str, content: str, tmp_path: Path
) -> None:
    if "." in module:
        shutil.copytree(PROJECT / "virtscan", tmp_path / "virtscan")
    (tmp_path / f"{module.replace('.', '/')}.py").write_text(content)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{PROJECT}"}

    checked, reported = (
        subprocess.run(
            [sys.executable, "-m", "virtscan", command, "fleet.json"],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LONG,
        )
        for command in ("check", "report")
    )  # fmt: skip

    assert (checked.returncode, checked.stdout) == (
        3,
        "VIRTSCAN UNKNOWN: virtscan can't be loaded; see standard error\n",
    )
    assert (reported.returncode, reported.stdout) == (70, "")
    assert "libfoo.so is missing" in checked.stderr
    assert "libfoo.so is missing" in reported.stderr


def test_a_database_that_does_not_answer_is_unknown_before_the_monitoring_ends_the_check(
    postgresql: PostgreSQL, capfd: pytest.CaptureFixture[str]
) -> None:
    url = postgresql.new_database()
    save(url, nights([host("hv1", vm(1))]))

    with postgresql.unresponsive():
        assert run(["check", url, "--timeout", "1s"]) == 3
    assert re.fullmatch(
        r"VIRTSCAN UNKNOWN: \S*/test\d+\S*: no answer for 1 s; check the database server\n", capfd.readouterr().out
    )
