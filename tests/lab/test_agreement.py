"""Which verdict agrees with which boot."""

from pathlib import Path

import pytest

from tests.lab.agreement import Judgement, disagreement, misread
from tests.lab.outcome import Outcome
from tests.lab.scenario import Lower, Service
from virtscan import trace
from virtscan.model import DeviceKind, Verdict


def judgement(verdict: Verdict, rule: str = "R8", kind: DeviceKind = DeviceKind.BOND) -> Judgement:
    return Judgement(domain="client", verdict=verdict, confidence="high", rule=rule, device_kind=kind)


def against(judged: Judgement, outcome: Outcome, service: Service = Service.DHCPD_TFTP) -> str:
    return disagreement(judged, outcome, rule="R8", service=service, lower=Lower.BOND)


def agrees(verdict: Verdict, outcome: Outcome, service: Service = Service.DHCPD_TFTP) -> bool:
    return not against(judgement(verdict), outcome, service)


@pytest.mark.parametrize("verdict", [Verdict.MITIGATED, Verdict.NOT_AFFECTED])
def test_what_is_cleared_has_to_boot(verdict: Verdict) -> None:
    assert [outcome for outcome in Outcome if agrees(verdict, outcome)] == [Outcome.BOOTS]


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        (Service.DHCPD_TFTP, Outcome.TFTP_TIMEOUT),
        (Service.DNSMASQ, Outcome.NO_LEASE),
        (Service.DHCPD_HTTP, Outcome.HTTP_TIMEOUT),
    ],
)
def test_what_is_at_risk_has_to_fail_in_the_way_of_this_fault(service: Service, fault: Outcome) -> None:
    assert [outcome for outcome in Outcome if agrees(Verdict.AT_RISK, outcome, service)] == [fault]


def test_unknown_agrees_with_nothing_where_all_is_known() -> None:
    assert not any(agrees(Verdict.UNKNOWN, outcome) for outcome in Outcome)


def test_the_right_verdict_for_another_reason_does_not_agree() -> None:
    assert against(judgement(Verdict.AT_RISK, "R11"), Outcome.TFTP_TIMEOUT) == "decided by R11, not R8"


def test_a_bond_has_to_be_known_as_one() -> None:
    said = against(judgement(Verdict.AT_RISK, kind=DeviceKind.UNKNOWN), Outcome.TFTP_TIMEOUT)

    assert said == "the source device is taken for unknown, not bond"


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
def test_a_capture_bears_out_the_boot_that_it_is_of_and_no_other(name: str, outcome: Outcome, captures: Path) -> None:
    boots = trace.read(captures / f"{name}.lower.pcap").boots

    assert [other for other in Outcome if not misread(boots, other)] == [outcome]


def test_a_capture_without_the_boot_does_not_agree() -> None:
    assert misread([], Outcome.BOOTS) == "the capture shows no boot"
