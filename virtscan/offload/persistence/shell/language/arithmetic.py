"""Arithmetic that may set any variable."""

import re
from collections.abc import Iterator, Sequence

from virtscan.offload.persistence.shell.language.words import Lookup, expansions

_SETS = re.compile(r"(?<![=<>!])=(?!=)|\+\+|--")
_INSERTED = re.compile(r"[$`]")
_NAME = re.compile(r"(?<![\w#])[A-Za-z_]\w*|(?<=\$)\d")
_PRINTED = re.compile(r"\$\([^()]*\)|`[^`]*`|\$\{#\w+\}")
"""Output of commands, assumed to be a number, and the length of a value."""
_IN_BASH = re.compile(
    r"\$\[(?P<old>.*)|\$\{[#!]?\w+\[(?P<element>.*)|\$\{\w+:(?![-=?+])(?P<part>.*)|\$\{!(?P<pointed>\w+:?=.*)",
    re.DOTALL,
)
"""Arithmetic in bash alone, and `${!NAME=WORD}`, which sets the variable whose name is the value of NAME."""
_ELEMENTS = re.compile(r"[A-Za-z_]\w*\+?(?:\[(.*)\]\+?=.*|=\((.*)\))", re.DOTALL)
_COMPARISONS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})


def may_set_any(word: str, lookup: Lookup) -> bool:
    """Return True if arithmetic in a word may set a variable that its text does not name.

    The values of variables are expressions, too; an unknown value is assumed to be a number.
    """
    return any(_is_open(text, lookup, names=names) for text, names in _arithmetic(word))


def compares_and_sets(words: Sequence[str], lookup: Lookup) -> bool:
    """Return True if words of `[[` compare numbers by expressions that may set a variable."""
    places = [place for place, word in enumerate(words) if word in _COMPARISONS and words[0] == "[["]
    return any(_is_open(word, lookup, names=False) for place in places for word in words[place - 1 : place + 2 : 2])


def _arithmetic(word: str) -> Iterator[tuple[str, bool]]:
    """Yield expressions, and whether an assignment in one is understood elsewhere."""
    for part in expansions(word):
        if part.startswith("$(("):
            yield part[3:-2], True
        elif (found := _IN_BASH.match(part)) is not None:
            yield found[found.lastindex or 0], False
    if (found := _ELEMENTS.match(word)) is not None:
        subscripts = re.findall(r"\[([^]]*)\]\+?=", found[2]) if found[2] else (found[1],)
        yield from ((text or "", False) for text in subscripts)


def _is_open(text: str, lookup: Lookup, *, names: bool) -> bool:
    sets = _SETS.search(text) is not None
    return (sets and (not names or _INSERTED.search(text) is not None)) or not _are_numbers(text, lookup)


def _are_numbers(text: str, lookup: Lookup) -> bool:
    values = (value for name in _NAME.findall(_PRINTED.sub("", text)) for value in lookup(name))
    return all(value is None or re.fullmatch(r"\s*[-+]?(0[xX][\da-fA-F]+|\d*)\s*", value) for value in values)
