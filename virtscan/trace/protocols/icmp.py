"""ICMP messages that refuse a packet because its port is closed."""

from typing import NamedTuple

from virtscan.trace.capture.packets import ICMP, ICMP6, UDP, Packet

_PORT_UNREACHABLE = {ICMP: b"\x03\x03", ICMP6: b"\x01\x04"}


class Refused(NamedTuple):
    """The addresses and ports of the sender and the receiver of a refused UDP packet."""

    source: tuple[bytes, int]
    destination: tuple[bytes, int]


def refused(packet: Packet) -> Refused | None:
    """Return the UDP packet that its receiver refused; None for other messages (RFC 792, RFC 4443)."""
    segment = packet.segment
    if segment[:2] != _PORT_UNREACHABLE.get(packet.protocol):
        return None
    inner = segment[8:]
    if packet.protocol == ICMP:
        head, protocol, addresses = (inner[0] & 0xF) * 4 if inner else 0, inner[9:10], inner[12:20]
    else:
        head, protocol, addresses = 40, inner[6:7], inner[8:40]
    ports = inner[head : head + 4]
    half = len(addresses) // 2
    if protocol != bytes([UDP]) or len(ports) < 4:
        return None
    return Refused((addresses[:half], int.from_bytes(ports[:2])), (addresses[half:], int.from_bytes(ports[2:])))
