"""Documents, the content of every report: computed once, so that two formats can't disagree."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import partial, reduce
from operator import itemgetter, or_
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec

from virtscan.model import State
from virtscan.model.facts.hypervisors import Moment
from virtscan.views.rows.grouping import RowGroup
from virtscan.views.rows.lazy import LazyRows, Row, Value

T = TypeVar("T")


class Audience(Enum):
    """The formats that have a column: tables are narrower than data, and combine values that data keeps apart.

    SHEETS is a workbook alone: its columns are also those that other tools look for by name. A column that is never
    shown can still be filtered by.
    """

    EVERYBODY = "everybody"
    DATA = "data"
    DOCUMENTS = "documents"
    PEOPLE = "people"
    SHEETS = "sheets"
    FILTERS = "filters"
    TABLES = "tables"


class Column(msgspec.Struct, frozen=True):
    """A column: `key` is its name in data, `heading` that for people, with the unit.

    `under` names the column below which this one moves if a table would not fit otherwise; in such a table, columns
    with `wraps` are wrapped to the remaining width. `words` are all values that it can have besides none, empty for an
    open set. `holds` is the type of its values besides none, as JSON has them. `sheet` is
    the header in a workbook where that differs: the one of RVTools, where the meaning is the same.
    """

    key: str
    title: str = ""
    audience: Audience = Audience.EVERYBODY
    under: str | None = None
    wraps: bool = False
    words: tuple[str, ...] = ()
    holds: Any = str  # a type, or an expression of types
    sheet: str = ""

    @property
    def is_data(self) -> bool:
        """Return True for a column of CSV."""
        return self.audience in {Audience.EVERYBODY, Audience.DATA, Audience.TABLES}

    @property
    def is_in_documents(self) -> bool:
        """Return True for a key of JSON, which holds records as well."""
        return self.audience in {Audience.EVERYBODY, Audience.DATA, Audience.DOCUMENTS}

    @property
    def is_for_people(self) -> bool:
        """Return True for a column of a table."""
        return self.audience in {Audience.EVERYBODY, Audience.PEOPLE, Audience.TABLES}

    @property
    def is_number(self) -> bool:
        """Return True for a column of numbers, which is aligned to the right."""
        return self.holds is float

    @property
    def heading(self) -> str:
        """The title, or the key in words."""
        return self.title or self.key.replace("_", " ")

    @property
    def is_in_sheets(self) -> bool:
        """Return True for a column of a workbook: those of CSV, and those with a header of their own."""
        return self.is_data or bool(self.sheet)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A list of rows under a name; each row has a value for every column, in their order.

    `total` is one more row, its first value the word `total`. `title` is the heading for people, `sheet` the name in a
    workbook where that differs. `groups` hold every row once, the first to act on first, or describe the rows; without
    any the rows are one list. `none` is a sentence for people in place of a table without rows.
    """

    key: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    total: Row | None = None
    title: str = ""
    sheet: str = ""
    groups: tuple[RowGroup, ...] = ()
    none: str = ""

    @property
    def heading(self) -> str:
        """The title, or the key in words."""
        return self.title or self.key.replace("_", " ").capitalize()

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """The rows and, as the last one, the total."""
        return tuple(self.rows) if self.total is None else (*self.rows, self.total)

    @property
    def without_records(self) -> "Section":
        """The section without the columns that only documents have."""
        places = [place for place, column in enumerate(self.columns) if column.audience is not Audience.DOCUMENTS]
        return self if len(places) == len(self.columns) else self.with_columns(places)

    def pick(self, *keys: str) -> "Section":
        """Return the section with only these columns, in this order."""
        return self.with_columns([[column.key for column in self.columns].index(key) for key in keys])

    def of_group(self, group: RowGroup) -> "Section":
        """Return the rows of a group, with the columns in which they differ."""
        section = self.pick(*group.columns)
        return msgspec.structs.replace(section, rows=tuple(section.rows[place] for place in group.rows))

    def with_columns(self, places: Sequence[int]) -> "Section":
        """Return the section with the columns at these places; the others' values are never made."""
        if isinstance(self.rows, LazyRows):
            rows = self.rows.of_columns(places)
        else:
            rows = LazyRows(self.rows, [itemgetter(place) for place in places])
        return msgspec.structs.replace(
            self,
            columns=tuple(self.columns[place] for place in places),
            rows=rows,
            total=self.total and tuple(self.total[place] for place in places),
        )


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A number about the whole: the JSON's `summary`, the lines under a table and metrics are made of these.

    `unit` is empty for a count. Metrics of one name differ in the values of their labels.
    """

    name: str
    value: int | float
    help: str
    unit: str = ""
    labels: Mapping[str, str] = {}


_NONE = Section(key="gaps", columns=(), rows=())


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """All content of a report, the same for every format.

    `taken_at` is the time of the scan, None for a capture; `where` are the conditions that its rows meet, `assumed` is
    supposed and not observed. `exit_code` is that of the command, None where it is not decided. `head` holds further
    keys of documents. Of the sections, which are of equal rank, the first is the one for formats with room for one.
    `headline` is the result in one sentence, without its full stop; `notes` are further lines for people. `gaps`
    (subject, reason) belongs to every format, or to standard error if the format has no place for them; so do
    `warnings`, which documents have among the gaps.
    """

    schema: str
    version: str
    sections: tuple[Section, ...]
    taken_at: datetime | None = None
    where: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    exit_code: int | None = None
    head: Mapping[str, object] = {}
    metrics: tuple[Metric, ...] = ()
    headline: str = ""
    notes: tuple[str, ...] = ()
    gaps: Section = _NONE
    warnings: Section = _NONE

    @property
    def name(self) -> str:
        """The schema without its version, as `virtscan.report`."""
        return self.schema.partition("/")[0]

    @property
    def main(self) -> Section:
        """The section that a format with room for one writes."""
        return self.sections[0]

    def heading(self, section: Section) -> str:
        """Return the heading of a section; the rows of a single view have the document's name."""
        return self.name.rpartition(".")[2].capitalize() if section.key == "rows" else section.heading


def counts(metrics: Iterable[Metric], name: str) -> Mapping[str, int | float]:
    """Return the values of the metrics of a name by the value of their label, of one without a label by ""."""
    return {"".join(metric.labels.values()): metric.value for metric in metrics if metric.name == name}


def metrics_by(
    name: str, members: type[Enum], label: str, values: Iterable[Enum] | Mapping[Enum, int], text: str
) -> Iterator[Metric]:
    """Count the members of a closed set; the label has every word, in the order of the set."""
    counted = Counter(values)
    for member in members:
        yield Metric(name=name, value=counted[member], help=text, labels={label: str(member.value)})


def nested(metrics: Iterable[Metric]) -> Mapping[str, object]:
    """Nest metrics with labels below their name."""
    summary: dict[str, Any] = {}  # Any: numbers, or mappings of them
    for metric in metrics:
        *parents, last = (metric.name, *metric.labels.values())
        place = summary
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = metric.value
    return summary


class Field(msgspec.Struct, Generic[T], frozen=True):
    """A column with the function that gives its value for one item."""

    column: Column
    value: Callable[[T], Value]

    def with_column(self, **changes: Any) -> "Field[T]":  # Any: fields of `Column`
        """Return the field with a column that differs in these fields."""
        return msgspec.structs.replace(self, column=msgspec.structs.replace(self.column, **changes))


def section(key: str, fields: Iterable[Field[T]], items: Iterable[T], total: T | None = None) -> Section:
    """Make a row from each item whenever it is read, and one from the total."""
    fields = tuple(fields)
    values = [field.value for field in fields]
    return Section(
        key=key,
        columns=tuple(field.column for field in fields),
        rows=LazyRows(tuple(items), values),
        total=None if total is None else tuple(value(total) for value in values),
    )


number = partial(Column, holds=float)
"""Makes a column of numbers."""

yes_or_no = partial(Column, words=("true", "false"), holds=bool)
"""Makes a column of truth values."""

moment = partial(Column, holds=Moment)
"""Makes a column of times; its values are texts, see `timestamp`."""

texts = partial(Column, holds=tuple[str, ...])
"""Makes a column of several texts."""


def one_of(
    members: type[Enum], key: str, title: str = "", audience: Audience = Audience.EVERYBODY, under: str | None = None
) -> Column:
    """Make a column of a closed set."""
    words = tuple(str(member.value) for member in members)
    return Column(key, title, audience=audience, under=under, words=words)


def records_of(*kinds: type[msgspec.Struct], key: str) -> Column:
    """Make a column of records of these kinds, which only documents have."""
    return Column(key, audience=Audience.DOCUMENTS, holds=GenericAlias(tuple, (reduce(or_, kinds), ...)))


def records(items: Iterable[msgspec.Struct]) -> tuple[Mapping[str, object], ...]:
    """Return values as records for documents, with null for unknown ones."""
    return tuple(map(record, items))


def record(item: msgspec.Struct) -> Mapping[str, object]:
    """Return a value as a record for documents."""
    mapping: Mapping[str, object] = msgspec.to_builtins(item)
    return mapping


def known(state: State) -> bool | None:
    """Return an observed state as a truth value; None for an unknown one."""
    return None if state is State.UNKNOWN else state is State.ON


def timestamp(moment: datetime | None) -> str | None:
    """Write a time as ISO 8601 to the second; only a time of unknown zone has none."""
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def word(member: Enum | None) -> str | None:
    """Return the word of a closed set's member."""
    return None if member is None else str(member.value)
