from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, domain, hypervisor, inventory, macvtap
from tests.correlator.scenes import finding_of, satellite, scene
from virtscan.correlator import correlate
from virtscan.model import GapAbout, HostStatus, Hypervisor, Policy, Waiver

TODAY = TAKEN_AT.date()


def waived(*waivers: Waiver) -> str | None:
    return finding_of(scene(servers=(satellite(macs=()),), policy=Policy(waivers=waivers))).waived


@pytest.mark.parametrize(
    "patterns",
    [
        {},
        {"hypervisor": "hv1"},
        {"hypervisor": "hv?", "domain": "web*"},
        {"domain": "web0[0-3]"},
        {"mac": "52:54:00:93:*"},
        {"mac": "52:54:00:93:76:AF"},
        {"server": "sat*"},
    ],
)
def test_a_finding_that_every_given_pattern_matches_is_waived(patterns: dict[str, str]) -> None:
    assert waived(replace(Waiver(reason="boots from ISO"), **patterns)) == "boots from ISO"


@pytest.mark.parametrize(
    "patterns",
    [
        {"hypervisor": "hv2"},
        {"domain": "web"},
        {"domain": "eb01"},
        {"domain": "WEB*"},
        {"mac": "52:54:00:00:*"},
        {"server": "capsule"},
        {"server": ""},
        {"domain": "web*", "server": "capsule"},
        {"hypervisor": "hv2", "domain": "*"},
        {"domain": "web01\n"},
        {"domain": ".*"},
    ],
)
def test_a_finding_that_one_pattern_misses_is_not_waived(patterns: dict[str, str]) -> None:
    assert waived(replace(Waiver(reason="boots from ISO"), **patterns)) is None


@pytest.mark.parametrize(("until", "expected"), [(TODAY, "until then"), (TODAY - timedelta(days=1), None)])
def test_a_waiver_holds_through_its_last_day(until: date, expected: str | None) -> None:
    assert waived(Waiver(reason="until then", until=until)) == expected


def test_the_first_waiver_that_matches_gives_the_reason() -> None:
    first, second = Waiver(reason="first", domain="web*"), Waiver(reason="second")

    assert waived(first, second) == "first"
    assert waived(second, first) == "second"
    assert waived(Waiver(reason="old", until=date(2000, 1, 1)), second) == "second"


def test_only_the_matching_finding_is_waived() -> None:
    fleet = inventory(
        hypervisor("hv1", domain("web01", macvtap()), domain("db01", macvtap(mac="52:54:00:00:00:09"))),
        policy=Policy(waivers=(Waiver(reason="legacy", domain="db*"),)),
    )

    assert {finding.domain: finding.waived for finding in correlate(fleet).findings} == {
        "web01": None,
        "db01": "legacy",
    }


def test_a_finding_without_a_server_or_a_mac_matches_only_patterns_that_match_nothing() -> None:
    def waived_with(**patterns: str) -> str | None:
        waiver = replace(Waiver(reason="yes"), **patterns)
        return finding_of(scene(replace(macvtap(), mac=None), servers=(), policy=Policy(waivers=(waiver,)))).waived

    assert waived_with() == "yes"
    assert waived_with(server="sat*") is None
    assert waived_with(mac="52:*") is None


def warned(*waivers: Waiver, others: tuple[Hypervisor, ...] = ()) -> list[tuple[str, str]]:
    looked_at = scene(servers=(satellite(macs=()),), others=others, policy=Policy(waivers=waivers))
    report = correlate(looked_at)
    assert {gap.about for gap in report.warnings} <= {GapAbout.WAIVER}
    return [(gap.subject, gap.reason) for gap in report.warnings]


def test_a_waiver_that_expired_is_warned_about_whether_it_would_match_or_not() -> None:
    yesterday = TODAY - timedelta(days=1)
    reason = f"it expired on {yesterday} and waives nothing any more: renew or remove it"

    assert warned(
        Waiver(reason="old", domain="web*", until=yesterday), Waiver(reason="older", mac="x", until=yesterday)
    ) == [("waiver 'old' (domain web*)", reason), ("waiver 'older' (mac x)", reason)]
    assert warned(Waiver(reason="of today", domain="web*", until=TODAY)) == []


def test_a_waiver_that_matches_no_finding_is_warned_about() -> None:
    typo = Waiver(reason="boots from ISO", hypervisor="hv1", domain="wbe*")

    assert warned(typo) == [
        ("waiver 'boots from ISO' (hypervisor hv1, domain wbe*)", "it matches no finding: correct or remove it")
    ]


def test_a_waiver_may_be_for_a_host_that_could_not_be_read() -> None:
    dead = hypervisor("hv9", status=HostStatus.FAILED)

    ((_, reason),) = warned(Waiver(reason="x", domain="elsewhere"), others=(dead,))
    assert reason == (
        "it matches no finding, or it is meant for what could not be read (hypervisors: 1): correct or remove it"
    )


def test_a_waiver_that_comes_second_everywhere_is_not_called_useless() -> None:
    assert warned(Waiver(reason="first", domain="web*"), Waiver(reason="second", mac="52:*")) == []
