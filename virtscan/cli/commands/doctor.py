"""`virtscan doctor`: checks of this machine and of the hosts to read."""

import os
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from virtscan import doctor as checks
from virtscan.cli.acquire import collected, planned
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import CHECKS, Command
from virtscan.cli.options import (
    config_option,
    connect_option,
    console_options,
    host_timeout_option,
    server_option,
    text_output_options,
    unsafe_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput
from virtscan.cli.output.outputs import Output
from virtscan.cli.output.showing import showing
from virtscan.cli.plan import default_uri_line, name_warnings
from virtscan.cli.process.signals import exit_code
from virtscan.config import find_config
from virtscan.doctor import Check, CheckResult
from virtscan.model import Inventory, Plan, TargetKind
from virtscan.reporters.terminal.width import wrap
from virtscan.reporters.text import LINE, printable, scan_line

_INDENT = " " * 9
"""Indent of further lines, which begin below the subject."""


@click.command(
    cls=Command,
    examples=(
        "virtscan doctor",
        "virtscan doctor -c qemu+ssh://root@hv1/system",
    ),
    exit_codes=CHECKS,
)
@connect_option
@server_option
@config_option
@host_timeout_option
@unsafe_option
@text_output_options
@console_options
def doctor(
    connect: tuple[str, ...],
    servers: tuple[str, ...],
    config: Path | None,
    host_timeout: float | None,
    allow_unsafe_uri: bool,
    outputs: tuple[RequestedOutput, ...],
    console: Console,
) -> int:
    """Check whether this machine can scan: one line for each requirement, and for each host that would be read.

    Hypervisors, servers and provisioning systems are read as in a scan; nothing is saved or judged.
    """
    with showing(outputs) as shown:
        lines = _Lines(shown.text, shown.width)
        lines.add(checks.of_machine())
        plan = planned(
            console,
            config=config,
            connect=connect,
            servers=servers,
            host_timeout=host_timeout,
            allow_unsafe_uri=allow_unsafe_uri,
        )
        # A library that is missing is one failed check, not a failure of each hypervisor.
        readable = _without_libvirt(plan) if lines.have_failed(checks.LIBVIRT) else plan
        lines.add((_configuration(config, plan), *checks.of_names(name_warnings(plan))))
        lines.add(checks.of_sockets(plan.targets))
        lines.add(checks.of_access_rules(plan.targets, user=os.geteuid()))
        inventory = collected(readable, console)
        lines.add(checks.of_inventory(readable, inventory))
        lines.end(inventory)
        shown.show(checks.document(lines.checks, inventory), console, code=lines.code)
    return lines.code


class _Lines:
    """The checks so far; with an output each is written to it immediately, in lines of at most `width` columns."""

    def __init__(self, output: Output | None, width: int | None) -> None:
        self._output = output
        self._width = width
        self.checks: list[Check] = []

    def add(self, further: Iterable[Check]) -> None:
        """Add checks, and write them if there is an output."""
        for check in further:
            self.checks.append(check)
            if self._output is not None:
                line = printable(f"{check.outcome.value:<7}  {check.subject}: {check.detail}", LINE)
                parts = [line] if self._width is None else wrap(line, self._width, indent=_INDENT)
                self._output.write("".join(f"{part}\n" for part in parts).encode())

    def end(self, inventory: Inventory) -> None:
        """Write the time, the version and the exit code."""
        if self._output is not None:
            self._output.write(f"{scan_line(inventory.version, inventory.taken_at, exit_code(self.code))}\n".encode())

    @property
    def code(self) -> ExitCode:
        """The exit code for the checks so far."""
        return ExitCode.INCOMPLETE if self.have_failed() else ExitCode.CLEAN

    def have_failed(self, subject: str | None = None) -> bool:
        """Return True if a check failed, or the one of this subject."""
        return any(check.outcome is CheckResult.FAILED and subject in {None, check.subject} for check in self.checks)


def _without_libvirt(plan: Plan) -> Plan:
    files = tuple(target for target in plan.targets if target.kind is not TargetKind.LIBVIRT)
    return msgspec.structs.replace(plan, targets=files)


def _configuration(config: Path | None, plan: Plan) -> Check:
    path = find_config(config, os.environ) or "none"
    detail = f"{path}; hypervisors: {len(plan.targets)}, servers: {len(plan.servers)}"
    if line := default_uri_line(plan):
        detail = f"{detail}; {line}"
    return Check(subject="configuration", outcome=CheckResult.OK, detail=detail)
