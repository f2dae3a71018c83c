"""From an inventory to text in its place: the steps that every reporting command ends with."""

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from virtscan import __version__
from virtscan.cli.console import Console, wants_colour
from virtscan.cli.output import Output
from virtscan.model import Inventory, Report
from virtscan.reporters import REPORTERS, Terminal, gap_lines
from virtscan.views import GROUPINGS, VIEWS, Presentation
from virtscan.views.filters import narrow, parse_condition


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """The wanted form of a report, from `--view`, `--by`, `--where`, `--format`, `--output`; `note` stands below it."""

    view: str
    by: str = next(iter(GROUPINGS))
    where: tuple[str, ...] = ()
    format_name: str
    output: Path | None
    note: str | None = None

    def with_note(self, note: str | None) -> "Rendering":
        """The same with a line below the table."""
        return msgspec.structs.replace(self, note=note)

    def with_pseudonyms(self, of: Callable[[str], str]) -> "Rendering":
        """The same for a report under pseudonyms: a condition on a name is one on its pseudonym."""
        conditions = (parse_condition(text) for text in self.where)
        where = tuple(f"{one.column}{one.sign}{of(one.operand)}" for one in conditions)
        return msgspec.structs.replace(self, where=where)

    def check(self) -> None:
        """Try the conditions on an empty report, before any host is read.

        Raises:
            ConfigError: One is invalid, names a column that the view lacks, or a value that its column can't have.
        """
        self._present(Report(inventory=Inventory(version=__version__, taken_at=datetime.now(UTC))))

    def write(self, inventory: Inventory, output: Output, console: Console) -> Report:
        """Judge the inventory and write the report; gaps that the format has no place for go to the console."""
        from virtscan.views.judging import judge

        report = judge(inventory)
        show(self._present(report), self.format_name, self.output, output, console)
        return report

    def _present(self, report: Report) -> Presentation:
        view = GROUPINGS[self.by] if self.view == "capacity" else VIEWS[self.view]
        presentation = view(report)
        if self.note is not None:
            presentation = msgspec.structs.replace(presentation, notes=(self.note, *presentation.notes))
        return narrow(presentation, [parse_condition(text) for text in self.where])


def show(presentation: Presentation, format_name: str, path: Path | None, output: Output, console: Console) -> None:
    """Write a presentation to the output that `path` led to; gaps that a format has no place for go to the console."""
    reporter = REPORTERS[format_name]
    output.write(reporter.render(presentation, _terminal(path)).encode())
    if not reporter.has_gaps:
        for line in gap_lines(presentation.gaps):
            console.warn(line)
        for line in gap_lines(presentation.warnings):
            console.warn(f"warning: {line}")


def _terminal(path: Path | None) -> Terminal | None:
    if path is not None or not sys.stdout.isatty():
        return None
    return Terminal(width=shutil.get_terminal_size().columns, colour=wants_colour())
