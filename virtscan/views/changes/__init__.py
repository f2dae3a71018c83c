"""Changes as a document: the rows, their groups by cause, and the counts."""

from virtscan.views.changes.document import view

__all__ = ["view"]
