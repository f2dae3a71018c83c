"""Random inventories: every field of the model with any value of its type."""

import types
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache
from typing import Annotated, Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from virtscan.model import Inventory, Mac, Packed, Resources, pack
from virtscan.model.facts.hypervisors import Moment

_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=8),
    int: st.integers(0, 1 << 31),
    bool: st.booleans(),
    float: st.floats(min_value=0.001, max_value=1e9),
    date: st.dates(),
    datetime: st.datetimes(),
    type(None): st.none(),
    Mac: st.integers(0, (1 << 48) - 1).map(lambda number: Mac(number.to_bytes(6, "big").hex(":"))),
    # On other days of the calendar, a time with an offset may have no equivalent in UTC.
    Moment: st.datetimes(
        *(datetime.combine(day, time()) for day in (date(1, 1, 2), date(9999, 12, 30))),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
    ),
}


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Make any value of a type of the model."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    made: st.SearchStrategy[Any]
    if isinstance(kind, NewType):
        made = of(kind.__supertype__)
    elif origin is Annotated:
        made = of(arguments[0])
    elif origin in {Union, types.UnionType}:
        made = st.one_of(*map(of, arguments))
    elif origin is tuple:
        made = st.lists(of(arguments[0]), max_size=2, unique_by=repr).map(tuple)
    elif origin is not None and issubclass(origin, Mapping):
        made = st.dictionaries(of(arguments[0]), of(arguments[1]), max_size=2)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        made = st.sampled_from(kind)
    elif kind is Packed:
        made = of(Resources).map(pack)
    else:
        made = st.deferred(lambda: _struct(origin or kind, arguments))
    return made


def _struct(kind: type[msgspec.Struct], arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    parameter = arguments[0] if arguments else None
    fields = {
        name: of(parameter if isinstance(hints[name], TypeVar) else hints[name]) for name in kind.__struct_fields__
    }
    return st.builds(kind, **fields)


def inventories() -> st.SearchStrategy[Inventory]:
    """Make any inventory."""
    return of(Inventory)
