"""Redaction of any value of the model, field by field; pure."""

from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect as info

from virtscan.model import Packed, pack, unpack
from virtscan.redaction.forms import Forms, Rewrite, is_common_target
from virtscan.redaction.policy import TABLE, TextKind
from virtscan.redaction.pseudonyms import Pseudonyms

S = TypeVar("S", bound=msgspec.Struct)


def redacted(item: S, forms: Forms) -> S:
    """Return a copy of a value with pseudonyms for names, including nested values."""
    return _Walk(forms).struct(item)


def name_machines(item: msgspec.Struct, pseudonyms: Pseudonyms) -> None:
    """Choose pseudonyms for the names of machines and taps in a value, before devices with these names are shown."""
    # A name of a host may also be that of a VM: VMs first.
    for kinds in ({TextKind.VM, TextKind.TARGET}, {TextKind.HOST}):
        for text_kind, name in dict.fromkeys(_texts_of(item, kinds)):
            if text_kind is not TextKind.TARGET:
                pseudonyms.name(text_kind.value, name)
            elif not is_common_target(name):
                pseudonyms.tap(name)


def _texts_of(item: msgspec.Struct, kinds: Set[TextKind]) -> Iterator[tuple[TextKind, str]]:
    """Yield the texts of these kinds with their kind, including those of nested values."""
    for field, text_kind in _fields_with(type(item), frozenset(kinds)):
        yield from _texts(getattr(item, field), text_kind, kinds)


def _texts(value: object, text_kind: TextKind, kinds: Set[TextKind]) -> Iterator[tuple[TextKind, str]]:
    match value:
        case str():
            if value and text_kind in kinds:
                yield text_kind, value
        case msgspec.Struct():
            yield from _texts_of(value, kinds)
        case tuple():
            for item in value:
                yield from _texts(item, text_kind, kinds)


class _Walk:
    """A recursive copy of values; the treatment of a type's fields is determined once."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._plans: dict[type[msgspec.Struct], tuple[tuple[str, Rewrite], ...]] = {}

    def struct(self, item: S) -> S:
        kind = type(item)
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = tuple(
                (field, self._forms.rewrite(text_kind)) for field, text_kind in _fields(kind)
            )
        changes: dict[str, object] = {}
        for field, rewrite in plan:
            value = getattr(item, field)
            if value is not None and (changed := self._value(value, rewrite)) is not value:
                changes[field] = changed
        return msgspec.structs.replace(item, **changes) if changes else item

    def _value(self, value: object, rewrite: Rewrite) -> object:
        match value:
            case str():
                return rewrite(value) if value else value
            case tuple() if value:
                return tuple([self._value(item, rewrite) for item in value])
            case Packed():
                resources = unpack(value)
                changed = self.struct(resources)
                return value if changed is resources else pack(changed)
            case msgspec.Struct():
                return self.struct(value)
            case Mapping():
                return {self._value(key, rewrite): self._value(item, rewrite) for key, item in value.items()}
            case _:
                return value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, TextKind], ...]:
    """Return the fields of a type that may change, with their kinds."""
    return tuple(
        (name, text_kind)
        for name, text_kind, inner in _described(kind)
        if _can_hold(inner, text=text_kind is not TextKind.KEPT)
    )


@cache
def _fields_with(kind: type[msgspec.Struct], kinds: Set[TextKind]) -> tuple[tuple[str, TextKind], ...]:
    """Return the fields of a type that can contain texts of these kinds, with their own kinds."""
    return tuple(
        (name, text_kind)
        for name, text_kind, inner in _described(kind)
        if text_kind in kinds or _has_kind(inner, kinds)
    )


def _described(kind: type[msgspec.Struct]) -> Iterator[tuple[str, TextKind, info.Type]]:
    """Yield the fields of a type with their kinds; a field without a kind is withheld."""
    described = TABLE.get(getattr(kind, "__origin__", kind), {})
    struct = info.type_info(kind)
    assert isinstance(struct, info.StructType)  # noqa: S101  msgspec's own word for a Struct
    return ((field.name, described.get(field.name, TextKind.TEXT), field.type) for field in struct.fields)


def _has_kind(kind: info.Type, kinds: Set[TextKind]) -> bool:
    """Return True if a type has a struct with a text of these kinds, at any depth."""
    match kind:
        case info.StructType(cls=cls):
            return bool(_fields_with(cls, kinds))
        case info.UnionType(types=types):
            return any(_has_kind(member, kinds) for member in types)
        case info.VarTupleType(item_type=inner) | info.Metadata(type=inner):
            return _has_kind(inner, kinds)
        case _:
            return False


def _can_hold(kind: info.Type, *, text: bool) -> bool:
    """Return True if a type can contain a struct or, with `text`, a text."""
    match kind:
        case info.StructType() | info.AnyType() | info.CustomType():
            return True
        case info.StrType():
            return text
        case info.UnionType(types=types):
            return any(_can_hold(member, text=text) for member in types)
        case info.VarTupleType(item_type=inner) | info.Metadata(type=inner):
            return _can_hold(inner, text=text)
        case info.DictType(value_type=inner):
            return text or _can_hold(inner, text=text)
        case _:
            return False
