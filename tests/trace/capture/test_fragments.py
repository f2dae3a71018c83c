"""Packets in IP fragments: their checksums, whatever the order of the fragments, and whatever is missing."""

import struct
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT,
    CLIENT_MAC,
    SERVER,
    SERVER_MAC,
    Shot,
    acknowledged,
    answered,
    cooked_2,
    data,
    datagram,
    ethernet,
    lease,
    only,
    options,
    pcap,
    read_request,
    said,
    trace_of,
    trace_of_file,
)
from virtscan.trace import Boot, Failed, judge
from virtscan.trace.capture.checksums import Checksum

SIZE = 4096
BEGUN = [
    *lease(),
    said(1.0, read_request("pxelinux.0", "blksize", str(SIZE))),
    answered(1.1, options("blksize", str(SIZE))),
    said(1.2, acknowledged(0), to=40000),
]


def fragments(shot: Shot, number: int = 7, *, size: int = 1480, lead: bytes = b"") -> list[Shot]:
    """Split a packet as RFC 791 or RFC 8200 describe it; `lead` is an extension header that is split as well."""
    head = 20 if shot.version == 4 else 40
    content = lead + shot.packet[head:]
    parts: list[Shot] = []
    for start in range(0, len(content), size):
        part, more = content[start : start + size], start + size < len(content)
        if shot.version == 4:
            offset = (0x2000 if more else 0) | start // 8
            packet = struct.pack("!BBHHH", 0x45, 0, 20 + len(part), number, offset) + shot.packet[8:20] + part
        else:
            header = struct.pack("!BBHI", 60 if lead else 17, 0, start | more, number)
            packet = shot.packet[:4] + struct.pack("!HB", 8 + len(part), 44) + shot.packet[7:40] + header + part
        parts.append(shot._replace(packet=packet, time=shot.time + len(parts) * 1e-5))
    return parts


def block(time: float, kind: Checksum, number: int = 1, version: int = 4) -> Shot:
    if version == 4:
        return answered(time, data(number, SIZE), kind=kind)
    ends = (SERVER_MAC, "fd00::1", 40000), (CLIENT_MAC, "fd00::50", 2070)
    return datagram(time, data(number, SIZE), *ends, kind)


def traced_boot(folder: Path, *shots: Shot) -> Boot:
    return only(trace_of(folder, *BEGUN, *shots, until=60))


ORDERS: dict[str, Callable[[list[Shot]], list[Shot]]] = {
    "in order": lambda parts: parts,
    "reversed": lambda parts: parts[::-1],
    "last first": lambda parts: [parts[-1], *parts[:-1]],
    "twice": lambda parts: [parts[0], *parts[1:2], *parts[1:]],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize(
    ("kind", "failed"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.NO), (Checksum.NONE, Failed.NO)]
)
def test_the_checksum_is_that_of_all_fragments(
    order: Callable[[list[Shot]], list[Shot]], kind: Checksum, failed: Failed, tmp_path: Path
) -> None:
    parts = [part for number in range(3) for part in order(fragments(block(2.0 + number, kind), number))]

    boot = traced_boot(tmp_path, *parts)
    assert (boot.ignored.total, getattr(boot.ignored, kind.value), judge(boot).failed) == (3, 3, failed)


@pytest.mark.parametrize("lead", [b"", bytes([17, 0]) + bytes(6)], ids=["none", "destination options"])
def test_fragments_of_ipv6_are_put_together(lead: bytes, tmp_path: Path) -> None:
    ends = (CLIENT_MAC, "fd00::50", 2070), (SERVER_MAC, "fd00::1", 69)
    parts = [
        part
        for number, kind in enumerate((Checksum.GOOD, Checksum.PARTIAL))
        for part in fragments(block(2.0 + number, kind, version=6), 1 << 20 | number, size=1448, lead=lead)
    ]

    boot = only(trace_of(tmp_path, datagram(1.0, read_request(), *ends), *parts, until=60))
    assert (boot.from_server.good, boot.from_server.partial, boot.from_server.unknown) == (1, 1, 0)


def overlapping(parts: list[Shot]) -> list[Shot]:
    again = parts[1].packet
    return [*parts[:2], parts[1]._replace(packet=again[:6] + struct.pack("!H", 0x2000 | 184) + again[8:]), *parts[2:]]


INCOMPLETE: dict[str, Callable[[list[Shot]], list[Shot]]] = {
    "first only": lambda parts: parts[:1],
    "without the second": lambda parts: [parts[0], parts[2]],
    "without the last": lambda parts: parts[:2],
    "too late": lambda parts: [*parts[:2], parts[2]._replace(time=50)],
    "of another number": lambda parts: [*parts[:2], *fragments(block(2.0, Checksum.PARTIAL), 8)[2:]],
    "of another sender": lambda parts: [
        *parts[:2],
        parts[2]._replace(packet=parts[2].packet.replace(ip_address(SERVER).packed, ip_address(CLIENT).packed)),
    ],
    "overlapping": overlapping,
    "damaged": lambda parts: [*parts[:2], parts[2]._replace(packet=parts[2].packet[:-1] + b"x")],
}


@pytest.mark.parametrize("kept", INCOMPLETE.values(), ids=INCOMPLETE)
def test_an_incomplete_packet_has_an_unknown_checksum(kept: Callable[[list[Shot]], list[Shot]], tmp_path: Path) -> None:
    parts = kept(fragments(block(2.0, Checksum.GOOD)))

    boot = traced_boot(tmp_path, *sorted(parts, key=lambda shot: shot.time))
    assert (boot.ignored.total, boot.ignored.unknown, judge(boot).failed) == (1, 1, Failed.UNCLEAR)


def test_fragments_that_the_capture_cuts_off_have_an_unknown_checksum(tmp_path: Path) -> None:
    shots = [*BEGUN, *fragments(block(2.0, Checksum.PARTIAL))]

    frames = [(shot.time, ethernet(shot)) for shot in shots]
    boot = only(trace_of_file(tmp_path, pcap([*frames, (60.0, bytes(60))], snap=600)))
    assert (boot.ignored.total, boot.ignored.unknown) == (1, 1)


def test_fragments_of_the_next_packet_with_the_same_number_are_its_own(tmp_path: Path) -> None:
    lost, comes = fragments(block(2.0, Checksum.PARTIAL)), fragments(block(3.0, Checksum.GOOD))

    boot = traced_boot(tmp_path, *lost[:2], *comes)
    assert (boot.ignored.unknown, boot.ignored.good) == (1, 1)


def test_fragments_are_put_together_for_each_device(tmp_path: Path) -> None:
    devices = [(shot.time, cooked_2(shot, device=2)) for shot in BEGUN]
    for first, kind in ((0.0, Checksum.PARTIAL), (0.0002, Checksum.GOOD)):
        device = 5 if kind is Checksum.PARTIAL else 3
        parts = fragments(block(2.0, kind))
        devices += [(part.time + first, cooked_2(part, device=device)) for part in parts]

    boot = only(trace_of_file(tmp_path, pcap([*sorted(devices), (60.0, bytes(60))], link=276)))
    assert (boot.ignored.total, boot.ignored.good) == (1, 1)


def test_a_flood_of_fragments_is_not_kept(tmp_path: Path) -> None:
    late = fragments(block(2.0, Checksum.GOOD))
    flood = [
        part._replace(time=3.0) for number in range(8, 200) for part in fragments(block(3.0, Checksum.GOOD), number)[1:]
    ]

    assert traced_boot(tmp_path, *late[:2], *flood, late[2]._replace(time=3.1)).ignored.unknown == 1
