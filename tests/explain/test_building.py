"""An account agrees with the report, for the same reasons."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from tests.build import ONLY_BONDS, TAKEN_AT, bond, domain, hypervisor, inventory, macvtap, nic, server
from tests.correlator.fleets import inventories
from tests.correlator.scenes import SERVING, provisioner, satellite, scene
from virtscan.correlator import RULES, correlate
from virtscan.explain import InterfaceExplanation, explain, find
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    Feature,
    Interface,
    Inventory,
    Mac,
    Netboot,
    Network,
    Observed,
    Offload,
    Persistence,
    Policy,
    ServerDevice,
    SourceMode,
    State,
    Verdict,
    Waiver,
)
from virtscan.model.facts.persistence import SettingInWords

some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def accounts(looked_at: Inventory, wanted: str = "*") -> tuple[InterfaceExplanation, ...]:
    return explain(correlate(looked_at), find(looked_at, wanted)).accounts


def account(looked_at: Inventory) -> InterfaceExplanation:
    (only,) = accounts(looked_at, "web01")
    return only


def facts(stated: InterfaceExplanation) -> dict[str, tuple[str | None, str | None, str | None]]:
    """The facts of an interface; of several with one name the first."""
    return {fact.fact: (fact.value, fact.source, fact.ago) for fact in reversed(stated.facts)}


def of_server(stated: InterfaceExplanation) -> dict[str, tuple[str | None, str | None, str | None]]:
    (only,) = stated.servers
    return {fact.fact: (fact.value, fact.source, fact.ago) for fact in only.facts}


@pytest.mark.long
@some
@given(inventories(least_servers=0))
def test_the_deciding_rule_is_that_of_the_report(looked_at: Inventory) -> None:
    report = correlate(looked_at)

    stated = explain(report, find(looked_at, "*")).accounts

    assert sum(account.finding is not None for account in stated) == len(report.findings)
    for account in stated:
        decided = [decision for decision in account.decisions if decision.decides]
        assert len(decided) == (1 if account.interface.attachments else 0)
        assert (account.finding is None) == (account.not_judged is not None)
        if account.finding is not None:
            (decision,) = decided
            finding = account.finding
            assert (decision.rule, decision.verdict, decision.confidence) == (
                finding.rule,
                finding.verdict,
                finding.confidence,
            )
            assert (decision.source_device, decision.source_mode) == (finding.source_device, finding.source_mode)
            assert finding.server in {decision.server, None}
            assert account.exposure is finding.exposure
        else:
            assert all(decision.verdict is None for decision in decided)


@pytest.mark.long
@some
@given(inventories(least_servers=0))
def test_every_rule_is_met_in_order_until_one_applies(looked_at: Inventory) -> None:
    for account in accounts(looked_at):
        for decision in account.decisions:
            assert [step.rule for step in decision.steps] == [rule.id for rule in RULES]
            applied = [step.applies for step in decision.steps].index(True)
            before, at, after = decision.steps[:applied], decision.steps[applied], decision.steps[applied + 1 :]
            assert at.rule == decision.rule
            assert all(condition.holds for condition in at.conditions)
            assert all(
                step.applies is False and not all(condition.holds for condition in step.conditions) for step in before
            )
            assert all(step.applies is None and not step.conditions for step in after)


@pytest.mark.long
@some
@given(inventories(least_servers=2))
def test_every_server_is_judged_or_excluded(looked_at: Inventory) -> None:
    servers = {server.name for server in looked_at.servers}
    for account in accounts(looked_at):
        for device in {decision.source_device for decision in account.decisions}:
            decisions = [decision for decision in account.decisions if decision.source_device == device]
            if any(decision.rule == "R1" and not account.excluded for decision in decisions):
                continue
            named = {decision.server for decision in decisions} | {
                s.server for s in account.excluded if s.source_device == device
            }
            assert servers == named - {None}


def test_waiver_is_in_the_explanation() -> None:
    waived = scene(beside=(provisioner(),), policy=Policy(waivers=(Waiver(reason="from its ISO", domain="web*"),)))

    finding = account(waived).finding
    assert finding is not None
    assert finding.waived == "from its ISO"


def test_the_chain_goes_down_to_the_nics_and_the_kernel() -> None:
    stated = account(scene(segments={"bond2": "pxe-a"}))

    assert [fact.fact for fact in stated.facts] == [
        "hypervisor", "domain", "interface", "source device", "device", "device", "device", "kernel", "segment", "boot",
        "exposure",
    ]  # fmt: skip
    values = [fact.value for fact in stated.facts if fact.fact == "device"]
    assert [value and value.split(", b4:")[0] for value in values] == [
        "bond2: bond, on eth4, eth5", "eth4: ethernet, a NIC", "eth5: ethernet, a NIC"
    ]  # fmt: skip
    assert facts(stated)["source device"] == ("bond2, bridge mode", "domain XML", "at the scan")
    assert facts(stated)["segment"] == ("pxe-a (bond2)", "configuration", None)
    kernel, source, ago = facts(stated)["kernel"]
    assert kernel is not None
    assert kernel.startswith("2.6.32-279.el6.x86_64, unfixed: ")
    assert (source, ago) == ("ssh", "at the scan")


def test_the_network_and_its_pool_are_named() -> None:
    pool = (Attachment(DeviceName("bond2"), SourceMode.BRIDGE), Attachment(DeviceName("bond3"), SourceMode.BRIDGE))
    plugged = Interface(index=0, type="network", network="pxe", portgroup="boot", attachments=pool)
    here = hypervisor(
        "hv1", domain("web01", plugged), networks=(Network(name="pxe", forward_mode="bridge", attachments=pool),)
    )

    stated = account(inventory(here))
    assert facts(stated)["network"] == (
        "pxe, portgroup boot, forward mode bridge, on bond2, bond3",
        "network XML",
        "at the scan",
    )
    unread = account(inventory(replace(here, networks=())))
    assert facts(unread)["network"] == (None, "pxe, portgroup boot: its definition was not read", None)


def test_a_fact_is_as_old_as_its_source() -> None:
    month = TAKEN_AT - timedelta(days=31)
    old = Device(name=DeviceName("bond2"), kind=DeviceKind.BOND, sources=("ansible",), observed_at=month)
    kernel = Observed(value="3.6.5", source="sosreport", observed_at=month)
    stated = account(inventory(hypervisor("hv1", domain("web01", macvtap()), devices=(old,), kernel=None)))

    assert facts(stated)["device"] == ("bond2: bond", "ansible", "31 days ago")
    assert facts(stated)["domain"][2] == "at the scan"
    aged = account(inventory(replace(hypervisor("hv1", domain("web01", macvtap())), kernel=kernel)))
    assert facts(aged)["kernel"][1:] == ("sosreport", "31 days ago")


def test_an_unobserved_fact_is_unknown() -> None:
    stated = account(scene(macvtap("gone0"), kernel=None))

    assert facts(stated)["device"] == (None, "gone0: its kind was not observed", None)
    assert facts(stated)["kernel"][0] is None
    assert facts(stated)["segment"] == (None, "none configured for gone0", None)
    lost = account(scene(Interface(index=0, type="direct", attachments=(Attachment(None, SourceMode.UNKNOWN),))))
    assert facts(lost)["source device"][0] is None


def test_a_pending_boot_is_stated_with_its_record() -> None:
    record = Netboot(
        mac=Mac("52:54:00:93:76:af"),
        system="web01",
        pending=True,
        source="https://cobbler",
        server="satellite",
        observed_at=TAKEN_AT,
    )
    stated = account(replace(scene(), netboots=(record,)))

    assert facts(stated)["record"] == (
        "web01: boots from the network next, answered by satellite",
        "https://cobbler",
        "at the scan",
    )
    assert facts(stated)["exposure"][0] == "pending"
    done = account(replace(scene(), netboots=(replace(record, pending=False, server=None),)))
    assert facts(done)["record"][0] == "web01: not set to boot from the network"


def test_an_interface_is_stated_with_everything_in_its_xml() -> None:
    full = macvtap(
        boot_order=1, rom=State.OFF, target="macvtap0", host_csum=State.OFF, guest_csum=State.ON,
    )  # fmt: skip
    stated = facts(account(scene(full)))

    assert stated["interface"][0] == (
        "number 0, 52:54:00:93:76:af, type direct, source bond2, model virtio, target macvtap0, host csum off, "
        "guest csum on"
    )
    assert stated["boot"][0] == "boot order 1, boots from hd, boot ROM off"
    bare = facts(
        account(inventory(hypervisor("hv1", domain("web01", Interface(index=3, type="user"), boot_devices=()))))
    )
    assert bare["interface"][0] == "number 3, type user"
    assert bare["boot"][0] == "no boot order is given"


def test_a_server_is_stated_with_fixed_and_requested() -> None:
    features = {
        "tx-checksum-ipv4": Feature(state=State.OFF, fixed=True),
        "tx-checksum-ip-generic": Feature(state=State.ON, requested=State.OFF),
        "tx-scatter-gather": Feature(state=State.ON),
    }
    full = satellite(
        features=features,
        persistence=Persistence(tx_checksum=State.ON, setting=SettingInWords(text="no setting turns it off")),
        declared_macs=(Mac(SERVING),),
        addresses=("10.77.0.5/24",),
        segments=("pxe-a",),
        physical=True,
        observed_at=TAKEN_AT - timedelta(hours=30),
    )
    stated = of_server(account(scene(servers=(full,))))

    source = "ssh://satellite.example.com"
    assert stated == {
        "TX checksum offload": ("on", source, "1 day ago"),
        "tx-checksum-ipv4": ("off [fixed]", source, "1 day ago"),
        "tx-checksum-ip-generic": ("on [requested off]", source, "1 day ago"),
        "after a reboot": ("on", "no setting turns it off", "1 day ago"),
        "kernel": (None, None, None),
        "MAC": (SERVING, "configuration", None),
        "addresses": ("10.77.0.5/24", source, "1 day ago"),
        "machine": ("physical", "configuration", None),
        "serves": ("pxe-a", "configuration", None),
    }


def test_a_server_that_was_not_read_shows_why() -> None:
    stated = of_server(account(scene(servers=(server(tx_checksum=State.UNKNOWN, observed_at=None),))))

    assert stated["TX checksum offload"] == (None, "ssh://satellite.example.com: ssh: connection refused", None)
    assert stated["MAC"] == (None, None, None)
    assert stated["serves"] == ("every segment", "nothing is declared", None)


def test_a_declared_server_is_stated_as_declared() -> None:
    stated = of_server(account(scene(servers=(server(source="on", observed_at=None),))))

    assert stated["TX checksum offload"] == ("on", "declared", None)


def missing(looked_at: Inventory) -> list[tuple[str, str]]:
    return [(fact.fact, fact.missing) for fact in account(looked_at).missing_facts]


KERNEL = ("needs-kernel", "the kernel of hv1 (uname -r)")
UNCLEAR_KERNEL = "whether kernel 3.13.0-24-generic of hv1 is fixed: it is unknown whether its vendor backported the fix"
PLACE = ("needs-place", "where satellite runs: its MAC is unknown")


@pytest.mark.parametrize(
    ("looked_at", "expected"),
    [
        (scene(beside=(provisioner(),)), []),
        (scene(beside=(provisioner(),), kernel=None), [KERNEL]),
        (scene(servers=(server(),), kernel=None), [KERNEL, PLACE]),
        (
            scene(servers=()),
            [("needs-server", "a provisioning server (none given)")],
        ),
        (
            scene(servers=(server(tx_checksum=State.UNKNOWN),), kernel="3.13.0-24-generic"),
            [
                ("needs-kernel", UNCLEAR_KERNEL),
                ("needs-offload", "TX checksum offload of satellite eth0: ssh: connection refused"),
                PLACE,
            ],
        ),
        (
            scene(macvtap("bond7"), servers=(server(),), policy=ONLY_BONDS),
            [PLACE, ("needs-device-kind", "the kind of bond7 of hv1")],
        ),
        (
            scene(
                Interface(
                    index=0,
                    type="network",
                    network="pxe",
                    attachments=(Attachment(DeviceName("bond2"), SourceMode.UNKNOWN),),
                ),
                beside=(provisioner(),),
            ),
            [
                ("needs-mode", "the mode of the interface on network pxe"),
            ],
        ),
        (scene(servers=(satellite(tx_checksum=State.OFF),)), []),
    ],
)
def test_facts_that_would_settle_a_verdict_are_listed_cheapest_first(
    looked_at: Inventory, expected: list[tuple[str, str]]
) -> None:
    assert missing(looked_at) == expected


def test_each_value_of_a_missing_fact_has_its_verdict() -> None:
    kernel, place = account(scene(servers=(server(),), kernel=None)).missing_facts

    assert kernel.verdicts == {"fixed": Verdict.NOT_AFFECTED, "unfixed": Verdict.AT_RISK}
    assert place.verdicts == {
        "the server is on the same lower device, in bridge mode": Verdict.AT_RISK,
        "the server is on the same lower device, not in bridge mode": Verdict.NOT_AFFECTED,
        "the server is on the same lower device, in an unknown mode": Verdict.UNKNOWN,
        "the lower device receives the server's frames before any NIC": Verdict.AT_RISK,
        "the server is on the same device stack, but the lower device never receives its frames": Verdict.NOT_AFFECTED,
        "the server's frames pass a NIC that fills in the checksum": Verdict.NOT_AFFECTED,
    }


def test_device_that_may_not_be_on_a_bond_may_not_be_judged() -> None:
    _, kind = account(scene(macvtap("bond7"), servers=(server(),), policy=ONLY_BONDS)).missing_facts

    assert kind.verdicts == {"on a bond": Verdict.AT_RISK, "not on a bond": None}


def test_fact_that_does_not_change_the_worst_verdict_settles_nothing() -> None:
    """Another server puts it at risk whatever this one does; the kernel alone counts for both."""
    both = scene(
        servers=(satellite(), server("capsule", tx_checksum=State.UNKNOWN)), beside=(provisioner(),), kernel=None
    )

    assert missing(both) == [KERNEL]


def test_all_facts_are_named_if_no_single_one_settles_the_verdict() -> None:
    """Two servers of unknown place: the place of the first is named, though the other keeps the verdict as it is."""
    pool = tuple(Attachment(DeviceName(name), SourceMode.BRIDGE) for name in ("bond7", "bond8"))
    plugged = Interface(index=0, type="network", network="pool", attachments=pool)

    (fact,) = account(scene(servers=(server("a"), server("b")))).missing_facts
    assert (fact.fact, {*fact.verdicts.values()}) == ("needs-place", {Verdict.AT_RISK})
    assert missing(scene(plugged, servers=(server(),))) == [PLACE]


def test_the_worst_of_several_devices_decides_wherever_it_is_listed() -> None:
    """The server is on bond3, which comes second."""
    pool = tuple(Attachment(DeviceName(name), SourceMode.BRIDGE) for name in ("bond2", "bond3"))
    plugged = Interface(index=0, type="network", network="pool", attachments=pool)
    looked_at = scene(plugged, beside=(provisioner(macvtap("bond3", mac=SERVING)),), devices=(bond("bond3", "eth6"),))

    stated = account(looked_at)
    assert [(decision.source_device, decision.decides) for decision in stated.decisions] == [
        ("bond2", False),
        ("bond3", True),
    ]
    assert stated.finding is not None
    assert stated.finding.source_device == "bond3"


@pytest.mark.parametrize(
    ("uri", "starts"), [("qemu+ssh://hv1/system", "use --ssh-facts, or set kernel"), ("xml:/dumps", "set kernel = ")]
)
def test_an_option_is_named_where_it_can_help(uri: str, starts: str) -> None:
    host: dict[str, Any] = {"uri": uri, "kernel": None}
    (fact,) = account(
        inventory(hypervisor("hv1", domain("web01", macvtap()), provisioner(), **host), servers=(satellite(),))
    ).missing_facts

    assert fact.how.startswith(starts)


def test_a_waived_server_no_longer_decides_and_is_listed() -> None:
    waived = Waiver(reason="goes away", server="satellite")
    looked_at = scene(
        servers=(satellite(), server("lab", tx_checksum=State.UNKNOWN)),
        beside=(provisioner(),),
        policy=Policy(waivers=(waived,)),
    )

    stated = account(looked_at)

    assert stated.finding is not None
    assert stated.finding.server == "lab"
    assert {(decision.server, decision.decides, decision.waived) for decision in stated.decisions} == {
        ("satellite", False, "goes away"),
        ("lab", True, None),
    }
    offload = next(fact for fact in stated.missing_facts if fact.fact == "needs-offload")
    assert offload.verdicts == {"on": Verdict.AT_RISK, "off": Verdict.MITIGATED}


def test_the_only_server_decides_even_if_it_is_waived() -> None:
    waived = Waiver(reason="goes away", server="satellite")

    (decision,) = account(scene(beside=(provisioner(),), policy=Policy(waivers=(waived,)))).decisions

    assert (decision.decides, decision.waived) == (True, "goes away")


def test_server_of_the_finding_decides_beside_a_waived_one_even_if_the_whole_finding_is_waived() -> None:
    waivers = (Waiver(reason="goes away", server="satellite"), Waiver(reason="no guests", domain="web*"))
    servers = (satellite(), server("lab", tx_checksum=State.UNKNOWN))
    stated = account(scene(servers=servers, beside=(provisioner(),), policy=Policy(waivers=waivers)))

    assert stated.finding is not None
    assert (stated.finding.server, stated.finding.waived) == ("lab", "no guests")
    assert {(decision.server, decision.decides, decision.waived) for decision in stated.decisions} == {
        ("satellite", False, "goes away"),
        ("lab", True, None),
    }


def test_a_sending_stack_is_shown_path_by_path() -> None:
    members = {"eth0": State.ON, "eth1": State.OFF}
    stack = (
        ServerDevice(
            device=replace(bond("bond0", *members), lower_complete=True), offload=Offload(tx_checksum=State.ON)
        ),
        *(ServerDevice(device=nic(name), offload=Offload(tx_checksum=state)) for name, state in members.items()),
    )
    stated = account(scene(servers=(satellite(interface="bond0", devices=stack, lists_all_devices=True),)))

    sending_paths = [fact.value for server in stated.servers for fact in server.facts if fact.fact == "sending path"]
    assert sending_paths == [
        "bond0 (on) over eth0 (on): partial checksums stay partial",
        "bond0 (on) over eth1 (off): partial checksums are filled in",
    ]


@some
@given(inventories(least_servers=0))
@pytest.mark.long
def test_a_clear_verdict_lacks_no_fact_and_each_fact_of_an_open_one_may_change_it(looked_at: Inventory) -> None:
    for account in accounts(looked_at):
        verdict = None if account.finding is None else account.finding.verdict
        if verdict not in {Verdict.AT_RISK, Verdict.UNKNOWN}:
            assert account.missing_facts == ()
        changing = [not fact.verdicts or {*fact.verdicts.values()} != {verdict} for fact in account.missing_facts]
        assert all(changing) or not any(changing)
