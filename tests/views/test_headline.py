"""The result in one sentence."""

from tests.build import bridged, domain, gap_in_words, hypervisor, inventory
from tests.views.fleet import finding, report
from virtscan.model import Confidence, Exposure, Finding, GapAbout, HostStatus, Report, Verdict
from virtscan.views.report.headline import headline


def of(*findings: Finding) -> str:
    return headline(Report(inventory=inventory(), findings=findings))


def test_headline_counts_interfaces_vms_confidence_and_network_boots() -> None:
    findings = (
        finding(exposure=Exposure.PENDING),
        finding(index=1),
        finding(domain="db01", confidence=Confidence.LOW, exposure=Exposure.LATENT),
    )

    assert of(*findings) == (
        "3 interfaces of 2 VMs at risk (2 high, 1 low confidence); 1 is about to netboot, "
        "1 has network in its boot order"
    )


def test_headline_agrees_in_number_with_the_interfaces() -> None:
    assert of(*(finding(index=number, exposure=Exposure.BOOTS) for number in range(2))) == (
        "2 interfaces of 1 VM at risk (2 high confidence); 2 have network in their boot order"
    )
    assert "; 2 are about to netboot" in of(*(finding(index=number, exposure=Exposure.PENDING) for number in range(2)))


def test_every_finding_is_counted_once() -> None:
    assert headline(report()) == (
        "2 interfaces of 2 VMs at risk (1 high, 1 medium confidence); 1 has network in its boot order. "
        "1 unknown, 1 waived, 1 not at risk"
    )


def test_only_mitigated_and_not_affected_are_not_at_risk() -> None:
    assert of(*(finding(verdict=verdict) for verdict in Verdict if verdict is not Verdict.AT_RISK)) == (
        "No interface is known to be at risk. 1 unknown, 2 not at risk"
    )
    assert of(finding(verdict=Verdict.UNKNOWN, waived="accepted")) == "No interface is known to be at risk. 1 waived"


def test_without_a_risk_the_headline_states_if_everything_is_known() -> None:
    fine, unread = finding(verdict=Verdict.MITIGATED), gap_in_words("qemu:///system", "refused", GapAbout.HYPERVISOR)

    assert of(fine, finding(verdict=Verdict.NOT_AFFECTED, index=1)) == "No interface is at risk. 2 judged"
    assert headline(Report(inventory=inventory(gaps=(unread,)), findings=(fine,))) == (
        "No interface is known to be at risk. 1 not at risk"
    )


def test_headline_without_findings_shows_what_was_read() -> None:
    failed = hypervisor("hv1", status=HostStatus.FAILED)
    bridged_only = hypervisor("hv1", domain("web01", bridged("br0")))

    assert headline(Report(inventory=inventory())) == "No hypervisor was given"
    assert headline(Report(inventory=inventory(failed))) == "No hypervisor was read"
    assert headline(Report(inventory=inventory(hypervisor("hv1")))) == "No domain was found"
    assert headline(Report(inventory=inventory(hypervisor("hv1", domain("web01"))))) == "No interface was found"
    assert headline(Report(inventory=inventory(bridged_only))) == "1 interface of 1 VM read, none judged"
