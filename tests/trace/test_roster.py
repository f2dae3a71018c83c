"""Who is kept in memory when there are more clients than there is room for."""

from dataclasses import dataclass, field

from tests.trace.build import CLIENT_MAC, ethernet, said
from virtscan.model import Mac
from virtscan.trace.capture import Frame
from virtscan.trace.dhcp import Dhcp, Step
from virtscan.trace.packets import Packet, packet
from virtscan.trace.roster import MOST_RUNS, Roster

DISCOVER = Dhcp(step=Step.DISCOVER, transaction=b"1")


def any_packet() -> Packet:
    found = packet(Frame(0.0, ethernet(said(0, b"")), 1), lambda *_: True)
    assert found is not None
    return found


@dataclass
class Crowd:
    """A roster with one client more at every call."""

    roster: Roster = field(default_factory=Roster)
    number: int = 0

    def joins(self, *, boots: bool) -> bool:
        self.number += 1
        run = self.roster.run(Mac(f"{self.number:012x}"), any_packet(), DISCOVER)
        if run is not None:
            run.boots = boots
        return run is not None


def test_clients_that_only_want_an_address_give_way() -> None:
    crowd = Crowd()
    for _ in range(MOST_RUNS):
        assert crowd.joins(boots=False)

    assert crowd.joins(boots=True)
    assert crowd.roster.turned_away == 0
    assert crowd.roster.run(Mac(f"{1:012x}"), any_packet(), DISCOVER) is not None  # the first one is new again
    assert crowd.roster.run(Mac(f"{9:012x}"), any_packet(), DISCOVER) is not None


def test_boots_do_not_give_way_and_are_counted_instead() -> None:
    crowd = Crowd()
    for _ in range(MOST_RUNS):
        assert crowd.joins(boots=True)

    assert not crowd.joins(boots=True)
    assert not crowd.joins(boots=True)
    assert crowd.roster.run_at(any_packet()) is None
    assert crowd.roster.turned_away == 3


def test_addresses_are_forgotten_in_the_order_they_came() -> None:
    roster = Roster()
    run = roster.run(Mac(CLIENT_MAC), any_packet(), DISCOVER)
    assert run is not None
    for number in range(4 * MOST_RUNS + 1):
        roster.has_address(run, number.to_bytes(4))

    assert roster.at(bytes(4)) is None
    assert roster.at((1).to_bytes(4)) is run
