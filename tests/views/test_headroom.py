"""Headroom for more domains, on hosts and sites."""

from typing import Any

import pytest

from tests.build import domain, hypervisor, inventory
from tests.views.rows import of, total, values
from virtscan.model import DomainState, HostStatus, Hypervisor, Report, Resources, State
from virtscan.views import GROUPINGS

KEYS = ("memory_headroom_mib", "vcpus_running_per_cpu_n1", "largest_domain_mib")


def host(name: str, memory_mib: int | None, given_mib: int = 0, site: str = "ams1", **more: Any) -> Hypervisor:
    return hypervisor(
        name,
        domain(f"on-{name}", vcpus=8, memory_mib=given_mib),
        domain(f"off-{name}", vcpus=64, memory_mib=10**6, state=DomainState.INACTIVE),
        **{"memory_mib": memory_mib, "site": site, "cpus": 16, **more},
    )


def fleet(*hosts: Hypervisor) -> Report:
    return Report(inventory=inventory(*hosts))


def test_a_site_has_what_is_left_when_its_largest_host_fails() -> None:
    report = fleet(host("a", 1000, 300), host("b", 4000, 500), host("c", 2000, 200))

    assert values(of(report, "site"), *KEYS) == [(3000 - 1000, round(24 / 32, 2), 3500)]


def test_a_site_where_not_all_domains_fit_has_less_than_nothing_left() -> None:
    assert values(of(fleet(host("a", 4000, 3000)), "site"), *KEYS) == [(-3000, None, 1000)]


def test_headroom_of_one_site_does_not_count_for_another() -> None:
    """A total would hide the site where not all domains fit behind the other's room."""
    report = fleet(
        host("a", 1000, 900), host("b", 4000, 500), host("c", 2000, 200, site="fra1"), host("d", 2000, site="fra1")
    )

    assert values(of(report, "site"), "memory_headroom_mib") == [(-400,), (1800,)]
    for grouping in GROUPINGS.values():
        document = grouping(report)
        shown = total(document)
        assert (shown["memory_headroom_mib"], shown["vcpus_running_per_cpu_n1"]) == (None, None)
        assert shown["largest_domain_mib"] == 3500
        assert any(note.endswith("fails: ams1 -400 MiB, fra1 1800 MiB") for note in document.notes)


def test_a_host_that_may_have_more_domains_leaves_no_headroom() -> None:
    """A folder of definitions may lack some, and so may a session's daemon."""
    report = fleet(host("a", 1000, 300), host("b", 4000, 500), host("folder", 9000, 200, lists_all_domains=False))
    document = GROUPINGS["site"](report)

    assert values(of(report, "site"), "status", *KEYS) == [("complete", None, None, 3500)]
    assert "headroom is unknown, because these may have more domains than were read: folder" in document.notes


def test_the_total_of_a_single_site_is_that_of_the_site() -> None:
    for grouping in GROUPINGS.values():
        assert total(grouping(fleet(host("a", 1000, 300), host("b", 4000, 500))))["memory_headroom_mib"] == 200


@pytest.mark.parametrize(("grouping", "is_shown"), [(name, name == "site") for name in GROUPINGS])
def test_only_the_rows_of_sites_show_the_headroom_to_people(grouping: str, is_shown: bool) -> None:
    columns = GROUPINGS[grouping](fleet(host("a", 1000, 300))).main.columns

    (headroom,) = (column for column in columns if column.key == "memory_headroom_mib")
    assert (headroom.is_for_people, headroom.is_data) == (is_shown, True)


def test_with_many_sites_a_note_names_some() -> None:
    report = fleet(*(host(f"h{number}", 1000, site=f"site{number}") for number in range(8)))

    (note,) = (note for note in GROUPINGS["hypervisor"](report).notes if note.startswith("headroom"))

    assert note.endswith(", site5 0 MiB and 2 more (--by site)")


def test_a_host_alone_has_no_headroom_but_room_for_a_domain() -> None:
    assert values(of(fleet(host("a", 1000, 300)), "hypervisor"), *KEYS) == [(None, None, 700)]


@pytest.mark.parametrize("grouping", ["device", "segment"])
def test_devices_and_segments_have_no_headroom(grouping: str) -> None:
    assert values(of(fleet(host("a", 1000, 300)), grouping), *KEYS) == [(None, None, None)]


def test_no_domain_is_larger_than_the_memory_that_is_free() -> None:
    report = fleet(host("a", 1000, 300, memory_free_mib=500), host("b", 1000, 900, memory_free_mib=5000))

    assert values(of(report, "hypervisor"), "largest_domain_mib") == [(500,), (100,)]


def test_an_overcommitted_host_has_no_room_for_a_domain() -> None:
    assert values(of(fleet(host("a", 1000, 1500)), "hypervisor"), "largest_domain_mib") == [(0,)]


def test_an_unknown_amount_makes_the_numbers_unknown() -> None:
    unknown_state = hypervisor("c", domain("x", state=DomainState.UNKNOWN), site="fra1")
    report = fleet(host("a", None), host("b", 1000), unknown_state)

    assert values(of(report, "site"), *KEYS) == [(None, 0.5 * 2, None), (None, None, None)]


@pytest.mark.parametrize("status", [HostStatus.FAILED, HostStatus.PARTIAL])
def test_a_host_that_was_not_read_completely_makes_the_headroom_of_its_site_unknown(status: HostStatus) -> None:
    lost = hypervisor("b", status=status, memory_mib=2000, cpus=8, site="ams1")
    report = fleet(
        host("a", 4000, 100), host("c", 1000), lost, host("d", 500, site="fra1"), host("e", 500, site="fra1")
    )

    assert values(of(report, "site"), *KEYS[:2]) == [(None, None), (500, 1.0)]
    assert values(of(fleet(lost), "site"), *KEYS[:2]) == [(None, None)]


def test_an_unread_host_has_no_room_for_a_domain() -> None:
    lost = hypervisor("b", status=HostStatus.FAILED, memory_mib=None, cpus=None, site="ams1")

    assert values(of(fleet(host("a", 4000, 100), lost), "site"), "largest_domain_mib") == [(3900,)]
    assert values(of(fleet(lost), "site"), "largest_domain_mib") == [(None,)]


def test_a_host_that_was_read_in_part_may_have_less_room_than_it_seems() -> None:
    part = host("b", 9000, 100, status=HostStatus.PARTIAL)

    assert values(of(fleet(host("a", 4000, 100), part), "hypervisor"), "largest_domain_mib") == [(3900,), (None,)]
    assert values(of(fleet(host("a", 4000, 100), part), "site"), "largest_domain_mib") == [(3900,)]


def test_suspended_domains_are_distinguished_and_keep_their_memory() -> None:
    paused, running = Resources(paused=State.ON), Resources(paused=State.OFF)
    host = hypervisor(
        "a",
        domain("p", memory_mib=100, resources=paused),
        domain("r", memory_mib=200, resources=running),
        domain("off", memory_mib=400, state=DomainState.INACTIVE),
    )

    (row,) = of(fleet(host), "hypervisor")

    assert (row["domains_running"], row["domains_paused"], row["memory_running_mib"]) == (2, 1, 300)
    (host_row,) = of(fleet(host), "hypervisors")
    assert (host_row["domains_running"], host_row["domains_paused"]) == (2, 1)


def test_an_unknown_suspension_is_not_zero() -> None:
    (row,) = of(fleet(hypervisor("a", domain("r"))), "hypervisor")

    assert row["domains_paused"] is None
