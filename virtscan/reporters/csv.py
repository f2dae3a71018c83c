"""Comma-separated values: the rows of a view with every column, for spreadsheets and scripts."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import plain, printable
from virtscan.views.document import Document, Section, timestamp
from virtscan.views.rows.lazy import Value

# A spreadsheet runs text that starts with one of these, also after blanks. The semicolon separates cells in countries
# with a decimal comma. The last four characters are the full-width forms of the first four, which some East Asian input
# methods write.
_FORMULA = re.compile("((?:^|;) *)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


_TOGETHER = 1000
"""Rows that are written together."""


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:
    r"""Yield the rows under the keys of their columns, with the time of the scan and, if there are any, assumptions.

    With `options.total` the total is the last row, its first value `total`; else the rows alone, which can be added up.
    Null is empty, yes and no are `true` and `false`, several values are separated by `; `. A record is one line:
    characters that are not printable are escaped as `\x1b`. Text that a spreadsheet would take for a formula has an
    apostrophe before it; numbers, being no text, are left alone. JSON has every value unchanged.
    """
    main = document.main
    indexes = [index for index, column in enumerate(main.columns) if column.is_data]
    same = same_in_all_rows(document, main)
    ends = [_cell(value) for value in same.values()]
    total = [main.total] if options.total and main.total is not None else []
    rows = ([*(_cell(row[index]) for index in indexes), *ends] for row in chain(main.rows, total))
    together: list[list[str]] = [[*(main.columns[index].key for index in indexes), *same]]
    while together:
        yield _lines(together)
        together = list(islice(rows, _TOGETHER))


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def same_in_all_rows(document: Document, section: Section) -> Mapping[str, Value]:
    """Return the values about the whole document, by which the rows of several files can be distinguished."""
    own = {column.key for column in section.columns}
    same: dict[str, Value] = {}
    if document.taken_at is not None and "taken_at" not in own:
        same["taken_at"] = timestamp(document.taken_at)
    if document.assumed:
        same["assumed"] = document.assumed
    return same


def _cell(value: Value) -> str:
    text = printable(plain(value))
    return _FORMULA.sub(r"\1'", text) if isinstance(value, str | tuple) else text
