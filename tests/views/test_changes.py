"""Changes as a document: groups by cause, counts, and words for every code."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.views.fleet import finding
from virtscan.changes import (
    Cause,
    CauseKind,
    Changes,
    DomainChange,
    DomainRef,
    EndingWaiver,
    FieldChange,
    FindingChange,
    FindingKind,
    HostChange,
    InterfaceChange,
    Kind,
    Reminder,
    ServerChange,
    ServerRef,
    Snapshot,
    compare,
)
from virtscan.correlator.judging import judge
from virtscan.model import Exposure, HostStatus, State, Verdict, Waiver
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views.changes import view
from virtscan.views.document import counts
from virtscan.views.wording import changes as wording

OLD = Snapshot(version="0.1.0", taken_at=TAKEN_AT)
NEW = Snapshot(version="0.2.0", taken_at=TAKEN_AT + timedelta(days=1))


def ref(number: int, host: str = "hv1") -> DomainRef:
    return DomainRef(hypervisor=host, domain=f"vm{number}", uuid=str(number))


def added(count: int) -> Changes:
    domains = tuple(DomainChange(kind=Kind.ADDED, old=None, new=ref(number)) for number in range(count))
    return Changes(old=OLD, new=NEW, domains=domains)


def table(changes: Changes) -> list[str]:
    return REPORTERS["table"].render(view(changes)).decode().splitlines()


@pytest.mark.parametrize("kind", CauseKind)
def test_every_cause_has_words(kind: CauseKind) -> None:
    cause = Cause(kind=kind, server="sat", server_interface="eth0", hypervisor="hv1", old="off", new="on")

    assert wording.caused_by(cause)


@pytest.mark.parametrize("kind", FindingKind)
@pytest.mark.parametrize("verdict", [Verdict.AT_RISK, Verdict.UNKNOWN])
def test_every_kind_of_a_changed_finding_has_words(kind: FindingKind, verdict: Verdict) -> None:
    assert wording.finding_happened(kind, verdict)


def test_risks_of_a_removed_hypervisor_are_not_taken_for_cured() -> None:
    old = inventory(hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL), servers=(server(),))
    new = inventory(hypervisor("hv2", domain("web02", macvtap()), kernel=UNFIXED_KERNEL), servers=(server(),))

    headline, *lines = table(compare(old, new, judge))
    assert "1 finding no longer scanned" in headline
    assert "hv1 was removed: 1 interface of 1 VM no longer scanned (at risk when last read)." in lines
    assert "resolved" not in "".join((headline, *lines))


@pytest.mark.parametrize(
    ("old", "new", "device", "words"),
    [
        ("off", "on", None, "TX checksum offload of sat eth0 was switched on"),
        ("off", "on", "eth1", "TX checksum offload of sat eth0 was switched on (eth1)"),
        (None, "unknown", None, "TX checksum offload of sat eth0 was not read"),
        ("unknown", None, None, "TX checksum offload of sat eth0 was not read before"),
    ],
)
def test_a_change_of_offload_shows_how(old: str | None, new: str | None, device: str | None, words: str) -> None:
    cause = Cause(kind=CauseKind.SERVER_OFFLOAD, server="sat", server_interface="eth0", old=old, new=new, device=device)

    assert wording.caused_by(cause) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (FieldChange(field="vcpus", old=2, new=4), "vcpus: 2 → 4"),
        (FieldChange(field="boot_devices", old=("hd", "network"), new=()), "boot_devices: hd, network → none"),
        (FieldChange(field="physical", old=False, new=True), "physical: no → yes"),
        (FieldChange(field="network", old=None, new="pxe"), "network: none → pxe"),
    ],
)
def test_a_field_has_both_values_in_words(change: FieldChange, words: str) -> None:
    assert wording.field_change(change) == words


def test_rows_beyond_fifty_are_counted() -> None:
    assert sum("vm" in line for line in table(added(50))) == 50
    many = table(added(51))
    assert sum("vm" in line for line in many) == 0
    assert "51 VMs added. --format csv lists them." in many
    assert len(REPORTERS["csv"].render(view(added(51))).splitlines()) == 52


def test_domains_of_an_unread_host_are_named_below_one_line() -> None:
    gone = tuple(
        DomainChange(kind=Kind.NOT_SEEN, old=ref(number, "hv2"), new=None, unread=("hv2",)) for number in range(20)
    )
    host = HostChange(kind=Kind.NOT_SEEN, old="hv2", new="hv2", domains=20)
    lines = table(Changes(old=OLD, new=NEW, domains=gone, hypervisors=(host,), unread=("hv2",)))

    assert lines[0] == "1 hypervisor no longer read, 20 VMs not seen; since 2026-11-22 02:00 UTC."
    assert "20 VMs not seen: may be on hv2." in lines
    assert sum(line.startswith("  hv2  vm") for line in lines) == 20


def test_every_row_is_in_one_group() -> None:
    changes = Changes(
        old=OLD,
        new=NEW,
        hypervisors=(HostChange(kind=Kind.RENAMED, old="a", new="b"),),
        servers=(ServerChange(kind=Kind.ADDED, server=ServerRef(server="sat")),),
        domains=(
            DomainChange(kind=Kind.MOVED, old=ref(1), new=ref(1, "hv2"), is_certain=False),
            DomainChange(kind=Kind.RENAMED, old=ref(2), new=DomainRef(hypervisor="hv1", domain="new", uuid="2")),
        ),
        interfaces=(InterfaceChange(kind=Kind.ADDED, old=ref(1), domain=ref(1), index=0, mac=None),),
    )
    document = view(changes)
    lines = table(changes)

    assert sorted(place for group in document.main.groups for place in group.rows) == list(range(5))
    assert any(line.split() == ["b", "was", "a"] for line in lines)
    assert any("from hv1, or copied" in line for line in lines)
    assert any("was vm2" in line for line in lines)


def test_reminders_are_below_the_rows() -> None:
    waiver = Waiver(reason="boots from ISO", until=date(2026, 12, 1))
    changes = Changes(
        old=OLD,
        new=NEW,
        reminders=(Reminder(hypervisor="hv9", since=TAKEN_AT - timedelta(days=6), days=7),),
        ending=(EndingWaiver(waiver=waiver, until=date(2026, 12, 1), days=1),),
    )
    lines = table(changes)

    assert lines[0] == "1 hypervisor still not read, 1 waiver about to end; since 2026-11-22 02:00 UTC."
    assert "hv9 has not been read since 2026-11-16: 7 days" in lines
    assert "waiver 'boots from ISO' ends in 1 day (last day 2026-12-01)" in lines


def test_a_removed_host_that_was_never_read_has_an_unknown_number_of_domains() -> None:
    def removed(status: HostStatus, domains: int) -> HostChange:
        return HostChange(kind=Kind.REMOVED, old="hv1", new=None, statuses=(status, None), domains=domains)

    failed, complete = HostStatus.FAILED, HostStatus.COMPLETE
    for change, words in (
        (removed(failed, 0), "VMs unknown"),
        (removed(failed, 2), "2 VMs"),
        (removed(complete, 0), "0 VMs"),
    ):
        assert table(Changes(old=OLD, new=NEW, hypervisors=(change,)))[3] == f"  hv1  {words}"


def test_numbers_of_changes_are_apart_from_those_of_a_scan() -> None:
    document = view(added(3))

    metrics = REPORTERS["prometheus"].render(document).decode()
    assert 'virtscan_diff_domains{change="added"} 3.0' in metrics
    assert "virtscan_domains" not in metrics
    page = REPORTERS["html"].render(document).decode()
    tiles = page.partition('class="tiles"')[2].partition("</ul>")[0]
    assert "newly at risk" in tiles
    assert "VM" not in tiles
    assert "network in the boot order" not in page, "no name has the look that this explains"


def test_scans_of_different_configurations_are_marked() -> None:
    known = view(Changes(old=replace(OLD, scope="a"), new=replace(NEW, scope="b"))).notes
    unknown = view(Changes(old=OLD, new=replace(NEW, scope="b"))).notes

    assert known == ("the two scans are of different configurations: an item in only one of them may still exist",)
    assert unknown == ()


def test_every_kind_of_change_is_counted() -> None:
    at_risk = inventory(hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL), servers=(server(),))
    (finding,) = judge(at_risk).findings
    new = FindingChange(kind=FindingKind.NEW, old=None, new=finding, cause=Cause(kind=CauseKind.FIRST_SCAN))
    metrics = view(Changes(old=OLD, new=NEW, findings=(new,), domains=added(2).domains)).metrics

    assert counts(metrics, "findings") == {kind.value: int(kind is FindingKind.NEW) for kind in FindingKind}
    assert counts(metrics, "domains") == {kind.value: 2 * (kind is Kind.ADDED) for kind in Kind}
    assert (counts(metrics, "newly_at_risk"), counts(metrics, "newly_unknown")) == ({"": 1}, {"": 0})


@pytest.mark.parametrize(
    ("kind", "old", "new", "detail"),
    [
        (FindingKind.EXPOSURE_RISEN, {"exposure": Exposure.LATENT}, {"exposure": Exposure.PENDING}, "latent → pending"),
        (FindingKind.EXPOSURE_FALLEN, {"exposure": Exposure.BOOTS}, {"exposure": Exposure.LATENT}, "boots → latent"),
        (FindingKind.RESOLVED, {}, {"verdict": Verdict.MITIGATED}, "mitigated"),
        (FindingKind.RESOLVED, {}, None, "not judged"),
        (FindingKind.NEW, None, {}, "boots"),
    ],
)
def test_a_changed_finding_has_both_exposures_or_its_present_verdict(
    kind: FindingKind, old: dict[str, Any] | None, new: dict[str, Any] | None, detail: str
) -> None:
    before, after = (None if fields is None else finding(**fields) for fields in (old, new))
    change = FindingChange(kind=kind, old=before, new=after, cause=Cause(kind=CauseKind.UNKNOWN))

    (row,) = view(Changes(old=OLD, new=NEW, findings=(change,))).main.pick("detail").rows
    assert row == (detail,)


def test_nothing_new_has_no_headline() -> None:
    assert view(Changes(old=OLD, new=NEW)).headline == ""


def test_interfaces_at_risk_are_grouped_by_server() -> None:
    first = hypervisor("hv1", domain("web01", macvtap("bond2")), segments={"bond2": "a"}, kernel=UNFIXED_KERNEL)
    second = hypervisor("hv2", domain("web02", macvtap("bond2")), segments={"bond2": "b"}, kernel=UNFIXED_KERNEL)
    servers = (server("sat-a", segments=("a",)), server("sat-b", segments=("b",)))
    new = inventory(first, second, servers=servers)
    old = inventory()

    text = "\n".join(table(compare(old, new, judge)))

    assert text.count("because of") == 2
    assert re.search(r"1 interface of 1 VM [^:]*because of sat-a\.", text)
    assert re.search(r"1 interface of 1 VM [^:]*because of sat-b\.", text)


def test_newly_at_risk_comes_before_newly_unknown() -> None:
    first = hypervisor("hv1", domain("web01", macvtap("bond2")), segments={"bond2": "a"}, kernel=UNFIXED_KERNEL)
    second = hypervisor("hv2", domain("web02", macvtap("bond2")), segments={"bond2": "b"}, kernel=UNFIXED_KERNEL)
    servers = (server("sat-a", State.UNKNOWN, segments=("a",)), server("sat-b", segments=("b",)))

    text = "\n".join(table(compare(inventory(), inventory(first, second, servers=servers), judge)))

    assert 0 < text.index("because of sat-b") < text.index("because of sat-a")


def test_a_title_that_does_not_fit_is_indented_below_its_first_line() -> None:
    change = HostChange(kind=Kind.ADDED, old=None, new="hv1", statuses=(None, HostStatus.COMPLETE))
    changes = Changes(old=OLD, new=NEW, hypervisors=(change,))

    lines = REPORTERS["table"].render(view(changes), RenderOptions(width=16)).decode().partition("\n\n")[2].splitlines()
    assert lines[:3] == ["1 hypervisor", "  added.", "  hv1  0 VMs"]
