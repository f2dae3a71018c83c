"""Fewer rows: `--where` conditions on the columns of a view."""

import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from virtscan.errors import ConfigError
from virtscan.views.presentation import Presentation, Section, Value

_CONDITION = re.compile(r"\s*(\w+)\s*(!=|!~|<=|>=|=|~|<|>)\s*(.*?)\s*", re.DOTALL)

# Any: numbers of either kind, which the type of a comparison can't say together.
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(msgspec.Struct, frozen=True):
    """One condition: a column, one of `= != ~ !~ < <= > >=`, and what to compare with."""

    column: str
    sign: str
    operand: str


def parse_condition(text: str) -> Condition:
    """Read `COLUMN=VALUE` and the like; `~` is a regular expression that is found somewhere in the value.

    Raises:
        ConfigError: Not of that form, no regular expression, or an order of what is no number.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is no condition: write COLUMN=VALUE, or != ~ !~ < <= > >= in the place of =")
    column, sign, operand = match.groups()
    if "~" in sign:
        try:
            re.compile(operand)
        except re.error as error:
            raise ConfigError(f"{text!r}: no regular expression: {error}") from error
    if sign in _ORDERS and _number(operand) is None:
        raise ConfigError(f"{text!r}: {operand!r} is no number, and only numbers have an order")
    return Condition(column, sign, operand)


def narrow(presentation: Presentation, conditions: Sequence[Condition]) -> Presentation:
    """The presentation with only those rows that meet all conditions.

    An empty operand is a value that is not there; of several values in a cell one must meet the condition, and for
    `!=` and `!~` none. A total of all rows would be the sum of none that are shown, so it goes; counts and gaps stay
    those of the whole, and a note says how many rows are shown.

    Raises:
        ConfigError: The view has no such column; the message names those that it has.
    """
    if not conditions:
        return presentation
    section = presentation.main
    tests = [(_place(section, condition.column), condition) for condition in conditions]
    rows = tuple(row for row in section.rows if all(_meets(row[place], condition) for place, condition in tests))
    wanted = " and ".join(f"{condition.column}{condition.sign}{condition.operand}" for condition in conditions)
    note = f"shown: {len(rows)} of {len(section.rows)} rows, where {wanted}; what follows counts all"
    return msgspec.structs.replace(
        presentation,
        main=msgspec.structs.replace(section, rows=rows),
        total=None,
        notes=(note, *presentation.notes),
    )


def _place(section: Section, key: str) -> int:
    keys = [column.key for column in section.columns]
    if key in keys:
        return keys.index(key)
    near = difflib.get_close_matches(key, keys, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"this view has no column {key!r}: {hint}it has {', '.join(keys)}")


def _meets(value: Value, condition: Condition) -> bool:
    values: Sequence[Any] = (value or (None,)) if isinstance(value, tuple) else (value,)
    if condition.sign.startswith("!"):
        positive = Condition(condition.column, condition.sign.replace("!=", "=").replace("!~", "~"), condition.operand)
        return not any(_holds(one, positive) for one in values)
    return any(_holds(one, condition) for one in values)


def _holds(value: Value, condition: Condition) -> bool:
    sign, operand = condition.sign, condition.operand
    if sign in _ORDERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and _ORDERS[sign](value, _number(operand))
    text = _text(value)
    if sign == "~":
        return re.search(operand, text) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == _number(operand)
    return text == operand


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
