"""Pseudonyms for names, and the private map of them; pure."""

import hashlib
import hmac
import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from typing import Literal

import msgspec

from virtscan.correlator.devices.nic import HYPERVISOR_RANGES, is_group, is_local, is_shared
from virtscan.errors import InventoryError
from virtscan.model import Mac
from virtscan.model.identity.short_names import is_of_any_machine

_KEPT_BITS = {4: 8, 6: 16}
"""Leading bits of an address that are kept, by IP version: they show only whether it is private or public."""

_LINK_LOCAL_BITS = {4: 16, 6: 64}
"""Leading bits of link-local addresses, which are the same in every network; the rest often contains the MAC."""

_UNIVERSAL, _LOCAL, _GROUP = "00:00:5e", "02:00:00", "01:00:5e"
"""Prefixes of MAC pseudonyms: IANA's block, which NICs don't have, and those for local and group addresses."""

_FIRST = 0x100000
"""First number used in IANA's block, after those that IANA has assigned."""

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*(?:%\w*)?(?:/[0-9.]*)?")
"""A possible address; `ipaddress`, which is slow, decides."""

_HOST_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+\.?")
_KINDS_OF_MACHINES = "vm", "target", "host"
_OF_A_MACHINE = re.compile(f"(?:{'|'.join(_KINDS_OF_MACHINES)})[0-9]+")
"""Pseudonym of a machine, or of the tap of a VM."""

_OF_A_ZONE = re.compile("zone[0-9]+")

_TOKEN = re.compile(r"[\w.:-]+(?:/\d+)?")
"""A word of a typed condition: a MAC, an address, or a name with its domain."""


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """Pseudonyms by real name; private. Those of addresses follow from `key` alone."""

    schema: Literal["virtscan.redaction/1"] = "virtscan.redaction/1"
    key: str
    names: dict[str, str] = {}
    other_machines: tuple[str, ...] = ()
    """Names of machines and taps that had a pseudonym of another kind before, such as that of a user."""

    shown: dict[str, str] = {}
    """Forms in which names of devices, networks, segments and sites were first shown, by name."""

    @property
    def identity(self) -> str:
        """Return a word that distinguishes this map from others, without showing its key."""
        return hashlib.sha256(f"map:{self.key}".encode()).hexdigest()[:16]

    @property
    def machines(self) -> frozenset[str]:
        """Return the case-folded names of machines and of the taps of VMs."""
        named = (name for name, pseudonym in self.names.items() if is_like_a_machine(pseudonym))
        return frozenset(map(str.casefold, (*named, *self.other_machines)))

    @property
    def zones(self) -> frozenset[str]:
        """Return the case-folded parts of the domains of machines."""
        return frozenset(name.casefold() for name, pseudonym in self.names.items() if _OF_A_ZONE.fullmatch(pseudonym))

    @property
    def scopes(self) -> frozenset[str]:
        """Return the pseudonyms of scopes."""
        return frozenset(pseudonym for name, pseudonym in self.names.items() if name.startswith("scope:"))

    @property
    def words(self) -> dict[str, str]:
        """Return the pseudonyms of machines, taps and parts of domains, by name."""
        words = self.machines | self.zones
        return {name: pseudonym for name, pseudonym in self.names.items() if name.casefold() in words}


def load_map(data: bytes, *, origin: str) -> Map:
    """Read a map that an earlier redaction wrote.

    Raises:
        InventoryError: It is not a map.
    """
    try:
        return msgspec.json.decode(data, type=Map)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InventoryError(f"{origin}: not a redaction map ({error}); name another file") from error


def dump_map(known: Map) -> bytes:
    """Write the map as a file holds it."""
    return msgspec.json.format(msgspec.json.encode(known)) + b"\n"


class Pseudonyms:
    """Pseudonyms by name, regardless of case; a look-up takes constant time."""

    def __init__(self, known: Map) -> None:
        self._key = known.key.encode()
        self._names = dict(known.names)
        self._shown = dict(known.shown)
        self._forms = set(known.shown.values())
        self._other_machines = dict.fromkeys(known.other_machines)
        self._folded = {name.casefold(): pseudonym for name, pseudonym in known.names.items()}
        self._counts = Counter(pseudonym.rstrip("0123456789") for pseudonym in known.names.values())
        self._macs = sum(_MAC.fullmatch(pseudonym) is not None for pseudonym in known.names.values())
        self._flips: dict[tuple[int, str], int] = {}

    def whole(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name as a whole: a new one of this kind, unless it has one of any kind."""
        name = _encodable(name)
        if existing := self._pseudonym(name):
            if kind in _KINDS_OF_MACHINES and not is_like_a_machine(existing):
                self._other_machines[name] = None
            return existing
        if kind == "mac":
            self._macs += 1
            pseudonym = _nth_mac(self._macs, Mac(name))
        else:
            self._counts[kind] += 1
            pseudonym = f"{kind}{self._counts[kind]}"
        self._names[name] = pseudonym
        self._folded[name.casefold()] = pseudonym
        return pseudonym

    def tap(self, name: str) -> None:
        """Replace the name of a tap, even if it was shown as that of a device before its VM was known.

        Its name identifies the VM.
        """
        self.whole("target", name)
        name = _encodable(name)
        if self._shown.get(name) == name:
            del self._shown[name]

    def name(self, kind: str, name: str) -> str:
        """Return the pseudonym of the name of a host or a VM.

        A name with a domain gets a pseudonym for each part, so that short and full names of a host still match.
        Addresses are replaced by `address`. A domain such as `localdomain` stays: it makes the name one of any machine.
        """
        if is_address(name):
            return self.address(name)
        if name in self._names or not _HOST_NAME.fullmatch(name):
            return self.whole(kind, name)
        host, *zones = name.split(".")
        return ".".join((self.whole(kind, host), *map(self.zone, zones)))

    def zone(self, name: str) -> str:
        """Return the pseudonym of a part of a domain."""
        return name if not name or name.isdigit() or is_of_any_machine(name) else self.whole("zone", name)

    def spelled(self, name: str, pseudonym: str) -> str:
        """Return the pseudonym of a name whose case matters, which that of a machine does not.

        A spelling other than that in the map has a mark of its own.
        """
        if pseudonym == name or _encodable(name) in self._names:
            return pseudonym
        return self._marked(pseudonym, _encodable(name))

    def _marked(self, pseudonym: str, name: str) -> str:
        return f"{pseudonym}-{hmac.digest(self._key, f'spelling:{name}'.encode(), hashlib.sha256).hex()[:6]}"

    def of_other_text(self, kind: str, name: str) -> str:
        """Return the pseudonym of a text that is not a name, such as a path; each kind has its own."""
        return self.whole(kind, f"{kind}:{name}")

    def first_shown(self, name: str, form: Callable[[str], str]) -> str:
        """Return the form in which a name was first shown: observations of different scans are compared by it.

        No two names have one form: a later one has a mark of its own.
        """
        name = _encodable(name)
        if name not in self._shown:
            shown = form(name)
            self._shown[name] = self._marked(shown, name) if shown in self._forms else shown
            self._forms.add(self._shown[name])
        return self._shown[name]

    def map(self) -> Map:
        """Return the map with all pseudonyms."""
        return Map(
            key=self._key.decode(),
            names=self._names,
            other_machines=tuple(self._other_machines),
            shown=self._shown,
        )

    def condition(self, text: str) -> str:
        """Replace the names in a user's text: the whole text, else each known name in it."""
        if pseudonym := self._pseudonym(text):
            return pseudonym
        return _TOKEN.sub(lambda match: self._token(match[0]), text)

    def _token(self, word: str) -> str:
        core = word.rstrip(".:") if not is_address(word) else word
        rest = word[len(core) :]
        if pseudonym := self._pseudonym(core):
            return pseudonym + rest
        if is_address(core):
            return self.address(core) + rest
        return ".".join(self._pseudonym(part) or part for part in core.split(".")) + rest

    def _pseudonym(self, text: str) -> str | None:
        return self._names.get(text) or self._folded.get(text.casefold())

    def address(self, text: str) -> str:
        """Return the pseudonym of an address or network: two with a common prefix of n bits still have one of n bits.

        Other text is treated as a name.
        """
        head, slash, prefix = text.partition("/")
        try:
            address = ipaddress.ip_address(head)
        except ValueError:
            return self.whole("address", text)
        if address.is_loopback or address.is_unspecified:
            return text
        bits = f"{int(address):0{address.max_prefixlen}b}"
        kept = _LINK_LOCAL_BITS[address.version] if address.is_link_local else _KEPT_BITS[address.version]
        flipped = [
            str(int(bit) ^ self._flip(address.version, bits[:index])) if index >= kept else bit
            for index, bit in enumerate(bits)
        ]
        return f"{type(address)(int(''.join(flipped), 2))}{slash}{prefix}"

    def _flip(self, version: int, prefix: str) -> int:
        key = version, prefix
        if key not in self._flips:
            self._flips[key] = hmac.digest(self._key, f"{version}:{prefix}".encode(), hashlib.sha256)[0] & 1
        return self._flips[key]


def is_like_a_machine(text: str) -> bool:
    """Return True for a text of the form that pseudonyms of machines and taps have."""
    return _OF_A_MACHINE.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Return True for an address or a network, with or without the length of its prefix."""
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def _encodable(name: str) -> str:
    """Return a name that can be written as UTF-8: a path on disk may have bytes of any encoding."""
    return name if name.isascii() else name.encode(errors="backslashreplace").decode()


def _nth_mac(number: int, mac: Mac) -> str:
    """Return a MAC of the same kind, on which verdicts depend: in a hypervisor's range, group, local, or universal."""
    if is_shared(mac):
        return mac
    block = next((block for block in HYPERVISOR_RANGES if mac.startswith(block)), None)
    if block is None:
        block = _GROUP if is_group(mac) else _LOCAL if is_local(mac) else _UNIVERSAL
    number += _FIRST
    return f"{block}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
