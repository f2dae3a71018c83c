"""Every view in every format on a large fleet: each linear in its rows."""

import gc
from time import process_time

from tests.bench.judging import INTERFACES, fleet_of
from tests.bench.measuring import Row, in_turns
from virtscan.correlator.judging import judge
from virtscan.model import Report
from virtscan.reporters import REPORTERS, Content
from virtscan.reporters.terminal.cells import text_columns
from virtscan.views import EVERYTHING, VIEWS

LARGE, SMALL = 100_000, 20_000
DRAWN = 10_000
"""Domains of the table that is compared with plain padding: 30,000 rows."""


def rows() -> list[Row]:
    """Measure time on a CPU, a domain of the large fleet against one of the small."""
    seconds = {size: _seconds(judge(fleet_of(size))) for size in (SMALL, LARGE)}
    return [
        Row(
            benchmark=f"{view} as {name}, one of {LARGE:,} domains: one of {SMALL:,}",
            measured=took / LARGE / max(seconds[SMALL][view, name] / SMALL, 1e-9),
            limit=1.5,
            detail=f"{took:.1f} s; {seconds[SMALL][view, name]:.1f} s",
        )
        for (view, name), took in seconds[LARGE].items()
    ] + [_padding()]


def _padding() -> Row:
    """Compare a table with the same cells in columns of one width each, without regard for wide characters."""
    report = judge(fleet_of(DRAWN))

    def padded() -> None:
        columns = [text_column.cells for text_column in text_columns(VIEWS["interfaces"](report).main)]
        widths = [max(map(len, cells)) for cells in columns]
        rows = zip(*columns, strict=True)
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        assert len(lines) > INTERFACES * DRAWN  # the heading as well

    def drawn() -> None:
        REPORTERS["table"].render(VIEWS["interfaces"](report))

    took = in_turns({"padded": padded, "drawn": drawn}, rounds=3)
    return Row(
        benchmark=f"table of {INTERFACES * DRAWN:,} rows: plain padding",
        measured=took["drawn"] / took["padded"],
        limit=2,
        detail=f"{took['drawn']:.1f} s; {took['padded']:.1f} s",
    )


def _seconds(report: Report) -> dict[tuple[str, str], float]:
    """Render each view in each format that has one, and all views together in those that hold all."""
    took: dict[tuple[str, str], float] = {}
    for view, make in {**VIEWS, "everything": EVERYTHING}.items():
        wanted = Content.FLEET if view == "everything" else Content.VIEW
        for name, reporter in REPORTERS.items():
            if reporter.content is wanted:
                gc.collect()
                began = process_time()
                reporter.render(make(report))
                took[view, name] = process_time() - began
    return took
