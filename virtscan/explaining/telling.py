"""An inventory and the interfaces that are asked for -> their accounts; judged by the code that judges all."""

from collections.abc import Iterable, Iterator, Sequence

from virtscan.correlator import RULES
from virtscan.correlator.exposure import exposure
from virtscan.correlator.fleet import Fleet
from virtscan.correlator.outcome import Bench
from virtscan.correlator.panel import Panel
from virtscan.correlator.ruling import Hearing, Ruling
from virtscan.correlator.settling import openings
from virtscan.explaining.account import Account, Asked, Decision, Explanation, ServerFacts, Silent, Step
from virtscan.explaining.facts import Facts
from virtscan.explaining.looking import Spot
from virtscan.explaining.ways import way
from virtscan.model import Finding, Inventory, NotJudged, Report


def explain(report: Report, spots: Iterable[Spot]) -> Explanation:
    """Give the account of each of these interfaces, in their order.

    Args:
        report: What was judged; all findings are in it, so that a waiver shows.
        spots: Where the interfaces stand in the report's inventory.
    """
    inventory = report.inventory
    panel = Panel(inventory)
    findings = {(found.hypervisor, found.origin, found.domain, found.index): found for found in report.findings}
    benches: dict[int, Bench] = {}
    accounts = []
    for spot in spots:
        if spot.hypervisor not in benches:
            benches[spot.hypervisor] = Bench(panel, inventory.hypervisors[spot.hypervisor])
        accounts.append(_account(inventory, spot, benches[spot.hypervisor], panel.fleet, findings))
    return Explanation(version=inventory.version, taken_at=inventory.taken_at, accounts=tuple(accounts))


def _account(
    inventory: Inventory, spot: Spot, bench: Bench, fleet: Fleet, findings: dict[tuple[str, str, str, int], Finding]
) -> Account:
    hypervisor = inventory.hypervisors[spot.hypervisor]
    domain = hypervisor.domains[spot.domain]
    interface = domain.interfaces[spot.interface]
    hearings = bench.hear(interface)
    outcome = bench.judge(interface)
    facts = Facts(inventory)
    pending = frozenset(netboot.mac for netboot in inventory.netboots if netboot.pending)
    exposed = exposure(domain, interface, pending)
    heard = {id(ruling.server): ruling.server for hearing in hearings for ruling in hearing.rulings}
    return Account(
        hypervisor=hypervisor,
        domain=domain,
        interface=interface,
        exposure=exposed,
        finding=findings.get((hypervisor.name, domain.origin, domain.name, interface.index)),
        not_judged=outcome if isinstance(outcome, NotJudged) else None,
        facts=tuple(facts.interface(hypervisor, domain, interface, exposed)),
        servers=tuple(
            ServerFacts(name=server.name, interface=server.interface, facts=tuple(facts.server(server)))
            for server in heard.values()
            if server.name
        ),
        decisions=tuple(_decisions(hearings)),
        silent=tuple(
            Silent(
                source_device=hearing.seat.device,
                server=silence.server.name,
                server_interface=silence.server.interface,
                why=silence.why,
            )
            for hearing in hearings
            for silence in hearing.silent
        ),
        ways=tuple(way(opening, hypervisor, fleet) for opening in openings(hearings, inventory.policy.lower_device)),
    )


def _decisions(hearings: Sequence[Hearing]) -> Iterator[Decision]:
    ruled = [(ruling, hearing.seat) for hearing in hearings for ruling in hearing.rulings]
    # Devices that are alike share their rulings: of those the first decides, as in the report.
    worst = min(range(len(ruled)), key=lambda place: ruled[place][0].badness, default=None)
    for place, (ruling, seat) in enumerate(ruled):
        verdict, server = ruling.rule.verdict, ruling.server
        yield Decision(
            source_device=seat.device,
            source_mode=seat.mode,
            server=server.name or None,
            server_interface=server.interface,
            place=ruling.position.why or None,
            steps=tuple(_steps(ruling)),
            rule=ruling.rule.id,
            verdict=verdict,
            confidence=None if verdict is None else ruling.rule.confidence(ruling.case),
            decides=place == worst,
        )


def _steps(ruling: Ruling) -> Iterator[Step]:
    """Every rule in the table's order, up to the one that applies with what it asked."""
    applies: bool | None = False
    for rule in RULES:
        if applies is not False:
            applies = None
        elif rule is ruling.rule:
            applies = True
        asked = () if applies is None else rule.conditions
        yield Step(
            rule=rule.id,
            when=rule.when,
            applies=applies,
            asked=tuple(
                Asked(condition=one.words, holds=one.test(ruling.case), found=one.found(ruling.case)) for one in asked
            ),
        )
