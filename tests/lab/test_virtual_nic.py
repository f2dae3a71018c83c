"""Tests of what a virtual NIC makes of a partial checksum."""

import struct

import pytest

from tests.lab.virtual_nic import fill, keep, lose

DATA = b"boot"
PSEUDO = struct.pack("!4s4sBBH", bytes([10, 77, 0, 1]), bytes([10, 77, 0, 50]), 0, 17, 8 + len(DATA))
BEFORE = b"\xaa" * 34
HEADER = struct.pack("=BBHHHH", 1, 0, 0, 0, len(BEFORE), 6)


def folded(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def datagram(checksum: int) -> bytes:
    return struct.pack("!HHHH", 69, 2070, 8 + len(DATA), checksum) + DATA


PARTIAL = BEFORE + datagram(folded(PSEUDO))


def test_a_filled_checksum_is_right_and_no_longer_marked() -> None:
    header, frame = fill(HEADER, PARTIAL)

    assert header == bytes(10)
    assert folded(PSEUDO + frame[len(BEFORE) :]) == 0xFFFF
    assert frame[: len(BEFORE) + 6] == PARTIAL[: len(BEFORE) + 6]
    assert frame[len(BEFORE) + 8 :] == DATA


def test_an_odd_length_is_filled_as_well() -> None:
    pseudo = PSEUDO[:-2] + struct.pack("!H", 13)
    partial = BEFORE + struct.pack("!HHHH", 69, 2070, 13, folded(pseudo)) + b"boots"

    _, frame = fill(HEADER, partial)

    assert folded(pseudo + frame[len(BEFORE) :] + b"\0") == 0xFFFF


@pytest.mark.parametrize("does", [keep, fill])
def test_a_complete_frame_is_left_alone(does: object) -> None:
    complete = struct.pack("=BBHHHH", 0, 0, 0, 0, 0, 0)

    assert callable(does)
    assert does(complete, PARTIAL) == (complete, PARTIAL)


def test_a_lost_mark_leaves_the_partial_checksum_in_the_frame() -> None:
    assert lose(HEADER, PARTIAL) == (bytes(10), PARTIAL)
    assert keep(HEADER, PARTIAL) == (HEADER, PARTIAL)
