"""`--format FORMAT[=FILE]`: the outputs of one report."""

import contextlib
import difflib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from click.shell_completion import CompletionItem

from virtscan.cli.output.outputs import STDOUT, Output, opened
from virtscan.reporters import REPORTERS, SUMMARY, Reporter

_SUMMARY = "summary"


class Wanted(msgspec.Struct, frozen=True):
    """An output: a format by name, its file (`-` is standard output), and the option that named the file."""

    format_name: str
    path: Path = STDOUT
    option: str = "--output"

    @property
    def reporter(self) -> Reporter:
        """The format's reporter."""
        return SUMMARY if self.format_name == _SUMMARY else REPORTERS[self.format_name]


class FormatType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """`FORMAT` or `FORMAT=FILE`; the path of a format alone is standard output."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 click's signature; 8.1 gives no context
        """Name the formats in the help."""
        return f"[{'|'.join(REPORTERS)}][=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Wanted:
        """Parse one value; Any, because click also gives values that are converted already."""
        if isinstance(value, Wanted):
            return value
        name, has_file, file = str(value).partition("=")
        if name not in REPORTERS:
            near = difflib.get_close_matches(name, REPORTERS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            self.fail(f"{name!r} is not a format; {hint}there are {', '.join(REPORTERS)}", param, ctx)
        if has_file and not file:
            self.fail(f"{value}: no file given; write {name}=FILE, or {name} for standard output", param, ctx)
        return Wanted(name, Path(file), f"--format {value}") if has_file else Wanted(name)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 click's signature
        """Complete the name of the format."""
        return [CompletionItem(name) for name in REPORTERS if name.startswith(incomplete)]


def wanted_outputs(formats: Sequence[Wanted], output: Path | None, *, summary: bool) -> tuple[Wanted, ...]:
    """Give the outputs of `--format`, `--summary` and `-o`; without any of them it is the first of all formats.

    Raises:
        click.UsageError: Two outputs are the same place, `-o` has no format, or a terminal can't show a format.
    """
    formats = (*formats, *([Wanted(_SUMMARY)] if summary else [])) or (Wanted(next(iter(REPORTERS))),)
    pathless = [one for one in formats if one.path == STDOUT]
    if output is not None and not pathless:
        raise click.UsageError("-o: every --format has its own file; omit -o, or add a --format without a file")
    wanted = tuple(Wanted(one.format_name, output or STDOUT) if one.path == STDOUT else one for one in formats)
    if len(pathless) > 1:
        words = ["--summary" if one.format_name == _SUMMARY else f"--format {one.format_name}" for one in pathless]
        raise click.UsageError(f"{' and '.join(words)} go to one place; give all but one a file, e.g. {words[0]}=FILE")
    for one in wanted:
        refuse_unusable(one.format_name, one.path)
    return wanted


def refuse_unusable(format_name: str, path: Path | None) -> None:
    """Refuse a format whose module is not installed, and one of bytes where only a terminal would take it.

    Raises:
        click.UsageError: The module is missing, or the format isn't text and standard output is a terminal.
    """
    reporter = REPORTERS.get(format_name, SUMMARY)
    if reporter.needs is not None and importlib.util.find_spec(reporter.needs) is None:
        raise click.UsageError(f"--format {format_name}: {reporter.needs} is not installed; install virtscan[reports]")
    if not reporter.is_text and path in (None, STDOUT) and sys.stdout.isatty():
        raise click.UsageError(f"--format {format_name} is not text; name a file with -o")


def opened_for(format_name: str, path: Path | None) -> contextlib.AbstractContextManager[Output]:
    """Open a place for a format.

    Raises:
        click.UsageError: The place is a terminal, which can't show the format.
        click.ClickException: The file can't be opened for writing.
    """
    refuse_unusable(format_name, path)
    return opened(path)
