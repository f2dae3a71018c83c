"""A scenario from its first device to its last row."""

import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.harness.qemu_host import NoQemuHostError, QemuHost, qemu_host
from tests.lab import topology
from tests.lab.agreement import disagreement, misread
from tests.lab.guest import MAC, Guest
from tests.lab.login import write_client
from tests.lab.outcome import Outcome, read_outcome
from tests.lab.scanning import ScanError, scan
from tests.lab.scenario import Firmware, Lower, Scenario
from tests.lab.services import ServiceError, Services, start_services
from tests.lab.table import Row
from virtscan import trace
from virtscan.errors import TraceError

_BOOT_SECONDS = {Firmware.BIOS: 150, Firmware.UEFI: 300}
"""The time limit of one boot; on two idle cores one takes 20 to 40 s, with UEFI twice that."""

_WRITTEN_SECONDS = 15


def play(scenario: Scenario, *, bonds: bool, patience: float = 1) -> Iterator[Row]:
    """Play a scenario on a hypervisor of its own; one row for each step, as it is done.

    An error that keeps a step from being played is a row as well, and ends the scenario.

    Args:
        scenario: What to play.
        bonds: The kernel has them.
        patience: Multiplies all time limits.
    """
    lower = scenario.lower or (Lower.BOND if bonds else Lower.VETH)
    played = 0
    try:
        with tempfile.TemporaryDirectory(prefix="virtscan-lab-") as name, qemu_host() as host:
            for row in _steps(scenario, lower, host, Path(name), patience):
                played += 1
                yield row
    except (subprocess.SubprocessError, NoQemuHostError, ServiceError, ScanError, TraceError, OSError) as error:
        yield Row(scenario=scenario.name, offload=scenario.steps[played].offload.value, against=_reason(error))


def _steps(scenario: Scenario, lower: Lower, host: QemuHost, folder: Path, patience: float) -> Iterator[Row]:
    device = topology.source_device(lower)
    if scenario.needs_nic:
        _lend_nic(host)
    for command in topology.commands(scenario, lower):
        host.run(*command)
    guest = Guest(host, folder)
    guest.define_server(scenario, device)
    client = write_client(folder, scenario)
    capture = folder / "boot.pcap"
    services = start_services(host, scenario, folder)
    services.start(host, "tcpdump", *topology.capture_command(device, capture))
    for step in scenario.steps:
        for command in topology.offload_commands(scenario, step.offload):
            host.run(*command)
        guest.boot(scenario, device)
        judgement = scan(host, scenario, client)
        outcome = _wait(guest, services, seconds=_BOOT_SECONDS[scenario.firmware] * patience)
        rule = scenario.rule(step, platform.release(), platform.version())
        judged = disagreement(judgement, outcome, scenario, rule=rule, lower=lower)
        yield Row(
            scenario=scenario.name,
            offload=step.offload.value,
            verdict=f"{judgement.verdict.value} ({judgement.confidence})",
            rule=judgement.rule,
            boot=outcome.value,
            against=judged or _misread(capture, outcome, scenario),
        )


def _lend_nic(host: QemuHost) -> None:
    """Move a NIC of this machine to the hypervisor, as its end of the cable; the kernel gives it back at the end.

    Raises:
        OSError: There is none.
    """
    nics = [path.parent.name for path in Path("/sys/class/net").glob("*/device")]
    if not nics:
        raise OSError("the guest has no NIC: its kernel has no driver e1000")
    command = ["ip", "link", "set", nics[0], "netns", str(host.pid), "name", topology.PORT]
    subprocess.run(command, check=True, capture_output=True, text=True)


def _wait(guest: Guest, services: Services, *, seconds: float) -> Outcome:
    """Wait for the end of a boot.

    Raises:
        ServiceError: A service ended before the boot did.
    """
    end = time.monotonic() + seconds
    outcome = Outcome.UNDECIDED
    while outcome is Outcome.UNDECIDED and time.monotonic() < end:
        time.sleep(0.5)
        outcome = read_outcome(guest.printed())
    services.check()
    return outcome


def _misread(capture: Path, outcome: Outcome, scenario: Scenario) -> str:
    """Compare the capture with the boot; on a busy machine the last frames come after the console's output."""
    if scenario.apart:
        return ""  # a boot without any answer proves nothing
    end = time.monotonic() + _WRITTEN_SECONDS
    while True:
        against = misread([boot for boot in trace.read(capture).boots if boot.mac == MAC], outcome)
        if not against or time.monotonic() > end:
            return against
        time.sleep(0.5)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{' '.join(map(str, error.cmd[-6:]))}: {str(error.stderr).strip()}"
    return str(error)
