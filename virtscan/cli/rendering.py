"""From an inventory to a file or a terminal: the steps that every reporting command ends with."""

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from virtscan import __version__
from virtscan.cli.console import Console, wants_colour
from virtscan.cli.output import Output
from virtscan.model import Inventory, Report
from virtscan.reporters import REPORTERS, RenderOptions, gap_lines
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS, Document
from virtscan.views.filters import narrow, parse_condition


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """The wanted form of a report, from `--view`, `--by`, `--where`, `--format`, `--output`; `note` stands below it.

    None for `view` is all views in a format that holds them, the first of them in any other.
    """

    view: str | None = None
    by: str | None = None
    where: tuple[str, ...] = ()
    format_name: str
    output: Path | None
    note: str | None = None

    def with_note(self, note: str | None) -> "Rendering":
        """Add a line below the table."""
        return msgspec.structs.replace(self, note=note)

    def with_pseudonyms(self, of: Callable[[str], str]) -> "Rendering":
        """Give the form for a report under pseudonyms: a condition on a name becomes one on its pseudonym."""
        conditions = (parse_condition(text) for text in self.where)
        where = tuple(f"{one.column}{one.sign}{of(one.operand)}" for one in conditions)
        return msgspec.structs.replace(self, where=where)

    def check(self) -> None:
        """Try format and conditions on an empty report, before any host is read.

        Raises:
            click.UsageError: The format does not go with another option, or with a terminal.
            ConfigError: A condition is invalid, names a column that the view lacks, or a value that it can't have.
        """
        reporter = REPORTERS[self.format_name]
        if reporter.holds_all_views:
            given = {"--view": self.view, "--by": self.by, "--where": self.where}
            for option in (option for option, value in given.items() if value):
                raise click.UsageError(f"--format {self.format_name} holds all views; leave out {option}")
        if not reporter.is_text and self.output is None and sys.stdout.isatty():
            raise click.UsageError(f"--format {self.format_name} is not text; name a file with -o")
        self._document(Report(inventory=Inventory(version=__version__, taken_at=datetime.now(UTC))))

    def write(self, inventory: Inventory, output: Output, console: Console) -> Report:
        """Judge the inventory and write the report; gaps that the format has no place for go to the console."""
        from virtscan.views.judging import judge

        report = judge(inventory)
        show(self._document(report), self.format_name, self.output, output, console)
        return report

    def _document(self, report: Report) -> Document:
        document = self._view()(report)
        if self.note is not None:
            document = msgspec.structs.replace(document, notes=(self.note, *document.notes))
        return narrow(document, [parse_condition(text) for text in self.where])

    def _view(self) -> Callable[[Report], Document]:
        if self.view is None and REPORTERS[self.format_name].holds_all_views:
            return EVERYTHING
        name = self.view or next(iter(VIEWS))
        return GROUPINGS[self.by or next(iter(GROUPINGS))] if name == "capacity" else VIEWS[name]


def show(document: Document, format_name: str, path: Path | None, output: Output, console: Console) -> None:
    """Write a document to the output that `path` led to; gaps that its format has no place for go to the console."""
    reporter = REPORTERS[format_name]
    output.write(reporter.render(document, _options(path)))
    if not reporter.has_gaps:
        _show_gaps(document, console)


def show_text(
    text: str, document: Document, format_name: str, path: Path | None, output: Output, console: Console
) -> None:
    """Write a document as `show` does, or for the format `text` this text with the gaps on the console."""
    if format_name == "text":
        output.write(text.encode())
        _show_gaps(document, console)
    else:
        show(document, format_name, path, output, console)


def _show_gaps(document: Document, console: Console) -> None:
    """Print gaps and warnings of a document on the console."""
    for line in gap_lines(document.gaps):
        console.warn(line)
    for line in gap_lines(document.warnings):
        console.warn(f"warning: {line}")


def _options(path: Path | None) -> RenderOptions:
    if path is not None or not sys.stdout.isatty():
        return RenderOptions()
    return RenderOptions(width=shutil.get_terminal_size().columns, colour=wants_colour())
