"""Files of sites with namesakes: merging them is stable and loses nothing."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.scanning.sites import files
from virtscan.correlator import correlate
from virtscan.correlator.naming import runs_on_warnings
from virtscan.model import OPEN, HostStatus, Inventory, Mac, State
from virtscan.redaction import redact
from virtscan.redaction.pseudonyms import Map
from virtscan.scanning.merging import merge
from virtscan.storage import dumps, loads
from virtscan.views.wording.gaps import reason

LATER = TAKEN_AT + timedelta(days=1)
FLEETS = 250
SITES = ("ams", "fra")


def test_neither_the_order_nor_merging_again_changes_anything_and_no_gap_is_lost() -> None:
    for seed in range(FLEETS):
        parts = [part for of_site in files(Random(seed)).values() for part in of_site]
        merged = merge(parts)

        assert merge(parts[::-1]) == merged, seed
        assert merge([merged, merged]) == merge([merged]) == merged, seed
        assert merge([merged, *parts]) == merge([*parts, merged]) == merged, seed
        assert all(merge([merged, part]) == merged for part in parts), seed
        assert {(gap.item, gap.cause) for gap in merged.gaps} == {
            (gap.item, gap.cause) for part in parts for gap in part.gaps
        }, seed


@pytest.mark.parametrize("is_redacted", [False, True])
def test_merging_in_stages_is_merging_all_at_once_whatever_was_saved_in_between(is_redacted: bool) -> None:
    for seed in range(FLEETS):
        random = Random(seed)
        parts = [part for of_site in files(random).values() for part in of_site]
        if is_redacted:
            parts = redacted(parts)
        random.shuffle(parts)
        once = merge(parts)
        while len(parts) > 1:
            chosen = [parts.pop() for _ in range(random.randint(2, len(parts)))]
            parts.insert(random.randint(0, len(parts)), loads(dumps(merge(chosen)), origin=""))
        assert parts == [once], seed


def test_a_result_of_an_older_version_which_kept_no_scans_is_one_scan() -> None:
    for seed in range(FLEETS):
        parts = [part for of_site in files(Random(seed)).values() for part in of_site]
        merged = merge(parts)
        old = replace(merged, merged=())

        again = merge([old])

        assert replace(again, merged=merged.merged) == merged, seed
        assert len(again.merged) == 1
        assert merge([old, old]) == merge([again, old]) == again, seed
        assert merge([*parts, old]) == merge([old, merged]), seed


def test_pseudonyms_of_a_merged_inventory_are_those_of_its_scans() -> None:
    for seed in range(FLEETS):
        parts = [part for of_site in files(Random(seed)).values() for part in of_site]

        merged, *scans = redacted([merge(parts), *parts])

        assert merge([merged, *scans]).merged == merge([merged]).merged == merge(scans).merged, seed


def redacted(parts: Iterable[Inventory]) -> list[Inventory]:
    """Return inventories under the pseudonyms of one map."""
    known = Map(key="a")
    found = []
    for part in parts:
        pseudonymous, known = redact(part, known)
        found.append(pseudonymous)
    return found


def test_all_domains_of_a_hypervisor_disappear_only_by_a_complete_observation() -> None:
    for seed in range(FLEETS):
        fleet = files(Random(seed))
        parts = [part for of_site in fleet.values() for part in of_site]
        observed = [(site, host) for site, of_site in fleet.items() for part in of_site for host in part.hypervisors]
        empty = {
            (site, host.own_name or host.name)
            for site, host in observed
            if host.status is HostStatus.COMPLETE and not host.domains
        }
        seen = {
            host.domains[0].name.rpartition("-")[0]
            for site, host in observed
            if host.domains and (site, host.own_name or host.name) not in empty
        }
        left = {domain.name.rpartition("-")[0] for host in merge(parts).hypervisors for domain in host.domains}
        assert seen <= left, seed


def test_no_interface_gets_better_because_of_another_site() -> None:
    for seed in range(FLEETS):
        fleet = files(Random(seed))
        every = merge([part for of_site in fleet.values() for part in of_site])
        verdicts = {finding.domain: finding.verdict for finding in correlate(every).findings}
        for of_site in fleet.values():
            alone = merge(of_site)
            before = correlate(alone).findings if alone.servers else ()
            worse = [
                finding
                for finding in before
                if finding.verdict in OPEN and verdicts[finding.domain].rank > finding.verdict.rank
            ]
            assert worse == [], seed


def test_an_unread_server_is_the_one_of_another_night_whose_device_was_read() -> None:
    host = hypervisor("kvm01", domain("vm"))
    read = inventory(host, servers=(server(tx_checksum=State.OFF, interface="eth0"),))
    unread = inventory(host, servers=(server(tx_checksum=State.UNKNOWN, interface=None, observed_at=None),))

    (server_of_both,) = merge([read, replace(unread, taken_at=LATER)]).servers
    assert (server_of_both.interface, server_of_both.tx_checksum) == ("eth0", State.OFF)


def test_equal_servers_on_hypervisors_of_one_name_at_two_sites_are_two() -> None:
    ams, fra = (
        inventory(
            hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system"),
            servers=(server(runs_on="kvm01"),),
        )
        for name in ("ams", "fra")
    )

    merged = merge([ams, fra])

    assert [server.runs_on for server in merged.servers] == [host.name for host in merged.hypervisors]
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

    merged = merge([inventory(host) for host in (ams, fra, unread)])

    assert [host.domains[0].name for host in merged.hypervisors] == ["ams-vm", "fra-vm"]


@pytest.mark.parametrize("name", ["kvm01", "kvm01.example.com"])
def test_an_unread_hypervisor_with_another_uuid_joins_by_a_full_address_only(name: str) -> None:
    uuids = [f"4c4c4544-0000-1000-8000-00000000000{number}" for number in range(2)]
    read = hypervisor("kvm01", domain("ams-vm"), uri=f"qemu+ssh://{name}/system", system_uuid=uuids[0])
    unread = replace(read, domains=(), status=HostStatus.PARTIAL, system_uuid=uuids[1])

    assert len(merge([inventory(read), inventory(unread)]).hypervisors) == (2 if name == "kvm01" else 1)


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
        assert [server.runs_on for server in merged.servers] == ["kvm03"]
        assert [host.name for host in merged.hypervisors] == ["kvm01", "kvm03 (qemu+ssh://kvm03.fra/system)"]
        assert merge([merged, *sites]) == merge([merged]) == merged
    (warning,) = runs_on_warnings([host.name for host in merged.hypervisors], merged.servers)
    assert reason(warning).startswith("runs_on: no hypervisor is named 'kvm03'")


@pytest.mark.parametrize("status", HostStatus)
def test_two_sites_with_a_hypervisor_without_domains_of_one_short_address_stay_two(status: HostStatus) -> None:
    unread = hypervisor("kvm02", uri="qemu+ssh://kvm02/system", status=status)
    ams, fra = (
        inventory(
            unread,
            hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system"),
            servers=(server(tx_checksum=state, source="ssh://satellite", macs=()),),
        )
        for name, state in (("ams", State.OFF), ("fra", State.UNKNOWN))
    )

    assert {server.tx_checksum for server in merge([ams, fra]).servers} == {State.OFF, State.UNKNOWN}


def test_a_night_without_domains_joins_no_hypervisor_of_another_site_with_the_short_address() -> None:
    nights = []
    for number, site in enumerate(SITES):
        uuid = f"4c4c4544-0000-1000-8000-00000000000{number}"
        empty = hypervisor("kvm01", uri="qemu+ssh://kvm01/system", system_uuid=uuid)
        nights += [inventory(empty), inventory(replace(empty, domains=(domain(f"{site}-vm"),), observed_at=LATER))]

    assert [[vm.name for vm in host.domains] for host in merge(nights).hypervisors] == [["ams-vm"], ["fra-vm"]]


def test_an_unread_hypervisor_of_another_site_makes_no_name_of_a_short_address() -> None:
    """Two hypervisors of one site share a uuid; one has the name, the other the address, of one at another site."""
    uuids = [f"4c4c4544-0000-1000-8000-00000000000{number}" for number in range(2)]
    seen = hypervisor("kvm02", domain("vm"), uri="qemu+ssh://kvm02/system", system_uuid=uuids[0])
    empty = hypervisor(
        "sat2", uri="qemu+ssh://10.0.0.2/system", own_name="sat2", is_name_declared=True, system_uuid=uuids[0]
    )
    unread = replace(empty, uri=seen.uri, status=HostStatus.FAILED, system_uuid=uuids[1])

    merged = merge([inventory(seen), replace(inventory(replace(empty, observed_at=LATER)), taken_at=LATER)])
    assert len(merged.hypervisors) == 2
    assert "vm" in {vm.name for host in merge([merged, inventory(unread)]).hypervisors for vm in host.domains}


def test_a_later_file_of_another_site_withdraws_no_declared_state() -> None:
    host = hypervisor("kvm01", domain("vm", macvtap()), kernel=UNFIXED_KERNEL)
    declared, read = (
        inventory(host, servers=(server(tx_checksum=state, source=source),))
        for state, source in ((State.ON, "on"), (State.OFF, "ssh://satellite"))
    )
    other = replace(inventory(hypervisor("other", uri="qemu+ssh://other/system")), taken_at=LATER)

    for files_of_all in ([declared, read], [declared, read, other]):
        assert [server.tx_checksum for server in merge(files_of_all).servers] == [State.ON]


def test_a_server_of_a_file_without_hypervisors_has_no_place_if_two_sites_have_the_name() -> None:
    sites = [
        inventory(
            hypervisor("kvm01", domain(f"{name}-vm", macvtap()), kernel=UNFIXED_KERNEL, uri=f"qemu+ssh://{name}/system")
        )
        for name in SITES
    ]
    servers = inventory(servers=(server(runs_on="kvm01"),))

    merged = merge([*sites, servers])

    assert [server.runs_on for server in merged.servers] == [None]
    assert [finding.is_at_risk for finding in correlate(merged).findings] == [True, True]
    assert merge([merged, servers]) == merge([merged]) == merged


def test_newest_state_of_a_central_server_is_used_whatever_was_declared_before() -> None:
    ams, fra = (hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system") for name in SITES)
    nights = (
        (ams, server(tx_checksum=State.ON, source="on", observed_at=None)),
        (ams, server(tx_checksum=State.OFF, observed_at=LATER)),
        (fra, server(tx_checksum=State.ON, observed_at=LATER + timedelta(days=1))),
    )
    parts = [
        replace(inventory(host, servers=(one,)), taken_at=TAKEN_AT + timedelta(days=day))
        for day, (host, one) in enumerate(nights)
    ]

    assert [server.tx_checksum for server in merge(parts).servers] == [State.ON]


def test_older_macs_do_not_make_two_of_servers_that_are_equal_now() -> None:
    hosts = {name: hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system") for name in SITES}
    now = server("mirror", source="on", observed_at=None)
    parts = [
        part
        for place, (name, host) in enumerate(hosts.items())
        for part in (
            replace(inventory(host, servers=(now,)), taken_at=LATER + place * timedelta(days=1)),
            inventory(host, servers=(server("mirror", macs=(Mac(f"52:54:00:00:00:0{place}"),)),)),
        )
    ]

    merged = merge(parts)

    assert [server.name for server in merged.servers] == ["mirror"]
    assert merge([merged]) == merged
