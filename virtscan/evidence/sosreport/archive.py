"""Reader of a sosreport's tar archive, compressed or not, in one pass.

A malicious archive can harm tarfile: by names of gigabytes, or members of negative size that cause an endless loop. So
it reads through `_Forward`, which returns no large block and never seeks backwards.
"""

import bz2
import lzma
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

from virtscan.errors import SosreportError
from virtscan.evidence.sosreport.member import Member

_CHUNK = 256 * 1024
_INPUT = 32 * 1024
"""Compressed bytes that are read at once: zlib copies what is left of them at every read of some content."""
_LARGEST_PIECE = 1024 * 1024
_PADDING = 4 * 1024 * 1024
"""Bytes after the end marker that are read, in search of more data. tar fills its last record, commonly 10 KiB; in a
compressed file, a few MB can stand for gigabytes of zeros."""

_END = bytes(tarfile.BLOCKSIZE)
_PACKED = {
    b"\x28\xb5\x2f\xfd": "compressed with zstd; decompress it first",
    b"PK\3\4": "a zip file; unpack it, and name the folder",
    b"7z\xbc\xaf": "a 7z file; unpack it, and name the folder",
}
"""Forms that are not read, by their first bytes."""
_ENCRYPTED = frozenset({".asc", ".gpg", ".pgp"})
"""Suffixes of encrypted reports, as `sos report --encrypt` writes them."""

_DICTIONARY = 256 * 1024 * 1024
"""Memory for xz. `xz -9` needs 65 MiB; a header can request 4 GiB."""

_BROKEN = (
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,  # of tarfile: numbers and encodings in headers; of _Forward
    OverflowError,
    IndexError,
    RecursionError,  # a header that announces a header that announces …
    zlib.error,
    lzma.LZMAError,
)


class _ByteStream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def members(path: Path) -> Iterator[Member]:
    """Yield every member of the archive, in the order of the archive.

    Raises:
        SosreportError: The file is not an archive, encrypted or of an unknown form, or it is damaged or truncated.
    """
    if path.suffix.lower() in _ENCRYPTED:
        raise SosreportError("encrypted; decrypt it first, e.g. with gpg --decrypt")
    try:
        with path.open("rb") as file:
            forward = _Forward(_decompressed(file))
            with tarfile.TarFile(fileobj=forward) as archive:  # type: ignore[arg-type]  # it uses these methods alone
                while (info := archive.next()) is not None:
                    archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all; typeshed hides it
                    yield _member(archive, info)
            is_end = forward.last == _END  # tarfile takes damage for the end
            rest = iter(partial(forward.read, _CHUNK), b"")
            has_more = any(chunk.strip(b"\0") for chunk in islice(rest, _PADDING // _CHUNK))
            has_end = has_more or next(rest, None) is None
    except _BROKEN as error:
        raise SosreportError(_reason(error)) from error
    if not is_end:
        raise SosreportError("no end-of-archive marker: cut short or damaged")
    if has_more:  # tar takes a block of zeros for the marker, also one that damage left
        raise SosreportError("data after the end-of-archive marker: damaged, or several archives in one file")
    if not has_end:
        size = _PADDING >> 20
        raise SosreportError(f"more than {size} MiB of zeros after the end-of-archive marker: what follows is not read")


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    return Member(
        name=info.name,
        size=info.size,
        modified=float(info.mtime),
        target=info.linkname if info.issym() else None,
        same_as=info.linkname if info.islnk() else None,
        read=partial(_content, archive, info) if info.isreg() else None,
        executable=bool(info.mode & stat.S_IXUSR),
        exposed=bool(info.mode & (stat.S_IRWXG | stat.S_IRWXO)),
    )


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    try:
        file = archive.extractfile(info)
        return b"" if file is None else b"".join(iter(partial(file.read, _CHUNK), b""))
    except _BROKEN as error:
        raise SosreportError(_reason(error)) from error


def _decompressed(file: IO[bytes]) -> _ByteStream:
    start = file.read(6)
    file.seek(0)
    if (problem := _PACKED.get(start[:4])) is not None:
        raise SosreportError(problem)
    if start.startswith(b"\x1f\x8b"):
        return _Streams(file, _Gzip)
    if start.startswith(b"\xfd7zXZ"):
        return _Streams(file, _xz)
    return bz2.BZ2File(file) if start.startswith(b"BZh") else file


class _Forward:
    """The part of a file object that tarfile needs, forward only; `last` is the data read last."""

    mode = "rb"
    name = ""

    def __init__(self, source: _ByteStream) -> None:
        self.last = b""
        self._source = source
        self._position = 0

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        if size > _LARGEST_PIECE:
            raise ValueError(f"a header of {size} bytes")
        data = self._source.read(size)
        self._position += len(data)
        self.last = data
        return data

    def seek(self, position: int) -> None:
        if position < self._position:
            raise ValueError("a member that ends before it begins")
        while self._position < position and self.read(min(_CHUNK, position - self._position)):
            pass


class _Decompressor(Protocol):
    """One compressed stream, as lzma decompresses it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_DICTIONARY)


class _Gzip:
    """A decompressor of zlib with the methods of lzma's."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        # A full piece may be followed by more, even if all input was taken.
        self.needs_input = not self._stream.unconsumed_tail and len(piece) < max_length
        return piece


class _Streams:
    """The content of compressed streams, one behind another.

    lzma.LZMAFile has no argument for a memory limit. gzip.GzipFile skips zeros byte by byte. Neither limits them.
    """

    def __init__(self, file: IO[bytes], new: Callable[[], _Decompressor]) -> None:
        self._file = file
        self._rest = b""
        self._new = new
        self._stream = new()

    def read(self, size: int, /) -> bytes:
        pieces: list[bytes] = []
        while size > 0 and (piece := self._some(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _some(self, size: int) -> bytes:
        """Return at most `size` bytes; none only at the end."""
        while True:
            if self._stream.eof:
                self._rest = self._beyond()
                if not self._rest:
                    return b""
                self._stream = self._new()
            if self._stream.needs_input and not self._rest:
                self._rest = self._file.read(_INPUT)
                if not self._rest:
                    raise EOFError("the compressed data ends too early")
            piece = self._stream.decompress(self._rest, size)
            self._rest = b""
            if piece:
                return piece

    def _beyond(self) -> bytes:
        """Return the data after the end of a stream; more streams may follow, with zeros between them."""
        rest = self._stream.unused_data.lstrip(b"\0")
        size = 0
        while not rest and (chunk := self._file.read(_INPUT)):
            size += len(chunk)
            if size > _PADDING:
                raise ValueError(f"more than {_PADDING >> 20} MiB of zeros after the compressed data")
            rest = chunk.lstrip(b"\0")
        return rest


def _reason(error: BaseException) -> str:
    match error:
        case OSError(strerror=str(reason)):
            return reason
        case tarfile.ReadError() if "end of data" not in str(error):
            return f"not a tar archive, or a damaged one ({error})"
        case RecursionError():
            return "damaged: endless headers"
        case _:
            return f"damaged or cut short ({error})"
