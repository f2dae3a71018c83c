"""The service, its timer and what mails: as systemd reads them."""

import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.missing import cannot_run
from tests.harness.nights import FIRST, Fleet
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


def test_a_stop_of_the_service_reaches_virtscan_before_its_programs() -> None:
    assert keys("virtscan.service", "KillMode") == ["mixed"]


@pytest.mark.parametrize("file", ["systemd/virtscan.service", "cron/virtscan"])
def test_the_command_is_one_that_virtscan_has(file: str) -> None:
    text = (PROJECT / "packaging" / file).read_text(encoding="utf-8")
    (command,) = re.findall(r"virtscan (scan --history .*)$", text, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "virtscan", *shlex.split(command), "--help"], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert {word for word in command.split() if word.startswith("--")} <= known


def keys(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(encoding="utf-8"), re.MULTILINE)


class Machine:
    """The actions of systemd, its journal and a mailer in a run, by the unit's own settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = {
            "journalctl": f'[ "$4" = "_SYSTEMD_INVOCATION_ID=4f5e" ] && cat {folder}/journal',
            "mail": f'printf "%s\\n" "$2" "$3" >{folder}/sent; cat >>{folder}/sent',
            "hostname": "echo monitor",
            "systemctl": f"cat {folder}/$4",
        }
        for name, script in programs.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)

    def end(self, printed: str, code: int) -> str:
        """End a run of the service; return the mail, empty without one."""
        is_success = str(code) in {"0", *keys("virtscan.service", "SuccessExitStatus")}
        started = keys("virtscan.service", "OnSuccess" if is_success else "OnFailure")
        (self.folder / "sent").unlink(missing_ok=True)
        (self.folder / "journal").write_text(printed)
        facts = {
            "InvocationID": "4f5e", "Result": "success" if is_success else "exit-code", "ExecMainStatus": str(code)
        }  # fmt: skip
        for name, value in facts.items():
            (self.folder / name).write_text(value)
        for unit in started:
            assert unit == "virtscan-mail@%N.service"
            (command,) = keys("virtscan-mail@.service", "ExecStart")
            subprocess.run(
                ["/bin/sh", MAIL, *command.replace("%i", "virtscan").split()[1:]],
                env={"PATH": f"{self.folder}:/usr/bin:/bin"},
                check=True,
            )
        mail = self.folder / "sent"
        return mail.read_text() if mail.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


def test_the_mail_has_what_was_printed_and_its_first_line_as_the_subject(machine: Machine) -> None:
    printed = "1 newly at risk; since 2026-11-01 02:00 UTC.\nhv1 web01\n"

    assert machine.end(printed, 1) == (
        "virtscan on monitor (exit-code, exit code 1): 1 newly at risk; since 2026-11-01 02:00 UTC.\nroot\n" + printed
    )
    assert machine.end("", 70).startswith(
        "virtscan on monitor (exit-code, exit code 70): nothing was printed\nroot\nnothing was printed; see: journalctl"
    )
    assert machine.end("", 0) == machine.end("", 3) == ""


def test_the_mail_is_handed_over_outside_of_a_sandbox() -> None:
    """A setgid program, such as Postfix's postdrop, gains nothing under NoNewPrivileges=, which these keys imply."""
    implying = (
        "DynamicUser LockPersonality MemoryDenyWriteExecute NoNewPrivileges PrivateDevices PrivateUsers ProtectClock "
        "ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables Restrict[A-Za-z]+ "
        "SystemCall[A-Za-z]+"
    )
    assert [keys("virtscan-mail@.service", key) for key in implying.split()] == [[]] * len(implying.split())
    assert keys("virtscan-mail@.service", "ProtectSystem") == ["full"]  # strict would close the spool
    (user,) = keys("virtscan-mail@.service", "User")
    assert user not in {"root", *keys("virtscan.service", "User")}
    assert re.search(rf"^u {user} -", (UNITS / "virtscan.sysusers").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.long
def test_only_nights_with_news_are_mailed_in_two_weeks(tmp_path: Path, machine: Machine) -> None:
    (tmp_path / "fleet").mkdir()
    fleet = Fleet(tmp_path / "fleet")
    url = f"sqlite:///{tmp_path}/history.sqlite"
    until = (FIRST + timedelta(days=16)).date()

    def mailed() -> str:
        """Pass a night; return the subject of its mail without what is in each."""
        night = fleet.scan(url=url)
        return machine.end(night.out + night.err, night.code).partition("\n")[0].removeprefix("virtscan on monitor ")

    first = mailed()
    assert first.startswith("(exit-code, exit code 1): ")
    assert [mailed() for _ in range(2)] == ["", ""]
    fleet.lose("hv2")  # nothing is at risk there
    assert mailed() == "(success, exit code 3): 1 hypervisor no longer read; since 2026-11-03 02:00 UTC."
    assert [mailed() for _ in range(6)] == [""] * 6
    assert mailed() == "(success, exit code 3): 1 hypervisor still not read; since 2026-11-10 02:00 UTC."
    fleet.bring_back("hv2")
    assert mailed() == "(success, exit code 3): 1 hypervisor newly read; since 2026-11-11 02:00 UTC."
    fleet.configure(waiver=f'[[waiver]]\ndomain = "app*"\nreason = "boots from ISO"\nuntil = {until}\n')
    assert mailed() == "(success, exit code 0): 1 waiver about to end; since 2026-11-12 02:00 UTC."
    assert mailed() == ""
