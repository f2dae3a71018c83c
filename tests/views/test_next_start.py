"""The definition for the next start of a running domain: findings, but no further domain or interface."""

import msgspec
import pytest

from tests.build import UNFIXED_KERNEL, bridged, domain, hypervisor, inventory, macvtap, server
from tests.views.rows import of, records, total, values
from virtscan.correlator import correlate
from virtscan.model import Domain, DomainState, Report, Verdict
from virtscan.views import GROUPINGS
from virtscan.views.document import counts
from virtscan.views.report.summary import coverage, metrics

UUID = "6a1d0b6e-0001-4d8e-9e61-000000000001"
RUNNING = domain("web01", bridged(), uuid=UUID, vcpus=4, memory_mib=2048)


def later(running: Domain) -> Domain:
    """The definition that moves the domain onto bond2 at its next start."""
    return msgspec.structs.replace(
        running,
        state=DomainState.INACTIVE,
        next_start=True,
        interfaces=(macvtap("bond2"), bridged(index=1)),
        origin="later.xml",
    )


def judged(*domains: Domain) -> Report:
    host = hypervisor("hv1", *domains, kernel=UNFIXED_KERNEL, site="ams1", segments={"bond2": "pxe"})
    return correlate(inventory(host, servers=(server(),)))


REPORT = judged(RUNNING, later(RUNNING))
KEYS = ("domains_running", "domains_defined", "vcpus_running", "vcpus_defined", "memory_defined_mib")


def test_next_start_has_a_finding() -> None:
    (finding,) = REPORT.findings

    assert (finding.next_start, finding.verdict) == (True, Verdict.AT_RISK)


@pytest.mark.parametrize("name", ["domains", "interfaces", "not_judged"])
def test_the_summary_counts_a_next_start_once(name: str) -> None:
    assert counts(metrics(REPORT), name) == counts(metrics(judged(RUNNING)), name)


def test_the_line_about_coverage_shows_how_many_findings_are_for_the_next_start() -> None:
    assert coverage(metrics(REPORT))[1] == "domains: 1, interfaces: 1, judged: 1 (1 of them for the next start)"
    assert coverage(metrics(judged(RUNNING)))[1] == "domains: 1, interfaces: 1, judged: 0"


def test_a_hypervisor_counts_a_next_start_once_and_its_risks() -> None:
    keys = ("domains", "domains_running", "interfaces", "macvtap_interfaces", "at_risk")

    assert values(of(REPORT, "hypervisors"), *keys) == [(1, 1, 1, 0, 1)]


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_next_start_is_never_counted_as_allocated_capacity(grouping: str) -> None:
    document = GROUPINGS[grouping](REPORT)

    assert values([total(document)], *KEYS, "macvtap_interfaces", "at_risk") == [(1, 1, 4, 4, 2048, 0, 1)]
    assert sum(int(str(row["vcpus_defined"])) for row in records(document)) == 4
    assert sum(int(str(row["at_risk"])) for row in records(document)) == 1


def test_risk_of_a_next_start_is_counted_on_the_device_of_the_next_start() -> None:
    keys = ("source_device", "domains_defined", "at_risk")

    assert values(of(REPORT, "device"), *keys) == [("bond2", 0, 1), ("br0", 1, 0)]


def test_the_domain_has_one_row_with_the_verdict_of_its_next_start() -> None:
    rows = of(REPORT, "domains")

    assert values(rows, "domain", "state", "interfaces", "at_risk", "verdict") == [("web01", "active", 1, 1, "at-risk")]


def test_interfaces_of_a_next_start_have_no_rows() -> None:
    assert values(of(REPORT, "interfaces"), "domain", "type") == [("web01", "bridge")]


def test_findings_belong_to_the_first_of_two_running_copies() -> None:
    copy = msgspec.structs.replace(RUNNING, origin="copy.xml")

    assert values(of(judged(RUNNING, copy, later(RUNNING)), "domains"), "at_risk") == [(1,), (0,)]
