"""Views: each is a module with a function `view`, loaded when it is used."""

from enum import Enum
from importlib import import_module

import msgspec

from virtscan.model import Report
from virtscan.views.document import Document


class Grouping(Enum):
    """Groupings of the capacity view: the subject of a row."""

    HYPERVISOR = "hypervisor"
    DEVICE = "device"
    SITE = "site"
    SEGMENT = "segment"


class ReportView(msgspec.Struct, frozen=True):
    """A view by the name of its module; only the capacity view has groupings."""

    module: str
    by: Grouping | None = None

    def __call__(self, report: Report) -> Document:
        """Turn a report into the view's document."""
        view = import_module(f"virtscan.views.{self.module}").view
        document: Document = view(report) if self.by is None else view(report, self.by)
        return document
