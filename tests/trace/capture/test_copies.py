"""Captures of several devices, which show each frame once for every device of a stack."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT,
    CLIENT_MAC,
    EVERYBODY,
    FROM,
    PXE,
    SERVER,
    SERVER_MAC,
    Shot,
    acknowledged,
    answered,
    cooked,
    cooked_2,
    data,
    datagram,
    dhcp,
    discover,
    ethernet,
    lease,
    offer,
    only,
    options,
    pcap,
    read_request,
    said,
    trace_of_file,
)
from virtscan.trace import Boot, Failed, Outcome, Side, judge
from virtscan.trace.capture.checksums import Checksum

STUCK = [
    *lease(),
    said(1.0, read_request()),
    answered(1.1, options(), kind=Checksum.PARTIAL),
    said(2.0, read_request()),
    answered(2.1, options(), kind=Checksum.PARTIAL),
    said(4.0, read_request()),
    answered(4.1, options(), kind=Checksum.PARTIAL),
]
WORKS = [*lease(), said(1.0, read_request()), answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000)]


def upper_and_lower(shot: Shot) -> list[tuple[float, bytes]]:
    """A frame on a VLAN device, and tagged on the device beneath."""
    return [(shot.time, cooked_2(shot, device=5)), (shot.time + 0.0002, cooked_2(shot, 100, device=3))]


def upper_and_lower_without_devices(shot: Shot) -> list[tuple[float, bytes]]:
    return [(shot.time, cooked(shot)), (shot.time + 0.0002, cooked(shot, 100))]


def three_devices(shot: Shot) -> list[tuple[float, bytes]]:
    return [(shot.time + late, cooked_2(shot, device=device)) for device, late in ((7, 0), (6, 0.0001), (2, 0.01))]


def seen(folder: Path, link: int, frames: list[list[tuple[float, bytes]]]) -> Boot:
    return only(trace_of_file(folder, pcap([frame for copies in frames for frame in copies], link=link)))


@pytest.mark.parametrize("shots", [STUCK, WORKS], ids=["fails", "works"])
@pytest.mark.parametrize(
    ("link", "devices"),
    [(276, upper_and_lower), (113, upper_and_lower_without_devices), (276, three_devices)],
    ids=["SLL2", "SLL", "three devices"],
)
def test_a_frame_that_is_shown_for_each_device_of_a_stack_is_counted_once(
    link: int, devices: Callable[[Shot], list[tuple[float, bytes]]], shots: list[Shot], tmp_path: Path
) -> None:
    cook = cooked if link == 113 else cooked_2
    alone = seen(tmp_path, link, [[(shot.time, cook(shot))] for shot in shots])

    assert seen(tmp_path, link, [devices(shot) for shot in shots]) == alone
    assert alone.from_client.total + alone.from_server.total == len(shots)


@pytest.mark.parametrize("shots", [STUCK, WORKS], ids=["fails", "works"])
@pytest.mark.parametrize(
    ("link", "frame"),
    [(1, ethernet), (113, cooked), (276, cooked_2)],
    ids=["Ethernet", "SLL", "SLL2"],
)
def test_a_frame_that_one_device_shows_twice_is_counted_once(
    link: int, frame: Callable[[Shot], bytes], shots: list[Shot], tmp_path: Path
) -> None:
    alone = seen(tmp_path, link, [[(shot.time, frame(shot))] for shot in shots])

    assert (
        seen(tmp_path, link, [[(shot.time, frame(shot)), (shot.time + 5e-6, frame(shot))] for shot in shots]) == alone
    )


def test_a_request_for_a_proxys_file_that_is_shown_twice_is_not_repeated(tmp_path: Path) -> None:
    asks = datagram(1.0, dhcp(3, PXE, transaction=2), (CLIENT_MAC, CLIENT, 68), (SERVER_MAC, SERVER, 4011))
    names = answered(1.1, dhcp(5, FROM, reply=True, file=b"pxe.0"), port=4011, to=68, kind=Checksum.PARTIAL)
    frames = [(shot.time, ethernet(shot)) for shot in (*lease(), asks, names)]

    once = only(trace_of_file(tmp_path, pcap([*frames, (60.0, bytes(60))])))
    twice = [(time + late, frame) for time, frame in frames for late in (0, 5e-6)]
    assert only(trace_of_file(tmp_path, pcap([*twice, (60.0, bytes(60))]))) == once


def test_an_equal_frame_on_the_same_device_is_another_one(tmp_path: Path) -> None:
    burst = [offer(3.0, Checksum.PARTIAL), offer(3.001, Checksum.PARTIAL)]
    shots = [discover(0), discover(1), *burst, discover(4)]

    boot = seen(tmp_path, 276, [three_devices(shot) for shot in shots])
    assert (boot.from_server.partial, boot.from_client.total) == (2, 3)


def test_a_frame_that_is_sent_again_later_is_another_one(tmp_path: Path) -> None:
    shots = [*STUCK, answered(4.2, options(), kind=Checksum.PARTIAL)]

    for link, devices in ((276, upper_and_lower), (113, upper_and_lower_without_devices)):
        assert seen(tmp_path, link, [devices(shot) for shot in shots]).from_server.partial == 4


def filled_beneath(shot: Shot, filled: Shot) -> list[tuple[float, bytes]]:
    return [(shot.time, cooked_2(shot, device=5)), (shot.time + 0.0002, cooked_2(filled, device=3))]


def test_a_checksum_that_is_filled_in_on_the_way_is_complete(tmp_path: Path) -> None:
    filled = [shot if shot.source_mac == CLIENT_MAC else answered(shot.time, options()) for shot in STUCK[4:]]
    filled = [*STUCK[:4], *filled]

    boot = seen(tmp_path, 276, [filled_beneath(*pair) for pair in zip(STUCK, filled, strict=True)])
    assert (boot.outcome, boot.ignored.partial, boot.ignored.good) == (Outcome.OPTIONS_NOT_ACKNOWLEDGED, 0, 3)
    assert (boot.from_server.total, judge(boot).failed) == (5, Failed.NO)


def test_a_checksum_that_is_filled_in_before_two_devices_changes_no_other_count(tmp_path: Path) -> None:
    def filled_beneath_twice(shot: Shot, filled: Shot) -> list[tuple[float, bytes]]:
        return [*filled_beneath(shot, filled), (shot.time + 0.0003, cooked_2(filled, device=2))]

    stays_partial = answered(1.1, options(), kind=Checksum.PARTIAL)
    frames = [three_devices(shot) for shot in (*STUCK[:5], stays_partial, STUCK[6])]
    frames.append(filled_beneath_twice(answered(2.1, options(), kind=Checksum.PARTIAL), answered(2.1, options())))

    boot = seen(tmp_path, 276, frames)
    assert (boot.ignored.partial, boot.ignored.good) == (1, 1)


def test_a_partial_checksum_of_a_broadcast_counts_although_another_way_fills_it_in(tmp_path: Path) -> None:
    def offered(time: float, kind: Checksum) -> Shot:
        message = dhcp(2, FROM, reply=True, address=CLIENT, file=b"pxelinux.0")
        return datagram(time, message, (SERVER_MAC, SERVER, 67), (EVERYBODY, "255.255.255.255", 68), kind)

    frames = [filled_beneath(discover(time), discover(time)) for time in (0, 2, 6)]
    offers = [filled_beneath(offered(time, Checksum.PARTIAL), offered(time, Checksum.GOOD)) for time in (0.1, 2.1, 6.1)]

    boot = seen(tmp_path, 276, [frames[0], offers[0], frames[1], offers[1], frames[2], offers[2]])
    assert (boot.outcome, boot.ignored.partial, boot.ignored.good) == (Outcome.OFFERS_NOT_REQUESTED, 3, 0)


def test_each_copy_of_a_frame_shows_its_place_in_the_capturing_machine(tmp_path: Path) -> None:
    def arriving(shot: Shot) -> list[tuple[float, bytes]]:
        own = shot._replace(arrival=4 if shot.source_mac == CLIENT_MAC else 0)
        passing = shot._replace(arrival=3)
        return [(shot.time, cooked_2(passing, device=2)), (shot.time + 0.0001, cooked_2(own, device=7))]

    assert seen(tmp_path, 276, [arriving(shot) for shot in STUCK]).side is Side.RECEIVER
