"""`virtscan config`: write, check and show the configuration."""

import os
import shlex
from functools import partial
from pathlib import Path

import click
import msgspec

from virtscan.cli.acquire import load
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import ANSWERS, Command, CommandGroup
from virtscan.cli.options import (
    FILE,
    NAME,
    config_option,
    connect_option,
    console_options,
    server_option,
    unsafe_option,
)
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import PRIVATE, OutputError, print_line
from virtscan.cli.plan import load_plan, name_warnings
from virtscan.config import ConfigFile, DefaultUri, Options, find_config, make_plan
from virtscan.config.default_uri import BUILT_IN
from virtscan.config.explanation import overview
from virtscan.config.reachability import explain_device, is_certain
from virtscan.errors import ConfigError
from virtscan.model import ServerTarget
from virtscan.model.sources import SOURCES, AddressKind
from virtscan.reporters.text import LINE, printable
from virtscan.transport import url_secrets
from virtscan.views.wording.gaps import reason, subject

_SHARED = 0o666

_file = click.argument("file", required=False, type=FILE)


@click.group(
    cls=CommandGroup, examples=("virtscan config init -o ~/.config/virtscan/virtscan.toml", "virtscan config check")
)
def config() -> None:
    """Write, validate and explain the configuration file; nothing is scanned."""


@config.command(cls=Command, examples=("virtscan config check", "virtscan config check virtscan.toml"))
@_file
@config_option
@unsafe_option
@console_options
def check(file: Path | None, config: Path | None, allow_unsafe_uri: bool, console: Console) -> int:
    """Check FILE or --config, else the file that a scan would use."""
    path = _found(file, config)
    plan = load_plan(path, Options(allow_unsafe_uri=allow_unsafe_uri), console)
    for warning in name_warnings(plan):
        console.warn(printable(f"warning: {subject(warning)}: {reason(warning)}", LINE))
    print_line(
        f"{path}: valid; hypervisors: {len(plan.targets)}, servers: {len(plan.servers)}, "
        f"provisioning systems: {len(plan.provisioning)}, waivers: {len(plan.policy.waivers)}"
    )
    return 0


@config.command(
    cls=Command,
    examples=("virtscan config show", "virtscan config show --hypervisor hv1 --device bond2"),
    exit_codes=ANSWERS,
)
@_file
@config_option
@click.option("--hypervisor", metavar="NAME", type=NAME, help="Hypervisor of the device to explain (with --device).")
@click.option(
    "--device", metavar="DEVICE", type=NAME, help="Source device to explain: its segment and servers that may answer."
)
@click.option(
    "--inventory",
    type=FILE,
    help="Saved inventory (scan --save): adds addresses, VLANs and provisioning records.",
)
@unsafe_option
@console_options
def show(
    file: Path | None,
    config: Path | None,
    hypervisor: str | None,
    device: str | None,
    inventory: Path | None,
    allow_unsafe_uri: bool,
    console: Console,
) -> int:
    """Show the plan made from FILE or --config, else from the file that a scan would use; secrets are not shown."""
    if (hypervisor is None) != (device is None):
        raise click.UsageError("--hypervisor and --device must be given together")
    plan = load_plan(_found(file, config), Options(allow_unsafe_uri=allow_unsafe_uri), console)
    if hypervisor is None or device is None:
        if inventory is not None:
            raise click.UsageError("--inventory adds facts about one device; name it with --hypervisor and --device")
        lines, code = overview(plan), ExitCode.CLEAN
    else:
        scanned = load(inventory) if inventory else None
        lines = explain_device(plan, hypervisor, device, scanned)
        code = ExitCode.CLEAN if is_certain(plan, hypervisor, scanned) else ExitCode.INCOMPLETE
    for line in lines:
        print_line(printable(line))
    return code


@config.command(
    cls=Command,
    examples=(
        "virtscan config init -o ~/.config/virtscan/virtscan.toml",
        "virtscan config init -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite",
    ),
)
@connect_option
@server_option
@click.option("-o", "--output", type=FILE, help="Write to this new file, e.g. /etc/virtscan/virtscan.toml.")
def init(connect: tuple[str, ...], servers: tuple[str, ...], output: Path | None) -> int:
    """Write a commented configuration to start from; an existing file is never replaced.

    If a URI contains a password, only the file's owner can read it.
    """
    from virtscan.config.file.starter import starter

    # Nothing is connected to, so a URI that runs a program is safe here; `config check` refuses it.
    options = Options(connect=connect, servers=servers, allow_unsafe_uri=True)
    default = DefaultUri(BUILT_IN, "the default")
    plan, _ = make_plan(ConfigFile(), options, folder=Path.cwd(), default_uri=default)
    uris = [target.address for target in plan.targets if target.chosen_by is None]
    text = starter(uris, [_from_everywhere(server) for server in plan.servers])
    mode = PRIVATE if any(map(url_secrets.secrets, uris)) else _SHARED
    if output is None:
        print_line(text.rstrip("\n"))
        return 0
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with open(output, "x", encoding="utf-8", opener=partial(os.open, mode=mode)) as file:
            file.write(text)
    except FileExistsError as error:
        raise click.UsageError(f"{output}: exists already; remove it, or name another file") from error
    except OSError as error:
        raise OutputError(f"{output}: can't be written: {error.strerror}") from error
    click.echo(f"{output}: written; next: {'; '.join(_next_commands(output))}", err=True)
    return 0


def _next_commands(output: Path) -> tuple[str, str]:
    """Return the commands to check and use a new configuration; a scan finds one at a default path by itself."""
    try:
        used = find_config(None, os.environ)
    except ConfigError:
        used = None
    if used is not None and used.samefile(output):
        return "virtscan config check", "virtscan scan"
    file = shlex.quote(str(output))
    return f"virtscan config check {file}", f"virtscan scan --config {file}"


def _from_everywhere(server: ServerTarget) -> ServerTarget:
    """Return the server with an absolute path: one in the file starts at the file's folder, not at the current one."""
    if SOURCES[server.kind].address is not AddressKind.PATH:
        return server
    return msgspec.structs.replace(server, address=os.path.abspath(server.address))  # noqa: PTH100 resolve may hang


def _found(file: Path | None, config: Path | None) -> Path:
    """Return the file that the argument or the option names, else the one that a scan would use.

    Raises:
        click.UsageError: Both are given.
        ConfigError: There is none.
    """
    if file is not None and config is not None:
        raise click.UsageError("FILE and --config are mutually exclusive; use only one")
    path = find_config(file or config, os.environ)
    if path is None:
        raise ConfigError("no configuration found; name FILE or set VIRTSCAN_CONFIG")
    return path
