"""The counts that every view and the exit code agree on."""

from tests.build import domain, hypervisor, inventory, macvtap
from tests.views.fleet import finding, report
from virtscan.model import Exposure, HostStatus, NotJudged, Report, Verdict
from virtscan.views import summarise
from virtscan.views.summary import coverage, outcome


def test_everything_is_counted_once() -> None:
    counts = summarise(report())

    assert counts.hypervisors == {HostStatus.COMPLETE: 1, HostStatus.PARTIAL: 1, HostStatus.FAILED: 1}
    assert (counts.domains, counts.interfaces, counts.judged) == (7, 7, 5)
    assert counts.judged + sum(counts.not_judged.values()) == counts.interfaces


def test_verdicts_add_up_to_what_was_judged_waived_or_not() -> None:
    counts = summarise(report())

    assert counts.verdicts == {
        Verdict.AT_RISK: 3,
        Verdict.UNKNOWN: 1,
        Verdict.MITIGATED: 0,
        Verdict.NOT_AFFECTED: 1,
    }
    assert sum(counts.verdicts.values()) == counts.judged


def test_what_is_waived_is_counted_apart_and_no_longer_as_at_risk() -> None:
    findings = (
        finding(exposure=Exposure.PENDING),
        finding(exposure=Exposure.PENDING, waived="accepted"),
        finding(verdict=Verdict.UNKNOWN, waived="accepted"),
        finding(verdict=Verdict.MITIGATED),
    )

    counts = summarise(Report(inventory=inventory(), findings=findings))

    assert counts.verdicts[Verdict.AT_RISK] == 2
    assert counts.waived == {
        Verdict.AT_RISK: 1,
        Verdict.UNKNOWN: 1,
        Verdict.MITIGATED: 0,
        Verdict.NOT_AFFECTED: 0,
    }
    assert counts.at_risk == {Exposure.PENDING: 1, Exposure.BOOTS: 0, Exposure.LATENT: 0}


def test_nothing_at_all_is_counted_as_nothing() -> None:
    counts = summarise(Report(inventory=inventory()))

    assert coverage(counts) == (
        "hypervisors: 0 complete, 0 partial, 0 failed",
        "domains: 0, interfaces: 0, judged: 0",
    )
    assert outcome(counts) == (
        "verdicts: 0 at-risk, 0 unknown, 0 mitigated, 0 not-affected",
        "not judged: none",
    )


def test_the_lines_for_people_say_the_same() -> None:
    counts = summarise(report())

    assert coverage(counts) + outcome(counts) == (
        "hypervisors: 1 complete, 1 partial, 1 failed",
        "domains: 7, interfaces: 7, judged: 5",
        "verdicts: 3 at-risk (1 waived), 1 unknown, 0 mitigated, 1 not-affected",
        "at risk: 2 (0 about to netboot, 1 with network in the boot order, 1 only if netbooted by hand)",
        "not judged: 1 not macvtap, 1 the server's own interface",
    )


def test_a_reason_that_never_occurred_is_zero() -> None:
    counts = summarise(Report(inventory=inventory(hypervisor("hv1", domain("web01", macvtap())))))

    assert counts.not_judged == dict.fromkeys(NotJudged, 0)
