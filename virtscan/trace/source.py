"""A capture's bytes as scapy reads them: unzipped, bounded, and with a memory of where they failed."""

import io
import zlib
from pathlib import Path
from typing import IO, Any, Self

from virtscan.errors import TraceError

_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a",
}  # fmt: skip
_LARGEST = 1 << 20
"""Bytes of one record. Frames of 64 KiB are the largest that Linux shows; the longest of other blocks hold names."""
_START = {4, 16}
"""What is read where a file may end: a pcapng block's type, a pcap record's header."""
_BUFFER = 1 << 20
_PIECE = 1 << 14
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_MOST_READS = 100_000
"""Reads without a frame: more is an attack on our memory, for scapy keeps what some blocks say."""


class Source:
    """A file as scapy reads it, which remembers where it failed."""

    def __init__(self, stream: IO[bytes], *beneath: "_Unzipped | IO[bytes]") -> None:
        self._stream = stream
        self._beneath = beneath
        self._head = b""
        self._reads = 0
        self._place = 0
        self._ended = False
        self.offset = 0
        self.damage: str | None = None

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Open it, and what is gzipped in it.

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
        unzipped = _Unzipped(file)
        return cls(io.BufferedReader(unzipped, _BUFFER), unzipped, file)

    def expect_capture(self) -> None:
        """Look at the first bytes, which will be read again.

        Raises:
            TraceError: They are not those of a capture.
        """
        head = self.read(4)
        if not head:
            raise TraceError(self._failure() or "the file is empty: this is no packet capture")
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
        except OSError as error:
            self.fail(f"can't be read after {self.offset} bytes: {error.strerror or error}")
            return b""
        self.offset += len(data)
        if len(data) < size:
            self._ended = not data and size in _START and self._place == 0 and self._failure() is None
            if not self._ended:
                self.fail(self._failure() or f"cut short: it ends within a record, after {self.offset} bytes")
        self._place = _NEXT.get((self._place, size), self._place + 1)
        return data

    def frame_came(self) -> None:
        """What is read next starts a record."""
        self._reads = self._place = 0

    def end(self) -> None:
        """Nothing more is read: was that the end of the file, or only of what it understood?"""
        if not self._ended:
            self.fail(f"damaged after {self.offset} bytes: what follows is no frame")

    def fail(self, reason: str) -> None:
        """Remember the first reason."""
        self.damage = self.damage or reason

    def close(self) -> None:
        """Close the file."""
        for stream in (self._stream, *self._beneath):
            stream.close()

    def _failure(self) -> str | None:
        """Why unzipping ended, if not with the file."""
        return next((stream.failure for stream in self._beneath if isinstance(stream, _Unzipped)), None)


# What scapy reads of a pcapng block that is no frame, by place and size: type, length, body, length again. That of a
# section header are type, length, byte order (4), version (2), the rest (10), options, length again. Only before a
# type may a file end.
_NEXT = {(3, 4): 0, (3, 2): 4, (6, 4): 0}


class _Unzipped(io.RawIOBase):
    """A gzipped file's content, up to where it is damaged or ends too early: there it says so, and ends.

    Python's own reader raises instead, and what came before in its buffer is lost.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.failure: str | None = None
        self._file = file
        self._zipped = b""
        self._inflate = zlib.decompressobj(_GZIP_FORMAT)

    def readable(self) -> bool:
        """It is what it is for."""
        return True

    def readinto(self, buffer: Any) -> int:  # `Any`: typeshed's Buffer came with Python 3.12
        """Fill some of the buffer; 0 at the end."""
        data = b""
        while not data and self.failure is None:
            zipped = self._zipped or self._file.read(_PIECE)
            if self._inflate.eof:
                if zipped[:2] != _GZIP:
                    break  # padding, as tapes and some tools leave it
                self._inflate = zlib.decompressobj(_GZIP_FORMAT)
            if not zipped:
                self.failure = "cut short: the gzipped file ends too early"
                break
            data = self._unzip(zipped, min(len(buffer), _PIECE))
        buffer[: len(data)] = data
        return len(data)

    def _unzip(self, zipped: bytes, most: int) -> bytes:
        try:
            data = self._inflate.decompress(zipped, most)
        except zlib.error as error:
            self.failure = f"damaged: {error}"
            return b""
        self._zipped = self._inflate.unconsumed_tail or self._inflate.unused_data
        return data
