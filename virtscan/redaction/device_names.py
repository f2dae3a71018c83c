"""Redaction of the names of devices, networks, segments and sites, of which only some words are replaced."""

import re
from collections.abc import Iterator

from virtscan.redaction.pseudonyms import Map, Pseudonyms, is_address, is_like_a_machine

_NUMBER = re.compile(
    r"(?P<ipv6>(?<![\d:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?"
    r"::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?)(?:\.\d+)*(?![0-9a-f:]))"
    r"|(?P<mac>[0-9a-f]{12}(?![0-9a-f])|(?<!\d)[0-9a-f]{2}(?P<colon>[-:_])[0-9a-f]{2}(?:(?P=colon)[0-9a-f]{2}){4}(?!\d))"
    r"|(?P<ipv4>(?<!\d)\d{1,3}(?P<dot>[-._])\d{1,3}(?:(?P=dot)\d{1,3}){2}(?!\d))",
    re.IGNORECASE,
)
"""A MAC, as in enx525400aabbcc, or an address in a name; letters of a word may touch it, as in iface525400aabbcc."""

_LARGEST_BYTE = 255
_SEPARATOR = re.compile("([-._ ])")


class NameRedaction:
    """Redaction of such names, which show no name of a machine or tap, and no part of its domain."""

    def __init__(self, pseudonyms: Pseudonyms, known: Map) -> None:
        self._pseudonyms = pseudonyms
        self._machines = known.machines
        self._zones = known.zones
        lengths = {1, *(len(_SEPARATOR.split(name)) for name in self._machines)}
        self._lengths = sorted(lengths, reverse=True)

    def of(self, text: str) -> str:
        """Return a name as it is, save names of machines, their domains, MACs and addresses in it.

        A name of a machine counts if it is the whole text, or stands between separators and is not a number. Parts of a
        domain count if a dot joins them to each other or to the name of a machine. Texts that differ only in case stay
        different. A name that was shown before with the map keeps its form, also if a machine has got one of its words.
        """
        return self._pseudonyms.first_shown(text, self._replaced)

    def _replaced(self, text: str) -> str:
        if text.casefold() in self._machines:
            return self._machine(text)
        if is_address(text):
            return self._pseudonyms.address(text)
        pieces: list[str] = []
        end = 0
        for match in _NUMBER.finditer(text):
            pieces += *self._words(text[end : match.start()]), self._number(match)
            end = match.end()
        return "".join([*pieces, *self._words(text[end:])])

    def _machine(self, name: str) -> str:
        return self._pseudonyms.spelled(name, self._pseudonyms.whole("target", name))

    def _number(self, match: re.Match[str]) -> str:
        text = match[0]
        match match.lastgroup:
            case "mac":
                digits = re.sub("[-:_]", "", text.lower())
                pairs = (digits[place : place + 2] for place in range(0, len(digits), 2))
                shown = self._pseudonyms.whole("mac", ":".join(pairs))
                return shown.replace(":", match["colon"] or "")
            case "ipv4":
                numbers = text.split(match["dot"])
                if any(int(number) > _LARGEST_BYTE for number in numbers):
                    return text
                address = ".".join(numbers)
                if not is_address(address):  # it has leading zeros
                    return self._pseudonyms.whole("address", text)
                return self._pseudonyms.address(address).replace(".", match["dot"])
            case _:
                return self._pseudonyms.address(text)

    def _words(self, text: str) -> Iterator[str]:
        """Yield the words and the separators of a text, with pseudonyms."""
        parts = _SEPARATOR.split(text)
        place, is_hidden = 0, False
        while place < len(parts):
            word, after_dot = parts[place], place > 0 and parts[place - 1] == "."
            end = self._end_of_machine(parts, place)
            is_zone = (is_hidden and after_dot) or self._begins_domain(parts, place)
            if end is not None:
                yield self._machine("".join(parts[place:end]))
            else:
                yield self._pseudonyms.spelled(word, self._pseudonyms.zone(word)) if is_zone else word
            is_hidden = is_zone or end is not None
            place = end or place + 1
            yield from parts[place : place + 1]
            place += 1

    def _end_of_machine(self, parts: list[str], start: int) -> int | None:
        """Return the end of the longest name of a machine that starts here."""
        for end in (start + length for length in self._lengths if start + length <= len(parts)):
            text = "".join(parts[start:end])
            if not text.isdigit() and (text.casefold() in self._machines or is_like_a_machine(text)):
                return end
        return None

    def _begins_domain(self, parts: list[str], place: int) -> bool:
        dot, following = parts[place + 1 : place + 2], parts[place + 2 : place + 3]
        return dot == ["."] and {parts[place].casefold(), *map(str.casefold, following)} <= self._zones
