"""Packet captures as frames: scapy reads the formats, and what it does not say about damage is noticed here.

scapy ends a file that was cut short or is damaged like one that is whole, and reads a block as long as the file says,
which in a hostile one is gigabytes. Everything it reads passes through `_Source`, which bounds and remembers.
"""

import gzip
import io
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from virtscan.errors import TraceError

_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a",
}  # fmt: skip
_LARGEST = 1 << 20
"""Bytes of one record. Frames of 64 KiB are the largest that Linux shows; the longest of other blocks hold names."""
_BOUNDARY = {4, 16}
"""Where a file may end: before the four bytes of a pcapng block's type, before the 16 of a pcap record's header."""
_BUFFER = 1 << 20
_MOST_INTERFACES = 10_000
_MOST_READS = 100_000
"""Reads without a frame, and interfaces in a file: more is an attack on our memory, for scapy keeps what they say."""


class Frame(NamedTuple):
    """One captured frame: seconds since 1970 and what was kept of its bytes; `link` is libpcap's number of its kind."""

    time: float
    data: bytes
    link: int


class Capture:
    """An open capture; iterate once, then ask `damage`."""

    # `Any`: scapy's readers are made by a metaclass and have no type.
    def __init__(self, source: "_Source", reader: Any, error: type[Exception]) -> None:
        self._source = source
        self._reader = reader
        self._error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    @property
    def damage(self) -> str | None:
        """Why the frames read so far are not all; None when the file ended where a file may end."""
        return self._source.damage

    def __iter__(self) -> Iterator[Frame]:
        frames = self._classic() if hasattr(self._reader, "linktype") else self._pcapng()
        try:
            yield from frames
        except (self._error, ArithmeticError) as error:
            self._source.fail(f"damaged after {self._source.offset} bytes: {error}")
        self._source.end()

    def _classic(self) -> Iterator[Frame]:
        # The upper bits of the field say how long a frame check sequence is (draft-ietf-opsawg-pcap).
        link = self._reader.linktype & 0xFFFF
        fraction = 1e-9 if self._reader.nano else 1e-6
        for data, about in self._reader:
            self._source.frame_came()
            yield Frame(about.sec + about.usec * fraction, data, link)

    def _pcapng(self) -> Iterator[Frame]:
        time = 0.0
        for data, about in self._reader:
            self._source.frame_came()
            if len(self._reader.interfaces) > _MOST_INTERFACES:
                self._source.fail(f"damaged after {self._source.offset} bytes: it has too many interfaces")
            # A simple packet block has no time: it comes when its neighbour came.
            if about.tshigh is not None:
                time = ((about.tshigh << 32) + about.tslow) / about.tsresol
            yield Frame(time, data, about.linktype)


def open_capture(path: Path) -> Capture:
    """Open a capture in pcap or pcapng format, gzipped or not.

    Raises:
        TraceError: It can't be opened or is of neither format, or scapy is not installed.
    """
    reader_class, scapy_error = _scapy()
    source = _Source.opened(path)
    try:
        source.expect_capture()
        return Capture(source, reader_class(source), scapy_error)
    except TraceError as error:
        source.close()
        raise TraceError(f"{path}: {error}") from error
    except scapy_error as error:
        source.close()
        raise TraceError(f"{path}: its header is damaged or cut short: {source.damage or error}") from error


def _scapy() -> tuple[Any, type[Exception]]:
    """Scapy's reader, quiet.

    Raises:
        TraceError: It is not installed.
    """
    # Said here, with the file's name, and not by scapy, which would write to standard error. A level that is set
    # before scapy is loaded stays.
    logging.getLogger("scapy").setLevel(logging.CRITICAL + 1)
    try:
        from scapy.error import Scapy_Exception
        from scapy.utils import RawPcapReader
    except ImportError as error:
        raise TraceError(f"captures are read with scapy ({error}): pip install 'virtscan[trace]'") from error
    return RawPcapReader, Scapy_Exception


class _Source:
    """A file as scapy reads it, which remembers where it failed."""

    def __init__(self, stream: IO[bytes], *beneath: IO[bytes]) -> None:
        self._stream = stream
        self._beneath = beneath
        self._head = b""
        self._reads = 0
        self._ended = False
        self.offset = 0
        self.damage: str | None = None

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Open it, through gzip if need be.

        Raises:
            TraceError: It can't be opened.
        """
        try:
            file = io.BufferedReader(io.FileIO(path), _BUFFER)
        except OSError as error:
            raise TraceError(f"{path}: can't be read: {error.strerror}") from error
        try:
            start = file.peek(2)[:2]
        except OSError as error:
            file.close()
            raise TraceError(f"{path}: can't be read: {error.strerror}") from error
        if start != _GZIP:
            return cls(file)
        unpacked = gzip.GzipFile(fileobj=file)
        return cls(io.BufferedReader(unpacked, _BUFFER), file)

    def expect_capture(self) -> None:
        """Look at the first bytes, which will be read again.

        Raises:
            TraceError: They are not those of a capture.
        """
        head = self.read(4)
        if self.damage is not None and not head:
            raise TraceError(self.damage)
        if not head:
            raise TraceError("the file is empty: this is no packet capture")
        if head not in _MAGIC:
            raise TraceError("this is no packet capture: neither pcap nor pcapng (`tcpdump -w FILE` writes one)")
        self._head = head
        self.offset = 0

    def read(self, size: int) -> bytes:
        """What scapy calls; nothing more comes after the first failure."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            self.offset += len(data)
            return data
        if self.damage is not None:
            return b""
        self._reads += 1
        if size > _LARGEST or self._reads > _MOST_READS:
            self.fail(f"damaged after {self.offset} bytes: what follows is no frame")
            return b""
        try:
            data = self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            self.fail(f"damaged after {self.offset} bytes: {getattr(error, 'strerror', None) or error}")
            return b""
        self.offset += len(data)
        if len(data) < size:
            self._ended = not data and size in _BOUNDARY
            if not self._ended:
                self.fail(f"cut short: it ends within a record, after {self.offset} bytes")
        return data

    def frame_came(self) -> None:
        """Count reads anew."""
        self._reads = 0

    def end(self) -> None:
        """Scapy is done: was that the end of the file, or only of what it understood?"""
        if not self._ended:
            self.fail(f"damaged after {self.offset} bytes: what follows is no frame")

    def fail(self, reason: str) -> None:
        """Remember the first reason."""
        self.damage = self.damage or reason

    def close(self) -> None:
        """Close the file."""
        for stream in (self._stream, *self._beneath):
            stream.close()
