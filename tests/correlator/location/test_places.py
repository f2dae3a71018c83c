"""The place where a server's frames enter a hypervisor, by the devices that they leave through."""

import msgspec
import pytest

from tests.build import (
    bond,
    bridge,
    device,
    domain,
    gap_in_words,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    read_server,
    sends,
    server,
    veth,
    vlan,
)
from tests.correlator.scenes import OTHER, SERVING, finding_of, provisioner, scene
from virtscan.correlator import correlate
from virtscan.model import Confidence, Device, DeviceKind, DomainState, GapAbout, Mac, Machine, State, Verdict
from virtscan.model.gaps.causes import DeviceNotListed

THEIRS = Mac(SERVING)
A, B = Mac("b4:96:91:ff:00:01"), Mac("b4:96:91:ff:00:02")
BELOW = (bond("bond2"), nic("eth4", mac=Mac("b4:96:91:00:00:04")), nic("eth5", mac=Mac("b4:96:91:00:00:05")))


@pytest.mark.parametrize("guest", [nic("ens3", driver="virtio_net", mac=THEIRS), nic("eth4", mac=THEIRS)])
@pytest.mark.parametrize(
    ("matched", "verdict"),
    [
        (macvlan("macvtap0", "bond2", mac=THEIRS), Verdict.AT_RISK),
        (macvlan("macvtap0", "bond2", mac=THEIRS, lower=(), lower_complete=False), Verdict.UNKNOWN),
        (nic("eth6", mac=THEIRS, permanent_mac=Mac("b4:96:91:00:00:06")), Verdict.NOT_AFFECTED),
    ],
)
def test_a_device_with_a_servers_mac_is_the_servers_own_only_on_one_machine(
    guest: Device, matched: Device, verdict: Verdict
) -> None:
    sat = read_server(sends(guest))

    assert finding_of(scene(servers=(sat,), host_devices=(*BELOW, matched))).verdict is verdict


@pytest.mark.parametrize("uuid", [None, "4c4c4544-0000-1000-8000-000000000000"])
def test_a_hypervisor_that_is_the_server_sends_through_the_macvlan_that_only_the_server_lists(
    uuid: str | None,
) -> None:
    own = (macvlan("mv0", "bond2", mac=Mac("02:00:00:00:00:01")), *BELOW)
    sat = read_server(*map(sends, own), system_uuid=uuid)
    seen = BELOW if uuid is None else (bond("bond2"), nic("eth4"), nic("eth5"))

    assert finding_of(scene(servers=(sat,), host_devices=seen, system_uuid=uuid)).rule == "R7"


def test_a_device_is_a_guests_only_by_a_domain_of_its_own_machine() -> None:
    elsewhere = provisioner(macvtap("bond3", mac=SERVING))
    devices = (*BELOW, bond("bond3", "eth6"), nic("eth6"), device("mt0", DeviceKind.UNKNOWN, mac=THEIRS))

    on_another = finding_of(scene(others=(hypervisor("hv2", provisioner()),), host_devices=devices))
    on_this = finding_of(scene(beside=(elsewhere,), host_devices=devices))

    assert (on_another.verdict, on_this.verdict) == (Verdict.UNKNOWN, Verdict.NOT_AFFECTED)


def test_a_declared_hypervisor_is_the_place_of_all_macs() -> None:
    sat = server(macs=(THEIRS, Mac(OTHER)), runs_on="hv1")
    devices = (*BELOW, bond("bond3", "eth6"), nic("eth6"))
    gap = gap_in_words("domain x", "no answer", GapAbout.DOMAIN, hypervisor="hv1")
    guest = provisioner(macvtap("bond3", mac=SERVING))

    finding = finding_of(scene(servers=(sat,), beside=(guest,), host_devices=devices, gaps=(gap,)))

    assert finding.verdict is Verdict.NOT_AFFECTED


@pytest.mark.parametrize(
    ("listed", "mac", "where", "declared", "rule"),
    [
        (True, OTHER, "bond2", SERVING, "R13"),
        (True, OTHER, "bond2", OTHER, "R5"),
        (False, OTHER, "bond2", SERVING, "R13"),
        (False, None, "bond2", SERVING, "R5"),
        (True, OTHER, "bond3", SERVING, "R10"),
    ],
)
def test_a_declared_mac_that_no_device_has_is_another_nodes(
    listed: bool, mac: str | None, where: str, declared: str, rule: str
) -> None:
    node = nic("eth0", driver="virtio_net", mac=None if mac is None else Mac(mac))
    sat = read_server(sends(node, State.OFF), declared_macs=(Mac(declared),), lists_all_devices=listed)
    guest = provisioner(macvtap(where, mac=declared))
    devices = (*BELOW, bond("bond3", "eth6"), nic("eth6"))

    assert finding_of(scene(servers=(sat,), beside=(guest,), host_devices=devices)).rule == rule


@pytest.mark.parametrize(("declared", "rule"), [((SERVING, OTHER), "R13"), ((SERVING,), "R5"), ((OTHER,), "R5")])
def test_a_second_declared_mac_is_another_nodes_where_a_device_has_the_first(
    declared: tuple[str, ...], rule: str
) -> None:
    nics = (bond("bond0", "eth0", mac=Mac(SERVING)), nic("eth0", driver="virtio_net"))
    sat = read_server(
        sends(nics[0]), sends(nics[1], State.OFF), declared_macs=tuple(map(Mac, declared)), lists_all_devices=False
    )
    guest = domain("sat2", macvtap(mac=OTHER))

    assert finding_of(scene(servers=(sat,), beside=(guest,), host_devices=BELOW)).rule == rule


@pytest.mark.parametrize(("port", "rule"), [(State.ON, "R9"), (State.OFF, "R5")])
def test_frames_to_guests_of_the_server_itself_pass_no_nic(port: State, rule: str) -> None:
    nics = (bridge("br0", "eth4", "p0"), *BELOW[1:2], veth("p0"))
    sat = read_server(sends(nics[0]), sends(nics[1], State.OFF), sends(nics[2], port))

    assert finding_of(scene(macvtap("br0"), servers=(sat,), host_devices=nics)).rule == rule


def test_a_server_is_its_own_domain_by_any_of_its_nics() -> None:
    tunnel = device("vxlan0", DeviceKind.UNKNOWN, lower_complete=False, mac=Mac("ae:00:00:00:00:09"))
    sat = read_server(sends(tunnel), sends(nic("eth0", driver="virtio_net", mac=THEIRS)))

    report = correlate(scene(servers=(sat,), beside=(provisioner(),), host_devices=BELOW))

    assert [finding.domain for finding in report.findings] == ["web01"]


@pytest.mark.parametrize("more", [(), (macvlan("mv0", "bond2.100", mac=THEIRS),)])
def test_a_device_of_a_server_that_is_off_does_not_show_where_it_runs(more: tuple[Device, ...]) -> None:
    off = provisioner(macvtap("bond2.100", mac=SERVING), state=DomainState.INACTIVE)
    unread = gap_in_words(subject="a domain", reason="timeout", about=GapAbout.DOMAIN, hypervisor="hv1")
    devices = (*BELOW, vlan("bond2.100", "bond2"), *more)

    assert finding_of(scene(beside=(off,), host_devices=devices)).rule == "R9"
    assert finding_of(scene(beside=(off,), host_devices=devices, gaps=(unread,))).rule == "R11"


def test_a_device_that_was_not_read_may_be_the_servers() -> None:
    unread = gap_in_words(subject="br1", reason="timeout", about=GapAbout.DEVICE, hypervisor="hv1")
    absent = msgspec.structs.replace(unread, cause=DeviceNotListed())

    sure, unsure, gone = (finding_of(scene(gaps=gaps)) for gaps in ((), (unread,), (absent,)))

    assert [(host.rule, host.confidence, bool(host.missing)) for host in (sure, unsure, gone)] == [
        ("R10", Confidence.MEDIUM, False),
        ("R10", Confidence.LOW, True),
        ("R10", Confidence.MEDIUM, False),
    ]


@pytest.mark.parametrize(
    ("machine", "rule"), [(Machine.UNKNOWN, "R11"), (Machine.CONTAINER, "R11"), (Machine.PHYSICAL, "R10")]
)
def test_server_without_devices_but_with_the_hosts_uuid_may_be_a_container_there(machine: Machine, rule: str) -> None:
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    sat = server(system_uuid=uuid, machine=machine)

    finding = finding_of(scene(servers=(sat,), host_devices=(*BELOW, nic("eth0", mac=THEIRS)), system_uuid=uuid))

    assert finding.rule == rule


@pytest.mark.parametrize(
    ("top", "rule"),
    [
        (nic("eth0", mac=A), "R10"),
        (bond("bond0", "eth0", "eth1"), "R10"),
        # A team has no kind. A device on two others is not a macvlan, which guests of the machine may share.
        (device("team0", DeviceKind.UNKNOWN, "eth0", "eth1"), "R10"),
        (device("team0", DeviceKind.UNKNOWN, "eth0"), "R11"),
        (macvlan("mv0", "eth0"), "R11"),
    ],
)
def test_a_server_on_bare_metal_is_another_machine_unless_its_device_may_be_shared(top: Device, rule: str) -> None:
    nics = [nic("eth0", mac=A), nic("eth1", mac=B)]
    ordered = [top, *(device for device in nics if device != top)]
    sat = read_server(*map(sends, ordered), machine=Machine.PHYSICAL)

    assert finding_of(scene(servers=(sat,), lists_all_domains=False)).rule == rule


@pytest.mark.parametrize(("host", "rule"), [("hv1", "R7"), ("hv2", "R5")])
def test_frames_of_a_macvlan_pass_the_devices_below_it_on_their_way_to_another_machine(host: str, rule: str) -> None:
    own = macvlan("mv0", "bond2", mac=THEIRS)
    sat = read_server(sends(own), *(sends(device, State.OFF) for device in BELOW))
    there = hypervisor("hv2", devices=(*BELOW, own))
    here = (*BELOW, own) if host == "hv1" else (bond("bond2", "eth4"), nic("eth4", driver="virtio_net"))

    finding = finding_of(scene(servers=(sat,), host_devices=here, others=(there,) if host == "hv2" else ()))

    assert finding.rule == rule
