"""All rows of a document as data for the page's script."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from markupsafe import Markup

from virtscan.reporters.csv import same_in_all_rows
from virtscan.reporters.text import plain, printable
from virtscan.views.document import Column, Document, Section
from virtscan.views.rows.lazy import Value

_TOGETHER = 1000
"""Rows or texts that are written together."""


class Islands:
    """JSON for script elements that no HTML can end early: one for each section, then one that all of them share.

    Every text is stored once in `texts`, and cells have its index: fleets repeat most of their texts. Numbers, truth
    values and missing values are stored directly. A browser reads a section when its table is opened.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._texts: dict[str, int] = {}

    def sections(self) -> Iterator[tuple[str, Iterator[Markup]]]:
        """Yield the key of each section and its JSON, piece by piece: in memory are the rows of one section."""
        for section in self._document.sections:
            # No input ends the element: see `_json`.
            yield section.key, map(Markup, _section(self._document, section, self._texts))

    def shared(self) -> Iterator[Markup]:
        """Yield the texts of the sections that were written."""
        yield Markup(f'{{"name":{_json(_name(self._document))},"texts":')  # noqa: S704 (see `_json`)
        yield from map(Markup, _list(map(_json, self._texts)))
        yield Markup("}")


def columns(section: Section) -> Iterator[tuple[int, Column]]:
    """Return the columns of data and those for people, with their indexes."""
    return ((index, column) for index, column in enumerate(section.columns) if column.is_data or column.is_for_people)


def _name(document: Document) -> str:
    """Return the first part of the names of downloaded files."""
    day = "" if document.taken_at is None else f"-{document.taken_at:%Y-%m-%d}"
    return f"{document.name.replace('.', '-')}{day}"


def _section(document: Document, section: Section, texts: dict[str, int]) -> Iterator[str]:
    section = msgspec.structs.replace(section, rows=tuple(section.rows))  # read for each column
    shown = list(columns(section))
    same = {key: printable(plain(value)) for key, value in same_in_all_rows(document, section).items()}
    described = "".join(_list(_json(_description(section, index, column)) for index, column in shown))
    yield f'{{"key":{_json(section.key)},"same":{_json(same)},"columns":{described},"rows":'
    yield from _list(_json([_cell(row[index], column, texts) for index, column in shown]) for row in section.rows)
    total = _json(section.total and [_cell(section.total[index], column, texts) for index, column in shown])
    yield f',"total":{total}}}'


def _description(section: Section, index: int, column: Column) -> dict[str, object]:
    return {
        "key": column.key,
        "heading": column.heading,
        "number": column.is_number,
        "fractions": any(isinstance(row[index], float) for row in section.rows),
        "words": column.words if column.holds is str else (),
        "data": column.is_data,
        "people": column.is_for_people,
    }


def _list(items: Iterator[str]) -> Iterator[str]:
    """Yield a list piece by piece, with a line for each item, so that a changed item is one changed line."""
    before = "[\n"
    while together := ",\n".join(islice(items, _TOGETHER)):
        yield before + together
        before = ",\n"
    yield "]" if before.startswith(",") else "[\n]"


def _json(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _cell(value: Value, column: Column, texts: dict[str, int]) -> object:
    """Return a number, truth value or none as it is, anything else as the index of its text."""
    if value is None or isinstance(value, bool):
        return value
    if column.is_number and isinstance(value, int | float):
        return value
    return texts.setdefault(printable(plain(value)), len(texts))
