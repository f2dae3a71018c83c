"""Tests of which verdict agrees with which boot."""

from pathlib import Path

import pytest

from tests.lab.agreement import Judgement, disagreement, misread
from tests.lab.outcome import Outcome
from tests.lab.scenario import Lower, Scenario, Service, Step, Way
from virtscan import trace
from virtscan.model import DeviceKind, Reach, State, Verdict

STEP = Step(offload=State.ON, rule="R8")


def judgement(
    verdict: Verdict, rule: str = "R8", kind: DeviceKind = DeviceKind.BOND, reach: Reach = Reach.UNKNOWN
) -> Judgement:
    return Judgement(
        domain="client", verdict=verdict, confidence="high", rule=rule, device_kind=kind, reaches_server=reach
    )


def against(judged: Judgement, outcome: Outcome, service: Service = Service.DHCPD_TFTP, *, apart: bool = False) -> str:
    scenario = Scenario(way=Way.LOSSY, steps=(STEP,), service=service, apart=apart)
    return disagreement(judged, outcome, scenario, rule="R8", lower=Lower.BOND)


def agrees(verdict: Verdict, outcome: Outcome, service: Service = Service.DHCPD_TFTP) -> bool:
    return not against(judgement(verdict), outcome, service)


@pytest.mark.parametrize("verdict", [Verdict.MITIGATED, Verdict.NOT_AFFECTED])
def test_cleared_interface_must_boot(verdict: Verdict) -> None:
    assert [outcome for outcome in Outcome if agrees(verdict, outcome)] == [Outcome.BOOTS]


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        (Service.DHCPD_TFTP, Outcome.TFTP_TIMEOUT),
        (Service.DNSMASQ, Outcome.NO_LEASE),
        (Service.DHCPD_HTTP, Outcome.HTTP_TIMEOUT),
    ],
)
def test_interface_at_risk_must_fail_as_the_fault_does(service: Service, fault: Outcome) -> None:
    assert [outcome for outcome in Outcome if agrees(Verdict.AT_RISK, outcome, service)] == [fault]


def test_an_unknown_verdict_disagrees_if_all_facts_are_known() -> None:
    assert not any(agrees(Verdict.UNKNOWN, outcome) for outcome in Outcome)


def test_the_right_verdict_for_another_reason_does_not_agree() -> None:
    assert against(judgement(Verdict.AT_RISK, "R11"), Outcome.TFTP_TIMEOUT) == "decided by R11, not R8"


def test_a_bond_has_to_be_recognised() -> None:
    said = against(judgement(Verdict.AT_RISK, kind=DeviceKind.UNKNOWN), Outcome.TFTP_TIMEOUT)

    assert said == "the source device is taken for unknown, not bond"


def test_a_vm_that_cannot_reach_the_server_has_to_get_no_answer_whatever_the_verdict() -> None:
    cleared = judgement(Verdict.NOT_AFFECTED)

    assert [outcome for outcome in Outcome if not against(cleared, outcome, apart=True)] == [Outcome.NO_LEASE]


def test_a_server_out_of_reach_must_not_be_called_reachable() -> None:
    judged = judgement(Verdict.NOT_AFFECTED, reach=Reach.YES)

    assert against(judged, Outcome.NO_LEASE, apart=True) == "the server is called reachable"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("same-lower-on", Outcome.BOOTS),
        ("direct-on", Outcome.BOOTS),
        ("lossy-off", Outcome.BOOTS),
        ("lossy-on", Outcome.TFTP_TIMEOUT),
        ("lossy-on-dnsmasq", Outcome.NO_LEASE),
    ],
)
def test_a_capture_confirms_only_the_boot_that_it_shows(name: str, outcome: Outcome, captures: Path) -> None:
    boots = trace.read(captures / f"{name}.lower.pcap").boots

    assert [other for other in Outcome if not misread(boots, other)] == [outcome]


def test_a_capture_without_the_boot_does_not_agree() -> None:
    assert misread([], Outcome.BOOTS) == "the capture shows no boot"
