"""A fortnight of `scan --since` as cron runs it, with a fake clock: output only on the nights with news."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.nights import FIRST, Fleet, Night

pytestmark = pytest.mark.long


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def silent(night: Night, code: int = 0) -> bool:
    assert (night.out, night.err, night.code) == ("", "", code)
    return True


def test_a_week_of_nights_prints_only_news(fleet: Fleet) -> None:
    first = fleet.scan()
    assert first.subject == "First scan: 1 newly at risk."
    assert first.err == f"virtscan: {fleet.folder / 'last.json'}: does not exist yet; everything counts as new\n"
    assert first.code == 1

    assert silent(fleet.scan())

    fleet.define("hv1", "web02", 4)
    added = fleet.scan()
    assert added.subject == "1 newly at risk; since 2026-11-02 02:00 UTC."
    assert "web02" in added.out
    assert "web01" not in added.out
    assert (added.err, added.code) == ("", 1)

    fleet.lose("hv2")
    away = fleet.scan()
    assert away.subject == "1 hypervisor no longer read; since 2026-11-03 02:00 UTC."
    assert (away.err, away.code) == ("", 3)
    assert silent(fleet.scan(), code=3)

    fleet.bring_back("hv2")
    back = fleet.scan()
    assert back.subject == "1 hypervisor newly read; since 2026-11-05 02:00 UTC."
    assert back.code == 3

    fleet.configure(offload="off")
    resolved = fleet.scan()
    assert resolved.subject == "2 findings resolved; since 2026-11-06 02:00 UTC."
    assert "TX checksum offload of satellite eth0 was switched off: 2 interfaces of 2 VMs resolved." in resolved.out
    assert resolved.code == 0
    assert silent(fleet.scan())


def test_a_host_that_is_away_for_a_week_is_reported_once_more(fleet: Fleet) -> None:
    fleet.scan()
    fleet.lose("hv2")
    nights = [fleet.scan() for _ in range(9)]

    assert [number for number, night in enumerate(nights) if night.out] == [0, 7]
    assert nights[7].subject == "1 hypervisor still not read; since 2026-11-08 02:00 UTC."
    assert "hv2 has not been read since 2026-11-02: 7 days" in nights[7].out
    assert {night.err for night in nights} == {""}
    assert {night.code for night in nights} == {3}


def test_a_waiver_that_ends_is_announced_once_and_its_end_is_news(fleet: Fleet) -> None:
    until = (FIRST + timedelta(days=16)).date()
    fleet.configure(waiver=f'[[waiver]]\ndomain = "web01"\nreason = "boots from ISO"\nuntil = {until}\n')
    nights = [fleet.scan() for _ in range(4)]
    fleet.night = 16
    nights += [fleet.scan(), fleet.scan()]

    assert [number for number, night in enumerate(nights) if night.out] == [2, 5]
    assert "waiver 'boots from ISO' ends in 14 days (last day 2026-11-17)" in nights[2].out
    assert nights[2].code == 0
    assert nights[5].subject == "1 newly at risk; since 2026-11-17 02:00 UTC."
    assert nights[5].code == 1


def test_json_is_a_document_with_empty_lists_on_a_night_without_news(fleet: Fleet) -> None:
    fleet.scan()
    night = fleet.scan("--format", "json")

    document: dict[str, Any] = json.loads(night.out)
    assert (night.err, night.code) == ("", 0)
    assert document["schema"] == "virtscan.diff/1"
    assert [document[key] for key in ("changes", "causes", "reminders", "ending_waivers", "gaps")] == [[]] * 5


def test_a_scan_that_reads_nothing_leaves_the_last_night_as_it_was(fleet: Fleet) -> None:
    fleet.scan()
    before = (fleet.folder / "last.json").read_bytes()
    fleet.lose("hv1")
    fleet.lose("hv2")
    night = fleet.scan()

    assert night.code == 5
    assert night.subject.startswith("2 hypervisors no longer read")
    assert (fleet.folder / "last.json").read_bytes() == before


def test_the_night_before_may_be_in_a_history(fleet: Fleet) -> None:
    url = f"sqlite:///{fleet.folder}/history.sqlite"

    assert fleet.scan(url=url).subject == "First scan: 1 newly at risk."
    assert silent(fleet.scan(url=url))
    fleet.lose("hv2")
    assert fleet.scan(url=url).subject == "1 hypervisor no longer read; since 2026-11-02 02:00 UTC."
    assert silent(fleet.scan(url=url), code=3)
    fleet.bring_back("hv2")
    assert fleet.scan(url=url).subject == "1 hypervisor newly read; since 2026-11-04 02:00 UTC."
    assert silent(fleet.scan(url=url))


@pytest.mark.parametrize(
    "option",
    [
        ("--view", "domains"),
        ("--where", "site=ams1"),
        ("--columns", "domain"),
        ("--sort", "domain"),
        ("--assume", "s tx=off"),
    ],
    ids=lambda option: option[0],
)
def test_news_has_no_views(option: tuple[str, str], fleet: Fleet) -> None:
    night = fleet.scan(*option)

    assert night.code == 2
    assert f"--since reports only changes; omit {option[0]}" in night.err
    assert not (fleet.folder / "last.json").exists()


def test_a_summary_is_one_line_or_nothing(fleet: Fleet) -> None:
    first = fleet.scan("--summary")

    assert first.out.count("\n") == 1
    assert first.out.startswith("First scan: 1 newly at risk.")
    assert silent(fleet.scan("--summary"))


def test_a_workbook_and_metrics_show_the_whole_fleet_on_every_night(fleet: Fleet) -> None:
    fleet.scan()
    metrics = fleet.folder / "virtscan.prom"
    assert silent(fleet.scan("--format", f"prometheus={metrics}", "--format", "table"))

    assert 'verdict="at-risk"' in metrics.read_text()


def test_the_first_scan_counts_what_is_not_read_and_has_nothing_to_compare_with(fleet: Fleet) -> None:
    fleet.lose("hv2")
    first = fleet.scan()

    assert first.subject == "First scan: 1 newly at risk, 1 hypervisor not read."
    assert "First scan: 1 interface of 1 VM newly at risk, because of satellite." in first.out
    assert "1 hypervisor not read.\n  hv2  VMs unknown\n" in first.out
    assert first.code == 4
    assert silent(fleet.scan(), code=3)


def test_a_hypervisor_that_is_no_longer_configured_is_news_while_another_is_unread(fleet: Fleet) -> None:
    fleet.define("hv3", "web03", 5)
    fleet.configure(hosts=("hv1", "hv2", "hv3"))
    fleet.scan()
    fleet.lose("hv2")
    fleet.scan()
    fleet.configure(hosts=("hv1", "hv2"))
    night = fleet.scan()

    assert night.subject.startswith("1 hypervisor removed; since")
    assert "hv3" in night.out
    assert silent(fleet.scan(), code=3)


def test_a_hypervisor_that_is_new_and_unread_is_marked_as_both(fleet: Fleet) -> None:
    fleet.scan()
    fleet.configure(hosts=("hv1", "hv2", "hv3"))

    assert fleet.scan().subject == "1 hypervisor added and not read; since 2026-11-01 02:00 UTC."
    assert silent(fleet.scan(), code=3)


def test_a_provisioning_system_that_is_not_read_is_news_once(fleet: Fleet) -> None:
    fleet.scan()
    system = '[[provisioning]]\ntype = "cobbler"\nurl = "http://127.0.0.1:9/cobbler_api"\nname = "cobbler1"\n'
    fleet.configure(waiver=system)
    night = fleet.scan()

    assert night.subject == "1 provisioning system not read; since 2026-11-01 02:00 UTC."
    assert "cobbler1" in night.out
    assert (night.err, night.code) == ("", 3)
    assert silent(fleet.scan(), code=3)
    fleet.configure()
    assert fleet.scan().subject == "1 provisioning system newly read; since 2026-11-03 02:00 UTC."


def test_an_unreadable_baseline_stops_the_scan_with_advice(fleet: Fleet) -> None:
    (fleet.folder / "last.json").write_text('{"schema":')

    night = fleet.scan()
    assert (night.out, night.code) == ("", 2)
    assert night.err.startswith(f"virtscan: --since: {fleet.folder}/last.json: the file was cut short")
    assert night.err.endswith("without this file everything counts as new\n")
