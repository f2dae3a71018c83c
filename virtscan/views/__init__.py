"""Views: each turns a report into one document, which every format writes."""

from collections.abc import Callable, Mapping
from functools import partial

from virtscan.model import Report
from virtscan.views import fleet
from virtscan.views.counting.groups import By
from virtscan.views.document import Align, Audience, Column, Document, Metric, Section
from virtscan.views.rows.lazy import Row, Value
from virtscan.views.tables import capacity, domains, hypervisors, interfaces, risks, servers

VIEWS: Mapping[str, Callable[[Report], Document]] = {
    "risks": risks.view,
    "interfaces": interfaces.view,
    "domains": domains.view,
    "hypervisors": hypervisors.view,
    "servers": servers.view,
    "capacity": capacity.view,
}
"""By the word of the command line, the default first."""

EVERYTHING: Callable[[Report], Document] = fleet.view
"""All of the views, in one document of several sections."""

GROUPINGS: Mapping[str, Callable[[Report], Document]] = {by.value: partial(capacity.view, by=by) for by in By}
"""The capacity view by the subject of a row, the default first."""

__all__ = [
    "EVERYTHING",
    "GROUPINGS",
    "VIEWS",
    "Align",
    "Audience",
    "Column",
    "Document",
    "Metric",
    "Row",
    "Section",
    "Value",
]
