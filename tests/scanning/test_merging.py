"""Merged inventories: each host once, in any order, with every gap."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    domain,
    failure,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    server,
)
from tests.conftest import PROJECT
from tests.correlator.fleets import inventories
from virtscan.changes import remembering
from virtscan.cli.main import run
from virtscan.correlator import correlate
from virtscan.model import (
    Exposure,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    LostDomain,
    Mac,
    Netboot,
    Policy,
    RememberedPlace,
    Server,
    State,
    UnreadHost,
    Verdict,
    Waiver,
)
from virtscan.model.gaps.items import ServerItem
from virtscan.redaction import redact
from virtscan.redaction.pseudonyms import Map
from virtscan.scanning.merging import merge
from virtscan.storage import dumps, loads
from virtscan.views.wording.gaps import reason, subject

LATER = TAKEN_AT + timedelta(days=1)
fleets = st.lists(
    st.tuples(inventories(), st.integers(0, 2)).map(
        lambda pair: replace(pair[0], taken_at=TAKEN_AT + timedelta(days=pair[1]), policy=Policy())
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.long
@settings(max_examples=30)
@given(fleets, st.randoms())
def test_the_order_does_not_matter(given: list[Inventory], random: object) -> None:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random

    assert merge(shuffled) == merge(given)


@pytest.mark.long
@settings(max_examples=30)
@given(fleets)
def test_merging_again_changes_nothing(given: list[Inventory]) -> None:
    once = merge(given)

    assert merge([once]) == once
    assert merge([once, *given]) == once


@pytest.mark.long
@settings(max_examples=30)
@given(fleets)
def test_no_gap_and_no_host_is_lost(given: list[Inventory]) -> None:
    merged = merge(given)

    assert {(gap.item, gap.cause) for part in given for gap in part.gaps} == {
        (gap.item, gap.cause) for gap in merged.gaps
    }
    keys = {key for host in merged.hypervisors for key in host.keys}
    assert all(set(host.keys) <= keys for part in given for host in part.hypervisors)
    assert len({host.name for host in merged.hypervisors}) == len(merged.hypervisors)


def test_newest_complete_observation_is_used_for_a_host_under_two_addresses() -> None:
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    old = replace(hypervisor("hv1", domain("a"), uri="qemu+ssh://hv1/system"), system_uuid=uuid)
    new = replace(
        hypervisor("hv1.example.com", domain("a"), domain("b"), uri="qemu+tls://10.0.0.1/system"),
        system_uuid=uuid,
        observed_at=LATER,
    )
    cut = replace(new, status=HostStatus.PARTIAL, domains=())

    (host,) = merge([inventory(old), replace(inventory(new), taken_at=LATER)]).hypervisors
    assert [domain.name for domain in host.domains] == ["a", "b"]
    assert "uri:qemu+ssh://hv1/system" in host.keys
    (host,) = merge([inventory(old), replace(inventory(cut), taken_at=LATER)]).hypervisors
    assert [domain.name for domain in host.domains] == ["a"]
    assert host.observed_at == TAKEN_AT


def test_an_observation_of_unknown_domains_hides_none_of_an_older_partial_one() -> None:
    seen = hypervisor("hv1", domain("vm", macvtap()), kernel=UNFIXED_KERNEL, status=HostStatus.PARTIAL)
    unseen = replace(seen, domains=(), observed_at=LATER)
    gaps = [gap_in_words("hv1", cause, GapAbout.HYPERVISOR) for cause in ("timeout", "connection lost")]
    old, new = inventory(seen, servers=(server(),), gaps=(gaps[0],)), inventory(unseen, gaps=(gaps[1],))

    merged = merge([old, replace(new, taken_at=LATER)])

    assert [finding.is_at_risk for finding in correlate(merged).findings] == [True]
    assert len(merged.gaps) == 2


def test_observation_of_the_newest_scan_is_used_if_both_ages_are_unknown() -> None:
    old, new = (inventory(hypervisor("hv1", domain("vm"), domain(name), observed_at=None)) for name in ("a", "b"))

    for nights in ([old, replace(new, taken_at=LATER)], [replace(new, taken_at=LATER), old]):
        (host,) = merge(nights).hypervisors
        assert [domain.name for domain in host.domains] == ["vm", "b"]


def test_the_order_of_former_keys_does_not_matter() -> None:
    first, second = (inventory(hypervisor("hv1", domain("vm"), former_keys=(key,))) for key in ("uri:a", "name:b"))

    assert merge([first, second]) == merge([second, first])


def test_an_unread_host_has_one_memory_and_a_complete_one_none() -> None:
    last = hypervisor("hv1", domain("vm"))
    failed = hypervisor("hv1", status=HostStatus.FAILED)
    older, newer = (
        replace(inventory(failed), unread=(UnreadHost(hypervisor="hv1", since=since, last=known),), taken_at=LATER)
        for since, known in ((TAKEN_AT, last), (LATER, replace(last, observed_at=LATER)))
    )

    for nights in ([older, newer], [newer, older]):
        (memory,) = merge(nights).unread
        assert (memory.since, memory.last and memory.last.observed_at) == (TAKEN_AT, LATER)
    assert merge([older, inventory(last)]).unread == ()


def test_the_memory_of_an_unread_host_includes_domains_that_only_a_partial_scan_read() -> None:
    failed = hypervisor("hv1", status=HostStatus.FAILED)
    whole = hypervisor("hv1", domain("vm1"), observed_at=TAKEN_AT)
    in_part = hypervisor("hv1", domain("vm1", vcpus=8), domain("vm2"), status=HostStatus.PARTIAL, observed_at=LATER)
    before = replace(in_part, observed_at=TAKEN_AT - timedelta(days=1))
    nights = [
        replace(inventory(failed), unread=(UnreadHost(hypervisor="hv1", since=TAKEN_AT, last=last),), taken_at=taken_at)
        for last, taken_at in ((whole, LATER), (in_part, LATER + timedelta(days=1)), (before, TAKEN_AT))
    ]

    for one, two in permutations(nights[:2]):
        (memory,) = merge([one, two]).unread
        assert memory.last == replace(whole, domains=in_part.domains)
        (memory,) = merge([one, two, nights[2]]).unread
        assert memory.last == replace(whole, domains=in_part.domains)
    (memory,) = merge(nights[::2]).unread
    assert memory.last == whole
    (memory,) = merge(nights[1:]).unread
    assert memory.last == in_part


@pytest.mark.parametrize(
    ("earlier", "known_until", "names"),
    [
        (HostStatus.COMPLETE, LATER, ["vm2", "vm1"]),
        (HostStatus.PARTIAL, LATER, ["vm2", "vm1"]),
        (HostStatus.COMPLETE, TAKEN_AT, ["vm1"]),
        (HostStatus.PARTIAL, TAKEN_AT, ["vm1"]),
    ],
)
@pytest.mark.parametrize("observed_at", [None, TAKEN_AT - timedelta(days=1)])
def test_a_complete_observation_ends_only_domains_that_were_certainly_read_before(
    earlier: HostStatus, known_until: datetime, names: list[str], observed_at: datetime | None
) -> None:
    """A memory includes domains that a partial scan read later than the rest: at the latest, before its own scan."""
    failed = hypervisor("hv1", status=HostStatus.FAILED)
    whole = hypervisor("hv1", domain("vm1"), observed_at=TAKEN_AT)
    other = hypervisor("hv1", domain("vm1", vcpus=8), domain("vm2"), status=earlier, observed_at=observed_at)
    nights = [
        replace(inventory(failed), unread=(UnreadHost(hypervisor="hv1", since=TAKEN_AT, last=last),), taken_at=taken_at)
        for last, taken_at in ((whole, LATER), (other, known_until))
    ]

    for one, two in permutations(nights):
        merged = merge([one, two])
        (memory,) = merged.unread
        assert memory.last is not None
        assert replace(memory.last, domains=()) == replace(whole, domains=())
        assert [each.name for each in memory.last.domains] == names
        assert whole.domains[0] in memory.last.domains
        assert merge([merged, one]) == merged


@pytest.mark.long
def test_no_domain_that_was_read_since_the_newest_complete_scan_is_lost() -> None:
    """Two machines scan a hypervisor; what the last scan of each read itself is not a memory."""
    for seed in range(400):
        random = Random(seed)
        world, reads = {"a", "b"}, list[tuple[int, HostStatus, set[str]]]()
        last: dict[int, tuple[int, Inventory]] = {}
        for hour in range(8):
            world = {name for name in "abcd" if (name in world) is (random.random() < 0.8)}
            machine, status = random.randrange(2), random.choice(list(HostStatus))
            some = {name for name in sorted(world) if random.random() < 0.5}
            found = {HostStatus.COMPLETE: world, HostStatus.PARTIAL: some, HostStatus.FAILED: set[str]()}[status]
            at = TAKEN_AT + timedelta(hours=hour)
            host = hypervisor("hv1", *map(domain, sorted(found)), status=status, observed_at=at)
            scan = replace(inventory(host), taken_at=at)
            last[machine] = (hour, remembering(scan, last[machine][1]) if machine in last else scan)
            reads.append((hour, status, found))
        merged = merge([scan for _, scan in last.values()])
        if merged.hypervisors[0].status is HostStatus.COMPLETE:
            continue
        complete_at = max((hour for hour, status, _ in reads if status is HostStatus.COMPLETE), default=0)
        ends = {hour for hour, _ in last.values()}
        since = [found for hour, _, found in reads if hour >= complete_at and hour not in ends]
        remembered = {each.name for unread in merged.unread if unread.last for each in unread.last.domains}
        assert remembered >= set[str]().union(*since), seed


def test_two_drivers_of_one_machine_stay_two_hypervisors() -> None:
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    vms = replace(hypervisor("hv1", domain("vm"), uri="qemu+ssh://hv1/system"), system_uuid=uuid)
    containers = replace(hypervisor("hv1", domain("box"), uri="lxc+ssh://hv1/system"), system_uuid=uuid)

    merged = merge([inventory(vms), inventory(containers)])

    assert sorted(host.domains[0].name for host in merged.hypervisors) == ["box", "vm"]


def site(name: str, *servers: Server) -> Inventory:
    return inventory(
        hypervisor(f"{name}-kvm01", domain(f"{name}-vm", macvtap()), kernel=UNFIXED_KERNEL), servers=servers
    )


@pytest.mark.parametrize(
    "source",
    [
        *("ssh://satellite", "ssh://root@10.1.0.5:22", "file:/srv/ethtool.txt", "ssh://localhost.localdomain"),
        *("ssh://root@localhost6.localdomain6:2222", "ssh://satellite.localdomain", "ssh://Satellite.LOCALHOST"),
    ],
)
def test_a_server_that_is_off_clears_no_interface_of_another_site(source: str) -> None:
    ams, fra = site("ams", server(source=source)), site("fra", server(tx_checksum=State.OFF, source=source))

    for sites in ([ams, fra], [fra, ams]):
        merged = merge(sites)
        assert [server.name for server in merged.servers] == [
            f"satellite ({source})",
            f"satellite ({source}) #2",
        ]
        assert {finding.domain for finding in correlate(merged).findings if finding.is_at_risk} >= {"ams-vm"}
        assert merge([merged, *sites]) == merge([merged]) == merged


def test_a_server_of_several_nights_counts_as_the_newest_and_a_central_one_once() -> None:
    later = replace(site("ams", server(tx_checksum=State.OFF, observed_at=LATER)), taken_at=LATER)

    (of_nights,) = merge([site("ams", server()), later]).servers
    assert (of_nights.name, of_nights.tx_checksum) == ("satellite", State.OFF)
    assert [merged_server.name for merged_server in merge([site("ams", server()), site("fra", server())]).servers] == [
        "satellite"
    ]


@pytest.mark.parametrize(
    "central",
    [{"macs": (Mac("52:54:00:00:00:99"),), "source": "ssh://satellite"}, {}],
    ids=["by its MAC", "by its full address"],
)
def test_a_central_server_counts_once_and_as_off_only_if_that_is_the_newest(central: dict[str, Any]) -> None:
    def merged(first: Server, second: Server) -> list[tuple[str, State]]:
        merged = merge([site("ams", first), site("fra", second)])
        assert merge([site("fra", second), site("ams", first)]) == merged
        return [(each.name, each.tx_checksum) for each in merged.servers]

    on, off = server(**central), server(tx_checksum=State.OFF, **central)
    assert merged(on, off) == [("satellite", State.ON)]
    assert merged(on, replace(off, observed_at=LATER)) == [("satellite", State.OFF)]
    assert merged(off, server(tx_checksum=State.UNKNOWN, **central)) == [("satellite", State.OFF)]
    assert len(merged(on, replace(off, segments=("pxe",)))) == 2


@pytest.mark.parametrize("name", ["satellite", "10.1.0.5"])
def test_a_record_refers_to_no_namesake_of_another_site(name: str) -> None:
    record = Netboot(mac=Mac("52:54:00:93:76:af"), system="ams-vm", pending=True, source="cobbler", server=name)
    ams = replace(site("ams", server("foreman", source="ssh://foreman.ams")), netboots=(record,))
    fra = site("fra", server(tx_checksum=State.OFF, source="ssh://sat.fra", addresses=("10.1.0.5/16",)))

    for sites in ([ams, fra], [fra, ams]):
        merged = merge(sites)
        (found,) = (finding for finding in correlate(merged).findings if finding.domain == "ams-vm")
        assert (found.server, found.is_at_risk, found.exposure) == ("foreman", True, Exposure.PENDING)
        assert merge([merged, *sites]) == merge([merged]) == merged


def test_a_full_name_in_a_record_refers_to_no_server_of_another_site_with_the_short_name() -> None:
    record = Netboot(
        mac=Mac("52:54:00:93:76:af"), system="ams-vm", pending=True, source="cobbler", server="sat.ams.org"
    )
    ams = replace(site("ams", server("mirror", source="ssh://mirror")), netboots=(record,))
    fra = site("fra", server("sat", State.OFF, source="ssh://sat"))
    central = inventory(servers=(server("sat", State.OFF, source="ssh://sat.ams.org"),))

    assert [netboot.server for netboot in merge([ams, fra]).netboots] == [None]
    (found,) = (finding for finding in correlate(merge([ams, fra])).findings if finding.domain == "ams-vm")
    assert (found.server, found.is_at_risk) == ("mirror", True)
    assert [netboot.server for netboot in merge([ams, central]).netboots] == ["sat.ams.org"]
    assert [netboot.server for netboot in merge([ams, fra, central]).netboots] == ["sat (ssh://sat.ams.org)"]


@pytest.mark.parametrize("is_redacted", [False, True])
def test_a_name_of_any_machine_in_a_record_refers_to_no_server_of_another_site(is_redacted: bool) -> None:
    name = "satellite.localdomain"
    record = Netboot(mac=Mac("52:54:00:93:76:af"), system="ams-vm", pending=True, source="cobbler", server=name)
    sites = [
        replace(site("ams", server("mirror", source=f"ssh://{name}")), netboots=(record,)),
        site("fra", server("mirror", State.OFF, source=f"ssh://{name}")),
    ]
    known = Map(key="a")
    for number, one in enumerate(sites if is_redacted else ()):
        sites[number], known = redact(one, known)

    merged = merge(sites)

    assert len(merged.servers) == 2
    assert "R11" in {finding.rule for finding in correlate(merged).findings}
    other = replace(sites[0], servers=())
    assert [record.server for record in merge([other, sites[1]]).netboots] == [None]


@pytest.mark.parametrize("source", ["on", "ssh://root@10.0.0.1", "ssh://satellite"])
@pytest.mark.parametrize("name", ["satellite", "10.1.0.5"])
def test_a_record_refers_to_the_server_of_its_own_site_if_another_site_has_a_namesake(source: str, name: str) -> None:
    """The hypervisors have the same address as well, so the place of a server shows nothing."""
    on = server(tx_checksum=State.ON, source=source, macs=(), addresses=("10.1.0.5/16",))
    off = server(tx_checksum=State.OFF, source="ssh://satellite", macs=(), addresses=("10.1.0.5/16", "10.2.0.5/16"))
    sites = [
        replace(
            inventory(
                hypervisor("kvm01", domain(f"{vm}-vm", macvtap(mac=mac)), kernel=UNFIXED_KERNEL), servers=(of_site,)
            ),
            netboots=(Netboot(mac=Mac(mac), system=vm, pending=True, source="cobbler", server=name),),
        )
        for vm, mac, of_site in (("ams", "52:54:00:00:00:01", on), ("fra", "52:54:00:00:00:02", off))
    ]

    merged = merge(sites)

    assert {finding.domain: finding.rule for finding in correlate(merged).findings} == {"ams-vm": "R11", "fra-vm": "R5"}
    assert sorted(finding.rule for finding in correlate(redact(merged, Map(key="a"))[0]).findings) == ["R11", "R5"]
    assert merge([*sites[::-1], merged]) == merged


def test_a_record_refers_to_the_server_of_an_inventory_that_has_both() -> None:
    record = Netboot(mac=Mac("52:54:00:93:76:af"), system="ams-vm", pending=True, source="cobbler", server="satellite")
    ams = replace(site("ams", server("foreman", source="ssh://foreman.ams")), netboots=(record,))
    central = replace(inventory(servers=(server(),)), netboots=(replace(record, observed_at=LATER),))
    by_full_name = replace(ams, netboots=(replace(record, server="satellite.example.com"),))

    assert [netboot.server for netboot in merge([ams, central]).netboots] == ["satellite", "satellite"]
    assert [netboot.server for netboot in merge([by_full_name, replace(central, netboots=())]).netboots] == [
        "satellite.example.com"
    ]


def night(host: Hypervisor, *servers: Server, day: int = 0, **more: Any) -> Inventory:
    at = TAKEN_AT + timedelta(days=day)
    read = tuple(replace(server, observed_at=at) for server in servers)
    return replace(inventory(replace(host, observed_at=at), servers=read, **more), taken_at=at)


@pytest.mark.parametrize(("status", "read"), [(HostStatus.COMPLETE, State.UNKNOWN), (HostStatus.PARTIAL, State.ON)])
def test_segments_are_those_of_the_newest_configuration(status: HostStatus, read: State) -> None:
    host = hypervisor("hv1", domain("vm", macvtap()), kernel=UNFIXED_KERNEL, segments={"bond2": "pxe"})
    old = night(host, server(segments=("pxe",)))
    renamed = replace(host, segments={"bond2": "install"}, status=status)
    new = night(renamed, server(tx_checksum=read, segments=("install",)), day=1)

    for nights in ([old, new], [new, old]):
        merged = merge(nights)
        assert [finding.rule for finding in correlate(merged).findings] == ["R11"]
        assert merge([merged, *nights]) == merge([merged]) == merged


def test_declarations_missing_from_the_newest_configuration_are_withdrawn() -> None:
    host = hypervisor("hv1", domain("vm", macvtap()), declared_kernel=FIXED_KERNEL, physical=True)
    old = night(host, server(tx_checksum=State.OFF, source="off", physical=True))
    bare = replace(host, declared_kernel=None, physical=False, status=HostStatus.PARTIAL)
    merged = merge([old, night(bare, server(tx_checksum=State.UNKNOWN), day=1)])

    (found,) = merged.hypervisors
    assert (found.observed_at, found.declared_kernel, found.physical) == (TAKEN_AT, None, False)
    assert [(server.tx_checksum, server.physical) for server in merged.servers] == [(State.UNKNOWN, False)]


def test_a_state_declared_by_the_newest_configuration_takes_precedence_over_an_older_observation() -> None:
    host = hypervisor("hv1", domain("vm", macvtap()), kernel=UNFIXED_KERNEL)
    old = night(host, server(tx_checksum=State.OFF))
    declared = server(tx_checksum=State.ON, source="on", observed_at=None)
    new = replace(night(host, day=1), servers=(declared,))

    for nights in ([old, new], [new, old]):
        merged = merge(nights)
        assert [finding.is_at_risk for finding in correlate(merged).findings] == [True]
        assert merged.servers == (declared,)
        assert merge([merged, *nights]) == merge([merged]) == merged


def test_facts_of_an_unknown_age_get_none() -> None:
    limit = Policy(max_age=7 * 86400)
    undated = inventory(
        hypervisor("hv1", domain("vm", macvtap()), kernel=UNFIXED_KERNEL, observed_at=None),
        servers=(server(tx_checksum=State.OFF, source="sosreport:/srv/satellite", observed_at=None),),
        policy=limit,
    )
    merged = merge([undated, replace(inventory(hypervisor("hv2")), taken_at=LATER)], limit)

    assert (merged.servers[0].observed_at, merged.hypervisors[0].observed_at) == (None, None)
    assert {finding.verdict for finding in correlate(undated).findings} == {Verdict.UNKNOWN}
    assert {finding.verdict for finding in correlate(merged).findings} == {Verdict.UNKNOWN}


def test_a_gap_about_a_server_has_the_name_of_that_server_in_the_result() -> None:
    unread = [
        replace(
            site(name, server(tx_checksum=State.UNKNOWN, source="ssh://satellite", addresses=(address,), macs=())),
            gaps=(
                Gap(
                    item=ServerItem(server="satellite", source="ssh://satellite"),
                    cause=failure(f"{name}: timeout"),
                    about=GapAbout.SERVER,
                ),
            ),
        )
        for name, address in (("ams", "10.1.0.5/16"), ("fra", "10.2.0.5/16"))
    ]

    merged = merge(unread)

    assert {subject(gap): reason(gap) for gap in merged.gaps} == {
        f"server {merged_server.name}": f"{name}: timeout"
        for merged_server, name in zip(merged.servers, ("ams", "fra"), strict=True)
    }
    assert [subject(gap) for gap in merge(unread[:1]).gaps] == ["server satellite (ssh://satellite)"]


def test_servers_of_one_name_at_two_sites_are_two_whatever_their_interfaces() -> None:
    ams = site("ams", server(interface="eth0"))
    fra = site("fra", server(interface="bond0", source="file:/srv/ethtool.txt"))
    merged = merge([ams, fra])

    assert [(server.name, server.interface) for server in merged.servers] == [
        ("satellite (file:/srv/ethtool.txt)", "bond0"),
        ("satellite (ssh://satellite.example.com)", "eth0"),
    ]
    assert merge([merged, fra, ams]) == merge([merged]) == merged
    assert {server.name for server in merge([ams]).servers} == {"satellite"}


def test_a_lost_domain_is_forgotten_once_another_scan_found_it() -> None:
    lost = [
        LostDomain(hypervisor="hv1", domain=domain(f"vm{number}", uuid=f"00000000-0000-1000-8000-{number:012}"))
        for number in (1, 2)
    ]
    here = replace(inventory(hypervisor("hv1")), lost=tuple(lost))
    merged = merge([here, inventory(hypervisor("hv2", lost[0].domain))])

    assert merged.lost == (lost[1],)


def test_a_remembered_place_stays_with_its_server() -> None:
    place = RememberedPlace(server="satellite", interface="eth0", hypervisor="ams-kvm01", observed_at=TAKEN_AT)
    ams, fra = (
        replace(site("ams", server()), places=(place,)),
        site("fra", server("satellite", State.OFF, source="off")),
    )

    (kept,) = merge([fra, ams]).places
    assert kept.server == "satellite (ssh://satellite.example.com)"


def test_the_policy_is_that_of_the_first() -> None:
    waived = replace(inventory(hypervisor("hv1")), policy=Policy(waivers=(Waiver(reason="known", domain="a"),)))

    assert merge([waived, inventory(hypervisor("hv2"))]).policy == waived.policy
    assert merge([inventory(hypervisor("hv2")), waived]).policy == Policy()
    assert merge([inventory(hypervisor("hv2"))], waived.policy).policy == waived.policy


def test_the_command_names_what_was_not_read_behind_its_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gaps = tuple(gap_in_words(f"hv{number}", "no answer", GapAbout.HYPERVISOR) for number in range(5))
    path, merged = tmp_path / "site.json", tmp_path / "merged.json"
    path.write_bytes(dumps(inventory(hypervisor("hv9", domain("a")), gaps=gaps)))

    assert run(["merge", str(path), "--save", str(merged)]) == 3
    assert capfd.readouterr().err == (
        f"virtscan: {merged}: not everything was read: hv0, hv1, hv2 and 2 more; virtscan report {merged} has the "
        "reasons\n"
    )
    assert run(["merge", "-q", str(path), "--save", str(merged)]) == 3
    assert capfd.readouterr().err == ""


def test_the_command_writes_what_report_reads_from_several_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = []
    for number, part in enumerate(
        (inventory(hypervisor("hv1", domain("a")), servers=(server(),)), inventory(hypervisor("hv2", domain("b"))))
    ):
        path = tmp_path / f"{number}.json"
        path.write_bytes(dumps(part))
        files.append(str(path))
    merged = tmp_path / "merged.json"

    assert run(["merge", *files, "--save", str(merged)]) == 0
    assert [host.name for host in loads(merged.read_bytes(), origin="").hypervisors] == ["hv1", "hv2"]
    assert merged.stat().st_mode & 0o777 == 0o600
    capfd.readouterr()
    run(["report", *files, "--view", "domains", "--format", "csv"])
    several = capfd.readouterr().out
    run(["report", str(merged), "--view", "domains", "--format", "csv"])
    assert several == capfd.readouterr().out
    assert "hv1" in several
    assert "hv2" in several


def test_a_file_that_is_not_an_inventory_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text("[]")

    assert run(["merge", str(tmp_path / "a.json"), "--save", str(tmp_path / "b.json")]) == 2
    assert "a.json: not a saved inventory" in capfd.readouterr().err
    assert not (tmp_path / "b.json").exists()


def test_two_machines_with_one_uuid_and_no_domain_in_common_stay_two() -> None:
    """Vendors and clones repeat it; an address or a declared name is of one hypervisor."""
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    first = replace(hypervisor("hv1", domain("a"), uri="qemu+ssh://hv1/system"), system_uuid=uuid)
    second = replace(hypervisor("hv2", domain("b"), uri="qemu+ssh://hv2/system"), system_uuid=uuid)
    moved = replace(first, domains=(domain("c"),), observed_at=LATER)

    for sites in (
        [inventory(first, second)],
        [inventory(first), inventory(second)],
        [inventory(second), inventory(first)],
    ):
        merged = merge(sites)
        assert [host.name for host in merged.hypervisors] == ["hv1", "hv2"]
        assert merge([merged, *sites]) == merged
    (found,) = merge([inventory(first), replace(inventory(moved), taken_at=LATER)]).hypervisors
    assert [each.name for each in found.domains] == ["c"]


def test_namesakes_of_two_sites_stay_two_if_uuid_and_domains_differ() -> None:
    uuids = [f"4c4c4544-0000-1000-8000-00000000000{number}" for number in range(2)]
    ams, fra = (
        replace(
            hypervisor("kvm01", domain(name), uri="qemu+ssh://kvm01/system", own_name="kvm01", is_name_declared=True),
            system_uuid=uuid,
        )
        for name, uuid in zip("ab", uuids, strict=True)
    )
    unread = replace(ams, system_uuid=None, domains=(), status=HostStatus.FAILED)
    renewed = replace(ams, system_uuid="4c4c4544-0000-1000-8000-000000000009", observed_at=LATER)

    for hosts in ([ams, fra], [fra, ams], [unread, ams, fra], [ams, unread, fra], [fra, ams, unread]):
        sites = [inventory(host) for host in hosts]
        merged = merge(sites)
        assert sorted(host.domains[0].name for host in merged.hypervisors) == ["a", "b"]
        assert merge([merged, *sites]) == merge([merged]) == merged
    assert len(merge([inventory(ams), replace(inventory(renewed), taken_at=LATER)]).hypervisors) == 1
    assert len(merge([inventory(ams), inventory(unread)]).hypervisors) == 1


def test_namesakes_without_a_uuid_stay_two_if_they_have_no_domain_in_common() -> None:
    ams, fra = (
        hypervisor(
            "kvm01",
            domain(f"{name}-vm"),
            uri=f"qemu+ssh://kvm01.{name}/system",
            own_name="kvm01",
            is_name_declared=True,
        )
        for name in ("ams", "fra")
    )
    renewed = replace(ams, domains=(*ams.domains, domain("new")), observed_at=LATER)

    merged = merge([inventory(ams), inventory(fra)])
    assert [host.domains[0].name for host in merged.hypervisors] == ["ams-vm", "fra-vm"]
    assert merge([merged, inventory(fra), inventory(ams)]) == merged
    assert len(merge([inventory(ams), replace(inventory(renewed), taken_at=LATER)]).hypervisors) == 1


def test_a_server_runs_on_a_hypervisor_of_its_own_site() -> None:
    moving = server("sat-a", runs_on="kvm03")
    ams = inventory(
        hypervisor("kvm01", domain("ams-vm", macvtap()), kernel=UNFIXED_KERNEL, uri="qemu+ssh://kvm01.ams/system"),
        servers=(moving,),
    )
    fra = inventory(
        hypervisor("kvm03", domain("fra-vm", macvtap()), kernel=UNFIXED_KERNEL, uri="qemu+ssh://kvm03.fra/system"),
        servers=(server("sat-b", State.OFF),),
    )

    for sites in ([ams, fra], [fra, ams]):
        merged = merge(sites)
        assert {finding.domain for finding in correlate(merged).findings if finding.is_at_risk} >= {"ams-vm"}
        assert merge([merged, *sites]) == merge([merged]) == merged
    central = replace(fra, servers=(moving, *fra.servers))
    assert [server.runs_on for server in merge([ams, central]).servers] == ["kvm03", None]


def test_a_server_of_a_file_without_hypervisors_runs_on_one_of_another_file() -> None:
    servers = inventory(servers=(server(runs_on="kvm01", macs=(Mac("00:1b:21:00:00:99"),)),))
    hosts = inventory(hypervisor("kvm01", domain("vm", macvtap()), kernel=UNFIXED_KERNEL, physical=True))

    for files in ([servers, hosts], [hosts, servers]):
        merged = merge(files)
        assert [server.runs_on for server in merged.servers] == ["kvm01"]
        assert [finding.verdict for finding in correlate(merged).findings] == [Verdict.UNKNOWN]
        assert merge([merged, *files]) == merge([merged]) == merged


def test_a_server_runs_on_the_hypervisor_that_got_a_longer_name() -> None:
    ams, fra = (
        inventory(
            hypervisor("kvm01", domain(f"{name}-vm"), uri=f"qemu+ssh://kvm01.{name}/system"),
            servers=(server(f"sat-{name}", runs_on="kvm01"),),
        )
        for name in ("ams", "fra")
    )

    merged = merge([ams, fra])

    assert [server.runs_on for server in merged.servers] == [host.name for host in merged.hypervisors]
    assert merge([merged, fra, ams]) == merge([merged]) == merged


def test_definitions_in_one_folder_of_two_machines_stay_two() -> None:
    first, second = (hypervisor("qemu", domain(name), uri="xml:/etc/libvirt/qemu", local=True) for name in "ab")
    later = replace(inventory(replace(first, domains=(domain("a"), domain("c")), observed_at=LATER)), taken_at=LATER)

    merged = merge([inventory(first), inventory(second)])
    assert [host.name for host in merged.hypervisors] == [
        "qemu (xml:/etc/libvirt/qemu)",
        "qemu (xml:/etc/libvirt/qemu) #2",
    ]
    assert len(merge([inventory(first), later]).hypervisors) == 1


def saved(path: Path, part: Inventory) -> str:
    path.write_bytes(dumps(part))
    return str(path)


def test_pseudonyms_of_two_maps_are_not_merged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both call their first host the same, and it would be one."""
    names = [
        saved(tmp_path / f"{site}.json", inventory(hypervisor(f"{site}-hv1", domain(f"{site}-vm"))))
        for site in ("ams", "fra")
    ]
    redacted = {}
    for site, path, map_name in (("ams", names[0], "a"), ("fra", names[1], "b"), ("again", names[0], "a")):
        redacted[site] = str(tmp_path / f"{site}.redacted.json")
        part, known = redact(loads(Path(path).read_bytes(), origin=""), Map(key=map_name))
        saved(Path(redacted[site]), part)
        assert known.key == map_name
    target = ["--save", str(tmp_path / "merged.json")]

    for command in (["merge", redacted["ams"], redacted["fra"], *target], ["report", redacted["ams"], redacted["fra"]]):
        assert run(command) == 2
        assert "fra.redacted.json: not redacted with the same map as " in capfd.readouterr().err
    assert run(["merge", redacted["ams"], names[1], *target]) == 2
    assert not (tmp_path / "merged.json").exists()
    assert run(["merge", redacted["ams"], redacted["again"], *target]) == 0
    assert run(["merge", str(tmp_path / "merged.json"), redacted["fra"], *target]) == 2


def test_an_edit_of_a_merged_file_is_not_ignored_silently(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    host = hypervisor("hv1", domain("a", macvtap()), domain("b"), kernel=UNFIXED_KERNEL)
    result = merge([inventory(host, servers=(server(),)), inventory(hypervisor("hv2", domain("c")))], Policy(max_age=9))
    first, second = result.hypervisors
    edited = {
        "kernel": replace(result, hypervisors=(replace(first, declared_kernel=FIXED_KERNEL), second)),
        "removed": replace(result, hypervisors=(first,), merged=merge([inventory(second)]).merged),
        "state": replace(result, servers=(replace(result.servers[0], tx_checksum=State.OFF),)),
    }
    other = saved(tmp_path / "other.json", inventory(hypervisor("hv3", domain("d"))))
    target = ["-o", str(tmp_path / "report")]

    for name, part in edited.items():
        file = saved(tmp_path / f"{name}.json", part)
        for command in (["report", file, other, *target], ["merge", other, file, "--save", str(tmp_path / "out.json")]):
            run(command)
            assert f"{file}: edited, or merged by another version; " in capfd.readouterr().err
    run(["report", saved(tmp_path / "domains.json", result), other, *target])
    assert "edited" not in capfd.readouterr().err


def test_the_waivers_of_a_later_file_are_not_dropped_silently(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    waived = Policy(waivers=(Waiver(reason="known", domain="a"),))
    files = [
        saved(tmp_path / "a.json", inventory(hypervisor("hv1", domain("a")))),
        saved(tmp_path / "b.json", replace(inventory(hypervisor("hv2", domain("b"))), policy=waived)),
    ]
    (tmp_path / "virtscan.toml").write_text("")

    run(["merge", *files, "--save", str(tmp_path / "merged.json")])
    assert "b.json: its waivers and limits are ignored; those of " in capfd.readouterr().err
    run(["report", *files, "-o", str(tmp_path / "report")])
    assert "b.json: its waivers and limits are ignored; those of " in capfd.readouterr().err
    run(["merge", *files, "--config", str(tmp_path / "virtscan.toml"), "--save", str(tmp_path / "merged.json")])
    assert capfd.readouterr().err == ""


def test_a_message_names_a_file_without_servers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    without = saved(tmp_path / "fra.json", site("fra"))
    others = [saved(tmp_path / f"{name}.json", site(name, server())) for name in ("ams", "lon")]

    run(["report", without, *others, "-o", str(tmp_path / "report.txt")])
    assert f"{without}: no server; its VMs are judged against the servers of the other files" in capfd.readouterr().err
    run(["report", *others, "-o", str(tmp_path / "report.txt")])
    run(["report", without, "-o", str(tmp_path / "report.txt")])
    assert "no server; its VMs" not in capfd.readouterr().err


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda _data: b"", lambda _data: b"\0\xff"])
def test_a_damaged_file_among_good_ones_is_named_and_nothing_is_written(
    damage: Callable[[bytes], bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = [saved(tmp_path / f"{name}.json", inventory(hypervisor(name, domain("a")))) for name in ("a", "b", "c")]
    Path(files[1]).write_bytes(damage(Path(files[1]).read_bytes()))
    (tmp_path / "out.json").write_text("earlier")

    assert run(["merge", *files, "--save", str(tmp_path / "out.json")]) == 2
    assert f"{files[1]}: " in capfd.readouterr().err
    assert (tmp_path / "out.json").read_text() == "earlier"
    assert run(["report", *files, "-o", str(tmp_path / "out.json")]) == 2
    assert (tmp_path / "out.json").read_text() == "earlier"


def test_a_file_of_the_first_version_is_merged_and_may_be_replaced_by_the_result(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_bytes((PROJECT / "fixtures" / "saved" / "fleet.json").read_bytes())
    new = saved(tmp_path / "new.json", inventory(hypervisor("hv1", domain("a"))))
    before = loads(old.read_bytes(), origin="")

    assert run(["merge", str(old), new, "--save", str(old)]) in {0, 3}

    after = loads(old.read_bytes(), origin="")
    assert {host.uri for host in after.hypervisors} > {host.uri for host in before.hypervisors}
    assert {(gap.item, gap.cause) for gap in before.gaps} <= {(gap.item, gap.cause) for gap in after.gaps}


@pytest.mark.parametrize(
    ("glob", "waived", "warning"),
    [
        (
            "satellite",
            None,
            (
                "it does not apply to satellite (ssh://root@10.0.0.1), satellite (ssh://root@10.0.0.2); "
                "give full names, or a glob such as 'satellite (*'"
            ),
        ),
        ("satellite (*", "known", None),
        ("sat*", "known", None),
        ("satellite (ssh://root@10.0.0.1)", None, None),
    ],
)
def test_a_waiver_by_the_name_of_two_servers_applies_to_none_and_names_both(
    glob: str, waived: str | None, warning: str | None
) -> None:
    first, second = (
        inventory(
            hypervisor(name, domain("web01", macvtap()), uri=f"qemu+ssh://{name}/system", kernel=UNFIXED_KERNEL),
            servers=(server("satellite", source=f"ssh://root@10.0.0.{number}"),),
            policy=Policy(waivers=(Waiver(reason="known", server=glob),)),
        )
        for number, name in ((1, "ams1"), (2, "fra1"))
    )

    report = correlate(merge([first, second]))

    assert {finding.waived for finding in report.findings} == {waived}
    assert [reason(gap) for gap in report.warnings if gap.about is GapAbout.WAIVER] == ([warning] if warning else [])


@pytest.mark.parametrize("is_old", [False, True])
def test_a_waiver_by_the_name_of_two_hypervisors_applies_to_none_and_names_both(is_old: bool) -> None:
    named = tuple(
        inventory(hypervisor("kvm", domain("web", macvtap()), uri=f"qemu+ssh://10.0.0.{number}/system", own_name="kvm"))
        for number in (1, 2)
    )
    merged = merge(named, Policy(waivers=(Waiver(reason="known", hypervisor="kvm"),)))
    if is_old:  # as a file without `own_name`
        merged = replace(merged, hypervisors=tuple(replace(host, own_name=None) for host in merged.hypervisors))

    report = correlate(merged)

    (gap,) = (gap for gap in report.warnings if gap.about is GapAbout.WAIVER)
    assert "kvm (qemu+ssh://10.0.0.1/system), kvm (qemu+ssh://10.0.0.2/system); give" in reason(gap)
