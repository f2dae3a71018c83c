"""Properties of every inventory: less knowledge never clears, more servers never help, order never matters."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from tests.build import macvlan, tap
from tests.correlator.accounts import check_accounts
from tests.correlator.demanded import DEMANDED, Clearing
from tests.correlator.fleets import MACS, MEETINGS, domains, gaps, inventories, servers
from tests.correlator.losses import Change, found_macs, losses, mac_of, withdrawn
from virtscan.correlator import RULES, correlate
from virtscan.correlator.staleness.aging import aged
from virtscan.model import (
    Confidence,
    DomainState,
    Finding,
    Hypervisor,
    Inventory,
    NotJudged,
    Report,
    SourceMode,
    Verdict,
)
from virtscan.model.gaps.mismatches import KernelContradicted, PhysicalContradicted, PlaceContradicted

CLEARED = {Verdict.MITIGATED, Verdict.NOT_AFFECTED}
BADNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}

many = settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def by_interface(report: Report) -> dict[tuple[str, str, int], Finding]:
    findings = {(finding.hypervisor, finding.domain, finding.index): finding for finding in report.findings}
    assert len(findings) == len(report.findings)
    return findings


def newly_cleared(before: Inventory, changes: Iterable[Change]) -> Iterator[tuple[Inventory, Finding, Finding | None]]:
    """Yield findings that lost their warning to one of the changes, and their successors: None if they vanished."""
    was = by_interface(correlate(before))
    for change in changes:
        after = change(before)
        if after == before:
            continue  # what is lost was not known
        now = by_interface(correlate(after))
        present = {
            (host.name, domain.name, interface.index)
            for host in after.hypervisors
            for domain in host.domains
            for interface in domain.interfaces
        }
        for key in was.keys() & present:
            old, new = was[key], now.get(key)
            if old.verdict not in CLEARED and (new is None or new.verdict in CLEARED):
                yield after, old, new


def is_outside(finding: Finding | None) -> bool:
    """Return True for what the table itself lets through.

    One is a place elsewhere that names the missing fact. One is an interface of the server's own, as long as no clone
    has its MAC. The last are segments declared on both sides, although a record or an address contradicted them.
    """
    return finding is None or finding.rule == "R4" or (finding.rule == "R10" and finding.confidence is Confidence.LOW)


def is_contradicted(inventory: Inventory) -> bool:
    """Return True if an observation contradicts a declaration."""
    return any(
        isinstance(gap.cause, KernelContradicted | PhysicalContradicted | PlaceContradicted)
        for gap in correlate(inventory).warnings
    )


@many
@given(inventories())
@pytest.mark.long
def test_knowing_less_never_clears(before: Inventory) -> None:
    # A declaration that is contradicted is a weaker source of what was observed: it is taken away with it.
    warned = correlate(before).warnings
    less = [lambda inventory, loss=loss: withdrawn(loss(inventory), warned) for loss in losses(before)]
    for after, old, new in newly_cleared(before, less):
        clearing = Clearing(before, after, old, new)
        assert any(is_demanded(clearing) for is_demanded in DEMANDED), (after, old, new)


def added_places(data: DataObject, before: Inventory) -> Inventory:
    """Add a powered-off domain or a device with a server's MAC, a gap, or a server."""
    mac = data.draw(st.sampled_from(sorted(found_macs(before)) or list(MACS)))
    place = data.draw(st.integers(0, len(before.hypervisors) - 1))
    what = data.draw(st.sampled_from(("domain", "device", "gap", "server")))
    host: Hypervisor = before.hypervisors[place]
    if what == "gap":
        return replace(before, gaps=(*before.gaps, data.draw(gaps())))
    if what == "server":
        return replace(before, servers=(*before.servers, data.draw(servers("more"))))
    if what == "domain":
        off = replace(data.draw(domains("more", (mac,), MEETINGS[0])), state=DomainState.INACTIVE)
        host = replace(host, domains=(*host.domains, off))
    else:
        more = data.draw(
            st.sampled_from((tap("more"), macvlan("more", "bond2"), macvlan("more", "br0", SourceMode.VEPA)))
        )
        host = replace(host, devices=(*host.devices, replace(more, mac=mac)))
    hosts = tuple(host if number == place else observed for number, observed in enumerate(before.hypervisors))
    return replace(before, hypervisors=hosts)


@settings(many, max_examples=100)
@given(st.data())
@pytest.mark.long
def test_one_more_server_place_or_gap_never_clears(data: DataObject) -> None:
    before = data.draw(inventories())
    assume(not is_contradicted(before))
    after = added_places(data, before)
    now = by_interface(correlate(after))

    for key, was in by_interface(correlate(before)).items():
        if key in now:
            cleared = now[key].verdict in CLEARED and was.verdict not in CLEARED
            assert not cleared or is_outside(now[key]), (after, was, now[key])
        else:  # it turned out to be that server's own interface, which no other one serves
            assert was.verdict in CLEARED or was.mac in mac_of(after)


def shuffled(data: DataObject, before: Inventory) -> Inventory:
    def some(values: Iterable[object]) -> tuple:  # type: ignore[type-arg]  # of any values
        return tuple(data.draw(st.permutations(list(values))))

    return replace(
        before,
        hypervisors=some(
            replace(host, domains=some(host.domains), devices=some(host.devices)) for host in before.hypervisors
        ),
        servers=some(before.servers),
        netboots=some(before.netboots),
        subnets=some(before.subnets),
        gaps=some(before.gaps),
    )


@pytest.mark.long
@settings(many, max_examples=60)
@given(st.data())
def test_order_of_items_never_matters(data: DataObject) -> None:
    before = data.draw(inventories(least_servers=0))

    first, second = correlate(before), correlate(shuffled(data, before))

    for finding, other in zip(first.findings, second.findings, strict=True):
        assert finding == other
    assert first.not_judged == second.not_judged
    assert set(first.warnings) == set(second.warnings)


@pytest.mark.long
@many
@given(inventories())
def test_an_unchanged_fleet_gives_equal_findings_on_two_nights(before: Inventory) -> None:
    night = timedelta(days=1)

    def later(value: Any) -> Any:  # of every kind that has a time
        at = getattr(value, "observed_at", None)
        return value if at is None else replace(value, observed_at=at + night)

    after = replace(
        before,
        taken_at=before.taken_at + night,
        hypervisors=tuple(
            replace(
                later(host),
                kernel=later(host.kernel),
                daemon=later(host.daemon),
                devices=tuple(map(later, host.devices)),
            )
            for host in before.hypervisors
        ),
        servers=tuple(replace(later(server), kernel=later(server.kernel)) for server in before.servers),
        netboots=tuple(map(later, before.netboots)),
        subnets=tuple(map(later, before.subnets)),
    )

    assert correlate(after).findings == correlate(before).findings


@pytest.mark.long
@settings(many, max_examples=60)
@given(inventories(least_servers=0))
def test_every_interface_is_judged_or_counted(inventory: Inventory) -> None:
    report = correlate(inventory)

    interfaces = sum(len(domain.interfaces) for host in inventory.hypervisors for domain in host.domains)
    assert len(report.findings) + sum(report.not_judged.values()) == interfaces
    assert report.inventory == aged(inventory)
    assert all(count > 0 for count in report.not_judged.values())
    assert list(report.findings) == sorted(report.findings, key=lambda finding: BADNESS[finding.verdict])


@pytest.mark.long
@settings(many, max_examples=100)
@given(inventories(least_servers=0))
def test_explain_agrees_with_the_report_and_shows_what_would_settle_it(inventory: Inventory) -> None:
    check_accounts(inventory)


@pytest.mark.long
def test_the_random_inventories_reach_every_rule() -> None:
    reached: set[str | NotJudged] = set()

    @settings(many, max_examples=800, derandomize=True, database=None)
    @given(inventories(least_servers=0))
    def look(inventory: Inventory) -> None:
        report = correlate(inventory)
        reached.update(finding.rule for finding in report.findings)
        reached.update(report.not_judged)

    look()

    assert reached == {rule.id for rule in RULES} - {"R1"} | set(NotJudged)
