"""Values of the model's types, made by walking them: a new field, item or cause is covered by itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import inspect as info

from tests.build import TAKEN_AT

Text = Callable[[str], str]
"""Makes the text of a field, from its name."""


def values(kind: info.Type, text: Text, name: str = "") -> Iterator[Any]:
    """Values of a type: each member of a closed set, one of every struct of a union (`Any`: as typed)."""
    match kind:
        case info.UnionType(types=types):
            for one in types:
                yield from values(one, text, name)
        case info.Metadata(type=inner):
            yield from values(inner, text, name)
        case info.StructType():
            yield first_of(kind, text)
        case info.EnumType(cls=members):
            yield from members
        case info.VarTupleType(item_type=item):
            yield tuple(value for _ in range(4) for value in values(item, text, name))
        case info.DictType(value_type=item):
            yield {text(name): next(values(item, text, name))}
        case _:
            yield from _plain(kind, text, name)


def _plain(kind: info.Type, text: Text, name: str) -> Iterator[Any]:
    match kind:
        case info.NoneType():
            yield None
        case info.BoolType():
            yield from (False, True)
        case info.StrType():
            yield text(name)
        case info.IntType():
            yield 7_001_002
        case info.FloatType():
            yield 90.0
        case info.DateTimeType():
            yield TAKEN_AT
        case info.DateType():
            yield date(2026, 11, 21)
        case _:
            raise TypeError(kind)


def filled(cls: type, text: Text) -> Iterator[Any]:
    """A struct with each field at each of its values in turn, the others at their first; last one with defaults."""
    kind = info.type_info(cls)
    assert isinstance(kind, info.StructType)
    for field in kind.fields:
        for value in values(field.type, text, field.name):
            yield first_of(kind, text, {field.name: value})
    yield cls(**{field.name: next(values(field.type, text, field.name)) for field in kind.fields if field.required})


def first_of(kind: info.StructType, text: Text, more: Mapping[str, Any] | None = None) -> Any:
    """A struct with each field at the first of its values that is not None (`Any`: as typed)."""
    fields = {
        field.name: next(value for value in values(field.type, text, field.name) if value is not None)
        for field in kind.fields
    }
    return kind.cls(**(fields | dict(more or {})))
