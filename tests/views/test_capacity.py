"""The capacity view: what planners add up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.build import bridged, domain, hypervisor, inventory, macvtap
from tests.views.fleet import finding, report
from tests.views.rows import of, records, total, values
from virtscan.model import (
    DeviceKind,
    DomainState,
    HostStatus,
    Hypervisor,
    Interface,
    Processor,
    Report,
    Resources,
    State,
    Verdict,
)
from virtscan.reporters import REPORTERS
from virtscan.views import GROUPINGS

URI = "qemu:///system"


def fleet(*hosts: Hypervisor, **more: Any) -> Report:
    return Report(inventory=inventory(*hosts), **more)


def failed(name: str, **more: Any) -> Hypervisor:
    return hypervisor(name, status=HostStatus.FAILED, devices=(), **more)


def test_a_hypervisor_is_shown_with_its_resources_and_the_allocated_part() -> None:
    host = hypervisor(
        "hv1",
        domain("a", macvtap(), vcpus=4, memory_mib=1024, resources=Resources(paused=State.OFF)),
        domain("b", bridged(), vcpus=8, memory_mib=2048, state=DomainState.INACTIVE),
        cpus=8,
        memory_mib=8192,
        memory_free_mib=5000,
        processor=Processor(sockets=2, cores=2, threads=2),
        site="ams1",
    )

    assert of(fleet(host, findings=(finding(origin=URI, domain="a"),)), "hypervisor") == [
        {
            "hypervisor": "hv1",
            "site": "ams1",
            "status": "complete",
            "hypervisors": 1,
            "cpus": 8,
            "sockets": 2,
            "cores": 4,
            "threads": 8,
            "memory_mib": 8192,
            "memory_free_mib": 5000,
            "domains_running": 1,
            "domains_paused": 0,
            "domains_defined": 2,
            "vcpus_running": 4,
            "vcpus_defined": 12,
            "vcpus_running_per_cpu": 0.5,
            "vcpus_defined_per_cpu": 1.5,
            "memory_running_mib": 1024,
            "memory_defined_mib": 3072,
            "memory_running_ratio": 0.12,
            "memory_defined_ratio": 0.38,
            "vcpus_running_per_cpu_n1": None,
            "memory_headroom_mib": None,
            "largest_domain_mib": 5000,
            "macvtap_interfaces": 1,
            "at_risk": 1,
            "at_risk_waived": 0,
            "unknown": 0,
            "macvtap_by_device": ("bond2=1",),
        }
    ]


def test_capacity_is_by_hypervisor_by_default() -> None:
    assert of(report(), "capacity") == of(report(), "hypervisor")


def test_rows_are_sorted_and_rows_without_a_name_come_last() -> None:
    hosts = [hypervisor("hv10", site="b"), hypervisor("hv1"), hypervisor("hv2", site="a")]

    assert [row["hypervisor"] for row in of(fleet(*hosts), "hypervisor")] == ["hv1", "hv2", "hv10"]
    assert [row["site"] for row in of(fleet(*hosts), "site")] == ["a", "b", None]


def test_the_fullest_device_of_a_host_is_named_first() -> None:
    host = hypervisor(
        "hv1",
        domain("a", macvtap("bond3"), macvtap("bond2", index=1), macvtap("bond3", index=2), bridged(index=3)),
    )

    assert of(fleet(host), "hypervisor")[0]["macvtap_by_device"] == ("bond3=2", "bond2=1")


def test_a_domain_on_two_devices_counts_for_both_and_once_in_the_total() -> None:
    host = hypervisor("hv1", domain("a", macvtap("bond2"), macvtap("bond3", index=1), vcpus=4), cpus=8)

    document = GROUPINGS["device"](fleet(host))

    keys = ("source_device", "domains_running", "vcpus_running", "macvtap_interfaces", "cpus")
    assert values(records(document), *keys) == [("bond2", 1, 4, 1, 8), ("bond3", 1, 4, 1, 8)]
    assert values([total(document)], *keys) == [(None, 1, 4, 2, 8)]
    assert "a domain on several devices counts for each of them, and once in the total" in document.notes


def test_a_domain_with_two_interfaces_on_one_device_counts_once() -> None:
    host = hypervisor("hv1", domain("a", macvtap(), macvtap(index=1)))

    assert values(of(fleet(host), "device"), "domains_running", "macvtap_interfaces") == [(1, 2)]


def test_the_same_device_name_on_two_hosts_is_two_devices() -> None:
    hosts = [hypervisor(name, domain("a", macvtap())) for name in ("hv1", "hv2")]

    assert values(of(fleet(*hosts), "device"), "hypervisor", "source_device", "device_kind") == [
        ("hv1", "bond2", "bond"),
        ("hv2", "bond2", "bond"),
    ]


def test_domains_on_no_device_and_hosts_without_domains_have_a_row() -> None:
    hosts = [hypervisor("hv1", domain("a", macvtap()), domain("b")), hypervisor("hv2"), failed("hv3")]

    keys = ("hypervisor", "source_device", "status", "domains_defined")
    assert values(of(fleet(*hosts), "device"), *keys) == [
        ("hv1", "bond2", "complete", 1),
        ("hv1", None, "complete", 1),
        ("hv2", None, "complete", 0),
        ("hv3", None, "failed", None),
    ]


def test_segments_are_those_of_findings_and_of_the_configuration() -> None:
    host = hypervisor(
        "hv1",
        domain("a", macvtap("bond2"), macvtap("bond3", index=1)),
        domain("b", macvtap("bond4")),
        segments={"bond2": "pxe-a", "bond9": "unused"},
    )
    judged = finding(origin=URI, domain="a", index=1, segment="pxe-b")

    rows = of(fleet(host, findings=(judged,)), "segment")

    assert values(rows, "segment", "domains_running", "macvtap_interfaces") == [
        ("pxe-a", 1, 1),
        ("pxe-b", 1, 1),
        ("unused", 0, 0),
        (None, 1, 1),
    ]


def test_an_unread_host_makes_its_segments_partial() -> None:
    hosts = [
        hypervisor("hv1", domain("a", macvtap()), segments={"bond2": "pxe-a"}),
        failed("hv2", segments={"bond2": "pxe-a"}),
    ]

    assert values(of(fleet(*hosts), "segment"), "segment", "status", "hypervisors", "domains_defined") == [
        ("pxe-a", "partial", 2, 1)
    ]


def test_an_unread_host_has_nulls_and_adds_nothing_to_totals() -> None:
    hosts = [hypervisor("hv1", domain("a", vcpus=8), cpus=16, site="x"), failed("hv2", cpus=16, site="x")]

    document = GROUPINGS["hypervisor"](fleet(*hosts))

    keys = ("status", "cpus", "domains_defined", "vcpus_running", "vcpus_running_per_cpu", "at_risk")
    assert values(records(document), *keys) == [
        ("complete", 16, 1, 8, 0.5, 0),
        ("failed", None, None, None, None, None),
    ]
    assert values([total(document)], *keys) == [("partial", 16, 1, 8, 0.5, 0)]
    assert "status partial: some items were not read, so the real numbers may be higher" in document.notes


def test_a_fleet_that_could_not_be_read_is_not_partial() -> None:
    document = GROUPINGS["hypervisor"](fleet(failed("hv1")))

    assert total(document)["status"] == "failed"
    assert not any(note.startswith("status partial") for note in document.notes)


@pytest.mark.parametrize("by", GROUPINGS)
def test_if_no_host_could_be_read_the_total_is_unknown(by: str) -> None:
    row = total(GROUPINGS[by](fleet(failed("hv1"), failed("hv2"))))

    assert values([row], "status", "hypervisors", "cpus", "domains_defined", "at_risk") == [
        ("failed", 2, None, None, None)
    ]


@pytest.mark.parametrize("by", GROUPINGS)
def test_total_of_an_empty_fleet_is_zero(by: str) -> None:
    document = GROUPINGS[by](fleet())

    assert records(document) == []
    assert values([total(document)], "status", "cpus", "domains_defined", "vcpus_running_per_cpu") == [
        ("complete", 0, 0, None)
    ]


def test_a_sum_over_an_unknown_value_is_null_and_a_note_names_the_hosts() -> None:
    hosts = [
        hypervisor("hv1", domain("a", vcpus=4)),
        hypervisor("hv2", domain("b"), cpus=None),
        hypervisor("hv3", domain("c"), memory_mib=None),
    ]

    document = GROUPINGS["hypervisor"](fleet(*hosts))

    keys = ("cpus", "memory_mib", "vcpus_running", "vcpus_running_per_cpu", "memory_running_ratio")
    assert values([total(document)], *keys) == [(None, None, 8, None, None)]
    assert "totals and ratios are unknown, because CPUs or memory are unknown for: hv2, hv3" in document.notes


def test_a_domain_of_unknown_size_leaves_no_sum() -> None:
    host = hypervisor("hv1", domain("a", vcpus=None), domain("b", memory_mib=None, state=DomainState.INACTIVE))

    row = of(fleet(host), "hypervisor")[0]

    keys = ("vcpus_running", "vcpus_defined", "memory_running_mib", "memory_defined_mib", "domains_running")
    assert values([row], *keys) == [(None, None, 2048, None, 1)]


def test_running_domains_are_unknown_if_a_file_lacks_their_state() -> None:
    host = hypervisor("hv1", domain("a"), domain("b", state=DomainState.UNKNOWN))

    row = of(fleet(host), "hypervisor")[0]

    assert values([row], "domains_running", "vcpus_running", "domains_defined", "vcpus_defined") == [(None, None, 2, 4)]


def test_interfaces_without_a_known_device_are_one_row_of_their_host() -> None:
    lost = {"source_device": None, "device_kind": DeviceKind.UNKNOWN, "lower_devices": ()}
    host = hypervisor("hv1", domain("a", macvtap()), domain("b", nowhere("user")))

    rows = of(fleet(host, findings=(finding(domain="a", origin=URI, **lost),)), "device")

    assert values(rows, "source_device", "device_kind", "domains_running") == [(None, None, 2)]


def nowhere(kind: str) -> Interface:
    return replace(bridged(), type=kind, source=None, attachments=())


def test_a_host_without_cpus_has_no_ratio() -> None:
    assert of(fleet(hypervisor("hv1", cpus=0)), "hypervisor")[0]["vcpus_running_per_cpu"] is None


def test_an_interface_of_an_unknown_verdict_is_counted() -> None:
    host = hypervisor("hv1", domain("a", macvtap()))
    row = of(fleet(host, findings=(finding(origin=URI, domain="a", verdict=Verdict.UNKNOWN),)), "hypervisor")[0]

    assert values([row], "macvtap_interfaces", "at_risk", "unknown") == [(1, 0, 1)]


def test_waived_findings_are_not_at_risk() -> None:
    host = hypervisor("hv1", domain("web01", macvtap()))

    row = of(fleet(host, findings=(finding(origin=URI, waived="accepted"),)), "hypervisor")[0]

    assert values([row], "macvtap_interfaces", "at_risk", "at_risk_waived") == [(1, 0, 1)]


@pytest.mark.long
@given(
    hosts=st.lists(
        st.tuples(
            st.sampled_from(["ams1", "fra1", None]),
            st.lists(st.sampled_from(["bond2", "bond3", "eth0"]), max_size=4),
            st.sampled_from(HostStatus),
        ),
        max_size=4,
    )
)
def test_every_grouping_has_the_same_total(hosts: list[tuple[str | None, list[str], HostStatus]]) -> None:
    of_hosts = [
        hypervisor(
            f"hv{number}",
            *[domain(f"vm{place}", macvtap(device)) for place, device in enumerate(devices)],
            site=site,
            status=status,
        )
        for number, (site, devices, status) in enumerate(hosts)
    ]

    totals = [total(GROUPINGS[by](fleet(*of_hosts))) for by in GROUPINGS]

    labels = {"hypervisor", "site", "source_device", "device_kind", "segment", "macvtap_by_device"}
    numbers = [{key: value for key, value in row.items() if key not in labels} for row in totals]
    assert numbers == [numbers[0]] * len(GROUPINGS)


@pytest.mark.parametrize("by", ["hypervisor", "site"])
def test_rows_that_share_nothing_add_up_to_the_total(by: str) -> None:
    document = GROUPINGS[by](report())

    for key in ("cpus", "memory_mib", "domains_running", "domains_defined", "vcpus_defined", "at_risk"):
        parts = [row[key] for row in records(document)]
        assert sum(part for part in parts if isinstance(part, int)) == total(document)[key]


@pytest.mark.parametrize("format_name", ["table", "markdown"])
def test_without_hypervisors_there_is_a_sentence_in_place_of_a_table(format_name: str) -> None:
    shown = REPORTERS[format_name].render(GROUPINGS["hypervisor"](fleet())).decode()

    assert "No hypervisor was given." in shown
    assert "total" not in shown
