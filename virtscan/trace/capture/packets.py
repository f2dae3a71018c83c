"""Parser of IP packets in frames; it reads only the fields that the state machine needs, for speed."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from virtscan.model.gaps.mismatches import Encapsulation
from virtscan.trace.capture.checksums import Checksum, transport_sum
from virtscan.trace.capture.links import ETHERNET, LinkHeader, dissect
from virtscan.trace.capture.reader import Frame
from virtscan.trace.capture.tunnels import BY_ETHERTYPE, BY_PORT, BY_PROTOCOL, GRE, carried

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
_ROUTING, _FRAGMENT = 43, 44
_EXTENSIONS = {0, _ROUTING, _FRAGMENT, 60}
_MOST_EXTENSIONS = 8
CHECKSUM = {TCP: 16, UDP: 6}
"""Offset of the checksum in the transport header."""
_SMALLEST = {TCP: 20, UDP: 8, ICMP: 8, ICMP6: 8, GRE: 4}
_MOST_TUNNELS = 2
_LARGEST_SEGMENT = 1500
"""Largest size in bytes of a single packet; larger ones are several in one (GRO, or offload of segmentation)."""


Wants: TypeAlias = Callable[[int, LinkHeader, tuple[bytes, int], tuple[bytes, int]], bool]
"""Returns True if a packet of this protocol, from this address and port to that, may belong to a boot."""


class _NetworkHeader(NamedTuple):
    """A network header; `start` is the offset of the transport header, `end` the offset after the packet.

    `offset` is that of a fragment; `lead` is the number of fragmented bytes before the transport header.
    """

    source: bytes
    destination: bytes
    protocol: int
    start: int
    end: int
    fragmented: bool = False
    identification: int = 0
    offset: int = 0
    lead: int = 0


class Packet(NamedTuple):
    """A UDP, TCP or ICMP packet; ports are 0 for ICMP.

    `segment` is the transport header and payload as far as they were captured, without padding. `length` is their full
    length by the headers, in bytes. `fragmented` is True for the first fragment of a packet. `identification` is the
    field of IPv4, or of fragments; `lead` is the number of fragmented bytes before the transport header.
    """

    time: float
    link: LinkHeader
    source: bytes
    destination: bytes
    protocol: int
    source_port: int
    destination_port: int
    segment: bytes
    length: int
    fragmented: bool
    identification: int = 0
    lead: int = 0

    @property
    def is_complete(self) -> bool:
        """Return True if the whole packet was captured."""
        return not self.fragmented and len(self.segment) >= self.length

    @property
    def is_multicast(self) -> bool:
        """Return True if it was sent to a multicast group or broadcast."""
        first = self.destination[0]
        return first >= 224 if len(self.destination) == 4 else first == 0xFF

    @property
    def payload(self) -> bytes:
        """Return the bytes after the UDP header."""
        return self.segment[8:]

    def checksum(self) -> Checksum:
        """Return the state of the packet's checksum.

        That of a packet of several segments or fragments is partial on Linux, before it is split (`udp4_ufo_fragment`)
        as well as after GRO (`tcp_gro_complete`). It proves nothing.
        """
        found = self.checksum_of_one()
        is_several = self.length > _LARGEST_SEGMENT
        return Checksum.UNKNOWN if is_several and found is Checksum.PARTIAL else found

    def checksum_of_one(self) -> Checksum:
        """Return the state of the checksum of a packet that is not several segments in one."""
        if not self.is_complete:
            return Checksum.UNKNOWN
        return transport_sum(
            source=self.source,
            destination=self.destination,
            protocol=self.protocol,
            segment=self.segment,
            field=CHECKSUM[self.protocol],
            optional=self.protocol == UDP and len(self.source) == 4,
        )


class Fragment(NamedTuple):
    """A later fragment of a UDP or TCP packet; `length` is its full length by the header, in bytes."""

    time: float
    link: LinkHeader
    source: bytes
    destination: bytes
    protocol: int
    identification: int
    offset: int
    data: bytes
    length: int
    is_last: bool


def packet(frame: Frame, wants: Wants) -> Packet | Fragment | Encapsulation | None:
    """Parse a frame of a link type that `dissect` supports, or the frame inside it if it belongs to an overlay.

    Returns:
        None if the packet is of another protocol, malformed, or not wanted.
    """
    data, link = frame.data, dissect(frame.data, frame.link, frame.device)
    for _ in range(_MOST_TUNNELS + 1):
        if link is None:
            return None
        network = _network(data, link)
        if not isinstance(network, _NetworkHeader):
            return network
        if network.offset:
            return _fragment(frame.time, data, link, network)
        inner = carried(data, network.protocol, network.start, network.end)
        if inner is None:
            return _transport(frame.time, data, link, network, wants)
        if isinstance(inner, Encapsulation):
            return inner
        outer, data = link, inner.frame
        link = dissect(data, ETHERNET, outer.device)
        if link is not None:
            link = link._replace(arrival=outer.arrival, overlay=(*outer.overlay, inner.network))
    return None if link is None else Encapsulation.NESTED


def _network(data: bytes, link: LinkHeader) -> "_NetworkHeader | Encapsulation | None":
    match link.ethertype:
        case 0x0800:
            return _ipv4(data, link.start)
        case 0x86DD:
            return _ipv6(data, link.start)
        case other:
            return BY_ETHERTYPE.get(other)


def _ipv4(data: bytes, start: int) -> _NetworkHeader | Encapsulation | None:
    if len(data) < start + 20 or data[start] >> 4 != 4:
        return None
    protocol = data[start + 9]
    flags = int.from_bytes(data[start + 6 : start + 8])
    if protocol not in _SMALLEST:
        return BY_PROTOCOL.get(protocol)
    transport = start + (data[start] & 0xF) * 4
    total = int.from_bytes(data[start + 2 : start + 4])
    # A length of zero means that the packet exceeds the field and the NIC segments it (segmentation offload).
    end = start + total if total else len(data)
    addresses = data[start + 12 : start + 16], data[start + 16 : start + 20]
    number = int.from_bytes(data[start + 4 : start + 6])
    return _NetworkHeader(*addresses, protocol, transport, end, bool(flags & 0x2000), number, (flags & 0x1FFF) * 8)


def _ipv6(data: bytes, start: int) -> _NetworkHeader | Encapsulation | None:
    if len(data) < start + 40 or data[start] >> 4 != 6:
        return None
    protocol, transport = data[start + 6], start + 40
    fragmented, identification, offset, fragmentable = False, 0, 0, 0
    source, destination = data[start + 8 : start + 24], data[start + 24 : start + 40]
    length = int.from_bytes(data[start + 4 : start + 6])
    for _ in range(_MOST_EXTENSIONS):
        if protocol not in _EXTENSIONS or len(data) < transport + 8:
            break
        if protocol == _FRAGMENT:
            part = int.from_bytes(data[transport + 2 : transport + 4])
            fragmented, offset, fragmentable = bool(part & 1), part & 0xFFF8, transport + 8
            identification = int.from_bytes(data[transport + 4 : transport + 8])
        elif protocol == _ROUTING and data[transport + 3]:
            destination = _final_destination(data[transport : transport + 8 + data[transport + 1] * 8])
            if len(destination) < 16:
                return Encapsulation.ROUTING
        size = 8 if protocol == _FRAGMENT else 8 + data[transport + 1] * 8
        protocol, transport = data[transport], transport + size
        if offset:
            break  # the rest is not a header
    if protocol not in _SMALLEST and not offset:
        return BY_PROTOCOL.get(protocol)
    end = start + 40 + length if length else len(data)
    lead = transport - fragmentable if fragmentable else 0
    return _NetworkHeader(source, destination, protocol, transport, end, fragmented, identification, offset, lead)


def _final_destination(header: bytes) -> bytes:
    """Return the receiver of a packet that is not there yet, which its checksum includes (RFC 8200, 8.1).

    It is the last address (RFC 5095, RFC 6275) or the first (RFC 8754); the addresses of other types are not known.
    """
    match header[2]:
        case 0 | 2:
            return header[8:][-16:]
        case 4:
            return header[8:24]
        case _:
            return b""


def _fragment(time: float, data: bytes, link: LinkHeader, network: _NetworkHeader) -> Fragment | None:
    content = data[network.start : network.end]
    return Fragment(
        time, link, network.source, network.destination, network.protocol, network.identification, network.offset,
        content, network.end - network.start, not network.fragmented,
    ) if content else None  # fmt: skip


def _transport(
    time: float, data: bytes, link: LinkHeader, network: _NetworkHeader, wants: Wants
) -> Packet | Encapsulation | None:
    source, destination, protocol, start, end, fragmented, number, _, lead = network
    if min(len(data), end) < start + _SMALLEST[protocol]:
        return None
    ports = (0, 0)
    if protocol in CHECKSUM:
        ports = int.from_bytes(data[start : start + 2]), int.from_bytes(data[start + 2 : start + 4])
    if not wants(protocol, link, (source, ports[0]), (destination, ports[1])):
        return BY_PORT.get((protocol, ports[1]))
    length = end - start
    if protocol == UDP:
        announced = int.from_bytes(data[start + 4 : start + 6])
        if announced < 8 or (announced > length and not fragmented):
            return None
        length = announced
    segment = data[start : min(end, start + length)]
    return Packet(time, link, source, destination, protocol, *ports, segment, length, fragmented, number, lead)
