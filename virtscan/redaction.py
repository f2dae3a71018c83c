"""An inventory without names: stable pseudonyms in the place of hosts, domains, MACs, addresses and users; pure."""

import hashlib
import hmac
import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from glob import escape
from typing import Literal, TypeVar

import msgspec

from virtscan.connectors import uri
from virtscan.correlator import correlate
from virtscan.correlator.waivers import PATTERNS, Waivers
from virtscan.errors import ConfigError, InventoryError
from virtscan.model import Hypervisor, Inventory, Server, Waiver

S = TypeVar("S", bound=msgspec.Struct)

_KEPT_BITS = {4: 8, 6: 16}
"""So much of an address is no secret, and says whether it is private, link-local or public."""

_ADDRESS = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:.])"
"""What may be an IPv4 or IPv6 address; whether it is one, `ipaddress` says."""

_NOBODY = "nobody-that-was-found"
"""What a waiver matches that matches nothing."""


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for what; private. `names` is real name -> pseudonym; addresses follow from `key` alone."""

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
    except msgspec.DecodeError as error:
        raise InventoryError(f"{origin}: no map of a redaction ({error}); name another file") from error


def dump_map(known: Map) -> bytes:
    """The map as a file holds it."""
    return msgspec.json.format(msgspec.json.encode(known)) + b"\n"


def redact(inventory: Inventory, known: Map) -> tuple[Inventory, Map]:
    """The inventory under pseudonyms, and the map with all that stand in it.

    Equal names get equal pseudonyms, in this inventory and in every other one that the same map is used for.
    Addresses keep who shares a subnet with whom, so verdicts stay what they were. Names of devices, networks,
    segments and sites stay: they tell what is wrong, and of whom they don't.
    """
    pseudonyms = _Pseudonyms(known)
    for kind, names in _names(inventory):
        for name in filter(None, names):
            pseudonyms.give(kind, name)
    waivers = tuple(_waivers(inventory, pseudonyms))
    redacted = msgspec.structs.replace(
        inventory,
        policy=msgspec.structs.replace(inventory.policy, waivers=waivers),
        hypervisors=tuple(_hypervisor(host, pseudonyms) for host in inventory.hypervisors),
        servers=tuple(_server(server, pseudonyms) for server in inventory.servers),
        netboots=tuple(_texts(netboot, pseudonyms) for netboot in inventory.netboots),
        subnets=tuple(_texts(subnet, pseudonyms) for subnet in inventory.subnets),
        gaps=tuple(_texts(gap, pseudonyms) for gap in inventory.gaps),
    )
    return redacted, pseudonyms.map()


class _Pseudonyms:
    """Gives each name its pseudonym, and puts them in the place of the names in any text."""

    def __init__(self, known: Map) -> None:
        self._key = known.key.encode()
        self._names = dict(known.names)
        self._folded = {name.casefold(): pseudonym for name, pseudonym in known.names.items()}
        self._counts = Counter(pseudonym.rstrip("0123456789") for pseudonym in known.names.values())
        self._macs = sum(pseudonym.startswith("02:") for pseudonym in known.names.values())
        self._pattern: re.Pattern[str] | None = None

    def give(self, kind: str, name: str) -> None:
        """Give a name a pseudonym of this kind, unless it has one; a domain and a server of one name share it."""
        if name in self._names:
            return
        if kind == "mac":
            self._macs += 1
            pseudonym = _nth_mac(self._macs)
        else:
            self._counts[kind] += 1
            pseudonym = f"{kind}{self._counts[kind]}"
        self._names[name] = pseudonym
        self._folded.setdefault(name.casefold(), pseudonym)
        self._pattern = None

    def map(self) -> Map:
        return Map(key=self._key.decode(), names=self._names)

    def text(self, text: str) -> str:
        """The text with every name and address in it replaced; a name in another case is the same name."""
        if self._pattern is None:
            words = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
            self._pattern = re.compile(rf"(?<!\w)(?:{words or '(?!)'})(?!\w)|{_ADDRESS}", re.IGNORECASE)
        return self._pattern.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        found = match[0]
        return self._names.get(found) or self._folded.get(found.casefold()) or self._address(found)

    def _address(self, text: str) -> str:
        """Another address: two that shared their first n bits share as many afterwards, and no more."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            return text
        bits = f"{int(address):0{address.max_prefixlen}b}"
        kept = _KEPT_BITS[address.version]
        flipped = [
            str(int(bit) ^ self._flip(address.version, bits[:place])) if place >= kept else bit
            for place, bit in enumerate(bits)
        ]
        return str(type(address)(int("".join(flipped), 2)))

    def _flip(self, version: int, prefix: str) -> int:
        return hmac.digest(self._key, f"{version}:{prefix}".encode(), hashlib.sha256)[0] & 1


def _nth_mac(number: int) -> str:
    """A MAC that is locally administered, so nobody's."""
    return "02:" + ":".join(f"{byte:02x}" for byte in number.to_bytes(5, "big"))


def _names(inventory: Inventory) -> Iterator[tuple[str, Iterable[str]]]:
    """Every name that tells of whom the inventory is, by kind, in the inventory's order."""
    hosts = inventory.hypervisors
    domains = [domain for host in hosts for domain in host.domains]
    yield "host", (name for host in hosts for name in _hosts(host.name, host.uri))
    yield "host", (name for server in inventory.servers for name in _hosts(server.name, server.source))
    yield "user", (name for text in _places(inventory) for name in _users(text))
    yield "vm", (domain.name for domain in domains)
    yield "vm-uuid", (domain.uuid for domain in domains if domain.uuid)
    yield "path", (domain.origin for domain in domains if "/" in domain.origin and "://" not in domain.origin)
    yield "mac", (interface.mac for domain in domains for interface in domain.interfaces if interface.mac)
    yield "mac", (device.mac for host in hosts for device in host.devices if device.mac)
    yield "mac", (mac for server in inventory.servers for mac in server.macs)
    yield "mac", (netboot.mac for netboot in inventory.netboots)
    yield "vm", (netboot.system for netboot in inventory.netboots)
    yield "host", (name for netboot in inventory.netboots if netboot.server for name in _hosts(netboot.server))
    yield "host", (name for subnet in inventory.subnets for server in subnet.servers for name in _hosts(server))


def _places(inventory: Inventory) -> Iterator[str]:
    yield from (host.uri for host in inventory.hypervisors)
    yield from (server.source for server in inventory.servers)


def _hosts(name: str, address: str = "") -> Iterator[str]:
    """A host's name as it stands, without its domain, and the one in its address; numeric addresses are none."""
    parsed = _parsed(address)
    for text in (name, parsed and parsed.host, _path(address)):
        if text and not _is_numeric(text):
            yield text
            yield text.partition(".")[0] if "/" not in text else text


def _users(address: str) -> Iterator[str]:
    parsed = _parsed(address)
    if parsed is not None and parsed.user:
        yield parsed.user.partition(":")[0]


def _parsed(address: str) -> uri.LibvirtUri | None:
    try:
        return uri.parse(address) if "://" in address else None
    except ConfigError:
        return None


def _path(address: str) -> str | None:
    """The path of `xml:PATH`, `file:PATH`, `test:///PATH` and the like: it can name people and hosts."""
    scheme, _, rest = address.partition(":")
    path = rest.removeprefix("//")
    return path if scheme in {"xml", "file", "sosreport", "ansible", "test"} and "/" in path else None


def _is_numeric(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def _hypervisor(host: Hypervisor, pseudonyms: _Pseudonyms) -> Hypervisor:
    domains = tuple(
        msgspec.structs.replace(
            _texts(domain, pseudonyms),
            interfaces=tuple(_texts(interface, pseudonyms) for interface in domain.interfaces),
        )
        for domain in host.domains
    )
    devices = tuple(_texts(device, pseudonyms) for device in host.devices)
    return msgspec.structs.replace(_texts(host, pseudonyms), domains=domains, devices=devices)


def _server(server: Server, pseudonyms: _Pseudonyms) -> Server:
    lasting = server.persistence
    return msgspec.structs.replace(
        _texts(server, pseudonyms), persistence=None if lasting is None else _texts(lasting, pseudonyms)
    )


_IDENTIFYING = {
    "Hypervisor": ("name", "uri"),
    "Domain": ("origin", "name", "uuid"),
    "Interface": ("mac",),
    "Device": ("mac", "addresses"),
    "Server": ("name", "source", "reason", "macs", "addresses", "subnets"),
    "Persistence": ("setting",),
    "Netboot": ("mac", "system", "server", "source"),
    "Subnet": ("network", "servers", "source"),
    "Gap": ("subject", "reason", "hypervisor"),
}
"""Fields in which a name can stand, by type; the others are words of libvirt, or names of devices."""


def _texts(item: S, pseudonyms: _Pseudonyms) -> S:
    """The same with pseudonyms in the fields that can hold names."""
    changes: dict[str, object] = {}
    for field in _IDENTIFYING[type(item).__name__]:
        match getattr(item, field):
            case str(text):
                changes[field] = pseudonyms.text(text)
            case tuple(texts):
                changes[field] = tuple(pseudonyms.text(text) for text in texts)
    return msgspec.structs.replace(item, **changes)


def _waivers(inventory: Inventory, pseudonyms: _Pseudonyms) -> Iterator[Waiver]:
    """For each waiver one for each finding that it matches, by its names: globs match no pseudonym.

    One that matches none, or no longer holds, stays as one that matches none.
    """
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    matched: defaultdict[int, set[tuple[str, ...]]] = defaultdict(set)
    for finding in correlate(inventory).findings:
        subject = (finding.hypervisor, finding.domain, finding.mac or "", finding.server or "")
        for number in waivers.matching(finding):
            patterns = (getattr(inventory.policy.waivers[number], key) for key in PATTERNS)
            matched[number].add(
                tuple("*" if glob == "*" else name for glob, name in zip(patterns, subject, strict=True))
            )
    for number, waiver in enumerate(inventory.policy.waivers):
        nobody = tuple("*" if getattr(waiver, key) == "*" else _NOBODY for key in PATTERNS)
        for names in sorted(matched[number]) or [nobody]:
            exact = (name if name in {"*", _NOBODY} else escape(pseudonyms.text(name)) for name in names)
            reason = pseudonyms.text(waiver.reason)
            yield msgspec.structs.replace(waiver, reason=reason, **dict(zip(PATTERNS, exact, strict=True)))
