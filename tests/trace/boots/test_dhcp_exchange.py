"""DHCP of both versions: what a client was offered and took, and when it starts over."""

import struct
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.trace.build import (
    CLIENT,
    CLIENT_MAC,
    EVERYBODY,
    FROM,
    OTHER,
    OTHER_MAC,
    PXE,
    SERVER,
    SERVER_MAC,
    Shot,
    answered,
    broadcast,
    cooked,
    data,
    datagram,
    dhcp,
    discover,
    error,
    lease,
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
from virtscan.trace import Failed, Lease, Outcome, judge
from virtscan.trace.capture.checksums import Checksum
from virtscan.views.wording.gaps import reason


def test_offers_that_are_never_requested_show_a_server_on_plain_sockets(tmp_path: Path) -> None:
    shots = [
        discover(0),
        offer(0.1, Checksum.PARTIAL),
        discover(1),
        offer(1.1, Checksum.PARTIAL),
        discover(3),
        offer(3.1, Checksum.PARTIAL),
    ]

    boot = only(trace_of(tmp_path, *shots))
    assert (boot.outcome, boot.lease) == (Outcome.OFFERS_NOT_REQUESTED, Lease.OFFERED)
    assert (boot.retries, boot.ignored.partial, boot.server) == (2, 3, SERVER)
    assert boot.seconds_lost == pytest.approx(3.0)
    assert judge(boot).failed is Failed.YES


def test_a_single_offer_at_the_end_of_a_capture_may_still_be_requested(tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, discover(0), offer(0.1, Checksum.PARTIAL)))

    assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
def test_a_client_that_repeats_its_discover_may_still_request_the_offer(kind: Checksum, tmp_path: Path) -> None:
    shots = [discover(0), offer(0.1, kind), discover(1), offer(1.1, kind)]

    boot = only(trace_of(tmp_path, *shots))
    assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)
    assert only(trace_of(tmp_path, *shots, until=60)).outcome is Outcome.OFFERS_NOT_REQUESTED


@pytest.mark.parametrize(("times", "failed"), [([0], Failed.UNCLEAR), ([0, 4], Failed.NO)])
def test_a_complete_offer_was_ignored_only_if_a_packet_was_repeated(
    times: list[int], failed: Failed, tmp_path: Path
) -> None:
    shots = [shot for time in times for shot in (discover(time), offer(time + 0.1))]

    assert judge(only(trace_of(tmp_path, *shots, until=60))).failed is failed


@pytest.mark.parametrize(("until", "failed"), [(3.2, Failed.UNCLEAR), (6.0, Failed.UNCLEAR), (8.0, Failed.NO)])
def test_complete_offers_do_not_clear_a_boot_whose_client_may_still_go_on(
    until: float, failed: Failed, tmp_path: Path
) -> None:
    """A server of plain files may send partial checksums, although DHCP's are complete."""
    shots = [shot for time in (0, 1, 3) for shot in (discover(time), offer(time + 0.1))]

    assert judge(only(trace_of(tmp_path, *shots, until=until))).failed is failed


def test_a_client_that_began_again_does_not_go_on_with_its_earlier_boot(tmp_path: Path) -> None:
    times = [(0, 4), (1, 8), (3, 12), (6, 4)]
    shots = [shot for time, seconds in times for shot in (discover(time, seconds=seconds), offer(time + 0.1))]

    boots = trace_of(tmp_path, *shots, until=6.2).boots
    assert [judge(boot).failed for boot in boots] == [Failed.NO, Failed.UNCLEAR]


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
def test_a_discover_repeated_before_the_offer_does_not_show_that_it_was_ignored(kind: Checksum, tmp_path: Path) -> None:
    traced = only(trace_of(tmp_path, discover(0), discover(1), offer(1.1, kind), until=60))

    assert (traced.retries, judge(traced).failed) == (1, Failed.UNCLEAR)


def test_a_request_at_the_end_of_a_capture_may_still_be_answered(tmp_path: Path) -> None:
    shots = [discover(0), offer(0.1), discover(1), offer(1.1), request(3)]

    assert only(trace_of(tmp_path, *shots)).outcome is Outcome.UNFINISHED
    assert only(trace_of(tmp_path, *shots, until=60)).outcome is Outcome.NO_ANSWER


def test_offers_of_which_another_was_chosen_were_not_ignored(tmp_path: Path) -> None:
    other = dhcp(2, (54, bytes([10, 77, 0, 9])), reply=True, address=CLIENT)
    declined = datagram(0.1, other, (OTHER_MAC, "10.77.0.9", 67), (CLIENT_MAC, CLIENT, 68), Checksum.PARTIAL)

    boot = only(trace_of(tmp_path, discover(0), declined, offer(0.15), request(0.2), offer(0.3, step=5), until=60))
    assert (boot.outcome, boot.lease) == (Outcome.ADDRESS_ONLY, Lease.ACKNOWLEDGED)
    assert (boot.ignored.partial, boot.taken.partial) == (0, 0)


@pytest.mark.parametrize(
    ("proxy", "others", "failed"),
    [
        (Checksum.GOOD, None, Failed.UNCLEAR),
        (Checksum.GOOD, Checksum.PARTIAL, Failed.YES),
        (Checksum.PARTIAL, Checksum.GOOD, Failed.UNCLEAR),
        (Checksum.PARTIAL, Checksum.PARTIAL, Failed.YES),
    ],
)
def test_an_offer_of_a_proxy_has_no_address_to_request(
    proxy: Checksum, others: Checksum | None, failed: Failed, tmp_path: Path
) -> None:
    """The server of addresses may be behind a relay whose answers the capture lacks, or be out of order."""
    message = dhcp(2, (54, ip_address(OTHER).packed), PXE, reply=True)
    shots = [
        shot
        for time in (0, 4, 12)
        for shot in (
            discover(time),
            datagram(time + 0.1, message, (OTHER_MAC, OTHER, 67), (EVERYBODY, "255.255.255.255", 68), proxy),
            *([] if others is None else [offer(time + 0.2, others)]),
        )
    ]

    assert judge(only(trace_of(tmp_path, *shots, until=60))).failed is failed


def test_a_flood_of_servers_is_counted_and_not_kept(tmp_path: Path) -> None:
    offers = []
    for number in range(300):
        message = dhcp(2, (54, struct.pack("!I", number + 1)), reply=True, address=CLIENT)
        offers.append(answered(0.1 + number / 100, message, port=67, to=68, kind=Checksum.PARTIAL))

    boot = only(trace_of(tmp_path, discover(0), *offers, discover(4), until=460))
    assert (boot.ignored.partial, boot.outcome) == (300, Outcome.OFFERS_NOT_REQUESTED)


def test_a_discover_without_an_answer(tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, discover(0), discover(1)))

    assert (boot.outcome, boot.lease, boot.server) == (Outcome.NO_ANSWER, Lease.NO_ANSWER, None)
    assert judge(boot).failed is Failed.UNCLEAR


def test_a_request_without_an_acknowledgement(tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, discover(0), offer(0.1), request(0.2), request(1.2)))

    assert (boot.outcome, boot.lease) == (Outcome.NO_ANSWER, Lease.OFFERED)


def test_a_refused_request_is_a_refusal(tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, discover(0), offer(0.1), request(0.2), offer(0.3, step=6)))

    assert (boot.outcome, boot.lease) == (Outcome.REFUSED, Lease.REFUSED)
    assert judge(boot).failed is Failed.NO


@pytest.mark.parametrize(
    ("kind", "failed"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.NO), (Checksum.WRONG, Failed.UNCLEAR)]
)
def test_a_client_that_repeats_its_request_has_not_taken_the_refusal(
    kind: Checksum, failed: Failed, tmp_path: Path
) -> None:
    refusals = [shot for time in (0.2, 2, 6) for shot in (request(time), offer(time + 0.1, kind, step=6))]

    boot = only(trace_of(tmp_path, discover(0), offer(0.1), *refusals, until=60))
    assert (boot.outcome, judge(boot).failed) == (Outcome.REFUSED, failed)


def test_a_client_that_discovers_after_a_refusal_has_taken_it(tmp_path: Path) -> None:
    shots = [discover(0), offer(0.1), request(0.2), offer(0.3, Checksum.PARTIAL, step=6), discover(0.5)]

    boot = only(trace_of(tmp_path, *shots, until=60))
    assert (boot.outcome, boot.ignored.total, judge(boot).failed) == (Outcome.REFUSED, 0, Failed.NO)


def test_a_client_that_starts_over_is_another_boot(tmp_path: Path) -> None:
    first = [*lease(0, transaction=1), said(1, read_request()), answered(1.1, data(1, 5), kind=Checksum.PARTIAL)]
    second = [*lease(60, transaction=2), said(61, read_request("again"), port=2071)]

    boots = trace_of(tmp_path, *first, *second, until=120).boots
    assert [(boot.file, boot.outcome) for boot in boots] == [
        ("pxelinux.0", Outcome.DATA_NOT_ACKNOWLEDGED),
        ("again", Outcome.NO_ANSWER),
    ]


def test_a_client_with_a_new_transaction_id_and_no_address_continues_its_boot(tmp_path: Path) -> None:
    shots = [
        discover(0, transaction=1),
        discover(4, transaction=2),
        offer(4.1, transaction=2),
        request(4.2, transaction=3),
    ]

    assert len(trace_of(tmp_path, *shots).boots) == 1


def test_a_client_that_is_seen_on_two_devices_boots_once(tmp_path: Path) -> None:
    twice = [shot._replace(time=shot.time + late) for shot in lease() for late in (0, 0.00005)]

    boot = only(trace_of(tmp_path, *twice))
    assert (boot.retries, boot.resent, boot.from_client.total) == (0, 0, 2)
    assert only(trace_of(tmp_path, *lease(), request(0.4))).lease is Lease.ACKNOWLEDGED  # the second came late


def test_the_dhcp_of_the_booted_system_is_not_another_boot(tmp_path: Path) -> None:
    system = broadcast(90, dhcp(1, (60, b"dhclient"), transaction=9))

    trace = trace_of(tmp_path, *lease(), said(1, read_request()), system)
    assert (len(trace.boots), trace.others) == (1, 0)


def test_clients_that_request_an_address_are_counted_once(tmp_path: Path) -> None:
    def renewal(time: float, transaction: int) -> list[Shot]:
        message = dhcp(3, transaction=transaction)
        reply = dhcp(5, FROM, reply=True, address=CLIENT, transaction=transaction)
        return [broadcast(time, message), answered(time + 0.1, reply, port=67, to=68)]

    trace = trace_of(tmp_path, *renewal(0, 1), *renewal(100, 2), *renewal(200, 3))
    assert (trace.boots, trace.others) == ((), 1)


def test_a_proxy_names_the_file(tmp_path: Path) -> None:
    asks = datagram(1, dhcp(3, PXE, transaction=7), (CLIENT_MAC, CLIENT, 68), (SERVER_MAC, SERVER, 4011))
    reply = dhcp(5, FROM, PXE, reply=True, transaction=7, file=b"grub.efi")

    boot = only(trace_of(tmp_path, *lease(file=b""), asks, answered(1.1, reply, port=4011, to=68)))
    assert (boot.file, boot.lease, boot.retries) == ("grub.efi", Lease.ACKNOWLEDGED, 0)


@pytest.mark.parametrize(
    ("kind", "goes_on", "failed"),
    [
        (Checksum.PARTIAL, False, Failed.YES),
        (Checksum.PARTIAL, True, Failed.UNCLEAR),
        (Checksum.GOOD, False, Failed.UNCLEAR),
        (None, False, Failed.UNCLEAR),
    ],
)
def test_the_request_to_a_proxy_whose_answers_are_ignored_is_repeated(
    kind: Checksum | None, goes_on: bool, failed: Failed, tmp_path: Path
) -> None:
    reply = dhcp(5, FROM, PXE, reply=True, transaction=7, file=b"grub.efi")
    shots = []
    for time in (1, 2, 4):
        shots.append(datagram(time, dhcp(3, PXE, transaction=7), (CLIENT_MAC, CLIENT, 68), (SERVER_MAC, SERVER, 4011)))
        shots += [answered(time + 0.1, reply, port=4011, to=68, kind=kind)] if kind is not None else []
    if goes_on:
        resent = [answered(time, data(1, 5), kind=Checksum.PARTIAL) for time in (5.1, 7)]
        shots += [said(5, read_request("grub.efi")), *resent]

    boot = only(trace_of(tmp_path, *lease(file=b""), *shots, until=20))
    assert judge(boot).failed is failed
    assert boot.retries == 2


@pytest.mark.parametrize(
    ("more", "file"),
    [
        ([(67, b"option.0\0")], "option.0"),
        ([(52, b"\1")], None),
        ([(52, b"\2")], "field.0"),
        ([(0, b"")], "field.0"),
    ],
)
def test_the_boot_file_is_read_from_the_message(
    more: list[tuple[int, bytes]], file: str | None, tmp_path: Path
) -> None:
    reply = dhcp(5, FROM, *more, reply=True, address=CLIENT, file=b"field.0\xff")

    boot = only(trace_of(tmp_path, discover(0), answered(0.1, reply.replace(b"\xff", b"\0", 1), port=67, to=68)))
    assert boot.file == file


def test_options_may_stand_in_the_fields_for_names(tmp_path: Path) -> None:
    reply = dhcp(5, FROM, (52, b"\1"), reply=True, address=CLIENT, file=bytes([67, 3]) + b"efi" + b"\xff")

    assert only(trace_of(tmp_path, discover(0), answered(0.1, reply, port=67, to=68))).file == "efi"


@pytest.mark.parametrize(
    "payload",
    [
        b"\x01\x01\x06",
        b"\x07" + dhcp(1)[1:],
        dhcp(1)[:2] + b"\x20" + dhcp(1)[3:],
        dhcp(1, mac="01:00:00:00:00:00"),
    ],
    ids=["short", "operation", "address length", "group address"],
)
def test_a_malformed_message_is_a_gap(payload: bytes, tmp_path: Path) -> None:
    shot = datagram(0, payload, (CLIENT_MAC, "10.0.0.9", 67), (SERVER_MAC, SERVER, 67))

    trace = trace_of(tmp_path, shot)
    assert (trace.boots, trace.others) == ((), 0)
    assert "malformed" in reason(trace.gaps[0])


def test_a_client_that_does_not_name_itself_has_its_frames_address(tmp_path: Path) -> None:
    shot = broadcast(0, dhcp(1, PXE, mac="00:00:00:00:00:00"))

    assert only(trace_of(tmp_path, shot)).mac == CLIENT_MAC


def test_unrelated_messages_are_ignored(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, broadcast(0, dhcp(8, PXE)))

    assert (trace.boots, trace.others, trace.gaps) == ((), 0, ())


def test_a_capture_with_truncated_frames_names_the_missing_part(tmp_path: Path) -> None:
    frames = [(shot.time, cooked(shot)) for shot in [*lease(), said(1, read_request())]]

    trace = trace_of_file(tmp_path, pcap(frames, link=113, snap=96))
    assert "4 DHCP or TFTP messages not read, cut off by the capture; capture whole frames" in reason(trace.gaps[0])


def test_answers_with_uncomputable_checksums_decide_nothing(tmp_path: Path) -> None:
    shots = [said(1, read_request()), *(answered(1.1 + wait, data(1)) for wait in range(3))]
    frames = [(shot.time, b"\0" * 12 + b"\x08\x00" + shot.packet) for shot in shots]

    boot = only(trace_of_file(tmp_path, pcap(frames, snap=64)))
    assert (boot.from_server.unknown, boot.outcome) == (3, Outcome.DATA_NOT_ACKNOWLEDGED)
    assert judge(boot).failed is Failed.UNCLEAR
    assert "tcpdump -s 0" in judge(boot).missing[0]


class TestClientsOfOperatingSystems:
    """They boot nothing, but lose answers with a partial checksum as a ROM does."""

    @staticmethod
    def asks(time: float, *, step: int = 1, transaction: int = 1) -> Shot:
        return broadcast(time, dhcp(step, (60, b"dhclient"), transaction=transaction))

    def test_partial_offers_that_they_ignore_are_a_row(self, tmp_path: Path) -> None:
        shots = [shot for time in (0, 2, 6) for shot in (self.asks(time), offer(time + 0.1, Checksum.PARTIAL))]

        trace = trace_of(tmp_path, *shots, until=60)
        assert (only(trace).outcome, trace.others) == (Outcome.OFFERS_NOT_REQUESTED, 0)
        assert judge(only(trace)).failed is Failed.YES

    def test_ignored_complete_offers_are_not_a_boot(self, tmp_path: Path) -> None:
        shots = [shot for time in (0, 2, 6) for shot in (self.asks(time), offer(time + 0.1))]

        trace = trace_of(tmp_path, *shots, until=60)
        assert (trace.boots, trace.others) == ((), 1)

    def test_a_partial_offer_at_the_end_of_the_capture_is_an_unclear_row(self, tmp_path: Path) -> None:
        boot = only(trace_of(tmp_path, self.asks(0), offer(0.1, Checksum.PARTIAL)))

        assert (boot.outcome, judge(boot).failed) == (Outcome.UNFINISHED, Failed.UNCLEAR)

    @pytest.mark.parametrize("kind", [Checksum.PARTIAL, Checksum.GOOD])
    def test_accepted_acknowledgements_give_no_row(self, kind: Checksum, tmp_path: Path) -> None:
        trace = trace_of(tmp_path, self.asks(0, step=3), offer(0.1, kind, step=5), until=60)

        assert (trace.boots, trace.others) == ((), 1)

    def test_partial_acknowledgements_that_they_ignore_are_a_row(self, tmp_path: Path) -> None:
        shots = [
            shot
            for time in (0, 4, 12)
            for shot in (self.asks(time, step=3), offer(time + 0.1, Checksum.PARTIAL, step=5))
        ]

        boot = only(trace_of(tmp_path, *shots, until=60))
        assert (boot.outcome, boot.retries) == (Outcome.ACKNOWLEDGEMENT_NOT_TAKEN, 2)
        assert (boot.ignored.partial, boot.taken.partial, judge(boot).failed) == (3, 0, Failed.YES)

    def test_a_complete_acknowledgement_after_partial_ones_is_taken(self, tmp_path: Path) -> None:
        ignored = [self.asks(0, step=3), offer(0.1, Checksum.PARTIAL, step=5)]

        trace = trace_of(tmp_path, *ignored, self.asks(4, step=3), offer(4.1, step=5), until=60)
        assert all(boot.outcome is Outcome.ADDRESS_ONLY for boot in trace.boots)

    def test_offers_that_were_ignored_until_they_were_complete_are_an_unclear_row(self, tmp_path: Path) -> None:
        shots = [shot for time in (0, 2) for shot in (self.asks(time), offer(time + 0.1, Checksum.PARTIAL))]
        shots += [self.asks(6), offer(6.1), self.asks(6.2, step=3), offer(6.3, step=5)]

        boot = only(trace_of(tmp_path, *shots, until=60))
        assert (boot.outcome, boot.taken.partial, boot.ignored.partial) == (Outcome.ADDRESS_ONLY, 0, 2)
        assert judge(boot).failed is Failed.UNCLEAR
        assert judge(boot).because[1] == "the client ignored 2 answers with a partial checksum before"

    def test_one_ignored_offer_is_singular(self, tmp_path: Path) -> None:
        shots = [self.asks(0), offer(0.1, Checksum.PARTIAL), self.asks(6), offer(6.1), self.asks(6.2, step=3)]

        boot = only(trace_of(tmp_path, *shots, offer(6.3, step=5), until=60))
        assert judge(boot).because[1] == "the client ignored 1 answer with a partial checksum before"

    def test_their_row_stays_when_they_start_over(self, tmp_path: Path) -> None:
        shots = [shot for time in (0, 2, 6) for shot in (self.asks(time), offer(time + 0.1, Checksum.PARTIAL))]
        later = [self.asks(60, transaction=2), offer(60.1, transaction=2), self.asks(60.2, step=3, transaction=2)]

        trace = trace_of(tmp_path, *shots, *later, offer(60.3, step=5, transaction=2), until=90)
        assert [judge(boot).failed for boot in trace.boots] == [Failed.YES]


def test_a_rom_that_starts_over_after_ignored_offers_boots_a_second_time(tmp_path: Path) -> None:
    shots = [shot for time in (0, 1, 3) for shot in (discover(time), offer(time + 0.1, Checksum.PARTIAL))]
    second = [*lease(30, transaction=2), said(31, read_request()), answered(31.1, data(1, 5))]

    boots = trace_of(tmp_path, *shots, *second, said(31.2, b"\0\4\0\1", to=40000), until=90).boots
    assert [judge(boot).failed for boot in boots] == [Failed.YES, Failed.NO]


def test_a_rom_that_starts_over_at_once_after_ignored_offers_boots_a_second_time(tmp_path: Path) -> None:
    shots = [shot for time in (0, 1, 3) for shot in (discover(time), offer(time + 0.1, Checksum.PARTIAL))]

    boots = trace_of(tmp_path, *shots, *lease(7, transaction=2), until=90).boots
    assert [boot.outcome for boot in boots] == [Outcome.OFFERS_NOT_REQUESTED, Outcome.ADDRESS_ONLY]


@pytest.mark.parametrize("offered", [False, True], ids=["no answer", "no acknowledgement"])
def test_a_boot_that_works_hides_no_earlier_one_without_an_answer(offered: bool, tmp_path: Path) -> None:
    """An answer may have been dropped before the capture, also by a relay that verifies checksums."""
    begun = lease(0.0)[:3] if offered else [discover(0)]
    begun += [request(time) if offered else discover(time) for time in (1, 3)]
    works = [*lease(60, transaction=2), said(61, read_request()), answered(61.1, data(1, 5))]

    boots = trace_of(tmp_path, *begun, *works, said(61.2, b"\0\4\0\1", to=40000), until=90).boots
    assert [judge(boot).failed for boot in boots] == [Failed.UNCLEAR, Failed.NO]


def test_a_client_that_changes_the_transaction_with_each_retry_boots_once(tmp_path: Path) -> None:
    offers = [(discover(time, transaction=time), offer(time + 0.1, Checksum.PARTIAL)) for time in (1, 2, 4, 8)]

    boot = only(trace_of(tmp_path, *(shot for pair in offers for shot in pair), until=90))
    assert (boot.outcome, boot.ignored.partial) == (Outcome.OFFERS_NOT_REQUESTED, 4)


def test_a_rom_that_starts_over_in_the_same_transaction_boots_a_second_time(tmp_path: Path) -> None:
    once = [*lease(), said(1, read_request()), answered(1.1, data(1, 5)), said(1.2, b"\0\4\0\1", to=40000)]

    boots = trace_of(tmp_path, *once, *(shot._replace(time=shot.time + 60) for shot in once), until=180).boots
    assert [boot.outcome for boot in boots] == [Outcome.COMPLETE, Outcome.COMPLETE]


def test_a_boot_that_works_hides_no_earlier_one_in_the_same_transaction(tmp_path: Path) -> None:
    """Some ROMs derive the transaction from their MAC."""
    ignored = [shot for time in (0, 1, 3) for shot in (discover(time), offer(time + 0.1, Checksum.PARTIAL))]
    works = [*lease(40.0), said(41, read_request()), answered(41.1, data(1, 5)), said(41.2, b"\0\4\0\1", to=40000)]

    boots = trace_of(tmp_path, *ignored, *works, until=90).boots
    assert [judge(boot).failed for boot in boots] == [Failed.YES, Failed.NO]


@pytest.mark.parametrize(
    ("kind", "failed"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.NO), (None, Failed.UNCLEAR)]
)
@pytest.mark.parametrize("changes", [False, True], ids=["one transaction", "a transaction for each message"])
def test_a_rom_whose_seconds_begin_again_boots_a_second_time(
    changes: bool, kind: Checksum | None, failed: Failed, tmp_path: Path
) -> None:
    """The seconds are those that iPXE sends."""
    first, shots = [(0, 4), (1, 8), (3, 12)], []
    for time, seconds in first:
        transaction = seconds if changes else 1
        shots.append(discover(time, transaction=transaction, seconds=seconds))
        shots += [offer(time + 0.1, kind, transaction=transaction)] if kind is not None else []
    shots += [discover(6, seconds=4), *lease(6.0)[1:]]
    works = [said(7, read_request()), answered(7.1, data(1, 5)), said(7.2, b"\0\4\0\1", to=40000)]

    boots = trace_of(tmp_path, *shots, *works, until=90).boots
    assert [judge(boot).failed for boot in boots] == [failed, Failed.NO]
    assert boots[1].outcome is Outcome.COMPLETE


def test_seconds_that_go_on_are_of_one_boot(tmp_path: Path) -> None:
    shots = [discover(time, transaction=time + 1, seconds=time) for time in (0, 1, 3, 7)]

    assert only(trace_of(tmp_path, *shots, *lease(15.0, transaction=9)[1:], until=90)).lease is Lease.ACKNOWLEDGED


@pytest.mark.parametrize("changes", [False, True], ids=["one transaction", "a transaction for each message"])
def test_seconds_that_go_on_after_a_lost_retry_are_of_one_boot(changes: bool, tmp_path: Path) -> None:
    """The capture lacks the retry at 3.0; the client took a partial offer in the end."""
    shots = []
    for time, seconds in ((0, 4), (1, 8), (10, 16)):
        transaction = seconds if changes else 1
        shots.append(discover(time, transaction=transaction, seconds=seconds))
        shots.append(offer(time + 0.1, Checksum.PARTIAL, transaction=transaction))
    shots += [shot._replace(time=shot.time + 10) for shot in lease(0.0, Checksum.PARTIAL, transaction=transaction)[2:]]
    shots += [said(11, read_request()), answered(11.1, data(1, 5)), said(11.2, b"\0\4\0\1", to=40000)]

    found = only(trace_of(tmp_path, *shots, until=90))
    assert (found.outcome, found.lease) == (Outcome.COMPLETE, Lease.ACKNOWLEDGED)


def test_a_client_that_begins_again_after_a_refusal_has_taken_it_whatever_its_seconds(tmp_path: Path) -> None:
    refused = [discover(0, seconds=8), *lease(0.0)[1:3], offer(0.3, step=6)]

    found = only(trace_of(tmp_path, *refused, discover(1, seconds=0), *lease(1.0)[1:], until=60))
    assert found.lease is Lease.ACKNOWLEDGED


LOCAL, SERVER_6, CLIENT_6 = "fe80::5054:ff:fe93:76af", "fe80::1", "fd00::50"
DUID = struct.pack("!HHI", 1, 1, 0) + octets(OTHER_MAC)


def option(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def dhcp6(kind: int, *options: bytes, transaction: int = 5) -> bytes:
    return struct.pack("!I", kind << 24 | transaction) + b"".join((option(1, DUID), *options))


ARCHITECTURE = option(61, b"\0\x07")
ADDRESS = option(3, bytes(12) + option(5, ip_address(CLIENT_6).packed + bytes(8)))
URL = option(59, b"tftp://[fd00::1]/grub.efi")


def asks(time: float, message: bytes) -> Shot:
    return datagram(time, message, (CLIENT_MAC, LOCAL, 546), ("33:33:00:01:00:02", "ff02::1:2", 547))


def replies(time: float, message: bytes, kind: Checksum = Checksum.GOOD) -> Shot:
    return datagram(time, message, (SERVER_MAC, SERVER_6, 547), (CLIENT_MAC, LOCAL, 546), kind)


SOLICIT = dhcp6(1, ARCHITECTURE)


def test_a_single_discover_is_not_reported_as_repeated(tmp_path: Path) -> None:
    boot = only(trace_of(tmp_path, discover(0), offer(0.1, Checksum.PARTIAL), offer(1.1, Checksum.PARTIAL), until=60))

    assert judge(boot).failed is Failed.YES
    assert judge(boot).because[0] == "the client was offered an address, and never requested it"


def test_a_boot_over_ipv6_is_followed_from_solicit_to_file(tmp_path: Path) -> None:
    boot = only(
        trace_of(
            tmp_path,
            asks(0, SOLICIT),
            replies(0.1, dhcp6(2, ADDRESS, URL)),
            asks(0.2, dhcp6(3, ARCHITECTURE)),
            replies(0.3, dhcp6(7, ADDRESS, URL)),
            datagram(1, read_request("grub.efi"), (CLIENT_MAC, CLIENT_6, 2070), (SERVER_MAC, "fd00::1", 69)),
            *(
                datagram(time, data(1), (SERVER_MAC, "fd00::1", 40000), (CLIENT_MAC, CLIENT_6, 2070), Checksum.PARTIAL)
                for time in (1.1, 2.1)
            ),
            until=60,
        )
    )
    assert (boot.mac, boot.address, boot.server) == (CLIENT_MAC, CLIENT_6, "fd00::1")
    assert (boot.lease, boot.outcome) == (Lease.ACKNOWLEDGED, Outcome.DATA_NOT_ACKNOWLEDGED)
    assert judge(boot).confidence.value == "medium"  # the same server's advertise and reply were complete


@pytest.mark.parametrize(("kind", "failed"), [(Checksum.PARTIAL, Failed.YES), (Checksum.GOOD, Failed.UNCLEAR)])
def test_an_address_without_a_request_is_not_taken_if_the_client_solicits_again(
    kind: Checksum, failed: Failed, tmp_path: Path
) -> None:
    """A server may answer a solicit with an address at once (rapid commit: RFC 4039, RFC 8415)."""
    shots = [
        shot for time in (0, 1, 3) for shot in (asks(time, SOLICIT), replies(time + 0.1, dhcp6(7, ADDRESS, URL), kind))
    ]

    boot = only(trace_of(tmp_path, *shots, until=60))
    assert judge(boot).failed is failed


class TestClientsThatConfigureBothVersions:
    """iPXE asks over IPv4 and IPv6 at the same time, and boots with the first address that it gets."""

    INFORMATION = dhcp6(11, ARCHITECTURE, transaction=9)
    SOLICITS = dhcp6(1, ARCHITECTURE, transaction=9)

    def rows(self, folder: Path, *over_ipv6: Shot, kind: Checksum) -> list[tuple[str, str, int]]:
        """Return verdict, confidence and accepted partial answers of each boot over IPv4 beside these messages."""
        answers = [answered(1.1 + wait, options(), kind=kind) for wait in (0, 1, 3)]
        requests = [said(1.0 + wait, read_request()) for wait in (0, 2, 6)]
        shots = sorted([*lease(), *over_ipv6, *answers, *requests], key=lambda shot: shot.time)
        boots = trace_of(folder, *shots, until=60).boots
        return [(judge(boot).failed.value, judge(boot).confidence.value, boot.taken.partial) for boot in boots]

    @pytest.mark.parametrize("time", [0.05, 0.15, 0.25])
    def test_they_boot_once(self, time: float, tmp_path: Path) -> None:
        over_ipv6 = asks(time, self.INFORMATION), replies(time + 0.01, dhcp6(7, transaction=9))

        assert self.rows(tmp_path, *over_ipv6, kind=Checksum.PARTIAL) == [("yes", "medium", 0)]
        assert self.rows(tmp_path, *over_ipv6, kind=Checksum.GOOD) == [("no", "high", 0)]

    def test_the_use_of_one_address_takes_no_answer_of_the_other_version(self, tmp_path: Path) -> None:
        ignored = replies(0.06, dhcp6(7, transaction=9), Checksum.PARTIAL)

        assert self.rows(tmp_path, asks(0.05, self.INFORMATION), ignored, kind=Checksum.PARTIAL) == [
            ("yes", "medium", 0)
        ]

    def test_retries_over_ipv6_do_not_end_a_boot_over_ipv4(self, tmp_path: Path) -> None:
        retries = [asks(time, self.SOLICITS) for time in (0.05, 1.05)]

        assert self.rows(tmp_path, *retries, kind=Checksum.PARTIAL) == [("yes", "medium", 0)]

    def test_a_boot_over_ipv6_after_one_over_ipv4_is_another(self, tmp_path: Path) -> None:
        later = [asks(20, SOLICIT), replies(20.1, dhcp6(2, ADDRESS, URL)), asks(20.2, dhcp6(3, ARCHITECTURE))]

        first, second = self.rows(tmp_path, *later, replies(20.3, dhcp6(7, ADDRESS, URL)), kind=Checksum.PARTIAL)
        assert (first[0], second[0]) == ("yes", "unclear")

    def test_a_boot_over_ipv4_hides_no_offers_that_were_ignored_over_ipv6(self, tmp_path: Path) -> None:
        solicits = [
            shot
            for time in (4, 5, 7)
            for shot in (asks(time, SOLICIT), replies(time + 0.1, dhcp6(2, ADDRESS, URL), Checksum.PARTIAL))
        ]
        works = [*lease(40.0, transaction=7), said(41, read_request()), answered(41.1, data(1, 5))]
        shots = [discover(0), discover(2), *solicits, *works, said(41.2, b"\0\4\0\1", to=40000)]

        boots = trace_of(tmp_path, *shots, until=90).boots
        assert [judge(boot).failed for boot in boots] == [Failed.YES, Failed.NO]

    @pytest.mark.parametrize(
        ("answers", "verdicts"),
        [
            ([answered(1.1, options()), said(1.2, b"\0\4\0\0", to=40000), answered(1.3, data(1, 5))], ["no", "yes"]),
            ([answered(1.1, error(1, "no"), kind=Checksum.PARTIAL)], ["unclear"]),
        ],
        ids=["without the last acknowledgement", "an error that the client may have missed"],
    )
    def test_a_download_does_not_hide_offers_that_are_ignored_afterwards(
        self, answers: list[Shot], verdicts: list[str], tmp_path: Path
    ) -> None:
        first = [*lease(), said(1.0, read_request()), *answers]
        solicits = [
            shot
            for time in (1.8, 2.9, 5.0)
            for shot in (asks(time, SOLICIT), replies(time + 0.1, dhcp6(2, ADDRESS, URL), Checksum.PARTIAL))
        ]

        assert [judge(boot).failed.value for boot in trace_of(tmp_path, *first, *solicits, until=60).boots] == verdicts


def test_advertisements_that_are_never_requested_are_offers(tmp_path: Path) -> None:
    shots = [asks(0, SOLICIT), replies(0.1, dhcp6(2, ADDRESS, URL), Checksum.PARTIAL), asks(1, SOLICIT)]

    boot = only(trace_of(tmp_path, *shots, until=60))
    assert (boot.outcome, boot.ignored.partial) == (Outcome.OFFERS_NOT_REQUESTED, 1)
    assert boot.file == "tftp://[fd00::1]/grub.efi"


def test_a_rom_whose_elapsed_time_begins_again_over_ipv6_boots_a_second_time(tmp_path: Path) -> None:
    shots = []
    for time, elapsed in ((0, 0), (1, 100), (3, 300), (6, 0)):
        shots.append(asks(time, dhcp6(1, ARCHITECTURE, option(8, struct.pack("!H", elapsed)))))
        shots.append(replies(time + 0.1, dhcp6(2, ADDRESS), Checksum.PARTIAL if time < 6 else Checksum.GOOD))
    shots += [asks(6.2, dhcp6(3, ARCHITECTURE, transaction=6)), replies(6.3, dhcp6(7, ADDRESS, transaction=6))]

    boots = trace_of(tmp_path, *shots, until=60).boots
    assert [boot.outcome for boot in boots] == [Outcome.OFFERS_NOT_REQUESTED, Outcome.ADDRESS_ONLY]


@pytest.mark.parametrize("kind", [Checksum.GOOD, Checksum.PARTIAL])
def test_a_request_over_ipv6_after_a_second_solicit_begins_no_other_boot(kind: Checksum, tmp_path: Path) -> None:
    """The request has another transaction than the solicits (RFC 8415, 16.1)."""
    shots = [asks(0, SOLICIT), replies(0.1, dhcp6(2, ADDRESS, URL), kind), asks(1, SOLICIT)]
    shots += [replies(1.1, dhcp6(2, ADDRESS, URL), kind), asks(2, dhcp6(3, ARCHITECTURE, transaction=6))]
    shots += [replies(2.1, dhcp6(7, ADDRESS, URL, transaction=6), kind)]

    assert only(trace_of(tmp_path, *shots, until=60)).lease is Lease.ACKNOWLEDGED


def test_a_relayed_client_is_named_by_its_relay(tmp_path: Path) -> None:
    header = bytes([12, 0]) + ip_address("fd00::ff").packed + ip_address(LOCAL).packed
    note = option(79, b"\0\x01" + octets(CLIENT_MAC))
    relayed = header + note + option(9, SOLICIT)
    shot = datagram(0, relayed, (OTHER_MAC, "fd00::ff", 547), (SERVER_MAC, "fd00::1", 547))

    assert only(trace_of(tmp_path, shot)).mac == CLIENT_MAC
    unnamed = datagram(0, header + option(9, SOLICIT), (OTHER_MAC, "fd00::ff", 547), (SERVER_MAC, "fd00::1", 547))
    assert only(trace_of(tmp_path, unnamed)).mac == OTHER_MAC  # the one that its identifier is made of


def test_a_solicit_and_its_relayed_copy_are_one(tmp_path: Path) -> None:
    """The request has another transaction (RFC 8415, 16.1), which begins another boot only after a retry."""
    header = bytes([12, 0]) + ip_address("fd00::ff").packed + ip_address(LOCAL).packed
    relayed = header + option(79, b"\0\x01" + octets(CLIENT_MAC)) + option(9, SOLICIT)
    copy = datagram(0.0004, relayed, (OTHER_MAC, "fd00::ff", 547), (SERVER_MAC, "fd00::1", 547))
    shots = [asks(0, SOLICIT), copy, replies(0.1, dhcp6(2, ADDRESS, URL))]
    shots += [
        asks(0.5, dhcp6(3, ARCHITECTURE, transaction=6)),
        replies(0.6, dhcp6(7, ADDRESS, URL, transaction=6)),
    ]

    assert only(trace_of(tmp_path, *shots, until=60)).lease is Lease.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("options", "boots"),
    [
        ([option(16, struct.pack("!IH", 343, 9) + b"PXEClient")], True),
        ([option(16, struct.pack("!IH", 343, 10) + b"HTTPClient")], True),
        ([option(15, b"\0\4iPXE")], True),
        ([option(62, b"\1\3\0")], True),
        ([option(16, b"dhclient")], False),
        ([struct.pack("!HH", 61, 200)], False),
    ],
)
def test_a_boot_over_ipv6_is_recognised_by_the_options_of_its_client(
    options: list[bytes], boots: bool, tmp_path: Path
) -> None:
    assert bool(trace_of(tmp_path, asks(0, dhcp6(1, *options))).boots) is boots


@pytest.mark.parametrize("message", [b"\1", bytes([12, 0]) + bytes(32), bytes([13]) + bytes(60)])
def test_a_malformed_message_of_ipv6_is_a_gap(message: bytes, tmp_path: Path) -> None:
    assert "malformed" in reason(trace_of(tmp_path, asks(0, message)).gaps[0])


def test_a_reply_to_a_group_names_no_client(tmp_path: Path) -> None:
    nameless = struct.pack("!I", 7 << 24)
    shot = datagram(0, nameless, (SERVER_MAC, SERVER_6, 547), ("33:33:00:00:00:01", "ff02::1", 546))

    trace = trace_of(tmp_path, shot)
    assert (trace.others, "without a MAC" in reason(trace.gaps[0])) == (0, True)


def test_the_broadcast_address_is_not_a_clients_mac(tmp_path: Path) -> None:
    reply = dhcp(5, FROM, reply=True, mac="00:00:00:00:00:00")
    shot = datagram(0, reply, (SERVER_MAC, SERVER, 67), (EVERYBODY, "255.255.255.255", 68))

    assert trace_of(tmp_path, shot).others == 0


@pytest.mark.parametrize("requests", [True, False])
def test_a_firewall_that_fills_in_dhcp_alone_clears_no_download(requests: bool, tmp_path: Path) -> None:
    downloads = [
        shot
        for time in (1.0, 2.0, 4.0)
        for shot in (said(time, read_request()), answered(time + 0.1, options(), kind=Checksum.PARTIAL))
    ]

    boot = only(trace_of(tmp_path, *lease(kind=Checksum.PARTIAL), *(downloads if requests else ()), until=60))
    assert boot.taken.partial > 0
    assert judge(boot).failed is Failed.UNCLEAR
