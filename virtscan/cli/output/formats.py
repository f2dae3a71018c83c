"""`--format FORMAT[=FILE]`: the outputs of one report."""

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from virtscan.cli.output.display_options import current_display_options
from virtscan.cli.output.outputs import STDOUT, Output, refuse_same_place
from virtscan.cli.process.signals import exit_code
from virtscan.nearest import did_you_mean, nearest
from virtscan.reporters import REPORTERS, SUMMARY, Reporter
from virtscan.views.document import Document

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem  # loaded where a shell completes

TEXT = "text"
"""The text that a command writes itself, such as a script; no other command has it."""

_SUMMARY = "summary"


class RequestedOutput(msgspec.Struct, frozen=True):
    """An output: a format by name, its file (`-` is standard output), and the option that named the file."""

    format_name: str
    path: Path = STDOUT
    option: str = "--output"

    @property
    def reporter(self) -> Reporter:
        """The format's reporter."""
        return SUMMARY if self.format_name == _SUMMARY else REPORTERS[self.format_name]

    @property
    def words(self) -> str:
        """The option that requests it."""
        return "--summary" if self.format_name == _SUMMARY else f"--format {self.format_name}"

    def write(self, document: Document, output: Output, code: int) -> None:
        """Write a document in this format, with the exit code of the command."""
        document = msgspec.structs.replace(document, exit_code=exit_code(code))
        for part in self.reporter.parts(document, current_display_options().render_options(self.path)):
            output.write(part)


class FormatType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """`FORMAT` or `FORMAT=FILE`; the path of a format alone is standard output."""

    name = "format"

    def __init__(self, *, has_text: bool = False) -> None:
        """Take all formats and, if the command writes one itself, that text as the first."""
        self.formats = (*([TEXT] if has_text else []), *REPORTERS)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 click's signature; 8.1 gives no context
        """Name the formats in the help."""
        return f"[{'|'.join(self.formats)}][=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> RequestedOutput:
        """Parse one value; Any, because click also gives values that are converted already."""
        if isinstance(value, RequestedOutput):
            return value
        name, has_file, file = str(value).partition("=")
        if name not in self.formats:
            self.fail(f"{name!r} is not a format; {self._advice(str(value))}", param, ctx)
        if has_file and not file:
            self.fail(f"{value}: no file given; write {name}=FILE, or {name} for standard output", param, ctx)
        return RequestedOutput(name, Path(file), f"--format {value}") if has_file else RequestedOutput(name)

    def _advice(self, value: str) -> str:
        """Return how to repeat the option if the value lists formats, else the nearest format."""
        parts = [part.strip() for part in value.split(",")]
        first, *rest = meant = [similar for part in parts if (similar := self._nearest(part)) is not None] or [value]
        if rest and len(meant) == len(parts):
            # Only one of several outputs can be standard output.
            with_files = (part if "=" in part else f"{part}=FILE" for part in rest)
            return f"repeat the option: --format {' --format '.join((first, *with_files))}"
        near = did_you_mean(value.partition("=")[0], self.formats)
        return f"{near} choose from {', '.join(self.formats)}".lstrip()

    def _nearest(self, part: str) -> str | None:
        """Return a part of a list with the nearest format; None if no format is similar."""
        name, equals, file = part.partition("=")
        similar = nearest(name, self.formats)
        return None if similar is None else f"{similar}{equals}{file}"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002 click's signature
        """Complete the name of the format."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.formats if name.startswith(incomplete)]


def requested_outputs(
    formats: Sequence[RequestedOutput],
    output: Path | None,
    *,
    default: str = next(iter(REPORTERS)),
    summary: bool = False,
) -> tuple[RequestedOutput, ...]:
    """Return the outputs of `--format`, `--summary` and `-o`; without any of them it is the default format.

    Raises:
        click.UsageError: Two outputs are the same place, `-o` has no format, or a terminal can't show a format.
    """
    formats = (*formats, *([RequestedOutput(_SUMMARY)] if summary else [])) or (RequestedOutput(default),)
    pathless = [requested for requested in formats if requested.path == STDOUT]
    if output is not None and not pathless:
        raise click.UsageError("-o: every --format has its own file; omit -o, or add a --format without a file")
    outputs = tuple(
        RequestedOutput(requested.format_name, output or STDOUT) if requested.path == STDOUT else requested
        for requested in formats
    )
    if len(pathless) > 1:
        words = [requested.words for requested in pathless]
        raise click.UsageError(
            f"{' and '.join(words)} would go to the same place; give all but one a file, e.g. {words[0]}=FILE"
        )
    refuse_same_place(*places(outputs))
    for requested in outputs:
        _refuse_unusable(requested)
    return outputs


def places(outputs: Iterable[RequestedOutput]) -> tuple[tuple[str, Path], ...]:
    """Return the option and the place of each output."""
    return tuple((output.option, output.path) for output in outputs)


def _refuse_unusable(output: RequestedOutput) -> None:
    """Refuse a format whose module is not installed, and a binary format on a terminal."""
    if output.format_name == TEXT:
        return
    reporter = output.reporter
    if reporter.needs is not None and importlib.util.find_spec(reporter.needs) is None:
        raise click.UsageError(f"{output.words}: {reporter.needs} is not installed; install virtscan[reports]")
    if not reporter.is_text and output.path == STDOUT and sys.stdout.isatty():
        raise click.UsageError(f"{output.words} is not text; name a file with -o")
