"""Packets in IP fragments (RFC 791; RFC 8200, 4.5), put together to compute their checksums; bounded.

The checksum is that of the whole packet, so that one fragment proves nothing. Fragments that overlap make no whole
packet (RFC 5722).
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from virtscan.trace.capture.links import Arrival
from virtscan.trace.capture.packets import UDP, Fragment, Packet

_LONGEST = 30.0
"""Seconds in which all fragments of a packet come: receivers wait as long. A later one is of another packet."""

_MOST = 128

_T = TypeVar("_T")


class _FragmentIdentity(NamedTuple):
    """Common parts of a packet's fragments at one point; the protocol is that of IPv4, whose numbers it separates."""

    device: int | None
    arrival: Arrival
    segment: tuple[int, ...]
    source: bytes
    destination: bytes
    identification: int
    protocol: int


@dataclass
class _Fragments(Generic[_T]):
    """The fragments of one packet, by offset; `end` is known with the last one."""

    time: float
    first: tuple[Packet, _T] | None = None
    start: int = 0
    size: int = 0
    end: int | None = None
    parts: dict[int, bytes] = field(default_factory=dict)

    def add(self, offset: int, data: bytes) -> None:
        if offset not in self.parts:
            self.parts[offset] = data
            self.size += len(data)

    def assembled(self) -> tuple[Packet, _T] | None:
        if self.first is None or self.end is None or self.start + self.size != self.end:
            return None
        place = self.start
        for offset in sorted(self.parts):
            if offset != place:
                return None
            place += len(self.parts[offset])
        segment = b"".join(self.parts[offset] for offset in sorted(self.parts))
        packet, what = self.first
        length = packet.length if packet.protocol == UDP else len(segment)
        return packet._replace(segment=segment[:length], length=length, fragmented=False), what


class FragmentTable(Generic[_T]):
    """The packets of which some fragments were captured."""

    def __init__(self) -> None:
        self._packets: OrderedDict[_FragmentIdentity, _Fragments[_T]] = OrderedDict()

    def begin(self, packet: Packet, what: _T) -> tuple[Packet, _T] | None:
        """Take the first fragment of a packet; return the whole one if the others came before.

        Args:
            packet: The packet, as far as it is in its first fragment.
            what: Its interpretation, returned with the whole packet.
        """
        key = _key(packet)
        known = self._packets.get(key)
        if known is not None and known.first is not None:
            del self._packets[key]  # another packet has its number
        known = self._at(key, packet.time)
        known.first, known.start = (packet, what), packet.lead
        known.add(packet.lead, packet.segment)
        return self._whole(key, known)

    def add(self, fragment: Fragment) -> tuple[Packet, _T] | None:
        """Take another fragment; return the packet and its interpretation if it is whole now."""
        key = _key(fragment)
        known = self._at(key, fragment.time)
        known.add(fragment.offset, fragment.data)
        if fragment.is_last:
            known.end = fragment.offset + fragment.length
        return self._whole(key, known)

    def _at(self, key: _FragmentIdentity, time: float) -> _Fragments[_T]:
        known = self._packets.get(key)
        if known is None or abs(time - known.time) > _LONGEST:
            self._packets.pop(key, None)
            if len(self._packets) >= _MOST:
                self._packets.popitem(last=False)
            known = self._packets[key] = _Fragments(time)
        return known

    def _whole(self, key: _FragmentIdentity, known: _Fragments[_T]) -> tuple[Packet, _T] | None:
        found = known.assembled()
        if found is not None:
            del self._packets[key]
        return found


def _key(part: Packet | Fragment) -> _FragmentIdentity:
    link, protocol = part.link, part.protocol if len(part.source) == 4 else 0
    return _FragmentIdentity(
        link.device, link.arrival, link.segment, part.source, part.destination, part.identification, protocol
    )
