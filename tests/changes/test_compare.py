"""Each kind of change, and the cause of each changed finding."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    bond,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvlan,
    macvtap,
    own_nics,
    server,
)
from virtscan.changes import (
    Cause,
    CauseKind,
    Changes,
    FieldChange,
    FindingKind,
    Kind,
    compare,
    is_newly_at_risk,
    news,
    remembering,
)
from virtscan.correlator.judging import judge
from virtscan.correlator.staleness.remembering import remembering_places
from virtscan.model import (
    Domain,
    DomainState,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Netboot,
    Persistence,
    Policy,
    Server,
    SourceMode,
    State,
    Verdict,
    Waiver,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.scanning.merging import merge

SAT = Mac("52:54:00:00:00:01")
BOOTING = "52:54:00:93:76:af"
NIGHT = timedelta(days=1)


def vm(number: int, *interfaces: Interface) -> Domain:
    """A domain with a uuid."""
    return domain(f"vm{number}", *interfaces, uuid=f"00000000-0000-1000-8000-{number:012}")


SATELLITE = vm(1, macvtap(mac=SAT))
WEB = vm(2, macvtap(mac=BOOTING))


def satellite(tx: State = State.ON, **more: Any) -> Server:
    return server("satellite", tx, macs=(SAT,), **more)


def fleet(*hosts: Hypervisor, **more: Any) -> Inventory:
    """The satellite and a VM on one bond, and a second hypervisor, unless others are given."""
    default = (hypervisor("hv1", SATELLITE, WEB, kernel=UNFIXED_KERNEL), hypervisor("hv2", kernel=UNFIXED_KERNEL))
    return inventory(*(hosts or default), **({"servers": (satellite(),)} | more))


def unread(name: str) -> Hypervisor:
    return Hypervisor(name=name, uri=f"qemu+ssh://{name}/system", status=HostStatus.FAILED)


def difference(old: Inventory, new: Inventory) -> Changes:
    return compare(old, replace(new, taken_at=old.taken_at + NIGHT), judge)


def kinds(changes: Changes) -> list[tuple[Kind, str]]:
    return [(change.kind, change.domain.domain) for change in changes.domains]


def on_hv1(*domains: Domain, **more: Any) -> Hypervisor:
    return hypervisor("hv1", *domains, **({"kernel": UNFIXED_KERNEL} | more))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((on_hv1(SATELLITE, WEB, vm(3)), hypervisor("hv2")), [(Kind.ADDED, "vm3")]),
        ((on_hv1(SATELLITE), hypervisor("hv2")), [(Kind.REMOVED, "vm2")]),
        ((on_hv1(SATELLITE), hypervisor("hv2", WEB)), [(Kind.MOVED, "vm2")]),
        ((on_hv1(SATELLITE, replace(WEB, name="web")), hypervisor("hv2")), [(Kind.RENAMED, "web")]),
        ((on_hv1(SATELLITE, replace(WEB, vcpus=8)), hypervisor("hv2")), [(Kind.CHANGED, "vm2")]),
        ((on_hv1(SATELLITE, WEB), hypervisor("hv2", WEB)), [(Kind.ADDED, "vm2")]),
        ((on_hv1(SATELLITE), unread("hv2")), [(Kind.NOT_SEEN, "vm2")]),
        ((unread("hv1"), hypervisor("hv2")), [(Kind.NOT_SEEN, "vm1"), (Kind.NOT_SEEN, "vm2")]),
        ((unread("hv1"), hypervisor("hv2", WEB)), [(Kind.MOVED, "vm2"), (Kind.NOT_SEEN, "vm1")]),
    ],
    ids=lambda value: None if isinstance(value[0], Hypervisor) else str(value[0][0].value),
)
def test_a_domain_has_the_kind_of_its_change(after: tuple[Hypervisor, ...], expected: list[tuple[Kind, str]]) -> None:
    assert kinds(difference(fleet(), fleet(*after))) == expected


def test_a_domain_that_left_a_host_which_was_not_read_may_be_a_copy() -> None:
    (moved,) = [change for change in difference(fleet(), fleet(unread("hv1"), hypervisor("hv2", WEB))).domains
                if change.kind is Kind.MOVED]  # fmt: skip
    (certain,) = difference(fleet(), fleet(on_hv1(SATELLITE), hypervisor("hv2", WEB))).domains

    assert not moved.is_certain
    assert certain.is_certain


@pytest.mark.parametrize(
    "left", [unread("hv1"), on_hv1(SATELLITE, lists_all_domains=False)], ids=["unread", "a folder"]
)
def test_a_domain_that_may_be_a_copy_resolves_nothing_where_it_was(left: Hypervisor) -> None:
    fixed = hypervisor("hv2", WEB, kernel=FIXED_KERNEL)
    before, after = fleet(on_hv1(SATELLITE, WEB), hypervisor("hv2", kernel=FIXED_KERNEL)), fleet(left, fixed)
    certain = difference(before, fleet(on_hv1(SATELLITE), fixed))
    (copied,) = [change for change in difference(before, after).findings if change.finding.mac == BOOTING]
    (back,) = [change for change in difference(after, before).findings if change.finding.mac == BOOTING]

    assert [change.kind for change in certain.findings] == [FindingKind.RESOLVED]
    assert (copied.kind, copied.new, copied.finding.hypervisor) == (FindingKind.NOT_SEEN, None, "hv1")
    assert (back.kind, back.old, back.finding.hypervisor) == (FindingKind.SEEN_AGAIN, None, "hv1")


def test_a_merged_observation_of_a_host_that_a_later_scan_could_not_read_removes_nothing() -> None:
    before = fleet()
    failure = gap_in_words("hv2", "refused", GapAbout.HYPERVISOR, "hv2")
    night = before.taken_at + NIGHT
    after = replace(fleet(on_hv1(SATELLITE, observed_at=night), unread("hv2"), gaps=(failure,)), taken_at=night)

    apart, merged = (difference(before, newer) for newer in (after, merge([before, after])))
    assert kinds(merged) == kinds(apart) == [(Kind.NOT_SEEN, "vm2")]
    assert merged.unread == apart.unread == ("hv2",)
    assert (
        [change.kind for change in merged.findings]
        == [change.kind for change in apart.findings]
        == [FindingKind.NOT_SEEN]
    )


def test_a_merged_observation_of_a_host_that_a_later_scan_read_in_part_removes_nothing() -> None:
    """The older file of the merge lacks a domain that was created since; the newer one could not read it."""
    first, before = fleet(on_hv1(SATELLITE)), fleet(on_hv1(SATELLITE, WEB, observed_at=TAKEN_AT + NIGHT))
    cut = gap_in_words("vm", "cut short", GapAbout.DOMAIN, "hv1")
    in_part = replace(on_hv1(observed_at=TAKEN_AT + 2 * NIGHT), status=HostStatus.PARTIAL)
    last = replace(fleet(in_part, gaps=(cut,)), taken_at=TAKEN_AT + 2 * NIGHT)

    merged = difference(replace(before, taken_at=TAKEN_AT + NIGHT), merge([first, last]))

    assert kinds(merged) == [(Kind.NOT_SEEN, WEB.name)]
    assert merged.unread == ("hv1",)
    assert [change.kind for change in merged.findings] == [FindingKind.NOT_SEEN]


def test_a_domain_that_may_be_on_an_unread_host_names_it() -> None:
    (gone,) = difference(fleet(), fleet(on_hv1(SATELLITE), unread("hv2"))).domains

    assert gone.unread == ("hv2",)


def test_a_domain_without_a_uuid_is_known_by_origin_and_name() -> None:
    guest = domain("old", origin="/srv/xml/old.xml")
    old, new = fleet(hypervisor("hv1", guest)), fleet(hypervisor("hv1", replace(guest, vcpus=9)))
    renamed = fleet(hypervisor("hv1", replace(guest, name="new")))

    assert kinds(difference(old, new)) == [(Kind.CHANGED, "old")]
    assert kinds(difference(old, renamed)) == [(Kind.ADDED, "new"), (Kind.REMOVED, "old")]


def test_any_text_identifies_a_domain() -> None:
    numbered = domain("vm", uuid="0:x")
    two = domain("2#x", origin="/srv/a.xml"), domain("x", origin="/srv/a.xml#2")

    (changed,) = difference(fleet(on_hv1(numbered)), fleet(on_hv1(replace(numbered, vcpus=9)))).domains
    (removed,) = difference(fleet(on_hv1(*two)), fleet(on_hv1(two[0]))).domains

    assert (changed.kind, changed.domain.uuid) == (Kind.CHANGED, "0:x")
    assert (removed.kind, removed.domain.domain) == (Kind.REMOVED, "x")


def test_the_changed_fields_have_both_values() -> None:
    (changed,) = difference(fleet(), fleet(on_hv1(SATELLITE, replace(WEB, vcpus=8)), hypervisor("hv2"))).domains

    assert changed.fields == (FieldChange(field="vcpus", old=2, new=8),)


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        ((), [Kind.REMOVED]),
        ((macvtap(mac=BOOTING), macvtap(mac="52:54:00:00:00:09", index=1)), [Kind.ADDED]),
        ((macvtap(mac=BOOTING, model="e1000"),), [Kind.CHANGED]),
        ((macvtap("bond3", mac=BOOTING),), [Kind.CHANGED]),
        ((macvtap(mac="52:54:00:00:00:09"),), [Kind.REMOVED, Kind.ADDED]),
        ((macvtap(mac=BOOTING, target="macvtap7"),), []),
    ],
    ids=["gone", "more", "model", "source", "mac", "target device"],
)
def test_an_interface_is_known_by_its_mac(interfaces: tuple[Any, ...], expected: list[Kind]) -> None:
    after = fleet(on_hv1(SATELLITE, replace(WEB, interfaces=interfaces)), hypervisor("hv2"))

    assert [change.kind for change in difference(fleet(), after).interfaces] == expected


def test_a_host_is_known_by_any_of_its_keys() -> None:
    old = fleet(on_hv1(SATELLITE, WEB, system_uuid="4c4c4544-0000-1000-8000-000000000001", is_name_declared=True))
    by_uuid = fleet(replace(old.hypervisors[0], name="other", uri="qemu+tcp://other/system"))
    by_uri = fleet(replace(unread("other"), uri=old.hypervisors[0].uri))

    assert [change.kind for change in difference(old, by_uuid).hypervisors] == [Kind.RENAMED]
    assert [change.kind for change in difference(old, by_uri).hypervisors] == [Kind.NOT_SEEN, Kind.RENAMED]


def test_unobserved_facts_are_not_changes_of_a_host() -> None:
    old = fleet(on_hv1(SATELLITE, WEB), hypervisor("hv2"))
    new = fleet(on_hv1(SATELLITE, WEB, cpus=None, memory_mib=None), hypervisor("hv2"))

    assert difference(old, new).hypervisors == ()


def found(changes: Changes) -> list[tuple[FindingKind, Cause]]:
    return [(change.kind, change.cause) for change in changes.findings]


def test_findings_are_grouped_by_the_server_that_switched() -> None:
    more = [vm(number, macvtap(mac=f"52:54:00:00:01:{number:02x}")) for number in range(10, 30)]
    off = fleet(on_hv1(SATELLITE, *more), servers=(satellite(State.OFF),))
    on = fleet(on_hv1(SATELLITE, *more))
    cause = Cause(kind=CauseKind.SERVER_OFFLOAD, server="satellite", server_interface="eth0", old="off", new="on")

    assert found(difference(off, on)) == [(FindingKind.NEW, cause)] * 20
    assert {kind for kind, _ in found(difference(on, off))} == {FindingKind.RESOLVED}


@pytest.mark.parametrize(
    ("old", "new", "kind", "cause"),
    [
        pytest.param(
            fleet(on_hv1(SATELLITE)), fleet(on_hv1(SATELLITE, WEB)), FindingKind.NEW, CauseKind.DOMAIN_ADDED, id="added"
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, WEB)),
            fleet(on_hv1(SATELLITE)),
            FindingKind.RESOLVED,
            CauseKind.DOMAIN_REMOVED,
            id="removed",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE), hypervisor("hv2", WEB)),
            fleet(on_hv1(SATELLITE, WEB), hypervisor("hv2")),
            FindingKind.NEW,
            CauseKind.DOMAIN_MOVED,
            id="moved",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, WEB, kernel=FIXED_KERNEL)),
            fleet(on_hv1(SATELLITE, WEB)),
            FindingKind.NEW,
            CauseKind.KERNEL,
            id="kernel",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, replace(WEB, interfaces=(macvtap("br7", mac=BOOTING, attachments=()),)))),
            fleet(on_hv1(SATELLITE, WEB)),
            FindingKind.NEW,
            CauseKind.DOMAIN_CHANGED,
            id="interface",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, vm(2)), servers=(satellite(State.OFF),)),
            fleet(on_hv1(SATELLITE, WEB)),
            FindingKind.NEW,
            CauseKind.DOMAIN_CHANGED,
            id="an interface that was added when the server switched as well",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, WEB)),
            fleet(on_hv1(SATELLITE, vm(2)), servers=(satellite(State.OFF),)),
            FindingKind.RESOLVED,
            CauseKind.DOMAIN_CHANGED,
            id="an interface that was removed when the server switched as well",
        ),
        pytest.param(
            fleet(servers=(satellite(State.OFF), server("other", State.OFF))),
            fleet(servers=(satellite(State.OFF),)),
            None,
            None,
            id="a server that put nothing at risk",
        ),
        pytest.param(
            fleet(servers=(satellite(State.OFF),)),
            fleet(servers=(satellite(State.UNKNOWN),)),
            FindingKind.NEW,
            CauseKind.SERVER_OFFLOAD,
            id="offload not read",
        ),
        pytest.param(
            fleet(),
            fleet(servers=(satellite(State.UNKNOWN),)),
            FindingKind.UNDECIDED,
            CauseKind.SERVER_OFFLOAD,
            id="at risk, then unknown",
        ),
        pytest.param(
            fleet(), fleet(unread("hv1"), hypervisor("hv2")), FindingKind.NOT_SEEN, CauseKind.HOST_READ, id="unread"
        ),
        pytest.param(
            fleet(unread("hv1"), hypervisor("hv2")),
            fleet(),
            FindingKind.SEEN_AGAIN,
            CauseKind.HOST_READ,
            id="read again",
        ),
        pytest.param(
            fleet(),
            fleet(netboots=(Netboot(mac=Mac(BOOTING), system="web", pending=True, source="cobbler"),)),
            FindingKind.EXPOSURE_RISEN,
            CauseKind.RECORD,
            id="about to netboot",
        ),
        pytest.param(
            fleet(policy=Policy(waivers=(Waiver(reason="ISO", until=date(2026, 11, 22)),))),
            fleet(policy=Policy(waivers=(Waiver(reason="ISO", until=date(2026, 11, 22)),))),
            FindingKind.WAIVER_ENDED,
            CauseKind.WAIVER,
            id="waiver ended",
        ),
        pytest.param(
            fleet(),
            fleet(policy=Policy(waivers=(Waiver(reason="ISO"),))),
            FindingKind.WAIVED,
            CauseKind.WAIVER,
            id="waived",
        ),
    ],
)
def test_a_finding_has_the_kind_and_the_cause_of_its_change(
    old: Inventory, new: Inventory, kind: FindingKind | None, cause: CauseKind | None
) -> None:
    changed = [(kind, why.kind) for kind, why in found(difference(old, new))]

    assert changed == ([] if kind is None else [(kind, cause)])


def test_a_host_that_is_back_is_compared_with_its_last_complete_observation() -> None:
    before = fleet()
    away = remembering(replace(fleet(unread("hv1"), hypervisor("hv2")), taken_at=before.taken_at + NIGHT), before)
    back = fleet(on_hv1(SATELLITE, replace(WEB, vcpus=4), vm(3)), hypervisor("hv2", kernel=UNFIXED_KERNEL))
    changes = difference(away, back)

    assert [change.kind for change in changes.hypervisors] == [Kind.SEEN_AGAIN]
    assert set(kinds(changes)) == {(Kind.SEEN_AGAIN, "vm1"), (Kind.SEEN_AGAIN, "vm2"), (Kind.CHANGED, "vm2"),
                                   (Kind.ADDED, "vm3")}  # fmt: skip
    assert not any(map(is_newly_at_risk, changes.findings))


@pytest.mark.parametrize("state", [State.OFF, State.UNKNOWN])
@pytest.mark.parametrize("nights", [1, 2])
def test_a_risk_that_a_server_causes_while_a_host_is_away_is_reported_that_night_and_once(
    nights: int, state: State
) -> None:
    off, on = {"servers": (satellite(state),)}, {"servers": (satellite(State.ON),)}
    away = unread("hv1"), hypervisor("hv2", kernel=UNFIXED_KERNEL)
    scans = [fleet(**off)]
    for tonight in [*[fleet(*away, **off)] * (nights - 1), fleet(*away, **on), fleet(**on)]:
        scans.append(remembering(replace(tonight, taken_at=scans[-1].taken_at + NIGHT), scans[-1]))
    changes = [news(compare(*pair, judge), *pair) for pair in pairwise(scans)]
    new = [(night, change) for night, each in enumerate(changes, 1) for change in each.findings]

    assert [(night, change.kind, change.cause.kind) for night, change in new] == [
        (nights, FindingKind.NEW, CauseKind.SERVER_OFFLOAD)
    ]
    assert [is_newly_at_risk(change) for _, change in new] == [True]
    assert not any(change.is_seen for _, change in new)


@pytest.mark.long
def test_each_risk_of_a_scan_was_news_of_that_night_or_of_an_earlier_one() -> None:
    """In every sequence of nights: a host is away or not, and the server's offload is off, on or unknown."""
    hosts = {True: unread("hv1"), False: on_hv1(SATELLITE, WEB)}
    nights = list(product(hosts, State))
    for sequence in product(nights, repeat=3):
        before = fleet(servers=(satellite(State.OFF),))
        reported = 0
        for is_away, state in sequence:
            scan = fleet(hosts[is_away], hypervisor("hv2", kernel=UNFIXED_KERNEL), servers=(satellite(state),))
            tonight = remembering(replace(scan, taken_at=before.taken_at + NIGHT), before)
            changes = news(compare(before, tonight, judge), before, tonight)
            before = tonight
            reported += sum(map(is_newly_at_risk, changes.findings))
            assert sum(finding.is_at_risk for finding in judge(tonight).findings) <= reported, sequence


@pytest.mark.long
def test_each_resolution_is_reported_in_every_sequence_of_nights() -> None:
    """It is reported once, in the night in which the offload is first off, whether the host is away or not."""
    hosts = {True: unread("hv1"), False: on_hv1(SATELLITE, WEB)}
    nights = list(product(hosts, State))
    for sequence in product(nights, repeat=3):
        before, was = fleet(servers=(satellite(State.OFF),)), State.OFF
        for is_away, state in sequence:
            scan = fleet(hosts[is_away], hypervisor("hv2", kernel=UNFIXED_KERNEL), servers=(satellite(state),))
            tonight = remembering(replace(scan, taken_at=before.taken_at + NIGHT), before)
            changes = news(compare(before, tonight, judge), before, tonight)
            resolved = [change for change in changes.findings if change.kind is FindingKind.RESOLVED]
            assert len(resolved) == (was is not State.OFF and state is State.OFF), sequence
            before, was = tonight, state


def test_an_older_observation_resolves_no_risk_of_a_host_that_was_read_in_part() -> None:
    first = fleet(on_hv1(SATELLITE, replace(WEB, interfaces=())))
    in_part = remembering(fleet(replace(on_hv1(SATELLITE, WEB), status=HostStatus.PARTIAL)), first)
    away = remembering(fleet(unread("hv1")), in_part)
    kinds = {change.kind for change in compare(in_part, away, judge).findings}
    assert kinds == {FindingKind.NOT_SEEN}


def test_a_waiver_that_ends_while_a_host_is_away_is_reported_that_night() -> None:
    waived = fleet(policy=Policy(waivers=(Waiver(reason="until the move", domain="vm2"),)))
    away = remembering(fleet(unread("hv1"), hypervisor("hv2", kernel=UNFIXED_KERNEL)), waived)

    assert found(difference(waived, away)) == [(FindingKind.WAIVER_ENDED, Cause(kind=CauseKind.WAIVER))]


def test_a_boot_that_is_requested_while_a_host_is_away_is_reported_that_night() -> None:
    before = fleet()
    requested = (Netboot(source="foreman https://foreman.example.com", system="vm2", mac=Mac(BOOTING), pending=True),)
    away = remembering(fleet(unread("hv1"), netboots=requested), before)

    assert found(difference(before, away)) == [(FindingKind.EXPOSURE_RISEN, Cause(kind=CauseKind.RECORD))]


def test_a_boot_that_is_no_longer_requested_while_a_host_is_away_is_a_change_of_that_night_alone() -> None:
    requested = (Netboot(source="foreman https://foreman.example.com", system="vm2", mac=Mac(BOOTING), pending=True),)
    before = fleet(netboots=requested)
    away = remembering(fleet(unread("hv1")), before)

    assert found(difference(before, away)) == [(FindingKind.EXPOSURE_FALLEN, Cause(kind=CauseKind.RECORD))]
    assert found(difference(away, fleet())) == []


def test_a_server_keeps_its_remembered_place_for_the_domains_of_a_host_that_is_away() -> None:
    mac = Mac("02:42:00:00:00:01")
    where = hypervisor(
        "hv2", kernel=UNFIXED_KERNEL, devices=(bond(), *own_nics("hv2"), macvlan("mv0", "bond2", mac=mac))
    )
    before = fleet(on_hv1(WEB), where, servers=(server("satellite", State.ON, macs=(mac,)),))
    partial = replace(where, status=HostStatus.PARTIAL, devices=(), lists_all_devices=False)
    tonight = replace(before, taken_at=before.taken_at + NIGHT, hypervisors=(unread("hv1"), partial))
    away = remembering_places(remembering(tonight, before), before)

    assert away.places
    assert found(difference(before, away)) == []


def test_the_facts_of_a_host_do_not_become_too_old_while_it_is_away() -> None:
    policy = Policy(max_age=2 * NIGHT.total_seconds())
    scans = [fleet(on_hv1(SATELLITE, WEB, kernel=FIXED_KERNEL), policy=policy)]
    for _ in range(5):
        later = scans[-1].taken_at + NIGHT
        tonight = fleet(unread("hv1"), policy=policy, servers=(satellite(observed_at=later),))
        scans.append(remembering(replace(tonight, taken_at=later), scans[-1]))

    assert [change for pair in pairwise(scans) for change in compare(*pair, judge).findings] == []


@pytest.mark.parametrize("year", [1, 9999])
def test_a_host_that_is_away_may_have_facts_of_any_year(year: int) -> None:
    moment = datetime(year, 12, 31, tzinfo=UTC)
    before = fleet(on_hv1(SATELLITE, WEB, observed_at=moment))
    away = remembering(replace(fleet(unread("hv1")), taken_at=before.taken_at + NIGHT), before)
    later = remembering(replace(fleet(unread("hv1")), taken_at=before.taken_at + 3 * NIGHT), away)

    assert compare(away, later, judge).findings == ()


def test_a_host_that_was_never_read_makes_news_of_its_risks() -> None:
    changes = difference(fleet(unread("hv1"), hypervisor("hv2")), fleet())

    assert [is_newly_at_risk(change) for change in changes.findings] == [True]


def test_a_domain_removed_while_its_host_was_away_is_removed_when_that_is_back() -> None:
    before = fleet()
    away = remembering(fleet(unread("hv1"), hypervisor("hv2")), before)

    assert (Kind.REMOVED, "vm2") in kinds(difference(away, fleet(on_hv1(SATELLITE), hypervisor("hv2"))))


@pytest.mark.parametrize(
    "now",
    [
        pytest.param((on_hv1(SATELLITE, lists_all_domains=False), hypervisor("hv2")), id="which may have more"),
        pytest.param((on_hv1(SATELLITE), unread("hv2")), id="while another host is away"),
    ],
)
def test_a_domain_that_a_host_lacks_when_it_is_back_is_not_seen(now: tuple[Hypervisor, ...]) -> None:
    before = fleet()
    away = remembering(fleet(unread("hv1"), hypervisor("hv2")), before)
    back = remembering(replace(fleet(*now), taken_at=before.taken_at + NIGHT), away)
    changes = difference(away, back)

    assert (Kind.NOT_SEEN, "vm2") in kinds(changes)
    assert [change.kind for change in changes.findings if change.finding.mac == BOOTING] == [FindingKind.NOT_SEEN]
    assert difference(back, remembering(back, back)).is_empty


def test_a_domain_evacuated_before_its_host_went_away_is_not_removed_when_that_is_back() -> None:
    before = fleet()
    away = remembering(fleet(unread("hv1"), hypervisor("hv2", WEB, kernel=UNFIXED_KERNEL)), before)
    back = fleet(on_hv1(SATELLITE), hypervisor("hv2", WEB, kernel=UNFIXED_KERNEL))

    assert kinds(difference(away, back)) == [(Kind.SEEN_AGAIN, "vm1")]


def test_a_partly_read_host_keeps_what_was_not_read() -> None:
    before = fleet()
    partial = remembering(fleet(on_hv1(SATELLITE, status=HostStatus.PARTIAL), hypervisor("hv2")), before)

    assert kinds(difference(before, partial)) == [(Kind.NOT_SEEN, "vm2")]
    assert difference(partial, partial).is_empty
    assert kinds(difference(partial, before)) == [(Kind.SEEN_AGAIN, "vm2")]


SAFE_WEB = replace(WEB, interfaces=())


def in_part(*domains: Domain) -> Hypervisor:
    return on_hv1(*domains, status=HostStatus.PARTIAL, lists_all_domains=False)


def findings_of_nights(*nights: tuple[Hypervisor, ...], **more: Any) -> list[list[FindingKind]]:
    """Return the news of each night after the first, in which the hosts are found in these states."""
    scans = [fleet(*nights[0], **more)]
    for hosts in nights[1:]:
        scans.append(remembering(replace(fleet(*hosts, **more), taken_at=scans[-1].taken_at + NIGHT), scans[-1]))
    return [[change.kind for change in news(compare(*pair, judge), *pair).findings] for pair in pairwise(scans)]


@pytest.mark.parametrize("first", [on_hv1(SATELLITE), on_hv1(SATELLITE, SAFE_WEB), in_part(SATELLITE, SAFE_WEB)])
@pytest.mark.parametrize("between", [(unread("hv1"),), (in_part(SATELLITE),), (in_part(SATELLITE), unread("hv1"))])
@pytest.mark.parametrize("last", [on_hv1(SATELLITE), on_hv1(SATELLITE, SAFE_WEB), on_hv1(SATELLITE, WEB)])
def test_a_risk_that_only_a_partial_scan_read_is_reported_once_and_resolved_once(
    first: Hypervisor, between: tuple[Hypervisor, ...], last: Hypervisor
) -> None:
    expected = [] if WEB in last.domains else [FindingKind.RESOLVED]

    assert findings_of_nights(*((host,) for host in (first, in_part(SATELLITE, WEB), *between, last))) == [
        [FindingKind.NEW],
        *[[] for _ in between],
        expected,
    ]


@pytest.mark.parametrize("last", [on_hv1(SATELLITE, SAFE_WEB), on_hv1(SATELLITE)])
def test_a_risk_that_a_partial_scan_resolved_does_not_return_while_its_host_is_away(last: Hypervisor) -> None:
    nights = on_hv1(SATELLITE, WEB), in_part(SATELLITE, SAFE_WEB), unread("hv1"), last

    assert findings_of_nights(*((host,) for host in nights)) == [[FindingKind.RESOLVED], [], []]


ANYWHERE = (server("satellite", State.ON),)
"""A server of unknown place, which puts a VM at risk on every host."""


@pytest.mark.parametrize("both_away", [False, True])
@pytest.mark.parametrize("nights_away", [1, 2])
@pytest.mark.parametrize("moved", [SAFE_WEB, WEB], ids=["safe there", "at risk there"])
def test_a_risk_that_ends_by_a_move_from_a_host_that_is_away_is_resolved_once_that_is_back(
    moved: Domain, nights_away: int, both_away: bool
) -> None:
    there = hypervisor("hv2", moved, kernel=UNFIXED_KERNEL)
    before = [(on_hv1(WEB), hypervisor("hv2")), *([(unread("hv1"), unread("hv2"))] if both_away else [])]
    nights = *before, *[(unread("hv1"), there)] * nights_away, (on_hv1(), there)

    *while_away, last = findings_of_nights(*nights, servers=ANYWHERE)
    assert not any(while_away)
    assert last == ([FindingKind.RESOLVED] if moved is SAFE_WEB else [])


def test_a_move_to_a_fixed_kernel_explains_the_end_of_a_risk_on_a_host_that_is_back() -> None:
    there = hypervisor("hv2", WEB, kernel=FIXED_KERNEL)
    before = fleet(on_hv1(WEB), hypervisor("hv2", kernel=FIXED_KERNEL), servers=ANYWHERE)
    away = remembering(fleet(unread("hv1"), there, servers=ANYWHERE), before)
    back = fleet(on_hv1(), there, servers=ANYWHERE)

    assert found(difference(away, back)) == [
        (FindingKind.RESOLVED, Cause(kind=CauseKind.DOMAIN_MOVED, hypervisor="hv2"))
    ]


EMPTY_HV2 = hypervisor("hv2", kernel=UNFIXED_KERNEL)
LOST = (on_hv1(WEB), EMPTY_HV2), (on_hv1(), unread("hv2"))
"""Nights after which VM 2 may be on hv2."""


@pytest.mark.parametrize("between", [[], [(on_hv1(), unread("hv2"))], [(unread("hv1"), unread("hv2"))]])
@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param((on_hv1(), EMPTY_HV2), [FindingKind.RESOLVED], id="nowhere"),
        pytest.param((on_hv1(), hypervisor("hv2", WEB)), [FindingKind.SEEN_AGAIN], id="moved"),
        pytest.param((on_hv1(), hypervisor("hv2", SAFE_WEB)), [FindingKind.RESOLVED], id="moved and safe"),
        pytest.param((unread("hv1"), hypervisor("hv2", SAFE_WEB)), [FindingKind.RESOLVED], id="moved, hv1 away"),
        pytest.param((on_hv1(WEB), EMPTY_HV2), [FindingKind.SEEN_AGAIN], id="back"),
        pytest.param((on_hv1(SAFE_WEB), unread("hv2")), [FindingKind.RESOLVED], id="back and safe"),
    ],
)
def test_a_risk_of_a_domain_that_was_not_seen_is_settled_once_the_unread_host_is_read(
    between: list[tuple[Hypervisor, ...]], last: tuple[Hypervisor, ...], expected: list[FindingKind]
) -> None:
    nights = findings_of_nights(*LOST, *between, last, last, servers=ANYWHERE)

    assert nights == [[FindingKind.NOT_SEEN], *[[] for _ in between], expected, []]


@pytest.mark.parametrize("uuid", [WEB.uuid, None])
def test_a_domain_that_was_not_seen_is_removed_once_the_unread_host_is_read(uuid: str | None) -> None:
    before, without = fleet(on_hv1(replace(WEB, uuid=uuid)), EMPTY_HV2), fleet(*LOST[1])
    lost = remembering(replace(without, taken_at=before.taken_at + NIGHT), before)

    assert [(fact.hypervisor, fact.domain.name) for fact in lost.lost] == [("hv1", "vm2")]
    assert remembering(lost, before) == lost
    assert (Kind.REMOVED, "vm2") in kinds(difference(lost, remembering(fleet(on_hv1(), EMPTY_HV2), lost)))


def test_a_domain_is_not_lost_permanently_where_a_list_never_proves_its_removal() -> None:
    folder = hypervisor("folder", lists_all_domains=False)
    before = fleet(*LOST[0], folder)

    assert remembering(fleet(*LOST[1], folder), before).lost == ()


THERE = hypervisor("hv2", WEB, kernel=UNFIXED_KERNEL)
SAFE_THERE = hypervisor("hv2", SAFE_WEB, kernel=UNFIXED_KERNEL)
HV3, ON_HV3 = hypervisor("hv3", kernel=UNFIXED_KERNEL), hypervisor("hv3", WEB, kernel=UNFIXED_KERNEL)


@pytest.mark.parametrize(
    ("nights", "expected"),
    [
        pytest.param(
            [(on_hv1(WEB), EMPTY_HV2), (unread("hv1"), THERE), (on_hv1(), EMPTY_HV2)],
            [[], [FindingKind.RESOLVED]],
            id="ends at both places",
        ),
        pytest.param(
            [(on_hv1(WEB), EMPTY_HV2), (unread("hv1"), THERE), (on_hv1(), SAFE_THERE)],
            [[], [FindingKind.RESOLVED]],
            id="ends at its new place",
        ),
        pytest.param(
            [(on_hv1(WEB), EMPTY_HV2), (unread("hv1"), SAFE_THERE), (on_hv1(), unread("hv2")), (on_hv1(), SAFE_THERE)],
            [[], [FindingKind.RESOLVED], []],
            id="ends at its former place",
        ),
        pytest.param(
            [
                (on_hv1(WEB), EMPTY_HV2, HV3),
                (unread("hv1"), EMPTY_HV2, ON_HV3),
                (unread("hv1"), unread("hv2"), HV3),
                (on_hv1(), THERE, HV3),
            ],
            [[], [FindingKind.NOT_SEEN], [FindingKind.SEEN_AGAIN]],
            id="found at a third place",
        ),
        pytest.param(
            [(on_hv1(), THERE), (on_hv1(WEB), unread("hv2")), (on_hv1(), unread("hv2")), (on_hv1(), THERE)],
            [[], [FindingKind.NOT_SEEN], [FindingKind.SEEN_AGAIN]],
            id="found at its first place",
        ),
        pytest.param(
            [(on_hv1(), THERE), (on_hv1(SAFE_WEB), unread("hv2")), (unread("hv1"), SAFE_THERE), (on_hv1(), SAFE_THERE)],
            [[], [FindingKind.RESOLVED], []],
            id="ends at its first place",
        ),
        pytest.param(
            [
                (on_hv1(), SAFE_THERE),
                (on_hv1(), THERE),
                (on_hv1(WEB), unread("hv2")),
                (on_hv1(SAFE_WEB), unread("hv2")),
                (on_hv1(), THERE),
            ],
            [[FindingKind.NEW], [], [FindingKind.RESOLVED], [FindingKind.NEW]],
            id="begins again at its first place",
        ),
    ],
)
def test_a_risk_that_moves_while_hypervisors_are_away_remains_one(
    nights: list[tuple[Hypervisor, ...]], expected: list[list[FindingKind]]
) -> None:
    assert findings_of_nights(*nights, servers=ANYWHERE) == expected


def test_a_copy_of_a_domain_that_is_there_when_its_host_is_back_is_not_resolved() -> None:
    here, there = on_hv1(WEB), hypervisor("hv2", SAFE_WEB, kernel=UNFIXED_KERNEL)

    nights = (here, hypervisor("hv2")), (unread("hv1"), there), (here, there)
    assert findings_of_nights(*nights, servers=ANYWHERE) == [[], []]


def test_memory_keeps_the_first_night_and_the_last_complete_observation() -> None:
    before = fleet()
    nights = [before]
    for night in range(1, 4):
        tonight = fleet(unread("hv1"), hypervisor("hv2"))
        nights.append(remembering(replace(tonight, taken_at=before.taken_at + night * NIGHT), nights[-1]))

    assert {later.unread[0].since for later in nights[1:]} == {before.taken_at + NIGHT}
    assert nights[-1].unread[0].last == before.hypervisors[0]
    assert nights[-1].hypervisors[0].keys == before.hypervisors[0].keys
    assert remembering(nights[-1], nights[-2]) == nights[-1]


def test_memory_recognises_a_host_by_keys_that_only_an_earlier_scan_saw() -> None:
    uuid = "4c4c4544-0000-1000-8000-000000000001"
    before = fleet(on_hv1(SATELLITE, WEB, system_uuid=uuid))
    away = remembering(fleet(unread("hv1")), before)
    moved = fleet(on_hv1(SATELLITE, WEB, system_uuid=uuid, uri="qemu+tcp://hv1/system"))

    assert f"uuid:{uuid}" in away.hypervisors[0].keys
    assert [change.kind for change in difference(away, moved).hypervisors] == [Kind.SEEN_AGAIN]


@pytest.mark.parametrize(
    ("until", "was_known", "expected"),
    [
        (None, True, []),
        (date(2026, 12, 8), True, []),
        (date(2026, 12, 7), True, [14]),
        (date(2026, 12, 6), True, []),
        (date(2026, 12, 6), False, [13]),
        (date(2026, 11, 23), False, [0]),
        (date(2026, 11, 22), False, []),
    ],
)
def test_a_waiver_is_named_on_the_first_night_of_its_last_two_weeks(
    until: date | None, was_known: bool, expected: list[int]
) -> None:
    policy = Policy(waivers=(Waiver(reason="boots from ISO", domain="vm2", until=until),))
    old = fleet(policy=policy) if was_known else fleet()
    new = replace(fleet(policy=policy), taken_at=old.taken_at + NIGHT)

    assert [waiver.days for waiver in news(compare(old, new, judge), old, new).ending] == expected


@pytest.mark.parametrize(
    "field", ["findings", "hypervisors", "servers", "domains", "interfaces", "systems", "reminders", "ending"]
)
def test_a_change_of_any_kind_is_news(field: str) -> None:
    none = difference(fleet(), fleet())

    assert none.is_empty
    assert not replace(none, **{field: (None,)}).is_empty


def test_a_server_whose_state_after_a_reboot_changed_explains_no_finding() -> None:
    states = (State.ON, State.OFF)
    on, off = (
        satellite(persistence=Persistence(tx_checksum=state, setting=SettingInWords(text="x"))) for state in states
    )
    old = fleet(on_hv1(SATELLITE, WEB, kernel=FIXED_KERNEL), servers=(on,))
    new = fleet(on_hv1(SATELLITE, WEB), servers=(off,))

    changes = difference(old, new)

    assert [field.field for change in changes.servers for field in change.fields] == ["after_reboot"]
    assert {change.cause.kind for change in changes.findings} == {CauseKind.KERNEL}


def test_a_gap_that_an_earlier_version_has_in_words_is_not_a_change() -> None:
    gaps = (gap_in_words("cobbler sat", "timeout", about=GapAbout.PROVISIONING),)

    assert difference(fleet(), fleet(gaps=gaps)).systems == ()


def test_a_definition_of_the_next_start_that_only_one_side_read_clears_nothing() -> None:
    harmless = macvtap(mac=BOOTING, mode=SourceMode.PRIVATE)
    running = replace(WEB, state=DomainState.ACTIVE, interfaces=(harmless,))
    next_start = replace(WEB, state=DomainState.INACTIVE, next_start=True)
    cured = replace(running, state=DomainState.INACTIVE, next_start=True)
    with_definition, without = fleet(on_hv1(SATELLITE, running, next_start)), fleet(on_hv1(SATELLITE, running))

    assert [change.kind for change in difference(with_definition, without).findings] == [FindingKind.NOT_SEEN]
    assert [change.kind for change in difference(without, with_definition).findings] == [FindingKind.SEEN_AGAIN]
    read_again = difference(with_definition, fleet(on_hv1(SATELLITE, running, cured))).findings
    assert [change.kind for change in read_again] == [FindingKind.RESOLVED]
    off = replace(cured, next_start=False)
    assert [change.kind for change in difference(with_definition, fleet(on_hv1(SATELLITE, off))).findings] == [
        FindingKind.RESOLVED
    ]


def test_a_move_alone_changes_no_finding() -> None:
    anywhere = (server("satellite"),)
    old = fleet(on_hv1(WEB), hypervisor("hv2", kernel=UNFIXED_KERNEL), servers=anywhere)
    new = fleet(on_hv1(), hypervisor("hv2", WEB, kernel=UNFIXED_KERNEL), servers=anywhere)

    changes = difference(old, new)

    assert kinds(changes) == [(Kind.MOVED, "vm2")]
    assert changes.findings == ()


def test_news_leaves_out_changes_without_an_action() -> None:
    old = fleet()
    new = fleet(on_hv1(SATELLITE, replace(WEB, vcpus=8), vm(3)), hypervisor("hv2", vm(4), kernel=UNFIXED_KERNEL))
    changes = difference(old, new)

    assert not changes.is_empty
    assert news(changes, old, new).is_empty


def test_a_new_version_of_virtscan_that_knows_other_kernels_is_not_a_change() -> None:
    old = replace(fleet(), version="0.0.1")

    assert difference(old, fleet()).is_empty


def test_a_kernel_that_changes_is_a_change_of_its_host() -> None:
    (changed,) = difference(fleet(), fleet(on_hv1(SATELLITE, WEB, kernel=FIXED_KERNEL),
                                           hypervisor("hv2", kernel=UNFIXED_KERNEL))).hypervisors  # fmt: skip

    assert changed.fields == (FieldChange(field="kernel", old=UNFIXED_KERNEL, new=FIXED_KERNEL),)


def test_verdicts_of_both_sides_are_those_of_today() -> None:
    """The older side is judged again: only facts are compared."""
    judged: list[Inventory] = []

    def today(value: Inventory) -> Any:
        judged.append(value)
        return judge(value)

    old, new = fleet(), fleet(servers=(satellite(State.OFF),))
    changes = compare(old, new, today)

    assert judged == [old, new]
    assert [change.old.verdict for change in changes.findings if change.old] == [Verdict.AT_RISK]
