"""Detection of packets that a capture of several devices (`-i any`) contains once for each device."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from virtscan.trace.capture.links import Arrival
from virtscan.trace.capture.packets import CHECKSUM, Packet

SAME = 0.02
"""Seconds within which a packet passes all devices of a stack: an equal packet in this time is a copy, not resent."""

_MOST = 1024

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

    device: int
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

    def original(self, packet: Packet) -> Original[_T] | None:
        """Return the record of an earlier copy of the packet; None for the first copy.

        A device shows each packet once. So an equal packet at the same place was sent again. If the capture does not
        record the device, only the time distinguishes the two.
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
        """Keep the first copy of a packet as long as further copies may come."""
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
