"""Copies of a server: one that runs excludes all others, one that does not run leaves open what was not read."""

import pytest
from msgspec.structs import replace

from tests.build import bond, domain, hypervisor, macvtap, nic, read_server, sends
from tests.correlator.scenes import OTHER, SERVING, finding_of, provisioner, satellite, scene
from virtscan.correlator import correlate
from virtscan.model import (
    Confidence,
    DomainState,
    HostStatus,
    Interface,
    Mac,
    NotJudged,
    Persistence,
    SourceMode,
    State,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.model.reasons import NeedsHypervisors, NeedsPlace, WhyUnlocated

VEPA = macvtap(mode=SourceMode.VEPA, mac=SERVING)
FILLING = macvtap(mac=SERVING, model="e1000")


@pytest.mark.parametrize(("here", "cleared_by"), [(VEPA, "R9"), (FILLING, "R6")])
@pytest.mark.parametrize("state", [DomainState.INACTIVE, DomainState.UNKNOWN])
def test_a_copy_that_does_not_run_clears_nothing_where_another_domain_was_not_read(
    here: Interface, cleared_by: str, state: DomainState
) -> None:
    stopped, running = provisioner(here, state=state), provisioner(here)

    assert finding_of(scene(beside=(stopped,))).rule == cleared_by
    assert finding_of(scene(beside=(running,), status=HostStatus.PARTIAL)).rule == cleared_by
    finding = finding_of(scene(beside=(stopped,), status=HostStatus.PARTIAL))
    assert finding.rule == "R11"
    assert NeedsPlace("satellite", WhyUnlocated.NOT_RUNNING, (Mac(SERVING),), "hv1") in finding.missing


@pytest.mark.parametrize("here", [VEPA, FILLING])
@pytest.mark.parametrize("state", DomainState)
def test_a_copy_in_files_may_be_one_that_does_not_run_and_clears_with_low_confidence(
    here: Interface, state: DomainState
) -> None:
    finding = finding_of(scene(beside=(provisioner(here, state=state),), lists_all_domains=False))
    runs = state is DomainState.ACTIVE

    assert finding.rule == ("R6" if here is FILLING else "R9")
    assert finding.confidence is (Confidence.MEDIUM if runs else Confidence.LOW)
    assert (NeedsHypervisors(("hv1",)) in finding.missing) is not runs


@pytest.mark.parametrize(
    ("state", "confidence"), [(DomainState.INACTIVE, Confidence.LOW), (DomainState.ACTIVE, Confidence.MEDIUM)]
)
def test_a_copy_that_does_not_run_elsewhere_clears_with_low_confidence_while_a_hypervisor_is_unread(
    state: DomainState, confidence: Confidence
) -> None:
    copy = hypervisor("hv2", provisioner(state=state), devices=(nic("eth0"),))
    unread = hypervisor("hv3", status=HostStatus.FAILED, devices=())

    finding = finding_of(scene(others=(copy, unread)))

    assert (finding.rule, finding.confidence) == ("R10", confidence)
    assert (NeedsHypervisors(("hv3",)) in finding.missing) == (confidence is Confidence.LOW)


def test_a_mac_that_only_the_next_start_has_is_found_there() -> None:
    running = provisioner(macvtap(mac=OTHER))
    later = replace(provisioner(state=DomainState.INACTIVE), next_start=True)

    assert finding_of(scene(beside=(running, later))).rule == "R7"
    assert finding_of(scene(beside=(provisioner(VEPA), later))).rule == "R9"


def test_the_running_copy_of_a_next_start_that_is_the_server_is_a_place_too() -> None:
    running = provisioner(macvtap(mac=OTHER))
    later = replace(provisioner(VEPA, state=DomainState.INACTIVE), next_start=True)
    report = correlate(scene(beside=(running, later)))
    (finding,) = (each for each in report.findings if each.domain == "web01")

    assert (finding.rule, finding.confidence) == ("R7", Confidence.MEDIUM)
    assert finding_of(scene(beside=(provisioner(macvtap("eth4", mac=OTHER)), later))).rule == "R9"
    assert finding_of(scene(beside=(domain("db", macvtap(mac=OTHER)), later))).rule == "R9"
    assert report.not_judged == {NotJudged.SERVER_ITSELF: 1}


def test_the_weakest_of_several_clearings_gives_the_confidence() -> None:
    lasting = satellite(
        tx_checksum=State.OFF, persistence=Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="ifcfg"))
    )
    other = satellite(name="z", tx_checksum=State.OFF, macs=(Mac(OTHER),), declared_macs=(Mac(OTHER),))
    beside = (provisioner(), domain("z", macvtap(mac=OTHER)))

    assert finding_of(scene(servers=(lasting,), beside=beside)).confidence is Confidence.HIGH
    assert finding_of(scene(servers=(lasting, other), beside=beside)).confidence is Confidence.MEDIUM


@pytest.mark.parametrize(("where", "rule"), [("bond2", "R13"), ("bond3", "R10")])
def test_a_named_device_that_was_not_read_leaves_the_server_in_the_domain_of_its_nics(where: str, rule: str) -> None:
    ens3 = sends(nic("ens3", driver="virtio_net", mac=Mac(SERVING)))
    sat = read_server(ens3, interface="eth9", tx_checksum=State.UNKNOWN, macs=())
    other = (bond("bond3", "eth6"), nic("eth6"))

    finding = finding_of(scene(servers=(sat,), beside=(provisioner(macvtap(where, mac=SERVING)),), devices=other))

    assert finding.rule == rule
    assert not any(isinstance(reason, NeedsPlace) for reason in finding.missing)


def test_interfaces_of_a_teaming_pair_that_disagree_have_at_most_medium_confidence() -> None:
    passed_through = Interface(index=1, type="hostdev", mac=Mac(SERVING))
    alone = finding_of(scene(beside=(provisioner(),)))
    paired = finding_of(scene(beside=(domain("sat", macvtap(mac=SERVING), passed_through),)))
    apart = finding_of(scene(beside=(domain("sat", macvtap(mac=SERVING), Interface(index=1, type="hostdev")),)))

    assert (alone.rule, alone.confidence) == ("R7", Confidence.HIGH)
    assert (paired.rule, paired.confidence) == ("R7", Confidence.MEDIUM)
    assert (apart.rule, apart.confidence) == ("R7", Confidence.HIGH)
