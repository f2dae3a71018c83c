"""Scans by number, day and scope; the memory of hosts; counts that stay when the content goes."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from tests.build import TAKEN_AT, server
from tests.storage.history.nights import host, night, nights, query, save, vm
from virtscan.changes import Kind, compare, remembering
from virtscan.changes.trend import Every, RiskBy, risk_trend
from virtscan.correlator.judging import judge
from virtscan.errors import HistoryError
from virtscan.model import Domain, Exposure, HostStatus, Hypervisor, Inventory, Verdict
from virtscan.model.history import CapacityCount, FindingCount
from virtscan.storage.history import Then, open_history

FAILED, PARTIAL = HostStatus.FAILED, HostStatus.PARTIAL


def test_a_scan_is_found_by_number_by_day_and_as_the_last(url: str) -> None:
    save(url, nights([host("hv1")], [host("hv1")], [host("hv1")]))

    with open_history(url) as history:
        assert history.find(None).number == 3
        assert history.find(2).taken_at == TAKEN_AT + timedelta(days=1)
        assert history.find(date(2026, 11, 23)).number == 2
        assert history.find(date(2027, 1, 1)).number == 3
        assert history.find(date.max).number == 3
        with pytest.raises(HistoryError, match="no scan up to 2026-11-21; virtscan history list shows all"):
            history.find(date(2026, 11, 21))
        with pytest.raises(HistoryError, match="no scan 17"):
            history.find(17)
        with pytest.raises(HistoryError, match="scan 17: no such scan"):
            history.load(17)


def test_the_scan_of_a_day_is_that_of_its_time_whenever_the_clock_was_wrong(url: str) -> None:
    save(url, [night(day, host("hv1")) for day in (10, 400, 11, 2, 12)])

    with open_history(url) as history:
        days = [(TAKEN_AT + timedelta(days=number - 1)).date() for number in (2, 5, 10, 11, 30, 500)]
        assert [history.find(day).number for day in days] == [4, 4, 1, 3, 5, 2]
        assert history.find(None).number == 5


def test_scans_of_several_configurations_are_not_mixed_up(url: str) -> None:
    save(url, [night(1, host("hv1"), scope="one"), night(1, host("hv2"), scope="two")])

    with open_history(url) as history:
        with pytest.raises(HistoryError, match=r"several configurations; give --scope: one .its last scan is 1., two"):
            history.find(None)
        assert history.find(None, "one").number == 1
        assert history.find(2).scope == "two"


def test_a_scan_whose_report_reached_no_reader_can_be_passed_over(url: str) -> None:
    with open_history(url, create=True) as history:
        for one, reported in zip(nights(*[[host("hv1")]] * 3), (True, False, False), strict=True):
            history.save(one, None, reported=reported)
        assert history.find(None).number == 3
        assert history.find(None, reported=True).number == 1
        assert history.find(2, reported=True).number == 2
        assert [scan.reported for scan in history.scans()] == [True, False, False]


def test_the_scan_before_is_that_of_the_same_configuration(url: str) -> None:
    save(
        url,
        [night(1, host("hv1"), scope="one"), night(1, host("hv2"), scope="two"), night(2, host("hv1"), scope="one")],
    )

    with open_history(url) as history:
        assert history.before(history.find(3)).number == 1
        with pytest.raises(HistoryError, match="no scan before scan 2 is kept; name two scans"):
            history.before(history.find(2))


def test_a_scan_has_its_counts(url: str) -> None:
    save(url, nights([host("hv1", vm(1), vm(2)), host("hv2", status=PARTIAL), host("hv3", status=FAILED)]))

    with open_history(url) as history:
        (record,) = history.scans()
    assert (record.status, record.hypervisors, record.complete, record.partial, record.failed) == (PARTIAL, 3, 1, 1, 1)
    assert (record.domains, record.interfaces, record.unknown, record.at_risk, record.kept) == (2, 2, 2, 0, True)


def test_a_scan_that_read_nothing_is_recorded_as_failed(url: str) -> None:
    save(url, nights([host("hv1", vm(1))], [host("hv1", status=FAILED)], []))

    with open_history(url) as history:
        assert [record.status for record in history.scans()] == [HostStatus.COMPLETE, FAILED, FAILED]


def test_a_host_that_was_not_read_is_remembered_as_it_was_last_read_completely(url: str) -> None:
    whole, down = host("hv1", vm(1), vm(2)), host("hv1", status=FAILED)
    save(url, nights([host("hv1")], [whole], [down], [down, host("hv2", status=FAILED)]))

    with open_history(url) as history:
        last = history.recall(4)
        assert history.load(4).unread == ()
        assert history.recall(2).unread == ()
    (memory,) = last.unread
    assert (memory.hypervisor, memory.last, memory.since) == ("hv1", whole, TAKEN_AT + timedelta(days=2))


def test_an_old_scan_remembers_what_was_before_it_and_not_what_came_later(url: str) -> None:
    down = host("hv1", status=FAILED)
    save(url, nights([host("hv1", vm(1))], [down], [host("hv1", vm(2))], [down]))

    with open_history(url) as history:
        first, second = history.recall(2).unread[0].last, history.recall(4).unread[0].last
    assert [_names(last) for last in (first, second)] == [["vm1"], ["vm2"]]


def test_a_host_that_was_not_read_is_remembered_with_the_domains_that_were_read_in_part(url: str) -> None:
    first, renamed = vm(1), vm(1, name="vm1-renamed")
    partial, down = host("hv1", renamed, vm(3), status=HostStatus.PARTIAL), host("hv1", status=FAILED)
    save(url, nights([host("hv1", first, vm(2))], [partial], [down], [host("hv1", vm(2))], [down]))

    with open_history(url) as history:
        remembered = [history.recall(number).unread[0] for number in (3, 5)]
    assert [_names(memory.last) for memory in remembered] == [["vm2", "vm1-renamed", "vm3"], ["vm2"]]
    assert remembered[0].since == TAKEN_AT + timedelta(days=1)


def test_domains_that_may_be_on_an_unread_host_are_remembered_as_from_scan_to_scan(url: str) -> None:
    """Each scan is saved without memory."""
    down, nameless = host("hv2", status=FAILED), msgspec.structs.replace(vm(4), uuid=None)
    fleet = nights(
        [host("hv1", vm(1), vm(2), vm(3), nameless), host("hv2")],
        [host("hv1", vm(1), vm(2, vcpus=8), vm(3), nameless), down],
        [host("hv1", vm(1)), down],
        [host("hv1"), down],
        [host("hv1", status=FAILED), host("hv2", vm(3))],
        [host("hv1"), host("hv2", vm(3))],
        [host("hv1"), down],
    )
    save(url, fleet)
    carried = [fleet[0]]
    for tonight in fleet[1:]:
        carried.append(remembering(tonight, carried[-1]))

    with open_history(url) as history:
        recalled = [history.recall(number).lost for number in range(1, len(fleet) + 1)]
    assert [sorted(domain.domain.name for domain in lost) for lost in recalled] == [
        [], [], ["vm2", "vm3", "vm4"], ["vm1", "vm2", "vm3", "vm4"], ["vm1", "vm2", "vm4"], [], [],
    ]  # fmt: skip
    assert [set(lost) for lost in recalled] == [set(scan.lost) for scan in carried]


def test_an_unread_host_removes_nothing_from_a_comparison(url: str) -> None:
    save(url, nights([host("hv1", vm(1), vm(2))], [host("hv1", status=FAILED)], [host("hv1", vm(1))]))

    with open_history(url) as history:
        unread = compare(history.recall(1), history.recall(2), judge).domains
        read = compare(history.recall(2), history.recall(3), judge).domains
    assert {change.kind for change in unread} <= {Kind.NOT_SEEN}
    assert [change.domain.domain for change in read if change.kind is Kind.REMOVED] == ["vm2"]


def test_the_counts_are_as_they_were_judged_that_night(url: str) -> None:
    save(url, nights([host("hv1", vm(1), vm(2, boot_devices=("network",)))], servers=(server(),)))

    with open_history(url) as history:
        (counts,) = history.finding_counts()
    latent = FindingCount(
        site="ams1",
        server="satellite",
        verdict=Verdict.AT_RISK,
        exposure=Exposure.LATENT,
        waived=False,
        findings=1,
    )
    assert set(counts.findings) == {latent, msgspec.structs.replace(latent, exposure=Exposure.BOOTS)}


@pytest.mark.parametrize("status", [FAILED, HostStatus.PARTIAL])
def test_capacity_counts_a_host_that_was_not_read_as_it_was_last_read_completely(url: str, status: HostStatus) -> None:
    one, two = host("hv1", vm(1), vm(2)), host("hv2", vm(3, vcpus=8))
    down = host("hv2", status=status, cpus=None, memory_mib=None)
    save(url, nights([one, two], [one, down], [down]))

    with open_history(url) as history:
        counts = [count for scan in history.capacity_counts() for count in scan.capacity]
    whole = CapacityCount(
        site="ams1",
        hypervisors=2,
        cpus=32,
        memory_mib=131072,
        domains_running=3,
        domains_defined=3,
        vcpus_running=12,
        vcpus_defined=12,
        memory_running_mib=6144,
        memory_defined_mib=6144,
        macvtap_interfaces=3,
    )
    assert counts[0] == whole
    assert [(count.unread, count.cpus, count.vcpus_running) for count in counts] == [
        (0, 32, 12),
        (1, 32, 12),
        (1, 16, 8),
    ]


def year(days: int) -> list[Inventory]:
    """A domain that changes each day, one that never does, and one that is there for a day only."""
    return [
        night(day, host("hv1", vm(1, vcpus=day), vm(2), *([vm(3)] if day == 15 else [])), scope="fleet")
        for day in range(1, days + 1)
    ]


def test_pruning_keeps_the_young_and_the_last_of_each_week_as_they_were(url: str) -> None:
    scans = year(30)  # from Sunday 2026-11-22
    save(url, scans)
    before = query(url, "SELECT * FROM capacity_count ORDER BY scan_id")
    with open_history(url) as history:
        removed = history.prune(before=datetime(2026, 12, 16, tzinfo=UTC), then=Then.WEEKLY)
        kept = {record.number for record in history.scans() if record.kept}

        assert kept == {1, 8, 15, 22, 24, *range(25, 31)}
        assert set(removed) == set(range(1, 31)) - kept
        assert [history.load(number) for number in sorted(kept)] == [scans[number - 1] for number in sorted(kept)]
        with pytest.raises(HistoryError, match="scan 2: pruned, only its counts are kept"):
            history.load(2)
        assert history.find(date(2026, 12, 1)).number == 8
        assert len(history.scans()) == len(history.capacity_counts()) == 30
    assert query(url, "SELECT * FROM capacity_count ORDER BY scan_id") == before


def test_pruning_keeps_what_follows_upon_what(url: str) -> None:
    save(url, year(30))
    with open_history(url) as history:
        history.prune(before=datetime(2026, 12, 16, tzinfo=UTC), then=Then.WEEKLY)

    changes = query(url, "SELECT kind, scan FROM change WHERE domain <> 'vm3' ORDER BY 2")
    assert changes == [("changed", scan) for scan in (8, 15, 22, *range(25, 31))] or changes
    assert {kind for kind, _ in changes} == {"changed"}
    assert query(url, "SELECT kind, scan FROM change WHERE domain = 'vm3' ORDER BY 2") == [
        ("added", 15),
        ("removed", 22),
    ]


def test_pruning_to_nothing_keeps_the_last_scan_of_each_scope(url: str) -> None:
    save(url, [*year(5), night(1, host("hv9", vm(9)), scope="other")])
    with open_history(url) as history:
        assert history.prune(before=datetime(2028, 1, 1, tzinfo=UTC), then=Then.NONE) == (1, 2, 3, 4)
        assert query(url, "SELECT kind FROM change") == []  # what the first scan that is kept has is not news
        assert history.load(5) == year(5)[4]
        assert history.prune(before=datetime(2028, 1, 1, tzinfo=UTC), then=Then.NONE) == ()
        number = history.save(year(6)[5], None)
        assert history.load(number) == year(6)[5]


def test_pruning_keeps_the_last_scan_whose_report_reached_its_readers(url: str) -> None:
    with open_history(url, create=True) as history:
        for scan, reported in zip(year(5), (True, True, False, False, False), strict=True):
            history.save(scan, None, reported=reported)
        history.prune(before=datetime(2028, 1, 1, tzinfo=UTC), then=Then.NONE)

        assert history.find(None, reported=True).number == 2
        assert [record.number for record in history.scans() if record.kept] == [2, 5]


def test_a_scan_that_read_nothing_does_not_represent_a_week(url: str) -> None:
    week = [night(day, host("hv1", vm(1), status=FAILED if day == 8 else HostStatus.COMPLETE)) for day in range(2, 10)]
    save(url, week)
    with open_history(url) as history:
        history.prune(before=datetime(2028, 1, 1, tzinfo=UTC), then=Then.WEEKLY)
        assert [record.number for record in history.scans() if record.kept] == [6, 8]


def test_a_host_that_is_down_for_long_is_remembered_after_pruning(url: str) -> None:
    down = host("hv1", status=FAILED)
    save(url, nights([host("hv1", vm(1))], [host("hv1", vm(1), vm(2))], *([[down]] * 20)))
    with open_history(url) as history:
        history.prune(before=datetime(2028, 1, 1, tzinfo=UTC), then=Then.NONE)
        assert [record.number for record in history.scans() if record.kept] == [2, 22]
        (memory,) = history.recall(22).unread
    assert _names(memory.last) == ["vm1", "vm2"]


def test_pruning_changes_no_comparison_of_the_scans_that_it_keeps(url: str) -> None:
    here, there = host("hv1", vm(1)), host("hv2", vm(2), vm(3))
    away = host("hv2", status=FAILED)
    save(url, nights([here, there], *([[here, there]] * 2), *([[here, away]] * 6), [here, host("hv2", vm(2))]))

    def since_the_outage(number: int) -> list[tuple[Kind, str]]:
        with open_history(url) as history:
            changes = compare(history.recall(number), history.recall(10), judge)
        return [(change.kind, change.domain.domain) for change in changes.domains]

    before = {number: since_the_outage(number) for number in (7, 8, 9)}
    with open_history(url) as history:
        history.prune(before=TAKEN_AT + timedelta(days=6), then=Then.NONE)
        assert [record.number for record in history.scans() if record.kept] == [3, 7, 8, 9, 10]

    assert before[9] == [(Kind.REMOVED, "vm3"), (Kind.SEEN_AGAIN, "vm2")]
    assert {number: since_the_outage(number) for number in before} == before


def _names(known: Hypervisor | None) -> list[str]:
    assert known is not None
    return [domain.name for domain in known.domains]


def test_an_amount_that_no_column_holds_loses_no_scan(url: str) -> None:
    vast = 2**63
    scan = night(1, host("hv1", vm(1, vcpus=vast, memory_mib=vast), vm(2), cpus=vast, memory_mib=vast), host("hv2"))
    save(url, [scan])

    with open_history(url) as history:
        assert history.load(1) == scan
        ((count,),) = (counts.capacity for counts in history.capacity_counts())
    assert (count.cpus, count.memory_mib, count.vcpus_defined, count.domains_defined) == (None, None, None, 2)
    assert query(url, "SELECT vcpus, memory_mib FROM domain ORDER BY domain")[0] == (None, None)


def statuses(url: str, by: RiskBy) -> list[str]:
    with open_history(url) as history:
        return [point.status.value for point in risk_trend(history.finding_counts(), by, Every.SCAN).points]


def dumps(*domains: Domain) -> Hypervisor:
    """A folder of definitions, which may lack some."""
    return host("dumps", *domains, lists_all_domains=False)


def test_a_file_that_is_missing_from_a_folder_lowers_no_risk(url: str) -> None:
    folder = [dumps(vm(1), vm(2)), dumps(vm(1)), dumps(vm(1)), dumps(vm(1, vcpus=9), vm(2))]
    save(url, nights(*([other, host("hv2", vm(3), site="fra1")] for other in folder)))

    assert statuses(url, RiskBy.SERVER) == ["complete", "partial", "partial", "complete"]
    of_sites = statuses(url, RiskBy.SITE)
    assert (of_sites[::2], of_sites[1::2]) == (["complete", "partial", "partial", "complete"], ["complete"] * 4)


def test_a_vm_that_left_a_folder_for_another_host_is_not_missing(url: str) -> None:
    save(url, nights([dumps(vm(1), vm(2)), host("hv2")], [dumps(vm(1)), host("hv2", vm(2))]))

    assert statuses(url, RiskBy.SERVER) == ["complete", "complete"]


def test_a_vm_that_left_a_host_with_a_list_of_all_is_gone(url: str) -> None:
    save(url, nights([host("hv1", vm(1), vm(2))], [host("hv1", vm(1))]))

    assert statuses(url, RiskBy.SITE) == ["complete", "complete"]
