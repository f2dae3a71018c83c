"""From an inventory to text in its place: the steps that every reporting command ends with."""

import shutil
import sys
from pathlib import Path

import msgspec

from virtscan.cli.console import Console, wants_colour
from virtscan.cli.output import Output
from virtscan.model import Inventory, Report
from virtscan.reporters import REPORTERS, Terminal, gap_lines
from virtscan.views import GROUPINGS, VIEWS


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """How a report is wanted: the words of the options `--view`, `--by`, `--format`, `--output`."""

    view: str
    by: str = next(iter(GROUPINGS))
    format_name: str
    output: Path | None

    def write(self, inventory: Inventory, output: Output, console: Console) -> Report:
        """Judge the inventory and write the report; gaps that the format has no place for go to the console."""
        from virtscan.scan import judge

        report = judge(inventory)
        view = GROUPINGS[self.by] if self.view == "capacity" else VIEWS[self.view]
        presentation = view(report)
        reporter = REPORTERS[self.format_name]
        output.write(reporter.render(presentation, self._terminal()).encode())
        if not reporter.has_gaps:
            for line in gap_lines(presentation):
                console.warn(line)
        return report

    def _terminal(self) -> Terminal | None:
        if self.output is not None or not sys.stdout.isatty():
            return None
        return Terminal(width=shutil.get_terminal_size().columns, colour=wants_colour())
