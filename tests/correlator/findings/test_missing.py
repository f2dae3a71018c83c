"""Facts that would settle a finding: every unknown one names a fact, and each value of it leads to a verdict."""

from typing import TypeAlias

import pytest
from msgspec.structs import replace

from tests.build import ONLY_BONDS, bond, bridge, device, domain, hypervisor, macvtap, nic, server, veth, vlan
from tests.correlator.scenes import OTHER, SERVING, finding_of, provisioner, satellite, scene
from virtscan.correlator import RULES, correlate
from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.findings.missing import ORDER, MissingFact, missing_facts
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.explain import InterfacePosition, explain, text
from virtscan.model import (
    Attachment,
    DeviceKind,
    DomainState,
    HostStatus,
    Interface,
    Inventory,
    Mac,
    Policy,
    SourceMode,
    State,
    Verdict,
    reasons,
)

Verdicts: TypeAlias = dict[str, Verdict | None]

AT_RISK, UNKNOWN, MITIGATED, CLEAR = Verdict
BRIDGE, VEPA, PRIVATE, PASSTHROUGH, NO_MODE = SourceMode

LOST = (server(),)
"""A server of which no MAC is known."""
BLIND = (satellite(tx_checksum=State.UNKNOWN),)
VIRTIO = (bond("bond2", "eth4"), nic("eth4", driver="virtio_net"))
ODD = (bond("bond2", "eth4"), nic("eth4", driver=None, mac=Mac("02:00:00:00:00:04")))
BESIDE = (provisioner(),)
ON_BOND3 = (provisioner(macvtap("bond3", mac=SERVING)),)
WITHOUT_MODE = (provisioner(macvtap(mode=NO_MODE, mac=SERVING)),)
NOWHERE = (Attachment(None, NO_MODE),)
CREATED_BEFOREHAND = Interface(index=0, type="ethernet", target="t0", managed=False, attachments=NOWHERE)

KERNEL: Verdicts = {"fixed": CLEAR, "unfixed": UNKNOWN}
WAY: Verdicts = {"through-nics": CLEAR, "received": AT_RISK}


def placed(same: Verdict, *, other: Verdict = CLEAR, unknown: Verdict = UNKNOWN, received: Verdict) -> Verdicts:
    """The verdicts of every place that a server may turn out to have."""
    return {
        "same-bridge": same,
        "same-other": other,
        "same-unknown": unknown,
        "received": received,
        "never-met": other,
        "through-nics": other,
    }


ANYWHERE = placed(AT_RISK, received=AT_RISK)
NOT_IN_BRIDGE_MODE = placed(CLEAR, unknown=CLEAR, received=AT_RISK)


def facts_of(looked_at: Inventory) -> tuple[MissingFact, ...]:
    here = looked_at.hypervisors[0]
    web01 = here.domains[0]
    points = Evaluator(ServerIndex(looked_at), here).points(web01, web01.interfaces[0])
    return missing_facts(points, finding_of(looked_at).missing)


def outlook_of(looked_at: Inventory) -> str:
    """Return what `explain` prints about web01's interface."""
    return text(explain(correlate(looked_at), [InterfacePosition(0, 0, 0)]))


TABLE: dict[str, tuple[Inventory, str, list[tuple[str, Verdicts]]]] = {
    "no server": (scene(servers=()), "R3", [("NeedsServer", {})]),
    "no server, no kernel": (scene(servers=(), kernel=None), "R3", [("NeedsKernel", KERNEL), ("NeedsServer", {})]),
    "place": (scene(servers=LOST), "R11", [("NeedsPlace", ANYWHERE)]),
    "place and kernel": (
        scene(servers=LOST, kernel=None),
        "R11",
        [("NeedsKernel", {"fixed": CLEAR, "unfixed": AT_RISK}), ("NeedsPlace", ANYWHERE)],
    ),
    "place of a server that a port in vepa mode asks": (
        scene(macvtap(mode=VEPA), servers=LOST),
        "R12",
        [("NeedsPlace", NOT_IN_BRIDGE_MODE)],
    ),
    "place and kernel of a port in vepa mode": (
        scene(macvtap(mode=VEPA), servers=LOST, kernel=None),
        "R12",
        [("NeedsKernel", KERNEL), ("NeedsPlace", NOT_IN_BRIDGE_MODE)],
    ),
    "place and mode": (
        scene(macvtap(mode=NO_MODE), servers=LOST),
        "R12",
        [
            ("NeedsPlace", placed(UNKNOWN, received=AT_RISK)),
            ("NeedsMode", {"bridge": AT_RISK, "vepa": UNKNOWN, "private": UNKNOWN, "passthrough": UNKNOWN}),
        ],
    ),
    "offload": (scene(servers=BLIND, beside=BESIDE), "R13", [("NeedsOffload", {"on": AT_RISK, "off": MITIGATED})]),
    "offload and kernel": (
        scene(servers=BLIND, beside=BESIDE, kernel=None),
        "R13",
        [("NeedsKernel", KERNEL), ("NeedsOffload", {"on": AT_RISK, "off": MITIGATED})],
    ),
    "offload and place": (
        scene(servers=(server(tx_checksum=State.UNKNOWN),)),
        "R13",
        [
            ("NeedsOffload", {"on": AT_RISK, "off": MITIGATED}),
            ("NeedsPlace", placed(UNKNOWN, received=UNKNOWN)),
        ],
    ),
    "offload and what the NICs are": (
        scene(servers=BLIND, host_devices=ODD, beside=ON_BOND3),
        "R13",
        [
            ("NeedsOffload", {"on": UNKNOWN, "off": MITIGATED}),
            ("NeedsNicKinds", {"through-nics": CLEAR, "received": UNKNOWN}),
        ],
    ),
    "what the NICs are": (scene(host_devices=ODD, beside=ON_BOND3), "R14", [("NeedsNicKinds", WAY)]),
    "what the device is": (scene(macvtap("gone0"), beside=BESIDE), "R14", [("NeedsNicKinds", WAY)]),
    "the server's device": (
        scene(devices=(device("x0", DeviceKind.UNKNOWN, mac=Mac(SERVING)),)),
        "R14",
        [("NeedsServerDevice", WAY)],
    ),
    "the device of a server that is declared to run here": (
        scene(servers=(server(runs_on="hv1"),)),
        "R14",
        [("NeedsServerDevice", WAY)],
    ),
    "the server's network": (
        scene(beside=(provisioner(macvtap(mac=SERVING, attachments=NOWHERE)),)),
        "R14",
        [("NeedsServerDevice", WAY)],
    ),
    "the kind of a device between both": (
        scene(beside=(provisioner(macvtap("x0", mac=SERVING)),), devices=(device("x0", DeviceKind.UNKNOWN, "bond2"),)),
        "R14",
        [("NeedsDeviceRole", WAY)],
    ),
    "what the interface is": (scene(CREATED_BEFOREHAND, beside=BESIDE), "R14", [("NeedsInterface", WAY)]),
    "the outer host": (scene(host_devices=VIRTIO), "R14", [("NeedsOuterHost", WAY)]),
    "the outer host, where the NICs under the device are not known": (
        scene(host_devices=(bond("bond2", "eth4", lower_complete=False), nic("eth0", driver="virtio_net"))),
        "R14",
        [("NeedsOuterHost", WAY)],
    ),
    "the outer host and the kernel": (
        scene(host_devices=VIRTIO, kernel=None),
        "R14",
        [("NeedsKernel", KERNEL), ("NeedsOuterHost", WAY)],
    ),
    "where a nested hypervisor is": (
        scene(
            others=(hypervisor("hv2", provisioner(), devices=(nic("eth0", mac=Mac(OTHER), driver="virtio_net"),)),),
            lists_all_domains=False,
        ),
        "R14",
        [("NeedsPlace", ANYWHERE)],
    ),
    "what a reflecting switch sends back": (
        scene(
            host_devices=VIRTIO,
            beside=(provisioner(macvtap(mode=VEPA, mac=SERVING)),),
            reflective=("bond2",),
        ),
        "R14",
        [("NeedsReflection", WAY)],
    ),
    "what virtual NICs send back": (
        scene(host_devices=VIRTIO, beside=ON_BOND3),
        "R14",
        [("NeedsReflection", WAY)],
    ),
    "the interface's mode": (
        scene(macvtap(mode=NO_MODE), beside=BESIDE),
        "R14",
        [("NeedsMode", {"bridge": AT_RISK, "vepa": CLEAR, "private": CLEAR, "passthrough": CLEAR})],
    ),
    "the server's mode": (scene(beside=WITHOUT_MODE), "R14", [("NeedsMode", {"bridge": AT_RISK, "another": CLEAR})]),
    "both modes": (
        scene(macvtap(mode=NO_MODE), beside=WITHOUT_MODE),
        "R14",
        [
            ("NeedsMode", {"bridge": UNKNOWN, "another": CLEAR}),
            ("NeedsMode", {"bridge": UNKNOWN, "vepa": CLEAR, "private": CLEAR, "passthrough": CLEAR}),
        ],
    ),
    "the server's mode, if it is not a tap": (
        scene(macvtap("gone0", VEPA), beside=(provisioner(macvtap("gone0", NO_MODE, SERVING)),)),
        "R14",
        [("NeedsMode", {"bridge": CLEAR, "another": CLEAR, "tap": AT_RISK})],
    ),
    "place and kind of the device, where only bonds are asked for": (
        scene(macvtap("gone0"), servers=LOST, policy=ONLY_BONDS),
        "R11",
        [("NeedsPlace", ANYWHERE), ("NeedsDeviceKind", {"bond": AT_RISK, "no-bond": None})],
    ),
    "the kernel alone, of an interface at risk": (
        scene(beside=BESIDE, kernel=None),
        "R7",
        [("NeedsKernel", {"fixed": CLEAR, "unfixed": AT_RISK})],
    ),
    # Another server stays as it is.
    "the place of the worst of two servers": (
        scene(servers=(server("a"), *BLIND), beside=BESIDE),
        "R11",
        [("NeedsPlace", placed(AT_RISK, other=UNKNOWN, received=AT_RISK))],
    ),
    "the offload of one of two servers": (
        scene(
            servers=(*BLIND, server("z", State.UNKNOWN, macs=(Mac(OTHER),))),
            beside=(*BESIDE, domain("z", macvtap(mac=OTHER))),
        ),
        "R13",
        [("NeedsOffload", {"on": AT_RISK, "off": UNKNOWN})],
    ),
    # Nothing is asked of what is clear, and nothing helps a clear case of the fault.
    "nothing at risk with all facts": (scene(beside=BESIDE), "R7", []),
    "nothing of another machine": (scene(), "R10", []),
    "nothing of a place that is known with low confidence": (
        scene(others=(hypervisor("hv3", status=HostStatus.FAILED, devices=()),)),
        "R10",
        [],
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_the_missing_facts_come_cheapest_first_with_what_each_value_leads_to(row: str) -> None:
    looked_at, rule, expected = TABLE[row]

    assert finding_of(looked_at).rule == rule
    assert [(type(fact.reason).__name__, dict(fact.verdicts)) for fact in facts_of(looked_at)] == expected


def test_every_rule_that_leaves_a_verdict_unknown_is_in_the_table() -> None:
    unknown = {rule.id for rule in RULES if rule.verdict is UNKNOWN}

    assert {rule for _, rule, _ in TABLE.values()} >= unknown | {"R11"}


def test_every_fact_that_an_open_verdict_may_lack_has_its_place() -> None:
    needs = {kind for name, kind in vars(reasons).items() if name.startswith("Needs")}

    # A mitigated verdict lacks the reboot, one of another machine the hypervisors that were not read.
    assert needs - {kind for kind, _ in ORDER} == {reasons.NeedsReboot, reasons.NeedsHypervisors}


def test_facts_that_change_nothing_alone_are_all_given() -> None:
    # Two servers of unknown offload beside the interface: one alone settles nothing if the other may be on.
    looked_at = scene(
        macvtap("bond2"),
        servers=(*BLIND, replace(BLIND[0], name="z", macs=(Mac(OTHER),), declared_macs=())),
        beside=(*WITHOUT_MODE, domain("z", macvtap(mode=NO_MODE, mac=OTHER))),
    )

    assert {type(fact.reason).__name__ for fact in facts_of(looked_at)} == {"NeedsOffload", "NeedsMode"}
    assert all(set(fact.verdicts.values()) == {UNKNOWN} for fact in facts_of(looked_at))


def test_facts_of_other_places_are_given_if_those_of_the_deciding_place_settle_nothing() -> None:
    # Both modes are unknown, and the server's other interface may come back from a reflecting switch.
    sat = domain("sat", macvtap(mode=NO_MODE, mac=SERVING), macvtap("bond3", mac=OTHER, index=1))
    declared = scene(
        macvtap(mode=NO_MODE), beside=(sat,), host_devices=VIRTIO, servers=(satellite(source="on", observed_at=None),)
    )
    read = replace(declared, servers=(satellite(),))

    assert [(type(fact.reason).__name__, dict(fact.verdicts)) for fact in facts_of(declared)] == [
        ("NeedsReflection", {"through-nics": UNKNOWN, "received": AT_RISK})
    ]
    assert [type(fact.reason).__name__ for fact in facts_of(read)] == [
        "NeedsOffload",
        "NeedsReflection",
        "NeedsMode",
        "NeedsMode",
    ]
    assert "to get a definite verdict, easiest first:" in outlook_of(declared)
    assert "to get a definite verdict, all of these are needed, easiest first:" in outlook_of(read)


def test_a_scan_that_renews_old_facts_is_given_beside_those_that_change_nothing_alone() -> None:
    two = (*BLIND, replace(BLIND[0], name="z", macs=(Mac(OTHER),), declared_macs=()))
    beside = (*WITHOUT_MODE, domain("z", macvtap(mode=NO_MODE, mac=OTHER)))
    old = scene(macvtap(mode=VEPA), servers=two, beside=beside, policy=Policy(max_age=60.0), observed_at=None)

    needed = {type(fact.reason).__name__ for fact in facts_of(old)}

    assert needed == {"NeedsRenewal", "NeedsOffload", "NeedsPlace"}


@pytest.mark.parametrize(
    ("looked_at", "devices"),
    [
        (scene(host_devices=ODD, beside=ON_BOND3), {"eth4"}),
        (scene(macvtap("gone0"), beside=BESIDE), set()),
        (scene(macvtap("br9"), beside=ON_BOND3, devices=(bridge("br9", "eth4", "x9"),)), {"x9"}),
        (scene(macvtap("v.7"), beside=ON_BOND3, devices=(vlan("v.7", "gone0"),)), {"gone0"}),
    ],
)
def test_the_devices_of_unknown_kind_are_named(looked_at: Inventory, devices: set[str]) -> None:
    (fact,) = facts_of(looked_at)

    assert set(getattr(fact.reason, "nics", ())) == devices


def test_a_device_that_reflects_names_its_virtual_ends() -> None:
    looked_at = scene(macvtap("br9"), beside=ON_BOND3, devices=(bridge("br9", "p9"), veth("p9")))

    (fact,) = facts_of(looked_at)

    assert (type(fact.reason).__name__, getattr(fact.reason, "nics", ())) == ("NeedsReflection", ("p9",))


@pytest.mark.parametrize(("state", "outer"), [(DomainState.ACTIVE, "hv2"), (DomainState.INACTIVE, None)])
def test_the_path_is_missing_if_the_outer_host_is_known_to_run_the_server(
    state: DomainState, outer: str | None
) -> None:
    interface = macvtap(mac=OTHER, guest_csum=State.OFF)  # the outer host fills in checksums, or loses the mark
    around = hypervisor("hv2", provisioner(), domain("hv1", interface, state=state))
    virtual = (bond("bond2", "eth4"), nic("eth4", mac=Mac(OTHER), driver="virtio_net"))
    nested = scene(host_devices=virtual, others=(around,))

    assert finding_of(nested).missing == (reasons.NeedsOuterHost(server="satellite", hypervisor="hv1", outer=outer),)
    assert facts_of(nested)[0].verdicts == WAY
