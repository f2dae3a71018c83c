"""Markdown, as tickets and wikis have it: counts, changes to make, the rows as a table, gaps."""

import re
from collections.abc import Iterable, Iterator, Sequence

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import CELL, LINE, cell, gap_lines, printable, scan_line
from virtscan.views.document import Column, Document, Section
from virtscan.views.rows.grouping import Advice, RowGroup, joined
from virtscan.views.rows.lazy import Value

# A word that no Markdown reads as anything else. All others become code: emphasis, lists, links and HTML, but also
# syntax of sites, such as @mentions, #references, addresses made links, and :ab: made a picture, as in a MAC.
_PLAIN = re.compile(
    r"(?!www\.|\d+[.)]+$)[(\"']?(?:[+-](?=\d))?(?:\d\d:\d\d|[^\W_]+(?:[./'=-][^\W_]+)*)[)\"']*[.,;:!?)]*", re.IGNORECASE
)
# Code that the text itself marks with backticks, between blanks or parentheses, with the punctuation behind it.
_MARKED = re.compile(r"(?<![^\s(])(`[^`]+`[.,;:)]*)(?!\S)")
_BACKTICKS = re.compile("`+")
_ENDS = (":", ",", ";", ".")


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    """Yield the result, its causes, the notes, the rows of the first section, every gap, and the time of the scan.

    Long names lose their middle, as in a table.
    """
    blocks = [
        [f"## {_shown(document.name.replace('.', ' '), CELL)}"],
        *([[f"{_shown(document.headline, LINE)}."]] if document.headline else []),
        [line for group in document.main.groups if group.is_open for line in _cause(group)],
        [f"- {_shown(note, LINE)}" for note in document.notes],
        list(_rows(document)),
        *_list("Not read", gap_lines(document.gaps)),
        *_list("Warnings", gap_lines(document.warnings)),
        [_shown(scan_line(document.version, document.taken_at), LINE)],
    ]
    yield ("\n\n".join("\n".join(block) for block in blocks if block) + "\n").encode()


def _list(title: str, lines: list[str]) -> Iterator[list[str]]:
    if lines:
        yield [f"### {title}: {len(lines)}"]
        yield [f"- {_shown(line, LINE)}" for line in lines]


def _rows(document: Document) -> Iterator[str]:
    """Write the rows, or why there are none, unless the headline has that."""
    if document.main.rows:
        yield from _table(document.main)
    elif document.main.none and not document.headline:
        yield _shown(document.main.none, LINE)


def _table(section: Section) -> Iterator[str]:
    indexes = [index for index, column in enumerate(section.columns) if column.is_for_people]
    columns = [section.columns[index] for index in indexes]
    yield _row(_cell(column.heading, column) for column in columns)
    yield _row("--:" if column.is_number else "---" for column in columns)
    yield from (_row(_cell(row[index], section.columns[index]) for index in indexes) for row in section.all_rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Value, column: Column) -> str:
    text = cell(value, column)
    # A bar ends the cell even within code; of `\|` only the bar is shown there.
    return text if text == "-" else _words(text).replace("|", "\\|")


def _cause(group: RowGroup) -> Iterator[str]:
    """Write the title and the advice of a group as an item of a list; commands are code, and scripts blocks of it."""
    title = f"- {_shown(group.title, LINE)}"
    if not group.has_script:
        yield f"{title} {joined(map(_advice, group.parts))}".rstrip()
        return
    yield title
    for part in group.parts:
        yield from (f"  {line}" for line in (_advice(part), *_block(part.script)))


def _block(script: Sequence[str]) -> list[str]:
    if not script:
        return []
    longest_run = max(len(run) for line in script for run in ("", *_BACKTICKS.findall(line)))
    fence = "`" * max(3, longest_run + 1)
    return [fence, *(printable(line, LINE) for line in script), fence]


def _advice(part: Advice) -> str:
    words = _shown(part.action, LINE)
    if part.script:
        return f"{words}:"
    commands = ", ".join(_code(printable(command, LINE)) for command in part.commands)
    return f"{words}: {commands}" if commands else words


def _shown(text: str, limit: int) -> str:
    """Write text; code that it marks with backticks stays code."""
    parts = _MARKED.split(printable(text, limit))
    return "".join(part if index % 2 else _words(part) for index, part in enumerate(parts))


def _words(text: str) -> str:
    """Write text with all words that Markdown might change as code; each run of them in a clause is one piece."""
    pieces: list[tuple[bool, str]] = []
    for word in text.split(" "):
        is_plain = _PLAIN.fullmatch(word) is not None
        goes_on = pieces and pieces[-1][0] == is_plain and not (word and pieces[-1][1].endswith(_ENDS))
        before = f"{pieces.pop()[1]} " if goes_on else ""
        pieces.append((is_plain, before + word))
    return " ".join(word if is_plain else _code(word) for is_plain, word in pieces)


def _code(text: str) -> str:
    """Write a code span; a colon, comma, full stop or parenthesis that closes nothing in it follows the span."""
    if not text:
        return ""
    inner = text if text.startswith(":") else text.rstrip("".join(_ENDS)) or text
    if inner.count(")") > inner.count("("):
        inner = inner.removesuffix(")") or inner
    fence = "`" * (max(map(len, _BACKTICKS.findall(inner)), default=0) + 1)
    room = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{room}{inner}{room}{fence}{text[len(inner) :]}"
