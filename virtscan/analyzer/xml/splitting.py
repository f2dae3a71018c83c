"""Splitting of a file into its XML documents; a broken one hides none of those after it."""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

_TOKEN = re.compile(
    rb"""<(?:(?P<end>/?)(?P<name>[A-Za-z_:][^\s/<>"']*+)(?P<rest>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>)?+"""
    rb"""|(?P<aside>!--|!\[CDATA\[|\?))"""
)  # a tag that was cut off has no rest; attribute values hold no "<", so it can't swallow the next tag
_CDATA = b"![CDATA["
_ASIDE_ENDS = {b"!--": b"-->", _CDATA: b"]]>", b"?": b"?>"}
_DECLARATION = re.compile(rb"<\?xml\s")
_ROOTS = frozenset({b"domain", b"domstatus", b"network", b"networkstatus", b"node"})
_DEPTH = 256
"""Deepest nesting that the parser accepts."""


class XmlSpan(msgspec.Struct, frozen=True):
    """A span of a file that is one document, or the rest of one; `root` is its first element's name."""

    start: int
    end: int
    root: str


class _Open(msgspec.Struct):
    name: bytes
    start: int
    may_be_a_root: bool


def split(data: bytes) -> Iterator[XmlSpan]:
    """Find the documents of a file in one pass.

    A document ends where its root does. One without an end was cut off; the documents inside it are separate ones. Such
    a document begins with an XML declaration or with the root of the one that was cut off. At the beginning of a line,
    the root of any kind that is read also starts a document.

    Returns:
        Pieces in order, from an XML declaration, if one precedes, to the root's end. Text, comments and banners
        between documents belong to none. There, a comment, CDATA section or processing instruction without an end is a
        piece of its own, with an empty root.
    """
    yield from _Splitter(data).pieces()


class _Splitter:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open: list[_Open] = []
        self._names: Counter[bytes] = Counter()
        self._inner: list[XmlSpan] = []  # complete documents, needed if the one around them is cut off
        self._declared: int | None = None
        self._ends: dict[bytes, int] = {}  # of each kind of aside, where the next one ends; -1 if none does any more

    def pieces(self) -> Iterator[XmlSpan]:
        position = 0
        while token := _TOKEN.search(self._data, position):
            position = token.end()
            aside = token["aside"]
            if aside is None:
                yield from self._tag(token)
                continue
            if _DECLARATION.match(self._data, token.start()):
                yield from self._cut_off(token.start())
                self._declared = token.start()
            if (end := self._end_of_aside(aside, position)) is not None:
                position = end
            elif not self._open:  # perhaps a document was cut off before its root
                yield XmlSpan(token.start(), position, "")
        yield from self._cut_off(len(self._data))

    def _end_of_aside(self, aside: bytes, position: int) -> int | None:
        """Return the end of a comment, CDATA section or processing instruction; None if its end is missing.

        The next end belongs to another one of the same kind if that begins before it: XML allows no comment in a
        comment. CDATA that contains a CDATA section is split, and its first part ends in `]]]]>`.
        """
        end = self._ends.get(aside, 0)
        if 0 <= end < position:
            end = self._ends[aside] = self._data.find(_ASIDE_ENDS[aside], position)
        if end < 0:
            return None
        is_split = aside == _CDATA and self._data[end - 2 : end] == b"]]"
        if not is_split and self._data.find(b"<" + aside, position, end) >= 0:
            return None
        return end + len(_ASIDE_ENDS[aside])

    def _tag(self, token: re.Match[bytes]) -> Iterator[XmlSpan]:
        name = token["name"]
        if token["end"]:
            if not self._open and name in _ROOTS:  # the end of a document whose beginning is missing
                yield XmlSpan(token.start(), token.end(), _text(name))
            yield from self._close(name, token.end())
            return
        if len(self._open) == _DEPTH:
            yield from self._cut_off(token.start())
        self._open.append(_Open(name, self._beginning(token), self._may_be_a_root(name, token.start())))
        self._names[name] += 1
        if (token["rest"] or b"").endswith(b"/>"):
            yield from self._close(name, token.end())

    def _beginning(self, token: re.Match[bytes]) -> int:
        return token.start() if self._open or self._declared is None else self._declared

    def _may_be_a_root(self, name: bytes, start: int) -> bool:
        if not self._open:
            return True
        at_line_start = self._data[start - 1 : start] == b"\n"
        return name in _ROOTS and (at_line_start or name == self._open[0].name)

    def _close(self, name: bytes, end: int) -> Iterator[XmlSpan]:
        """End the innermost element of this name, and with it all that were left open inside."""
        if name not in self._names:
            return
        while True:
            closed = self._open.pop()
            self._names[closed.name] -= 1
            if not self._names[closed.name]:
                del self._names[closed.name]
            if closed.name == name:
                break
        if closed.may_be_a_root:
            while self._inner and self._inner[-1].start > closed.start:
                self._inner.pop()
            self._inner.append(XmlSpan(closed.start, end, _text(name)))
        if not self._open:
            yield self._inner.pop()
            self._declared = None

    def _cut_off(self, end: int) -> Iterator[XmlSpan]:
        """End the open document where the first document inside it begins; yield all of them."""
        broken = [XmlSpan(entry.start, end, _text(entry.name)) for entry in self._open if entry.may_be_a_root]
        pieces = sorted(broken + self._inner, key=lambda piece: piece.start)
        limits = (*(piece.start for piece in pieces[1:]), end)
        for piece, limit in zip(pieces, limits, strict=False):  # without pieces, one limit remains
            yield XmlSpan(piece.start, min(piece.end, limit), piece.root)
        self._open.clear()
        self._names.clear()
        self._inner.clear()
        self._declared = None


def _text(name: bytes) -> str:
    return name.decode(errors="replace")
