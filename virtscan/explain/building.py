"""The accounts of the requested interfaces of an inventory, judged by the same code as every scan."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import msgspec

from virtscan.correlator import RULES
from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.findings.exposure import exposure
from virtscan.correlator.findings.missing import missing_facts
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.correlator.table import Case, Rule
from virtscan.correlator.table.evaluation import PointEvaluation
from virtscan.explain.explanation import (
    ConditionResult,
    Decision,
    Exclusion,
    Explanation,
    InterfaceExplanation,
    RuleResult,
    ServerFacts,
    WhatIf,
)
from virtscan.explain.facts import StatedFacts
from virtscan.explain.lookup import InterfacePosition
from virtscan.model import Finding, FindingKey, Inventory, NotJudged, Report, Server
from virtscan.model.codes import code
from virtscan.views.wording.conditions import CONDITION_WORDS, value_words
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS


def explain(report: Report, positions: Iterable[InterfacePosition]) -> Explanation:
    """Return the account of each of these interfaces, in their order.

    Args:
        report: The report; all findings are in it, so that a waiver shows.
        positions: The positions of the interfaces in the report's inventory.
    """
    scene = _JudgedInventory(aged(report.inventory), report)
    return Explanation(accounts=tuple(scene.account(position) for position in positions))


class _JudgedInventory:
    """An inventory with the data that the accounts of its interfaces share."""

    def __init__(self, inventory: Inventory, report: Report) -> None:
        self._inventory = inventory
        self._index = ServerIndex(inventory)
        self._wording = Wording(inventory)
        self._facts = StatedFacts(inventory)
        self._findings = {finding.key: finding for finding in report.findings}
        self._pending = inventory.pending_macs
        self._evaluators: dict[int, Evaluator] = {}
        # A server answers many interfaces, and most of their cases are equal.
        self._servers: dict[int, tuple[Server, ServerFacts]] = {}  # by `id`, which is unique while they are kept
        self._steps = cache(_steps)

    def account(self, position: InterfacePosition) -> InterfaceExplanation:
        """Return the account of one interface."""
        hypervisor = self._inventory.hypervisors[position.hypervisor]
        if position.hypervisor not in self._evaluators:
            self._evaluators[position.hypervisor] = Evaluator(self._index, hypervisor)
        evaluator = self._evaluators[position.hypervisor]
        domain = hypervisor.domains[position.domain]
        interface = domain.interfaces[position.interface]
        finding = self._findings.get(FindingKey.of(hypervisor.name, domain, interface))
        points = evaluator.points(domain, interface)
        outcome = evaluator.evaluate(domain, interface)
        exposed = exposure(domain, interface, self._pending)
        return InterfaceExplanation(
            hypervisor=hypervisor,
            domain=domain,
            interface=interface,
            exposure=exposed,
            finding=finding,
            because=() if finding is None else self._wording.sentences(finding.because),
            missing=() if finding is None else self._wording.sentences(finding.missing),
            not_judged=outcome if isinstance(outcome, NotJudged) else None,
            facts=tuple(self._facts.interface(hypervisor, domain, interface, exposed)),
            servers=tuple(self._server_facts(points)),
            decisions=tuple(self._decisions(points, finding)),
            excluded=tuple(self._excluded(points)),
            missing_facts=() if finding is None else tuple(self._missing_facts(points, finding)),
        )

    def _server_facts(self, points: Sequence[PointEvaluation]) -> Iterator[ServerFacts]:
        judged = {
            id(ruling.stack.server): ruling.stack.server
            for point in points
            for ruling in point.rulings
            if ruling.stack is not None
        }
        for key, server in judged.items():
            if key not in self._servers:
                facts = tuple(self._facts.server(server))
                self._servers[key] = server, ServerFacts(name=server.name, interface=server.interface, facts=facts)
            yield self._servers[key][1]

    def _excluded(self, points: Sequence[PointEvaluation]) -> Iterator[Exclusion]:
        for point in points:
            for number, reason in point.excluded.items():
                server = self._index.servers[number]
                yield Exclusion(
                    source_device=point.point.device,
                    server=server.name,
                    server_interface=server.interface,
                    reason=_EXCLUSIONS[reason],
                )

    def _missing_facts(self, points: Sequence[PointEvaluation], finding: Finding) -> Iterator[WhatIf]:
        waived = _taken_away(finding)
        counted = [
            msgspec.structs.replace(
                point, rulings=tuple(ruling for ruling in point.rulings if ruling.server not in waived)
            )
            for point in points
        ]
        for fact in missing_facts(counted, finding.missing):
            yield WhatIf(
                fact=code(fact.reason),
                missing=self._wording.sentence(fact.reason),
                how=self._wording.how(fact.reason) or "",
                verdicts={value_words(fact.reason, value): verdict for value, verdict in fact.verdicts.items()},
            )

    def _decisions(self, points: Sequence[PointEvaluation], finding: Finding | None) -> Iterator[Decision]:
        ruled = [(ruling, point) for point in points for ruling in point.rulings]
        waived = {} if finding is None else {waiver.server: waiver.reason for waiver in finding.waived_servers}
        away = frozenset[str]() if finding is None else _taken_away(finding)
        counted = [index for index, (ruling, _) in enumerate(ruled) if ruling.server not in away]
        # Equal devices share their rulings: the first device decides, as in the report.
        worst = min(counted, key=lambda index: ruled[index][0].sort_key, default=None)
        for index, (ruling, point) in enumerate(ruled):
            verdict, stack = ruling.rule.verdict, ruling.stack
            # Places that exclude each other and disagree lower the confidence of the finding.
            confidence = ruling.confidence if finding is None or index != worst else finding.confidence
            positions = self._wording.sentences(ruling.position.because)
            unknown = (f"unknown: {fact}" for fact in self._wording.sentences(ruling.position.missing))
            yield Decision(
                source_device=point.point.device,
                source_mode=point.point.mode,
                server=ruling.server or None,
                server_interface=None if stack is None else stack.interface,
                place="; ".join((*positions, *unknown)) or None,
                steps=self._steps(ruling.rule, ruling.case),
                rule=ruling.rule.id,
                verdict=verdict,
                confidence=None if verdict is None else confidence,
                waived=waived.get(ruling.server),
                decides=index == worst,
            )


_EXCLUSIONS = {
    "own-interface": "the server's own interface",
    "other-server-on-record": "a provisioning system has another server on record",
    "other-segments-served": "declared to serve other segments",
}


def _taken_away(finding: Finding) -> frozenset[str]:
    """Return the waived servers if others are left; none if all are waived, because then the worst decides."""
    waived = frozenset(waiver.server for waiver in finding.waived_servers)
    return frozenset() if finding.server in waived else waived


def _steps(decided: Rule, case: Case) -> tuple[RuleResult, ...]:
    """Return every rule in the table's order, up to the one that decided with its conditions."""
    index = RULES.index(decided)
    return tuple(
        RuleResult(
            rule=rule.id,
            when=RULE_WORDS[rule.id].when,
            applies=None if number > index else number == index,
            conditions=tuple(
                ConditionResult(condition=words.requires, holds=condition.test(case), fact=words.actual(case))
                for condition in (() if number > index else rule.conditions)
                for words in (CONDITION_WORDS[condition.id],)
            ),
        )
        for number, rule in enumerate(RULES)
    )
