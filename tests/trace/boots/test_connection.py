"""HTTP boots: the outcome of a TCP connection."""

from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT_MAC,
    ENDS,
    OTHER,
    OTHER_MAC,
    SERVER,
    SERVER_MAC,
    Ends,
    Shot,
    acknowledged,
    answered,
    data,
    datagram,
    ethernet,
    lease,
    only,
    options,
    pcap,
    read_request,
    said,
    segment,
    trace_of,
    trace_of_file,
)
from virtscan.trace import Boot, Failed, Outcome, Side, judge
from virtscan.trace.capture.checksums import Checksum

SYN, FIN, RST, ACK = 2, 1, 4, 16
ISS, IRS = 2**32 - 5, 2**32 - 3  # sequence numbers wrap within the transfer
GET = b"GET /boot/initrd.img HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
ASKED, TOLD = ISS + 1 + len(GET), IRS + 1 + len(OK)


def client(time: float, payload: bytes = b"", *, flags: int = ACK, sequence: int = ASKED, ack: int = 0) -> Shot:
    return segment(time, payload, flags=flags, sequence=sequence, acknowledged=ack, from_server=False)


def server(
    time: float,
    payload: bytes = b"",
    *,
    flags: int = ACK,
    sequence: int,
    kind: Checksum = Checksum.GOOD,
    ack: int = ASKED,
) -> Shot:
    return segment(time, payload, flags=flags, sequence=sequence, acknowledged=ack, from_server=True, kind=kind)


CONNECTS = client(1.0, flags=SYN, sequence=ISS)
ACCEPTS = server(1.1, flags=SYN | ACK, sequence=IRS, ack=ISS + 1)
ESTABLISHED = [CONNECTS, ACCEPTS, client(1.2, sequence=ISS + 1, ack=IRS + 1)]
ASKS = [*ESTABLISHED, client(1.3, GET, sequence=ISS + 1, ack=IRS + 1)]


def traced_boot(folder: Path, *shots: Shot, until: float | None = 60.0) -> Boot:
    return only(trace_of(folder, *lease(file=b"http://10.77.0.1:80/boot"), *shots, until=until))


def test_a_file_is_complete_when_as_much_arrived_as_was_announced(tmp_path: Path) -> None:
    shots = [*ASKS, server(1.4, OK + bytes(500), sequence=IRS + 1), server(1.5, bytes(500), sequence=TOLD + 500)]

    boot = traced_boot(tmp_path, *shots, client(1.6, ack=TOLD + 1000))
    assert (boot.outcome, boot.file, boot.seconds_lost) == (Outcome.COMPLETE, "/boot/initrd.img", 0)
    assert traced_boot(tmp_path, *shots, client(1.6, ack=TOLD + 999)).outcome is not Outcome.COMPLETE


def test_a_file_of_no_announced_length_ends_with_its_connection(tmp_path: Path) -> None:
    answer = b"HTTP/1.0 200 OK\r\n\r\nkernel"
    end = IRS + 1 + len(answer)
    shots = [*ASKS, server(1.4, answer, flags=ACK | FIN, sequence=IRS + 1)]

    assert traced_boot(tmp_path, *shots, client(1.5, ack=end + 1)).outcome is Outcome.COMPLETE
    assert traced_boot(tmp_path, *shots).outcome is Outcome.UNFINISHED
    part = server(1.4, answer, sequence=IRS + 1)
    assert traced_boot(tmp_path, *ASKS, part, client(1.5, flags=RST | ACK, ack=end)).outcome is Outcome.UNFINISHED


def test_a_file_of_no_announced_length_is_complete_once_all_of_it_is_acknowledged(tmp_path: Path) -> None:
    answer = b"HTTP/1.0 200 OK\r\n\r\nkernel"
    end = IRS + 1 + len(answer)
    shots = [
        *ASKS,
        server(1.4, answer, sequence=IRS + 1),
        server(1.41, bytes(900), sequence=end, kind=Checksum.PARTIAL),
        server(1.42, bytes(100), flags=ACK | FIN, sequence=end + 900, kind=Checksum.PARTIAL),
        client(1.5, ack=end),
    ]

    boot = traced_boot(tmp_path, *shots)
    assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)
    again = [server(time, bytes(900), sequence=end, kind=Checksum.PARTIAL) for time in (2.5, 4.5)]
    assert traced_boot(tmp_path, *shots, *again).outcome is Outcome.DATA_NOT_ACKNOWLEDGED
    assert traced_boot(tmp_path, *shots, *again, client(5, ack=end + 1001)).outcome is Outcome.COMPLETE


def test_a_client_that_acknowledges_data_was_accepted_even_if_the_capture_lacks_that(tmp_path: Path) -> None:
    asks = client(1.3, GET, sequence=ISS + 1, ack=IRS + 1)
    sent = [
        server(1.4, OK + bytes(500), sequence=IRS + 1, kind=Checksum.PARTIAL),
        server(1.5, bytes(500), sequence=TOLD + 500, kind=Checksum.PARTIAL),
        server(2.5, bytes(500), sequence=TOLD + 500, kind=Checksum.PARTIAL),
    ]

    boot = traced_boot(tmp_path, CONNECTS, asks, *sent, client(2.6, ack=TOLD + 1000))
    assert (boot.outcome, judge(boot).failed) == (Outcome.COMPLETE, Failed.NO)
    part = traced_boot(tmp_path, CONNECTS, asks, *sent[:2], client(1.6, ack=TOLD + 500))
    assert (part.outcome, judge(part).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)


def test_data_that_was_acknowledged_is_not_ignored_although_it_is_captured_later(tmp_path: Path) -> None:
    said = [CONNECTS, client(1.2, sequence=ISS + 1, ack=IRS + 1), client(1.3, GET, sequence=ISS + 1, ack=IRS + 1)]
    late = [
        server(1.4, flags=SYN | ACK, sequence=IRS, ack=ISS + 1, kind=Checksum.PARTIAL),
        server(1.5, OK + bytes(1000), sequence=IRS + 1, kind=Checksum.PARTIAL),
    ]

    boot = traced_boot(tmp_path, *said, client(1.35, ack=TOLD + 1000), *late)
    assert (boot.outcome, boot.ignored.total, judge(boot).failed) == (Outcome.COMPLETE, 0, Failed.NO)
    assert judge(traced_boot(tmp_path, *said, *late)).failed is not Failed.YES
    retries = [server(time, OK + bytes(1000), sequence=IRS + 1, kind=Checksum.PARTIAL) for time in (2.5, 4.5, 8.5)]
    accepts = server(1.4, flags=SYN | ACK, sequence=IRS, ack=ISS + 1)
    assert judge(traced_boot(tmp_path, *said, accepts, late[1], *retries)).failed is Failed.YES


def test_a_client_that_acknowledged_more_than_was_captured_is_not_stuck(tmp_path: Path) -> None:
    first = server(1.4, OK + bytes(500), sequence=IRS + 1, kind=Checksum.PARTIAL)
    again = server(2.4, OK + bytes(500), sequence=IRS + 1, kind=Checksum.PARTIAL)

    assert judge(traced_boot(tmp_path, *ASKS, first, again)).failed is Failed.YES
    boot = traced_boot(tmp_path, *ASKS, first, client(1.5, ack=TOLD + 900), again)
    assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)


def test_the_head_alone_is_complete_without_a_body(tmp_path: Path) -> None:
    asks = client(1.3, GET.replace(b"GET", b"HEAD"), sequence=ISS + 1, ack=IRS + 1)
    shots = [*ESTABLISHED, asks, server(1.4, OK, sequence=IRS + 1), client(1.5, ack=TOLD)]

    assert traced_boot(tmp_path, *shots).outcome is Outcome.COMPLETE


def test_last_file_on_a_connection_decides(tmp_path: Path) -> None:
    shots = [*ASKS, server(1.4, OK + bytes(1000), sequence=IRS + 1), client(1.6, ack=TOLD + 1000)]
    shots += [client(1.7, b"GET /next HTTP/1.1\r\n\r\n", ack=TOLD + 1000)]

    boot = traced_boot(tmp_path, *shots)
    assert (boot.outcome, boot.file) == (Outcome.NO_ANSWER, "/next")


def test_an_error_is_reported_with_its_status(tmp_path: Path) -> None:
    answer = server(1.4, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", sequence=IRS + 1)

    boot = traced_boot(tmp_path, *ASKS, answer)
    assert (boot.outcome, str(boot.error)) == (Outcome.HTTP_ERROR, "404 Not Found")
    assert judge(boot).failed is Failed.NO


def test_accepted_connections_that_never_go_on_are_the_fault(tmp_path: Path) -> None:
    accepts = [
        server(1.1 + wait, flags=SYN | ACK, sequence=IRS, kind=Checksum.PARTIAL, ack=ISS + 1) for wait in range(3)
    ]

    boot = traced_boot(tmp_path, CONNECTS, *accepts)
    assert (boot.outcome, boot.ignored.partial, boot.resent) == (Outcome.CONNECTION_NOT_ACKNOWLEDGED, 3, 2)
    assert (judge(boot).failed, judge(boot).confidence.value) == (Failed.YES, "medium")


@pytest.mark.parametrize(("until", "failed"), [(None, Failed.UNCLEAR), (60.0, Failed.YES)])
def test_a_connection_requested_again_was_not_accepted(until: float | None, failed: Failed, tmp_path: Path) -> None:
    accepts = server(1.1, flags=SYN | ACK, sequence=IRS, kind=Checksum.PARTIAL, ack=ISS + 1)

    boot = traced_boot(tmp_path, CONNECTS, accepts, CONNECTS._replace(time=1.3), until=until)
    assert boot.taken.partial == 0
    assert judge(boot).failed is failed


def test_unacknowledged_data_is_not_an_unacknowledged_connection(tmp_path: Path) -> None:
    answers = [server(1.4 + wait, OK, sequence=IRS + 1) for wait in range(3)]

    boot = traced_boot(tmp_path, *ASKS, *answers)
    assert (boot.outcome, boot.resent) == (Outcome.DATA_NOT_ACKNOWLEDGED, 2)
    assert judge(boot).failed is Failed.NO  # their checksums were complete


def test_a_client_that_accepts_partial_segments_shows_that_they_are_filled_later(tmp_path: Path) -> None:
    shots = [
        *ASKS,
        server(1.4, OK + bytes(1000), sequence=IRS + 1, kind=Checksum.PARTIAL),
        client(1.5, ack=TOLD + 1000),
    ]

    assert traced_boot(tmp_path, *shots).side is Side.SENDER


def test_a_connection_without_an_answer(tmp_path: Path) -> None:
    again = client(2.0, flags=SYN, sequence=ISS)

    boot = traced_boot(tmp_path, CONNECTS, again)
    assert (boot.outcome, boot.retries) == (Outcome.NO_ANSWER, 1)
    assert traced_boot(tmp_path, CONNECTS, until=None).outcome is Outcome.UNFINISHED


def test_a_closed_port_refuses(tmp_path: Path) -> None:
    assert traced_boot(tmp_path, CONNECTS, server(1.1, flags=RST | ACK, sequence=0)).outcome is Outcome.REFUSED


@pytest.mark.parametrize(("kind", "again"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.NO)])
def test_a_client_that_connects_again_did_not_take_the_refusal(kind: Checksum, again: Failed, tmp_path: Path) -> None:
    """Linux leaves the checksum of a refusal over IPv6 to the NIC (tcp_v6_send_response)."""
    shots = [
        shot
        for time in (1.0, 2.0, 4.0)
        for shot in (
            client(time, flags=SYN, sequence=ISS),
            server(time + 0.1, flags=RST | ACK, sequence=0, kind=kind),
        )
    ]

    once, repeated = traced_boot(tmp_path, *shots[:2]), traced_boot(tmp_path, *shots)
    assert (once.outcome, once.taken.partial, judge(once).failed) == (
        Outcome.REFUSED,
        int(kind is Checksum.PARTIAL),
        Failed.NO,
    )
    assert (repeated.outcome, judge(repeated).failed) == (Outcome.REFUSED, again)


@pytest.mark.parametrize("flags", [RST, RST | ACK])
def test_a_client_that_resets_a_connection_verified_the_checksum_that_accepted_it(tmp_path: Path, flags: int) -> None:
    accepts = [
        server(time, flags=SYN | ACK, sequence=IRS, ack=ISS + 1, kind=Checksum.PARTIAL) for time in (1.1, 2.1, 4.1)
    ]

    boot = traced_boot(tmp_path, CONNECTS, *accepts, client(4.2, flags=flags, sequence=ISS + 1))

    assert (boot.outcome, boot.taken.partial, judge(boot).failed) == (Outcome.UNFINISHED, 3, Failed.UNCLEAR)
    assert judge(traced_boot(tmp_path, CONNECTS, *accepts)).failed is Failed.YES


def test_a_request_without_an_answer(tmp_path: Path) -> None:
    again = client(2.3, GET, sequence=ISS + 1, ack=IRS + 1)

    boot = traced_boot(tmp_path, *ASKS, server(1.35, sequence=IRS + 1), again)
    assert (boot.outcome, boot.retries) == (Outcome.NO_ANSWER, 1)


def test_a_request_that_is_repeated_after_its_answer_shows_that_the_answer_was_not_taken(tmp_path: Path) -> None:
    answer = server(1.4, OK, sequence=IRS + 1, kind=Checksum.PARTIAL)
    again = client(2.3, GET, sequence=ISS + 1, ack=IRS + 1)

    assert judge(traced_boot(tmp_path, *ASKS, answer, again)).failed is Failed.YES
    assert judge(traced_boot(tmp_path, *ASKS, answer)).failed is Failed.UNCLEAR


def test_a_connection_without_a_request(tmp_path: Path) -> None:
    assert traced_boot(tmp_path, *ESTABLISHED).outcome is Outcome.UNFINISHED


def test_a_connection_that_is_torn_down_is_unfinished(tmp_path: Path) -> None:
    boot = traced_boot(tmp_path, *ASKS, server(1.4, OK, sequence=IRS + 1), client(1.5, flags=RST))

    assert boot.outcome is Outcome.UNFINISHED


def test_a_repeated_answer_costs_time(tmp_path: Path) -> None:
    shots = [server(1.4, OK, sequence=IRS + 1), client(1.9, ack=TOLD), server(2.4, OK, sequence=IRS + 1)]

    boot = traced_boot(tmp_path, *ASKS, *shots, server(2.5, bytes(1000), sequence=TOLD), client(2.6, ack=TOLD + 1000))
    assert (boot.outcome, boot.resent) == (Outcome.COMPLETE, 1)
    assert boot.seconds_lost == pytest.approx(1.1)


def test_only_connections_that_a_boot_would_open_are_followed(tmp_path: Path) -> None:
    def connects(port: int) -> Shot:
        return segment(1.0, flags=SYN, sequence=1, acknowledged=0, from_server=False, port=port)

    def followed(port: int, file: bytes) -> bool:
        boot = only(trace_of(tmp_path, *lease(file=file), connects(port), until=60))
        return boot.outcome is Outcome.NO_ANSWER

    assert followed(8000, b"pxelinux.0")
    assert not followed(22, b"pxelinux.0")
    assert followed(1234, b"http://10.77.0.1:1234/boot.efi")
    assert not followed(1234, b"tftp://10.77.0.1:1234/boot.efi")
    assert not followed(1234, b"http://10.77.0.1:99999/boot.efi")
    assert trace_of(tmp_path, connects(80)).boots == ()
    towards = segment(1.0, flags=SYN, sequence=1, acknowledged=0, from_server=True)
    assert only(trace_of(tmp_path, *lease(), towards)).outcome is Outcome.ADDRESS_ONLY


@pytest.mark.parametrize(("kind", "failed"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.NO)])
def test_an_ignored_acceptance_with_a_bad_checksum_is_a_boots_on_any_port(
    tmp_path: Path, kind: Checksum, failed: Failed
) -> None:
    loader = [said(0.5, read_request()), answered(0.6, data(1, 5)), said(0.7, acknowledged(1), to=40000)]
    shots = []
    for time in (1.0, 2.0, 4.0):
        shots.append(segment(time, flags=SYN, sequence=ISS, acknowledged=0, from_server=False, port=5248))
        accepts = segment(
            time + 0.1, flags=SYN | ACK, sequence=IRS, acknowledged=ISS + 1, from_server=True, kind=kind, port=5248
        )
        shots.append(accepts)

    assert judge(only(trace_of(tmp_path, *lease(), *loader, *shots, until=60))).failed is failed


def test_a_connection_to_any_port_is_a_boots_once_it_requests_a_file(tmp_path: Path) -> None:
    connects = segment(1.0, flags=SYN, sequence=ISS, acknowledged=0, from_server=False, port=5248)
    accepts = segment(1.1, flags=SYN | ACK, sequence=IRS, acknowledged=ISS + 1, from_server=True, port=5248)
    asks = segment(1.2, GET, flags=ACK, sequence=ISS + 1, acknowledged=IRS + 1, from_server=False, port=5248)

    boot = only(trace_of(tmp_path, *lease(), connects, accepts, asks, until=60))
    assert (boot.outcome, boot.file) == (Outcome.NO_ANSWER, "/boot/initrd.img")
    assert only(trace_of(tmp_path, *lease(), connects, accepts, until=60)).outcome is Outcome.ADDRESS_ONLY


@pytest.mark.parametrize(("answers", "failed"), [(Checksum.PARTIAL, Failed.YES), (None, Failed.UNCLEAR)])
def test_a_system_on_disk_does_not_clear_the_boot_that_failed_before(
    tmp_path: Path, answers: Checksum | None, failed: Failed
) -> None:
    fails = []
    for time in (1.0, 2.0, 4.0):
        fails.append(said(time, read_request()))
        fails += [answered(time + 0.1, options(), kind=answers)] if answers else []
    later = [shot._replace(time=shot.time + 60) for shot in (*ASKS, server(1.4, OK + bytes(1000), sequence=IRS + 1))]

    shots = [*lease(), *fails, *later, client(62, ack=TOLD + 1000)]
    assert judge(only(trace_of(tmp_path, *shots, until=90))).failed is failed


def test_another_protocol_on_the_port_is_not_an_http_error(tmp_path: Path) -> None:
    shots = [*ASKS, server(1.4, b"SSH-2.0-OpenSSH_9.2\r\n", sequence=IRS + 1)]

    assert traced_boot(tmp_path, *shots, until=None).outcome is Outcome.UNFINISHED


def test_a_boot_that_begins_with_tftp_ends_with_http(tmp_path: Path) -> None:
    loader = [said(0.5, read_request()), answered(0.6, data(1, 5)), said(0.7, acknowledged(1), to=40000)]

    boot = traced_boot(tmp_path, *loader, *ASKS)
    assert (boot.file, boot.outcome) == ("/boot/initrd.img", Outcome.NO_ANSWER)
    assert traced_boot(tmp_path, *loader).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(("size", "failed"), [(900, Failed.YES), (4000, Failed.UNCLEAR)])
def test_segments_that_a_device_joined_prove_nothing(size: int, failed: Failed, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + bytes(size)
    shots = [
        *lease(),
        segment(1.0, flags=2, sequence=0, acknowledged=0, from_server=False),
        segment(1.1, flags=18, sequence=100, acknowledged=1, from_server=True),
        segment(1.2, b"GET /boot HTTP/1.1\r\n\r\n", flags=16, sequence=1, acknowledged=101, from_server=False),
        *(
            segment(t, answer, flags=16, sequence=101, acknowledged=23, from_server=True, kind=Checksum.PARTIAL)
            for t in (1.3, 2.3, 4.3)
        ),
    ]

    judgement = judge(only(trace_of(tmp_path, *shots, until=60)))
    assert judgement.failed is failed
    assert ("merged" in judgement.because[1]) is (failed is Failed.UNCLEAR)


LOADER = [said(0.5, read_request()), answered(0.6, data(1, 5)), said(0.7, acknowledged(1), to=40000)]
OVER_IPV6: Ends = ((CLIENT_MAC, "fd00::50"), (SERVER_MAC, "fd00::1"))
AT_ANOTHER: Ends = ((CLIENT_MAC, OTHER), (SERVER_MAC, SERVER))


def refused(time: float, ends: Ends = ENDS, *, iss: int = ISS) -> list[Shot]:
    """Three SYNs that are answered with partial checksums, which the client drops."""
    return [
        shot
        for wait in (0, 1, 3)
        for shot in (
            segment(time + wait, flags=SYN, sequence=iss, acknowledged=0, from_server=False, ends=ends),
            segment(
                time + wait + 0.1,
                flags=SYN | ACK,
                sequence=IRS,
                acknowledged=iss + 1,
                from_server=True,
                kind=Checksum.PARTIAL,
                ends=ends,
            ),
        )
    ]


def fetched(time: float, ends: Ends = ENDS) -> list[Shot]:
    """A file that the client gets."""
    return [
        segment(time, flags=SYN, sequence=ISS, acknowledged=0, from_server=False, ends=ends),
        segment(time + 0.1, flags=SYN | ACK, sequence=IRS, acknowledged=ISS + 1, from_server=True, ends=ends),
        segment(time + 0.2, GET, flags=ACK, sequence=ISS + 1, acknowledged=IRS + 1, from_server=False, ends=ends),
        segment(
            time + 0.3, OK + bytes(1000), flags=ACK, sequence=IRS + 1, acknowledged=ASKED, from_server=True, ends=ends
        ),
        segment(time + 0.4, flags=ACK, sequence=ASKED, acknowledged=TOLD + 1000, from_server=False, ends=ends),
    ]


def failures(folder: Path, frames: list[tuple[float, bytes]]) -> list[Failed]:
    trace = trace_of_file(folder, pcap([*sorted(frames), (60.0, bytes(60))]))
    return [judge(boot).failed for boot in trace.boots]


def untagged(shots: list[Shot]) -> list[tuple[float, bytes]]:
    return [(shot.time, ethernet(shot)) for shot in shots]


def test_a_client_that_goes_on_over_ipv6_is_followed(tmp_path: Path) -> None:
    begun = [*lease(), *LOADER]

    assert failures(tmp_path, untagged([*begun, *refused(1.0, OVER_IPV6)])) == [Failed.YES]
    assert failures(tmp_path, untagged([*begun, *fetched(1.0, OVER_IPV6)])) == [Failed.NO]


def test_a_client_that_goes_on_at_another_address_is_followed_as_another_boot(tmp_path: Path) -> None:
    begun = [*lease(), *LOADER]

    assert failures(tmp_path, untagged([*begun, *refused(1.0, AT_ANOTHER)])) == [Failed.NO, Failed.YES]
    assert failures(tmp_path, untagged([*begun, *fetched(1.0, AT_ANOTHER)])) == [Failed.NO, Failed.NO]


def test_a_client_that_goes_on_in_another_vlan_is_followed_as_another_boot(tmp_path: Path) -> None:
    begun = [(shot.time, ethernet(shot, 10)) for shot in (*lease(), *LOADER)]
    goes_on = [(shot.time, ethernet(shot, 20)) for shot in refused(1.0, AT_ANOTHER)]

    assert failures(tmp_path, [*begun, *goes_on]) == [Failed.NO, Failed.YES]


def test_connections_behind_a_router_are_not_a_client_of_its_mac(tmp_path: Path) -> None:
    router = (OTHER_MAC, "10.99.0.1", 2070)
    loads = [
        datagram(0.5, read_request(), router, (SERVER_MAC, SERVER, 69)),
        datagram(0.6, data(1, 5), (SERVER_MAC, SERVER, 40000), router),
        datagram(0.7, acknowledged(1), router, (SERVER_MAC, SERVER, 40000)),
    ]
    other = refused(1.0, ((OTHER_MAC, "10.99.0.2"), (SERVER_MAC, SERVER)))

    assert failures(tmp_path, untagged([*loads, *other])) == [Failed.NO]


@pytest.mark.parametrize("mac", [CLIENT_MAC, OTHER_MAC], ids=["same MAC", "other MAC"])
def test_clients_with_one_address_in_two_vlans_have_their_own_connections(mac: str, tmp_path: Path) -> None:
    def moved(shot: Shot) -> Shot:
        packet = shot.packet.replace(bytes.fromhex(CLIENT_MAC.replace(":", "")), bytes.fromhex(mac.replace(":", "")))
        source, destination = (
            mac if address == CLIENT_MAC else address for address in (shot.source_mac, shot.destination_mac)
        )
        return shot._replace(source_mac=source, destination_mac=destination, packet=packet)

    works, fails = [*lease(), *fetched(1.0)], [*lease(0.05, transaction=2), *refused(1.05)]
    frames = [
        *((shot.time, ethernet(shot, 10)) for shot in works),
        *((shot.time, ethernet(moved(shot), 20)) for shot in fails),
    ]
    assert failures(tmp_path, frames) == [Failed.NO, Failed.YES]


@pytest.mark.parametrize("iss", [ISS, ISS - 9], ids=["same number", "other number"])
def test_a_boot_that_starts_over_may_use_the_same_port(iss: int, tmp_path: Path) -> None:
    shots = [*lease(), *LOADER, *fetched(1.0)]
    again = [shot._replace(time=shot.time + 30) for shot in [*lease(transaction=2), *LOADER]]

    assert failures(tmp_path, untagged([*shots, *again, *refused(31.0, iss=iss)])) == [Failed.NO, Failed.YES]


def test_another_connection_from_the_same_port_has_its_own_outcome(tmp_path: Path) -> None:
    shots = [*lease(), *fetched(1.0), *refused(3.0, iss=ISS + 5000)]

    assert failures(tmp_path, untagged(shots)) == [Failed.YES]
