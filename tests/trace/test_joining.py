"""Verdicts held against boots."""

from pathlib import Path
from typing import Any

import pytest

from tests.build import domain, hypervisor, inventory, macvtap, server
from tests.trace.build import (
    CLIENT_MAC,
    OTHER_MAC,
    SERVER,
    SERVER_MAC,
    Shot,
    acknowledged,
    answered,
    data,
    error,
    lease,
    options,
    read_request,
    said,
    trace_of,
)
from tests.views.fleet import finding
from virtscan.model import DomainState, Finding, Hypervisor, Mac, Report, Server, Verdict
from virtscan.trace import Agreement, BootComparison, Failed, comparisons
from virtscan.trace.capture.checksums import Checksum

ASKS = [*lease(), said(1.0, read_request())]
FAILS = [*ASKS, answered(1.1, options(), kind=Checksum.PARTIAL), answered(2.1, options(), kind=Checksum.PARTIAL)]
WORKS = [*ASKS, answered(1.1, data(1, 5), kind=Checksum.PARTIAL), said(1.2, acknowledged(1), to=40000)]
REFUSED = [*ASKS, answered(1.1, error(1, "File not found"))]
UNANSWERED = ASKS

SATELLITE = server("satellite", interface="eth0")


def judged(verdict: Verdict, mac: str | None = CLIENT_MAC, **more: Any) -> Finding:  # fields of any type
    fields: dict[str, Any] = {"server": "satellite", "server_interface": "eth0"}
    return finding(verdict=verdict, mac=None if mac is None else Mac(mac), **(fields | more))


def joined(folder: Path, shots: list[Shot], *findings: Finding, by: Server = SATELLITE) -> tuple[BootComparison, ...]:
    return comparisons(
        trace_of(folder, *shots, until=60), Report(inventory=inventory(servers=(by,)), findings=findings)
    )


@pytest.mark.parametrize(
    ("verdict", "shots", "agreement"),
    [
        (Verdict.AT_RISK, FAILS, Agreement.CONFIRMED),
        (Verdict.AT_RISK, WORKS, Agreement.CONTRADICTED),
        (Verdict.MITIGATED, FAILS, Agreement.CONTRADICTED),
        (Verdict.NOT_AFFECTED, FAILS, Agreement.CONTRADICTED),
        (Verdict.MITIGATED, WORKS, Agreement.CONFIRMED),
        (Verdict.NOT_AFFECTED, WORKS, Agreement.CONFIRMED),
        (Verdict.UNKNOWN, FAILS, Agreement.UNDECIDED),
        (Verdict.UNKNOWN, WORKS, Agreement.UNDECIDED),
        (Verdict.AT_RISK, UNANSWERED, Agreement.UNDECIDED),
        (Verdict.NOT_AFFECTED, UNANSWERED, Agreement.UNDECIDED),
        (Verdict.AT_RISK, REFUSED, Agreement.UNDECIDED),
    ],
)
def test_a_boot_confirms_a_verdict_or_contradicts_it(
    verdict: Verdict, shots: list[Shot], agreement: Agreement, tmp_path: Path
) -> None:
    (line,) = joined(tmp_path, shots, judged(verdict))

    assert line.agreement is agreement
    assert line.boot is not None
    assert line.finding is not None


@pytest.mark.parametrize("verdict", Verdict)
def test_partial_checksums_alone_confirm_no_verdict_because_the_sender_shows_them_too(
    verdict: Verdict, tmp_path: Path
) -> None:
    (line,) = joined(tmp_path, FAILS[len(lease()) :], judged(verdict))

    assert line.judgement is not None
    assert (line.judgement.failed, line.agreement) == (Failed.YES, Agreement.UNDECIDED)


@pytest.mark.parametrize(
    ("facts", "agreement"),
    [
        ({"addresses": (f"{SERVER}/24",)}, Agreement.CONTRADICTED),
        ({"macs": (Mac(SERVER_MAC),)}, Agreement.CONTRADICTED),
        ({"addresses": ("10.99.0.9",)}, Agreement.UNDECIDED),
        ({"addresses": ("10.99.0.9",), "macs": (Mac(OTHER_MAC),)}, Agreement.UNDECIDED),
    ],
)
def test_a_boot_from_another_server_neither_confirms_nor_refutes_the_finding(
    facts: dict[str, Any], agreement: Agreement, tmp_path: Path
) -> None:
    blamed = server("satellite", interface="eth0", **{"addresses": (), "macs": ()} | facts)

    (line,) = joined(tmp_path, WORKS, judged(Verdict.AT_RISK), by=blamed)
    assert line.agreement is agreement
    (cleared,) = joined(tmp_path, WORKS, judged(Verdict.MITIGATED), by=blamed)
    assert cleared.agreement is Agreement.CONFIRMED  # it was cleared whichever server answers


def test_a_finding_without_a_server_is_about_any(tmp_path: Path) -> None:
    (line,) = joined(tmp_path, FAILS, judged(Verdict.NOT_AFFECTED, server=None, server_interface=None))

    assert line.agreement is Agreement.CONTRADICTED


def test_boots_without_a_finding_and_findings_without_a_boot_are_shown(tmp_path: Path) -> None:
    result = joined(tmp_path, WORKS, judged(Verdict.AT_RISK, OTHER_MAC), judged(Verdict.AT_RISK, None))

    assert [(line.boot is None, line.finding is None, line.agreement) for line in result] == [
        (False, True, Agreement.NO_FINDING),
        (True, False, Agreement.NOT_CAPTURED),
        (True, False, Agreement.NOT_CAPTURED),
    ]


def test_a_mac_that_several_interfaces_have_is_held_against_each(tmp_path: Path) -> None:
    result = joined(tmp_path, FAILS, judged(Verdict.AT_RISK), judged(Verdict.MITIGATED, domain="clone"))

    assert [line.agreement for line in result] == [Agreement.CONFIRMED, Agreement.CONTRADICTED]


def copies(**states: DomainState) -> tuple[Hypervisor, ...]:
    """Web01 on each of these hypervisors, with the same MAC and uuid, in this state."""
    return tuple(
        hypervisor(name, domain("web01", macvtap(mac=CLIENT_MAC), origin=name, state=state), uri=name)
        for name, state in states.items()
    )


ON, OFF, UNKNOWN = DomainState.ACTIVE, DomainState.INACTIVE, DomainState.UNKNOWN


@pytest.mark.parametrize(
    ("states", "agreements"),
    [
        ({"hv1": ON, "hv2": OFF}, [Agreement.CONFIRMED, Agreement.UNDECIDED]),
        ({"hv1": OFF, "hv2": ON}, [Agreement.UNDECIDED, Agreement.CONTRADICTED]),
        ({"hv1": UNKNOWN, "hv2": ON}, [Agreement.UNDECIDED, Agreement.CONTRADICTED]),
        ({"hv1": OFF, "hv2": OFF}, [Agreement.UNDECIDED, Agreement.UNDECIDED]),
        ({"hv1": OFF}, [Agreement.CONFIRMED]),
    ],
)
def test_a_boot_confirms_the_running_copy_of_a_domain_only(
    states: dict[str, DomainState], agreements: list[Agreement], tmp_path: Path
) -> None:
    verdicts = {"hv1": Verdict.AT_RISK, "hv2": Verdict.MITIGATED}
    findings = tuple(judged(verdicts[name], hypervisor=name, origin=name, uuid=None) for name in states)
    report = Report(inventory=inventory(*copies(**states), servers=(SATELLITE,)), findings=findings)

    result = comparisons(trace_of(tmp_path, *FAILS, until=60), report)
    assert [line.agreement for line in result] == agreements


def test_a_copy_that_is_off_stays_undecided_beside_a_running_one_without_a_finding(tmp_path: Path) -> None:
    finding_of_the_copy = judged(Verdict.AT_RISK, hypervisor="hv2", origin="hv2", uuid=None)
    report = Report(inventory=inventory(*copies(hv1=ON, hv2=OFF)), findings=(finding_of_the_copy,))

    (line,) = comparisons(trace_of(tmp_path, *WORKS, until=60), report)
    assert line.agreement is Agreement.UNDECIDED


def test_without_an_inventory_only_the_boots_are_shown(tmp_path: Path) -> None:
    (line,) = comparisons(trace_of(tmp_path, *FAILS, until=60), None)

    assert (line.finding, line.agreement) == (None, None)
    assert line.judgement is not None
    assert line.judgement.failed is Failed.YES
