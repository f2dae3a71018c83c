"""Link layers: where a frame's network layer starts, its sender, and its direction at the capturing machine."""

from enum import Enum
from typing import NamedTuple

ETHERNET, COOKED, COOKED_2 = 1, 113, 276
"""libpcap's link types; Linux uses the cooked ones for the device `any`."""

KINDS = {
    0: "BSD loopback", 9: "PPP", 12: "raw IP", 14: "raw IP", 101: "raw IP", 105: "802.11", 108: "BSD loopback",
    127: "802.11", 228: "raw IP", 229: "raw IP", 249: "USB", 189: "USB", 201: "Bluetooth",
}  # fmt: skip
"""Names of link types that are captured by accident."""

_TAGS = {0x8100, 0x88A8, 0x9100, 0x9200}
_MOST_TAGS = 4


class Arrival(Enum):
    """Direction of a cooked frame at the capturing machine (packet(7)); UNKNOWN for an Ethernet frame."""

    HOST = 0
    BROADCAST = 1
    MULTICAST = 2
    OTHER_HOST = 3
    OUTGOING = 4
    UNKNOWN = -1


class LinkHeader(NamedTuple):
    """A link header; `destination` is None if not recorded, `source` without a MAC.

    `device` is None if the capture has one device, 0 if it has several and does not record which. `overlay`
    has the numbers of the virtual networks (VXLAN, GENEVE, GRE) that carried the frame.
    """

    ethertype: int
    start: int
    source: bytes | None
    destination: bytes | None
    vlan: tuple[int, ...]
    arrival: Arrival
    device: int | None = None
    overlay: tuple[int, ...] = ()

    @property
    def segment(self) -> tuple[int, ...]:
        """Return the numbers of the frame's networks, the outermost first."""
        return (*self.overlay, *self.vlan)

    @property
    def is_multicast(self) -> bool:
        """Return True if it was sent to a multicast group or broadcast."""
        return self.destination is not None and bool(self.destination[0] & 1)


def is_one_network(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Return True if two segments may be the same network; below a VLAN device or tunnel, frames have more numbers."""
    return left[max(len(left) - len(right), 0) :] == right[max(len(right) - len(left), 0) :]


_ARRIVALS = {arrival.value: arrival for arrival in Arrival}


def dissect(data: bytes, kind: int, device: int | None = None) -> LinkHeader | None:
    """Parse a frame's link layer; return None if the frame is too short.

    Args:
        data: The frame.
        kind: One of ETHERNET, COOKED, COOKED_2.
        device: Number of the interface in the file; cooked frames have their own.
    """
    source: bytes | None
    destination: bytes | None = None
    arrival = Arrival.UNKNOWN
    match kind:
        case 1:
            start, ethertype = 14, int.from_bytes(data[12:14])
            source, destination = data[6:12], data[:6]
        case 113:
            start, ethertype = 16, int.from_bytes(data[14:16])
            source = data[6:12] if data[4:6] == b"\0\x06" else None
            arrival, device = _ARRIVALS.get(int.from_bytes(data[:2]), arrival), 0
        case _:
            start, ethertype = 20, int.from_bytes(data[:2])
            source = data[12:18] if data[11:12] == b"\x06" else None
            arrival, device = _ARRIVALS.get(int.from_bytes(data[10:11]), arrival), int.from_bytes(data[4:8])
    vlan: tuple[int, ...] = ()
    while ethertype in _TAGS and len(vlan) < _MOST_TAGS:
        vlan = (*vlan, int.from_bytes(data[start : start + 2]) & 0xFFF)
        ethertype = int.from_bytes(data[start + 2 : start + 4])
        start += 4
    if len(data) < start:
        return None
    return LinkHeader(ethertype, start, source, destination, vlan, arrival, device)
