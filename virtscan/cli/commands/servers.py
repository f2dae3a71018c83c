"""`virtscan servers`: only the provisioning servers' offload state."""

from pathlib import Path

import click

from virtscan.cli.acquire import collected, planned
from virtscan.cli.exit_codes import of_servers
from virtscan.cli.help import READS_SERVERS, Command
from virtscan.cli.options import (
    config_option,
    console_options,
    host_timeout_option,
    output_options,
    server_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput
from virtscan.cli.output.showing import showing
from virtscan.model import Plan
from virtscan.views import VIEWS


@click.command(
    cls=Command,
    examples=(
        "virtscan servers",
        "virtscan servers --server satellite:eth0=ssh://root@satellite",
    ),
    exit_codes=READS_SERVERS,
)
@server_option
@config_option
@host_timeout_option
@output_options
@console_options
def servers(
    servers: tuple[str, ...],
    config: Path | None,
    host_timeout: float | None,
    outputs: tuple[RequestedOutput, ...],
    console: Console,
) -> int:
    """Read only the provisioning servers: TX checksum offload now and, if known, after a reboot."""
    from virtscan.correlator.judging import judge

    plan = planned(console, config=config, servers=servers, host_timeout=host_timeout)
    if not plan.servers:
        raise click.UsageError(
            "no provisioning server given; use --server NAME:INTERFACE=SOURCE, or [[server]] in the configuration"
        )
    only_servers = Plan(servers=plan.servers, host_timeout=plan.host_timeout, deadline=plan.deadline)
    with showing(outputs) as shown:
        judged = judge(collected(only_servers, console))
        code = of_servers(judged)
        shown.show(VIEWS["servers"](judged), console, code=code)
    return code
