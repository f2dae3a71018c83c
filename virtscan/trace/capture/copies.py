"""Detection of packets that a capture contains twice, or of several devices (`-i any`) once for each device."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from virtscan.trace.capture.links import Arrival
from virtscan.trace.capture.packets import CHECKSUM, Packet

SAME = 0.02
"""Seconds within which a packet passes all devices of a stack: an equal packet in this time is a copy, not resent."""

_TWICE = 0.0001
"""Seconds in which one device shows a packet twice: as that of a bond and its member, or of a port that it mirrors."""

_MOST = 1024
_MOST_AT_ONCE = 16

_T = TypeVar("_T")


class _PacketIdentity(NamedTuple):
    """Parts of a packet that do not change on the way through a stack: no VLAN tags, MACs or partial checksum."""

    source: bytes
    destination: bytes
    protocol: int
    identification: int
    length: int
    head: bytes
    rest: bytes


class _CapturePoint(NamedTuple):
    """Point where a packet was seen."""

    device: int | None
    arrival: Arrival
    segment: tuple[int, ...]


@dataclass
class Original(Generic[_T]):
    """The first copy of a packet, and its interpretation."""

    time: float
    what: _T
    places: set[_CapturePoint] = field(default_factory=set)


class Copies(Generic[_T]):
    """The packets of the last `SAME` seconds, to find further copies; bounded."""

    def __init__(self) -> None:
        self._recent: OrderedDict[_PacketIdentity, list[Original[_T]]] = OrderedDict()
        self._last: deque[tuple[Packet, Original[_T]]] = deque(maxlen=_MOST_AT_ONCE)

    def original(self, packet: Packet) -> Original[_T] | None:
        """Return the record of an earlier copy of the packet; None for the first copy.

        An equal packet at the same place was sent again, unless it follows immediately. Without a recorded device,
        only the time distinguishes the two.
        """
        device = packet.link.device
        if device is None:
            return self._shown_at_once(packet)
        place = _place(packet)
        for original in self._recent.get(_key(packet), ()):
            is_here = place in original.places
            longest = SAME if device == 0 or not is_here else _TWICE
            if abs(packet.time - original.time) < longest:
                original.places.add(place)
                return original
        return None

    def _shown_at_once(self, packet: Packet) -> Original[_T] | None:
        """Return the record of an equal packet of a capture of one device, which needs no table."""
        for known, original in reversed(self._last):
            if abs(packet.time - known.time) >= _TWICE:
                break
            if (
                known.segment == packet.segment
                and known.identification == packet.identification
                and (known.source, known.destination) == (packet.source, packet.destination)
                and known.link.segment == packet.link.segment
            ):
                return original
        return None

    def keep(self, packet: Packet, what: _T) -> None:
        """Keep the first copy of a packet as long as further copies may come."""
        if packet.link.device is None:
            self._last.append((packet, Original(packet.time, what)))
            return
        key = _key(packet)
        earlier = [known for known in self._recent.pop(key, ()) if abs(packet.time - known.time) < SAME]
        self._recent[key] = [*earlier, Original(packet.time, what, {_place(packet)})][-_MOST:]
        while len(self._recent) > 1:
            oldest = next(iter(self._recent.values()))
            if len(self._recent) <= _MOST and abs(packet.time - oldest[-1].time) < SAME:
                break
            self._recent.popitem(last=False)


def _place(packet: Packet) -> _CapturePoint:
    return _CapturePoint(packet.link.device, packet.link.arrival, packet.link.segment)


def _key(packet: Packet) -> _PacketIdentity:
    segment, field_at = packet.segment, CHECKSUM.get(packet.protocol, 2)
    return _PacketIdentity(
        packet.source, packet.destination, packet.protocol, packet.identification, packet.length,
        segment[:field_at], segment[field_at + 2 :],
    )  # fmt: skip
