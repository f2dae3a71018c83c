"""Frames that a capture shows a moment after later ones."""

from pathlib import Path

import pytest

from tests.trace.build import (
    START,
    acknowledged,
    answered,
    data,
    ethernet,
    lease,
    only,
    options,
    pcap,
    read_request,
    said,
    trace_of_file,
)
from virtscan.trace import Failed, judge
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.ordering import in_order
from virtscan.trace.capture.reader import Frame

WORKS = [
    *lease(),
    said(1.0, read_request()),
    answered(1.0001, data(1)),
    said(1.0002, acknowledged(1), to=40000),
    answered(1.0003, data(2, 5)),
    said(1.0004, acknowledged(2), to=40000),
]


@pytest.mark.parametrize(
    "order",
    [[5, 4, 6, 7, 8], [4, 6, 5, 8, 7], [8, 7, 6, 5, 4]],
    ids=["answer before request", "acknowledgements before answers", "reversed"],
)
def test_a_boot_in_a_capture_out_of_order_has_its_outcome(order: list[int], tmp_path: Path) -> None:
    shots = [*WORKS[:4], *(WORKS[place] for place in order)]

    frames = [(shot.time, ethernet(shot)) for shot in shots]
    assert judge(only(trace_of_file(tmp_path, pcap([*frames, (60.0, bytes(60))])))).failed is Failed.NO


@pytest.mark.parametrize("order", [[1, 0, 2, 3, 4], [2, 1, 0, 3, 4], [1, 2, 3, 4, 0]])
def test_an_answer_that_is_shown_before_its_request_at_the_same_time_counts(order: list[int], tmp_path: Path) -> None:
    talk = [
        said(1.0, read_request("pxelinux.0", "blksize", "1432")),
        answered(1.0, options("blksize", "1432"), kind=Checksum.PARTIAL),
        said(1.0, acknowledged(0), to=40000),
        answered(1.0, data(1, 900), kind=Checksum.PARTIAL),  # the last one, as the options show
        said(1.0, acknowledged(1), to=40000),
    ]
    frames = [(shot.time, ethernet(shot)) for shot in (*WORKS[:4], *(talk[place] for place in order))]

    boot = only(trace_of_file(tmp_path, pcap([*frames, (60.0, bytes(60))])))
    assert (judge(boot).failed, boot.from_server.partial, boot.ignored.total) == (Failed.NO, 2, 0)


def ordered(*times: float) -> list[float]:
    return [frame.time for frame in in_order(Frame(time, b"", 1) for time in times)]


def test_frames_of_one_time_keep_their_order() -> None:
    frames = [Frame(START, bytes([number]), 1) for number in range(9)]

    assert list(in_order(frames)) == frames


def test_frames_are_sorted_within_a_moment() -> None:
    assert ordered(1.0, 1.03, 1.01, 1.02, 2.0, 1.99) == [1.0, 1.01, 1.02, 1.03, 1.99, 2.0]


def test_frames_keep_their_order_when_the_clock_is_set_back() -> None:
    assert ordered(100.0, 100.01, 40.0, 40.01, 40.5) == [100.0, 100.01, 40.0, 40.01, 40.5]


def test_a_bounded_number_of_frames_is_kept() -> None:
    times = [1.0 + number * 1e-6 for number in range(600)]

    assert ordered(*times, 1.0) != sorted([*times, 1.0])
