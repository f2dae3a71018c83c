"""The last known place of a server: used while its hypervisor does not answer, and never for more than it proves."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn
from msgspec.structs import replace

from tests.build import (
    TAKEN_AT,
    UNFIXED_KERNEL,
    domain,
    failure,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    own_nics,
    server,
    tap,
)
from tests.correlator.fleets import inventories
from virtscan.changes import remembering
from virtscan.correlator import correlate
from virtscan.correlator.staleness.remembering import remembering_places
from virtscan.model import (
    Confidence,
    Finding,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    Mac,
    Offload,
    Policy,
    Server,
    State,
    Verdict,
)
from virtscan.model.reasons import WasOnHypervisor
from virtscan.views.wording.reasons import Wording

SAT = Mac("52:54:00:00:00:01")
NIGHT = timedelta(days=1)
VMS = 17


def fleet(*, mac: Mac = SAT) -> Inventory:
    """The satellite is a domain of hv1; 17 interfaces of hv2 are on the same kind of device there."""
    satellite = domain("sat", macvtap(mac=mac), uuid="00000000-0000-1000-8000-000000000001")
    vms = (domain(f"vm{number}", macvtap(mac=f"52:54:00:00:01:{number:02x}")) for number in range(VMS))
    return inventory(
        hypervisor("hv1", satellite, kernel=UNFIXED_KERNEL),
        hypervisor("hv2", *vms, kernel=UNFIXED_KERNEL),
        servers=(server(macs=(mac,), interface="eth0"),),
    )


def unread(host: Hypervisor) -> Hypervisor:
    return Hypervisor(name=host.name, uri=host.uri, status=HostStatus.FAILED)


def without_answer(server: Server) -> Server:
    unread = Offload(reason=failure("timeout"))  # `replace` checks no types, a constructor does
    return replace(server, tx_checksum=unread.tx_checksum, reason=unread.reason, macs=server.declared_macs, devices=())


def night_after(before: Inventory, *names: str, nights: int = 1) -> Inventory:
    """The same fleet while these hypervisors, and all servers, don't answer; what was known is remembered."""
    gaps = tuple(
        gap_in_words(subject=name, reason="timeout", about=GapAbout.HYPERVISOR, hypervisor=name) for name in names
    )
    later = replace(
        before,
        taken_at=before.taken_at + nights * NIGHT,
        hypervisors=tuple(unread(host) if host.name in names else host for host in before.hypervisors),
        servers=tuple(map(without_answer, before.servers)),
        gaps=gaps,
        unread=(),
        places=(),
    )
    return remembering_places(remembering(later, before), before)


def on(report_of: Inventory, name: str) -> list[Finding]:
    return [finding for finding in correlate(report_of).findings if finding.hypervisor == name]


def verdicts(inventory: Inventory, name: str = "hv2") -> set[tuple[Verdict, Confidence]]:
    return {(finding.verdict, finding.confidence) for finding in on(inventory, name)}


def test_a_hypervisor_that_reboots_raises_no_alarm_about_interfaces_elsewhere() -> None:
    before = fleet()
    tonight = night_after(before, "hv1")

    assert len(on(before, "hv2")) == len(on(tonight, "hv2")) == VMS
    assert verdicts(before) == {(Verdict.NOT_AFFECTED, Confidence.MEDIUM)}
    assert verdicts(replace(tonight, places=())) == {(Verdict.UNKNOWN, Confidence.LOW)}
    assert verdicts(tonight) == {(Verdict.NOT_AFFECTED, Confidence.LOW)}


def test_a_finding_shows_where_the_server_was_and_when() -> None:
    tonight = night_after(fleet(), "hv1", nights=3)
    finding = on(tonight, "hv2")[0]
    wording = Wording(tonight)

    assert WasOnHypervisor(server="satellite", hypervisor="hv1", domain="sat") in finding.because
    assert "satellite was domain sat on hv1 when hv1 was last read completely, 3 days ago" in wording.sentences(
        finding.because
    )
    assert any("hv1" in sentence for sentence in wording.sentences(finding.missing))


def test_the_place_is_a_fact_of_the_inventory_with_its_date() -> None:
    (place,) = night_after(fleet(), "hv1").places

    assert (place.server, place.interface, place.hypervisor, place.domain) == ("satellite", "eth0", "hv1", "sat")
    assert place.observed_at == TAKEN_AT
    assert place.macs == (SAT,)


def test_a_place_keeps_its_date_over_nights_without_an_answer() -> None:
    first = night_after(fleet(), "hv1")
    second = night_after(first, "hv1")

    assert second.places == first.places
    assert verdicts(second) == {(Verdict.NOT_AFFECTED, Confidence.LOW)}


def test_a_hypervisor_that_answers_again_needs_no_memory() -> None:
    first = night_after(fleet(), "hv1")
    back = replace(fleet(), taken_at=first.taken_at + NIGHT)
    back = remembering_places(remembering(back, first), first)

    assert back.places == ()
    assert back.unread == ()


@pytest.mark.parametrize(
    "gap", [GapAbout.DOMAIN, GapAbout.HYPERVISOR], ids=lambda about: f"a {about.value} was not read"
)
def test_a_place_clears_nothing_on_a_hypervisor_that_was_not_read_completely(gap: GapAbout) -> None:
    tonight = night_after(fleet(), "hv1")
    partial = replace(tonight, gaps=(*tonight.gaps, gap_in_words("vm99", "timeout", gap, hypervisor="hv2")))

    assert verdicts(partial) == {(Verdict.UNKNOWN, Confidence.LOW)}


def test_a_place_clears_nothing_where_domains_may_be_missing() -> None:
    tonight = night_after(fleet(), "hv1")
    hosts = tuple(replace(host, lists_all_domains=False) for host in tonight.hypervisors)

    assert verdicts(replace(tonight, hypervisors=hosts)) == {(Verdict.UNKNOWN, Confidence.LOW)}


def test_a_place_clears_nothing_on_the_machine_that_it_is_on() -> None:
    """Two connections to one machine: one of them does not answer, but the machine is known by its uuid."""
    machine = "4c4c4544-0000-1000-8000-000000000009"
    before = fleet()
    before = replace(
        before, hypervisors=tuple(replace(host, system_uuid=machine, devices=()) for host in before.hypervisors)
    )
    tonight = night_after(before, "hv1")

    assert tonight.places
    assert verdicts(tonight) == {(Verdict.UNKNOWN, Confidence.LOW)}


@pytest.mark.parametrize("by", ["uuid", "mac", "device"])
def test_a_place_clears_nothing_once_the_server_was_seen_elsewhere(by: str) -> None:
    tonight = night_after(fleet(), "hv1")
    uuid = "00000000-0000-1000-8000-000000000001" if by == "uuid" else None
    new_domain = domain("new", *((macvtap(mac=SAT),) if by == "mac" else ()), uuid=uuid)
    device = replace(tap("odd0"), mac=SAT)
    third = hypervisor("hv3", new_domain, devices=(*own_nics("hv3"), *((device,) if by == "device" else ())))

    elsewhere = replace(tonight, hypervisors=(*tonight.hypervisors, third))
    assert verdicts(elsewhere) == {(Verdict.UNKNOWN, Confidence.LOW)}


def test_a_server_that_is_another_machine_by_now_has_no_remembered_place() -> None:
    tonight = night_after(fleet(), "hv1")
    other = replace(tonight.servers[0], macs=(Mac("02:00:00:00:00:77"),), tx_checksum=State.ON, reason=None)

    assert verdicts(replace(tonight, servers=(other,))) == {(Verdict.AT_RISK, Confidence.MEDIUM)}


def test_outdated_place_is_not_used() -> None:
    tonight = night_after(fleet(), "hv1", nights=3)
    fresh = tuple(replace(host, observed_at=tonight.taken_at) for host in tonight.hypervisors)
    strict = replace(tonight, hypervisors=fresh, policy=Policy(max_age=2 * 86400.0))

    kept = replace(strict, policy=Policy(max_age=4 * 86400.0))
    assert {verdict for verdict, _ in verdicts(kept)} == {Verdict.NOT_AFFECTED}
    assert {verdict for verdict, _ in verdicts(strict)} == {Verdict.UNKNOWN}


def test_a_server_that_may_have_been_anywhere_has_no_remembered_place() -> None:
    before = fleet()
    pair = server(macs=(SAT, Mac("02:42:ac:11:00:02")), declared_macs=(SAT, Mac("02:42:ac:11:00:02")))
    before = replace(before, servers=(pair,))

    assert verdicts(before) == {(Verdict.AT_RISK, Confidence.MEDIUM)}
    assert night_after(before, "hv1").places == ()


def test_a_hypervisor_that_left_the_configuration_has_no_remembered_place() -> None:
    before = fleet()
    tonight = night_after(before, "hv1")
    without = replace(tonight, hypervisors=tonight.hypervisors[1:], places=())

    assert remembering_places(without, before).places == ()
    assert verdicts(replace(without, places=tonight.places)) == {(Verdict.UNKNOWN, Confidence.LOW)}


many = settings(
    max_examples=100,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
CLEARED = {Verdict.MITIGATED, Verdict.NOT_AFFECTED}


@st.composite
def located(draw: DrawFn) -> Inventory:
    """A fleet of which most was read, and whose servers are where their MACs are."""
    drawn = draw(inventories())
    hosts = tuple(
        replace(
            host, status=HostStatus.COMPLETE, lists_all_domains=True, kernel=None, declared_kernel=None, daemon=None
        )
        for host in drawn.hypervisors
    )
    servers = tuple(replace(each, physical=False, runs_on=None, segments=(), subnets=()) for each in drawn.servers[:1])
    return replace(
        drawn,
        hypervisors=hosts,
        servers=servers,
        netboots=(),
        policy=Policy(),
        gaps=draw(st.sampled_from(((), (), drawn.gaps))),
    )


def has_a_server(host: Hypervisor, inventory: Inventory) -> bool:
    macs = {mac for each in inventory.servers for mac in each.macs}
    return any(interface.mac in macs for domain in host.domains for interface in domain.interfaces)


def by_interface(inventory: Inventory) -> dict[tuple[str, str, int], Finding]:
    return {(finding.hypervisor, finding.domain, finding.index): finding for finding in correlate(inventory).findings}


@pytest.mark.long
@many
@given(st.one_of(located(), located(), inventories()), st.data())
def test_memory_clears_only_what_the_complete_scan_cleared_and_only_where_all_was_read(
    before: Inventory, data: DataObject
) -> None:
    names = [host.name for host in before.hypervisors]
    theirs = [host.name for host in before.hypervisors if has_a_server(host, before)] or names
    lost = {data.draw(st.sampled_from(theirs)), data.draw(st.sampled_from(theirs))}
    later = night_after(before, *lost)
    later = replace(later, gaps=(*before.gaps, *later.gaps))
    without_macs = replace(later, servers=tuple(replace(server, macs=(), declared_macs=()) for server in later.servers))
    later = data.draw(st.sampled_from((without_macs, without_macs, later, replace(later, servers=before.servers))))
    hosts = {host.name: host for host in later.hypervisors}
    was, alone = by_interface(before), by_interface(replace(later, places=()))

    for key, later_finding in by_interface(later).items():
        if later_finding.concluding(reaches_server=alone[key].reaches_server) == alone[key]:
            continue
        assert later_finding.verdict is alone[key].verdict or later_finding.rule == "R10"
        assert later_finding.confidence is Confidence.LOW
        assert hosts[later_finding.hypervisor].status is HostStatus.COMPLETE
        assert not any(
            gap.hypervisor == later_finding.hypervisor and gap.about in {GapAbout.DOMAIN, GapAbout.HYPERVISOR}
            for gap in later.gaps
        )
        assert was[key].verdict in CLEARED or later_finding.verdict not in CLEARED, (was[key], later_finding)
