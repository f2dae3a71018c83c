"""The clients that stay in memory when there are too many."""

from dataclasses import dataclass, field

import pytest

from tests.trace.build import CLIENT_MAC, ethernet, said
from virtscan.model import Mac
from virtscan.trace.boots.client_table import MOST_ATTEMPTS, ClientTable
from virtscan.trace.capture.packets import Packet, packet
from virtscan.trace.capture.reader import Frame
from virtscan.trace.protocols.dhcp import AddressStep, Dhcp

DISCOVER = Dhcp(step=AddressStep.DISCOVER, transaction=b"1")


def any_packet() -> Packet:
    segment = packet(Frame(0.0, ethernet(said(0, b"")), 1), lambda *_: True)
    assert isinstance(segment, Packet)
    return segment


@dataclass
class Crowd:
    """A table with one client more at every call."""

    table: ClientTable = field(default_factory=ClientTable)
    number: int = 0

    def joins(self, *, boots: bool) -> bool:
        self.number += 1
        attempt = self.table.attempt(Mac(f"{self.number:012x}"), any_packet(), DISCOVER)
        if attempt is not None:
            attempt.boots = boots
        return attempt is not None


@pytest.mark.long
def test_clients_that_only_request_an_address_are_dropped_first() -> None:
    crowd = Crowd()
    for _ in range(MOST_ATTEMPTS):
        assert crowd.joins(boots=False)

    assert crowd.joins(boots=True)
    assert crowd.table.not_kept == 0
    assert crowd.table.attempt(Mac(f"{1:012x}"), any_packet(), DISCOVER) is not None  # the first one is new again
    assert crowd.table.attempt(Mac(f"{9:012x}"), any_packet(), DISCOVER) is not None


@pytest.mark.long
def test_boots_do_not_give_way_and_are_counted_instead() -> None:
    crowd = Crowd()
    for _ in range(MOST_ATTEMPTS):
        assert crowd.joins(boots=True)

    assert not crowd.joins(boots=True)
    assert not crowd.joins(boots=True)
    assert crowd.table.attempt_at(any_packet()) is None
    assert crowd.table.not_kept == 3


def test_addresses_are_forgotten_in_the_order_they_came() -> None:
    table = ClientTable()
    attempt = table.attempt(Mac(CLIENT_MAC), any_packet(), DISCOVER)
    assert attempt is not None
    for number in range(4 * MOST_ATTEMPTS + 1):
        table.has_address(attempt, number.to_bytes(4))

    assert table.at(any_packet()._replace(source=bytes(4))) is None
    assert table.at(any_packet()._replace(source=(1).to_bytes(4))) is attempt
