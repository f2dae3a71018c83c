"""The risks view: every finding, why, and what to change."""

import json

import msgspec
import pytest
from msgspec.structs import replace

from tests.build import failure, inventory, server
from tests.views.fleet import finding, report
from tests.views.rows import of, values
from virtscan.correlator import RULES, Rule
from virtscan.model import (
    DeviceKind,
    Finding,
    Reach,
    Report,
    Server,
    Verdict,
    WaivedServer,
)
from virtscan.model.reasons import NeedsKernel, NeedsOffload, NeedsPlace, WhyUnlocated
from virtscan.views import VIEWS
from virtscan.views.report.advice import further, reason, unreached
from virtscan.views.wording.reasons import Wording

OFFLOAD = NeedsOffload(server="satellite", interface="eth0", why=failure("connection refused"))
PLACE = NeedsPlace(server="satellite", why=WhyUnlocated.NO_MAC)


def judged(*findings: Finding, servers: tuple[Server, ...] = (server(),)) -> Report:
    return Report(inventory=inventory(servers=servers), findings=findings)


def said(finding: Finding) -> str:
    return reason(finding, Wording(inventory()))


def test_findings_keep_the_order_of_the_report() -> None:
    rows = of(report(), "risks")

    assert values(rows, "domain", "verdict") == [
        ("web01", "at-risk"),
        ("開発-テスト", "at-risk"),
        ("legacy-db", "at-risk"),
        ("pooled", "unknown"),
        ("mail", "not-affected"),
    ]


def test_a_source_device_is_shown_with_its_kind_and_mode() -> None:
    findings = (finding(), finding(source_mode=None, device_kind=DeviceKind.UNKNOWN), finding(source_device=None))

    rows = of(judged(*findings), "risks")

    assert [row["source"] for row in rows] == ["bond2 (bond, bridge)", "bond2 (unknown)", None]


def test_the_document_covers_servers_and_hypervisors_as_well() -> None:
    document = VIEWS["risks"](report())

    _, servers, hypervisors, _ = document.sections

    assert servers.key == "servers"
    assert ("satellite", "eth0", "on", "ssh://satellite.example.com", "2026-11-22T02:00:00Z") in servers.rows
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


def test_an_undecided_finding_shows_what_is_missing_and_of_several_the_first() -> None:
    undecided = finding(verdict=Verdict.UNKNOWN, rule="R13", missing=(OFFLOAD, PLACE))

    assert said(undecided) == "unknown: TX checksum offload of satellite eth0: connection refused"


def test_an_undecided_finding_names_the_fact_of_its_rule_rather_than_the_kernel() -> None:
    kernel = NeedsKernel(hypervisor="hv1")

    assert said(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(kernel, PLACE))).startswith("unknown: where ")
    assert (
        said(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(kernel,))) == "unknown: the kernel of hv1 (uname -r)"
    )


def test_a_decided_finding_shows_why_even_if_something_is_missing() -> None:
    decided = finding(rule="R7", missing=(NeedsKernel(hypervisor="hv1"),))

    assert said(decided) == "shares its device with the server, whose offload is on"


def test_a_waiver_is_shown_beside_the_reason() -> None:
    waived = finding(verdict=Verdict.UNKNOWN, missing=(OFFLOAD,), waived="boots from ISO")

    assert said(waived) == (
        "unknown: TX checksum offload of satellite eth0: connection refused; waived: boots from ISO"
    )


def test_the_commands_with_details_are_named_if_there_are_details() -> None:
    unknown = finding(verdict=Verdict.UNKNOWN)

    (line,) = further(judged(finding(), unknown))
    more = "shows how to make the fix persistent and how to undo it; `virtscan explain DOMAIN` shows why."
    assert line == f"Next, with the same options: `virtscan remedy` {more}"
    (line,) = further(judged(finding(waived="accepted"), unknown))
    assert line.endswith(
        ": `virtscan remedy` shows which facts to find out first; `virtscan explain DOMAIN` shows why."
    )
    (line,) = further(replace(judged(finding()), file="my fleet.json"))
    assert line.startswith("Next: `virtscan remedy 'my fleet.json'` shows ")
    assert further(judged(finding(verdict=Verdict.MITIGATED), finding(waived="accepted"))) == ()
    assert further(judged(finding(verdict=Verdict.UNKNOWN, waived="accepted"))) == ()


def test_interfaces_that_reach_no_server_are_counted_whatever_their_verdict() -> None:
    lost = finding(verdict=Verdict.NOT_AFFECTED, reaches_server=Reach.NO)

    assert unreached(judged(finding(), finding(reaches_server=Reach.UNKNOWN))) == ()
    (line,) = unreached(judged(finding(), lost, lost))
    assert line == "Can't reach any server (bridge mode): 2 interfaces; see `virtscan explain`"


def test_reasons_reach_and_waived_servers_are_in_the_document() -> None:
    waived = WaivedServer(server="old", verdict=Verdict.AT_RISK, rule="R7", reason="goes away")
    open_ = finding(missing=(OFFLOAD,), waived_servers=(waived,), next_start=True)

    (row,) = json.loads(msgspec.json.encode(of(judged(open_), "risks")))

    assert [reason["code"] for reason in row["reasons"]] == ["shares-device", "device-observed", "needs-offload"]
    assert row["reasons"][2] == {
        "code": "needs-offload",
        "server": "satellite",
        "interface": "eth0",
        "why": {"code": "failure", "detail": "connection refused", "consequence": None},
        "devices": [],
    }
    assert row["waived_servers"] == [{"server": "old", "verdict": "at-risk", "rule": "R7", "reason": "goes away"}]
    assert (row["reaches_server"], row["next_start"]) == ("yes", True)
