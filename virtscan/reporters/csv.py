"""Comma-separated values: the rows of a view with every column, for spreadsheets and scripts."""

import csv
import io
import re

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import plain, printable
from virtscan.views.document import Document, Value

# A spreadsheet runs text that starts so, also after blanks, and after a semicolon, which separates where the comma is
# the decimal point.
# Some East Asian input methods write the second four for the first.
_FORMULA = re.compile("((?:^|;) *)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def render(document: Document, options: RenderOptions = PLAIN) -> bytes:  # noqa: ARG001 (all formats alike)
    r"""Write the rows under the keys of their columns; a total is the last row, its first value `total`.

    Null is empty, yes and no are `true` and `false`, several values are separated by `; `. A record is one line:
    characters that are not printable are escaped as `\x1b`. Text that a spreadsheet would take for a formula has an
    apostrophe before it; numbers, being no text, are left alone. JSON has every value unchanged.
    """
    main = document.main
    places = [place for place, column in enumerate(main.columns) if column.is_data]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(main.columns[place].key for place in places)
    writer.writerows([_cell(row[place]) for place in places] for row in main.all_rows)
    return out.getvalue().encode()


def _cell(value: Value) -> str:
    text = printable(plain(value))
    return _FORMULA.sub(r"\1'", text) if isinstance(value, str | tuple) else text
