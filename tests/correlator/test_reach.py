"""Reach: what the places of a server, the devices of a pool and several servers allow together."""

import pytest

from tests.build import bond, domain, macvtap, nic
from tests.correlator.scenes import OTHER, SERVING, finding_of, satellite, scene
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.reach import of_any, of_pool, of_server
from virtscan.model import DomainState, Mac, Reach, SourceMode
from virtscan.model.reasons import NeedsPlace, WhyUnlocated

YES, NO, UNKNOWN = Reach


def place(reach: Reach, *, exclusive: bool = False, outdated: bool = False) -> Position:
    why = (NeedsPlace(server="s", why=WhyUnlocated.OUTDATED),) if outdated else ()
    return Position(where=Where.UNKNOWN, reach=reach, exclusive=exclusive, missing=why)


def copy(reach: Reach) -> Position:
    return place(reach, exclusive=True)


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ((), UNKNOWN),
        ((place(YES),), YES),
        ((place(NO),), NO),
        ((place(UNKNOWN),), UNKNOWN),
        # NICs of one server: all are real.
        ((place(YES), place(NO)), YES),
        ((place(YES), place(UNKNOWN)), YES),
        ((place(NO), place(UNKNOWN)), UNKNOWN),
        ((place(NO), place(NO)), NO),
        # Copies: one is real.
        ((copy(YES), copy(YES)), YES),
        ((copy(YES), copy(NO)), UNKNOWN),
        ((copy(YES), copy(UNKNOWN)), UNKNOWN),
        ((copy(NO), copy(NO)), NO),
        # A NIC that is real beside a pool.
        ((place(YES), copy(NO), copy(UNKNOWN)), YES),
        ((place(NO), copy(YES), copy(YES)), YES),
        ((place(NO), copy(YES), copy(NO)), UNKNOWN),
        ((place(NO), copy(NO)), NO),
        ((place(UNKNOWN), copy(NO)), UNKNOWN),
        # Seen too long ago: it may have left.
        ((place(YES), place(UNKNOWN, outdated=True)), UNKNOWN),
        ((place(NO), place(UNKNOWN, outdated=True)), UNKNOWN),
    ],
)
def test_the_places_of_one_server_are_joined(positions: tuple[Position, ...], expected: Reach) -> None:
    assert of_server(positions) is expected


@pytest.mark.parametrize(
    ("reaches", "of_a_pool", "of_servers"),
    [
        ((), UNKNOWN, UNKNOWN),
        ((YES,), YES, YES),
        ((NO,), NO, NO),
        ((UNKNOWN,), UNKNOWN, UNKNOWN),
        ((YES, YES), YES, YES),
        ((NO, NO), NO, NO),
        ((YES, NO), UNKNOWN, YES),
        ((NO, YES, UNKNOWN), UNKNOWN, YES),
        ((NO, UNKNOWN), UNKNOWN, UNKNOWN),
    ],
)
def test_devices_of_a_pool_agree_and_one_server_is_enough(
    reaches: tuple[Reach, ...], of_a_pool: Reach, of_servers: Reach
) -> None:
    assert (of_pool(reaches), of_any(reaches)) == (of_a_pool, of_servers)


@pytest.mark.parametrize(
    ("mode", "other_device", "expected"),
    [
        (SourceMode.BRIDGE, "bond3", YES),
        (SourceMode.PRIVATE, "bond3", UNKNOWN),
        (SourceMode.PRIVATE, "bond2", NO),
    ],
)
def test_a_server_with_two_nics_is_reached_through_one(mode: SourceMode, other_device: str, expected: Reach) -> None:
    other = macvtap(other_device, SourceMode.PRIVATE, OTHER, index=1)
    guest = domain("sat", macvtap("bond2", mode, SERVING), other)

    finding = finding_of(scene(beside=(guest,), devices=(bond("bond3", "eth6"), nic("eth6"))))

    assert finding.reaches_server is expected


@pytest.mark.parametrize(("state", "expected"), [(DomainState.ACTIVE, YES), (DomainState.UNKNOWN, UNKNOWN)])
def test_a_copy_that_may_be_the_server_leaves_its_reach_open(state: DomainState, expected: Reach) -> None:
    copies = (
        domain("sat", macvtap(mac=SERVING), uuid="c7", state=state),
        domain("old", macvtap("bond2", SourceMode.PRIVATE, SERVING), uuid="c7", state=DomainState.INACTIVE),
    )

    finding = finding_of(scene(servers=(satellite(macs=(Mac(SERVING),)),), beside=copies))

    assert finding.reaches_server is expected
