"""The set-up scripts on a machine that is made up: programs on a PATH that record their calls."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.patience import LONG
from tests.readme import PROJECT

SHELL_TOOLS = ("bash", "basename", "cat", "dirname", "env", "grep", "mktemp", "readlink", "rm")
PRESENT = "exit 0"
ABSENT = "exit 1"


class Machine:
    """A PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.calls_file = folder / "calls"
        self.calls_file.touch()
        for tool in SHELL_TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool) or tool)
        self.has("gcc", "ssh", "make")

    def has(self, *names: str, doing: str = PRESENT) -> None:
        """Put programs on the PATH."""
        for name in names:
            program = self.programs / name
            program.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.calls_file}"\n{doing}\n')
            program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """Every call of a program that `has` put there."""
        return self.calls_file.read_text().splitlines()

    def run(self, script: str, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts there."""
        return subprocess.run(
            [str(PROJECT / "packaging" / script), *arguments],
            env={"PATH": str(self.programs), "PYTHON": python, "TMPDIR": os.environ.get("TMPDIR", "/tmp")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with all that a scan needs but libvirt's headers, and a user without root rights."""
    made_up = Machine(tmp_path)
    made_up.has("pkg-config", doing=ABSENT)
    made_up.has("id", doing="echo 1000")
    yield made_up
    assert not [call for call in made_up.calls if call.startswith(("apt-get", "dnf install"))], "without sudo"


def test_a_machine_that_has_everything_is_left_alone(machine: Machine) -> None:
    machine.has("pkg-config")
    machine.has("apt-get", "sudo")

    done = machine.run("system-packages.sh", "scan")

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert machine.calls == ["pkg-config --exists libvirt"]


@pytest.mark.parametrize("sudo", ["none", "asks for a password"])
def test_setup_without_rights_prints_the_command_and_runs_nothing(machine: Machine, sudo: str) -> None:
    machine.has("apt-get")
    if sudo != "none":
        machine.has("sudo", doing=ABSENT)

    done = machine.run("system-packages.sh", "scan")

    assert done.returncode == 1
    assert "\n  sudo apt-get update && sudo apt-get install --no-install-recommends libvirt-dev\n" in done.stderr


def test_setup_with_sudo_installs_only_missing_packages_and_starts_no_service(machine: Machine) -> None:
    machine.has("apt-get", "sudo")

    done = machine.run("system-packages.sh", "scan")

    assert (done.returncode, done.stderr) == (0, "Installing system packages: libvirt-dev\n")
    as_root = [call.removeprefix("sudo -n ") for call in machine.calls if call.startswith("sudo")]
    wanted = [
        "true",
        "install -m 755 /dev/stdin /usr/sbin/policy-rc.d",
        "apt-get -qq update",
        "env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libvirt-dev",
        "rm -f /usr/sbin/policy-rc.d",
    ]
    if Path("/usr/sbin/policy-rc.d").exists():  # this machine has one already (containers do): it is not touched
        wanted = [call for call in wanted if "policy-rc.d" not in call]
    assert as_root == wanted


def test_the_output_of_the_package_manager_is_shown_if_it_fails(machine: Machine) -> None:
    machine.has("apt-get")
    machine.has("sudo", doing='[[ $* != *" update"* ]] || { echo "E: no network" >&2; exit 100; }')

    done = machine.run("system-packages.sh", "scan")

    assert done.returncode == 1
    assert "E: no network" in done.stderr
    assert "apt-get -qq install" not in "\n".join(machine.calls)


@pytest.mark.parametrize(
    ("repository", "option"),
    [("crb    CodeReady Builder", "--enablerepo=crb "), ("fedora    Fedora 43", "")],
    ids=["in a repository that is switched off", "in the usual ones"],
)
def test_dnf_is_used_without_apt(machine: Machine, repository: str, option: str) -> None:
    machine.has("dnf", doing=f'echo "{repository}"')

    done = machine.run("system-packages.sh", "scan")

    assert done.returncode == 1
    assert f"\n  sudo dnf {option}install libvirt-devel\n" in done.stderr


def test_without_a_known_package_manager_the_missing_programs_are_listed(machine: Machine) -> None:
    done = machine.run("system-packages.sh", "scan")

    assert done.returncode == 1
    assert "libvirt-dev\n" in done.stderr


def test_tests_need_more_packages_than_a_scan(machine: Machine) -> None:
    machine.has("apt-get")

    done = machine.run("system-packages.sh", "check")

    assert "libvirt-dev shellcheck\n" in done.stderr


@pytest.mark.parametrize("python", ["", "python3"], ids=["found on PATH", "named"])
def test_a_python_that_is_too_old_is_refused_with_its_version(machine: Machine, python: str) -> None:
    machine.has("python3", doing='[ "$1" = --version ] && echo Python 3.9.2 || exit 1')

    done = machine.run("find-python.sh", python=python)

    assert done.returncode == 1
    assert "3.11 to 3.14" in done.stderr
    assert ("Python 3.9.2" in done.stderr) == bool(python)


def test_a_newer_python_is_found_beside_one_that_is_too_old(machine: Machine) -> None:
    machine.has("python3", doing=ABSENT)
    machine.has("python3.12")

    assert machine.run("find-python.sh", python="").stdout == f"{machine.programs}/python3.12\n"


def test_packages_for_a_python_come_along_where_there_is_none(machine: Machine) -> None:
    machine.has("apt-get")

    done = machine.run("system-packages.sh", "scan", python="")

    assert " python3 python3-venv python3-dev libvirt-dev\n" in done.stderr


def test_an_unknown_purpose_is_wrong_usage(machine: Machine) -> None:
    assert machine.run("system-packages.sh", "fly").returncode == 2


@pytest.mark.parametrize("target", ["scan", "packages"])
def test_every_format_and_the_history_are_installed_for_the_commands_of_the_readme(target: str) -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=LONG,
    )

    (installing,) = [line for line in plan.stdout.splitlines() if line.startswith("packaging/virtual-environment.sh")]
    assert {"history", "reports"} <= set(installing.split()[-1].split(","))
