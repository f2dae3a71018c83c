"""Packet captures as frames: a bounded, streaming reader of the pcap and pcapng formats.

Only complete records are returned. The first record that is truncated or damaged ends the capture; `damage` has the
place and the reason.

Source:
    draft-ietf-opsawg-pcap (pcap), draft-ietf-opsawg-pcapng (pcapng).
"""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple, Self

from virtscan.errors import TraceError
from virtscan.trace.capture.source import CaptureStream, name_of

_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9), b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}  # fmt: skip
"""Magic number: byte order, and the unit of a time's fraction."""

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
_DROPS = {5, 7}
"""Options of statistics: frames dropped by the interface, and by the operating system, since the capture began."""
_DROPS_BEFORE = {4}
"""Option of a packet: frames dropped since the one before it. The old kind of packet has a field for that."""
_UNKNOWN_COUNT, _UNKNOWN_OLD_COUNT = (1 << 64) - 1, (1 << 16) - 1
_MICROSECONDS = 10**6

_OTHER_FORMAT = "not a packet capture (pcap or pcapng); write one with tcpdump -w FILE"

_COMPRESSED = {b"\xfd7zX": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"BZh9": "bzip2", b"\x04\x22\x4d\x18": "lz4"}

_LARGEST = 1 << 20
"""Largest record in bytes. Linux captures frames of at most 64 KiB; the longest of other blocks hold names."""
_MOST_INTERFACES = 10_000


class Frame(NamedTuple):
    """One captured frame: seconds since 1970, and the captured bytes; `link` is libpcap's link type.

    `device` is the number of its interface in the file, from 1; None for the pcap format, which has one.
    """

    time: float
    data: bytes
    link: int
    device: int | None = None


class _DamageError(Exception):
    """The rest of the file is not a record; the text is the reason."""


class _CaptureInterface(NamedTuple):
    link: int
    most: int
    ticks: int
    offset: int


class Capture:
    """An open capture; iterate once, then read `damage`."""

    def __init__(self, source: CaptureStream) -> None:
        """Read the file's header.

        Raises:
            TraceError: It is damaged, or of neither format.
        """
        self._source = source
        self._section: _CaptureSection | None = None
        magic = source.read(4)
        try:
            if magic in _PCAP:
                self._frames = self._classic(*_PCAP[magic])
            elif magic == _PCAPNG:
                self._section = _CaptureSection(source)
                self._frames = self._pcapng(self._section)
            elif magic in _COMPRESSED:
                program = _COMPRESSED[magic]
                raise TraceError(f"compressed with {program}; decompress it first: {program} -dk FILE")
            elif magic:
                raise TraceError(source.damage or _OTHER_FORMAT)
            else:
                raise TraceError(source.damage or "empty file, not a packet capture")
        except _DamageError as error:
            raise TraceError(f"header damaged or cut short: {source.damage or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    @property
    def damage(self) -> str | None:
        """Return why reading stopped early; None if the file ended after a complete record."""
        return self._source.damage

    @property
    def dropped(self) -> int:
        """Return the number of frames that were dropped while capturing; the pcap format does not record it."""
        return self._section.dropped if self._section is not None else 0

    def __iter__(self) -> Iterator[Frame]:
        start = self._source.offset
        try:
            yield from self._frames
        except _DamageError as error:
            self._source.fail(f"damaged after {max(start, self._source.offset)} bytes: {error}")

    def _classic(self, order: str, unit: float) -> Iterator[Frame]:
        header = _exactly(self._source, 20)
        # The upper bits of the field are the length of a frame check sequence.
        (link,) = Struct(f"{order}I").unpack_from(header, 16)
        return self._records(Struct(f"{order}IIII"), unit, link & 0xFFFF)

    def _records(self, head: Struct, unit: float, link: int) -> Iterator[Frame]:
        read, unpack = self._source.read, head.unpack
        while record := read(16):
            if len(record) < 16:
                self._source.cut_short()
                break
            seconds, fraction, size, _ = unpack(record)
            if size > _LARGEST:
                raise _DamageError(f"a record of {size} bytes")
            data = read(size)
            if len(data) < size:
                self._source.cut_short()
                break
            yield Frame(seconds + fraction * unit, data, link)

    def _pcapng(self, section: "_CaptureSection") -> Iterator[Frame]:
        time = 0.0
        while (block := section.block()) is not None:
            kind, body = block
            if kind == _INTERFACE:
                section.add_interface(body)
            elif kind in {_PACKET, _OLD_PACKET}:
                frame = section.packet(body, old=kind == _OLD_PACKET)
                time = frame.time
                yield frame
            elif kind == _SIMPLE_PACKET:
                yield section.simple_packet(body, time)
            elif kind == _STATISTICS:
                section.add_statistics(body)


class _CaptureSection:
    """The present section of a pcapng file: its byte order and its interfaces."""

    def __init__(self, source: CaptureStream) -> None:
        self._source = source
        self._drops: list[int] = []
        self._drops_of_others = 0
        self._begin()

    @property
    def dropped(self) -> int:
        """Return the number of frames dropped in this section and those before it."""
        return self._drops_of_others + sum(self._drops)

    def block(self) -> tuple[int, bytes] | None:
        """Read the next block other than a section header; None at the file's end."""
        while head := self._source.read(4):
            if len(head) < 4:
                self._source.cut_short()
                break
            if head == _PCAPNG:
                self._begin()
                continue
            (kind,) = self._number.unpack(head)
            (size,) = self._number.unpack(_exactly(self._source, 4))
            return kind, self._body(size, 8)
        return None

    def add_interface(self, body: bytes) -> None:
        """Read an interface description."""
        if len(self._interfaces) >= _MOST_INTERFACES:
            raise _DamageError(f"more than {_MOST_INTERFACES} interfaces")
        link, most = self._unpack("HxxI", body)
        ticks, offset = _MICROSECONDS, 0
        for code, value in self._options(body, 8):
            if code == _TIME_RESOLUTION and len(value) == 1:
                ticks = 1 << (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
            elif code == _TIME_OFFSET and len(value) == 8:
                (offset,) = self._unpack("q", value)
        self._interfaces.append(_CaptureInterface(link, most, ticks, offset))
        self._drops.append(0)

    def add_statistics(self, body: bytes) -> None:
        """Read statistics of an interface: later ones include earlier ones."""
        number, _, _ = self._unpack("III", body)
        self._interface(number)
        self._drops[number] = max(self._drops[number], self._counted(body, 12, _DROPS))

    def packet(self, body: bytes, *, old: bool) -> Frame:
        """Read a block that holds a frame and its time."""
        number, high, low, size, _ = self._unpack("HxxIIII" if old else "IIIII", body)
        interface = self._interface(number)
        if size > len(body) - 20:
            raise _DamageError(f"a frame of {size} bytes in a block of {len(body)}")
        options = 20 + size + -size % 4
        if len(body) > options and not old:
            self._drops[number] += self._counted(body, options, _DROPS_BEFORE)
        if old:
            (dropped,) = self._unpack("H", body, 2)
            self._drops[number] += dropped if dropped != _UNKNOWN_OLD_COUNT else 0
        time = ((high << 32) + low) / interface.ticks + interface.offset
        return Frame(time, body[20 : 20 + size], interface.link, number + 1)

    def simple_packet(self, body: bytes, time: float) -> Frame:
        """Read a block with a frame of the first interface, but no time: `time` is that of the frame before."""
        (size,) = self._unpack("I", body)
        interface = self._interface(0)
        kept = min(size, interface.most or size)
        if kept > len(body) - 4:
            raise _DamageError(f"a frame of {kept} bytes in a block of {len(body)}")
        return Frame(time, body[4 : 4 + kept], interface.link, 1)

    def _begin(self) -> None:
        """Read a section header after its type; interfaces are numbered from zero again after it."""
        size, order = _exactly(self._source, 4), _exactly(self._source, 4)
        if order not in _BYTE_ORDERS:
            raise _DamageError("a section of unknown byte order")
        self._order = _BYTE_ORDERS[order]
        self._number = Struct(f"{self._order}I")
        self._formats: dict[str, Struct] = {}
        self._interfaces: list[_CaptureInterface] = []
        self._drops_of_others += sum(self._drops)
        self._drops = []
        (version,) = self._unpack("H", self._body(self._number.unpack(size)[0], 12))
        if version != 1:
            raise _DamageError(f"a section of version {version}")

    def _body(self, size: int, begun: int) -> bytes:
        """Read the rest of a block of this size, given the number of bytes already read."""
        if not begun + 4 <= size <= _LARGEST or size % 4:
            raise _DamageError(f"a block of {size} bytes")
        body = _exactly(self._source, size - begun)
        if self._number.unpack_from(body, len(body) - 4) != (size,):
            raise _DamageError("a block whose two lengths differ")
        return body[:-4]

    def _interface(self, number: int) -> _CaptureInterface:
        if number >= len(self._interfaces):
            raise _DamageError(f"a frame of interface {number}, which is not described")
        return self._interfaces[number]

    def _options(self, body: bytes, place: int) -> Iterator[tuple[int, bytes]]:
        while place + 4 <= len(body):
            code, size = self._unpack("HH", body, place)
            place += 4
            if place + size > len(body):
                return
            yield code, body[place : place + size]
            place += size + -size % 4

    def _counted(self, body: bytes, place: int, codes: set[int]) -> int:
        """Return the sum of the known numbers in these options."""
        values = [value for code, value in self._options(body, place) if code in codes and len(value) == 8]
        return sum(count for value in values for count in self._unpack("Q", value) if count != _UNKNOWN_COUNT)

    def _unpack(self, layout: str, body: bytes, start: int = 0) -> tuple[int, ...]:
        known = self._formats.get(layout)
        if known is None:
            known = self._formats[layout] = Struct(self._order + layout)
        if len(body) - start < known.size:
            raise _DamageError(f"a block with {len(body)} bytes of content")
        return known.unpack_from(body, start)


def _exactly(source: CaptureStream, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise _DamageError(source.cut_short())
    return data


def open_capture(path: Path) -> Capture:
    """Open a capture in pcap or pcapng format, gzipped or not; `-` is standard input.

    Raises:
        TraceError: It can't be opened or is of neither format.
    """
    source = CaptureStream.opened(path)
    try:
        return Capture(source)
    except TraceError as error:
        source.close()
        raise TraceError(f"{name_of(path)}: {error}") from error
