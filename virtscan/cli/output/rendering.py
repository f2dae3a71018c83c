"""From an inventory to a file or a terminal: the steps that every reporting command ends with."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import assert_never

import click
import msgspec

from virtscan import __version__
from virtscan.changes import Changes
from virtscan.cli.assuming import AssumptionResult
from virtscan.cli.console import Console
from virtscan.cli.exit_codes import ExitCode, is_nothing_seen
from virtscan.cli.output.formats import Wanted
from virtscan.cli.output.look import current_look
from virtscan.cli.output.outputs import STDOUT, Output, Outputs
from virtscan.cli.process.time_limit import within_seconds
from virtscan.files import FileError, read_regular
from virtscan.model import Gap, Inventory, Report
from virtscan.reporters import REPORTERS, Content, gap_lines
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS, Document, Section
from virtscan.views.assuming import marked
from virtscan.views.report import metrics
from virtscan.views.report.metrics import Run
from virtscan.views.rows.arranging import arrange
from virtscan.views.rows.filters import narrow, parse_condition

_LARGEST_METRICS = 64 << 20


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a nightly report instead of a view: changes, and gaps that are new."""

    changes: Changes
    gaps: tuple[Gap, ...]

    def document(self, run: Run) -> Document:
        """Give the document of the changes."""
        from virtscan.views.changes import view

        return view(self.changes, self.gaps, run.exit_code)


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """The wanted forms of a report, from `--view`, `--by`, `--where` and the outputs; `note` stands below it."""

    view: str | None
    by: str | None
    where: tuple[str, ...]
    outputs: tuple[Wanted, ...]
    note: str | None = None
    further: tuple[Section, ...] = ()
    what_if: AssumptionResult = AssumptionResult()

    def with_what_if(self, what_if: AssumptionResult) -> "Rendering":
        """Mark every output as one under assumptions, if there are some."""
        return msgspec.structs.replace(self, what_if=what_if)

    def with_note(self, note: str | None) -> "Rendering":
        """Add a line below the table."""
        return msgspec.structs.replace(self, note=note)

    def with_sections(self, sections: Callable[[], tuple[Section, ...]]) -> "Rendering":
        """Add sections to the outputs with room for all views; they are made if there is one."""
        wanted = any(one.reporter.content is Content.FLEET for one in self.outputs)
        return msgspec.structs.replace(self, further=sections()) if wanted else self

    def with_pseudonyms(self, of: Callable[[str], str]) -> "Rendering":
        """Give the form for a report under pseudonyms: a condition on a name becomes one on its pseudonym."""
        conditions = (parse_condition(text) for text in self.where)
        where = tuple(f"{one.column}{one.sign}{of(one.operand)}" for one in conditions)
        return msgspec.structs.replace(self, where=where)

    @property
    def places(self) -> tuple[tuple[str, Path], ...]:
        """The option and the place of each output."""
        return tuple((one.option, one.path) for one in self.outputs)

    def check(self, *, is_assumed: bool = False) -> None:
        """Try the options on an empty report, before any host is read.

        Args:
            is_assumed: The report is to be one under assumptions.

        Raises:
            ConfigError: A condition is invalid, names a column that the view lacks, or a value that its column can't
                have.
            click.UsageError: No output has a view that could be chosen or filtered.
        """
        chosen = {"--view": self.view, "--by": self.by, "--where": self.where or None}
        if all(one.reporter.content is not Content.VIEW for one in self.outputs):
            first = self.outputs[0]
            content = "always has all metrics" if first.reporter.content is Content.METRICS else "holds all views"
            for option in (option for option, value in chosen.items() if value is not None):
                raise click.UsageError(f"--format {first.format_name} {content}; leave out {option}")
        if is_assumed and any(one.reporter.content is Content.METRICS for one in self.outputs):
            raise click.UsageError("--assume: metrics cover observed facts only; leave out --format prometheus")
        empty = Report(inventory=Inventory(version=__version__, taken_at=datetime.now(UTC)))
        self._document(empty, Content.VIEW, Run(exit_code=ExitCode.CLEAN))

    def open(self, outputs: Outputs) -> list[Output]:
        """Open every output.

        Raises:
            click.ClickException: One can't be opened for writing.
        """
        return [outputs.open(one.path) for one in self.outputs]

    def write(
        self, report: Report, outputs: Iterable[Output], console: Console, run: Run, news: News | None = None
    ) -> None:
        """Write every output; gaps go to the console if no output has a place for them.

        With `news` these take the place of a view. Without any, formats for people are empty.

        If nothing was read, files of an earlier scan stay; only metrics are replaced.
        """
        documents: dict[Content, Document] = {}
        has_gaps = False
        for wanted, output in zip(self.outputs, outputs, strict=True):
            reporter, content = wanted.reporter, wanted.reporter.content
            if content is Content.METRICS:
                documents[content] = self._document(report, content, _carried_over(run, wanted.path))
            elif content is Content.VIEW and news is not None:
                documents[content] = news.document(run)
                if news.changes.is_empty and reporter.may_be_empty:
                    output.write(b"")
                    continue
            elif content not in documents:
                documents[content] = self._document(report, content, run)
            output.write(reporter.render(documents[content], current_look().options(wanted.path)))
            stays = is_nothing_seen(report) and content is not Content.METRICS
            if stays:
                output.keep_earlier()
            has_gaps = has_gaps or (reporter.has_gaps and not (stays and wanted.path != STDOUT))
        if self.what_if.assumed and not all(one.reporter.has_gaps for one in self.outputs):
            # Whatever is quiet: the file has no place for it.
            click.echo(f"virtscan: assumed, not observed: {'; '.join(self.what_if.assumed)}", err=True)
        if not has_gaps and news is None:
            _show_gaps(next(iter(documents.values())), console)

    def _document(self, report: Report, content: Content, run: Run) -> Document:
        match content:
            case Content.VIEW:
                view, conditions = VIEWS[self.view or next(iter(VIEWS))], self.where
                if self.view == "capacity" and self.by is not None:
                    view = GROUPINGS[self.by]
            case Content.FLEET:
                view, conditions = EVERYTHING, ()
            case Content.METRICS:
                view, conditions = partial(metrics.view, run=run), ()
            case _:
                assert_never(content)
        document = msgspec.structs.replace(view(report), exit_code=run.exit_code)
        if content is Content.FLEET:
            document = msgspec.structs.replace(document, sections=(*document.sections, *self.further))
        if self.note is not None:
            document = msgspec.structs.replace(document, notes=(self.note, *document.notes))
        document = marked(document, self.what_if.assumed, self.what_if.effects)
        problem = f"--where {' '.join(conditions)}: the regular expression takes too long; write a simpler one"
        with within_seconds(problem):
            document = narrow(document, [parse_condition(text) for text in conditions])
        look = current_look()
        return arrange(document, look.columns, look.sort) if content is Content.VIEW else document


def show(
    document: Document,
    format_name: str,
    path: Path | None,
    output: Output,
    console: Console,
    *,
    code: ExitCode | None = None,
) -> None:
    """Write a document to the output that `path` led to; gaps that its format has no place for go to the console."""
    document = msgspec.structs.replace(document, exit_code=code)
    reporter = REPORTERS[format_name]
    output.write(reporter.render(document, current_look().options(path)))
    if not reporter.has_gaps:
        _show_gaps(document, console)


def show_text(
    text: str,
    document: Document,
    format_name: str,
    path: Path | None,
    output: Output,
    console: Console,
    *,
    code: ExitCode | None = None,
) -> None:
    """Write a document as `show` does, or for the format `text` this text with the gaps on the console."""
    if format_name == "text":
        output.write(text.encode())
        _show_gaps(document, console)
    else:
        show(document, format_name, path, output, console, code=code)


def _show_gaps(document: Document, console: Console) -> None:
    """Print gaps and warnings of a document on the console."""
    for line in gap_lines(document.gaps):
        console.warn(line)
    for line in gap_lines(document.warnings):
        console.warn(f"warning: {line}")


def _carried_over(run: Run, path: Path) -> Run:
    """Add the time of the last complete scan from the metrics that are to be replaced."""
    if path == STDOUT:
        return run
    from virtscan.reporters.prometheus import last_complete

    try:
        content, _ = read_regular(path, _LARGEST_METRICS)
    except FileError:
        return run
    return msgspec.structs.replace(run, last_complete=last_complete(content))
