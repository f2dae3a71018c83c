"""Widths on a terminal: not every character takes one column."""

from collections.abc import Iterable

from wcwidth import iter_graphemes, wcswidth
from wcwidth import wrap as wrap_columns

from virtscan.reporters.text import ELLIPSIS

_GLUE = "\u00a0"


def width(text: str) -> int:
    """Return the number of columns that a printable text takes."""
    return len(text) if text.isascii() else max(wcswidth(text), 0)


def shorten(text: str, limit: int) -> str:
    """Cut the middle out of a text that takes more columns than a limit: the ends of names differ most.

    >>> shorten("ams1-kvm01.prod.example.com", 17)
    'ams1-kvm…mple.com'
    """
    if width(text) <= limit:
        return text
    clusters = list(iter_graphemes(text))
    head = _within(clusters, limit // 2)
    tail = _within(reversed(clusters), limit - 1 - sum(map(width, head)))
    return "".join(head) + ELLIPSIS + "".join(reversed(tail))


def _within(clusters: Iterable[str], limit: int) -> list[str]:
    """Take clusters, characters with the marks that combine with them, as long as they fit."""
    taken: list[str] = []
    for cluster in clusters:
        limit -= width(cluster)
        if limit < 0:
            break
        taken.append(cluster)
    return taken


def wrap(text: str, limit: int, *, indent: str = "", whole_words: bool = False) -> list[str]:
    """Break a text into lines of at most a number of columns, at blanks where that is possible.

    Args:
        text: One line.
        limit: The columns of a line.
        indent: Put before every line but the first.
        whole_words: Let a word that is too long run over.
    """
    if width(text) <= limit:
        return [text]
    lines = wrap_columns(
        text, limit, subsequent_indent=indent, break_long_words=not whole_words, break_on_hyphens=False
    )
    return lines or [text]


def glued(command: str) -> str:
    """Give a command that `wrap` does not break; `unglued` brings its blanks back."""
    return command.replace(" ", _GLUE)


def unglued(line: str) -> str:
    """Bring back the blanks of commands."""
    return line.replace(_GLUE, " ")
