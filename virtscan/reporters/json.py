"""JSON: all of a document, unchanged."""

import json
import re
from collections.abc import Iterator, Mapping

import msgspec

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.views.document import Column, Document, Row, Section, Value, nested, timestamp

_NOT_ASCII = re.compile("[^\x00-\x7e]")


def render(document: Document, options: RenderOptions = PLAIN) -> bytes:  # noqa: ARG001 (all formats alike)
    r"""Write one document.

    Characters that are not printable are written as JSON escapes, so that a terminal is safe and a reader gets them
    back. A lone surrogate (a byte of a file name that is not UTF-8) is invalid in every standard, and strict readers
    refuse a document that escapes one. It becomes the six characters `\udc80`, as in other formats.
    """
    return written(dict(keys(document)), indent=2)


def keys(document: Document) -> Iterator[tuple[str, object]]:
    """Give the keys of a document in their order; those that don't apply are left out."""
    yield "schema", document.schema
    yield "version", document.version
    if document.taken_at is not None:
        yield "taken_at", timestamp(document.taken_at)
    if document.where:
        yield "where", document.where
    if document.assumed:
        yield "assumed", document.assumed
    yield from document.head.items()
    if document.metrics:
        yield "summary", nested(document.metrics)
    for section in document.sections:
        yield section.key, _array(section)
        if section.total is not None:
            yield (
                "total" if section is document.main else f"{section.key}_total",
                _record(section.columns, section.total),
            )
    yield "gaps", _array(document.gaps, document.warnings)


def written(value: Mapping[str, object], *, indent: int) -> bytes:
    """Write an object on lines of this indentation, or on one line for 0."""
    data = _encoded(value)
    if data.isascii() and b"\x7f" not in data:
        return msgspec.json.format(data, indent=indent) + b"\n"  # nothing to escape in a long text
    text = _NOT_ASCII.sub(_if_printable, msgspec.json.format(data, indent=indent).decode()) + "\n"
    return text.encode()


def records(section: Section) -> Iterator[dict[str, Value]]:
    """Give the rows of a section as records."""
    return (_record(section.columns, row) for row in section.rows)


def _array(*sections: Section) -> msgspec.Raw:
    """Write the rows of sections, one by one: records take ten times as much memory."""
    return msgspec.Raw(b"[%b]" % b",".join(_encoded(one) for section in sections for one in records(section)))


def _encoded(value: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_spelt_out(value))


def _record(columns: tuple[Column, ...], row: Row) -> dict[str, Value]:
    return {column.key: value for column, value in zip(columns, row, strict=True) if column.is_in_documents}


def _spelt_out(value: object) -> object:
    """Give the same document with lone surrogates as text."""
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
