"""Every view in every format (a workbook as text), and the schema of a saved inventory.

`python -m tests.golden` writes all of them anew.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.build import TAKEN_AT
from tests.reporters.reading import text_of
from tests.views import screens
from tests.views.fleet import report
from virtscan.cli.schemas import schema_text
from virtscan.reporters import REPORTERS, Content, RenderOptions
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS
from virtscan.views.report import metrics
from virtscan.views.report.metrics import Run

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"

RUN = Run(exit_code=4, seconds=1.5, last_complete=TAKEN_AT - timedelta(days=1))
_WITH_ALL_VIEWS = [reporter for reporter in REPORTERS.values() if reporter.content is Content.FLEET]
_WITH_A_VIEW = [reporter for reporter in REPORTERS.values() if reporter.content is Content.VIEW]
_ON_TERMINALS = {
    "risks.80-columns.txt": (VIEWS["risks"], RenderOptions(width=80)),
    "risks.colour.txt": (VIEWS["risks"], RenderOptions(width=200, colour=True)),
    "capacity.80-columns.txt": (VIEWS["capacity"], RenderOptions(width=80)),
}


def documents() -> Iterator[tuple[str, bytes]]:
    """Give the name of each file with its content."""
    for name, view in {**VIEWS, **{f"capacity-by-{by}": GROUPINGS[by] for by in list(GROUPINGS)[1:]}}.items():
        for reporter in _WITH_A_VIEW:
            yield f"{name}.{reporter.suffix}", reporter.render(view(report()))
    for reporter in _WITH_ALL_VIEWS:
        content = reporter.render(EVERYTHING(report()))
        yield (
            (f"fleet.{reporter.suffix}", content)
            if reporter.is_text
            else (
                f"fleet.{reporter.suffix}.txt",
                text_of(content).encode(),
            )
        )
    for reporter in REPORTERS.values():
        if reporter.content is Content.METRICS:
            yield f"metrics.{reporter.suffix}", reporter.render(metrics.view(report(), RUN))
    yield "inventory.schema.json", f"{schema_text('inventory')}\n".encode()
    for view_name in VIEWS:
        for width in screens.WIDTHS:
            shown = screens.screen(view_name, RenderOptions(width=width))
            yield f"screens/{view_name}.{width}.txt", shown.encode()
    for name, (view, terminal) in _ON_TERMINALS.items():
        yield name, REPORTERS["table"].render(view(report()), terminal)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content in documents():
        (FOLDER / file).parent.mkdir(exist_ok=True)
        (FOLDER / file).write_bytes(content)
