"""Short ways to make captures: packets of a client and of a server, with whatever checksums, on any kind of link."""

import gzip
import struct
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple, TypeAlias

from virtscan.trace import Boot, Trace, read
from virtscan.trace.capture.checksums import Checksum

CLIENT_MAC, SERVER_MAC, OTHER_MAC = "52:54:00:93:76:af", "52:54:00:aa:bb:cc", "52:54:00:00:00:09"
CLIENT, SERVER, OTHER = "10.77.0.50", "10.77.0.1", "10.77.0.2"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
TCP, UDP = 6, 17
Ends: TypeAlias = tuple[tuple[str, str], tuple[str, str]]
"""MAC and address of a client, and those of a server."""
ENDS: Ends = ((CLIENT_MAC, CLIENT), (SERVER_MAC, SERVER))
START = 1_700_000_000.0


class Shot(NamedTuple):
    """A packet at a time after the start, before it is put on a link."""

    time: float
    source_mac: str
    destination_mac: str
    packet: bytes
    version: int = 4
    arrival: int = 3


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def summed(source: str, destination: str, protocol: int, segment: bytes, kind: Checksum) -> bytes:
    """The segment with its checksum put in, the way RFC 1071 does it: word by word."""
    pseudo = ip_address(source).packed + ip_address(destination).packed + struct.pack("!II", len(segment), protocol)

    def fold(data: bytes) -> int:
        data += bytes(len(data) % 2)
        total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return total

    match kind:
        case Checksum.GOOD:
            value = ~fold(pseudo + segment) & 0xFFFF or 0xFFFF
        case Checksum.PARTIAL:
            value = fold(pseudo)
        case Checksum.NONE:
            value = 0
        case _:
            value = ~fold(pseudo + segment) & 0xFFFF ^ 0x0F0F
    place = 6 if protocol == UDP else 16
    return segment[:place] + struct.pack("!H", value) + segment[place + 2 :]


def network(source: str, destination: str, protocol: int, segment: bytes, *, flags: int = 0) -> bytes:
    """An IP packet, of the addresses' version."""
    packed = ip_address(source).packed, ip_address(destination).packed
    if len(packed[0]) == 4:
        return (
            struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, flags, 64, protocol, 0) + b"".join(packed) + segment
        )
    return struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + b"".join(packed) + segment


def datagram(
    time: float,
    payload: bytes,
    source: tuple[str, str, int],
    destination: tuple[str, str, int],
    kind: Checksum = Checksum.GOOD,
    *,
    arrival: int = 3,
) -> Shot:
    """A UDP packet; each end is MAC, address and port."""
    segment = struct.pack("!HHHH", source[2], destination[2], 8 + len(payload), 0) + payload
    segment = summed(source[1], destination[1], UDP, segment, kind)
    packet = network(source[1], destination[1], UDP, segment)
    return Shot(time, source[0], destination[0], packet, ip_address(source[1]).version, arrival)


def said(
    time: float, payload: bytes, *, port: int = 2070, to: int = 69, kind: Checksum = Checksum.GOOD, arrival: int = 4
) -> Shot:
    """A UDP packet of the client to the server."""
    return datagram(time, payload, (CLIENT_MAC, CLIENT, port), (SERVER_MAC, SERVER, to), kind, arrival=arrival)


def answered(
    time: float, payload: bytes, *, port: int = 40000, to: int = 2070, kind: Checksum = Checksum.GOOD, arrival: int = 3
) -> Shot:
    """A UDP packet of the server to the client."""
    return datagram(time, payload, (SERVER_MAC, SERVER, port), (CLIENT_MAC, CLIENT, to), kind, arrival=arrival)


def read_request(file: str = "pxelinux.0", *options: str) -> bytes:
    return b"\0\x01" + b"".join(word.encode() + b"\0" for word in (file, "octet", *options))


def options(*words: str) -> bytes:
    return b"\0\x06" + b"".join(word.encode() + b"\0" for word in words or ("blksize", "1432", "tsize", "50000"))


def data(block: int, size: int = 512) -> bytes:
    return struct.pack("!HH", 3, block) + bytes(size)


def acknowledged(block: int) -> bytes:
    return struct.pack("!HH", 4, block)


def error(code: int, text: str) -> bytes:
    return struct.pack("!HH", 5, code) + text.encode() + b"\0"


def dhcp(
    step: int | None,
    *more: tuple[int, bytes],
    transaction: int = 1,
    reply: bool = False,
    address: str = "0.0.0.0",
    next_server: str = "0.0.0.0",
    mac: str = CLIENT_MAC,
    file: bytes = b"",
    seconds: int = 0,
) -> bytes:
    """A message of DHCP, or of BOOTP if there is no step."""
    fixed = struct.pack("!BBBBIHH4x", 2 if reply else 1, 1, 6, 0, transaction, seconds, 0)
    fixed += ip_address(address).packed + ip_address(next_server).packed + bytes(4)
    fixed += octets(mac).ljust(16, b"\0") + bytes(64) + file.ljust(128, b"\0")
    if step is None:
        return fixed + bytes(64)
    fields = ((53, bytes([step])), *more)
    return fixed + bytes([99, 130, 83, 99]) + b"".join(bytes([c, len(v)]) + v for c, v in fields) + b"\xff"


PXE = (60, b"PXEClient:Arch:00000:UNDI:002001")
FROM = (54, ip_address(SERVER).packed)


def broadcast(time: float, payload: bytes) -> Shot:
    """A DHCP message of a client without an address."""
    return datagram(time, payload, (CLIENT_MAC, "0.0.0.0", 68), (EVERYBODY, "255.255.255.255", 67), arrival=1)


def discover(time: float, *, transaction: int = 1, seconds: int = 0) -> Shot:
    return broadcast(time, dhcp(1, PXE, transaction=transaction, seconds=seconds))


def offer(
    time: float, kind: Checksum = Checksum.GOOD, *, step: int = 2, file: bytes = b"pxelinux.0", transaction: int = 1
) -> Shot:
    message = dhcp(step, FROM, reply=True, address=CLIENT, next_server=SERVER, file=file, transaction=transaction)
    return answered(time, message, port=67, to=68, kind=kind)


def request(time: float, *, transaction: int = 1) -> Shot:
    return broadcast(time, dhcp(3, FROM, PXE, transaction=transaction))


def lease(
    time: float = 0.0, kind: Checksum = Checksum.GOOD, *, file: bytes = b"pxelinux.0", transaction: int = 1
) -> list[Shot]:
    """Return the packets by which a client gets its address: four within 0.3 seconds."""
    return [
        discover(time, transaction=transaction),
        offer(time + 0.1, kind, file=file, transaction=transaction),
        request(time + 0.2, transaction=transaction),
        offer(time + 0.3, kind, step=5, file=file, transaction=transaction),
    ]


def segment(
    time: float,
    payload: bytes = b"",
    *,
    flags: int,
    sequence: int,
    acknowledged: int,
    from_server: bool,
    kind: Checksum = Checksum.GOOD,
    port: int = 80,
    ends: Ends = ENDS,
) -> Shot:
    """A TCP segment between the client's port 50000 and the server's."""
    ports = (port, 50000) if from_server else (50000, port)
    head = struct.pack("!HHIIBBHHH", *ports, sequence % 2**32, acknowledged % 2**32, 0x50, flags, 8192, 0, 0)
    source, destination = ends[::-1] if from_server else ends
    whole = summed(source[1], destination[1], TCP, head + payload, kind)
    packet = network(source[1], destination[1], TCP, whole)
    return Shot(time, source[0], destination[0], packet, ip_address(source[1]).version)


def ethernet(shot: Shot, *vlans: int) -> bytes:
    """On Ethernet, with VLAN tags."""
    tags = b"".join(struct.pack("!HH", 0x88A8 if vlan is not vlans[-1] else 0x8100, vlan) for vlan in vlans)
    kind = b"\x08\x00" if shot.version == 4 else b"\x86\xdd"
    return octets(shot.destination_mac) + octets(shot.source_mac) + tags + kind + shot.packet


def cooked(shot: Shot, *vlans: int) -> bytes:
    """As `-i any` captures it, of old."""
    kind = 0x0800 if shot.version == 4 else 0x86DD
    tags = b"".join(struct.pack("!HH", vlan, 0x8100 if vlan is not vlans[-1] else kind) for vlan in vlans)
    first = 0x8100 if vlans else kind
    return struct.pack("!HHH8sH", shot.arrival, 1, 6, octets(shot.source_mac), first) + tags + shot.packet


def cooked_2(shot: Shot, *vlans: int, device: int = 2) -> bytes:
    """As `-i any` captures it today."""
    kind = 0x0800 if shot.version == 4 else 0x86DD
    tags = b"".join(struct.pack("!HH", vlan, 0x8100 if vlan is not vlans[-1] else kind) for vlan in vlans)
    first = 0x8100 if vlans else kind
    head = struct.pack("!HHIHBB8s", first, 0, device, 1, shot.arrival, 6, octets(shot.source_mac))
    return head + tags + shot.packet


def pcap(
    frames: Iterable[tuple[float, bytes]], *, link: int = 1, snap: int = 262144, end: str = "<", nano: bool = False
) -> bytes:
    """A file of the old format; times count from the start."""
    unit = 10**9 if nano else 10**6
    out = struct.pack(f"{end}IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for time, frame in frames:
        ticks = round((START + time) * unit)
        kept = frame[:snap]
        out += struct.pack(f"{end}IIII", ticks // unit, ticks % unit, len(kept), len(frame)) + kept
    return out


def block(kind: int, body: bytes, end: str = "<") -> bytes:
    """A block of a pcapng file."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{end}I", 12 + len(body))
    return struct.pack(f"{end}I", kind) + length + body + length


def pcapng(frames: Iterable[tuple[float, bytes]], *, link: int = 1, end: str = "<", simple: bool = False) -> bytes:
    """A file of the new format, with one device."""
    out = block(0x0A0D0D0A, struct.pack(f"{end}IHHq", 0x1A2B3C4D, 1, 0, -1), end)
    out += block(1, struct.pack(f"{end}HHI", link, 0, 0x40000), end)
    for time, frame in frames:
        ticks = round((START + time) * 10**6)
        if simple:
            out += block(3, struct.pack(f"{end}I", len(frame)) + frame, end)
        else:
            head = struct.pack(f"{end}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
            out += block(6, head + frame, end)
    return out


def trace_of(folder: Path, *shots: Shot, until: float | None = None) -> Trace:
    """Return the result of reading a capture of these, which goes on until then."""
    frames = [(shot.time, ethernet(shot)) for shot in shots]
    if until is not None:
        frames.append((until, bytes(60)))
    return trace_of_file(folder, pcap(frames))


def trace_of_file(folder: Path, content: bytes, *, zipped: bool = False) -> Trace:
    """Return the result of reading a file of this content."""
    path = folder / "boot.pcap"
    path.write_bytes(gzip.compress(content) if zipped else content)
    return read(path)


def only(trace: Trace) -> Boot:
    """The one boot of a capture."""
    (boot,) = trace.boots
    return boot
