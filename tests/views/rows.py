"""Short ways to look into a document."""

from virtscan.model import Report
from virtscan.views import GROUPINGS, VIEWS
from virtscan.views.document import Audience, Document
from virtscan.views.rows.lazy import Row, Value

EVERY_VIEW = {**VIEWS, **GROUPINGS}
"""The views, and the capacity view by the subject of a row."""


def records(document: Document) -> list[dict[str, Value]]:
    """The rows with the names of their columns, without those that only filters see."""
    return [_record(document, row) for row in document.main.rows]


def total(document: Document) -> dict[str, Value]:
    """The total row with the names of its columns."""
    assert document.main.total is not None
    return _record(document, document.main.total)


def _record(document: Document, row: Row) -> dict[str, Value]:
    cells = zip(document.main.columns, row, strict=True)
    return {column.key: value for column, value in cells if column.audience is not Audience.FILTERS}


def of(report: Report, view: str) -> list[dict[str, Value]]:
    """The rows of one of `EVERY_VIEW`."""
    return records(EVERY_VIEW[view](report))


def values(rows: list[dict[str, Value]], *keys: str) -> list[tuple[Value, ...]]:
    """Some columns of some rows."""
    return [tuple(row[key] for key in keys) for row in rows]
