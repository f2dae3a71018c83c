"""An inventory in pieces: one for each host, domain, server …, as JSON of the inventory file's structs.

Some values differ in every scan: times, durations, free memory, a processor's clock. These volatile values are removed
from a piece and stored with the scan, so that an unchanged host remains one row.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any, get_args, get_type_hints

import msgspec

from virtscan.model import Domain, Hypervisor, Inventory
from virtscan.storage.hypervisor_v3 import SavedDomain
from virtscan.storage.inventory_file import VERSION, Saved, domain_from_saved, host_to_saved, to_saved
from virtscan.storage.upgrades import upgraded

_VOLATILE = rb'"(?<=[{,]")(observed_at|open_seconds|read_seconds|memory_free_mib|balloon_mib|mhz)":'
"""Begins with a plain quotation mark: the search jumps from one to the next, which takes a third of the time."""
_TAKEN_OUT = re.compile(_VOLATILE + rb'("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)')
_PLACE = re.compile(_VOLATILE + rb'"@([0-9]+)"')
_LISTS = ("servers", "netboots", "subnets")
"""The fields of an inventory whose items have versions of their own; hypervisors have tables of theirs."""

_DIGEST_OF_DATA = 3
"""First version of the inventory file whose pieces have a digest of the data as it is stored."""

_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_domain = msgspec.json.Decoder(SavedDomain).decode
_rest = msgspec.json.Decoder(Saved).decode


class Piece(msgspec.Struct, frozen=True, gc=False):
    """JSON with placeholders (`"observed_at":"@0"`) for volatile values; each has its number in `volatile`."""

    data: bytes
    volatile: tuple[bytes, ...] = ()

    @property
    def digest(self) -> bytes:
        """Identify the data."""
        return digest(self.data)


class HostPieces(msgspec.Struct, frozen=True, gc=False):
    """A host with its pieces: itself without its domains, and these with the digest of each."""

    hypervisor: Hypervisor
    own: Piece
    domains: tuple[bytes, ...]
    digests: tuple[bytes, ...]


class Pieces(msgspec.Struct, frozen=True):
    """A whole inventory; `rest` is compressed, because it contains the last observation of each unread host."""

    hosts: tuple[HostPieces, ...]
    items: dict[str, tuple[Piece, ...]]
    rest: bytes


def digest(data: bytes) -> bytes:
    """Identify a piece's data."""
    return blake2b(data, digest_size=16).digest()


def verified(data: str, expected: bytes, version: int) -> bytes:
    """Return a piece's data as it was written.

    Raises:
        ValueError: It was altered since.
    """
    content = data.encode()
    if version >= _DIGEST_OF_DATA and digest(content) != bytes(expected):
        raise ValueError("a row does not have the content that it was written with")
    return content


def split_into_pieces(inventory: Inventory) -> Pieces:
    """Split an inventory host by host, so that the structs of only one host are in memory."""
    saved = to_saved(msgspec.structs.replace(inventory, hypervisors=()))
    rest = msgspec.structs.replace(saved, **dict.fromkeys(_LISTS, ()))
    return Pieces(
        hosts=tuple(map(_host_pieces, inventory.hypervisors)),
        items={name: tuple(without_volatile(_encode(item)) for item in getattr(saved, name)) for name in _LISTS},
        rest=zlib.compress(_encode(rest)),
    )


def _host_pieces(host: Hypervisor) -> HostPieces:
    saved = host_to_saved(host)
    domains = tuple(_encode_lines(saved.domains).splitlines())
    return HostPieces(
        hypervisor=host,
        own=without_volatile(_encode(msgspec.structs.replace(saved, domains=()))),
        domains=domains,
        digests=tuple(map(digest, domains)),
    )


def without_volatile(data: bytes) -> Piece:
    """Remove the volatile values; equal ones, as of many devices, are stored once.

    In JSON, a quotation mark after a comma or brace begins a key or a value; within a string it has a backslash.
    """
    values: dict[bytes, int] = {}

    def place(match: re.Match[bytes]) -> bytes:
        return b'"%b":"@%d"' % (match[1], values.setdefault(match[2], len(values)))

    return Piece(_TAKEN_OUT.sub(place, data), tuple(values))


def with_volatile(data: bytes, volatile: Sequence[bytes]) -> bytes:
    """Insert the volatile values again."""
    if not volatile:
        return data
    return _PLACE.sub(lambda match: b'"%b":%b' % (match[1], volatile[int(match[2])]), data)


def domain_of(data: bytes, version: int) -> Domain:
    """Read a domain's piece, written by this or an earlier version of the inventory file."""
    if version == VERSION:
        return domain_from_saved(_domain(data))
    host = {"name": "", "uri": "", "status": "complete", "domains": [msgspec.json.decode(data)]}
    return domain_from_saved(msgspec.convert(_upgraded("hypervisors", host, version)["domains"][0], type=SavedDomain))


def item_of(name: str, data: bytes, version: int) -> Any:  # of a type of the file, whatever its version calls it
    """Read a piece of this field of the inventory, such as a server; hosts are without their domains."""
    if version == VERSION:
        return _decoder(name).decode(data)
    return msgspec.convert(_upgraded(name, msgspec.json.decode(data), version), type=_kind(name))


def rest_of(data: bytes, version: int) -> Saved:
    """Read the rest of an inventory without its pieces."""
    data = zlib.decompress(data)
    if version == VERSION:
        return _rest(data)
    return msgspec.convert(upgraded(msgspec.json.decode(data), version), type=Saved)


def joined(rest: Saved, hosts: Iterable[Any], items: dict[str, tuple[Any, ...]]) -> Saved:
    """Return the inventory of these pieces."""
    return msgspec.structs.replace(rest, hypervisors=tuple(hosts), **items)


def _upgraded(name: str, item: Any, version: int) -> Any:  # JSON of any shape: an earlier version's
    """Upgrade one item to the current version, as the only one of an inventory."""
    whole: dict[str, Any] = upgraded({name: [item]}, version)
    return whole[name][0]


@cache
def _decoder(name: str) -> msgspec.json.Decoder[Any]:  # its type is known only here
    return msgspec.json.Decoder(_kind(name))


@cache
def _kind(name: str) -> Any:  # a type: that of the items of this field
    return get_args(get_type_hints(Saved, include_extras=True)[name])[0]
