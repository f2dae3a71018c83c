"""Search for the files of a folder of XML, and reading of their bytes, compressed or not."""

import os
import re
import stat
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from virtscan.analyzer import MAX_FILE
from virtscan.errors import ConnectorError
from virtscan.model import Gap, GapAbout, WhyLeftOut
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import DefinitionFile
from virtscan.model.sources import without_surrogates

_BEGINNING = 4096
"""Bytes that are read to see whether a file begins like XML."""
_GZIP = b"\x1f\x8b"
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[A-Za-z?!]|\xff\xfe(?:\s\0)*<\0|\xfe\xff(?:\0\s)*\0<")
_OTHERS = {b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"PK\3\4": "zip"}
"""Compressions that are not read, by their first bytes."""
_NAMED_XML = re.compile(r".*\.xml(?:\.(?:gz|xz|bz2|zst|zip))?", re.IGNORECASE | re.DOTALL)


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file to look at; `is_meant` if its name, or the command line, implies that it holds definitions."""

    path: Path
    status: os.stat_result
    is_meant: bool


class Unused(msgspec.Struct, frozen=True, kw_only=True):
    """A file or a folder that is left out."""

    path: Path
    why: WhyLeftOut


def find(start: Path) -> Iterator[File | Unused | Gap]:
    """Return every file, once: first files in the folders themselves, then files reached only by links.

    Names that begin with a dot are left out, and libvirt's own half-written copies (`NAME.new` next to NAME). An
    unreachable one is a gap.

    Raises:
        ConnectorError: `start` can't be read.
    """
    waiting = deque([start])
    seen: set[tuple[int, int]] = set()
    while waiting:
        path = waiting.popleft()
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            if stat.S_ISDIR(status.st_mode):
                own, links, unused = _entries(path)
                yield from unused
                waiting.extendleft(reversed(own))
                waiting.extend(links)
            else:
                # `virsh dumpxml web01 > web01` has no suffix.
                is_meant = path == start or path.suffix == "" or _is_named_xml(path)
                yield File(path=path, status=status, is_meant=is_meant)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            if path == start:
                raise ConnectorError(_reason(error)) from error
            # A broken link hides nothing, unless it is named like a wanted file.
            if _is_named_xml(path) or not isinstance(error, FileNotFoundError):
                yield gap(without_surrogates(str(path)), Failure(detail=_reason(error)))


def content(file: File) -> bytes | WhyLeftOut:
    """Return the bytes of a file, decompressed; the reason to leave out a file that does not begin like XML.

    Raises:
        ConnectorError: It can't be read, is being written, is too large, or may never end, as a pipe or a device. Or it
            is in a compression other than gzip.
    """
    if not stat.S_ISREG(file.status.st_mode):
        if not file.is_meant:
            return WhyLeftOut.NOT_REGULAR
        raise ConnectorError("not a regular file")
    try:
        with file.path.open("rb") as opened:
            beginning = opened.read(_BEGINNING)
            if not file.is_meant and not begins_like_xml(beginning):
                return WhyLeftOut.NOT_XML
            other = next((program for magic, program in _OTHERS.items() if beginning.startswith(magic)), None)
            if other is not None:
                raise ConnectorError(f"compressed with {other}; decompress it first")
            size = file.status.st_size
            if size > MAX_FILE:
                raise ConnectorError(f"{size} bytes exceed the limit of a file ({MAX_FILE})")
            data = beginning + opened.read(max(0, size + 1 - len(beginning)))
    except OSError as error:
        raise ConnectorError(_reason(error)) from error
    if len(data) != size:
        raise ConnectorError("size changed while reading")
    return _decompressed(data) if data.startswith(_GZIP) else data


def begins_like_xml(data: bytes) -> bool:
    """Return True if the data, decompressed, begin like XML after a byte order mark and white space."""
    if data.startswith(_GZIP):
        try:
            data = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(data, _BEGINNING)
        except zlib.error:
            return False
    return _XML.match(data) is not None


def _decompressed(data: bytes) -> bytes:
    """Return the decompressed data.

    Raises:
        ConnectorError: It is damaged or cut short, or too large.
    """
    unpacked = bytearray()
    while data.startswith(_GZIP):  # gzip allows several parts
        part = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            unpacked += part.decompress(data, MAX_FILE + 1 - len(unpacked))
        except zlib.error as error:
            raise ConnectorError(f"damaged compressed data ({error})") from error
        if len(unpacked) > MAX_FILE:
            raise ConnectorError(f"uncompressed data exceeds the limit of a file ({MAX_FILE})")
        if not part.eof:
            raise ConnectorError("compressed data is cut short")
        data = part.unused_data
    return bytes(unpacked)


def gap(origin: str, cause: AnyCause, about: GapAbout = GapAbout.DOMAIN) -> Gap:
    """Return the gap of a file."""
    return Gap(item=DefinitionFile(path=origin), cause=cause, about=about)


def _is_named_xml(path: Path) -> bool:
    return _NAMED_XML.fullmatch(path.name) is not None


def _entries(folder: Path) -> tuple[list[Path], list[Path], list[Unused]]:
    """Return the files of a folder itself, the links in it, and the entries to skip, each by name."""
    own: list[Path] = []
    links: list[Path] = []
    unused: list[Unused] = []
    with os.scandir(folder) as entries:
        entries_by_name = sorted(entries, key=lambda entry: entry.name)
    names = {entry.name for entry in entries_by_name}
    for entry in entries_by_name:
        path = folder / entry.name
        if entry.name.startswith("."):
            unused.append(Unused(path=path, why=WhyLeftOut.HIDDEN))
        elif entry.name.endswith(".new") and entry.name.removesuffix(".new") in names:
            unused.append(Unused(path=path, why=WhyLeftOut.HALF_WRITTEN))
        else:
            (links if entry.is_symlink() else own).append(path)
    return own, links, unused


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
