"""Packets that a capture of several devices shows once for each of them, as with `-i any`."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from virtscan.trace.capture.links import Arrival
from virtscan.trace.capture.packets import CHECKSUM, Packet

SAME = 0.02
"""Seconds within which a packet passes all devices of a stack: an equal one was seen again, and not sent again."""

_MOST = 1024

_T = TypeVar("_T")


class _PacketIdentity(NamedTuple):
    """Constant parts of a packet on the way through a stack: no VLAN tags, no MACs, no partial checksum."""

    source: bytes
    destination: bytes
    protocol: int
    identification: int
    length: int
    head: bytes
    rest: bytes


class _CapturePoint(NamedTuple):
    """Point where a packet was seen."""

    device: int
    arrival: Arrival
    segment: tuple[int, ...]


@dataclass
class Original(Generic[_T]):
    """The first sight of a packet, and its interpretation."""

    time: float
    what: _T
    places: set[_CapturePoint] = field(default_factory=set)


class Copies(Generic[_T]):
    """The packets of the last moment, to find those that are seen again; bounded."""

    def __init__(self) -> None:
        self._recent: OrderedDict[_PacketIdentity, list[Original[_T]]] = OrderedDict()

    def original(self, packet: Packet) -> Original[_T] | None:
        """Return the record of the packet at its first device; None at the first.

        A device shows each packet once. An equal one at the same place is therefore another packet, sent again; where
        the capture does not record the device, only the time distinguishes them.
        """
        device = packet.link.device
        if device is None:
            return None
        place = _CapturePoint(device, packet.link.arrival, packet.link.segment)
        for original in self._recent.get(_key(packet), ()):
            if abs(packet.time - original.time) < SAME and (device == 0 or place not in original.places):
                original.places.add(place)
                return original
        return None

    def keep(self, packet: Packet, what: _T) -> None:
        """Keep the first sight of a packet for as long as copies of it may come."""
        device = packet.link.device
        if device is None:
            return
        key = _key(packet)
        earlier = [known for known in self._recent.pop(key, ()) if abs(packet.time - known.time) < SAME]
        place = _CapturePoint(device, packet.link.arrival, packet.link.segment)
        self._recent[key] = [*earlier, Original(packet.time, what, {place})][-_MOST:]
        while len(self._recent) > 1:
            oldest = next(iter(self._recent.values()))
            if len(self._recent) <= _MOST and abs(packet.time - oldest[-1].time) < SAME:
                break
            self._recent.popitem(last=False)


def _key(packet: Packet) -> _PacketIdentity:
    segment, field_at = packet.segment, CHECKSUM.get(packet.protocol, 2)
    return _PacketIdentity(
        packet.source, packet.destination, packet.protocol, packet.identification, packet.length,
        segment[:field_at], segment[field_at + 2 :],
    )  # fmt: skip
