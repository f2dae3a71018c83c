from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import FIXED_KERNEL, TAKEN_AT, domain, hypervisor, inventory, macvtap, server
from tests.correlator.scenes import OTHER, finding_of, provisioner, satellite, scene
from virtscan.correlator import correlate
from virtscan.model import (
    Domain,
    Finding,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    Mac,
    Policy,
    State,
    Verdict,
    Waiver,
)
from virtscan.views.wording.gaps import reason, subject

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
    return [(subject(gap), reason(gap)) for gap in report.warnings]


def test_a_waiver_that_expired_is_warned_about_whether_it_would_match_or_not() -> None:
    yesterday = TODAY - timedelta(days=1)
    reason = f"it expired on {yesterday}; renew or remove it"

    assert warned(
        Waiver(reason="old", domain="web*", until=yesterday), Waiver(reason="older", mac="x", until=yesterday)
    ) == [("waiver 'old' (domain web*)", reason), ("waiver 'older' (mac x)", reason)]
    assert warned(Waiver(reason="of today", domain="web*", until=TODAY)) == []


def test_a_waiver_that_matches_no_finding_is_warned_about() -> None:
    typo = Waiver(reason="boots from ISO", hypervisor="hv1", domain="wbe*")

    assert warned(typo) == [
        ("waiver 'boots from ISO' (hypervisor hv1, domain wbe*)", "it matches no finding; correct or remove it")
    ]


@pytest.mark.parametrize(
    "other", [hypervisor("hv9", status=HostStatus.FAILED), hypervisor("dumps", lists_all_domains=False)]
)
def test_a_waiver_may_be_for_a_vm_that_was_not_read(other: Hypervisor) -> None:
    ((_, reason),) = warned(Waiver(reason="x", domain="elsewhere"), others=(other,))
    assert reason == "it matches no finding, but 1 hypervisor may have further VMs; correct or remove it"


def test_a_waiver_that_comes_second_everywhere_is_not_called_useless() -> None:
    assert warned(Waiver(reason="first", domain="web*"), Waiver(reason="second", mac="52:*")) == []


NEAR, FAR = "satellite", "capsule"
BESIDE = (provisioner(), domain("capsule", macvtap(mac=OTHER)))
ON_BOND3 = (provisioner(), domain("capsule", macvtap("bond3", mac=OTHER)))


def two(*waivers: Waiver, beside: tuple[Domain, ...] = BESIDE, **more: Any) -> Finding:
    """Judge an interface that two servers may answer, under these waivers."""
    servers = (satellite(), server(FAR, macs=(Mac(OTHER),), **more))
    return finding_of(scene(servers=servers, beside=beside, policy=Policy(waivers=waivers)))


def accepted(name: str) -> Waiver:
    return Waiver(reason=f"{name} is accepted", server=name)


@pytest.mark.parametrize(
    ("finding", "verdict", "decides", "taken_away", "waived"),
    [
        (two(), Verdict.AT_RISK, FAR, [], None),
        # The other server is at risk, too: the finding is that one's, and is not waived.
        (two(accepted(FAR)), Verdict.AT_RISK, NEAR, [(FAR, Verdict.AT_RISK)], None),
        # A waived server that is not the worst changes no verdict, and is listed all the same.
        (two(accepted(NEAR)), Verdict.AT_RISK, FAR, [(NEAR, Verdict.AT_RISK)], None),
        (
            two(accepted(FAR), tx_checksum=State.UNKNOWN),
            Verdict.AT_RISK,
            NEAR,
            [(FAR, Verdict.UNKNOWN)],
            None,
        ),
        # The other server's offload is not known: that is not waived, either.
        (
            two(accepted(NEAR), tx_checksum=State.UNKNOWN),
            Verdict.UNKNOWN,
            FAR,
            [(NEAR, Verdict.AT_RISK)],
            None,
        ),
        # The other server is clean: so is the finding.
        (
            two(accepted(NEAR), tx_checksum=State.OFF),
            Verdict.MITIGATED,
            FAR,
            [(NEAR, Verdict.AT_RISK)],
            None,
        ),
        (
            two(accepted(NEAR), beside=ON_BOND3),
            Verdict.NOT_AFFECTED,
            FAR,
            [(NEAR, Verdict.AT_RISK)],
            None,
        ),
        # Both are waived: the finding is, with the first one's verdict and reason.
        (
            two(accepted(NEAR), accepted(FAR)),
            Verdict.AT_RISK,
            FAR,
            [(FAR, Verdict.AT_RISK), (NEAR, Verdict.AT_RISK)],
            "capsule is accepted",
        ),
        # A waiver that names no server waives the finding with all of its servers.
        (two(Waiver(reason="all", domain="web*")), Verdict.AT_RISK, FAR, [], "all"),
        (
            two(accepted(FAR), Waiver(reason="all", domain="web*")),
            Verdict.AT_RISK,
            NEAR,
            [(FAR, Verdict.AT_RISK)],
            "all",
        ),
        # A waiver of a server that is about another interface does nothing.
        (two(replace(accepted(FAR), domain="db*")), Verdict.AT_RISK, FAR, [], None),
    ],
)
def test_a_waiver_of_one_server_leaves_the_others(
    finding: Finding, verdict: Verdict, decides: str, taken_away: list[tuple[str, Verdict]], waived: str | None
) -> None:
    assert (finding.verdict, finding.server, finding.waived) == (verdict, decides, waived)
    assert [(each.server, each.verdict) for each in finding.waived_servers] == taken_away


def test_the_only_server_that_is_waived_waives_the_finding() -> None:
    finding = finding_of(scene(beside=(provisioner(),), policy=Policy(waivers=(accepted(NEAR),))))

    assert (finding.verdict, finding.waived) == (Verdict.AT_RISK, "satellite is accepted")
    assert [(waived.server, waived.rule, waived.reason) for waived in finding.waived_servers] == [
        (NEAR, "R7", "satellite is accepted")
    ]


def test_excluded_server_does_not_keep_a_finding_from_being_waived() -> None:
    servers = (satellite(), server(FAR, macs=(Mac(OTHER),), segments=("pxe-b",), tx_checksum=State.OFF))
    looked_at = scene(
        servers=servers, beside=BESIDE[:1], segments={"bond2": "pxe-a"}, policy=Policy(waivers=(accepted(NEAR),))
    )

    assert finding_of(looked_at).waived == "satellite is accepted"


@pytest.mark.parametrize(
    "looked_at",
    [
        scene(kernel=FIXED_KERNEL, beside=(provisioner(),), policy=Policy(waivers=(accepted(NEAR),))),
        scene(servers=(satellite(tx_checksum=State.OFF),), policy=Policy(waivers=(accepted(NEAR),))),
        scene(servers=(satellite(physical=True),), policy=Policy(waivers=(accepted(NEAR),))),
    ],
)
def test_waiver_of_a_cleared_interface_is_reported_as_unused(looked_at: Inventory) -> None:
    finding = finding_of(looked_at)

    assert (finding.waived, finding.waived_servers) == (None, ())
    assert [reason(gap) for gap in correlate(looked_at).warnings] == ["it matches no finding; correct or remove it"]


@pytest.mark.parametrize(
    ("waiver", "reasons"),
    [
        (accepted(NEAR), []),
        (accepted("no-such-server"), ["it matches no finding; correct or remove it"]),
        (
            replace(accepted(NEAR), until=TODAY - timedelta(days=1)),
            [f"it expired on {TODAY - timedelta(days=1)}; renew or remove it"],
        ),
    ],
)
def test_a_waiver_of_a_server_that_is_used_is_not_warned_about(waiver: Waiver, reasons: list[str]) -> None:
    looked_at = scene(beside=(provisioner(),), policy=Policy(waivers=(waiver,)))

    assert [reason(gap) for gap in correlate(looked_at).warnings] == reasons


def test_a_waiver_of_a_server_that_is_not_the_worst_is_used() -> None:
    looked_at = scene(
        servers=(satellite(), server(name="second", macs=(Mac(OTHER),))),
        beside=(provisioner(), domain("second", macvtap(mac=OTHER))),
        policy=Policy(waivers=(accepted("second"),)),
    )

    assert (finding_of(looked_at).server, finding_of(looked_at).others) == ("satellite", ())
    assert [reason(gap) for gap in correlate(looked_at).warnings] == []


def test_a_waived_server_beside_an_unknown_one_is_listed_and_its_waiver_is_used() -> None:
    second = server(name="second", macs=(Mac(OTHER),), tx_checksum=State.UNKNOWN)
    looked_at = scene(
        servers=(satellite(tx_checksum=State.UNKNOWN), second),
        beside=(provisioner(), domain("second", macvtap(mac=OTHER))),
        policy=Policy(waivers=(accepted("second"),)),
    )
    finding = finding_of(looked_at)

    assert (finding.verdict, finding.server, finding.waived) == (Verdict.UNKNOWN, "satellite", None)
    assert [(each.server, each.verdict) for each in finding.waived_servers] == [("second", Verdict.UNKNOWN)]
    assert correlate(looked_at).warnings == ()


def test_each_of_the_servers_that_look_alike_is_listed() -> None:
    twins = [server(name=name, macs=(Mac("02:42:ac:00:00:01"),)) for name in ("first", "second", "third")]
    finding = finding_of(scene(servers=twins, policy=Policy(waivers=(accepted("second"), accepted("third")))))

    assert (finding.verdict, finding.server) == (Verdict.AT_RISK, "first")
    assert [(waived.server, waived.rule) for waived in finding.waived_servers] == [("second", "R11"), ("third", "R11")]


def test_every_waiver_of_a_server_counts_as_used() -> None:
    again = replace(accepted(NEAR), reason="again", domain="web*")
    looked_at = scene(beside=(provisioner(),), policy=Policy(waivers=(accepted(NEAR), again)))

    assert correlate(looked_at).warnings == ()
