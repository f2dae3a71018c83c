"""What is said of a report, by subject: a view turns it into one presentation that every format writes out."""

from collections.abc import Callable, Mapping
from functools import partial

from virtscan.model import Report
from virtscan.views import capacity, domains, hypervisors, interfaces, risks, servers
from virtscan.views.groups import By
from virtscan.views.presentation import Align, Audience, Column, Presentation, Row, Section, Value
from virtscan.views.summary import Summary, summarise

VIEWS: Mapping[str, Callable[[Report], Presentation]] = {
    "risks": risks.view,
    "interfaces": interfaces.view,
    "domains": domains.view,
    "hypervisors": hypervisors.view,
    "servers": servers.view,
    "capacity": capacity.view,
}
"""By the word of the command line, the default first."""

GROUPINGS: Mapping[str, Callable[[Report], Presentation]] = {by.value: partial(capacity.view, by=by) for by in By}
"""The capacity view by what a row of it is, the default first."""

__all__ = [
    "GROUPINGS", "VIEWS", "Align", "Audience", "Column", "Presentation", "Row", "Section", "Summary", "Value",
    "summarise",
]  # fmt: skip
