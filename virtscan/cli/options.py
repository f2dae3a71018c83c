"""Options that several commands share, each declared once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from virtscan.cli.console import Console, Verbosity
from virtscan.cli.exit_codes import FailOn
from virtscan.config import duration
from virtscan.errors import ConfigError
from virtscan.model import LowerDevice
from virtscan.reporters import REPORTERS
from virtscan.views import GROUPINGS, VIEWS

F = TypeVar("F", bound=Callable[..., Any])


def _seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else duration(value)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from error


def _lower_device(_context: click.Context, _option: click.Parameter, value: str | None) -> LowerDevice | None:
    return None if value is None else LowerDevice(value)


def _chain(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _words(enum: Any) -> click.Choice[str]:  # an Enum class whose values are the words of the command line
    return click.Choice([member.value for member in enum])


FILE = click.Path(path_type=Path, dir_okay=False)

config_option = click.option("--config", type=FILE, help="Configuration file (else VIRTSCAN_CONFIG, yours, /etc).")

connect_option = click.option(
    "-c", "--connect", multiple=True, metavar="URI", help="A hypervisor's libvirt URI, as in virsh."
)

unsafe_option = click.option(
    "--allow-unsafe-uri", is_flag=True, help="Accept URIs that run a command or reach a shell."
)

server_option = click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="NAME[:INTERFACE]=SOURCE",
    help="A provisioning server and where its offload state is read: ssh://[user@]host[:port], file:PATH "
    "(output of ethtool -k), sosreport:PATH, ansible:PATH, local:, or the words on and off.",
)

host_timeout_option = click.option(
    "--host-timeout", metavar="TIME", callback=_seconds, help="What one host may take, as in 30s (the default)."
)

deadline_option = click.option(
    "--deadline", metavar="TIME", callback=_seconds, help="What the whole run may take, as in 10m (the default)."
)

lower_device_option = click.option(
    "--lower-device",
    type=_words(LowerDevice),
    callback=_lower_device,
    help="Judge macvtap interfaces that stand on a bond (the default), or on any device.",
)

max_age_option = click.option(
    "--max-age",
    metavar="TIME",
    callback=_seconds,
    help="How old a fact may have been at the scan, as in 12h, 7d or 2w; what is older is not known.",
)

collect_options = _chain(
    connect_option,
    click.option(
        "--xml", multiple=True, type=click.Path(path_type=Path), help="A folder of domain XML, read as a host."
    ),
    click.option(
        "--sosreport",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A hypervisor's sosreport, unpacked or as it came.",
    ),
    server_option,
    config_option,
    lower_device_option,
    max_age_option,
    click.option("--ssh-facts", is_flag=True, help="Ask qemu+ssh hypervisors by ssh for what libvirt can't tell."),
    host_timeout_option,
    deadline_option,
    unsafe_option,
)
"""What is read, and how long it may take: all but --config and --max-age are the fields of `config.Options`."""

quiet_and_verbose = _chain(
    click.option("-v", "--verbose", is_flag=True, help="Say on standard error what happens."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error but errors."),
)

output_options = _chain(
    click.option(
        "--format", "format_name", type=click.Choice(list(REPORTERS)), default="table", show_default=True, help="How."
    ),
    click.option("-o", "--output", type=FILE, help="Write to this file, whole or not at all."),
)

redact_option = click.option(
    "--redact",
    type=FILE,
    metavar="MAPFILE",
    help="Put pseudonyms in the place of host, domain, MAC, address and user names, in everything that is "
    "written but what -v says. MAPFILE says what stands for what; it is private, and used again when it is there.",
)

report_options = _chain(
    click.option("--view", type=click.Choice(list(VIEWS)), default="risks", show_default=True, help="What to show."),
    click.option(
        "--by",
        type=click.Choice(list(GROUPINGS)),
        default="hypervisor",
        show_default=True,
        help="What a row of the capacity view is.",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Show only rows that meet this, on any column of the view: site=ams1, source_device~^bond (a regular "
        "expression), vcpus>8; also != !~ < <= >=. Of several all must be met. Counts and exit code stay the whole's.",
    ),
    output_options,
    redact_option,
    click.option(
        "--fail-on",
        type=_words(FailOn),
        default="latent",
        show_default=True,
        help="From which exposure on a VM at risk makes the exit code 1 or 4.",
    ),
)


def console(*, verbose: bool, quiet: bool) -> Console:
    """The console that `-v` and `-q` ask for.

    Raises:
        click.UsageError: Both are given.
    """
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet contradict each other")
    said = Console(Verbosity.VERBOSE if verbose else Verbosity.QUIET if quiet else Verbosity.NORMAL)
    said.hear()
    return said
