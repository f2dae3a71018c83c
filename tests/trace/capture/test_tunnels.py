"""Boots inside overlays: the frames in VXLAN, GENEVE and GRE are read, and any others are a gap."""

import struct
from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT,
    CLIENT_MAC,
    SERVER,
    UDP,
    acknowledged,
    answered,
    data,
    ethernet,
    lease,
    network,
    octets,
    only,
    options,
    pcap,
    read_request,
    said,
    trace_of_file,
)
from virtscan.trace import Failed, judge
from virtscan.trace.capture.checksums import Checksum
from virtscan.views.wording.gaps import reason

STUCK = [
    *lease(),
    *(
        shot
        for time in (1.0, 2.0, 4.0)
        for shot in (said(time, read_request()), answered(time + 0.1, options(), kind=Checksum.PARTIAL))
    ),
]
WORKS = [*lease(), said(1.0, read_request()), answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000)]

NETWORK = struct.pack("!I", 77 << 8)
VXLAN, GENEVE = b"\x08\0\0\0" + NETWORK, b"\x02\0\x65\x58" + NETWORK + bytes(8)
GRE, NVGRE, SUMMED = b"\0\0\x65\x58", b"\x20\0\x65\x58" + NETWORK, b"\x90\0\x65\x58" + bytes(8)
GPE, GROUP = b"\x0c\0\0\x03" + NETWORK, b"\x88\0\0\x05" + NETWORK
ERSPAN_1, ERSPAN_2 = b"\0\0\x88\xbe", b"\x10\0\x88\xbe" + bytes(12)


def within(header: bytes, frame: bytes, *, port: int = 0, version: int = 4) -> bytes:
    """The frame inside a packet between hypervisors: in UDP if there is a port, else in GRE."""
    content = header + frame
    if port:
        content = struct.pack("!HHHH", 50001, port, 8 + len(content), 0) + content
    ends = ("192.0.2.1", "192.0.2.2") if version == 4 else ("2001:db8::1", "2001:db8::2")
    return outer(network(*ends, UDP if port else 47, content), b"\x08\0" if version == 4 else b"\x86\xdd")


def outer(packet: bytes, ethertype: bytes = b"\x08\0") -> bytes:
    return octets("02:00:00:00:00:01") + octets("02:00:00:00:00:02") + ethertype + packet


@pytest.mark.parametrize(
    ("header", "port"),
    [
        (VXLAN, 4789), (VXLAN, 8472), (VXLAN, 48879), (VXLAN, 4790), (GPE, 4790), (GPE, 4789), (GROUP, 4789),
        (GENEVE, 6081), (GENEVE, 16081), (GRE, 0), (NVGRE, 0), (SUMMED, 0), (ERSPAN_1, 0), (ERSPAN_2, 0),
    ],
    ids=[
        "VXLAN", "VXLAN on Linux's port", "VXLAN on any port", "VXLAN on the port of GPE", "VXLAN-GPE",
        "VXLAN-GPE on the port of VXLAN", "VXLAN with a group", "GENEVE", "GENEVE on any port", "GRE", "GRE key",
        "GRE checksum", "ERSPAN I", "ERSPAN II",
    ],
)  # fmt: skip
def test_the_frame_inside_an_overlay_is_read(header: bytes, port: int, tmp_path: Path) -> None:
    for shots, failed in ((STUCK, Failed.YES), (WORKS, Failed.NO)):
        frames = [
            (shot.time, within(header, ethernet(shot, 100), port=port, version=4 + 2 * (number % 2)))
            for number, shot in enumerate(shots)
        ]
        trace = trace_of_file(tmp_path, pcap([*frames, (60.0, bytes(60))]))

        assert (judge(only(trace)).failed, only(trace).mac, only(trace).vlan) == (failed, CLIENT_MAC, (100,))
        assert trace.gaps == ()


def test_an_overlay_inside_an_overlay_is_read_once_more_only(tmp_path: Path) -> None:
    frame = ethernet(said(1.0, read_request()))
    for _ in range(2):
        frame = within(VXLAN, frame, port=4789)

    assert len(trace_of_file(tmp_path, pcap([(0, frame)])).boots) == 1
    deeper = trace_of_file(tmp_path, pcap([(0, within(VXLAN, frame, port=4789))]))
    assert deeper.boots == ()
    assert "encapsulated (overlay in two others)" in reason(deeper.gaps[0])


@pytest.mark.parametrize(
    "header", [b"", b"\0" + VXLAN[1:], VXLAN, VXLAN + bytes(13), VXLAN + bytes(12) + b"\x08\0"], ids=len
)
def test_damaged_overlays_are_passed_over(header: bytes, tmp_path: Path) -> None:
    for port in (4789, 6081):
        trace = trace_of_file(tmp_path, pcap([(0, within(header, b"", port=port))]))

        assert (trace.boots, trace.gaps) == ((), ())


@pytest.mark.parametrize("port", [4789, 4790, 6081, 1701, 4341, 4500, 4754, 6080, 6635, 37008])
def test_a_clients_own_port_may_be_that_of_an_overlay(port: int, tmp_path: Path) -> None:
    shots = [said(1.0, read_request(), port=port), answered(1.1, data(1, 5), to=port)]
    shots.append(said(1.2, acknowledged(1), port=port, to=40000))

    trace = trace_of_file(tmp_path, pcap([(shot.time, ethernet(shot)) for shot in shots]))
    assert (judge(only(trace)).failed, trace.gaps) == (Failed.NO, ())


def test_data_on_any_port_is_an_overlay_only_if_it_holds_a_frame(tmp_path: Path) -> None:
    for content in (VXLAN + bytes(60), GENEVE + bytes(60), VXLAN[:4], bytes(80), b"\xff" * 80):
        assert trace_of_file(tmp_path, pcap([(0, within(content, b"", port=5555))])).gaps == ()


def segmented(port: int) -> bytes:
    """A packet with a header like that of TCP, as STT has it."""
    return outer(
        network(
            "192.0.2.1", "192.0.2.2", 6, struct.pack("!HHIIBBHHH", 50001, port, 0, 0, 0x50, 16, 0, 0, 0) + bytes(60)
        )
    )


PACKET = said(1.0, read_request()).packet


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (outer(b"\0\x06\x41\x40" + PACKET, b"\x88\x47"), "MPLS"),
        (outer(b"\x11\0\0\x01" + struct.pack("!HH", len(PACKET) + 2, 0x21) + PACKET, b"\x88\x64"), "PPPoE"),
        (outer(bytes(40), b"\x88\xe5"), "MACsec"),
        (outer(network(CLIENT, SERVER, 4, PACKET)), "IP in IP"),
        (outer(network(CLIENT, SERVER, 50, bytes(40))), "ESP"),
        (outer(network("fd00::1", "fd00::2", 50, bytes(40)), b"\x86\xdd"), "ESP"),
        (within(b"\0\0\x08\0", PACKET), "GRE without Ethernet"),
        (within(b"\0\x01\x65\x58", PACKET), "GRE without Ethernet"),
        (within(b"\x0c\0\0\x01" + NETWORK, PACKET, port=4790), "VXLAN-GPE without Ethernet"),
        (within(b"\x04\0\0\x04" + NETWORK, PACKET, port=4790), "VXLAN-GPE without Ethernet"),
        (within(b"\0\0\x08\0" + NETWORK, PACKET, port=6081), "GENEVE without Ethernet"),
        (segmented(7471), "STT"),
        (within(b"\0\0\x65\x58", ethernet(said(1.0, b"")), port=4754), "GRE in UDP"),
        (within(b"", PACKET, port=6635), "MPLS"),
        (within(b"", PACKET, port=6080), "GUE"),
        (within(b"", PACKET, port=4341), "LISP"),
        (within(b"", PACKET, port=1701), "L2TP"),
        (within(b"", PACKET, port=4500), "ESP"),
        (within(b"", PACKET, port=37008), "TZSP"),
        (outer(network(CLIENT, SERVER, 51, bytes(40))), "AH"),
        (outer(network(CLIENT, SERVER, 97, bytes(40))), "Ethernet in IP"),
        (outer(network("fd00::1", "fd00::2", 143, bytes(40)), b"\x86\xdd"), "Ethernet in IP"),
        (outer(network(CLIENT, SERVER, 115, bytes(40))), "L2TP"),
        (outer(network(CLIENT, SERVER, 137, bytes(40))), "MPLS"),
        (outer(bytes(60), b"\x22\xf3"), "TRILL"),
        (outer(bytes(60), b"\x89\x4f"), "NSH"),
    ],
)
def test_an_encapsulation_that_is_not_read_is_a_gap(frame: bytes, name: str, tmp_path: Path) -> None:
    trace = trace_of_file(tmp_path, pcap([(0, frame)]))

    assert trace.boots == ()
    (gap,) = trace.gaps
    assert reason(gap) == f"1 frame not read, encapsulated ({name}); capture at the server's or VM's device"
