"""Names as an attacker would choose them, in every place that a document has for a name."""

import msgspec

from tests.build import TAKEN_AT, gap_in_words
from tests.reporters.reading import text_of
from virtscan.model import GapAbout
from virtscan.views.document import Audience, Column, Document, Metric, Section, number
from virtscan.views.report.gap_section import gap_section
from virtscan.views.rows.grouping import Advice, RowGroup
from virtscan.views.rows.lazy import Row

LONG = "L" + "o" * 9_998 + "g"

NAMES = {
    "escape sequence": "\x1b[31mred\x1b]0;title\x07",
    "single-character escape": "\x9b31m",
    "newline": "two\nlines",
    "carriage return": "one\rover",
    "tab": "\tcell",
    "line separators": "a\u2028b\u2029c\x85d",
    "right to left": "\u202egnp.exe\u2066\u200f",
    "zero width": "ad\u200bmin\u2060\ufeff",
    "lone surrogate": "caf\udce9",
    "nothing printable": "\x00\x01",
    "mark of the table library": "\x01",
    "private characters": "\U000f0000\U0010fffd\ue000",
    "formula": "=cmd|'/C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "wide formula": "\uff1d1+1",
    "formula behind a semicolon": "a;=1+1",
    "formula behind a tab": "\t=1+1",
    "quotes": '","=1+1',
    "markup": "</script><script>alert(1)</script>",
    "comment in a script": "<!-- <script ",
    "shell": "eth0; rm -rf /",
    "markdown": "| a | `b` | [c](javascript:d)",
    "spelt-out escape": "\\x1b[31m",
    "wide": "\u6f22" * 30,
    "combined": "e" + "\u0301" * 300,
    "starts with a mark": "\u0301e",
    "long": LONG,
    "long and hostile": "\x1b" * 10_000,
    "empty": "",
    "spaces": "   ",
}


def document() -> Document:
    """Make a document of a row for each name, in every cell that holds text; and of every name below the rows."""
    columns = (
        Column("text"),
        Column("below", under="text"),
        Column("wordy", wraps=True),
        Column("verdict"),
        Column("several", audience=Audience.DATA),
        Column("record", audience=Audience.DOCUMENTS),
        number("number"),
        Column("people", audience=Audience.PEOPLE),
    )
    rows = tuple(_row(name) for name in NAMES.values())
    gaps = tuple(gap_in_words(subject=name, reason=name, about=GapAbout.HYPERVISOR) for name in NAMES.values())
    return Document(
        schema="test/1",
        version=LONG,
        taken_at=TAKEN_AT,
        where=tuple(NAMES.values()),
        head={"names": tuple(NAMES.values())},
        sections=(
            Section(key="rows", columns=columns, rows=rows, total=_row(NAMES["formula"])),
            Section(key="more", columns=columns, rows=rows),
        ),
        headline="; ".join(NAMES.values()),
        metrics=tuple(Metric(name="names", value=1, help=name, labels={"name": name}) for name in NAMES.values()),
        notes=tuple(NAMES.values()),
        gaps=gap_section(gaps),
        warnings=gap_section(gaps),
    )


def grouped() -> Document:
    """Make a document of which every name is a group, with that name in its title, its advice and its row."""
    whole = document()
    main = whole.main
    groups = tuple(
        RowGroup(
            verdict=name,
            title=name,
            action=name,
            commands=(name, name),
            also=(Advice(action=name, script=(name,)),),
            rows=(place,),
            columns=("text", "verdict"),
        )
        for place, name in enumerate(NAMES.values())
    )
    grouped_rows = msgspec.structs.replace(main, groups=groups, total=None)
    return msgspec.structs.replace(whole, sections=(grouped_rows, *whole.sections[1:]))


def _row(name: str) -> Row:
    return (name, name, name, name, (name, f"{name}2"), {"name": name}, None, name)


def assert_harmless(content: bytes) -> None:
    """Check text: UTF-8 or a workbook, without a character that a terminal would act on, ending with a newline.

    A tab may separate cells, as long as it is not that of a name.
    """
    text = text_of(content)
    assert {char for char in set(text) if not char.isprintable()} <= {"\n", "\t"}
    assert NAMES["tab"] not in text
    assert text.endswith("\n")
