"""All rows of a document as data for the page's script."""

from collections.abc import Iterable, Iterator

import msgspec

from virtscan.reporters.csv import same_in_all_rows
from virtscan.reporters.text import plain, printable
from virtscan.views.document import Align, Column, Document, Section
from virtscan.views.rows.lazy import Value


class Islands(msgspec.Struct, frozen=True, kw_only=True):
    """JSON for script elements: one for the data that all sections share, and one for each section by its key."""

    shared: str
    sections: tuple[tuple[str, str], ...]


def of_document(document: Document) -> Islands:
    """Write the sections as JSON that no HTML can end early.

    Every text stands once in `texts`, and the cells hold its place there: fleets repeat most of theirs. Numbers, yes
    and no, and none stand as they are. A browser reads a section when its table is opened.
    """
    texts: dict[str, int] = {}
    sections = tuple((section.key, _section(document, section, texts)) for section in document.sections)
    shared = f'{{"name":{_json(_name(document))},"texts":{_lines(_json(text) for text in texts)}}}'
    return Islands(shared=shared, sections=sections)


def columns(section: Section) -> Iterator[tuple[int, Column]]:
    """Return the columns of data and those for people, with their places."""
    return ((place, one) for place, one in enumerate(section.columns) if one.is_data or one.is_for_people)


def _name(document: Document) -> str:
    """Return the first part of the names of downloaded files."""
    day = "" if document.taken_at is None else f"-{document.taken_at:%Y-%m-%d}"
    return f"{document.schema.partition('/')[0].replace('.', '-')}{day}"


def _section(document: Document, section: Section, texts: dict[str, int]) -> str:
    shown = list(columns(section))
    same = {key: printable(plain(value)) for key, value in same_in_all_rows(document, section).items()}
    rows = _lines(_json([_cell(row[place], column, texts) for place, column in shown]) for row in section.rows)
    total = _json(section.total and [_cell(section.total[place], column, texts) for place, column in shown])
    described = _lines(_json(_description(section, place, column)) for place, column in shown)
    head = f'"key":{_json(section.key)},"same":{_json(same)}'
    return f'{{{head},"columns":{described},"rows":{rows},"total":{total}}}'


def _description(section: Section, place: int, column: Column) -> dict[str, object]:
    return {
        "key": column.key,
        "heading": column.heading,
        "number": column.align is Align.RIGHT,
        "fractions": any(isinstance(row[place], float) for row in section.rows),
        "words": column.words if column.holds is str else (),
        "data": column.is_data,
        "people": column.is_for_people,
    }


def _lines(items: Iterable[str]) -> str:
    """Write a list with a line for each item: a change of one is a change of its line."""
    return "[\n" + ",\n".join(items) + "]"


def _json(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _cell(value: Value, column: Column, texts: dict[str, int]) -> object:
    """Return a number, truth value or none as it is, anything else as the place of its text."""
    if value is None or isinstance(value, bool):
        return value
    if column.align is Align.RIGHT and isinstance(value, int | float):
        return value
    return texts.setdefault(printable(plain(value)), len(texts))
