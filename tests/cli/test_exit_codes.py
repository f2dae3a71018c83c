import pytest

from tests.build import domain, gap_in_words, hypervisor, inventory, macvtap, server
from virtscan.cli.exit_codes import ExitCode, of_report, of_servers
from virtscan.model import (
    Conclusion,
    Confidence,
    DeviceKind,
    Exposure,
    FailOn,
    Finding,
    Gap,
    GapAbout,
    HostStatus,
    Report,
    State,
    Verdict,
)

GAP = gap_in_words(subject="qemu:///system vm7", reason="it vanished", about=GapAbout.DOMAIN)


def finding(verdict: Verdict, exposure: Exposure = Exposure.BOOTS, waived: str | None = None) -> Finding:
    conclusion = Conclusion(
        source_device=None, source_mode=None, device_kind=DeviceKind.BOND, lower_devices=(), segment=None, server=None,
        server_interface=None, verdict=verdict, confidence=Confidence.LOW, exposure=exposure, rule="R11", because=(),
        missing=(), waived=waived,
    )  # fmt: skip
    return Finding(
        hypervisor="hv1", origin="qemu:///system", domain="web01", uuid=None, index=0, mac=None, conclusion=conclusion
    )


def report(*findings: Finding, gaps: tuple[Gap, ...] = ()) -> Report:
    return Report(inventory=inventory(hypervisor("hv1", domain("web01", macvtap())), gaps=gaps), findings=findings)


@pytest.mark.parametrize(
    ("findings", "gaps", "code"),
    [
        ((), (), ExitCode.CLEAN),
        ((finding(Verdict.MITIGATED), finding(Verdict.NOT_AFFECTED)), (), ExitCode.CLEAN),
        ((finding(Verdict.AT_RISK),), (), ExitCode.AT_RISK),
        ((), (GAP,), ExitCode.INCOMPLETE),
        ((finding(Verdict.UNKNOWN),), (), ExitCode.INCOMPLETE),
        ((finding(Verdict.AT_RISK), finding(Verdict.UNKNOWN)), (), ExitCode.AT_RISK_AND_INCOMPLETE),
        ((finding(Verdict.AT_RISK),), (GAP,), ExitCode.AT_RISK_AND_INCOMPLETE),
        ((finding(Verdict.AT_RISK, waived="ISO"), finding(Verdict.UNKNOWN, waived="ISO")), (), ExitCode.CLEAN),
    ],
)
def test_the_exit_code_depends_on_risk_and_completeness(
    findings: tuple[Finding, ...], gaps: tuple[Gap, ...], code: ExitCode
) -> None:
    assert of_report(report(*findings, gaps=gaps), FailOn.LATENT) is code


@pytest.mark.parametrize(
    ("exposure", "counted_from"),
    [
        (Exposure.PENDING, {FailOn.PENDING, FailOn.BOOTS, FailOn.LATENT}),
        (Exposure.BOOTS, {FailOn.BOOTS, FailOn.LATENT}),
        (Exposure.LATENT, {FailOn.LATENT}),
    ],
)
def test_exposures_from_fail_on_upwards_give_the_exit_code_at_risk(
    exposure: Exposure, counted_from: set[FailOn]
) -> None:
    judged = report(finding(Verdict.AT_RISK, exposure))

    assert {fail_on for fail_on in FailOn if of_report(judged, fail_on) is ExitCode.AT_RISK} == counted_from


def test_without_a_domain_nothing_was_judged() -> None:
    assert of_report(Report(inventory=inventory(hypervisor("hv1"))), FailOn.LATENT) is ExitCode.INCOMPLETE


def test_exit_code_is_nothing_seen_if_every_hypervisor_failed() -> None:
    failed = hypervisor("hv1", status=HostStatus.FAILED)

    assert of_report(Report(inventory=inventory(failed, gaps=(GAP,))), FailOn.LATENT) is ExitCode.NOTHING_SEEN


def test_exit_code_is_nothing_seen_without_a_hypervisor() -> None:
    assert of_report(Report(inventory=inventory()), FailOn.LATENT) is ExitCode.NOTHING_SEEN


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((State.OFF, State.OFF), ExitCode.CLEAN),
        ((State.ON, State.OFF), ExitCode.AT_RISK),
        ((State.OFF, State.UNKNOWN), ExitCode.INCOMPLETE),
        ((State.ON, State.UNKNOWN), ExitCode.AT_RISK_AND_INCOMPLETE),
        ((State.UNKNOWN, State.UNKNOWN), ExitCode.NOTHING_SEEN),
    ],
)
def test_the_exit_code_of_servers_depends_on_offload_and_completeness(
    states: tuple[State, ...], code: ExitCode
) -> None:
    servers = tuple(server(f"server{number}", state) for number, state in enumerate(states))

    assert of_servers(Report(inventory=inventory(servers=servers))) is code
