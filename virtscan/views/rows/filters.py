"""Filters: `--where` conditions on the columns of a view."""

import math
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from virtscan.errors import ConfigError
from virtscan.model.identity.short_names import ambiguous, in_full
from virtscan.nearest import nearest
from virtscan.views.document import Column, Document, Section
from virtscan.views.rows.columns import SHORTENED, place_of
from virtscan.views.rows.grouping import RowGroup
from virtscan.views.rows.lazy import Value
from virtscan.views.wording.phrases.quantity import quantity

_CONDITION = re.compile(r"([^=!~<>]+)(!=|!~|<=|>=|=|~|<|>)(.*)", re.DOTALL)

# Any: numbers of either kind, which the type of a comparison can't express together.
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_SHOWN = {"true": "yes", "false": "no"}
"""The words that tables show for truth values: either can be typed."""


class RowCondition(msgspec.Struct, frozen=True):
    """One condition: a column by key or heading, one of `= != ~ !~ < <= > >=`, and the operand."""

    column: str
    sign: str
    operand: str

    @property
    def text(self) -> str:
        """The condition as it may be typed."""
        return f"{self.column}{self.sign}{self.operand}"

    @property
    def parts(self) -> list[str]:
        """The parts of the operand, a list; an empty one is a missing value."""
        return [part.strip() for part in self.operand.split(",")]


def parse_condition(text: str) -> RowCondition:
    """Read `COLUMN=VALUE` and the like.

    `=` takes globs and a list, as in `site=ams*,fra1`; `~` a regular expression that is found somewhere in the value.

    Raises:
        ConfigError: Not of that form, an invalid regular expression, or an order with something other than a number.
    """
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"--where: invalid condition {text!r}; write COLUMN=VALUE, or != ~ !~ < <= > >= instead of =")
    column, sign, operand = (part.strip() for part in match.groups())
    if "~" in sign:
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of a later meaning
                re.compile(operand)
        except (re.error, ValueError, OverflowError, RecursionError) as error:
            raise ConfigError(f"--where {text}: invalid regular expression: {error}") from error
    if sign in _ORDERS and _number(operand) is None:
        raise ConfigError(f"--where {text}: {operand!r} is not a number; only numbers can be compared")
    return RowCondition(column, sign, operand)


def narrow(document: Document, conditions: Sequence[RowCondition]) -> Document:
    """Keep only the rows of the first section that meet all conditions, and name these.

    A name may be typed without its domain, if that is unambiguous. An empty operand, or an empty part of a list, stands
    for a missing value. Of several values in a cell, one must meet the condition, and for `!=` and `!~` none may match.
    The total is dropped, because it is not that of the rows shown. Counts and gaps stay those of the whole fleet, and a
    note counts the rows shown.

    Raises:
        ConfigError: The view lacks a column, or a column can't have the value; the message names those that exist.
            Or a short name is ambiguous.
    """
    if not conditions:
        return document
    section, *others = document.sections
    tests = [(place_of(section, condition.column, "--where"), condition) for condition in conditions]
    for place, condition in tests:
        _check(section.columns[place], condition)
    tests = [(place, _in_full(section, place, condition)) for place, condition in tests]
    kept = {
        number: row
        for number, row in enumerate(section.rows)
        if all(_meets(row[place], condition) for place, condition in tests)
    }
    rows = tuple(kept.values())
    where = tuple(condition.text for condition in conditions)
    match = f"{quantity(len(section.rows), 'row')} {'matches' if len(rows) == 1 else 'match'}"
    note = f"{len(rows)} of {match} {' and '.join(where)}; totals are for the whole fleet"
    return msgspec.structs.replace(
        document,
        where=where,
        sections=(
            msgspec.structs.replace(
                section, rows=rows, total=None, none="", groups=tuple(_narrowed(section.groups, kept))
            ),
            *others,
        ),
        notes=(note, *document.notes),
    )


def _narrowed(groups: Iterable[RowGroup], kept: Iterable[int]) -> Iterator[RowGroup]:
    """Yield the groups that still have rows; rows that were requested are open, regardless of their verdict."""
    places = {number: place for place, number in enumerate(kept)}
    for group in groups:
        rows = tuple(places[row] for row in group.rows if row in places)
        if rows:
            yield msgspec.structs.replace(group, rows=rows, is_open=True)


def _in_full(section: Section, place: int, condition: RowCondition) -> RowCondition:
    """Return a condition with full names in place of short ones, which can be typed as tables show them."""
    if section.columns[place].key not in SHORTENED or condition.sign not in {"=", "!="}:
        return condition
    names = dict.fromkeys(str(row[place]) for row in section.rows if row[place] is not None)
    if condition.operand in names:
        return condition
    parts: list[str] = []
    for part in condition.parts:
        meant = in_full(part, names)
        if len(meant) > 1:
            raise ConfigError(f"--where {condition.text}: {ambiguous(part, meant)}, or {part}.*")
        parts += meant or (part,)
    return msgspec.structs.replace(condition, operand=",".join(parts))


def _check(column: Column, condition: RowCondition) -> None:
    """Refuse a value that the column can never have: its empty result would look like good news."""
    text = f"--where {condition.text}"
    if condition.sign in _ORDERS and not _is_number(column):
        hint = f"it can be {', '.join(_words(column))}" if column.words else "only numbers can be compared"
        raise ConfigError(f"{text}: {column.key} is not a number; {hint}")
    wrong = _impossible(column, condition)
    if wrong is None:
        return
    if not column.words:
        raise ConfigError(f"{text}: {column.key} is a number; write one, e.g. {column.key}>8")
    likely = {word.replace("_", "-"): word for word in _words(column)}
    near = nearest(wrong, likely)
    hint = f"did you mean {likely[near]!r}? " if near else ""
    raise ConfigError(f"{text}: no value of {column.key} matches; {hint}it can be {', '.join(_words(column))}")


def _words(column: Column) -> tuple[str, ...]:
    """Return the words that the column can have, as they may be typed."""
    return (*column.words, *(_SHOWN[word] for word in column.words if column.holds is bool))


def _impossible(column: Column, condition: RowCondition) -> str | None:
    """Return the part of an operand that no value of the column can match; None if there is none."""
    if "~" in condition.sign:
        is_possible = not column.words or any(re.search(condition.operand, word) for word in ("", *_words(column)))
        return None if is_possible else condition.operand
    parts = filter(None, condition.parts)
    if column.words:
        return next((part for part in parts if not any(_matches(word, part) for word in _words(column))), None)
    return next((part for part in parts if _is_number(column) and _number(part) is None), None)


def _is_number(column: Column) -> bool:
    """Return True for a column of numbers, or of several numbers each."""
    return column.is_number or column.holds == tuple[int, ...]


def _meets(value: Value, condition: RowCondition) -> bool:
    values: Sequence[Any] = (value or (None,)) if isinstance(value, tuple) else (value,)
    if condition.sign.startswith("!"):
        positive = msgspec.structs.replace(condition, sign=condition.sign.removeprefix("!"))
        return not any(_holds(member, positive) for member in values)
    return any(_holds(member, condition) for member in values)


def _holds(value: Value, condition: RowCondition) -> bool:
    sign, operand = condition.sign, condition.operand
    if sign in _ORDERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and _ORDERS[sign](value, _number(operand))
    texts = _texts(value)
    if sign == "~":
        return any(re.search(operand, text) is not None for text in texts)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value in map(_number, condition.parts)
    return any(text == operand or _matches(text, part) for text in texts for part in condition.parts)


def _matches(text: str, glob: str) -> bool:
    """Return True if a text matches a glob; a missing value is matched by an empty one only."""
    return text == glob or (text != "" and fnmatchcase(text, glob))


def _texts(value: Value) -> tuple[str, ...]:
    """Return the texts of a value: two for a truth value, and an empty one for a missing value."""
    match value:
        case None:
            return ("",)
        case bool():
            word = "true" if value else "false"
            return word, _SHOWN[word]
        case _:
            return (str(value),)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
