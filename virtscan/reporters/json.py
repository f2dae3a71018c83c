"""JSON: all of a document, unchanged."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from virtscan.model.sources import without_surrogates
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.views.document import Column, Document, Section, nested, timestamp
from virtscan.views.rows.lazy import Row, Value

_NOT_ASCII = re.compile("[^\x00-\x7e]")

TOGETHER = 1000
"""Records that are written together: all at once would be a second document, and a third with its lines."""


class RecordArray(msgspec.Struct, frozen=True):
    """The value of a key: the rows of these sections, as an array of objects."""

    sections: tuple[Section, ...]

    def __iter__(self) -> Iterator[dict[str, Value]]:
        """Return the rows as objects."""
        return (_record(section.columns, row) for section in self.sections for row in section.rows)


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    r"""Yield one document piece by piece: the rows of a large fleet take more memory as text than its facts.

    Characters that are not printable are written as JSON escapes, so that a terminal is safe and a reader gets them
    back. A lone surrogate stands for a byte of a file name that is not UTF-8. It is invalid in every standard, and
    strict readers refuse a document that escapes one. It becomes the six characters `\udc80`, as in other formats.
    """
    before = b"{\n"
    for key, value in keys(document):
        yield before
        yield from _array(key, value) if isinstance(value, RecordArray) else [_member(key, value)]
        before = b",\n"
    yield b"\n}\n"


def keys(document: Document) -> Iterator[tuple[str, object]]:
    """Yield the keys of a document in their order; those that don't apply are left out."""
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
        yield section.key, RecordArray((section,))
        if section.total is not None:
            yield (
                "total" if section is document.main else f"{section.key}_total",
                _record(section.columns, section.total),
            )
    yield "gaps", RecordArray((document.gaps, document.warnings))


def line(value: Mapping[str, object]) -> bytes:
    """Write an object on one line; records are an array in it."""
    arrays = {
        key: msgspec.Raw(b"[%b]" % b",".join(map(_encoded, item))) if isinstance(item, RecordArray) else item
        for key, item in value.items()
    }
    return _shown(_encoded(arrays), indent=-1) + b"\n"


def _member(key: str, value: object) -> bytes:
    return _shown(_encoded({key: value}), indent=2).removeprefix(b"{\n").removesuffix(b"\n}")


def _array(key: str, records: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """Yield the member of an object that is an array, piece by piece."""
    encoded = map(_encoded, records)
    before = b"  %b: [\n" % msgspec.json.encode(key)
    if not (together := list(islice(encoded, TOGETHER))):
        yield _member(key, [])
        return
    while together:
        yield before
        nested = _shown(b"[[%b]]" % b",".join(together), indent=2)
        yield nested.removeprefix(b"[\n  [\n").removesuffix(b"\n  ]\n]")
        before = b",\n"
        together = list(islice(encoded, TOGETHER))
    yield b"\n  ]"


def _shown(data: bytes, *, indent: int) -> bytes:
    """Write JSON on lines of this indentation, or on one line for -1; unprintable characters are escaped."""
    shown = msgspec.json.format(data, indent=indent)
    if shown.isascii() and b"\x7f" not in shown:
        return shown  # nothing to escape in a long text
    return _NOT_ASCII.sub(_if_printable, shown.decode()).encode()


def _encoded(value: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_spelt_out(value))


def _record(columns: tuple[Column, ...], row: Row) -> dict[str, Value]:
    return {column.key: value for column, value in zip(columns, row, strict=True) if column.is_in_documents}


def _spelt_out(value: object) -> object:
    """Return the same document with lone surrogates as text."""
    match value:
        case str():
            return without_surrogates(value)
        case Mapping():
            return {_spelt_out(key): _spelt_out(item) for key, item in value.items()}
        case list() | tuple():
            return [_spelt_out(item) for item in value]
        case _:
            return value


def _if_printable(match: re.Match[str]) -> str:
    char = match[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]
