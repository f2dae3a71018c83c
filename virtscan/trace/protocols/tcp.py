"""TCP segments (RFC 9293)."""

from struct import Struct
from typing import NamedTuple

from virtscan.trace.capture.packets import Packet

FIN, SYN, RST, ACK = 1, 2, 4, 16
_NUMBERS = 1 << 32
_HEADER = Struct("!4xIIBB")


class Segment(NamedTuple):
    """One segment; `payload` as far as it was captured, `length` is its full length by the headers, in bytes."""

    flags: int
    sequence: int
    acknowledged: int
    payload: bytes
    length: int

    @property
    def end(self) -> int:
        """Return the sequence number after the payload."""
        return (self.sequence + self.length) % _NUMBERS


def parse(packet: Packet) -> Segment:
    """Parse the header of a TCP packet, which every TCP `Packet` has completely."""
    sequence, acknowledged, offset, flags = _HEADER.unpack_from(packet.segment)
    head = (offset >> 4) * 4
    return Segment(flags, sequence, acknowledged, packet.segment[head:], max(packet.length - head, 0))


def following(number: int) -> int:
    """Return the next sequence number."""
    return (number + 1) % _NUMBERS


def is_after(left: int, right: int) -> bool:
    """Return True if one sequence number is later than another; they wrap around (RFC 1982)."""
    return 0 < (left - right) % _NUMBERS < _NUMBERS >> 1
