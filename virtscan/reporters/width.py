"""Widths on a terminal: not every character takes one column."""

import unicodedata
from collections.abc import Iterator

_FIRST = 0xF0000
_LAST = 0x10FFFC
_FILLER = "\U0010fffd"


class StandIns:
    """An exchange of clusters that are not one column wide for private characters that are, and back.

    tabulate counts characters (columns only with a further library, and then it goes wrong in coloured cells). Text
    from outside holds no private characters any more, see `printable`.
    """

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}

    def put(self, text: str) -> str:
        """Give text whose length is its width."""
        return text if text.isascii() else "".join(map(self._stand_in, _clusters(text)))

    def take_back(self, text: str) -> str:
        """Give what was put in, in a text made of it."""
        if not self._taken:
            return text
        return text.translate({ord(mark): cluster for cluster, mark in self._taken.items()} | {ord(_FILLER): ""})

    def _stand_in(self, cluster: str) -> str:
        wide = unicodedata.east_asian_width(cluster[0]) in "WF"
        if len(cluster) == 1 and not wide:
            return cluster
        code = _FIRST + len(self._taken)
        if cluster not in self._taken and code > _LAST:
            return cluster  # hostile variety: crooked columns are all it gets
        return self._taken.setdefault(cluster, chr(code)) + _FILLER * wide


def _clusters(text: str) -> Iterator[str]:
    """Characters with the marks that combine with them."""
    cluster = text[:1]
    for char in text[1:]:
        if unicodedata.category(char) not in {"Mn", "Me"}:
            yield cluster
            cluster = ""
        cluster += char
    yield cluster
