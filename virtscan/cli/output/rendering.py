"""From a report to a file or a terminal: the last steps of every reporting command."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click
import msgspec

from virtscan import __version__
from virtscan.cli.assumptions import AssumptionResult
from virtscan.cli.exit_codes import ExitCode, is_nothing_read
from virtscan.cli.output.console import Console
from virtscan.cli.output.display_options import current_display_options
from virtscan.cli.output.formats import RequestedOutput, places, requested_outputs
from virtscan.cli.output.outputs import STDOUT, Output, Outputs
from virtscan.cli.output.redacting import Redaction
from virtscan.cli.output.showing import show_gaps
from virtscan.cli.process.signals import exit_code
from virtscan.model import Gap, Inventory, Report
from virtscan.reporters import Content
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS
from virtscan.views.document import Document, Section
from virtscan.views.report.run import Run
from virtscan.views.rows.arranging import arrange

if TYPE_CHECKING:
    from virtscan.changes import Changes  # loaded where there is news

_EMPTY = Report(inventory=Inventory(version=__version__, taken_at=datetime.min.replace(tzinfo=UTC)))
_LARGEST_METRICS = 64 << 20
_CAPACITY = "capacity"
_CONTENTS = {
    Content.SUMMARY: "is the result for the whole fleet",
    Content.FLEET: "holds all views",
    Content.METRICS: "always has all metrics",
}


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a nightly report instead of a view: changes, and gaps that are new."""

    changes: "Changes"
    gaps: tuple[Gap, ...]

    @property
    def document(self) -> Document:
        """Return the document of the changes."""
        from virtscan.views.changes import view

        return view(self.changes, self.gaps)


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """The requested forms of a report, from `--view`, `--by`, `--where` and the outputs.

    `note` is a line below the table. `further` are sections for the outputs with room for all views. `what_if` marks
    every output as one under assumptions.
    """

    view: str | None
    by: str | None
    where: tuple[str, ...]
    outputs: tuple[RequestedOutput, ...]
    note: str | None = None
    further: tuple[Section, ...] = ()
    what_if: AssumptionResult = AssumptionResult()

    def with_sections(self, sections: Callable[[], tuple[Section, ...]]) -> "Rendering":
        """Add sections to the outputs with room for all views; they are made if there is one."""
        has_room = any(output.reporter.content is Content.FLEET for output in self.outputs)
        return msgspec.structs.replace(self, further=sections()) if has_room else self

    def with_pseudonyms(self, redacted: Redaction) -> "Rendering":
        """Return the form for a report under pseudonyms: a condition on a name becomes one on its pseudonym."""
        if not redacted.has_map or not self.where:
            return self
        from virtscan.views.rows.pseudonymous import under_pseudonyms

        where = tuple(
            under_pseudonyms(
                text,
                self._columns(),
                of=redacted.of_condition,
                of_device=redacted.of_device_name,
                names=redacted.pseudonyms,
            )
            for text in self.where
        )
        return msgspec.structs.replace(self, where=where)

    @property
    def places(self) -> tuple[tuple[str, Path], ...]:
        """The option and the place of each output."""
        return places(self.outputs)

    def check(self, *, is_assumed: bool = False, is_news: bool = False, is_redacted: bool = False) -> None:
        """Try the options on an empty report, before any host is read.

        Args:
            is_assumed: The report is made under assumptions.
            is_news: Changes replace the view.
            is_redacted: The report has pseudonyms.

        Raises:
            ConfigError: A condition is invalid, names a column that the view lacks, or a value that its column can't
                have. Or it is a pattern, while names are pseudonyms.
            click.UsageError: An option has nothing to act on.
        """
        if is_news:
            _refuse(self._choices() | {"--assume": is_assumed}, "--since reports only changes")
        self._check_view()
        if is_assumed and any(output.reporter.content is Content.METRICS for output in self.outputs):
            raise click.UsageError("--assume: metrics cover observed facts only; omit --format prometheus")
        if not any(self._choices().values()):
            return
        document = self._document(_EMPTY, Content.VIEW, Run(exit_code=ExitCode.CLEAN))
        if current_display_options().total and not _begins_with_total(document.main):
            label = self._columns().columns[0].key
            raise click.UsageError(f"--total: the word total is in the column {label}; begin --columns with it")
        if is_redacted and self.where:
            from virtscan.views.rows.pseudonymous import refuse_pattern

            for text in self.where:
                refuse_pattern(text, self._columns())

    def refuse(self, reason: str) -> None:
        """Refuse every choice of a content or an output, for a command that writes no report.

        Raises:
            click.UsageError: There is one.
        """
        default = requested_outputs((), None)
        outputs = {
            output.words if output.path == STDOUT else output.option: output not in default for output in self.outputs
        }
        _refuse(self._choices() | outputs, reason)

    def _check_view(self) -> None:
        """Refuse options that would have no effect."""
        display = current_display_options()
        shown = [output for output in self.outputs if output.reporter.content is Content.VIEW]
        if not shown:
            output = self.outputs[0]
            options = self._choices()
            if output.reporter.content is Content.SUMMARY:
                del options["--view"]
            _refuse(options, f"{output.words} {_CONTENTS[output.reporter.content]}")
        if self.by is not None and self.view != _CAPACITY:
            raise click.UsageError(f"--by is for the capacity view; add --view {_CAPACITY}, or omit --by")
        if display.total and not any(output.reporter.has_total_on_demand for output in shown):
            raise click.UsageError("--total is for --format csv; other formats always have the total")
        if display.total and (self.view != _CAPACITY or self.where):
            reason = f"the total is that of the whole {_CAPACITY} view"
            raise click.UsageError(f"--total: {reason}; add --view {_CAPACITY}, and omit --where")

    def _columns(self) -> Section:
        """Return the section that conditions are about, without rows."""
        return self._view(_EMPTY).sections[0]

    @property
    def _view(self) -> Callable[[Report], Document]:
        return VIEWS[self.view or next(iter(VIEWS))] if self.by is None else GROUPINGS[self.by]

    def _choices(self) -> dict[str, object]:
        """Return the options that select parts of a view, with their values."""
        display = current_display_options()
        chosen = {"--view": self.view, "--by": self.by, "--where": self.where}
        return chosen | {"--sort": display.sort, "--columns": display.columns, "--total": display.total}

    def open(self, outputs: Outputs) -> list[Output]:
        """Open every output.

        Raises:
            click.ClickException: One can't be opened for writing.
        """
        return [outputs.open(requested.path) for requested in self.outputs]

    def write(
        self, report: Report, outputs: Iterable[Output], console: Console, run: Run, news: News | None = None
    ) -> None:
        """Write every output; gaps go to the console if no output has a place for them.

        With `news`, the changes replace the view; if there are none, formats for people are empty.

        If nothing was read, files of an earlier scan stay; only metrics are replaced.
        """
        documents: dict[Content, Document] = {}
        has_gaps = False
        for requested, output in zip(self.outputs, outputs, strict=True):
            reporter, content = requested.reporter, requested.reporter.content
            if content is Content.METRICS:
                documents[content] = self._document(report, content, _carried_over(run, requested.path))
            elif content in {Content.VIEW, Content.SUMMARY} and news is not None:
                documents[content] = news.document
                if news.changes.is_empty and reporter.may_be_empty:
                    output.write(b"")
                    continue
            elif content not in documents:
                documents[content] = self._document(report, content, run)
            requested.write(documents[content], output, run.exit_code)
            stays = is_nothing_read(report) and content is not Content.METRICS
            if stays:
                output.keep_earlier()
            has_gaps = has_gaps or (reporter.has_gaps and not (stays and requested.path != STDOUT))
        if not has_gaps and news is None:
            show_gaps(next(iter(documents.values())), console)

    def _document(self, report: Report, content: Content, run: Run) -> Document:
        conditions: tuple[str, ...] = ()
        match content:
            case Content.VIEW:
                view, conditions = self._view, self.where
            case Content.SUMMARY:
                view = next(iter(VIEWS.values()))
            case Content.FLEET:
                view = EVERYTHING
            case Content.METRICS:
                from virtscan.views.report import metrics

                view = partial(metrics.view, run=msgspec.structs.replace(run, exit_code=exit_code(run.exit_code)))
            case _:
                assert_never(content)
        document = view(report)
        if content is Content.FLEET:
            document = msgspec.structs.replace(document, sections=(*document.sections, *self.further))
        if self.note is not None:
            document = msgspec.structs.replace(document, notes=(self.note, *document.notes))
        document = self.what_if.marked(document)
        if conditions:
            document = _narrowed(document, conditions)
        display = current_display_options()
        return arrange(document, display.columns, display.sort) if content is Content.VIEW else document


def _narrowed(document: Document, conditions: Iterable[str]) -> Document:
    from virtscan.cli.process.time_limit import within_seconds
    from virtscan.views.rows.filters import narrow, parse_condition

    problem = f"--where {' '.join(conditions)}: the regular expression takes too long; write a simpler one"
    with within_seconds(problem):
        return narrow(document, [parse_condition(text) for text in conditions])


def _begins_with_total(section: Section) -> bool:
    """Return True if the first value of the total is the word, which alone marks the row in CSV."""
    return section.total is not None and section.total[0] == "total"


def _refuse(options: Mapping[str, object], reason: str) -> None:
    for option in (option for option, value in options.items() if value):
        raise click.UsageError(f"{reason}; omit {option}")


def with_file(report: Report, file: Path | None, *, is_redacted: bool = False) -> Report:
    """Return a report with the name of its inventory for further commands; a path may hold names."""
    name = "FILE" if is_redacted or file == STDOUT else str(file)
    return report if file is None else msgspec.structs.replace(report, file=name)


def _carried_over(run: Run, path: Path) -> Run:
    """Add the time of the last complete scan from the metrics that will be replaced."""
    if path == STDOUT:
        return run
    from virtscan.files import FileError, read_regular
    from virtscan.reporters.prometheus import last_complete

    try:
        content, _ = read_regular(path, _LARGEST_METRICS)
    except FileError:
        return run
    return msgspec.structs.replace(run, last_complete=last_complete(content))
