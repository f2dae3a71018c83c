"""JSON: everything that a view says, unchanged."""

import json
import re
from collections.abc import Mapping

import msgspec

from virtscan.reporters.reporter import Terminal
from virtscan.views.presentation import Column, Presentation, Row, Section, Value

_NOT_ASCII = re.compile("[^\x00-\x7e]")


def render(presentation: Presentation, terminal: Terminal | None = None) -> str:  # noqa: ARG001 (all formats alike)
    r"""Write one document.

    Characters that are not printable are written as JSON escapes, so that a terminal is safe and a reader gets them
    back. A lone surrogate (a byte of a file name that is not UTF-8) is no text in any standard, and strict readers
    refuse a document that escapes one: it becomes the six characters `\udc80`, as in other formats.
    """
    main = presentation.main
    document: dict[str, object] = {"schema": presentation.schema, **presentation.head, main.key: _records(main)}
    if presentation.total is not None:
        document["total"] = _record(main.columns, presentation.total)
    document |= {section.key: _records(section) for section in presentation.others}
    document["gaps"] = [*_records(presentation.gaps), *_records(presentation.warnings)]
    return written(document)


def written(document: Mapping[str, object]) -> str:
    """Write a document of JSON's own types, as `render` does."""
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_spelt_out(document))
    return _NOT_ASCII.sub(_if_printable, msgspec.json.format(data, indent=2).decode()) + "\n"


def _records(section: Section) -> list[dict[str, Value]]:
    return [_record(section.columns, row) for row in section.rows]


def _record(columns: tuple[Column, ...], row: Row) -> dict[str, Value]:
    return {column.key: value for column, value in zip(columns, row, strict=True) if column.is_in_documents}


def _spelt_out(value: object) -> object:
    """The same document with lone surrogates as text."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case Mapping():
            return {_spelt_out(key): _spelt_out(item) for key, item in value.items()}
        case list() | tuple():
            return [_spelt_out(item) for item in value]
        case _:
            return value


def _if_printable(match: re.Match[str]) -> str:
    char = match[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]
