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
    written,
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
    [(VXLAN, 4789), (VXLAN, 8472), (GENEVE, 6081), (GRE, 0), (NVGRE, 0), (SUMMED, 0), (ERSPAN_1, 0), (ERSPAN_2, 0)],
    ids=["VXLAN", "VXLAN on Linux's port", "GENEVE", "GRE", "GRE key", "GRE checksum", "ERSPAN I", "ERSPAN II"],
)
def test_the_frame_inside_an_overlay_is_read(header: bytes, port: int, tmp_path: Path) -> None:
    for shots, failed in ((STUCK, Failed.YES), (WORKS, Failed.NO)):
        frames = [
            (shot.time, within(header, ethernet(shot, 100), port=port, version=4 + 2 * (number % 2)))
            for number, shot in enumerate(shots)
        ]
        found = written(tmp_path, pcap([*frames, (60.0, bytes(60))]))

        assert (judge(only(found)).failed, only(found).mac, only(found).vlan) == (failed, CLIENT_MAC, (100,))
        assert found.gaps == ()


def test_an_overlay_inside_an_overlay_is_read_once_more_only(tmp_path: Path) -> None:
    frame = ethernet(said(1.0, read_request()))
    for _ in range(2):
        frame = within(VXLAN, frame, port=4789)

    assert len(written(tmp_path, pcap([(0, frame)])).boots) == 1
    assert written(tmp_path, pcap([(0, within(VXLAN, frame, port=4789))])).boots == ()


@pytest.mark.parametrize(
    "header", [b"", b"\0" + VXLAN[1:], VXLAN, VXLAN + bytes(13), VXLAN + bytes(12) + b"\x08\0"], ids=len
)
def test_damaged_overlays_are_passed_over(header: bytes, tmp_path: Path) -> None:
    for port in (4789, 6081):
        found = written(tmp_path, pcap([(0, within(header, b"", port=port))]))

        assert (found.boots, found.gaps) == ((), ())


@pytest.mark.parametrize("port", [4789, 6081])
def test_a_clients_own_port_may_be_that_of_an_overlay(port: int, tmp_path: Path) -> None:
    shots = [said(1.0, read_request(), port=port), answered(1.1, data(1, 5), to=port)]
    shots.append(said(1.2, acknowledged(1), port=port, to=40000))

    found = only(written(tmp_path, pcap([(shot.time, ethernet(shot)) for shot in shots])))
    assert judge(found).failed is Failed.NO


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
    ],
)
def test_an_encapsulation_that_is_not_read_is_a_gap(frame: bytes, name: str, tmp_path: Path) -> None:
    found = written(tmp_path, pcap([(0, frame)]))

    assert found.boots == ()
    (gap,) = found.gaps
    assert reason(gap) == f"1 frame not read, encapsulated ({name}); capture at the server's or VM's device"
