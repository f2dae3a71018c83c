"""TFTP as boot ROMs use it: the outcome of a transfer and its evidence."""

from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT,
    CLIENT_MAC,
    OTHER,
    OTHER_MAC,
    SERVER,
    SERVER_MAC,
    Shot,
    acknowledged,
    answered,
    broadcast,
    data,
    datagram,
    dhcp,
    error,
    ethernet,
    lease,
    network,
    octets,
    offer,
    only,
    options,
    pcap,
    read_request,
    request,
    said,
    trace_of,
    trace_of_file,
)
from virtscan.trace import Boot, Failed, Outcome, Side, judge
from virtscan.trace.boots.boot import BootError
from virtscan.trace.capture.checksums import Checksum
from virtscan.views.wording.gaps import reason

ASKS = said(1.0, read_request())


def traced_boot(folder: Path, *shots: Shot, until: float | None = 60.0) -> Boot:
    return only(trace_of(folder, *shots, until=until))


def stuck(kind: Checksum, arrival: int = 3) -> list[Shot]:
    """A request that is answered three times with options, and repeated."""
    return [
        ASKS,
        answered(1.1, options(), kind=kind, arrival=arrival),
        said(2.0, read_request()),
        answered(2.1, options(), port=40001, kind=kind, arrival=arrival),
        answered(3.1, options(), kind=kind, arrival=arrival),
    ]


def test_a_file_is_complete_with_the_acknowledgement_of_its_last_block(tmp_path: Path) -> None:
    boot = traced_boot(
        tmp_path,
        ASKS,
        answered(1.1, options("blksize", "1024")),
        said(1.2, acknowledged(0), to=40000),
        answered(1.3, data(1, 1024)),
        said(1.4, acknowledged(1), to=40000),
        answered(1.5, data(2, 1000)),
        said(1.6, acknowledged(2), to=40000),
    )

    assert (boot.outcome, boot.file, boot.server) == (Outcome.COMPLETE, "pxelinux.0", SERVER)
    assert (boot.retries, boot.resent, boot.seconds_lost) == (0, 0, 0)
    assert boot.taken.good == 3


def test_a_file_is_complete_when_only_the_last_acknowledgement_is_missing(tmp_path: Path) -> None:
    boot = traced_boot(
        tmp_path, ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000), answered(1.3, data(2, 0))
    )

    assert (boot.outcome, judge(boot).failed) == (Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED, Failed.NO)


def test_a_last_block_that_is_sent_again_was_not_taken(tmp_path: Path) -> None:
    shots = [ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000), answered(1.3, data(2, 0))]

    assert traced_boot(tmp_path, *shots, answered(2.3, data(2, 0))).outcome is Outcome.DATA_NOT_ACKNOWLEDGED


def test_each_answer_of_a_server_has_its_own_block_size(tmp_path: Path) -> None:
    ignored = [said(1.0, read_request("a", "blksize", "1432")), answered(1.1, options("blksize", "1432"))]
    plain = [said(2.0, read_request("a")), answered(2.1, data(1), port=40001), said(2.2, acknowledged(1), to=40001)]
    stuck = [answered(time, data(2), port=40001, kind=Checksum.PARTIAL) for time in (2.3, 3.3, 5.3)]

    boot = traced_boot(tmp_path, *ignored, *plain, *stuck)
    assert (boot.outcome, judge(boot).failed) == (Outcome.DATA_NOT_ACKNOWLEDGED, Failed.YES)


def test_an_acknowledgement_to_another_port_completes_nothing(tmp_path: Path) -> None:
    first = [ASKS, answered(1.1, options("blksize", "512")), said(1.2, acknowledged(0), to=40000)]
    short = [answered(time, data(1, 5), port=40001, kind=Checksum.PARTIAL) for time in (2.1, 3.1, 5.1)]
    long = [answered(2.2, data(1)), said(2.3, acknowledged(1), to=40000)]
    shots = sorted([*first, said(2.0, read_request()), *short, *long], key=lambda shot: shot.time)

    assert traced_boot(tmp_path, *shots).outcome is not Outcome.COMPLETE


def test_the_same_file_again_is_not_a_retry_once_it_is_complete(tmp_path: Path) -> None:
    once = [ASKS, answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000)]

    boot = traced_boot(tmp_path, *once, *(shot._replace(time=shot.time + 10) for shot in once))
    assert (boot.outcome, boot.retries, boot.seconds_lost) == (Outcome.COMPLETE, 0, 0)


def test_a_block_has_the_length_in_its_header_however_little_was_captured(tmp_path: Path) -> None:
    shots = [ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000)]
    frames = [(shot.time, ethernet(shot)) for shot in shots]

    assert only(trace_of_file(tmp_path, pcap(frames, snap=70))).outcome is Outcome.UNFINISHED


def test_a_single_unacknowledged_block_is_not_a_complete_file(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, answered(1.1, data(1, 5), kind=Checksum.PARTIAL))

    assert boot.outcome is Outcome.DATA_NOT_ACKNOWLEDGED
    assert judge(boot).failed is Failed.UNCLEAR  # some ROMs don't acknowledge the last block


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
@pytest.mark.parametrize("answer", [options(), data(1), data(1, 5)], ids=["options", "data", "last data"])
def test_an_ignored_answer_proves_nothing_until_either_side_repeats_a_packet(
    answer: bytes, kind: Checksum, tmp_path: Path
) -> None:
    shots = [ASKS, answered(1.1, answer, kind=kind)]
    decided = Failed.YES if kind is Checksum.PARTIAL else Failed.NO

    assert judge(traced_boot(tmp_path, *shots)).failed is Failed.UNCLEAR
    assert judge(traced_boot(tmp_path, *shots, answered(2.1, answer, kind=kind))).failed is decided
    asks_again = [said(2.0, read_request(), port=2071), answered(2.1, answer, to=2071, kind=kind)]
    assert judge(traced_boot(tmp_path, *shots, *asks_again)).failed is decided


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
@pytest.mark.parametrize("port", [2070, 2071])
def test_a_repetition_before_the_answer_does_not_show_that_it_was_ignored(
    port: int, kind: Checksum, tmp_path: Path
) -> None:
    """Some ROMs don't acknowledge the last block, here the only one."""
    shots = [ASKS, said(2.0, read_request(), port=port), answered(2.1, data(1, 5), to=port, kind=kind)]

    boot = traced_boot(tmp_path, *shots)
    assert (boot.retries, judge(boot).failed) == (1, Failed.UNCLEAR)


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
def test_a_repetition_before_the_client_went_on_does_not_show_that_a_later_block_was_ignored(
    kind: Checksum, tmp_path: Path
) -> None:
    shots = [ASKS, answered(1.1, data(1), kind=kind), said(2.0, read_request()), answered(2.1, data(1), kind=kind)]
    shots += [said(2.2, acknowledged(1), to=40000), answered(2.3, data(2), kind=kind)]
    decided = Failed.UNCLEAR if kind is Checksum.PARTIAL else Failed.NO  # the client took a partial one

    assert judge(traced_boot(tmp_path, *shots)).failed is Failed.UNCLEAR
    assert judge(traced_boot(tmp_path, *shots, answered(3.3, data(2), kind=kind))).failed is decided


def test_a_repeated_request_for_an_address_says_nothing_about_a_download(tmp_path: Path) -> None:
    """Some ROMs don't acknowledge the last block, here the only one."""
    again = [request(0.2), *lease()[:2], request(1.2), offer(1.3, step=5)]
    shots = [*sorted(again, key=lambda shot: shot.time), said(2.0, read_request())]
    shots += [answered(2.1, data(1, 5), kind=Checksum.PARTIAL)]

    boot = traced_boot(tmp_path, *shots)
    assert (boot.retries, judge(boot).failed) == (1, Failed.UNCLEAR)
    repeated = said(4.0, read_request(), port=2071), answered(4.1, data(1, 5), to=2071, kind=Checksum.PARTIAL)
    boot = traced_boot(tmp_path, *shots, *repeated)
    assert (boot.retries, judge(boot).failed) == (2, Failed.YES)


def test_a_block_that_is_captured_after_its_acknowledgement_is_not_ignored(tmp_path: Path) -> None:
    late = [said(1.1, acknowledged(1), to=40000), answered(1.2, data(1), kind=Checksum.PARTIAL)]
    last = [said(1.3, acknowledged(2), to=40000), answered(1.4, data(2, 5), kind=Checksum.PARTIAL)]

    boot = traced_boot(tmp_path, ASKS, *late, *last, until=1.5)
    assert (boot.outcome, boot.ignored.total, judge(boot).failed) == (Outcome.COMPLETE, 0, Failed.NO)
    again = [answered(time, data(2), kind=Checksum.PARTIAL) for time in (1.3, 2.3, 4.3)]
    stuck = traced_boot(tmp_path, ASKS, *late, *again)
    assert (stuck.outcome, stuck.ignored.partial) == (Outcome.DATA_NOT_ACKNOWLEDGED, 3)


def test_a_client_that_acknowledged_a_block_that_the_capture_lacks_is_not_stuck(tmp_path: Path) -> None:
    first = [*lease(), ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000)]
    second = [answered(1.3, data(2), kind=Checksum.PARTIAL), said(3.3, acknowledged(1), to=40000)]
    second += [answered(3.4, data(2)), said(3.5, acknowledged(2), to=40000)]

    boot = traced_boot(tmp_path, *first, *second, said(3.7, acknowledged(3), to=40000))
    assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)
    stuck = [answered(time, data(3), kind=Checksum.PARTIAL) for time in (3.6, 4.6, 6.6)]
    assert judge(traced_boot(tmp_path, *first, *second, *stuck)).failed is Failed.YES
    options_taken = [ASKS, answered(1.1, options()), said(1.2, acknowledged(0), to=40000)]
    stuck = [answered(time, data(1), kind=Checksum.PARTIAL) for time in (1.3, 2.3, 4.3)]
    assert judge(traced_boot(tmp_path, *lease(), *options_taken, *stuck)).failed is Failed.YES


def test_options_that_are_captured_after_their_acknowledgement_are_not_ignored(tmp_path: Path) -> None:
    late = [said(1.1, acknowledged(0), to=40000), answered(1.2, options(), kind=Checksum.PARTIAL)]
    again = [said(time, acknowledged(0), to=40000) for time in (2.1, 4.1)]

    boot = traced_boot(tmp_path, ASKS, *late, *again)
    assert (boot.ignored.total, judge(boot).failed) == (0, Failed.UNCLEAR)


def test_unacknowledged_data_is_not_unacknowledged_options(tmp_path: Path) -> None:
    assert traced_boot(tmp_path, *stuck(Checksum.PARTIAL)).outcome is Outcome.OPTIONS_NOT_ACKNOWLEDGED
    stalled = traced_boot(
        tmp_path,
        ASKS,
        answered(1.1, data(1)),
        said(1.2, acknowledged(1), to=40000),
        *(answered(2.0 + wait, data(2)) for wait in range(3)),
    )
    assert stalled.outcome is Outcome.DATA_NOT_ACKNOWLEDGED
    assert stalled.resent == 2
    assert stalled.seconds_lost == pytest.approx(2.0)


def test_a_transfer_that_the_capture_cuts_off_is_unfinished(tmp_path: Path) -> None:
    shots = [ASKS, answered(1.1, options(), kind=Checksum.PARTIAL)]

    boot = traced_boot(tmp_path, *shots, until=None)
    assert boot.outcome is Outcome.UNFINISHED
    assert judge(boot).failed is Failed.UNCLEAR
    assert traced_boot(tmp_path, *shots, until=60).outcome is Outcome.OPTIONS_NOT_ACKNOWLEDGED


@pytest.mark.parametrize(("until", "outcome"), [(None, Outcome.UNFINISHED), (60.0, Outcome.DATA_NOT_ACKNOWLEDGED)])
def test_data_that_is_sent_again_within_milliseconds_may_have_met_its_acknowledgement(
    until: float | None, outcome: Outcome, tmp_path: Path
) -> None:
    shots = [ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000)]
    again = [answered(time, data(2), kind=Checksum.PARTIAL) for time in (1.3, 1.324)]

    assert traced_boot(tmp_path, *shots, *again, until=until).outcome is outcome


def test_data_at_the_end_of_a_capture_decides_nothing_whatever_was_sent_again_before(tmp_path: Path) -> None:
    again = [said(1.5, read_request()), answered(1.6, data(1)), said(1.7, acknowledged(1), to=40000)]
    shots = [ASKS, *again, answered(1.8, data(2))]

    boot = traced_boot(tmp_path, *shots, until=None)
    assert (boot.retries, boot.outcome) == (1, Outcome.UNFINISHED)
    assert traced_boot(tmp_path, *shots, until=60).outcome is Outcome.DATA_NOT_ACKNOWLEDGED


def test_a_transfer_that_stops_with_all_acknowledged_is_unfinished(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000))

    assert boot.outcome is Outcome.UNFINISHED


def test_a_request_without_an_answer_is_unclear_because_a_filter_may_hide_it(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, said(2.0, read_request()))

    assert (boot.outcome, boot.retries) == (Outcome.NO_ANSWER, 1)
    assert judge(boot).failed is Failed.UNCLEAR
    assert "all ports" in judge(boot).missing[0]


def test_an_error_is_reported_with_its_code_and_text(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, answered(1.1, error(1, "File not found")))

    assert (boot.outcome, str(boot.error)) == (Outcome.TFTP_ERROR, "1 File not found")
    assert judge(boot).failed is Failed.NO


def test_an_error_without_a_text_gets_that_of_the_standard(tmp_path: Path) -> None:
    assert traced_boot(tmp_path, ASKS, answered(1.1, error(2, ""))).error == BootError(code=2, text="access violation")


def test_a_repeated_request_shows_that_the_error_never_arrived(tmp_path: Path) -> None:
    shots = [ASKS, answered(1.1, error(1, "no"), kind=Checksum.PARTIAL), said(2.0, read_request())]

    boot = traced_boot(tmp_path, *shots, answered(2.1, error(1, "no"), kind=Checksum.PARTIAL))
    assert boot.outcome is Outcome.TFTP_ERROR
    assert judge(boot).failed is Failed.YES


@pytest.mark.parametrize(("wait", "failed"), [(1.0, Failed.YES), (0.05, Failed.NO)])
def test_a_request_from_another_port_shows_that_the_error_never_arrived_unless_it_follows_at_once(
    wait: float, failed: Failed, tmp_path: Path
) -> None:
    """A client without an answer waits before it retries; one that reacts to an error does not."""
    shots = [
        shot
        for number in range(3)
        for shot in (
            said(1.0 + number * wait, read_request(), port=2070 + number),
            answered(1.01 + number * wait, error(1, "no"), to=2070 + number, kind=Checksum.PARTIAL),
        )
    ]

    boot = traced_boot(tmp_path, *lease(), *shots)
    assert boot.outcome is Outcome.TFTP_ERROR
    assert judge(boot).failed is failed


def test_a_client_that_requests_only_the_size_then_requests_the_file(tmp_path: Path) -> None:
    boot = traced_boot(
        tmp_path,
        ASKS,
        answered(1.1, options("tsize", "100"), kind=Checksum.PARTIAL),
        said(1.2, error(0, "TFTP Aborted"), to=40000),
        said(1.3, read_request(), port=2071),
        answered(1.4, data(1, 100), to=2071, kind=Checksum.PARTIAL),
        said(1.5, acknowledged(1), port=2071, to=40000),
    )

    assert boot.outcome is Outcome.COMPLETE
    assert (boot.taken.partial, boot.side) == (2, Side.SENDER)


def test_the_error_of_a_client_that_gives_up_is_reported(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, answered(1.1, options()), said(1.2, error(8, "too large"), to=40000))

    assert (boot.outcome, str(boot.error)) == (Outcome.TFTP_ERROR, "the client: 8 too large")


def test_the_last_file_decides_however_many_there_were(tmp_path: Path) -> None:
    shots: list[Shot] = []
    for number in range(20):
        shots += [
            said(number, read_request(f"file{number}"), port=3000 + number),
            answered(number + 0.1, error(1, "File not found"), to=3000 + number),
        ]
    shots += [said(30, read_request("default"), port=4000), answered(30.1, data(1, 5), to=4000)]
    shots += [said(30.2, acknowledged(1), port=4000, to=40000)]

    boot = traced_boot(tmp_path, *shots)
    assert (boot.outcome, boot.file) == (Outcome.COMPLETE, "default")
    assert (boot.from_server.total, boot.from_client.total) == (21, 22)


def test_a_flood_of_requests_is_counted_and_not_kept(tmp_path: Path) -> None:
    flood = [said(number, read_request("x"), port=10_000 + number) for number in range(5000)]

    late = [answered(5000.1, data(1, 5), to=port) for port in (10_000, 14_999)]
    boot = traced_boot(tmp_path, *flood, *late, until=None)
    assert boot.from_client.total == 5000
    assert boot.from_server.total == 1  # the first is forgotten by then, the last is not


def test_a_closed_port_is_a_refusal(tmp_path: Path) -> None:
    refusal = bytes([3, 3]) + bytes(6) + ASKS.packet[:28]
    unreachable = Shot(1.1, SERVER_MAC, CLIENT_MAC, network(SERVER, CLIENT, 1, refusal))

    boot = traced_boot(tmp_path, ASKS, unreachable)
    assert boot.outcome is Outcome.REFUSED
    assert judge(boot).failed is Failed.NO


ELSEWHERE = said(1.0, b"", to=40000).packet


@pytest.mark.parametrize(
    "message",
    [
        bytes([3, 3]) + bytes(6) + ELSEWHERE,
        bytes([3, 1]) + bytes(6) + ASKS.packet[:28],
        bytes([3, 3]) + bytes(6) + ASKS.packet[:20],
        bytes([3, 3]) + bytes(6),
    ],
)
def test_another_icmp_message_refuses_nothing(message: bytes, tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, Shot(1.1, SERVER_MAC, CLIENT_MAC, network(SERVER, CLIENT, 1, message)))

    assert boot.outcome is Outcome.NO_ANSWER


def test_a_closed_port_over_ipv6_is_a_refusal(tmp_path: Path) -> None:
    asks = datagram(1.0, read_request(), (CLIENT_MAC, "fd00::50", 2070), (SERVER_MAC, "fd00::1", 69))
    refusal = bytes([1, 4]) + bytes(6) + asks.packet
    unreachable = Shot(1.1, SERVER_MAC, CLIENT_MAC, network("fd00::1", "fd00::50", 58, refusal), version=6)

    assert traced_boot(tmp_path, asks, unreachable).outcome is Outcome.REFUSED


def refuses(time: float, answer: Shot, source: str = CLIENT) -> Shot:
    """The client's ICMP message that the port of a server's packet is closed."""
    message = bytes([3, 3]) + bytes(6) + answer.packet[:28]
    return Shot(time, CLIENT_MAC, SERVER_MAC, network(source, SERVER, 1, message))


@pytest.mark.parametrize("kind", [Checksum.PARTIAL, Checksum.GOOD])
def test_a_client_that_refuses_an_answer_has_verified_its_checksum(kind: Checksum, tmp_path: Path) -> None:
    again = answered(2.1, options(), kind=kind)

    boot = traced_boot(tmp_path, ASKS, answered(1.1, options(), kind=kind), again, refuses(2.2, again))
    assert (boot.outcome, boot.ignored.total, boot.taken.total) == (Outcome.TFTP_ERROR, 0, 2)
    assert str(boot.error) == "the client: 3 port unreachable (ICMP)"
    assert judge(boot).failed is Failed.NO


def test_a_client_that_refuses_an_answer_over_ipv6_has_verified_its_checksum(tmp_path: Path) -> None:
    client, server = (CLIENT_MAC, "fd00::50", 2070), (SERVER_MAC, "fd00::1", 40000)
    answer = datagram(1.1, options(), server, client, Checksum.PARTIAL)
    message = bytes([1, 4]) + bytes(6) + answer.packet
    refusal = Shot(1.2, CLIENT_MAC, SERVER_MAC, network("fd00::50", "fd00::1", 58, message), version=6)

    boot = traced_boot(tmp_path, datagram(1.0, read_request(), client, (SERVER_MAC, "fd00::1", 69)), answer, refusal)
    assert judge(boot).failed is Failed.NO


@pytest.mark.parametrize(
    ("time", "source"),
    [(2.2, OTHER), (30.0, CLIENT)],
    ids=["a firewall on the way", "another program, after the client gave up"],
)
def test_a_refusal_that_is_not_the_boots_own_proves_nothing(time: float, source: str, tmp_path: Path) -> None:
    shots = stuck(Checksum.PARTIAL)

    boot = traced_boot(tmp_path, *shots, refuses(time, shots[-1], source))
    assert boot.outcome is Outcome.OPTIONS_NOT_ACKNOWLEDGED
    assert judge(boot).failed is Failed.YES


def test_a_write_request_is_not_a_boot(tmp_path: Path) -> None:
    assert trace_of(tmp_path, said(1.0, b"\0\x02empty\0octet\0")).boots == ()


def test_a_server_that_answers_from_its_own_port_is_followed(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, ASKS, answered(1.1, data(1, 5), port=69), said(1.2, acknowledged(1), to=69))

    assert boot.outcome is Outcome.COMPLETE


def test_a_frame_seen_on_two_devices_is_not_a_retry(tmp_path: Path) -> None:
    twice = [shot._replace(time=shot.time + late) for shot in stuck(Checksum.PARTIAL) for late in (0, 0.0001)]

    assert traced_boot(tmp_path, *twice).retries == traced_boot(tmp_path, *stuck(Checksum.PARTIAL)).retries == 1
    assert traced_boot(tmp_path, *twice).resent == traced_boot(tmp_path, *stuck(Checksum.PARTIAL)).resent == 2


def test_invalid_messages_are_a_gap_only_on_the_servers_port(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, ASKS, said(1.1, b"\0\x09ab"), said(1.2, b"\0\x09ab", to=40000), answered(1.3, b"x"))

    assert [reason(gap).partition(";")[0] for gap in trace.gaps] == ["1 DHCP or TFTP message not read, malformed"]


def test_clients_behind_a_router_have_no_mac_of_their_own(tmp_path: Path) -> None:
    router = [
        datagram(1.0, read_request(), (OTHER_MAC, f"10.99.0.{host}", 2070), (SERVER_MAC, SERVER, 69)) for host in (1, 2)
    ]

    assert [(boot.mac, boot.address) for boot in trace_of(tmp_path, *router).boots] == [
        (None, "10.99.0.1"),
        (None, "10.99.0.2"),
    ]
    assert only(trace_of(tmp_path, router[0])).mac == OTHER_MAC


def test_a_client_behind_a_router_is_identified_by_its_assigned_address(tmp_path: Path) -> None:
    relayed = datagram(1.0, read_request(), (OTHER_MAC, CLIENT, 2070), (SERVER_MAC, SERVER, 69))

    assert traced_boot(tmp_path, *lease(), relayed).mac == CLIENT_MAC


GAVE_UP = [
    *lease(),
    ASKS,
    *(answered(time, options(), kind=Checksum.PARTIAL) for time in (1.1, 2.1)),
    said(3.0, read_request()),
    *(answered(time, options(), kind=Checksum.PARTIAL) for time in (3.1, 4.1, 6.1)),
]
"""A client that waits two seconds, then four, and then no longer."""


@pytest.mark.parametrize(("size", "failed"), [(1468, Failed.YES), (8192, Failed.UNCLEAR)])
def test_blocks_that_a_device_is_to_split_prove_nothing(size: int, failed: Failed, tmp_path: Path) -> None:
    begun = [ASKS, answered(1.1, options("blksize", str(size))), said(1.2, acknowledged(0), to=40000)]
    shots = [answered(time, data(1, size), kind=Checksum.PARTIAL) for time in (1.3, 2.3, 4.3)]

    assert judge(traced_boot(tmp_path, *lease(), *begun, *shots)).failed is failed


def test_requests_from_other_ports_are_of_the_same_server(tmp_path: Path) -> None:
    shots = [
        shot
        for number, time in enumerate((1.0, 3.0, 7.0))
        for shot in (
            said(time, read_request(), port=2070 + number),
            answered(time + 0.1, options(), port=40000 + number, to=2070 + number, kind=Checksum.PARTIAL),
        )
    ]

    boot = traced_boot(tmp_path, *lease(), *shots, said(15.0, read_request(), port=2080))
    assert (boot.outcome, boot.server_mac, boot.ignored.partial) == (Outcome.NO_ANSWER, SERVER_MAC, 3)
    assert boot.retries == 3
    assert judge(boot).failed is Failed.YES


class TestAnswersAfterTheClientGaveUp:
    """Servers send on for half a minute what no client waits for."""

    def test_complete_answers_do_not_clear_earlier_ignored_ones(self, tmp_path: Path) -> None:
        late = [answered(time, options()) for time in (14.1, 30.1)]

        boot = traced_boot(tmp_path, *GAVE_UP, *late)
        assert (boot.ignored.partial, boot.ignored.good, boot.from_server.total) == (5, 0, 7)
        assert (judge(boot).failed, judge(boot).confidence.value) == (Failed.YES, "medium")
        assert boot.resent == traced_boot(tmp_path, *GAVE_UP).resent

    def test_complete_ones_alone_do_not_show_that_the_client_ignored_them(self, tmp_path: Path) -> None:
        late = [answered(time, options()) for time in (14.1, 30.1)]

        boot = traced_boot(tmp_path, *lease(), ASKS, said(3.0, read_request()), *late)
        assert (boot.outcome, judge(boot).failed) == (Outcome.NO_ANSWER, Failed.UNCLEAR)

    def test_partial_ones_do_not_accuse_when_the_client_ignored_complete_ones(self, tmp_path: Path) -> None:
        complete = [answered(shot.time, options()) if shot.source_mac == SERVER_MAC else shot for shot in GAVE_UP[4:]]

        boot = traced_boot(tmp_path, *GAVE_UP[:4], *complete, answered(14.1, options(), kind=Checksum.PARTIAL))
        assert (boot.ignored.partial, judge(boot).failed, judge(boot).confidence.value) == (0, Failed.NO, "high")

    def test_they_count_if_the_client_requests_again(self, tmp_path: Path) -> None:
        slow = [answered(40, data(1, 5), kind=Checksum.PARTIAL), said(40.1, acknowledged(1), to=40000)]

        boot = traced_boot(tmp_path, *lease(), ASKS, *slow)
        assert (boot.outcome, boot.taken.partial, boot.from_server.partial) == (Outcome.COMPLETE, 1, 1)

    def test_they_belong_to_no_later_file(self, tmp_path: Path) -> None:
        other = [said(6.5, read_request("other"), port=2071), answered(6.7, options())]

        boot = traced_boot(tmp_path, *GAVE_UP, *other)
        assert (boot.file, boot.from_server.total, boot.outcome) == ("other", 7, Outcome.NO_ANSWER)

    def test_a_boot_that_starts_over_from_the_same_port_has_its_own(self, tmp_path: Path) -> None:
        again = [*lease(20, transaction=2), said(21, read_request()), answered(21.1, data(1, 5))]
        again += [said(21.2, acknowledged(1), to=40000)]

        first, second = trace_of(tmp_path, *GAVE_UP, *again, until=90).boots
        assert (judge(first).failed, judge(second).failed) == (Failed.YES, Failed.NO)
        assert (first.from_server.total, second.from_server.total) == (7, 3)


@pytest.mark.parametrize("port", [2070, 2071])
def test_a_download_long_after_the_client_gave_up_is_another_boot(port: int, tmp_path: Path) -> None:
    later = [said(80, read_request(), port=port), answered(80.1, data(1, 5), to=port)]
    later += [said(80.2, acknowledged(1), port=port, to=40000)]

    first, second = trace_of(tmp_path, *GAVE_UP, *later, until=90).boots
    assert (judge(first).failed, judge(second).failed) == (Failed.YES, Failed.NO)
    assert (first.mac, second.mac) == (CLIENT_MAC, CLIENT_MAC)
    assert (first.from_server.total, second.from_server.total) == (7, 1)


def test_the_mac_distinguishes_clients_with_one_address_in_two_vlans(tmp_path: Path) -> None:
    def moved(shot: Shot) -> Shot:
        packet = shot.packet.replace(octets(CLIENT_MAC), octets(OTHER_MAC))
        source, destination = (
            OTHER_MAC if mac == CLIENT_MAC else mac for mac in (shot.source_mac, shot.destination_mac)
        )
        return shot._replace(source_mac=source, destination_mac=destination, packet=packet)

    works = [said(0.6, read_request()), answered(0.7, options(), kind=Checksum.PARTIAL)]
    works += [said(0.8, acknowledged(0), to=40000), answered(2.1, data(1, 5), kind=Checksum.PARTIAL)]
    works += [said(2.2, acknowledged(1), to=40000)]
    frames = [(shot.time, ethernet(shot, 10)) for shot in GAVE_UP]
    frames += [(shot.time, ethernet(moved(shot), 20)) for shot in (*lease(0.05), *works)]
    frames.append((90.0, bytes(60)))

    fails, boots = trace_of_file(tmp_path, pcap(sorted(frames))).boots
    assert (fails.vlan, judge(fails).failed) == ((10,), Failed.YES)
    assert (boots.vlan, judge(boots).failed) == ((20,), Failed.NO)


def test_a_partial_answer_that_was_resent_complete_before_it_was_taken_shows_no_later_filling(tmp_path: Path) -> None:
    shots = [*GAVE_UP[:8], answered(3.5, options()), said(3.6, acknowledged(0), to=40000)]

    boot = traced_boot(tmp_path, *lease(), *shots, answered(3.7, data(1, 5)), said(3.8, acknowledged(1), to=40000))
    assert (boot.outcome, boot.taken.partial, boot.side) == (Outcome.COMPLETE, 0, Side.UNKNOWN)


def test_an_acknowledgement_that_is_repeated_takes_no_later_block(tmp_path: Path) -> None:
    first = [ASKS, answered(1.1, data(1)), said(1.2, acknowledged(1), to=40000)]
    shots = [*first, answered(1.3, data(2), kind=Checksum.PARTIAL), said(3.2, acknowledged(1), to=40000)]

    boot = traced_boot(tmp_path, *lease(), *shots, answered(3.3, data(2), kind=Checksum.PARTIAL))
    assert (boot.taken.partial, boot.ignored.partial, judge(boot).failed) == (0, 2, Failed.YES)


class TestWhatMayBeConcluded:
    """The signature, and what looks like it."""

    def test_partial_answers_ignored_beside_complete_ones_accepted(self, tmp_path: Path) -> None:
        boot = traced_boot(tmp_path, *lease(), *stuck(Checksum.PARTIAL))

        judgement = judge(boot)
        assert (judgement.failed, judgement.confidence.value, boot.side) == (Failed.YES, "medium", Side.UNKNOWN)
        assert "3 of 3" in judgement.because[1]
        assert "firewall" in judgement.missing[0]  # which may have dropped them behind this point

    def test_evidence_is_weaker_without_complete_answers_to_compare(self, tmp_path: Path) -> None:
        judgement = judge(traced_boot(tmp_path, *stuck(Checksum.PARTIAL)))

        assert (judgement.failed, judgement.confidence.value) == (Failed.YES, "low")
        assert judgement.missing

    def test_complete_ones_of_another_server_are_nothing_to_compare_with(self, tmp_path: Path) -> None:
        elsewhere = [shot if shot.source_mac == CLIENT_MAC else shot._replace(source_mac=OTHER_MAC) for shot in lease()]

        assert judge(traced_boot(tmp_path, *elsewhere, *stuck(Checksum.PARTIAL))).confidence.value == "low"

    @pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.NONE])
    def test_complete_answers_that_were_never_taken_have_another_reason(self, kind: Checksum, tmp_path: Path) -> None:
        judgement = judge(traced_boot(tmp_path, *lease(), *stuck(kind)))

        assert (judgement.failed, judgement.confidence.value) == (Failed.NO, "high")

    def test_answers_left_over_from_a_finished_transfer_were_not_ignored(self, tmp_path: Path) -> None:
        finished = [said(0.5, read_request("first"), port=2069), answered(0.6, data(1, 5), to=2069)]
        finished += [said(0.7, acknowledged(1), port=2069, to=40000), answered(0.8, data(1, 5), to=2069)]

        assert judge(traced_boot(tmp_path, *finished, *stuck(Checksum.PARTIAL))).failed is Failed.YES

    def test_complete_answers_among_uncomputable_ones_are_weaker_evidence(self, tmp_path: Path) -> None:
        whole = answered(1.1, data(1, 1400)).packet[20:]
        part = Shot(1.1, SERVER_MAC, CLIENT_MAC, network(SERVER, CLIENT, 17, whole[:512], flags=0x2000))

        judgement = judge(traced_boot(tmp_path, ASKS, part, answered(2.1, data(1))))
        assert (judgement.failed, judgement.confidence.value) == (Failed.NO, "medium")

    def test_partial_answers_prove_nothing_if_complete_ones_were_ignored_as_well(self, tmp_path: Path) -> None:
        shots = [*lease(), *stuck(Checksum.PARTIAL), answered(4.0, options())]

        assert judge(traced_boot(tmp_path, *shots)).failed is Failed.UNCLEAR

    def test_wrong_checksums_that_were_not_left_open_are_damage(self, tmp_path: Path) -> None:
        boot = traced_boot(tmp_path, *lease(), *stuck(Checksum.WRONG))

        assert (boot.from_server.wrong, judge(boot).failed) == (3, Failed.UNCLEAR)

    @pytest.mark.parametrize("kind", [Checksum.WRONG, Checksum.PARTIAL])
    def test_an_accepted_partial_answer_does_not_clear_the_ignored_ones(self, kind: Checksum, tmp_path: Path) -> None:
        boot = traced_boot(
            tmp_path,
            ASKS,
            answered(1.1, options("blksize", "512"), kind=Checksum.PARTIAL),
            said(1.2, acknowledged(0), to=40000),
            *(answered(2.0 + wait, data(1), kind=kind) for wait in range(3)),
        )

        assert (boot.outcome, boot.side) == (Outcome.DATA_NOT_ACKNOWLEDGED, Side.SENDER)
        assert judge(boot).failed is Failed.UNCLEAR

    def test_an_accepted_partial_answer_does_not_clear_a_boot_that_the_capture_cuts_off(self, tmp_path: Path) -> None:
        accepted = [ASKS, answered(1.1, data(1), kind=Checksum.PARTIAL), said(1.2, acknowledged(1), to=40000)]

        boot = traced_boot(tmp_path, *lease(), *accepted, answered(1.3, data(2), kind=Checksum.PARTIAL), until=1.4)
        assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)

    def test_an_answer_accepted_by_another_client_shows_the_capture_side(self, tmp_path: Path) -> None:
        physical = [
            datagram(0.0, read_request(), (OTHER_MAC, OTHER, 2070), (SERVER_MAC, SERVER, 69)),
            datagram(0.1, data(1, 5), (SERVER_MAC, SERVER, 40000), (OTHER_MAC, OTHER, 2070), Checksum.PARTIAL),
            datagram(0.2, acknowledged(1), (OTHER_MAC, OTHER, 2070), (SERVER_MAC, SERVER, 40000)),
        ]

        other, alone = trace_of(tmp_path, *physical, *stuck(Checksum.PARTIAL), until=60).boots
        assert (other.side, alone.side) == (Side.SENDER, Side.SENDER)
        assert judge(alone).failed is Failed.UNCLEAR  # at the sender's side a partial checksum proves nothing
        _, compared = trace_of(tmp_path, *physical, *lease(0.5), *stuck(Checksum.PARTIAL), until=60).boots
        assert judge(compared).failed is Failed.YES

    def test_an_address_alone_of_an_unknown_server_is_not_a_failed_boot(self, tmp_path: Path) -> None:
        boot = traced_boot(tmp_path, *lease())

        assert (boot.outcome, boot.file) == (Outcome.ADDRESS_ONLY, "pxelinux.0")
        assert judge(boot).failed is Failed.UNCLEAR

    def test_a_client_that_sends_bad_checksums_is_seen(self, tmp_path: Path) -> None:
        boot = traced_boot(
            tmp_path, said(1.0, read_request(), kind=Checksum.WRONG), said(2.0, read_request(), kind=Checksum.PARTIAL)
        )

        assert boot.from_client.bad == 2


def test_bootp_is_a_boot(tmp_path: Path) -> None:
    reply = answered(0.1, dhcp(None, reply=True, address=CLIENT, next_server=SERVER, file=b"boot"), port=67, to=68)

    boot = traced_boot(tmp_path, broadcast(0.0, dhcp(None)), reply)
    assert (boot.lease.value, boot.file, boot.server) == ("acknowledged", "boot", SERVER)


def boot_from(address: str, time: float, *, has_file: bool) -> list[Shot]:
    """The boot of a client with the same MAC, whose answers have partial checksums."""
    client, its_server = (CLIENT_MAC, address, 2070), (SERVER_MAC, SERVER, 40000)
    asks = [datagram(time + wait, read_request(), client, (*its_server[:2], 69)) for wait in (0, 1, 3)]
    if not has_file:
        answers = [datagram(shot.time + 0.1, options(), its_server, client, Checksum.PARTIAL) for shot in asks]
        return sorted([*asks, *answers], key=lambda shot: shot.time)
    return [
        asks[0],
        datagram(time + 0.1, data(1, 5), its_server, client, Checksum.PARTIAL),
        datagram(time + 0.2, acknowledged(1), client, its_server),
    ]


def failures(folder: Path, frames: list[tuple[float, bytes]]) -> list[Failed]:
    trace = trace_of_file(folder, pcap([*sorted(frames), (60.0, bytes(60))]))
    return [judge(boot).failed for boot in trace.boots]


def test_a_boot_does_not_clear_another_one_of_its_mac(tmp_path: Path) -> None:
    boots = [*lease(), *boot_from(CLIENT, 1.0, has_file=True), *boot_from(OTHER, 1.5, has_file=False)]

    assert failures(tmp_path, [(shot.time, ethernet(shot)) for shot in boots]) == [Failed.NO, Failed.UNCLEAR]


@pytest.mark.parametrize("with_dhcp", [True, False])
def test_copies_of_a_domain_on_several_vlans_are_several_clients(with_dhcp: bool, tmp_path: Path) -> None:
    works, fails = boot_from(CLIENT, 1.0, has_file=True), boot_from(CLIENT, 1.05, has_file=False)
    if with_dhcp:
        works, fails = [*lease(), *works], [*lease(0.05, transaction=2), *fails]

    frames = [
        *((shot.time, ethernet(shot, 10)) for shot in works),
        *((shot.time, ethernet(shot, 20)) for shot in fails),
    ]
    assert failures(tmp_path, frames) == [Failed.NO, Failed.YES if with_dhcp else Failed.UNCLEAR]


def test_a_boot_is_one_if_the_tag_of_one_direction_was_not_captured(tmp_path: Path) -> None:
    works = [*lease(), *boot_from(CLIENT, 1.0, has_file=True)]

    frames = [(shot.time, ethernet(shot, *([10] * (shot.source_mac == CLIENT_MAC)))) for shot in works]
    assert failures(tmp_path, frames) == [Failed.NO]


@pytest.mark.parametrize(("until", "failed"), [(1.5, Failed.UNCLEAR), (60.0, Failed.NO)])
def test_an_error_with_a_partial_checksum_may_be_followed_by_another_request(
    until: float, failed: Failed, tmp_path: Path
) -> None:
    fails = answered(1.1, error(1, "File not found"), kind=Checksum.PARTIAL)

    assert judge(traced_boot(tmp_path, *lease(), ASKS, fails, until=until)).failed is failed


@pytest.mark.parametrize("port", [2070, 2071])
def test_the_request_before_an_error_may_be_the_last_one_that_the_client_repeats(port: int, tmp_path: Path) -> None:
    fails = answered(5.1, error(1, "no"), to=port, kind=Checksum.PARTIAL)

    boot = traced_boot(tmp_path, *lease(), ASKS, said(5.0, read_request(), port=port), fails)
    assert judge(boot).failed is Failed.UNCLEAR


def test_a_capture_may_begin_with_the_last_request_that_the_client_repeats(tmp_path: Path) -> None:
    fails = answered(1.1, error(1, "no"), kind=Checksum.PARTIAL)

    assert judge(traced_boot(tmp_path, ASKS, fails)).failed is Failed.UNCLEAR


def test_a_window_that_is_sent_again_is_a_repetition(tmp_path: Path) -> None:
    """A client with a window of several blocks (RFC 7440) acknowledges the last one only, if at all."""
    agreed = options("blksize", "512", "windowsize", "4")
    begun = [ASKS, answered(1.1, agreed), said(1.2, acknowledged(0), to=40000)]
    window = [answered(time + block / 1000, data(block)) for time in (1.3, 2.3, 4.3) for block in (1, 2, 3, 4)]

    boot = traced_boot(tmp_path, *lease(), *begun, *window)
    assert (boot.resent, judge(boot).failed, judge(boot).confidence.value) == (2, Failed.NO, "high")


def test_a_client_that_repeats_its_acknowledgement_lacks_the_last_block(tmp_path: Path) -> None:
    begun = [ASKS, answered(1.1, options()), said(1.2, acknowledged(0), to=40000)]
    last = answered(1.21, data(1, 5), kind=Checksum.PARTIAL)
    again = [said(time, acknowledged(0), to=40000) for time in (2.2, 4.2, 8.2)]

    boot = traced_boot(tmp_path, *lease(), *begun, last, *again)
    assert boot.outcome is Outcome.DATA_NOT_ACKNOWLEDGED
    assert judge(boot).failed is Failed.YES


@pytest.mark.parametrize(("until", "failed"), [(1.5, Failed.UNCLEAR), (60.0, Failed.NO)])
def test_a_last_block_at_the_end_of_a_capture_may_not_have_arrived(
    until: float, failed: Failed, tmp_path: Path
) -> None:
    begun = [ASKS, answered(1.1, options()), said(1.2, acknowledged(0), to=40000)]
    last = answered(1.3, data(1, 5), kind=Checksum.PARTIAL)

    assert judge(traced_boot(tmp_path, *begun, last, until=until)).failed is failed
