"""Every view in every format (a workbook as text), and the schema of a saved inventory.

`python -m tests.golden` rewrites all of them.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.build import TAKEN_AT
from tests.reporters.reading import text_of
from tests.views import screens
from tests.views.fleet import report
from virtscan.cli.schemas import schema_text
from virtscan.model import Report
from virtscan.reporters import REPORTERS, Content, RenderOptions, Reporter
from virtscan.reporters.reporter import PLAIN
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS
from virtscan.views.document import Document
from virtscan.views.report import metrics
from virtscan.views.report.run import Run

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"

RUN = Run(exit_code=4, seconds=1.5, last_complete=TAKEN_AT - timedelta(days=1))
_SUFFIXES = {"table": "txt", "markdown": "md", "prometheus": "prom", "xlsx": "xlsx.txt"}
"""Suffixes of files by format, where they differ from its name."""

_ON_TERMINALS = {
    "risks.80-columns.txt": (VIEWS["risks"], RenderOptions(width=80)),
    "risks.colour.txt": (VIEWS["risks"], RenderOptions(width=200, colour=True)),
    "capacity.80-columns.txt": (VIEWS["capacity"], RenderOptions(width=80)),
}


def documents() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Return the name of each file with what makes its content."""
    for name, view in {**VIEWS, **{f"capacity-by-{by}": GROUPINGS[by] for by in list(GROUPINGS)[1:]}}.items():
        yield from _in_formats(name, Content.VIEW, view)
    yield from _in_formats("fleet", Content.FLEET, EVERYTHING)
    yield from _in_formats("metrics", Content.METRICS, partial(metrics.view, run=RUN))
    yield "inventory.schema.json", _schema
    for view_name in VIEWS:
        for width in screens.WIDTHS:
            yield f"screens/{view_name}.{width}.txt", partial(_on_screen, view_name, width)
    for name, (view, terminal) in _ON_TERMINALS.items():
        yield name, partial(_rendered, REPORTERS["table"], view, terminal)


def _in_formats(
    name: str, content: Content, view: Callable[[Report], Document]
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Return a view in each format that writes such content."""
    for format_name, reporter in REPORTERS.items():
        if reporter.content is content:
            yield f"{name}.{_SUFFIXES.get(format_name, format_name)}", partial(_rendered, reporter, view)


def _rendered(reporter: Reporter, view: Callable[[Report], Document], options: RenderOptions = PLAIN) -> bytes:
    content = reporter.render(view(report()), options)
    return content if reporter.is_text else text_of(content).encode()


def _schema() -> bytes:
    return f"{schema_text('inventory')}\n".encode()


def _on_screen(view_name: str, width: int) -> bytes:
    return screens.screen(view_name, RenderOptions(width=width)).encode()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content_of in documents():
        (FOLDER / file).parent.mkdir(exist_ok=True)
        (FOLDER / file).write_bytes(content_of())
