"""Options that several commands share, each declared once."""

from collections.abc import Callable
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from virtscan.cli.output.console import Console, Verbosity
from virtscan.cli.output.display_options import (
    all_option,
    color_option,
    columns_option,
    sort_option,
    total_option,
    wide_option,
)
from virtscan.cli.output.formats import FormatType, RequestedOutput, requested_outputs
from virtscan.cli.output.rendering import Rendering
from virtscan.durations import duration
from virtscan.errors import ConfigError
from virtscan.model import FailOn, LowerDevice, TargetKind
from virtscan.model.sources import TARGETS, AddressKind, help_text
from virtscan.views import GROUPINGS, VIEWS

E = TypeVar("E", bound=Enum)
F = TypeVar("F", bound=Callable[..., Any])


def _seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return duration(value)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from error


def _chain(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def enum_option(
    name: str,
    members: type[E],
    *,
    help: str,  # noqa: A002 click's word
    default: E | None = None,
) -> Callable[[F], F]:
    """Declare an option whose words are the values of an Enum; the command gets the member, or None."""

    def member(_context: click.Context, _option: click.Parameter, value: str | None) -> E | None:
        return None if value is None else members(value)

    shown = {} if default is None else {"default": default.value, "show_default": True}
    return click.option(
        name, type=click.Choice([choice.value for choice in members]), callback=member, help=help, **shown
    )


class _NotEmpty(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """Text that is not empty, as the value of an unset variable of a shell is: to `Path`, the working directory."""

    _word = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # Any: click's own
        if value == "":
            self.fail(f"empty {self._word}; give a {self._word}", param, ctx)
        return super().convert(value, param, ctx)


class _Path(_NotEmpty, click.Path):
    pass


class _PathOrUrl(_NotEmpty, click.types.StringParamType):
    pass


class _FleetName(_NotEmpty, click.types.StringParamType):
    _word = "name"


PATH = _Path(path_type=Path, readable=False)
"""A file, a folder, or `-`."""

FILE = _Path(path_type=Path, dir_okay=False, readable=False)

FILE_OR_URL = _PathOrUrl()
"""A file, `-`, or the URL of a history."""

NAME = _FleetName()
"""The name of a thing of the fleet."""

config_option = click.option(
    "--config", type=FILE, help="Configuration file (default: VIRTSCAN_CONFIG, ~/.config/virtscan or /etc/virtscan)."
)

connect_option = click.option("-c", "--connect", multiple=True, metavar="URI", help=TARGETS[TargetKind.LIBVIRT].help)

unsafe_option = click.option("--allow-unsafe-uri", is_flag=True, help="Accept URIs that can run a command.")

server_option = click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="NAME[:INTERFACE]=SOURCE",
    help=f"Provisioning server and source of its offload state: {help_text()}. Repeatable.",
)


duration_option = partial(click.option, metavar="TIME", callback=_seconds)
"""Declaration of an option whose value is a duration."""

host_timeout_option = duration_option("--host-timeout", help="Time limit per host, e.g. 30s (the default).")

deadline_option = duration_option("--deadline", help="Time limit for the whole run, e.g. 10m (the default).")

lower_device_option = enum_option(
    "--lower-device",
    LowerDevice,
    help="Judge macvtap interfaces on any device (the default), or only those on a bond.",
)

max_age_option = duration_option("--max-age", help="Ignore facts older than this at scan time, e.g. 12h, 7d, 2w.")

collect_options = _chain(
    connect_option,
    *(
        click.option(f"--{row.scheme}", multiple=True, type=PATH, help=row.help)
        for row in TARGETS.values()
        if row.address is AddressKind.PATH
    ),
    server_option,
    config_option,
    lower_device_option,
    max_age_option,
    click.option("--ssh-facts", is_flag=True, help="Also read kernel and devices of qemu+ssh hypervisors over SSH."),
    click.option(
        "--next-start",
        is_flag=True,
        help="Also read the persistent definitions of running domains: one more request per domain.",
    ),
    click.option("--stats", is_flag=True, help="Also read disk and balloon sizes: one slow call per hypervisor."),
    host_timeout_option,
    deadline_option,
    unsafe_option,
)
"""Sources and time limits: all but --config are fields of `config.Options`."""

_verbosity_options = _chain(
    click.option("-v", "--verbose", is_flag=True, help="Print progress details to standard error."),
    click.option("-q", "--quiet", is_flag=True, help="Print only errors to standard error."),
)


def console_options(function: Callable[..., int]) -> Callable[..., int]:
    """Declare -v and -q; pass the console that they and `--redact` request as `console`."""

    @wraps(function)
    def with_console(*, verbose: bool, quiet: bool, **arguments: Any) -> int:  # Any: as the command declares them
        if verbose and quiet:
            raise click.UsageError("--verbose and --quiet are mutually exclusive; use only one")
        verbosity = Verbosity.VERBOSE if verbose else Verbosity.QUIET if quiet else Verbosity.NORMAL
        return function(console=Console(verbosity, names=arguments.get("redact") is None), **arguments)

    return _verbosity_options(with_console)


_output_option = click.option(
    "-o", "--output", type=FILE, help="Output file for the --format without =FILE; replaced atomically."
)


def _format_option(kind: FormatType) -> Callable[[F], F]:
    return click.option(
        "--format",
        "formats",
        type=kind,
        multiple=True,
        help=f"Output format and its file (default: {kind.formats[0]}). Repeatable: several outputs, at most one "
        "of them without a file.",
    )


def output_options(function: Callable[..., int], *, has_text: bool = False) -> Callable[..., int]:
    """Declare the options of outputs; pass these as `outputs`."""
    kind = FormatType(has_text=has_text)

    @wraps(function)
    def with_outputs(
        *,
        formats: tuple[RequestedOutput, ...],
        output: Path | None,
        **arguments: Any,  # as the command declares them
    ) -> int:
        return function(outputs=requested_outputs(formats, output, default=kind.formats[0]), **arguments)

    return _chain(_format_option(kind), _output_option, wide_option, color_option)(with_outputs)


text_output_options = partial(output_options, has_text=True)
"""The same for a command with a text of its own, which is the default."""


redact_option = click.option(
    "--redact",
    type=FILE,
    metavar="MAPFILE",
    help="Replace names of hosts, domains and users, MACs, IP addresses and uuids with pseudonyms. MAPFILE keeps the "
    "mapping (private, reused if it exists).",
)

fail_on_option = enum_option(
    "--fail-on",
    FailOn,
    help="Lowest exposure at which a VM at risk gives exit code 1 or 4 (default: latent, so every VM at risk counts).",
)

_report_options = _chain(
    click.option("--view", type=click.Choice(list(VIEWS)), help=f"Rows to show (default: {next(iter(VIEWS))})."),
    click.option(
        "--by",
        type=click.Choice(list(GROUPINGS)),
        help=f"Grouping of the capacity view (default: {next(iter(GROUPINGS))}).",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Show only matching rows, by key or heading of any column: site=ams*,fra1, source_device~^bond (a regular "
        "expression), vcpus>8; also != !~ < <= >=. Repeatable; all must match. Totals and exit code are for the whole "
        "fleet.",
    ),
    all_option,
    sort_option,
    columns_option,
    total_option,
    wide_option,
    color_option,
    _format_option(FormatType()),
    click.option("--summary", is_flag=True, help="Print the result in one line, for mail and chat."),
    _output_option,
    redact_option,
)


def report_options(function: Callable[..., int]) -> Callable[..., int]:
    """Declare the options of a report; pass the chosen views and formats as `rendering`."""

    @wraps(function)
    def with_rendering(
        *,
        view: str | None,
        by: str | None,
        where: tuple[str, ...],
        formats: tuple[RequestedOutput, ...],
        output: Path | None,
        summary: bool,
        **arguments: Any,  # as the command declares them
    ) -> int:
        outputs = requested_outputs(formats, output, summary=summary)
        return function(rendering=Rendering(view=view, by=by, where=where, outputs=outputs), **arguments)

    return _report_options(with_rendering)
