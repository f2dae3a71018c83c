"""Views: each turns a report into one document, which every format writes."""

from collections.abc import Callable, Mapping

from virtscan.model import Report
from virtscan.views.document import Document
from virtscan.views.view import Grouping, ReportView

VIEWS: Mapping[str, Callable[[Report], Document]] = {
    "risks": ReportView("tables.risks"),
    "interfaces": ReportView("tables.interfaces"),
    "domains": ReportView("tables.domains"),
    "hypervisors": ReportView("tables.hypervisors"),
    "servers": ReportView("tables.servers"),
    "capacity": ReportView("tables.capacity"),
}
"""By name on the command line, the default first."""

EVERYTHING: Callable[[Report], Document] = ReportView("fleet")
"""All of the views, in one document of several sections."""

GROUPINGS: Mapping[str, Callable[[Report], Document]] = {by.value: ReportView("tables.capacity", by) for by in Grouping}
"""The capacity view by the subject of a row, the default first."""

__all__ = ["EVERYTHING", "GROUPINGS", "VIEWS"]
