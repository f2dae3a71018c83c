"""The published SQL views, in both databases."""

import re
from datetime import timedelta

import pytest

from tests.build import TAKEN_AT, server
from tests.conftest import PROJECT
from tests.storage.history.nights import host, night, nights, query, save, vm
from virtscan.changes.trend import Every, RiskBy, risk_trend
from virtscan.model import (
    Attachment,
    DeviceName,
    Domain,
    DomainState,
    HostStatus,
    Hypervisor,
    Interface,
    Mac,
    SourceMode,
)
from virtscan.storage.history import Then, open_history

FAILED = HostStatus.FAILED
DOMAINS = "SELECT hypervisor, domain, vcpus, first_scan, end_scan FROM domain ORDER BY 1, 2, 4"
CHANGES = "SELECT scan, kind, hypervisor, domain FROM change ORDER BY 1, 2, 3, 4"


def test_a_version_ends_only_when_its_host_was_read_completely_and_lacks_it(url: str) -> None:
    seen = host("hv1", vm(1), vm(2))
    save(url, nights([seen], [host("hv1", status=FAILED)], [host("hv1", vm(1), status=HostStatus.PARTIAL)], [seen]))
    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, None), ("hv1", "vm2", 2, 1, None)]

    save(url, [night(5, host("hv1", vm(2)))])
    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, 5), ("hv1", "vm2", 2, 1, None)]


def test_a_new_state_ends_the_old_one_even_if_the_host_was_read_in_part(url: str) -> None:
    grown = host("hv1", vm(1, vcpus=4), status=HostStatus.PARTIAL)
    save(url, nights([host("hv1", vm(1), vm(2))], [grown]))

    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, 2), ("hv1", "vm1", 4, 2, None), ("hv1", "vm2", 2, 1, None)]


def test_versions_of_a_host_end_when_it_is_no_longer_configured(url: str) -> None:
    both = [host("hv1", vm(1)), host("hv2", vm(2))]
    save(url, nights(both, [host("hv1", vm(1)), host("hv2", status=FAILED)], [host("hv1", vm(1))]))

    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, None), ("hv2", "vm2", 2, 1, 3)]
    assert [str(end)[:10] for (end,) in query(url, "SELECT ended_at FROM domain WHERE domain = 'vm2'")] == [
        "2026-11-24"
    ]
    assert query(url, "SELECT domain FROM interface WHERE end_scan IS NULL") == [("vm1",)]
    assert query(url, CHANGES) == [(3, "removed", "hv2", "vm2")]
    with open_history(url) as history:
        assert [len(scan.hypervisors) for scan in map(history.load, (1, 2, 3))] == [2, 2, 1]

    save(url, [night(4, *both)])
    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, None), ("hv2", "vm2", 2, 1, None)]


def test_a_move_away_from_a_host_that_is_no_longer_configured_is_not_a_removal(url: str) -> None:
    save(url, nights([host("hv1", vm(1)), host("hv2", vm(2))], [host("hv1", vm(1), vm(2))]))

    assert query(url, CHANGES) == [(2, "moved", "hv1", "vm2")]


def test_pruning_keeps_the_end_of_a_host_that_is_no_longer_configured(url: str) -> None:
    first = [host("hv1", vm(1))]
    save(url, nights([host("hv1", vm(1)), host("hv2", vm(2))], first, first, first))
    with open_history(url) as history:
        assert history.prune(before=TAKEN_AT + timedelta(days=9), then=Then.NONE) == (2, 3)

    assert query(url, DOMAINS) == [("hv1", "vm1", 2, 1, None), ("hv2", "vm2", 2, 1, 4)]


def test_a_domain_has_its_facts_and_times(url: str) -> None:
    save(url, nights([host("hv1", vm(1, memory_mib=4096, state=DomainState.INACTIVE))], [host("hv1")], scope="fleet"))

    columns = "scope, site, hypervisor, domain, uuid, state, next_start, vcpus, memory_mib, interfaces"
    assert query(url, f"SELECT {columns} FROM domain") == [
        ("fleet", "ams1", "hv1", "vm1", "00000001-0000-4000-8000-000000000000", "inactive", 0, 2, 4096, 1)
    ]
    ((first, ended),) = query(url, "SELECT first_seen, ended_at FROM domain")
    assert str(first).startswith("2026-11-22")
    assert str(ended).startswith("2026-11-23")


def test_an_interface_has_the_columns_of_the_interfaces_view(url: str) -> None:
    on_pool = Interface(
        index=1,
        type="network",
        mac=Mac("52:54:00:00:00:99"),
        network="pxe",
        boot_order=1,
        model="virtio",
        attachments=(Attachment(DeviceName("bond1"), SourceMode.VEPA), Attachment(DeviceName("bond2"), None)),
    )
    save(url, nights([host("hv1", vm(1), vm(2, interfaces=(on_pool,)), vm(3, interfaces=()))]))

    columns = "domain, interface_index, mac, type, network, model, boot_order, source_device, source_mode, end_scan"
    assert query(url, f"SELECT {columns} FROM interface ORDER BY 1") == [
        ("vm1", 0, "52:54:00:00:00:01", "direct", None, "virtio", None, "bond2", "bridge", None),
        ("vm2", 1, "52:54:00:00:00:99", "network", "pxe", "virtio", 1, "bond1", "vepa", None),
    ]


def test_a_hypervisor_is_as_the_last_scan_saw_it(url: str) -> None:
    save(url, nights([host("hv1", vm(1)), host("hv2")], [host("hv1", status=FAILED, cpus=None), host("hv2", vm(2))]))

    columns = "hypervisor, site, status, scan, cpus, domains, interfaces"
    assert query(url, f"SELECT {columns} FROM hypervisor_now ORDER BY 1") == [
        ("hv1", "ams1", "failed", 2, None, 0, 0),
        ("hv2", "ams1", "complete", 2, 16, 1, 1),
    ]
    last = query(url, "SELECT hypervisor, last_complete FROM hypervisor_now ORDER BY 1")
    assert [(name, str(moment)[:10]) for name, moment in last] == [("hv1", "2026-11-22"), ("hv2", "2026-11-23")]


def test_each_scope_has_its_own_last_scan(url: str) -> None:
    save(url, [night(1, host("hv1"), scope="one"), night(1, host("hv2"), scope="two")])
    save(url, [night(2, host("hv1"), host("hv3"), scope="one")])

    assert query(url, "SELECT scope, hypervisor, scan FROM hypervisor_now ORDER BY 1, 2") == [
        ("one", "hv1", 3),
        ("one", "hv3", 3),
        ("two", "hv2", 2),
    ]


def test_changes_are_additions_removals_changes_and_moves(url: str) -> None:
    save(
        url,
        nights(
            [host("hv1", vm(1), vm(2)), host("hv2")],
            [host("hv1", vm(1, vcpus=4), vm(2)), host("hv2", vm(3))],
            [host("hv1", vm(1, vcpus=4)), host("hv2", vm(2), vm(3))],
            [host("hv1"), host("hv2", vm(2), vm(3))],
        ),
    )

    assert query(url, CHANGES) == [
        (2, "added", "hv2", "vm3"),
        (2, "changed", "hv1", "vm1"),
        (3, "moved", "hv2", "vm2"),
        (4, "removed", "hv1", "vm1"),
    ]


def test_a_move_away_from_a_host_that_was_down_is_not_a_removal(url: str) -> None:
    gone = [host("hv1"), host("hv2", vm(1))]
    save(url, nights([host("hv1", vm(1)), host("hv2")], [host("hv1", status=FAILED), host("hv2", vm(1))], gone))

    assert query(url, CHANGES) == [(2, "moved", "hv2", "vm1")]


def test_a_domain_missing_from_a_list_that_may_lack_some_is_not_removed(url: str) -> None:
    folder = [vm(1), vm(2)], [vm(1)]
    save(url, nights(*([host("dumps", *some, lists_all_domains=False), host("hv2")] for some in folder)))

    assert query(url, CHANGES) == [(2, "not-seen", "dumps", "vm2")]


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        pytest.param([], [(2, "removed", "hv1", "vm1")], id="it was removed"),
        pytest.param([vm(1)], [(2, "not-seen", "hv1", "vm1"), (3, "added", "hv2", "vm1")], id="it was there"),
    ],
)
@pytest.mark.parametrize("left", [host("hv1"), None], ids=["left its host", "its host left the configuration"])
def test_a_domain_that_may_be_on_an_unread_host_is_not_removed_until_that_lacks_it(
    left: Hypervisor | None, found: list[Domain], changes: list[tuple[int, str, str, str]], url: str
) -> None:
    hosts = [host("hv2", status=FAILED), *([] if left is None else [left])]
    save(url, nights([host("hv1", vm(1)), host("hv2")], hosts))
    assert query(url, CHANGES) == [(2, "not-seen", "hv1", "vm1")]

    save(url, [night(3, host("hv2", *found), *hosts[1:])])
    assert query(url, CHANGES) == changes


@pytest.mark.parametrize("left", [host("hv1"), None], ids=["left its host", "its host left the configuration"])
def test_a_domain_counts_as_removed_once_the_unread_host_that_may_have_it_left_the_configuration(
    left: Hypervisor | None, url: str
) -> None:
    hosts = [] if left is None else [left]
    unread = [host("hv2", status=FAILED), host("hv3"), *hosts]
    save(url, nights([host("hv1", vm(1)), host("hv2"), host("hv3")], unread))
    assert query(url, CHANGES) == [(2, "not-seen", "hv1", "vm1")]

    save(url, [night(3, host("hv3"), *hosts)])
    assert query(url, CHANGES) == [(2, "removed", "hv1", "vm1")]


def test_findings_of_a_scan_that_was_not_judged_are_unknown(url: str) -> None:
    first, second = nights([host("hv1", vm(1))], [host("hv1", vm(1))], servers=(server(),))
    save(url, [first])
    with open_history(url) as history:
        history.save(second, None)
        scans = history.scans()
        points = risk_trend(history.finding_counts(), RiskBy.SITE, Every.SCAN).points

    assert [(scan.at_risk, scan.unknown) for scan in scans] == [(1, 0), (None, None)]
    assert [(point.at_risk, point.mitigated) for point in points] == [(1, 0), (None, None)]
    assert query(url, "SELECT at_risk FROM hypervisor_now") == [(None,)]


def test_a_new_host_brings_no_changes(url: str) -> None:
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(1)), host("hv2", vm(2))]))

    assert query(url, CHANGES) == []


def test_names_of_any_kind_are_in_the_views(url: str) -> None:
    name = "a'b\"; \u202e</script>\n%s:x?"
    save(url, nights([host(name, vm(1, name=name), site=name)]))

    assert query(url, "SELECT hypervisor, site, domain FROM interface") == [(name, name, name)]


def test_the_documented_queries_run(url: str) -> None:
    """Each query of docs/history.md, with Grafana's macro as Grafana replaces it."""
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(2))]))
    text = (PROJECT / "docs" / "history.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?);\n```", text, re.DOTALL)
    between = "taken_at BETWEEN '2026-11-23T00:00:00Z' AND '2026-11-24T00:00:00Z'"
    plain, grafana = (query(url, sql.replace("$__timeFilter(taken_at)", between)) for sql in queries)

    assert plain == [("hv1", "vm2", 2, 2048)]
    assert [(kind, domain) for _, kind, _, _, domain in grafana] == [("added", "vm2"), ("removed", "vm1")]
