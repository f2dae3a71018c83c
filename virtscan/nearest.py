"""Suggestions of the nearest known name for an unknown one."""

from collections.abc import Iterable

_LONGEST = 200  # comparing takes the square of the length


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the most similar known word; case, hyphens and underscores don't count. None if none is similar."""
    import difflib

    plain = {_plain(known_word): known_word for known_word in known}
    matches = difflib.get_close_matches(_plain(word)[:_LONGEST], plain, n=1)
    return plain[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return `did you mean 'WORD'?`, or the other text if no known word is similar."""
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean {near!r}?"


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")
