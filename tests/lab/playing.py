"""A scenario from its first device to its last row."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.harness.qemu_host import NoQemuHostError, QemuHost, qemu_host
from tests.lab import topology
from tests.lab.agreement import disagreement, misread
from tests.lab.guest import MAC, Guest
from tests.lab.outcome import Outcome, read_outcome
from tests.lab.scanning import ScanError, scan
from tests.lab.scenario import Firmware, Lower, Scenario
from tests.lab.services import ServiceError, Services, running_services
from tests.lab.table import Row
from virtscan import trace
from virtscan.errors import TraceError

_BOOT_SECONDS = {Firmware.BIOS: 150, Firmware.UEFI: 300}
"""What one boot may take; on two idle cores one takes 20 to 40, with UEFI twice that."""

_WRITTEN_SECONDS = 15


def play(scenario: Scenario, *, bonds: bool, patience: float = 1) -> Iterator[Row]:
    """Play a scenario on a hypervisor of its own; one row for each step, as it is done.

    What keeps a step from being played is a row as well, and ends the scenario. `bonds` says whether the kernel has
    them; time limits are multiplied by `patience`.
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
    for command in topology.commands(scenario, lower):
        host.run(*command)
    guest = Guest(host, folder)
    guest.define_server(scenario.way, device)
    capture = folder / "boot.pcap"
    with running_services(host, scenario, folder) as (services, sshd):
        services.start(host, "tcpdump", *topology.capture_command(device, capture))
        for number, step in enumerate(scenario.steps):
            host.run(*topology.offload_command(step.offload.value))
            if number == 0:
                guest.boot(scenario, device)
            else:
                guest.boot_again()
            judgement = scan(host, sshd, folder, kernel=scenario.kernel, only_bonds=lower in {Lower.BOND, Lower.VLAN})
            outcome = _wait(guest, services, seconds=_BOOT_SECONDS[scenario.firmware] * patience)
            judged = disagreement(judgement, outcome, rule=step.rule, service=scenario.service, lower=lower)
            yield Row(
                scenario=scenario.name,
                offload=step.offload.value,
                verdict=f"{judgement.verdict.value} ({judgement.confidence})",
                rule=judgement.rule,
                boot=outcome.value,
                against=judged or _misread(capture, outcome),
            )


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


def _misread(capture: Path, outcome: Outcome) -> str:
    """See `misread`; tcpdump gets some time for the last frames, which on a busy machine come after the console."""
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
