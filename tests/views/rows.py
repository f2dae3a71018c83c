"""Short ways to look into a presentation."""

from virtscan.model import Report
from virtscan.views import GROUPINGS, VIEWS
from virtscan.views.presentation import Audience, Presentation, Row, Value


def records(presentation: Presentation) -> list[dict[str, Value]]:
    """The rows with the names of their columns, without those that only filters see."""
    return [_record(presentation, row) for row in presentation.main.rows]


def total(presentation: Presentation) -> dict[str, Value]:
    """The total row with the names of its columns."""
    assert presentation.total is not None
    return _record(presentation, presentation.total)


def _record(presentation: Presentation, row: Row) -> dict[str, Value]:
    cells = zip(presentation.main.columns, row, strict=True)
    return {column.key: value for column, value in cells if column.audience is not Audience.FILTERS}


def of(report: Report, view: str) -> list[dict[str, Value]]:
    """The rows of a view, or of the capacity view by something."""
    return records({**VIEWS, **GROUPINGS}[view](report))


def values(rows: list[dict[str, Value]], *keys: str) -> list[tuple[Value, ...]]:
    """Some columns of some rows."""
    return [tuple(row[key] for key in keys) for row in rows]
