"""Widths of text on a terminal: a character may take no column, one or two."""

import re
from collections.abc import Iterable

from virtscan.reporters.text import ELLIPSIS

_GLUE = "\u00a0"
_JOINER = "\u200d"
_WORD = re.compile(r" *[^ ]+")
"""A word with the blanks before it."""


def width(text: str) -> int:
    """Return the number of columns that a printable text takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # slow to load; most names are ASCII

    return max(wcswidth(text), 0)


def shorten(text: str, limit: int) -> str:
    """Cut the middle out of a text that takes more columns than a limit: the ends of names differ most.

    >>> shorten("ams1-kvm01.prod.example.com", 17)
    'ams1-kvm…mple.com'
    """
    if width(text) <= limit:
        return text
    clusters = _clusters(text)
    head = _within(clusters, limit // 2)
    tail = _within(reversed(clusters), limit - 1 - sum(map(width, head)))
    return "".join(head) + ELLIPSIS + "".join(reversed(tail))


def _clusters(text: str) -> list[str]:
    """Split a text into characters, each with its combining marks and joined characters."""
    from wcwidth import wcwidth

    clusters: list[str] = []
    for character in text:
        if clusters and (wcwidth(character) == 0 or clusters[-1].endswith(_JOINER)):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _within(clusters: Iterable[str], limit: int) -> list[str]:
    """Take clusters as long as they fit."""
    taken: list[str] = []
    for cluster in clusters:
        limit -= width(cluster)
        if limit < 0:
            break
        taken.append(cluster)
    return taken


def wrap(text: str, limit: int, *, indent: str = "", whole_words: bool = False) -> list[str]:
    """Break a text into lines of at most `limit` columns, at blanks if possible.

    Args:
        text: One line.
        limit: The columns of a line.
        indent: Put before every line but the first.
        whole_words: Let a word that is too long run over.
    """
    if width(text) <= limit:
        return [text]
    lines, line = [], ""
    for word in _WORD.findall(text):
        if width(line + word) <= limit:
            line += word
        elif line.strip() and (whole_words or width(indent + word.lstrip(" ")) <= limit):
            lines.append(line)
            line = indent + word.lstrip(" ")
        else:
            line += word
            while not whole_words and width(line) > limit:
                head = "".join(_within(_clusters(line), limit))
                if width(head) <= width(indent):  # no column is left for words: they run over
                    break
                lines.append(head.rstrip(" "))
                line = indent + line[len(head) :].lstrip(" ")
    return [*lines, line] if line.strip() or not lines else lines


def glued(command: str) -> str:
    """Return a command in which `wrap` breaks no line; `unglued` restores its blanks."""
    return command.replace(" ", _GLUE)


def unglued(line: str) -> str:
    """Restore the blanks of commands."""
    return line.replace(_GLUE, " ")
