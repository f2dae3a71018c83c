"""`test`, `[` and `[[` -> True, False, or None when the outcome is unknown."""

import operator
from collections.abc import Sequence
from fnmatch import fnmatchcase

from virtscan.offload.persistence.outcomes import all_of, any_of
from virtscan.offload.persistence.shell.effects import Scene
from virtscan.offload.persistence.shell.language.words import SOME_TEXT, Word

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


def holds(words: Sequence[Word], scene: Scene, *, patterns: bool) -> bool | None:
    """Evaluate a condition.

    Args:
        words: The words between the brackets.
        scene: The device in question, which exists, and the scripts that were read.
        patterns: True for `[[`, where `=` compares with a pattern.
    """
    if any(word in {"(", ")"} for word in words):
        return None
    return any_of(
        [
            all_of([_one(part, scene, patterns=patterns) for part in _split(alternative, {"&&", "-a"})])
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


def _one(words: list[Word], scene: Scene, *, patterns: bool) -> bool | None:
    match words:
        case ["!", *rest] if rest:
            inner = _one(rest, scene, patterns=patterns)
            return None if inner is None else not inner
        case ["-n" | "-z" as sign, str(text)]:
            return None if text.startswith(SOME_TEXT) else bool(text) == (sign == "-n")
        case ["-e" | "-f" | "-x" | "-r" | "-s" | "-d" | "-L" | "-h" as sign, str(path)]:
            return _exists(sign, path, scene)
        case [str(left), str(sign), str(right)] if sign in _SIGNS:
            return _compares(left, sign, right, patterns=patterns)
        case [str(text)] if text != "!":
            return None if text.startswith(SOME_TEXT) else bool(text)
        case _:
            return None


def _compares(left: str, sign: str, right: str, *, patterns: bool) -> bool | None:
    if SOME_TEXT in left + right:
        return None
    if not sign.startswith("-"):
        equal = fnmatchcase(left, right) if patterns else left == right
        return equal == (sign != "!=")
    known = left.isdecimal() and right.isdecimal()
    return _SIGNS[sign](int(left), int(right)) if known else None


def _exists(sign: str, path: str, scene: Scene) -> bool | None:
    """Return True for files that are known to exist: ethtool, the device, and scripts that were read."""
    if scene.scripts.get(path) and sign not in {"-d", "-L", "-h"}:
        return sign != "-x" or path not in scene.not_executable
    parts = path.rstrip("/").split("/")
    if path in scene.not_executable and path not in scene.scripts:
        return False
    if parts[-1] == "ethtool" or path.rstrip("/") == f"/sys/class/net/{scene.device}":
        return True
    return None
