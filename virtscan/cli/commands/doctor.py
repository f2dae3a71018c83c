"""`virtscan doctor`: can this machine scan?"""

import os
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from virtscan import doctor as checks
from virtscan.cli.acquire import collected, planned
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.options import (
    config_option,
    connect_option,
    console,
    host_timeout_option,
    quiet_and_verbose,
    server_option,
    unsafe_option,
)
from virtscan.cli.output import tell
from virtscan.cli.plan import default_uri_line, name_warnings
from virtscan.config import find_config
from virtscan.doctor import Check, Result
from virtscan.model import Plan, TargetKind
from virtscan.reporters import printable

_LONGEST = 600


@click.command(epilog="Example: virtscan doctor -c qemu+ssh://root@hv1/system")
@connect_option
@server_option
@config_option
@host_timeout_option
@unsafe_option
@quiet_and_verbose
def doctor(
    connect: tuple[str, ...],
    servers: tuple[str, ...],
    config: Path | None,
    host_timeout: float | None,
    allow_unsafe_uri: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check whether this machine can scan: one line for each requirement, and for each host that would be read.

    Hypervisors, servers and provisioning systems are read as in a scan; nothing is saved or judged. The exit code is
    0 if all can be used, 3 if something failed, 2 if the configuration is invalid.
    """
    said = console(verbose=verbose, quiet=quiet)
    machine = checks.of_machine()
    _show(machine)
    plan = planned(
        said,
        config=config,
        connect=connect,
        servers=servers,
        host_timeout=host_timeout,
        allow_unsafe_uri=allow_unsafe_uri,
    )
    found = (
        _configuration(config, plan),
        *checks.of_names(name_warnings(plan)),
        *checks.of_sockets(plan.targets),
    )
    _show(found)
    # A library that is not there was told once; of each hypervisor it would be told as a defect.
    libvirt_fails = any(check.outcome is Result.FAILED and check.subject == checks.LIBVIRT for check in machine)
    if libvirt_fails:
        files = tuple(target for target in plan.targets if target.kind is not TargetKind.LIBVIRT)
        plan = msgspec.structs.replace(plan, targets=files)
    reached = checks.of_inventory(plan, collected(plan, said))
    _show(reached)
    failed = any(check.outcome is Result.FAILED for check in (*machine, *found, *reached))
    return ExitCode.INCOMPLETE if failed else ExitCode.CLEAN


def _configuration(config: Path | None, plan: Plan) -> Check:
    path = find_config(config, os.environ) or "none"
    detail = f"{path}; hypervisors: {len(plan.targets)}, servers: {len(plan.servers)}"
    if line := default_uri_line(plan):
        detail = f"{detail}; {line}"
    return Check(subject="configuration", outcome=Result.OK, detail=detail)


def _show(checks: Iterable[Check]) -> None:
    for check in checks:
        tell(printable(f"{check.outcome.value:<7}  {check.subject}: {check.detail}", _LONGEST))
