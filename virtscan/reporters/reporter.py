"""Formats: each is a module with a function `parts`, loaded when it is used."""

from collections.abc import Iterator
from enum import Enum
from importlib import import_module

import msgspec

from virtscan.views.document import Document


class RenderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Display options that formats for people apply; others ignore them.

    `width` is the number of columns of the terminal. It is None for a file or a pipe, and where nothing may be cut:
    then each row is one line. `show_all` also shows the groups of rows that need no action. `flat` shows the rows as
    one table, where an order or columns were requested. `total` is for formats that have the total on demand only.
    """

    width: int | None = None
    colour: bool = False
    show_all: bool = False
    flat: bool = False
    total: bool = False


PLAIN = RenderOptions()


class Content(Enum):
    """The document that a format writes of a report: the chosen view, the risks, all views, or the metrics."""

    VIEW = "view"
    SUMMARY = "summary"
    FLEET = "fleet"
    METRICS = "metrics"


class Reporter(msgspec.Struct, frozen=True):
    """A format by the name of its module.

    Its `parts` yields all of a document that the format has a place for; text is UTF-8 and ends with a newline.
    `has_gaps` is False without a place for gaps and warnings. `is_text` is False if a terminal can't show the format.
    `may_be_empty` is True if people or programs read it line by line: without any change, it is empty.
    `has_total_on_demand` is True if its rows are added up: a total among them would count twice. The options that
    choose a view apply only if `content` is a view. `needs` is a module that only the extra `reports` installs.
    `has_records` is True if it writes columns of records.
    """

    module: str
    has_gaps: bool = True
    is_text: bool = True
    may_be_empty: bool = False
    has_total_on_demand: bool = False
    content: Content = Content.VIEW
    needs: str | None = None
    has_records: bool = False

    def render(self, document: Document, options: RenderOptions = PLAIN) -> bytes:
        """Return the content of the file."""
        return b"".join(self.parts(document, options))

    def parts(self, document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:
        """Yield the content: for data piece by piece, so that a large report need not be in memory."""
        module = import_module(f"virtscan.reporters.{self.module}")
        yield from module.parts(self._shown(document), options)

    def _shown(self, document: Document) -> Document:
        """Drop records that the format does not write: they may be far more than the rows that have them."""
        if self.has_records:
            return document
        return msgspec.structs.replace(
            document, sections=tuple(section.without_records for section in document.sections)
        )
