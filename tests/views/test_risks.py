"""The risks view: every finding, why, and what to change."""

import json

import msgspec
import pytest

from tests.build import inventory, nic, server
from tests.views.fleet import finding, report
from tests.views.rows import of, values
from virtscan.correlator import RULES, Rule
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    Feature,
    Finding,
    Offload,
    Reach,
    Report,
    Server,
    ServerDevice,
    State,
    Verdict,
    WaivedServer,
)
from virtscan.model.reasons import NeedsKernel, NeedsOffload, NeedsPlace, Unlocated
from virtscan.views import VIEWS
from virtscan.views.advice import changes, further, reason, unreached
from virtscan.views.wording.reasons import Wording

OFFLOAD = NeedsOffload(server="satellite", interface="eth0", why="connection refused")
PLACE = NeedsPlace(server="satellite", why=Unlocated.NO_MAC)


def judged(*findings: Finding, servers: tuple[Server, ...] = (server(),)) -> Report:
    return Report(inventory=inventory(servers=servers), findings=findings)


def said(found: Finding) -> str:
    return reason(found, Wording(inventory()))


def test_findings_keep_the_order_of_the_report() -> None:
    rows = of(report(), "risks")

    assert values(rows, "domain", "verdict") == [
        ("web01", "at-risk"),
        ("開発-テスト", "at-risk"),
        ("legacy-db", "at-risk"),
        ("pooled", "unknown"),
        ("mail", "not-affected"),
    ]


def test_a_source_device_is_told_with_its_kind_and_mode() -> None:
    findings = (finding(), finding(source_mode=None, device_kind=DeviceKind.UNKNOWN), finding(source_device=None))

    rows = of(judged(*findings), "risks")

    assert [row["source"] for row in rows] == ["bond2 (bond, bridge)", "bond2 (unknown)", None]


def test_the_document_tells_of_servers_and_hypervisors_as_well() -> None:
    document = VIEWS["risks"](report())

    _, servers, hypervisors = document.sections

    assert (servers.key, servers.rows[0]) == (
        "servers",
        ("satellite", "eth0", "on", "ssh://satellite.example.com", "2026-11-22T02:00:00Z"),
    )
    assert (hypervisors.key, hypervisors.rows) == (
        "hypervisors",
        (
            ("hv1", "qemu+ssh://hv1/system", "complete", 4, 0.1, 0.3),
            ("hv2", "qemu+ssh://hv2/system", "partial", 3, 0.1, 0.3),
            ("hv3", "qemu+ssh://hv3/system", "failed", None, None, None),
        ),
    )


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.verdict is not None], ids=lambda rule: rule.id)
def test_every_rule_gives_a_short_reason(rule: Rule) -> None:
    assert 10 < len(said(finding(rule=rule.id, missing=()))) < 60


def test_an_undecided_finding_says_what_is_missing_and_of_several_the_first() -> None:
    undecided = finding(verdict=Verdict.UNKNOWN, rule="R13", missing=(OFFLOAD, PLACE))

    assert said(undecided) == "unknown: TX checksum offload of satellite eth0: connection refused"


def test_an_undecided_finding_names_the_fact_of_its_rule_rather_than_the_kernel() -> None:
    kernel = NeedsKernel(hypervisor="hv1")

    assert said(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(kernel, PLACE))).startswith("unknown: where ")
    assert (
        said(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(kernel,))) == "unknown: the kernel of hv1 (uname -r)"
    )


def test_a_decided_finding_says_why_even_if_something_is_missing() -> None:
    decided = finding(rule="R7", missing=(NeedsKernel(hypervisor="hv1"),))

    assert said(decided) == "shares its device with the server, whose offload is on"


def test_a_waived_finding_says_so_first() -> None:
    waived = finding(verdict=Verdict.UNKNOWN, missing=(OFFLOAD,), waived="boots from ISO")

    assert said(waived) == "waived: boots from ISO"


def test_each_server_that_does_harm_is_named_with_the_command_that_ends_it_the_worst_first() -> None:
    findings = (finding(server="one"), finding(server="two"), finding(server="two"))

    lines = changes(judged(*findings, servers=(server("one"), server("two"))))

    assert lines == [
        "two puts 2 interfaces at risk. Fix: run this on two: ethtool -K eth0 tx off (until its next reboot)",
        "one puts 1 interface at risk. Fix: run this on one: ethtool -K eth0 tx off (until its next reboot)",
    ]


def test_nothing_is_to_be_changed_for_what_is_waived_or_not_at_risk() -> None:
    findings = (finding(waived="accepted"), finding(verdict=Verdict.UNKNOWN), finding(verdict=Verdict.MITIGATED))

    assert changes(judged(*findings)) == []


def test_an_interface_without_a_name_is_left_to_the_reader() -> None:
    lines = changes(judged(finding(server_interface=None), servers=(server(interface=None),)))

    assert "ethtool -K INTERFACE tx off " in lines[0]


def test_a_hostile_interface_name_is_no_part_of_the_command_line() -> None:
    name = "eth0; rm -rf /"

    lines = changes(judged(finding(server_interface=name), servers=(server(interface=name),)))

    assert "ethtool -K INTERFACE tx off " in lines[0]


@pytest.mark.parametrize("feature", ["tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming"])
def test_offload_that_is_fixed_is_not_told_to_be_turned_off(feature: str) -> None:
    fixed = server(features={feature: Feature(state=State.ON, fixed=True)})

    (line,) = changes(judged(finding(), servers=(fixed,)))

    assert line.startswith("satellite puts 1 interface at risk. TX checksum offload can't be switched off there; ")
    assert "ethtool" not in line


def test_a_feature_that_is_fixed_off_does_not_keep_another_from_being_turned_off() -> None:
    features = {
        "tx-checksum-ipv4": Feature(state=State.OFF, fixed=True),
        "tx-checksum-ip-generic": Feature(state=State.ON),
    }

    assert "tx off" in changes(judged(finding(), servers=(server(features=features),)))[0]


def test_the_commands_that_say_more_are_named_where_there_is_more_to_say() -> None:
    unknown = finding(verdict=Verdict.UNKNOWN)

    assert further(judged(finding(), unknown)) == (
        "more: `virtscan remedy` shows how to make it permanent and how to undo it, `virtscan explain DOMAIN` why",
    )
    assert further(judged(finding(waived="accepted"), unknown)) == (
        "more: `virtscan remedy` shows which facts to learn first, `virtscan explain DOMAIN` why",
    )
    assert further(judged(finding(verdict=Verdict.MITIGATED), finding(waived="accepted"))) == ()
    assert further(judged(finding(verdict=Verdict.UNKNOWN, waived="accepted"))) == ()


def bonded(**states: State) -> Server:
    """A server that sends through bond0 on these NICs."""
    members = tuple(DeviceName(name) for name in states)
    bond = Device(name=DeviceName("bond0"), kind=DeviceKind.BOND, lower=members, lower_complete=True)
    devices = [ServerDevice(device=bond, offload=Offload(tx_checksum=State.ON))]
    devices += [ServerDevice(device=nic(name), offload=Offload(tx_checksum=state)) for name, state in states.items()]
    return server(interface="bond0", devices=tuple(devices), lists_all_devices=True)


def test_every_member_of_the_servers_bond_that_is_on_is_switched_off() -> None:
    both = changes(judged(finding(server_interface="bond0"), servers=(bonded(eth0=State.ON, eth1=State.ON),)))
    one = changes(judged(finding(server_interface="bond0"), servers=(bonded(eth0=State.OFF, eth1=State.ON),)))

    assert "run this on satellite: ethtool -K eth0 tx off; ethtool -K eth1 tx off (" in both[0]
    assert "run this on satellite: ethtool -K eth1 tx off (" in one[0]


def test_interfaces_that_reach_no_server_are_counted_whatever_their_verdict() -> None:
    lost = finding(verdict=Verdict.NOT_AFFECTED, reaches_server=Reach.NO)

    assert unreached(judged(finding(), finding(reaches_server=Reach.UNKNOWN))) == ()
    (line,) = unreached(judged(finding(), lost, lost))
    assert line.startswith("can't reach any server, whatever the checksums: 2 interfaces (")


def test_reasons_reach_and_waived_servers_are_in_the_document() -> None:
    waived = WaivedServer(server="old", verdict=Verdict.AT_RISK, rule="R7", reason="goes away")
    open_ = finding(missing=(OFFLOAD,), waived_servers=(waived,), next_start=True)

    (row,) = json.loads(msgspec.json.encode(of(judged(open_), "risks")))

    assert [reason["code"] for reason in row["reasons"]] == ["shares-device", "device-observed", "needs-offload"]
    assert row["reasons"][2] == {
        "code": "needs-offload",
        "server": "satellite",
        "interface": "eth0",
        "why": "connection refused",
        "devices": [],
    }
    assert row["waived_servers"] == [{"server": "old", "verdict": "at-risk", "rule": "R7", "reason": "goes away"}]
    assert (row["reaches_server"], row["next_start"]) == ("yes", True)
