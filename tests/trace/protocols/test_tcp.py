"""Sequence numbers and segments of TCP."""

import pytest

from tests.trace.build import ethernet, segment
from virtscan.trace.capture.packets import Packet, packet
from virtscan.trace.capture.reader import Frame
from virtscan.trace.protocols import tcp

LAST = (1 << 32) - 1


@pytest.mark.parametrize(
    ("left", "right", "after"),
    [(1, 0, True), (0, 1, False), (5, 5, False), (0, LAST, True), (LAST, 0, False), (1 << 31, 0, False)],
)
def test_sequence_numbers_wrap_around(left: int, right: int, after: bool) -> None:
    assert tcp.is_after(left, right) is after


def test_a_segment_ends_after_its_payload() -> None:
    shot = segment(0, b"four", flags=tcp.ACK | tcp.FIN, sequence=LAST - 1, acknowledged=7, from_server=True)
    message = packet(Frame(0.0, ethernet(shot), 1), lambda *_: True)
    assert isinstance(message, Packet)

    parsed = tcp.parse(message)
    assert parsed == tcp.Segment(tcp.ACK | tcp.FIN, LAST - 1, 7, b"four", 4)
    assert (parsed.end, tcp.following(parsed.end)) == (2, 3)
