"""A machine of its own for a printed script: other network devices, and folders of the test in the place of /etc's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.launching import unmeasured
from tests.harness.missing import cannot_run

FOLDERS = ("etc/udev/rules.d", "etc/systemd/network", "etc/sysconfig/network-scripts")
NIC = "v0"
"""A veth, whose offload can be switched like that of most NICs."""


class Machine:
    """Runs scripts as root, each on a new machine that keeps only the files which the ones before wrote."""

    devices: tuple[str, ...] = ()
    """Commands that make more devices."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True)

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it by sh, with the device `v0`."""
        folders = [f"mkdir -p /{folder} && mount --bind '{self._root / folder}' /{folder}" for folder in FOLDERS]
        setup = [
            "set -e",
            "mount -t sysfs sysfs /sys",
            "mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work",
            "mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc",
            *folders,
            f"ip link add {NIC} type veth peer name v1",
            *self.devices,
        ]
        return subprocess.run(
            ["unshare", "-nm", "sh"],
            input="\n".join([*setup, script]),
            capture_output=True,
            text=True,
            check=False,
            env={**unmeasured(), **environment},  # Ansible kills its workers
        )

    def write(self, path: str, text: str) -> None:
        """Add a file to it."""
        (self._root / path.removeprefix("/")).write_text(text)

    def files(self) -> dict[str, str]:
        """Return the content of its folders, by path."""
        found = [path for folder in FOLDERS for path in sorted((self._root / folder).iterdir())]
        return {f"/{path.relative_to(self._root)}": path.read_text() for path in found}


def missing(*programs: str) -> str | None:
    """Return the reason why no such machine can be made here; None if it can."""
    absent = [program for program in ("unshare", "ip", "mount", "ethtool", *programs) if shutil.which(program) is None]
    if absent:
        return f"missing: {', '.join(absent)}"
    made = subprocess.run(["unshare", "-nm", "true"], capture_output=True, text=True, check=False)
    return made.stderr.strip() or None


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine, or no test: a failure where CI is set."""
    reason = missing()
    if reason is not None:
        cannot_run(reason)
    return Machine(tmp_path / "machine")
