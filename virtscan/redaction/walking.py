"""Values of the model under pseudonyms, field by field, whatever types they have; pure."""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect as info

from virtscan.redaction.forms import Forms
from virtscan.redaction.policy import TABLE, Holds

S = TypeVar("S", bound=msgspec.Struct)


def redacted(item: S, forms: Forms) -> S:
    """Give the same value with pseudonyms in the place of names, in it and in all that it holds."""
    changes: dict[str, object] = {}
    for field, holds in _fields(type(item)):
        value = getattr(item, field)
        if value is not None and (new := _value(value, holds, forms)) is not value:
            changes[field] = new
    return msgspec.structs.replace(item, **changes) if changes else item


def _value(value: object, holds: Holds, forms: Forms) -> object:
    match value:
        case str():
            return forms.of(value, holds)
        case ():
            return value
        case tuple():
            return tuple(_value(one, holds, forms) for one in value)
        case msgspec.Struct():
            return redacted(value, forms)
        case Mapping():
            return {_value(key, holds, forms): _value(one, holds, forms) for key, one in value.items()}
        case _:
            return value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Holds], ...]:
    """Give the fields of a type that can hold text, with what they hold; one without a description is withheld."""
    described = TABLE.get(kind, {})
    found = info.type_info(kind)
    assert isinstance(found, info.StructType)  # noqa: S101  msgspec's own word for a Struct
    return tuple(
        (field.name, described.get(field.name, Holds.TEXT)) for field in found.fields if _can_hold_text(field.type)
    )


def _can_hold_text(kind: info.Type) -> bool:
    match kind:
        case info.StrType() | info.StructType() | info.AnyType() | info.CustomType():
            return True
        case info.UnionType(types=types):
            return any(map(_can_hold_text, types))
        case info.VarTupleType(item_type=inner) | info.Metadata(type=inner):
            return _can_hold_text(inner)
        case info.DictType():
            return True
        case _:
            return False
