"""Order of rows and choice of columns: `--sort` and `--columns`."""

from collections.abc import Callable, Sequence

import msgspec

from virtscan.errors import ConfigError
from virtscan.model.natural import natural
from virtscan.views.document import Audience, Column, Document, Section
from virtscan.views.rows.columns import place_of
from virtscan.views.rows.lazy import Row

_SortKey = tuple[bool, float, str]


def arrange(document: Document, columns: Sequence[str], order: Sequence[str]) -> Document:
    """Return a document whose first section has its rows in an order, and shows some columns.

    Documents for programs keep all columns, those chosen first.

    Args:
        document: The document to arrange.
        columns: Columns to show, in this order; none: those it has.
        order: Columns to sort by, the first one first; a `-` before it reverses that one; none: the order it has.

    Raises:
        ConfigError: The view lacks a column, or one is named twice.
    """
    if not columns and not order:
        return document
    section, *others = document.sections
    section = _with_columns(_sorted(section, order), columns)
    return msgspec.structs.replace(document, sections=(section, *others))


def _sorted(section: Section, order: Sequence[str]) -> Section:
    _refuse_repeated([name.removeprefix("-") for name in order], f"--sort {','.join(order)}")
    rows = tuple(section.rows)
    places = list(range(len(rows)))
    for name in reversed(order):
        is_reversed = name.startswith("-")
        place = place_of(section, name.removeprefix("-"), "--sort")
        value = _value_of(section.columns[place], place)
        is_missing = [row[place] in (None, ()) for row in rows]
        places.sort(key=lambda row: value(rows[row]), reverse=is_reversed)
        places.sort(key=lambda row: is_missing[row])
    now = {row: place for place, row in enumerate(places)}
    groups = tuple(
        msgspec.structs.replace(group, rows=tuple(sorted(now[row] for row in group.rows))) for group in section.groups
    )
    return msgspec.structs.replace(section, rows=tuple(rows[row] for row in places), groups=groups)


def _value_of(column: Column, place: int) -> Callable[[Row], _SortKey]:
    """Return the sort key of a column: numbers by size, words of a closed set in its order, else names."""
    words = {word: place for place, word in enumerate(column.words)}

    def value(row: Row) -> _SortKey:
        cell = row[place]
        if isinstance(cell, int | float):
            return False, float(cell), ""
        text = "; ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell)
        return True, words.get(text, len(words)), natural(text)

    return value


def _with_columns(section: Section, names: Sequence[str]) -> Section:
    if not names:
        return section
    chosen = [place_of(section, name, "--columns") for name in names]
    _refuse_repeated(chosen, f"--columns {','.join(names)}")
    places = [*chosen, *(place for place in range(len(section.columns)) if place not in chosen)]
    section = section.with_columns(places)
    columns = [_column(column, is_shown=place < len(chosen)) for place, column in enumerate(section.columns)]
    return msgspec.structs.replace(section, columns=tuple(columns))


def _refuse_repeated(columns: Sequence[object], option: str) -> None:
    if len(set(columns)) < len(columns):
        raise ConfigError(f"{option}: a column is named twice; name each once")


def _column(column: Column, *, is_shown: bool) -> Column:
    """Return a column for tables, or hidden from them; a column of documents remains one."""
    if column.is_in_documents:
        audience = Audience.EVERYBODY if is_shown else Audience.DOCUMENTS
    else:
        audience = Audience.TABLES if is_shown else Audience.FILTERS
    return msgspec.structs.replace(column, audience=audience, under=None)
