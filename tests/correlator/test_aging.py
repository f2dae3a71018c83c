"""Facts that are too old to count: they are named, count as missing, and never clear an interface."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    bond,
    bridged,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    nic,
    read_server,
    sends,
    server,
    words,
)
from tests.correlator.fleets import inventories
from tests.correlator.scenes import OTHER, SERVING, finding_of, judged, provisioner, satellite, scene
from tests.correlator.test_properties import CLEARED, is_contradicted, is_outside, many, newly_cleared
from virtscan.correlator import correlate
from virtscan.correlator.staleness.age import Clock, age, is_old
from virtscan.correlator.staleness.aging import aged
from virtscan.model import (
    CONFIGURATION,
    Attachment,
    Confidence,
    Device,
    DeviceKind,
    DeviceName,
    DomainState,
    GapAbout,
    HostStatus,
    Inventory,
    Mac,
    Netboot,
    NotJudged,
    Observed,
    Persistence,
    Server,
    SourceMode,
    State,
    Subnet,
    Verdict,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.model.gaps.causes import TooOld
from virtscan.views.wording.gaps import reason, subject
from virtscan.views.wording.gaps.causes import age_problem
from virtscan.views.wording.phrases.ages import ago
from virtscan.views.wording.reasons import Wording

DAY = 86400.0
WEEK = 7 * DAY
MONTH_AGO = TAKEN_AT - timedelta(days=31)
HOUR_AGO = TAKEN_AT - timedelta(hours=1)


def limited(looked_at: Inventory, max_age: float | None = WEEK) -> Inventory:
    return replace(looked_at, policy=replace(looked_at.policy, max_age=max_age))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=59), "at the scan"),
        (timedelta(seconds=-90), "at the scan"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=31), "31 days ago"),
    ],
)
def test_an_age_has_its_largest_unit(before: timedelta, words: str) -> None:
    assert ago(TAKEN_AT - before, TAKEN_AT) == words


def test_a_fact_observed_at_an_unknown_time_has_no_age() -> None:
    assert ago(None, TAKEN_AT) is None
    assert not is_old(None, TAKEN_AT)


def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    assert age(datetime(2026, 11, 21, 2, 0), TAKEN_AT) == timedelta(days=1)  # noqa: DTZ001  what a source without a zone gives


@pytest.mark.parametrize(
    ("max_age", "limit"),
    [
        (WEEK, "1 week"),
        (2 * WEEK, "2 weeks"),
        (3 * DAY, "3 days"),
        (5400.0, "90 minutes"),
        (43200.0, "12 hours"),
        (90.5, "90.5 seconds"),
    ],
)
def test_a_limit_is_written_exactly(max_age: float, limit: str) -> None:
    assert (
        age_problem(TooOld(observed_at=MONTH_AGO, max_age=max_age), TAKEN_AT)
        == f"observed 31 days ago (the limit is {limit})"
    )


def test_fact_of_exactly_the_maximum_age_is_kept() -> None:
    clock = Clock(TAKEN_AT, DAY)

    assert not clock.is_too_old(TAKEN_AT - timedelta(days=1))
    assert clock.is_too_old(TAKEN_AT - timedelta(days=1, seconds=1))
    assert clock.is_too_old(None)
    assert not clock.is_too_old(TAKEN_AT + timedelta(days=1))
    assert clock.is_too_old(TAKEN_AT + timedelta(days=1, seconds=1))
    assert not Clock(TAKEN_AT, None).is_too_old(None)


def because(looked_at: Inventory) -> str:
    return "\n".join(Wording(aged(looked_at)).sentences(finding_of(looked_at).because))


def missing(looked_at: Inventory) -> str:
    return "\n".join(Wording(aged(looked_at)).sentences(finding_of(looked_at).missing))


def test_old_facts_of_a_finding_have_their_age() -> None:
    old_kernel = Observed(value=UNFIXED_KERNEL, source="sosreport", observed_at=MONTH_AGO)
    old_server = satellite(source="sosreport:sat.tar.xz", observed_at=MONTH_AGO)
    old = scene(beside=(provisioner(),), servers=(old_server,), observed_at=MONTH_AGO, uri="sosreport:hv1.tar.xz")
    (here,) = old.hypervisors
    told = because(replace(old, hypervisors=(replace(here, kernel=old_kernel),)))

    assert "TX checksum offload is on (sosreport:sat.tar.xz, observed 31 days ago)" in told
    assert f"hv1 runs kernel {UNFIXED_KERNEL} (sosreport, observed 31 days ago), which does not fill" in told
    assert "hv1 was observed 31 days ago" in told


def test_an_old_kernel_without_a_known_state_is_missing() -> None:
    here = replace(
        scene().hypervisors[0], kernel=Observed(value="3.13.0-24-generic", source="sosreport", observed_at=MONTH_AGO)
    )

    assert "whether kernel 3.13.0-24-generic of hv1 is fixed" in missing(inventory(here, servers=(server(),)))


def test_facts_observed_by_the_scan_have_no_age() -> None:
    fresh = scene(beside=(provisioner(),), servers=(satellite(observed_at=HOUR_AGO),), observed_at=HOUR_AGO)

    assert "observed" not in because(fresh)


def test_a_server_elsewhere_rests_on_the_hypervisor_that_it_was_seen_on() -> None:
    there = hypervisor("hv2", provisioner(), observed_at=MONTH_AGO)
    assert "hv2 was observed 31 days ago" in because(scene(others=(there,)))
    bystander = hypervisor("hv3", observed_at=MONTH_AGO)
    assert "hv3" not in because(scene(beside=(provisioner(),), others=(bystander,)))


def test_any_age_is_taken_when_none_is_given() -> None:
    looked_at = scene(observed_at=MONTH_AGO)

    assert aged(looked_at) is looked_at


def test_recent_facts_are_kept_unchanged() -> None:
    looked_at = limited(scene(beside=(provisioner(),), servers=(satellite(declared_macs=(), observed_at=HOUR_AGO),)))

    assert aged(looked_at) == looked_at


def test_ageing_twice_is_ageing_once() -> None:
    once = aged(limited(everything(MONTH_AGO)))

    assert aged(once) == once


def everything(at: datetime | None) -> Inventory:
    """A scan whose every fact was observed then."""
    here = replace(
        hypervisor("hv1", domain("web01", macvtap()), provisioner(), domain("db01", bridged()), observed_at=at),
        kernel=Observed(value=FIXED_KERNEL, source="sosreport", observed_at=at),
        uri="sosreport:hv1.tar.xz",
    )
    sat = satellite(
        tx_checksum=State.OFF,
        source="sosreport:sat.tar.xz",
        observed_at=at,
        persistence=Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="ifcfg")),
        addresses=("10.77.0.5/24",),
        kernel=Observed(value="5.14.0", source="sosreport", observed_at=at),
    )
    record = Netboot(mac=Mac(SERVING), system="x", pending=True, source="https://c", server="10.77.0.5", observed_at=at)
    subnet = Subnet(name="n", network="10.77.0.0/24", source="https://c", servers=("10.77.0.5",), observed_at=at)
    return inventory(here, servers=(sat,), netboots=(record,), subnets=(subnet,))


@pytest.mark.parametrize(
    ("at", "when"),
    [
        (MONTH_AGO, "observed 31 days ago"),
        (None, "observed at an unknown time"),
        (datetime(2099, 1, 2, tzinfo=UTC), "dated 2099-01-02 00:00 UTC, after the scan, so its age is unknown"),
    ],
)
def test_outdated_facts_are_dropped_with_a_gap_for_each_source(at: datetime | None, when: str) -> None:
    left = aged(limited(everything(at)))
    (here,) = left.hypervisors
    (sat,) = left.servers

    why = f"{when} (the limit is 1 week)"
    assert [(subject(gap), reason(gap, TAKEN_AT), gap.about, gap.hypervisor) for gap in left.gaps] == [
        ("kernel of hv1 (sosreport)", f"{why}; take a new sosreport", GapAbout.AGE, "hv1"),
        ("hv1 (sosreport:hv1.tar.xz)", f"{why}; take a new sosreport", GapAbout.AGE, "hv1"),
        ("server satellite (sosreport:sat.tar.xz)", f"{why}; take a new sosreport", GapAbout.SERVER, None),
        ("records of https://c", f"{why}; scan again when it can be read", GapAbout.AGE, None),
        ("subnets of https://c", f"{why}; scan again when it can be read", GapAbout.AGE, None),
    ]
    assert here.kernel is None
    assert here.status is HostStatus.PARTIAL
    assert [device.kind for device in here.devices] == [DeviceKind.UNKNOWN] * 3
    web, _, db = here.domains
    assert web.interfaces[0].attachments == (Attachment(DeviceName("bond2"), SourceMode.BRIDGE),)
    assert web.interfaces[0].mac == "52:54:00:93:76:af"
    assert web.state is DomainState.UNKNOWN
    assert db.interfaces[0].attachments == (Attachment(DeviceName("br0"), None),)
    assert (sat.tx_checksum, words(sat.reason)) == (State.UNKNOWN, f"{why}; take a new sosreport")
    assert (sat.macs, sat.persistence, sat.kernel) == ((Mac(SERVING),), None, None)
    old = everything(at)
    assert (sat.addresses, left.netboots, left.subnets) == (old.servers[0].addresses, old.netboots, old.subnets)


def test_the_verdict_is_unknown_and_shows_what_is_too_old_and_how_to_renew_it() -> None:
    old = everything(MONTH_AGO)
    assert finding_of(old).rule == "R2"

    finding = finding_of(limited(old))
    assert (finding.rule, finding.verdict) == ("R13", Verdict.UNKNOWN)
    told = missing(limited(old))
    assert "hv1 (sosreport:hv1.tar.xz): observed 31 days ago (the limit is 1 week); take a new sosreport" in told
    assert "kernel of hv1 (sosreport): observed 31 days ago" in told
    assert "TX checksum offload of satellite eth0: observed 31 days ago" in told


def test_declarations_do_not_age() -> None:
    declared = Observed(value=FIXED_KERNEL, source=CONFIGURATION)
    here = replace(scene().hypervisors[0], kernel=declared)
    on = server(
        source="off", tx_checksum=State.OFF, observed_at=None, macs=(Mac(SERVING),), declared_macs=(Mac(SERVING),)
    )
    looked_at = limited(inventory(here, servers=(on,)))

    assert aged(looked_at) == looked_at
    assert finding_of(looked_at).rule == "R2"


@pytest.mark.parametrize(
    ("changes", "macs"),
    [
        ({}, ()),
        ({"declared_macs": (Mac(SERVING),)}, (Mac(SERVING),)),
        ({"declared_macs": (Mac("52:54:00:00:00:09"),)}, ()),
        ({"physical": True}, (Mac(SERVING),)),
    ],
)
def test_only_declared_macs_of_an_outdated_server_are_kept(changes: dict[str, Any], macs: tuple[Mac, ...]) -> None:
    (sat,) = aged(
        limited(inventory(servers=(satellite(**({"observed_at": MONTH_AGO, "declared_macs": ()} | changes)),)))
    ).servers

    assert sat.macs == macs


def test_a_uuid_from_long_ago_does_not_put_a_server_on_another_hypervisor() -> None:
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    sat = satellite(macs=(), declared_macs=(), system_uuid=uuid, observed_at=MONTH_AGO)
    there = replace(hypervisor("hv2", domain("sat", macvtap(mac=OTHER))), observed_at=TAKEN_AT)
    there = replace(there, domains=tuple(replace(domain, uuid=uuid) for domain in there.domains))
    looked_at = scene(servers=(sat,), others=(there,))

    assert finding_of(looked_at).rule == "R10"
    assert finding_of(limited(looked_at)).rule == "R13"


def test_a_server_that_was_not_read_keeps_its_reason() -> None:
    looked_at = limited(inventory(servers=(server(tx_checksum=State.UNKNOWN, observed_at=None),)))

    assert aged(looked_at) == looked_at


def test_devices_of_another_source_age_alone() -> None:
    def of(name: str) -> Device:
        return Device(
            name=DeviceName(name), kind=DeviceKind.BOND, sources=("ansible", "libvirt"), observed_at=MONTH_AGO
        )

    left = aged(limited(scene(host_devices=(of("bond2"), of("bond3"), nic("eth4")))))
    (here,) = left.hypervisors
    (gap,) = left.gaps

    assert subject(gap) == "bond2, bond3 of hv1 (ansible, libvirt)"
    assert reason(gap, TAKEN_AT) == "observed 31 days ago (the limit is 1 week); gather its facts again"
    assert [device.kind for device in here.devices] == [DeviceKind.UNKNOWN, DeviceKind.UNKNOWN, DeviceKind.ETHERNET]
    assert here.status is HostStatus.COMPLETE


def test_a_host_of_which_nothing_was_read_is_not_too_old() -> None:
    gap = gap_in_words(subject="qemu+ssh://hv1/system", reason="no answer", about=GapAbout.HYPERVISOR, hypervisor="hv1")
    dead = hypervisor("hv1", status=HostStatus.FAILED, devices=(), observed_at=None)
    looked_at = limited(inventory(dead, gaps=(gap,)))

    assert aged(looked_at) == looked_at


def test_a_hypervisor_that_had_no_domain_long_ago_leaves_the_report_incomplete() -> None:
    empty = hypervisor("hv2", devices=(), observed_at=MONTH_AGO)

    left = aged(limited(scene(others=(empty,))))

    assert left.hypervisors[-1].status is HostStatus.PARTIAL
    assert [gap.hypervisor for gap in left.gaps] == ["hv2"]
    assert aged(left) == left


def test_a_server_that_is_nowhere_may_be_on_a_hypervisor_known_from_long_ago() -> None:
    stale = hypervisor("hv2", observed_at=MONTH_AGO)
    nowhere = scene(others=(stale,))

    assert finding_of(nowhere).rule == "R10"
    assert finding_of(limited(nowhere)).confidence is Confidence.LOW
    assert "whether the server is on hv2, which was not read completely" in missing(limited(nowhere))


def test_a_server_that_was_elsewhere_long_ago_may_be_anywhere() -> None:
    elsewhere = scene(others=(hypervisor("hv2", provisioner(), observed_at=MONTH_AGO),))
    assert finding_of(elsewhere).rule == "R10"
    assert finding_of(limited(elsewhere)).rule == "R11"
    assert "it was on hv2, whose facts are too old to be used" in missing(limited(elsewhere))

    its_device = replace(nic("eth0"), mac=Mac(SERVING), observed_at=MONTH_AGO)
    on_host = scene(others=(hypervisor("hv2", devices=(its_device,), observed_at=MONTH_AGO),))
    assert finding_of(on_host).rule == "R10"
    assert finding_of(limited(on_host)).rule == "R11"
    assert "it was on hv2, whose facts are too old to be used" in missing(limited(on_host))


def test_a_declared_mac_that_is_found_nowhere_counts_as_well_when_what_was_read_is_too_old() -> None:
    # One of two declared MACs was observed: the other one stands for another node, whose place is unknown.
    read = read_server(
        sends(nic("eth0", mac=Mac(SERVING))),
        declared_macs=(Mac(SERVING), Mac("b4:96:91:aa:00:01")),
        observed_at=MONTH_AGO,
    )
    apart = provisioner(macvtap(mode=SourceMode.PRIVATE, mac=SERVING))
    looked_at = scene(servers=(read,), beside=(apart,), status=HostStatus.PARTIAL)

    assert finding_of(looked_at).rule == "R13"
    assert finding_of(limited(looked_at)).rule == "R13"


def test_an_address_from_long_ago_still_includes_a_server() -> None:
    # It is listed by another hypervisor of the same machine, which aged alone, or by a device of another source.
    far = satellite(subnets=("10.2.0.0/16",), macs=(), declared_macs=())
    bond2 = bond("bond2", "eth4", addresses=("10.2.0.9/16",))
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    segments = {DeviceName("bond2"): "10.1.0.0/16"}
    twin = hypervisor("hv2", domain("db01"), devices=(bond2,), observed_at=MONTH_AGO, system_uuid=uuid)
    by_twin = scene(servers=(far,), others=(twin,), host_devices=(), segments=segments, system_uuid=uuid)
    by_device = scene(servers=(far,), host_devices=(replace(bond2, observed_at=MONTH_AGO),), segments=segments)

    for looked_at in (by_twin, by_device):
        assert finding_of(looked_at).rule == "R11"
        assert finding_of(limited(looked_at)).rule == "R11"


def test_a_segment_of_a_hypervisor_known_from_long_ago_excludes_no_server() -> None:
    far = satellite(segments=("a",), macs=(), declared_macs=())
    looked_at = scene(servers=(far,), segments={DeviceName("bond2"): "b"}, observed_at=MONTH_AGO)

    assert finding_of(looked_at).rule == "R4"
    assert finding_of(limited(looked_at)).rule == "R11"
    assert finding_of(limited(looked_at)).segment == "b"


def test_an_old_interface_other_than_a_macvtap_stays_one() -> None:
    assert judged(limited(scene(bridged(), observed_at=MONTH_AGO))) is NotJudged.NOT_MACVTAP


@st.composite
def dated(draw: DrawFn, looked_at: Inventory) -> Inventory:
    """The same, with times: everything was observed now, long ago, or at an unknown time."""
    times = st.sampled_from((TAKEN_AT, TAKEN_AT, MONTH_AGO, None))

    def kernel(observed: Observed[str] | None) -> Observed[str] | None:
        source = draw(st.sampled_from(("ssh", CONFIGURATION)))
        return observed and replace(observed, source=source, observed_at=draw(times))

    def dated_server(server: Server) -> Server:
        declared = draw(st.sampled_from(((), server.macs, server.macs[:1])))
        source = draw(st.sampled_from(("file:x", "file:x", "on")))
        return replace(server, declared_macs=declared, source=source, observed_at=draw(times))

    hosts = tuple(
        replace(
            host,
            observed_at=draw(times),
            kernel=kernel(host.kernel),
            declared_kernel=None if host.kernel is not None else host.declared_kernel,
            devices=tuple(replace(device, observed_at=draw(times)) for device in host.devices),
        )
        for host in looked_at.hypervisors
    )
    return replace(looked_at, hypervisors=hosts, servers=tuple(map(dated_server, looked_at.servers)))


@pytest.mark.long
@many
@given(st.data())
def test_outdated_facts_never_clear(data: DataObject) -> None:
    before = data.draw(dated(data.draw(inventories())))
    assume(not is_contradicted(before))

    for after, old, new in newly_cleared(before, [limited]):
        assert is_outside(new), (after, old, new)


@many
@given(inventories(least_servers=0))
def test_only_declarations_clear_if_all_facts_are_outdated(looked_at: Inventory) -> None:
    undated = replace(
        looked_at,
        hypervisors=tuple(
            replace(host, kernel=None, declared_kernel=None, daemon=None, observed_at=MONTH_AGO)
            for host in looked_at.hypervisors
        ),
        servers=tuple(
            replace(server, observed_at=MONTH_AGO, physical=False, runs_on=None) for server in looked_at.servers
        ),
    )

    report = correlate(limited(undated))
    assert {finding.rule for finding in report.findings if finding.verdict in CLEARED} <= {"R4"}


@pytest.mark.long
@many
@given(st.data())
def test_judging_what_was_judged_changes_nothing(data: DataObject) -> None:
    first = correlate(limited(data.draw(dated(data.draw(inventories())))))

    assert correlate(first.inventory) == first
