"""The form of help texts: options in groups, two examples, the exit codes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from virtscan.cli.process.installation import INTERNAL_ERROR
from virtscan.errors import ConfigError

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Sources": (
        "connect", "xml", "sosreport", "servers", "config", "ssh_facts", "next_start", "stats", "inventory",
    ),
    "Judging": ("lower_device", "max_age", "assumptions", "fail_on"),
    "Content": ("view", "by", "where", "since", "show_all", "sort", "columns", "total", "wide", "colour", "summary"),
    "Output": ("formats", "format_name", "output", "save", "history", "no_history", "redact"),
    "Limits": ("host_timeout", "deadline", "allow_unsafe_uri"),
}  # fmt: skip
"""Options by their Python names; the others come last."""

_LONGEST = 1_000
"""More characters than the first sentence of any help text has."""

_MANY = 12
"""Lowest number of options that are shown in groups."""

JUDGES = {
    0: "everything was read and judged; nothing is at risk",
    1: "everything was read and judged; something is at risk",
    2: "wrong usage or configuration; nothing was done",
    3: "nothing is at risk, but something was not read or judged",
    4: "something is at risk, and something was not read or judged",
    5: "nothing was read",
}
"""Exit codes of a command that judges."""

READS_SERVERS = {
    0: "every server was read; TX checksum offload is off",
    1: "every server was read; TX checksum offload is on for one or more",
    2: "wrong usage or configuration; nothing was done",
    3: "no server is known to have it on, but one or more states are unknown",
    4: "TX checksum offload is on for one or more servers, and one or more states are unknown",
    5: "nothing was read",
}
"""Exit codes of `virtscan servers`."""

COMPARES = {
    0: "nothing is new",
    1: "something is newly at risk",
    2: "wrong usage or configuration",
    3: "the comparison is incomplete: a hypervisor or provisioning system was not read, a VM that was not seen "
    "may still exist, a finding is newly unknown, or NEW has no VM at all",
    4: "something is newly at risk, and the comparison is incomplete",
}
"""Exit codes of a command that compares."""

ANSWERS = {
    0: "done",
    2: "wrong usage, or a file that can't be read",
    3: "done, but something that was not read may change the result",
}
"""Exit codes of a command that answers a question."""

TRACES = {
    0: "everything was read; no boot failed because of partial checksums",
    1: "a boot failed because of partial checksums",
    2: "wrong usage, or not a packet capture",
    3: "no such boot, but something was not read or is unclear",
    4: "a boot failed because of partial checksums, and something was not read",
    5: "no boot was found",
}
"""Exit codes of `virtscan trace`."""

CHECKS = {0: "everything can be used", 2: "wrong usage or configuration", 3: "something can't be used"}
"""Exit codes of `virtscan doctor`."""

STATUSES = {
    0: "OK",
    1: "WARNING: a gap, an unknown verdict, a VM at risk below --fail-on, a waiver that ends within 14 days, an "
    "offload that a reboot turns on again",
    2: "CRITICAL: a VM at risk, by --fail-on",
    3: "UNKNOWN: no recent scan, a scan that read nothing, wrong usage, or any error",
}
"""Exit codes of `virtscan check`, as Nagios has them."""

WORKS = {0: "done", 2: "wrong usage or configuration"}
"""Exit codes of a command without a result of its own."""


class Command(click.Command):
    """A command whose help ends with examples and exit codes."""

    def __init__(
        self, *arguments: Any, examples: Sequence[str] = (), exit_codes: Mapping[int, str] = WORKS, **rest: Any
    ) -> None:  # Any: click's own
        super().__init__(*arguments, **rest)
        self.examples = tuple(examples)
        self.exit_codes = exit_codes

    def report_defect(self) -> int:
        """Report a defect of virtscan where the command's result would be; return the exit code."""
        return INTERNAL_ERROR

    def invoke(self, ctx: click.Context) -> Any:  # Any: click's own
        """Run the command, unless its working directory is gone, to which relative paths would refer.

        Raises:
            ConfigError: It is gone.
        """
        try:
            Path.cwd()
        except OSError as error:
            raise ConfigError(f"working directory: {error.strerror}; change to another one") from error
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, many of them in groups."""
        # Arguments are in the line of usage, and the text describes them.
        parameters = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        if len(parameters) < _MANY:
            super().format_options(ctx, formatter)
            return
        remaining = {parameter.name: parameter for parameter in parameters}
        for title, names in _GROUPS.items():
            _write(formatter, title, [remaining.pop(name) for name in names if name in remaining], ctx)
        _write(formatter, "Options", list(remaining.values()), ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 click's signature
        """Write the examples and the exit codes."""
        _write_examples(formatter, self.examples)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in self.exit_codes.items()])


class CommandGroup(click.Group):
    """A group of commands, whose help ends with examples."""

    command_class = Command

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **rest: Any) -> None:  # Any: click's own
        super().__init__(*arguments, **rest)
        self.examples = tuple(examples)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first sentence of its help."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(_LONGEST)) for name, command in commands if command is not None]
            )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 click's signature
        """Write the examples."""
        _write_examples(formatter, self.examples)


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def _write(
    formatter: click.HelpFormatter, title: str, options: Sequence[click.Parameter], context: click.Context
) -> None:
    records = [record for option in options if (record := option.get_help_record(context)) is not None]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)
