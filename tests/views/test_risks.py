"""The risks view: every finding, why, and what to change."""

import pytest

from tests.build import inventory, server
from tests.views.fleet import finding, report
from tests.views.rows import of, values
from virtscan.correlator import RULES, Rule
from virtscan.model import DeviceKind, Feature, Finding, Report, Server, State, Verdict
from virtscan.views import VIEWS
from virtscan.views.advice import changes, further, reason


def judged(*findings: Finding, servers: tuple[Server, ...] = (server(),)) -> Report:
    return Report(inventory=inventory(servers=servers), findings=findings)


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
    presentation = VIEWS["risks"](report())

    servers, hypervisors = presentation.others

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
def test_every_rule_has_a_short_reason(rule: Rule) -> None:
    said = reason(finding(rule=rule.id, missing=()))

    assert 10 < len(said) < 60


def test_a_rule_without_a_phrase_is_named() -> None:
    assert reason(finding(rule="R99")) == "R99"


def test_an_undecided_finding_says_what_is_missing_and_of_several_the_first() -> None:
    undecided = finding(verdict=Verdict.UNKNOWN, rule="R13", missing=("the offload state", "the kind of bond2"))

    assert reason(undecided) == "missing: the offload state"


def test_a_decided_finding_says_why_even_if_something_is_missing() -> None:
    assert reason(finding(rule="R7", missing=("the kernel",))) == "server on the same device, its offload is on"


def test_a_waived_finding_says_so_first() -> None:
    waived = finding(verdict=Verdict.UNKNOWN, missing=("the offload state",), waived="boots from ISO")

    assert reason(waived) == "waived: boots from ISO"


def test_each_server_that_does_harm_is_named_with_the_command_that_ends_it_the_worst_first() -> None:
    findings = (finding(server="one"), finding(server="two"), finding(server="two"))

    lines = changes(judged(*findings, servers=(server("one"), server("two"))))

    assert lines == [
        "two puts 2 at risk: on it run `ethtool -K eth0 tx off` (lasts until it boots again)",
        "one puts 1 at risk: on it run `ethtool -K eth0 tx off` (lasts until it boots again)",
    ]


def test_nothing_is_to_be_changed_for_what_is_waived_or_not_at_risk() -> None:
    findings = (finding(waived="accepted"), finding(verdict=Verdict.UNKNOWN), finding(verdict=Verdict.MITIGATED))

    assert changes(judged(*findings)) == []


def test_an_interface_that_nobody_named_is_left_to_the_reader() -> None:
    lines = changes(judged(finding(server_interface=None), servers=(server(interface=None),)))

    assert "`ethtool -K INTERFACE tx off`" in lines[0]


def test_a_hostile_interface_name_is_no_part_of_the_command_line() -> None:
    name = "eth0; rm -rf /"

    lines = changes(judged(finding(server_interface=name), servers=(server(interface=name),)))

    assert "`ethtool -K 'eth0; rm -rf /' tx off`" in lines[0]


@pytest.mark.parametrize("feature", ["tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming"])
def test_offload_that_is_fixed_is_not_told_to_be_turned_off(feature: str) -> None:
    fixed = server(features={feature: Feature(state=State.ON, fixed=True)})

    assert changes(judged(finding(), servers=(fixed,))) == [
        "satellite puts 1 at risk: its card can't turn TX checksum offload off"
    ]


def test_a_feature_that_is_fixed_off_does_not_keep_another_from_being_turned_off() -> None:
    features = {
        "tx-checksum-ipv4": Feature(state=State.OFF, fixed=True),
        "tx-checksum-ip-generic": Feature(state=State.ON),
    }

    assert "tx off" in changes(judged(finding(), servers=(server(features=features),)))[0]


def test_the_commands_that_say_more_are_named_where_there_is_more_to_say() -> None:
    unknown = finding(verdict=Verdict.UNKNOWN)

    assert further(judged(finding(), unknown)) == (
        "more: `virtscan remedy` says how to make it last and how to undo it, `virtscan explain DOMAIN` why",
    )
    assert further(judged(finding(waived="accepted"), unknown)) == (
        "more: `virtscan remedy` says what to find out first, `virtscan explain DOMAIN` why",
    )
    assert further(judged(finding(verdict=Verdict.MITIGATED), finding(waived="accepted"))) == ()
    assert further(judged(finding(verdict=Verdict.UNKNOWN, waived="accepted"))) == ()
