import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    ONLY_BONDS,
    UNFIXED_KERNEL,
    bond,
    bridged,
    device,
    domain,
    hypervisor,
    inventory,
    macvtap,
    nic,
    server,
)
from tests.correlator.scenes import SERVING, finding_of, provisioner, satellite, scene
from virtscan.correlator import correlate
from virtscan.model import (
    Attachment,
    Conclusion,
    Confidence,
    DeviceKind,
    DeviceName,
    Exposure,
    Finding,
    HostStatus,
    Interface,
    Mac,
    Netboot,
    NotJudged,
    Policy,
    Server,
    SourceMode,
    State,
    Verdict,
    Waiver,
)
from virtscan.model.reasons import NeedsHypervisors, NeedsInterface


def test_a_finding_names_every_other_server_that_puts_it_at_risk_but_for_waived_ones() -> None:
    fleet = inventory(
        hypervisor("hv1", domain("web01", macvtap()), domain("web02", macvtap()), kernel=UNFIXED_KERNEL),
        servers=(server("one"), server("two"), server("off", tx_checksum=State.OFF), server("accepted")),
        policy=Policy(waivers=(Waiver(reason="old", domain="web02", server="accepted"),)),
    )

    first, second = correlate(fleet).findings

    assert [first.server, *(other.server for other in first.others)] == ["accepted", "one", "two"]
    assert [second.server, *(other.server for other in second.others)] == ["one", "two"]
    assert {other.server_interface for other in first.others} == {"eth0"}


def test_an_empty_inventory_gives_an_empty_report() -> None:
    empty = inventory()

    report = correlate(empty)

    assert (report.inventory, report.findings, report.not_judged) == (empty, (), {})


def test_a_finding_carries_the_facts_of_its_interface() -> None:
    looked_at = domain("web01", macvtap("bond2.7", index=3, boot_order=1), uuid="c7a5", origin="web.xml#2")
    here = hypervisor(
        "hv1",
        looked_at,
        devices=(device("bond2.7", DeviceKind.VLAN, "bond2"), bond("bond2", "eth4"), nic("eth4")),
        segments={"bond2.7": "pxe-a"},
    )

    (finding,) = correlate(inventory(here, servers=(server(),))).findings

    assert finding == Finding(
        hypervisor="hv1",
        origin="web.xml#2",
        domain="web01",
        uuid="c7a5",
        index=3,
        mac=Mac("52:54:00:93:76:af"),
        conclusion=Conclusion(
            source_device=DeviceName("bond2.7"),
            source_mode=SourceMode.BRIDGE,
            device_kind=DeviceKind.VLAN,
            lower_devices=(DeviceName("bond2"), DeviceName("eth4")),
            segment="pxe-a",
            server="satellite",
            server_interface="eth0",
            verdict=Verdict.AT_RISK,
            confidence=Confidence.LOW,
            exposure=Exposure.BOOTS,
            rule="R11",
            because=finding.because,
            missing=finding.missing,
        ),
    )


@pytest.mark.parametrize(
    ("servers", "kernel", "segments"),
    [
        ((satellite(),), FIXED_KERNEL, {}),
        ((), None, {}),
        ((satellite(segments=("pxe-a",)),), None, {"bond2": "pxe-b"}),
    ],
)
def test_a_rule_about_no_server_names_none(
    servers: tuple[Server, ...], kernel: str | None, segments: dict[str, str]
) -> None:
    finding = finding_of(scene(servers=servers, kernel=kernel, segments=segments))

    assert (finding.server, finding.server_interface) == (None, None)


ON = server("a")
OFF = server("b", tx_checksum=State.OFF)
BLIND = server("c", tx_checksum=State.UNKNOWN)
PHYSICAL = server("d", physical=True)


@pytest.mark.parametrize(
    ("servers", "decides"),
    [
        ((PHYSICAL, OFF, BLIND, ON), "a"),
        ((PHYSICAL, OFF, BLIND), "c"),
        ((PHYSICAL, OFF), "b"),
        ((PHYSICAL,), "d"),
    ],
)
def test_the_worst_server_decides(servers: tuple[Server, ...], decides: str) -> None:
    assert finding_of(scene(servers=servers)).server == decides


def test_more_certain_of_two_equal_servers_decides() -> None:
    unsure = server("a")
    sure = satellite(name="z")

    finding = finding_of(scene(servers=(unsure, sure), beside=(provisioner(),)))

    assert (finding.server, finding.rule) == ("z", "R7")


def test_first_server_by_name_decides_if_all_else_is_equal() -> None:
    assert (
        finding_of(scene(servers=(server("b"), server("a", interface="eth1"), server("a")))).server_interface == "eth0"
    )
    assert finding_of(scene(servers=(server("b"), server("a", interface="eth1")))).server == "a"


def test_a_server_without_a_named_interface_comes_first() -> None:
    finding = finding_of(scene(servers=(server("a", interface="eth0"), server("a", interface=None))))

    assert (finding.server, finding.server_interface) == ("a", None)


def test_a_pool_with_an_unknown_device_is_judged_on_all() -> None:
    pool = (Attachment(DeviceName("bond2"), SourceMode.VEPA), Attachment(None, SourceMode.BRIDGE))
    interface = Interface(index=0, type="network", network="pool", attachments=pool)

    finding = finding_of(scene(interface, servers=(server(),)))

    assert (finding.rule, finding.source_device) == ("R11", None)


def test_no_verdict_is_certain_for_a_pool_whose_devices_disagree() -> None:
    pool = tuple(Attachment(DeviceName(name), SourceMode.BRIDGE) for name in ("bond2", "bond3"))
    interface = Interface(index=0, type="network", network="pool", attachments=pool)
    devices = (bond("bond3", "eth6"), nic("eth6"))

    alone = finding_of(scene(beside=(provisioner(),)))
    one_of_two = finding_of(scene(interface, beside=(provisioner(),), devices=devices))
    alike = finding_of(scene(interface, devices=devices, kernel=FIXED_KERNEL))

    assert (alone.rule, alone.confidence) == ("R7", Confidence.HIGH)
    assert (one_of_two.rule, one_of_two.confidence) == ("R7", Confidence.MEDIUM)
    assert (alike.rule, alike.confidence) == ("R2", Confidence.HIGH)


def test_a_server_that_does_not_serve_the_segment_does_not_count() -> None:
    servers = (server("near", segments=("pxe-a",)), server("far", segments=("pxe-b",), tx_checksum=State.OFF))

    finding = finding_of(scene(servers=servers, segments={"bond2": "pxe-b"}))

    assert (finding.server, finding.verdict) == ("far", Verdict.MITIGATED)


def test_the_device_that_decided_is_the_one_that_is_shown() -> None:
    pool = (
        Attachment(DeviceName("bond3"), SourceMode.BRIDGE),
        Attachment(DeviceName("bond2"), SourceMode.BRIDGE),
        Attachment(DeviceName("bond1"), SourceMode.BRIDGE),
    )
    interface = Interface(index=0, type="network", network="pool", attachments=pool)
    others = (bond("bond3", "eth6"), nic("eth6"), bond("bond1", "eth7"), nic("eth7"))

    assert finding_of(scene(interface, beside=(provisioner(),), devices=others)).source_device == "bond2"
    assert finding_of(scene(interface, servers=(server(),), devices=others)).source_device == "bond1"


def test_served_device_is_shown_if_two_devices_clear() -> None:
    pool = tuple(Attachment(DeviceName(name), SourceMode.BRIDGE) for name in ("bond2", "bond3"))
    interface = Interface(index=0, type="network", network="pool", attachments=pool)
    segments = {"bond2": "pxe-b", "bond3": "pxe-a"}

    finding = finding_of(scene(interface, servers=(server(segments=("pxe-a",), physical=True),), segments=segments))

    assert (finding.rule, finding.source_device) == ("R10", "bond3")


def test_findings_come_worst_first_then_most_pressing_then_by_name() -> None:
    boots = ("network",)
    vepa = SourceMode.VEPA
    fleet = inventory(
        hypervisor(
            "hv2",
            domain("b", macvtap(index=1), macvtap(index=0), origin="y"),
            domain("a", macvtap(), origin="y"),
            domain("a", macvtap(), origin="x"),
        ),
        hypervisor("hv1", domain("z", macvtap()), domain("v", macvtap(mode=vepa), boot_devices=boots)),
        hypervisor("hv3", domain("n", macvtap(), boot_devices=boots)),
        hypervisor("hv0", domain("f", macvtap(), boot_devices=boots), kernel=FIXED_KERNEL),
        servers=(server(),),
    )

    order = [
        (finding.hypervisor, finding.domain, finding.index, finding.origin) for finding in correlate(fleet).findings
    ]

    default = "qemu:///system"
    assert order == [
        ("hv3", "n", 0, default),
        ("hv1", "z", 0, default),
        ("hv2", "a", 0, "x"),
        ("hv2", "a", 0, "y"),
        ("hv2", "b", 0, "y"),
        ("hv2", "b", 1, "y"),
        ("hv1", "v", 0, default),
        ("hv0", "f", 0, default),
    ]


def test_findings_are_ordered_by_the_numbers_in_names() -> None:
    fleet = inventory(
        hypervisor("hv10", domain("vm1", macvtap())),
        hypervisor("hv9", *(domain(name, macvtap()) for name in ("vm10", "vm9", "VM9", "vm009"))),
        servers=(server(),),
    )

    assert [(finding.hypervisor, finding.domain) for finding in correlate(fleet).findings] == [
        ("hv9", "VM9"), ("hv9", "vm009"), ("hv9", "vm9"), ("hv9", "vm10"), ("hv10", "vm1"),
    ]  # fmt: skip


def test_interfaces_without_a_finding_are_counted_by_reason() -> None:
    fleet = inventory(
        hypervisor(
            "hv1",
            domain("web01", bridged(), macvtap("eth4", index=1), Interface(index=2, type="user")),
            domain("sat", macvtap(mac=SERVING)),
        ),
        servers=(satellite(),),
        policy=ONLY_BONDS,
    )

    report = correlate(fleet)

    assert report.findings == ()
    assert report.not_judged == {
        NotJudged.NOT_MACVTAP: 2,
        NotJudged.NOT_ON_A_BOND: 1,
        NotJudged.SERVER_ITSELF: 1,
    }


def test_both_interfaces_of_a_teaming_pair_are_the_server_itself() -> None:
    pair = domain("sat", macvtap(mac=SERVING), macvtap("bond3", mac=SERVING, index=1))

    assert correlate(inventory(hypervisor("hv1", pair), servers=(satellite(),))).not_judged == {
        NotJudged.SERVER_ITSELF: 2
    }


def test_a_pool_of_which_every_device_is_out_is_counted_under_the_reason_that_comes_last() -> None:
    pool = (Attachment(DeviceName("br0"), None), Attachment(DeviceName("eth4"), SourceMode.BRIDGE))
    interface = Interface(index=0, type="network", network="pool", attachments=pool)

    assert correlate(inventory(hypervisor("hv1", domain("web01", interface)), policy=ONLY_BONDS)).not_judged == {
        NotJudged.NOT_ON_A_BOND: 1
    }


def test_the_server_is_judged_against_another_server() -> None:
    fleet = inventory(
        hypervisor("hv1", domain("sat", macvtap(mac=SERVING))),
        servers=(satellite(tx_checksum=State.OFF), server("capsule")),
    )

    (finding,) = correlate(fleet).findings

    assert (finding.server, finding.verdict) == ("capsule", Verdict.AT_RISK)


def test_interfaces_plugged_in_alike_share_their_reasons() -> None:
    fleet = inventory(hypervisor("hv1", domain("a", macvtap()), domain("b", macvtap())), servers=(server(),))

    first, second = correlate(fleet).findings

    assert first.because is second.because
    assert first.missing is second.missing


def test_the_same_attachments_on_two_networks_are_distinguished() -> None:
    unread = (Attachment(None, SourceMode.UNKNOWN),)
    fleet = inventory(
        hypervisor(
            "hv1",
            *(domain(n, Interface(index=0, type="network", network=n, attachments=unread)) for n in ("net-a", "net-b")),
        ),
        servers=(server(),),
    )

    for finding in correlate(fleet).findings:
        assert NeedsInterface(hypervisor="hv1", network=finding.domain) in finding.missing


def test_hypervisors_do_not_share_what_they_know() -> None:
    fleet = inventory(
        hypervisor("hv1", domain("web01", macvtap())),
        replace(hypervisor("hv2", domain("web02", macvtap()), kernel=FIXED_KERNEL), devices=(nic("bond2"),)),
        servers=(server(),),
        policy=ONLY_BONDS,
    )

    report = correlate(fleet)

    assert [finding.hypervisor for finding in report.findings] == ["hv1"]
    assert report.not_judged == {NotJudged.NOT_ON_A_BOND: 1}


def test_an_interface_that_a_provisioning_system_is_about_to_install_is_pending() -> None:
    waiting, done = Mac("52:54:00:93:76:af"), Mac("52:54:00:00:00:09")
    fleet = inventory(
        hypervisor("hv1", domain("a", macvtap(mac=waiting)), domain("b", macvtap(mac=done))),
        servers=(server(),),
        netboots=tuple(
            Netboot(mac=mac, system="s", pending=mac == waiting, source="cobbler") for mac in (waiting, done)
        ),
    )

    assert [finding.exposure for finding in correlate(fleet).findings] == [Exposure.PENDING, Exposure.LATENT]


def test_a_mitigation_is_not_surer_than_another_server_that_only_an_unread_hypervisor_could_refute() -> None:
    off = satellite(tx_checksum=State.OFF)
    real = Mac("b4:96:91:aa:00:01")
    elsewhere = satellite(name="other", macs=(real,), declared_macs=(real,))
    unread = hypervisor("hv3", status=HostStatus.FAILED)

    alone = finding_of(scene(servers=(off,), others=(unread,), lists_all_domains=True))
    both = finding_of(scene(servers=(off, elsewhere), others=(unread,), lists_all_domains=True))

    assert (alone.rule, alone.confidence) == ("R5", Confidence.MEDIUM)
    assert (both.rule, both.confidence) == ("R5", Confidence.LOW)
    assert NeedsHypervisors(hypervisors=("hv3",)) in both.missing
