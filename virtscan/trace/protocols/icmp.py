"""ICMP messages that refuse a packet because its port is closed."""

from virtscan.trace.capture.packets import ICMP, ICMP6, UDP, Packet

_PORT_UNREACHABLE = {ICMP: b"\x03\x03", ICMP6: b"\x01\x04"}


def refused(packet: Packet, port: int) -> tuple[bytes, int] | None:
    """Return the sender of the refused UDP packet to that port; None for other messages (RFC 792, RFC 4443)."""
    segment = packet.segment
    if segment[:2] != _PORT_UNREACHABLE.get(packet.protocol):
        return None
    inner = segment[8:]
    if packet.protocol == ICMP:
        head, protocol, source = (inner[0] & 0xF) * 4 if inner else 0, inner[9:10], inner[12:16]
    else:
        head, protocol, source = 40, inner[6:7], inner[8:24]
    ports = inner[head : head + 4]
    if protocol != bytes([UDP]) or len(ports) < 4 or int.from_bytes(ports[2:]) != port:
        return None
    return source, int.from_bytes(ports[:2])
