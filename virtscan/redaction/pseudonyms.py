"""Pseudonyms of names, and the private map of them; pure."""

import hashlib
import hmac
import ipaddress
import re
from collections import Counter
from typing import Literal

import msgspec

from virtscan.correlator.location.nic import HYPERVISOR_RANGES, is_group, is_local, is_shared
from virtscan.errors import InventoryError
from virtscan.model import Mac

_KEPT_BITS = {4: 8, 6: 16}
"""Leading bits of an address that are kept: they show only whether it is private or public."""

_LINK_LOCAL_BITS = {4: 16, 6: 64}
"""Leading bits that are the same in every network; the rest is often made of the MAC."""

_ADDRESS = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w)|(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![\w:]|\.\w)"
"""Candidates for IPv4 and IPv6 addresses, with a colon of the sentence; `ipaddress` decides."""


_UNIVERSAL, _LOCAL, _GROUP = "00:00:5e", "02:00:00", "01:00:5e"
"""Where pseudonyms of MACs are taken from: the block of IANA, which no NIC has, local and group ones."""

_FIRST = 0x100000
"""Behind what IANA itself uses in its block."""

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """Pseudonyms by real name; private. Those of addresses follow from `key` alone."""

    schema: Literal["virtscan.redaction/1"] = "virtscan.redaction/1"
    key: str
    names: dict[str, str] = {}


def load_map(data: bytes, *, origin: str) -> Map:
    """Read a map that an earlier redaction wrote.

    Raises:
        InventoryError: It is none.
    """
    try:
        return msgspec.json.decode(data, type=Map)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InventoryError(f"{origin}: not a redaction map ({error}); give another file") from error


def dump_map(known: Map) -> bytes:
    """Write the map as a file holds it."""
    return msgspec.json.format(msgspec.json.encode(known)) + b"\n"


class Pseudonyms:
    """Gives each name its pseudonym, and puts them in the place of the names in any text."""

    def __init__(self, known: Map) -> None:
        self._key = known.key.encode()
        self._names = dict(known.names)
        self._folded = {name.casefold(): pseudonym for name, pseudonym in known.names.items()}
        self._counts = Counter(pseudonym.rstrip("0123456789") for pseudonym in known.names.values())
        self._macs = sum(_MAC.fullmatch(pseudonym) is not None for pseudonym in known.names.values())
        self._pattern: re.Pattern[str] | None = None
        self._replaced: dict[str, str] = {}

    def give(self, kind: str, name: str) -> None:
        """Give a name a pseudonym of this kind, unless it has one; a domain and a server of one name share it."""
        if name in self._names:
            return
        if kind == "mac":
            self._macs += 1
            pseudonym = _nth_mac(self._macs, Mac(name))
        else:
            self._counts[kind] += 1
            pseudonym = f"{kind}{self._counts[kind]}"
        self._names[name] = pseudonym
        self._folded.setdefault(name.casefold(), pseudonym)
        self._pattern = None

    def of_thing(self, kind: str, name: str) -> str:
        """Give the pseudonym of a whole text; `text` does not look for it within others."""
        key = f"{kind}:{name.encode(errors='backslashreplace').decode()}"
        self.give(kind, key)
        return self._names[key]

    def map(self) -> Map:
        """Give the map with all pseudonyms."""
        return Map(key=self._key.decode(), names=self._names)

    def text(self, text: str) -> str:
        """Replace every name and address in a text; a name in another case is the same name."""
        if whole := self._names.get(text):
            return whole
        if self._pattern is None:
            self._replaced.clear()
            words = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
            self._pattern = re.compile(rf"(?<!\w)(?:{words or '(?!)'})(?!\w)|{_ADDRESS}", re.IGNORECASE)
        if text not in self._replaced:
            # Ten thousand names are as many alternatives: not for each domain that has the address of its host.
            self._replaced[text] = self._pattern.sub(self._replacement, text)
        return self._replaced[text]

    def _replacement(self, match: re.Match[str]) -> str:
        found = match[0]
        return self._names.get(found) or self._folded.get(found.casefold()) or self._address(found)

    def _address(self, text: str) -> str:
        """Another address: two that shared their first n bits share as many afterwards, and no more."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return f"{self._address(text[:-1])}:" if text.endswith(":") else text
        if address.is_loopback or address.is_unspecified:
            return text
        bits = f"{int(address):0{address.max_prefixlen}b}"
        kept = _LINK_LOCAL_BITS[address.version] if address.is_link_local else _KEPT_BITS[address.version]
        flipped = [
            str(int(bit) ^ self._flip(address.version, bits[:place])) if place >= kept else bit
            for place, bit in enumerate(bits)
        ]
        return str(type(address)(int("".join(flipped), 2)))

    def _flip(self, version: int, prefix: str) -> int:
        return hmac.digest(self._key, f"{version}:{prefix}".encode(), hashlib.sha256)[0] & 1


def _nth_mac(number: int, mac: Mac) -> str:
    """Give a MAC of the same kind, because verdicts rest on it: of a hypervisor's range, a group, local and so on."""
    if is_shared(mac):
        return mac
    block = next((block for block in HYPERVISOR_RANGES if mac.startswith(block)), None)
    if block is None:
        block = _GROUP if is_group(mac) else _LOCAL if is_local(mac) else _UNIVERSAL
    return block + "".join(f":{byte:02x}" for byte in (number + _FIRST).to_bytes(3, "big"))
