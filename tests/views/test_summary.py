"""The counts that every view and the exit code agree on."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.views.fleet import finding, report
from virtscan.correlator import correlate
from virtscan.model import Exposure, GapAbout, HostStatus, NotJudged, Report, Verdict
from virtscan.scanning.merging import merge
from virtscan.views.document import counts
from virtscan.views.report.summary import coverage, metrics, scope


def counted(of: Report, name: str) -> Mapping[str, int | float]:
    return counts(metrics(of), name)


def test_everything_is_counted_once() -> None:
    judged = counted(report(), "judged")[""]

    assert counted(report(), "hypervisors") == {"complete": 1, "partial": 1, "failed": 1}
    assert (counted(report(), "domains"), counted(report(), "interfaces"), judged) == ({"": 7}, {"": 7}, 5)
    assert judged + sum(counted(report(), "not_judged").values()) == 7


def test_verdicts_add_up_to_what_was_judged_waived_or_not() -> None:
    verdicts = counted(report(), "verdicts")

    assert verdicts == {"at-risk": 3, "unknown": 1, "mitigated": 0, "not-affected": 1}
    assert sum(verdicts.values()) == counted(report(), "judged")[""]


def test_waived_findings_are_counted_apart_and_no_longer_as_at_risk() -> None:
    findings = (
        finding(exposure=Exposure.PENDING),
        finding(exposure=Exposure.PENDING, waived="accepted"),
        finding(verdict=Verdict.UNKNOWN, waived="accepted"),
        finding(verdict=Verdict.MITIGATED),
    )
    judged = Report(inventory=inventory(), findings=findings)

    assert counted(judged, "verdicts")["at-risk"] == 2
    assert counted(judged, "waived") == {"at-risk": 1, "unknown": 1, "mitigated": 0, "not-affected": 0}
    assert counted(judged, "at_risk") == {"pending": 1, "boots": 0, "latent": 0}


def test_every_count_of_an_empty_inventory_is_zero() -> None:
    numbers = metrics(Report(inventory=inventory()))

    assert {metric.value for metric in numbers} == {0}
    assert coverage(numbers) == (
        "hypervisors: 0 complete, 0 partial, 0 failed",
        "domains: 0, interfaces: 0, judged: 0",
    )


def test_the_lines_for_people_hold_the_same_counts() -> None:
    numbers = metrics(report())

    assert coverage(numbers) == (
        "hypervisors: 1 complete, 1 partial, 1 failed",
        "domains: 7, interfaces: 7, judged: 5",
        "at risk and waived, so not counted as at risk: 1",
    )


def test_a_hypervisor_that_one_of_the_merged_scans_did_not_read_is_not_read_completely() -> None:
    refused = gap_in_words("hv2", "refused", GapAbout.HYPERVISOR, hypervisor="hv2")
    later = inventory(hypervisor("hv2", status=HostStatus.FAILED), gaps=(refused,))
    later = msgspec.structs.replace(later, taken_at=TAKEN_AT + timedelta(days=1))
    merged = merge([inventory(hypervisor("hv1"), hypervisor("hv2")), later])

    assert merged.hypervisors[1].status is HostStatus.COMPLETE
    assert scope(correlate(merged)) == ("Read completely: 1 of 2 hypervisors.",)


def test_the_scope_names_what_was_read_completely_and_what_was_skipped() -> None:
    assert scope(report()) == (
        "Read completely: 1 of 3 hypervisors, 3 of 4 servers. Skipped: 1 not macvtap, 1 belonging to the servers.",
    )


def test_the_scope_of_a_scan_without_gaps_is_everything() -> None:
    whole = inventory(hypervisor("hv1", domain("web01", macvtap())), servers=(server(),))

    assert scope(Report(inventory=whole)) == ("All hypervisors and servers were read.",)
    assert scope(Report(inventory=inventory(hypervisor("hv1")))) == ("All hypervisors were read.",)
    assert scope(Report(inventory=inventory())) == ()


def test_a_reason_that_never_occurred_is_zero() -> None:
    judged = Report(inventory=inventory(hypervisor("hv1", domain("web01", macvtap()))))

    assert counted(judged, "not_judged") == {reason.value: 0 for reason in NotJudged}
