"""`test`, `[` and `[[` -> True, False, or None when the outcome is unknown."""

import operator
from collections.abc import Sequence
from fnmatch import fnmatchcase

from virtscan.offload.persistence.outcomes import all_of, any_of
from virtscan.offload.persistence.shell.language.words import Word

_SIGNS = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}


def holds(words: Sequence[Word], *, device: str, patterns: bool) -> bool | None:
    """Evaluate a condition.

    Args:
        words: The words between the brackets.
        device: The device in question, which exists.
        patterns: True for `[[`, where `=` compares with a pattern.
    """
    if any(word in {"(", ")"} for word in words):
        return None
    return any_of(
        [
            all_of([_one(part, device, patterns=patterns) for part in _split(alternative, {"&&", "-a"})])
            for alternative in _split(words, {"||", "-o"})
        ]
    )


def _split(words: Sequence[Word], separators: set[str]) -> list[list[Word]]:
    parts: list[list[Word]] = [[]]
    for word in words:
        if word in separators and parts[-1]:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _one(words: list[Word], device: str, *, patterns: bool) -> bool | None:
    match words:
        case ["!", *rest] if rest:
            inner = _one(rest, device, patterns=patterns)
            return None if inner is None else not inner
        case ["-n" | "-z" as sign, str(text)]:
            return bool(text) == (sign == "-n")
        case ["-e" | "-f" | "-x" | "-r" | "-s" | "-d" | "-L" | "-h", str(path)]:
            return _exists(path, device)
        case [str(left), str(sign), str(right)] if sign in _SIGNS:
            return _compares(left, sign, right, patterns=patterns)
        case [str(text)] if text != "!":
            return bool(text)
        case _:
            return None


def _compares(left: str, sign: str, right: str, *, patterns: bool) -> bool | None:
    if not sign.startswith("-"):
        equal = fnmatchcase(left, right) if patterns else left == right
        return equal == (sign != "!=")
    known = left.isdecimal() and right.isdecimal()
    return _SIGNS[sign](int(left), int(right)) if known else None


def _exists(path: str, device: str) -> bool | None:
    """Return True for files that are known to exist: ethtool, and the device."""
    parts = path.rstrip("/").split("/")
    if parts[-1] == "ethtool" or path.rstrip("/") == f"/sys/class/net/{device}":
        return True
    return None
