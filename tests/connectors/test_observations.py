"""Facts about domains that come as lists and numbers of all domains at once."""

import msgspec

from tests.build import domain
from virtscan.connectors.observations import Mark, Marked, Measured, with_observations
from virtscan.model import Disk, Domain, Resources, State

UUID, OTHER = "6a1d0b6e-0001-4d8e-9e61-000000000001", "6a1d0b6e-0001-4d8e-9e61-000000000002"
DISKS = Resources(disks=(Disk(target="vda"), Disk(target="vdb")), balloon_mib=2048)


def only(domain: Domain, *observed: Marked | Measured) -> Resources:
    (observed_domain,) = with_observations([domain], observed)
    return observed_domain.resources


def test_a_list_states_for_every_domain_whether_it_is_on_it() -> None:
    paused = Marked(mark=Mark.PAUSED, uuids=frozenset({UUID}))

    assert only(domain(uuid=UUID), paused).paused is State.ON
    assert only(domain(uuid=OTHER), paused).paused is State.OFF
    assert only(domain(uuid=UUID), paused).autostart is State.UNKNOWN


def test_without_a_uuid_or_a_list_nothing_is_known() -> None:
    paused = Marked(mark=Mark.PAUSED, uuids=frozenset({UUID}))

    assert only(domain(uuid=None), paused).paused is State.UNKNOWN
    assert only(domain(uuid=UUID)).paused is State.UNKNOWN


def test_the_definition_of_the_next_start_is_not_suspended() -> None:
    paused = Marked(mark=Mark.PAUSED, uuids=frozenset({UUID}))

    assert only(domain(uuid=UUID, next_start=True), paused).paused is State.UNKNOWN


def test_sizes_are_those_of_the_disks_with_these_targets() -> None:
    measured = Measured(uuid=UUID, capacities={"vdb": 1024, "sda": 7}, balloon_mib=1536)

    resources = only(domain(uuid=UUID, resources=DISKS), measured)

    assert [(disk.target, disk.capacity_mib) for disk in resources.disks] == [("vda", None), ("vdb", 1024)]
    assert resources.balloon_mib == 1536


def test_a_domain_that_was_not_measured_keeps_the_values_of_its_document() -> None:
    known = domain(uuid=UUID, resources=DISKS)

    assert only(known, Measured(uuid=OTHER, balloon_mib=1)) == DISKS
    assert only(known, Measured(uuid=UUID)) == DISKS


def test_every_mark_is_a_field() -> None:
    assert {mark.value for mark in Mark} <= set(Resources.__struct_fields__)
    assert all(getattr(msgspec.structs.replace(Resources()), mark.value) is State.UNKNOWN for mark in Mark)
