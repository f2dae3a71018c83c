"""What a view says, ready for any format: computed once, so that two formats can't disagree."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

import msgspec

from virtscan.model import Gap

Value: TypeAlias = (
    str | int | float | bool | tuple[str, ...] | tuple[int, ...] | tuple[Mapping[str, object], ...] | None
)
"""Records (mappings) stand in columns of documents only."""

Row: TypeAlias = tuple[Value, ...]

T = TypeVar("T")


class Align(Enum):
    """Side of a column that its values stand on."""

    LEFT = "left"
    RIGHT = "right"


class Audience(Enum):
    """Who gets a column: tables are narrower than data, and say in one phrase what data keeps apart.

    A column that is never shown can still be filtered by.
    """

    EVERYBODY = "everybody"
    DATA = "data"
    DOCUMENTS = "documents"
    PEOPLE = "people"
    FILTERS = "filters"


class Column(msgspec.Struct, frozen=True):
    """A column: `key` is its name in data, `heading` that for people, with the unit.

    `under` names the column below whose values this one's are put when a table would not fit otherwise; of
    such tables the columns with `wraps` are wrapped to what room is left. `words` are all values that it can have
    besides none, empty for an open set.
    """

    key: str
    title: str = ""
    align: Align = Align.LEFT
    audience: Audience = Audience.EVERYBODY
    under: str | None = None
    wraps: bool = False
    words: tuple[str, ...] = ()

    @property
    def is_data(self) -> bool:
        """Is it a key of JSON, a column of CSV?"""
        return self.audience in {Audience.EVERYBODY, Audience.DATA}

    @property
    def is_in_documents(self) -> bool:
        """Return True for a key of JSON, which holds records as well."""
        return self.is_data or self.audience is Audience.DOCUMENTS

    @property
    def is_for_people(self) -> bool:
        """Is it a column of a table?"""
        return self.audience in {Audience.EVERYBODY, Audience.PEOPLE}

    @property
    def heading(self) -> str:
        """The title, or the key in words."""
        return self.title or self.key.replace("_", " ")


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A list of rows under a name; each row has a value for every column, in their order."""

    key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def pick(self, *keys: str) -> "Section":
        """The same rows with only these columns, in this order."""
        places = [[column.key for column in self.columns].index(key) for key in keys]
        return Section(
            key=self.key,
            columns=tuple(self.columns[place] for place in places),
            rows=tuple(tuple(row[place] for place in places) for row in self.rows),
        )


class Presentation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a view says.

    `main` is what a format without room for more says; `gaps` (subject, reason) belongs to it in every format, or
    beside it where the format has no place; so do `warnings`, which documents have among the gaps. `head` and `others`
    go into documents only, `notes` are lines for people. `total` is a row like those of `main`, its first value the
    word `total`.
    """

    schema: str
    main: Section
    gaps: Section
    warnings: Section = Section(key="gaps", columns=(), rows=())
    head: Mapping[str, object] = {}
    others: tuple[Section, ...] = ()
    total: Row | None = None
    notes: tuple[str, ...] = ()


class Field(msgspec.Struct, Generic[T], frozen=True):
    """A column together with how its value is got from one item."""

    column: Column
    value: Callable[[T], Value]


def section(key: str, fields: Iterable[Field[T]], items: Iterable[T]) -> Section:
    """A row for each item."""
    fields = tuple(fields)
    values = [field.value for field in fields]
    return Section(
        key=key,
        columns=tuple(field.column for field in fields),
        rows=tuple(tuple(value(item) for value in values) for item in items),
    )


def number(key: str, title: str = "", audience: Audience = Audience.EVERYBODY, under: str | None = None) -> Column:
    """A column of numbers."""
    return Column(key, title, align=Align.RIGHT, audience=audience, under=under)


def yes_or_no(key: str, title: str = "", audience: Audience = Audience.EVERYBODY, under: str | None = None) -> Column:
    """A column of truth values."""
    return Column(key, title, audience=audience, under=under, words=("true", "false"))


def one_of(
    members: type[Enum], key: str, title: str = "", audience: Audience = Audience.EVERYBODY, under: str | None = None
) -> Column:
    """A column of a closed set."""
    words = tuple(str(member.value) for member in members)
    return Column(key, title, audience=audience, under=under, words=words)


def gap_section(gaps: Iterable[Gap]) -> Section:
    """What could not be looked at, in the order it was met."""
    return section("gaps", _GAP_FIELDS, gaps)


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 to the second; the zone is left out only where the source did not say it."""
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def word(member: Enum | None) -> str | None:
    """The word of a closed set's member."""
    return None if member is None else str(member.value)


_GAP_FIELDS: tuple[Field[Gap], ...] = (
    Field(Column("subject"), lambda gap: gap.subject),
    Field(Column("reason", wraps=True), lambda gap: gap.reason),
)
