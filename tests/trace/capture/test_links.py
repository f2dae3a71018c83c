"""Kinds of links and of addresses: the same boot, however it was captured."""

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
    UDP,
    Shot,
    answered,
    cooked,
    cooked_2,
    data,
    datagram,
    ethernet,
    lease,
    network,
    only,
    options,
    pcap,
    read_request,
    said,
    summed,
    trace_of,
    trace_of_file,
)
from virtscan.trace import Failed, Outcome, Side, judge
from virtscan.trace.capture.checksums import Checksum
from virtscan.views.wording.gaps import reason

STUCK = [
    *lease(),
    said(1.0, read_request()),
    answered(1.1, options(), kind=Checksum.PARTIAL),
    said(2.0, read_request()),
    answered(2.1, options(), kind=Checksum.PARTIAL),
    said(4.0, read_request()),
    answered(4.1, options(), kind=Checksum.PARTIAL),
]


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, ethernet),
        (1, lambda shot: ethernet(shot, 100)),
        (1, lambda shot: ethernet(shot, 7, 100)),
        (1, lambda shot: ethernet(shot).ljust(60, b"\x55")),
        (113, cooked),
        (276, cooked_2),
    ],
    ids=["Ethernet", "VLAN", "QinQ", "padded", "SLL", "SLL2"],
)
def test_the_same_boot_is_read_on_every_kind_of_link(link: int, frame: Callable[[Shot], bytes], tmp_path: Path) -> None:
    boot = only(trace_of_file(tmp_path, pcap([(shot.time, frame(shot)) for shot in STUCK], link=link)))

    assert (boot.mac, boot.outcome) == (CLIENT_MAC, Outcome.OPTIONS_NOT_ACKNOWLEDGED)
    assert (boot.ignored.partial, boot.taken.good) == (3, 2)
    assert judge(boot).failed is Failed.YES


def test_vlan_tags_are_read(tmp_path: Path) -> None:
    frames = [(shot.time, ethernet(shot, 7, 100)) for shot in STUCK]

    assert only(trace_of_file(tmp_path, pcap(frames))).vlan == (7, 100)


def arriving(to_client: int, to_server: int, shots: list[Shot] = STUCK) -> list[tuple[float, bytes]]:
    """The boot on the device `any`; 0 is what is addressed to the capturing machine, 3 to another, 4 outgoing."""
    return [
        (shot.time, cooked(shot._replace(arrival=to_client if shot.source_mac == SERVER_MAC else to_server)))
        for shot in shots
    ]


@pytest.mark.parametrize(
    ("to_client", "to_server", "side"),
    [
        (4, 0, Side.SENDER),
        (0, 4, Side.RECEIVER),
        (3, 4, Side.UNKNOWN),  # a lower device, or the tap of a server that is a VM
        (3, 3, Side.UNKNOWN),
        (0, 0, Side.UNKNOWN),
        (9, 9, Side.UNKNOWN),
    ],
)
def test_the_side_is_that_of_the_host_to_which_frames_are_addressed(
    to_client: int, to_server: int, side: Side, tmp_path: Path
) -> None:
    assert only(trace_of_file(tmp_path, pcap(arriving(to_client, to_server), link=113))).side is side


def test_bad_checksums_at_the_receiver_are_proof_if_complete_ones_were_accepted_or_they_are_not_partial(
    tmp_path: Path,
) -> None:
    damaged = [
        answered(shot.time, options(), kind=Checksum.WRONG) if shot.source_mac == SERVER_MAC else shot
        for shot in STUCK[4:]
    ]

    for shots in (STUCK, damaged):
        judgement = judge(only(trace_of_file(tmp_path, pcap(arriving(0, 4, shots), link=113))))
        assert (judgement.failed, judgement.confidence.value) == (Failed.YES, "high")


def test_partial_checksums_without_a_complete_one_may_be_filled_in_before_the_vm(
    tmp_path: Path,
) -> None:
    judgement = judge(only(trace_of_file(tmp_path, pcap(arriving(0, 4, STUCK[4:]), link=113))))

    assert (judgement.failed, judgement.confidence.value) == (Failed.YES, "medium")
    assert judgement.missing[0].startswith("the hypervisor's kernel")


def test_a_bad_checksum_at_the_senders_side_proves_nothing(tmp_path: Path) -> None:
    assert judge(only(trace_of_file(tmp_path, pcap(arriving(4, 0, STUCK[4:]), link=113)))).failed is Failed.UNCLEAR


@pytest.mark.parametrize(("link", "name"), [(105, "802.11"), (9, "PPP"), (147, "unknown to virtscan")])
def test_another_kind_of_link_is_a_gap(link: int, name: str, tmp_path: Path) -> None:
    trace = trace_of_file(tmp_path, pcap([(0, bytes(60)), (1, bytes(60))], link=link))

    assert (trace.frames, trace.boots) == (2, ())
    assert reason(trace.gaps[0]).startswith(f"2 frames not read, not Ethernet (link type {link}, {name})")


def test_a_cooked_frame_without_a_mac_has_its_address(tmp_path: Path) -> None:
    shot = said(1.0, read_request())
    frame = struct.pack("!HHH8sH", 4, 512, 0, bytes(8), 0x0800) + shot.packet
    newer = struct.pack("!HHIHBB8s", 0x0800, 0, 2, 512, 4, 0, bytes(8)) + shot.packet

    for link, content in ((113, frame), (276, newer)):
        boot = only(trace_of_file(tmp_path, pcap([(0, content)], link=link)))
        assert (boot.mac, boot.address) == (None, CLIENT)


def udp_6(payload: bytes, extensions: bytes, first: int, *, length: int | None = None) -> bytes:
    body = struct.pack("!HHHH", 2070, 69, 8 + len(payload), 0) + payload
    body = extensions + summed("fd00::50", "fd00::1", UDP, body, Checksum.GOOD)
    packet = network("fd00::50", "fd00::1", first, body)
    return packet if length is None else packet[:4] + struct.pack("!H", length) + packet[6:]


@pytest.mark.parametrize(
    ("packet", "whole"),
    [
        (udp_6(read_request(), bytes([17, 0]) + bytes(6), 0), True),
        (udp_6(read_request(), bytes([60, 0]) + bytes(6) + bytes([17, 1]) + bytes(14), 0), True),
        (udp_6(read_request(), bytes([17, 0, 0, 0]) + bytes(4), 44), True),
        (udp_6(read_request(), bytes([17, 0, 0, 1]) + bytes(4), 44), False),
        (udp_6(read_request(), b"", 17, length=0), True),
    ],
    ids=["hop by hop", "two", "atomic fragment", "first fragment", "jumbo"],
)
def test_ipv6_headers_are_passed_over(packet: bytes, whole: bool, tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, Shot(1, CLIENT_MAC, SERVER_MAC, packet, version=6)))

    assert (boot.address, boot.from_client.good, boot.from_client.unknown) == ("fd00::50", whole, not whole)


SERVER_6, ROUTER_6 = ip_address("fd00::1").packed, ip_address("fd00::99").packed


def routed(kind: int, left: int, *hops: bytes, to: bytes = ROUTER_6) -> bytes:
    """A read request to the server with a routing header; `to` is the next hop, as the packet shows it."""
    header = struct.pack("!BBBBI", 17, 2 * len(hops), kind, left, 0) + b"".join(hops)
    packet = udp_6(read_request(), header, 43)
    return packet[:24] + to + packet[40:]


@pytest.mark.parametrize(
    "packet",
    [
        routed(0, 1, SERVER_6),
        routed(0, 2, ROUTER_6, SERVER_6),
        routed(0, 0, ROUTER_6, to=SERVER_6),
        routed(2, 1, SERVER_6),
        routed(4, 1, SERVER_6, ROUTER_6),
        routed(4, 2, SERVER_6, ROUTER_6, ROUTER_6),
        routed(4, 0, SERVER_6, ROUTER_6, to=SERVER_6),
        routed(3, 0, ROUTER_6, to=SERVER_6),
    ],
    ids=["one hop", "two hops", "arrived", "mobile", "segments", "three segments", "last segment", "other, arrived"],
)
def test_a_checksum_over_ipv6_includes_the_final_destination(packet: bytes, tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, Shot(1, CLIENT_MAC, SERVER_MAC, packet, version=6)))

    assert (boot.from_client.good, boot.from_client.wrong, boot.server) == (1, 0, "fd00::1")


@pytest.mark.parametrize("packet", [routed(3, 1, SERVER_6), routed(0, 1), routed(253, 1, SERVER_6, SERVER_6)])
def test_a_routing_header_whose_final_destination_is_unknown_is_a_gap(packet: bytes, tmp_path: Path) -> None:
    trace = trace_of(tmp_path, Shot(1, CLIENT_MAC, SERVER_MAC, packet, version=6))

    assert trace.boots == ()
    assert reason(trace.gaps[0]).startswith("1 frame not read, encapsulated (IPv6 routing header);")


@pytest.mark.parametrize(
    "packet",
    [
        udp_6(read_request(), bytes([17, 0, 0, 8]) + bytes(4), 44),
        udp_6(read_request(), b"".join(bytes([0, 0]) + bytes(6) for _ in range(9)), 0),
        udp_6(read_request(), b"", 50),
        b"\x45" + said(1, read_request()).packet[1:10],
        b"\x75" + said(1, read_request()).packet[1:],
        network(CLIENT, SERVER, 50, bytes(40)),
        network(CLIENT, SERVER, UDP, said(1, read_request()).packet[20:], flags=100),
        network(CLIENT, SERVER, UDP, struct.pack("!HHHH", 2070, 69, 7, 0) + read_request()),
        network(CLIENT, SERVER, UDP, struct.pack("!HHHH", 2070, 69, 900, 0) + read_request()),
        network(CLIENT, SERVER, UDP, b"\x08\x16\x00"),
    ],
    ids=[
        "later fragment", "too many", "ESP", "short", "version", "protocol", "later IPv4 fragment", "length 7",
        "length 900", "no header",
    ],
)  # fmt: skip
def test_other_packets_and_damaged_ones_are_passed_over(packet: bytes, tmp_path: Path) -> None:
    shots = [Shot(1, CLIENT_MAC, SERVER_MAC, packet, version=packet[0] >> 4 if packet[0] >> 4 == 6 else 4)]

    assert trace_of(tmp_path, *shots).boots == ()


def test_frames_that_are_too_short_or_not_ip_are_ignored(tmp_path: Path) -> None:
    frames = [(0, bytes(8)), (1, bytes(12) + b"\x08\x06" + bytes(46)), (2, bytes(12) + b"\x81\x00\x00")]

    trace = trace_of_file(tmp_path, pcap(frames))
    assert (trace.frames, trace.boots, trace.gaps) == (3, (), ())


def test_the_first_fragment_of_an_answer_has_no_checksum_to_compute(tmp_path: Path) -> None:
    whole = answered(1.1, data(1, 1400), kind=Checksum.PARTIAL).packet[20:]
    first = Shot(1.1, SERVER_MAC, CLIENT_MAC, network(SERVER, CLIENT, UDP, whole[:512], flags=0x2000))

    boot = only(trace_of(tmp_path, said(1.0, read_request()), first, until=60))
    assert (boot.from_server.unknown, boot.outcome) == (1, Outcome.DATA_NOT_ACKNOWLEDGED)


def test_a_packet_too_large_for_its_length_field_is_as_long_as_its_frame(tmp_path: Path) -> None:
    shot = said(1.0, read_request())

    assert (
        only(trace_of(tmp_path, shot._replace(packet=shot.packet[:2] + b"\0\0" + shot.packet[4:]))).from_client.good
        == 1
    )


def test_missing_checksum_over_ipv6_is_bad(tmp_path: Path) -> None:
    def asks(source: str, destination: str) -> Shot:
        return datagram(1, read_request(), (CLIENT_MAC, source, 9), (SERVER_MAC, destination, 69), Checksum.NONE)

    assert only(trace_of(tmp_path, asks("fd00::50", "fd00::1"))).from_client.wrong == 1
    assert only(trace_of(tmp_path, asks(CLIENT, SERVER))).from_client.none == 1
