"""The real command against the live hypervisor: what it says about the VM."""

import subprocess
import sys
from pathlib import Path

import msgspec

from tests.harness.qemu_host import QemuHost
from tests.harness.sshd import Sshd
from tests.lab.agreement import Judgement
from tests.lab.guest import NAME, URI
from tests.lab.topology import SERVER_DEVICE

_TIMEOUT = 300
_PROGRAM = Path(sys.executable).with_name("virtscan")


class ScanError(Exception):
    """The scan gave no verdict on the VM."""


class _Gap(msgspec.Struct, frozen=True):
    subject: str
    reason: str


class _Report(msgspec.Struct, frozen=True):
    findings: tuple[Judgement, ...]
    gaps: tuple[_Gap, ...]


def scan(host: QemuHost, sshd: Sshd, folder: Path, *, kernel: str | None, only_bonds: bool) -> Judgement:
    """Scan `qemu:///system`, the server's offload read by ssh.

    `only_bonds` is the default that administrators have; without it a veth or bridge can take the place of a bond.

    Raises:
        ScanError: It failed, left something out, or found no such interface.
    """
    config = folder / "virtscan.toml"
    declared = "" if kernel is None else f'kernel = "{kernel}"\n'
    config.write_text(f'[[hypervisor]]\nuri = "{URI}"\n{declared}', encoding="ascii")
    command = [
        *("env", f"VIRTSCAN_SSH={sshd.client}", str(_PROGRAM), "scan", "--config", str(config)),
        *("--server", f"depot:{SERVER_DEVICE}=ssh://{sshd.destination}", "--format", "json"),
        *("--lower-device", "bond" if only_bonds else "any"),
        *("--host-timeout", "120s"),
    ]
    done = subprocess.run(
        host.entering(*command), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_TIMEOUT
    )
    try:
        report = msgspec.json.decode(done.stdout, type=_Report)
    except msgspec.DecodeError as error:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-2:]
        raise ScanError(f"virtscan ended with {done.returncode}: {'; '.join(said) or error}") from error
    if report.gaps:
        raise ScanError("; ".join(f"gap: {gap.subject}: {gap.reason}" for gap in report.gaps))
    found = [finding for finding in report.findings if finding.domain == NAME]
    if len(found) != 1:
        raise ScanError(f"{len(found)} findings for the VM")
    return found[0]
