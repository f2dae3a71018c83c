"""The service, its timer and what mails: as systemd reads them."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.missing import cannot_run
from virtscan.cli.exit_codes import ExitCode

UNITS = PROJECT / "packaging" / "systemd"
SERVICE = (UNITS / "virtscan.service").read_text(encoding="utf-8")
MAIL = UNITS / "mail-journal"


def analyze(*arguments: object) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        cannot_run("systemd is not installed")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.timer")]:
        text = unit.read_text(encoding="utf-8")
        # The programs are not installed here; the rest stays as it is.
        (tmp_path / unit.name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))

    (tmp_path / "virtscan-mail@.service").rename(tmp_path / "virtscan-mail@virtscan.service")
    assert analyze("verify", "--man=no", *sorted(tmp_path.iterdir())) == ""


def test_the_service_is_hardened() -> None:
    assert "Overall exposure level" in analyze(
        "security", "--offline=true", "--threshold=20", UNITS / "virtscan.service"
    )


def test_a_night_with_holes_is_a_success_and_one_with_news_is_not() -> None:
    (codes,) = re.findall(r"^SuccessExitStatus=(.*)$", SERVICE, re.MULTILINE)
    assert codes.split() == [str(ExitCode.INCOMPLETE.value)]
    assert "--since" in SERVICE


@pytest.mark.parametrize("file", ["systemd/virtscan.service", "cron/virtscan"])
def test_the_command_is_one_that_virtscan_has(file: str) -> None:
    text = (PROJECT / "packaging" / file).read_text(encoding="utf-8")
    (command,) = re.findall(r"virtscan (scan --history .*)$", text, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "virtscan", *shlex.split(command), "--help"], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert {word for word in command.split() if word.startswith("--")} <= known


def test_the_mail_has_the_journal_and_its_first_line_as_the_subject(tmp_path: Path) -> None:
    programs = {
        "journalctl": 'echo "$*" >&2; printf "newly at risk: 2 VMs\\nams1-kvm01 web01\\n"',
        "mail": f'printf "%s\\n" "$@" >{tmp_path}/mail; cat >>{tmp_path}/mail',
        "hostname": "echo monitor",
    }
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", MAIL, "virtscan", "admins@example.com"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "MONITOR_INVOCATION_ID": "4f5e", "MONITOR_EXIT_STATUS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "_SYSTEMD_INVOCATION_ID=4f5e" in done.stderr
    assert (tmp_path / "mail").read_text() == (
        "-s\nvirtscan on monitor (exit code 1): newly at risk: 2 VMs\nadmins@example.com\n"
        "newly at risk: 2 VMs\nams1-kvm01 web01\n"
    )
