"""Checksums of UDP and TCP in captured frames."""

from enum import Enum


class Checksum(Enum):
    """State of a frame's checksum.

    PARTIAL is the sum of the pseudo-header alone, which a sender leaves for its NIC to complete: Linux writes it there
    (`udp4_hwcsum`, `tcp_v4_send_check`). NONE: a UDP sender may omit the checksum (RFC 768). UNKNOWN: the capture
    lacks part of the datagram, or the packet holds several TCP segments.
    """

    GOOD = "good"
    NONE = "none"
    PARTIAL = "partial"
    WRONG = "wrong"
    UNKNOWN = "unknown"


def transport_sum(
    *, source: bytes, destination: bytes, protocol: int, segment: bytes, field: int, optional: bool
) -> Checksum:
    """Compute the state of a checksum.

    Args:
        source: Address, 4 or 16 bytes.
        destination: The same.
        protocol: Number of the transport protocol.
        segment: The complete transport header and payload.
        field: Offset of the checksum in the segment.
        optional: True if zero means that there is none, as for UDP over IPv4.

    >>> syn = bytes.fromhex("c35000500000000100000000500272100000 0000")
    >>> address = bytes([10, 0, 0, 1])
    >>> transport_sum(source=address, destination=address, protocol=6, segment=syn, field=16, optional=False)
    <Checksum.WRONG: 'wrong'>
    """
    found = segment[field] << 8 | segment[field + 1]
    if optional and found == 0:
        return Checksum.NONE
    # A one's complement sum of 16-bit words is the whole number modulo 65535, because 65536 is 1 there (RFC 1071).
    pseudo = int.from_bytes(source) + int.from_bytes(destination) + protocol + len(segment)
    whole = int.from_bytes(segment) << (8 if len(segment) % 2 else 0)
    if (pseudo + whole) % 0xFFFF == 0:
        return Checksum.GOOD
    return Checksum.PARTIAL if (found - pseudo) % 0xFFFF == 0 else Checksum.WRONG
