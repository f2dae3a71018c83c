"""The metrics of a scan."""

from datetime import date, datetime, timedelta

import pytest

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap
from tests.views.fleet import report
from virtscan.model import GapAbout, HostStatus, Inventory, Policy, Report, Resources, State, Waiver, WaiverState
from virtscan.views.document import Metric
from virtscan.views.report.metrics import is_complete, view
from virtscan.views.report.run import Run

RUN = Run(exit_code=0)
GAP = gap_in_words(subject="hv1", reason="no answer", about=GapAbout.HYPERVISOR)


def found(name: str, of: Report | None = None, run: Run = RUN) -> list[Metric]:
    return [metric for metric in view(of or report(), run).metrics if metric.name == name]


def value(name: str, of: Report | None = None, run: Run = RUN, **labels: str) -> int | float:
    """The sum over all metrics with these labels."""
    matching = [metric for metric in found(name, of, run) if labels.items() <= metric.labels.items()]
    assert matching
    return sum(metric.value for metric in matching)


def test_findings_are_counted_by_everything_that_a_label_names() -> None:
    assert value("findings") == 5
    assert value("findings", verdict="at-risk", waived="false") == 2
    assert value("findings", site="ams1", server="satellite", verdict="at-risk", waived="true", exposure="latent") == 1
    assert value("findings", site="fra1", server="", verdict="not-affected") == 1


@pytest.mark.parametrize("server", ["satellite", "cobbler", "foreman", ""])
@pytest.mark.parametrize("site", ["ams1", "fra1"])
def test_every_site_and_server_has_every_state_even_without_a_finding(site: str, server: str) -> None:
    of_them = [
        metric for metric in found("findings") if (metric.labels["site"], metric.labels["server"]) == (site, server)
    ]

    assert len({tuple(metric.labels.values()) for metric in of_them}) == len(of_them) == 4 * 3 * 2


def test_gaps_and_waivers_have_a_zero_for_every_kind() -> None:
    assert {metric.labels["about"]: metric.value for metric in found("gaps")} == {
        about.value: {"domain": 1, "network": 1, "hypervisor": 1, "server": 1}.get(about.value, 0) for about in GapAbout
    }
    assert [metric.value for metric in found("waivers")] == [0, 0, 0]


def test_exactly_one_state_of_a_server_is_true() -> None:
    of_it = [metric for metric in found("server_tx_checksum") if metric.labels["server"] == "satellite"]

    assert len(of_it) == 9
    assert [(metric.labels["state"], metric.labels["after_reboot"]) for metric in of_it if metric.value] == [
        ("on", "on")
    ]


def test_paused_domains_are_counted_where_that_is_known() -> None:
    paused, running = (domain(state.value, resources=Resources(paused=state)) for state in (State.ON, State.OFF))
    known, unknown = hypervisor("known", paused, running), hypervisor("unknown", paused, domain("other"))

    counted = found("domains_paused", Report(inventory=inventory(known, unknown)))

    assert [(metric.labels["hypervisor"], metric.value) for metric in counted] == [("known", 1)]


def test_a_sum_of_which_a_part_is_unknown_is_left_out() -> None:
    fleet = inventory(hypervisor("hv1", domain("web01", memory_mib=None), domain("web02")))

    sums = [metric for metric in view(Report(inventory=fleet), RUN).metrics if metric.labels.get("state") == "active"]

    assert {metric.name: metric.value for metric in sums} == {"domains": 2, "domain_vcpus": 4}


def test_a_hypervisor_that_was_not_read_is_down_and_has_no_domains() -> None:
    up = {metric.labels["hypervisor"]: metric.value for metric in found("hypervisor_up")}

    assert up == {"hv1": 1, "hv2": 1, "hv3": 0}
    assert {metric.labels["hypervisor"] for metric in found("domains")} == {"hv1", "hv2"}


def test_domains_are_counted_in_base_units() -> None:
    assert value("domains", hypervisor="hv1", state="active") == 3
    assert value("domains", hypervisor="hv1", state="unknown") == 0
    assert value("domain_vcpus", hypervisor="hv1", state="inactive") == 8
    assert value("domain_memory", hypervisor="hv2", state="inactive") == 4096 * 1024 * 1024
    assert value("hypervisor_memory", hypervisor="hv2") == 131072 * 1024 * 1024
    assert {(metric.name, metric.unit) for metric in view(report(), RUN).metrics if "memory" in metric.name} == {
        ("domain_memory", "bytes"),
        ("hypervisor_memory", "bytes"),
    }


def test_the_duration_is_left_out_where_it_is_unknown() -> None:
    assert found("scan_duration") == []
    assert value("scan_duration", run=Run(exit_code=0, seconds=1.25)) == 1.25
    assert value("scan_exit_code", run=Run(exit_code=4)) == 4


@pytest.mark.parametrize(
    ("fleet", "complete"),
    [
        (inventory(hypervisor("hv1", domain("web01", macvtap()))), True),
        (inventory(hypervisor("hv1"), gaps=(GAP,)), False),
        (inventory(hypervisor("hv1", status=HostStatus.PARTIAL)), False),
        (inventory(), False),
    ],
    ids=["all", "a gap", "in part", "nothing"],
)
@pytest.mark.parametrize("before", [None, TAKEN_AT - timedelta(days=3)])
def test_the_last_complete_scan_is_this_one_or_the_one_before(
    fleet: Inventory, complete: bool, before: datetime | None
) -> None:
    shown = value("last_complete_scan_timestamp", Report(inventory=fleet), Run(exit_code=0, last_complete=before))

    assert is_complete(Report(inventory=fleet)) is complete
    assert shown == (TAKEN_AT.timestamp() if complete else before.timestamp() if before else 0)


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "expired"), (0, "ending"), (14, "ending"), (15, "valid"), (None, "valid")]
)
def test_a_waiver_ends_from_two_weeks_before_its_last_day(days: int | None, state: str) -> None:
    day = date(2026, 11, 22)
    waiver = Waiver(reason="x", until=None if days is None else day + timedelta(days=days))

    assert waiver.state_on(day) is WaiverState(state)
    fleet = inventory(hypervisor("hv1"), policy=Policy(waivers=(waiver,)))
    assert [metric.labels["state"] for metric in found("waivers", Report(inventory=fleet)) if metric.value] == [state]
