"""What must hold for every inventory: less knowledge never clears, more servers never help, order never matters."""

from collections.abc import Iterable, Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from tests.correlator.fleets import Change, inventories, losses, lost_domains, lost_macs, servers
from virtscan.correlator import RULES, correlate
from virtscan.model import Finding, Inventory, NotJudged, Report, Verdict

CLEARED = {Verdict.MITIGATED, Verdict.NOT_AFFECTED}
BADNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}

many = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def by_interface(report: Report) -> dict[tuple[str, str, int], Finding]:
    findings = {(found.hypervisor, found.domain, found.index): found for found in report.findings}
    assert len(findings) == len(report.findings)
    return findings


def newly_cleared(before: Inventory, changes: Iterable[Change]) -> Iterator[tuple[Inventory, Finding, Finding | None]]:
    """Findings that lost their warning to one of the changes, with what they became: None where they vanished."""
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
            elif new.verdict is Verdict.NOT_AFFECTED and old.verdict is Verdict.MITIGATED:
                # T off or a muted card comes first in the table; without it, the place that was known clears as well.
                assert old.rule in {"R5", "R6"}
                assert new.rule in {"R9", "R10"}


@many
@given(inventories())
def test_knowing_less_never_clears(before: Inventory) -> None:
    assert next(newly_cleared(before, losses(before)), None) is None


@many
@given(inventories(unique=True))
def test_reading_one_domain_less_never_clears_another(before: Inventory) -> None:
    assert next(newly_cleared(before, lost_domains(before)), None) is None


@many
@given(inventories())
def test_the_mac_of_a_device_only_ever_takes_back_that_the_server_is_elsewhere(before: Inventory) -> None:
    """The MACs of domains prove where a server is; that two hypervisors share a machine is known only by a device's."""
    server = before.servers[0]
    alone = replace(before, servers=(replace(server, macs=server.macs[:1]),))

    for _, _, found in newly_cleared(alone, lost_macs(alone)):
        assert found is not None
        assert found.rule == "R10"


@many
@given(st.data())
def test_one_more_server_never_makes_a_verdict_better(data: DataObject) -> None:
    before = data.draw(inventories())
    after = replace(before, servers=(*before.servers, data.draw(servers("more"))))

    now = by_interface(correlate(after))

    for key, was in by_interface(correlate(before)).items():
        if key in now:
            assert BADNESS[now[key].verdict] <= BADNESS[was.verdict]
        else:  # it turned out to be that server's own interface, which no other one serves
            assert was.mac in after.servers[-1].macs
            assert was.verdict is Verdict.NOT_AFFECTED


@many
@given(st.data())
def test_the_order_of_what_was_read_never_matters(data: DataObject) -> None:
    before = data.draw(inventories(least_servers=0))
    shuffled = replace(
        before,
        hypervisors=data.draw(
            st.permutations(
                [
                    replace(
                        host,
                        domains=tuple(data.draw(st.permutations(host.domains))),
                        devices=tuple(reversed(host.devices)),
                    )
                    for host in before.hypervisors
                ]
            ).map(tuple)
        ),
        servers=tuple(data.draw(st.permutations(before.servers))),
        gaps=tuple(reversed(before.gaps)),
    )

    first, second = correlate(before), correlate(shuffled)

    assert first.findings == second.findings
    assert first.not_judged == second.not_judged


@many
@given(inventories(least_servers=0))
def test_every_interface_is_judged_or_counted(inventory: Inventory) -> None:
    report = correlate(inventory)

    interfaces = sum(len(domain.interfaces) for host in inventory.hypervisors for domain in host.domains)
    assert len(report.findings) + sum(report.not_judged.values()) == interfaces
    assert report.inventory is inventory
    assert all(count > 0 for count in report.not_judged.values())
    assert list(report.findings) == sorted(report.findings, key=lambda found: BADNESS[found.verdict])


def test_the_random_inventories_reach_every_rule() -> None:
    reached: set[str | NotJudged] = set()

    @settings(many, max_examples=500, derandomize=True, database=None)
    @given(inventories(least_servers=0))
    def look(inventory: Inventory) -> None:
        report = correlate(inventory)
        reached.update(found.rule for found in report.findings)
        reached.update(report.not_judged)

    look()

    assert reached == {rule.id for rule in RULES} - {"R1"} | set(NotJudged)
