"""The real command against the live hypervisor: its finding on the VM."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.harness.qemu_host import QemuHost
from tests.lab.agreement import Judgement
from tests.lab.guest import NAME
from tests.lab.login import HYPERVISOR, SERVER
from tests.lab.scenario import Scenario, Way
from tests.lab.topology import sending_device

_TIMEOUT = 300
_PROGRAM = Path(sys.executable).with_name("virtscan")


class ScanError(Exception):
    """The scan gave no verdict on the VM."""


class _Gap(msgspec.Struct, frozen=True):
    subject: str
    reason: str
    code: str


class _Report(msgspec.Struct, frozen=True):
    findings: tuple[Judgement, ...]
    gaps: tuple[_Gap, ...]


def scan(host: QemuHost, scenario: Scenario, client: Path) -> Judgement:
    """Scan the hypervisor and the server, both by this ssh client: kernel and devices are observed, never inferred.

    Raises:
        ScanError: It failed, left something out, or found no such interface.
    """
    folder = client.parent
    config = folder / "virtscan.toml"
    config.write_text(_config(scenario), encoding="ascii")
    command = [
        *("env", f"VIRTSCAN_SSH={client}", f"PATH={folder}:{os.environ['PATH']}"),
        *(str(_PROGRAM), "scan", "--config", str(config), "--ssh-facts", "--save", str(folder / "inventory.json")),
        *("--format", "json", "--host-timeout", "120s"),
    ]
    done = subprocess.run(
        host.entering(*command), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_TIMEOUT
    )
    try:
        report = msgspec.json.decode(done.stdout, type=_Report)
    except msgspec.DecodeError as error:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-2:]
        raise ScanError(f"virtscan ended with {done.returncode}: {'; '.join(last) or error}") from error
    # A server whose offload was switched by hand is warned about: its next reboot switches it on again.
    gaps = [gap for gap in report.gaps if gap.code != "off-until-reboot"]
    if gaps:
        raise ScanError("; ".join(f"gap: {gap.subject}: {gap.reason}" for gap in gaps))
    findings = [finding for finding in report.findings if finding.domain == NAME]
    if len(findings) != 1:
        raise ScanError(f"{len(findings)} findings for the VM")
    return findings[0]


def _config(scenario: Scenario) -> str:
    # The namespace stands for another machine, which is declared.
    physical = "physical = true\n" if scenario.way is Way.MACHINE else ""
    return (
        f'[[hypervisor]]\nuri = "qemu+ssh://root@{HYPERVISOR}/system"\n'
        f'[[server]]\nname = "{SERVER}"\ninterface = "{sending_device(scenario.sender)}"\n'
        f'offload = "ssh://root@{SERVER}"\n{physical}'
    )
