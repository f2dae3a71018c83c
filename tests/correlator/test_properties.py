"""What must hold for every inventory: less knowledge never clears, more servers never help, order never matters."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from tests.build import macvlan, tap
from tests.correlator.fleets import MACS, MEETINGS, domains, gaps, inventories, servers
from tests.correlator.losses import Change, found_macs, losses, mac_of, withdrawn
from virtscan.correlator import RULES, correlate
from virtscan.correlator.aging import aged
from virtscan.correlator.location.places import Bare, GuestNic, HostDevice, Place, Unlocated
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.explain import Spot, explain
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
from virtscan.model.reasons import ExclusionContradicted, NeedsReflection, OnRecord, OutsideStack

CLEARED = {Verdict.MITIGATED, Verdict.NOT_AFFECTED}
BADNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}

many = settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def by_interface(report: Report) -> dict[tuple[str, str, int], Finding]:
    findings = {(found.hypervisor, found.domain, found.index): found for found in report.findings}
    assert len(findings) == len(report.findings)
    return findings


def newly_cleared(before: Inventory, changes: Iterable[Change]) -> Iterator[tuple[Inventory, Finding, Finding | None]]:
    """Give findings that lost their warning to one of the changes, with what they became: None where they vanished."""
    was = by_interface(correlate(before))
    for change in changes:
        after = change(before)
        now = by_interface(correlate(after))
        present = {
            (host.name, domain.name, interface.index)
            for host in after.hypervisors
            for domain in host.domains
            for interface in domain.interfaces
        }
        for key in was.keys() & present:
            old, new = was[key], now.get(key)
            if new is None or (new.verdict in CLEARED and old.verdict not in CLEARED):
                yield after, old, new


def is_outside(found: Finding | None) -> bool:
    """Return True for what the table itself lets through.

    These are a place elsewhere that says which fact is missing, segments that are declared on both sides while a record
    or an address said otherwise, and an interface that is the server's own as long as no clone has its MAC.
    """
    return found is None or found.rule == "R4" or (found.rule == "R10" and found.confidence is Confidence.LOW)


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
    less = (
        [lambda one, loss=loss: withdrawn(loss(one)) for loss in losses(before)]
        if is_contradicted(before)
        else losses(before)
    )
    for after, old, new in newly_cleared(before, less):
        assert is_demanded(before, after, old, new), (after, old, new)


def is_demanded(before: Inventory, after: Inventory, old: Finding, new: Finding | None) -> bool:
    """Return True for the verdicts that the table demands although less is known."""
    # R9 gives way to R14 only where the bottom is known to be virtual: ports on a device and on a VLAN over it never
    # meet, with or without known NICs.
    virtual = any(isinstance(reason, NeedsReflection) for reason in old.missing)
    # Two hypervisors are two machines unless a fact shows that they are one, or that one is a domain of the other.
    separates = machines_of(before) != machines_of(after)
    # A server that is found on one hypervisor is judged there, whatever others hide: a copy is lost without a trace.
    was, now = found_places(before), found_places(after)
    copy_lost = any(was[name] - now[name] and now[name] for name in was)
    if virtual or separates or copy_lost:
        return True
    # The offload of a NIC outside the stack is unknown, but only where that NIC is found.
    if new is not None and new.rule == "R5" and any(isinstance(reason, OutsideStack) for reason in old.because):
        return True
    if new is None:  # the server's own interface, where no clone is seen any more
        return any(
            interface.mac in mac_of(before)
            for host in before.hypervisors
            for domain in host.domains
            if (host.name, domain.name) == (old.hypervisor, old.domain)
            for interface in domain.interfaces
        )
    # Declarations on both sides exclude a server, unless its NIC is on this very device or a record names it.
    if new.rule == "R4":
        return any(isinstance(reason, ExclusionContradicted | OnRecord) for reason in old.because)
    return new.rule == "R10" and new.confidence is Confidence.LOW


def found_places(inventory: Inventory) -> dict[str, set[str]]:
    """Give for each server the places where it is found."""
    index = ServerIndex(aged(inventory))
    found: dict[str, set[str]] = {server.name: set() for server in index.servers}
    for server, placed in zip(index.servers, index.placed, strict=True):
        found[server.name] |= {
            repr(place_of(one.place)) for one in placed if not isinstance(one.place, Bare | Unlocated)
        }
    return found


def place_of(place: Place) -> tuple[str, ...]:
    match place:
        case GuestNic(hypervisor=name, domain=domain, interface=interface):
            return name, domain.name, str(interface.index)
        case HostDevice(hypervisor=name, device=device):
            return name, device.name
        case _:
            return (str(place),)


def machines_of(inventory: Inventory) -> tuple[object, object]:
    """Give which hypervisors are one machine, and which of them are domains of others."""
    fleet = ServerIndex(aged(inventory)).fleet
    carried = {name: [(host, domain.name) for host, domain in some] for name, some in fleet.carriers.items()}
    return fleet.machines, carried


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
    hosts = tuple(host if number == place else one for number, one in enumerate(before.hypervisors))
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
    def some(values: Iterable[object]) -> tuple:  # type: ignore[type-arg]  # of whatever they are
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


@settings(many, max_examples=60)
@given(st.data())
def test_the_order_of_what_was_read_never_matters(data: DataObject) -> None:
    before = data.draw(inventories(least_servers=0))

    first, second = correlate(before), correlate(shuffled(data, before))

    for one, other in zip(first.findings, second.findings, strict=True):
        assert one == other
    assert first.not_judged == second.not_judged
    assert set(first.warnings) == set(second.warnings)


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
        servers=tuple(replace(later(one), kernel=later(one.kernel)) for one in before.servers),
        netboots=tuple(map(later, before.netboots)),
        subnets=tuple(map(later, before.subnets)),
    )

    assert correlate(after).findings == correlate(before).findings


@settings(many, max_examples=60)
@given(inventories(least_servers=0))
def test_every_interface_is_judged_or_counted(inventory: Inventory) -> None:
    report = correlate(inventory)

    interfaces = sum(len(domain.interfaces) for host in inventory.hypervisors for domain in host.domains)
    assert len(report.findings) + sum(report.not_judged.values()) == interfaces
    assert report.inventory == aged(inventory)
    assert all(count > 0 for count in report.not_judged.values())
    assert list(report.findings) == sorted(report.findings, key=lambda found: BADNESS[found.verdict])


@settings(many, max_examples=100)
@given(inventories(least_servers=0))
def test_explain_tells_what_the_report_says_and_what_would_settle_it(inventory: Inventory) -> None:
    report = correlate(inventory)
    spots = [
        Spot(h, d, i)
        for h, host in enumerate(inventory.hypervisors)
        for d, domain in enumerate(host.domains)
        for i in range(len(domain.interfaces))
    ]

    for account in explain(report, spots).accounts:
        found = account.finding
        decisions = [one for one in account.decisions if one.decides]
        if found is None:
            assert account.not_judged is not None
            continue
        (decision,) = decisions
        assert (decision.rule, decision.verdict, decision.confidence, decision.source_device, decision.source_mode) == (
            found.rule,
            found.verdict,
            found.confidence,
            found.source_device,
            found.source_mode,
        )
        if found.server is not None:
            assert (decision.server, decision.server_interface) == (found.server, found.server_interface)
        if found.verdict is Verdict.UNKNOWN:
            assert found.missing
            assert account.ways


@pytest.mark.long
def test_the_random_inventories_reach_every_rule() -> None:
    reached: set[str | NotJudged] = set()

    @settings(many, max_examples=400, derandomize=True, database=None)
    @given(inventories(least_servers=0))
    def look(inventory: Inventory) -> None:
        report = correlate(inventory)
        reached.update(found.rule for found in report.findings)
        reached.update(report.not_judged)

    look()

    assert reached == {rule.id for rule in RULES} - {"R1"} | set(NotJudged)
