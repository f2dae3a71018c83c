"""Files of sites with namesakes: merging them is stable and loses nothing."""

from datetime import timedelta
from random import Random

from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.scanning.sites import files
from virtscan.correlator import correlate
from virtscan.correlator.naming import runs_on_warnings
from virtscan.model import OPEN, HostStatus, Mac, State
from virtscan.scanning.merging import merge
from virtscan.views.wording.gaps import reason

LATER = TAKEN_AT + timedelta(days=1)
FLEETS = 150


def test_neither_the_order_nor_merging_again_changes_anything_and_no_gap_is_lost() -> None:
    for seed in range(FLEETS):
        parts = [one for of_site in files(Random(seed)).values() for one in of_site]
        merged = merge(parts)

        assert merge(parts[::-1]) == merged, seed
        assert merge([merged, merged]) == merge([merged]) == merged, seed
        assert merge([merged, *parts]) == merge([*parts, merged]) == merged, seed
        assert all(merge([merged, part]) == merged for part in parts), seed
        assert {(gap.item, gap.cause) for gap in merged.gaps} == {
            (gap.item, gap.cause) for part in parts for gap in part.gaps
        }, seed


def test_no_interface_gets_better_because_of_another_site() -> None:
    for seed in range(FLEETS):
        fleet = files(Random(seed))
        if any(len(of_site) > 1 for of_site in fleet.values()):
            continue
        found = {one.domain: one.verdict for one in correlate(merge([part for (part,) in fleet.values()])).findings}
        for (part,) in fleet.values():
            before = correlate(part).findings if part.servers else ()
            worse = [one for one in before if one.verdict in OPEN and found[one.domain].rank > one.verdict.rank]
            assert worse == [], seed


def test_an_unread_server_is_the_one_of_another_night_whose_device_was_read() -> None:
    host = hypervisor("kvm01", domain("vm"))
    read = inventory(host, servers=(server(tx_checksum=State.OFF, interface="eth0"),))
    unread = inventory(host, servers=(server(tx_checksum=State.UNKNOWN, interface=None, observed_at=None),))

    (one,) = merge([read, replace(unread, taken_at=LATER)]).servers
    assert (one.interface, one.tx_checksum) == ("eth0", State.OFF)


def test_equal_servers_on_hypervisors_of_one_name_at_two_sites_are_two() -> None:
    ams, fra = (
        inventory(
            hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system"),
            servers=(server(runs_on="kvm01"),),
        )
        for name in ("ams", "fra")
    )

    merged = merge([ams, fra])

    assert [one.runs_on for one in merged.servers] == [host.name for host in merged.hypervisors]
    assert merge([fra, merged]) == merged


def test_a_hypervisor_without_domains_hides_no_namesake_of_another_site() -> None:
    ams = hypervisor("kvm01", domain("vm"), uri="qemu+ssh://kvm01.ams/system", is_name_declared=True)
    empty = replace(ams, uri="qemu+ssh://kvm01.fra/system", domains=(), observed_at=LATER)

    assert len(merge([inventory(ams), inventory(empty)]).hypervisors) == 2
    assert len(merge([inventory(ams), inventory(replace(empty, uri=ams.uri))]).hypervisors) == 1


def test_an_unread_hypervisor_joins_the_one_of_its_address_and_hides_no_namesake() -> None:
    ams = hypervisor("kvm01", domain("ams-vm", macvtap()), uri="qemu+ssh://kvm01.ams/system", kernel=UNFIXED_KERNEL)
    fra = replace(ams, uri="qemu+ssh://kvm01.fra/system", domains=(domain("fra-vm"),), is_name_declared=True)
    unread = replace(ams, domains=(), status=HostStatus.FAILED, is_name_declared=True)

    merged = merge([inventory(one) for one in (ams, fra, unread)])

    assert [host.domains[0].name for host in merged.hypervisors] == ["ams-vm", "fra-vm"]


def test_a_hypervisor_of_an_old_file_keeps_its_own_name() -> None:
    ams, fra = (
        hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system", is_name_declared=True)
        for name in ("ams", "fra")
    )

    merged = merge([inventory(ams), inventory(fra)])

    assert [host.own_name for host in merged.hypervisors] == ["kvm01", "kvm01"]
    assert merge([merged, inventory(fra)]) == merged


def test_runs_on_is_kept_for_an_unread_hypervisor_whose_name_another_site_has() -> None:
    moving = server("sat-a", runs_on="kvm03", macs=(Mac("00:1b:21:00:00:99"),))
    ams = inventory(hypervisor("kvm01", domain("ams-vm", macvtap()), kernel=UNFIXED_KERNEL), servers=(moving,))
    fra = inventory(hypervisor("kvm03", domain("fra-vm"), uri="qemu+ssh://kvm03.fra/system"))

    for sites in ([ams, fra], [fra, ams]):
        merged = merge(sites)
        assert [one.runs_on for one in merged.servers] == ["kvm03"]
        assert [one.name for one in merged.hypervisors] == ["kvm01", "kvm03 (qemu+ssh://kvm03.fra/system)"]
        assert merge([merged, *sites]) == merge([merged]) == merged
    (warning,) = runs_on_warnings([host.name for host in merged.hypervisors], merged.servers)
    assert reason(warning).startswith("runs_on: no hypervisor is named 'kvm03'")


def test_two_sites_with_an_unread_hypervisor_of_one_short_address_stay_two() -> None:
    unread = hypervisor("kvm02", uri="qemu+ssh://kvm02/system", status=HostStatus.FAILED)
    ams, fra = (
        inventory(
            unread,
            hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system"),
            servers=(server(tx_checksum=state, source="ssh://satellite", macs=()),),
        )
        for name, state in (("ams", State.OFF), ("fra", State.UNKNOWN))
    )

    assert {one.tx_checksum for one in merge([ams, fra]).servers} == {State.OFF, State.UNKNOWN}
