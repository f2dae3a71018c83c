"""The bytes of a capture file, decompressed, with the reason why reading failed."""

import io
import sys
import zlib
from pathlib import Path
from typing import IO, Any, Self

from virtscan.errors import TraceError
from virtscan.files import open_file

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 20
_PIECE = 1 << 14
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_STDIN = Path("-")


def name_of(path: Path) -> str:
    """Return the name of a capture in messages."""
    return "standard input" if path == _STDIN else str(path)


class CaptureStream:
    """An open file that is read sequentially; after the first failure it returns no more bytes."""

    def __init__(self, stream: IO[bytes], *beneath: "_Unzipped | IO[bytes]") -> None:
        self._stream = stream
        self._beneath = beneath
        self.offset = 0
        self.damage: str | None = None

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Open a file (`-` is standard input), or the content of a gzipped one.

        Raises:
            TraceError: It can't be opened.
        """
        try:
            raw = io.FileIO(sys.stdin.fileno(), closefd=False) if path == _STDIN else open_file(path)
            file = io.BufferedReader(raw, _BUFFER)
        except OSError as error:
            raise TraceError(f"{name_of(path)}: can't be read: {error.strerror}") from error
        try:
            start = file.peek(2)[:2]
        except OSError as error:
            file.close()
            raise TraceError(f"{name_of(path)}: can't be read: {error.strerror}") from error
        if start != _GZIP:
            return cls(file)
        unzipped = _Unzipped(file)
        return cls(io.BufferedReader(unzipped, _BUFFER), unzipped, file)

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end. If a file must not end there, the caller calls `cut_short`."""
        if self.damage is not None:
            return b""
        try:
            data = self._stream.read(size)
        except OSError as error:
            self.fail(f"can't be read after {self.offset} bytes: {error.strerror or error}")
            return b""
        self.offset += len(data)
        if len(data) < size:
            failure = self._failure()
            if failure is not None:
                self.fail(failure)
        return data

    def cut_short(self) -> str:
        """Record that the file ends within a record, unless it failed before, and return the reason."""
        return self.fail(f"cut short: ends within a record, after {self.offset} bytes")

    def fail(self, reason: str) -> str:
        """Record the reason of a failure, unless there is one, and return the recorded reason."""
        self.damage = self.damage or reason
        return self.damage

    def close(self) -> None:
        """Close the file."""
        for stream in (self._stream, *self._beneath):
            stream.close()

    def _failure(self) -> str | None:
        """Return why unzipping ended, if not with the file."""
        return next((stream.failure for stream in self._beneath if isinstance(stream, _Unzipped)), None)


class _Unzipped(io.RawIOBase):
    """The content of a gzip file, up to where it is damaged or truncated; `failure` is the reason.

    Python's own reader would raise instead, and lose the data in its buffer.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.failure: str | None = None
        self._file = file
        self._zipped = b""
        self._inflate = zlib.decompressobj(_GZIP_FORMAT)

    def readable(self) -> bool:
        """Return True."""
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
                self.failure = "cut short: the gzip data ends too early"
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
