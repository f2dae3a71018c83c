"""`virtscan scan`: collect, judge, report."""

import contextlib
from pathlib import Path
from typing import Any

import click

from virtscan.cli.console import Console
from virtscan.cli.exit_codes import FailOn, of_report
from virtscan.cli.options import (
    FILE,
    config_option,
    console,
    deadline_option,
    host_timeout_option,
    lower_device_option,
    quiet_and_verbose,
    report_options,
    server_option,
)
from virtscan.cli.output import opened
from virtscan.cli.plan import load_plan
from virtscan.cli.process import close_input
from virtscan.cli.rendering import Rendering
from virtscan.config import Options
from virtscan.model import Inventory, LowerDevice, Plan


@click.command(
    epilog="Example: virtscan scan -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite"
)
@click.option("-c", "--connect", multiple=True, metavar="URI", help="A hypervisor's libvirt URI, as in virsh.")
@click.option("--xml", multiple=True, type=click.Path(path_type=Path), help="A folder of domain XML, read as a host.")
@server_option
@config_option
@lower_device_option
@click.option("--ssh-facts", is_flag=True, help="Ask qemu+ssh hypervisors by ssh for what libvirt can't tell.")
@host_timeout_option
@deadline_option
@click.option("--allow-unsafe-uri", is_flag=True, help="Accept URIs that run a command or reach a shell.")
@click.option("--save", type=FILE, help="Keep the inventory in this file, for virtscan report.")
@report_options
@quiet_and_verbose
def scan(
    connect: tuple[str, ...],
    xml: tuple[Path, ...],
    servers: tuple[str, ...],
    config: Path | None,
    lower_device: str | None,
    ssh_facts: bool,
    host_timeout: float | None,
    deadline: float | None,
    allow_unsafe_uri: bool,
    save: Path | None,
    fail_on: str,
    verbose: bool,
    quiet: bool,
    **how: Any,  # the options of `report_options`, typed by Rendering
) -> int:
    """Read every domain of every hypervisor; say which will fail to boot over the network, and why.

    Without -c, --xml or a configuration libvirt's own default is scanned. Nothing is changed, and nothing ever asks.
    """
    said = console(verbose=verbose, quiet=quiet)
    options = Options(
        connect=connect,
        xml=xml,
        servers=servers,
        lower_device=LowerDevice(lower_device) if lower_device else None,
        host_timeout=host_timeout,
        deadline=deadline,
        ssh_facts=ssh_facts,
        allow_unsafe_uri=allow_unsafe_uri,
    )
    plan = load_plan(config, options, said)
    close_input()
    rendering = Rendering(**how)
    with contextlib.ExitStack() as outputs:
        saved = outputs.enter_context(opened(save)) if save else None
        shown = outputs.enter_context(opened(rendering.output))
        inventory = collected(plan, said)
        if saved:
            from virtscan.storage import dumps

            saved.write(dumps(inventory))
        report = rendering.write(inventory, shown, said)
    return of_report(report, FailOn(fail_on))


def collected(plan: Plan, said: Console) -> Inventory:
    """Collect with a progress bar."""
    from virtscan.scan import collect

    with said.progress(len(plan.targets) + len(plan.servers), "Reading") as advance:
        return collect(plan, on_progress=advance)
