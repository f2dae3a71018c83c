"""Packet captures as frames: scapy reads the formats, and what it does not say about damage is noticed here.

scapy ends a file that was cut short or is damaged like one that is whole, and reads a block as long as the file says,
which in a hostile one is gigabytes. Everything it reads passes through `Source`, which bounds and remembers.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from virtscan.errors import TraceError
from virtscan.trace.source import Source

_MOST_INTERFACES = 10_000
"""More in a file is an attack on our memory, for scapy keeps what they say."""


class Frame(NamedTuple):
    """One captured frame: seconds since 1970 and what was kept of its bytes; `link` is libpcap's number of its kind."""

    time: float
    data: bytes
    link: int


class Capture:
    """An open capture; iterate once, then ask `damage`."""

    # `Any`: scapy's readers are made by a metaclass and have no type.
    def __init__(self, source: Source, reader: Any, error: type[Exception]) -> None:
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
        self._source.frame_came()
        frames = self._classic() if hasattr(self._reader, "linktype") else self._pcapng()
        try:
            yield from frames
        except self._error as error:
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
    source = Source.opened(path)
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
