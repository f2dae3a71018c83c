"""Identifiers of findings: the same from scan to scan, another one for each finding."""

import re
from typing import Any

import pytest
from hypothesis import given

from tests.build import hypervisor, inventory
from tests.correlator.fleets import inventories
from tests.views.fleet import finding
from virtscan.correlator import correlate
from virtscan.model import Confidence, Exposure, Inventory, Mac, Report, SourceMode, Verdict
from virtscan.views.report.identity import identifiers


def of(**fields: Any) -> str:
    """The identifier of one finding; `fields` as for `finding` (`Any`: they differ in type)."""
    judged = finding(**fields)
    return identifiers(Report(inventory=inventory(), findings=(judged,)))[judged.key]


def test_an_identifier_is_twelve_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{12}", of())


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": Verdict.MITIGATED, "rule": "R9", "confidence": Confidence.LOW},
        {"exposure": Exposure.PENDING},
        {"server": "cobbler", "server_interface": None},
        {"source_device": None, "source_mode": SourceMode.VEPA, "segment": None},
        {"waived": "accepted"},
        {"domain": "renamed"},
        {"origin": "dumps/web01.xml"},
        {"index": 4},
    ],
)
def test_neither_judgement_nor_a_new_name_or_place_changes_it(fields: dict[str, Any]) -> None:
    assert of(**fields) == of()


@pytest.mark.parametrize(
    "fields",
    [
        {"hypervisor": "hv2"},
        {"uuid": "6a1d0b6e-0001-4d8e-9e61-000000000002"},
        {"uuid": None},
        {"mac": Mac("52:54:00:93:76:b0")},
        {"mac": None},
        {"next_start": True},
    ],
)
def test_another_host_domain_interface_or_definition_changes_it(fields: dict[str, Any]) -> None:
    assert of(**fields) != of()


def test_a_hypervisor_is_known_by_its_key_whatever_its_name() -> None:
    uuid = "4c4c4544-0042-3510-8051-b7c04f4e4732"

    def named(name: str, system_uuid: str) -> str:
        judged = finding(hypervisor=name)
        host = hypervisor(name, system_uuid=system_uuid)
        return identifiers(Report(inventory=inventory(host), findings=(judged,)))[judged.key]

    assert named("hv1", uuid) == named("hv1#2", uuid)
    assert named("hv1", uuid) != named("hv1", uuid.replace("4", "5"))


def test_two_reports_of_one_machine_give_two_identifiers() -> None:
    uuid = "4c4c4544-0042-3510-8051-b7c04f4e4732"
    hosts = [hypervisor(name, system_uuid=uuid) for name in ("hv1", "hv1#2")]
    findings = (finding(hypervisor="hv1"), finding(hypervisor="hv1#2"))

    assert len({*identifiers(Report(inventory=inventory(*hosts), findings=findings)).values()}) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [({"origin": "a"}, {"origin": "b"}), ({"domain": "a"}, {"domain": "b"}), ({"index": 0}, {"index": 1})],
)
def test_origin_name_and_number_identify_an_interface_without_uuid_and_mac(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert of(uuid=None, mac=None, **one) != of(uuid=None, mac=None, **other)


def test_identifiers_of_one_domain_in_two_files_do_not_depend_on_the_order() -> None:
    first, second = finding(origin="a.xml"), finding(origin="b.xml", verdict=Verdict.UNKNOWN)

    there = identifiers(Report(inventory=inventory(), findings=(first, second)))
    back = identifiers(Report(inventory=inventory(), findings=(second, first)))

    assert there == back
    assert there[first.key] == of()
    assert there[second.key] != of()


@given(inventories())
@pytest.mark.long
def test_no_two_findings_of_a_report_share_one(fleet: Inventory) -> None:
    report = correlate(fleet)

    ids = identifiers(report)

    assert {finding.key for finding in report.findings} == set(ids)
    assert len(set(ids.values())) == len(ids)
