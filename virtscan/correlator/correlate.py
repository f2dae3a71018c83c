"""Judgement of every interface against every server; an interface gets the worst verdict."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator.devices.nic import is_seen_as_vm
from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.findings.exposure import exposure
from virtscan.correlator.findings.irrelevant_gaps import irrelevant_gaps
from virtscan.correlator.findings.missing import is_settled_by_one
from virtscan.correlator.findings.others import OtherServers
from virtscan.correlator.findings.reasoning import Reasoning
from virtscan.correlator.findings.waivers import Waivers
from virtscan.correlator.location.machines import read_twice, running_alike
from virtscan.correlator.location.places import contradicted
from virtscan.correlator.servers.sending import sending_stacks
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.supposed import after_reboot
from virtscan.correlator.staleness.aging import aged
from virtscan.correlator.table.evaluation import Evaluation
from virtscan.model import (
    OPEN,
    Conclusion,
    Domain,
    Exposure,
    Finding,
    Gap,
    GapAbout,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Machine,
    NotJudged,
    Report,
    Verdict,
    WaivedServer,
)
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.items import HypervisorItem, ServerItem
from virtscan.model.gaps.mismatches import (
    ExclusionOverruled,
    ForeignServer,
    KernelContradicted,
    PhysicalContradicted,
    PlaceContradicted,
    ReadTwice,
)
from virtscan.model.natural import natural

_ServerVerdict: TypeAlias = tuple[str, Verdict, str]


def correlate(inventory: Inventory) -> Report:
    """Judge every interface of an inventory by the decision table.

    Waivers expire against the time at which the inventory was taken; nothing depends on when it is judged. The order
    of hypervisors, domains, servers and devices does not matter. A server's own interfaces are judged against the
    other servers, and left out if none of them serves it.
    """
    report = _judged(inventory)
    rebooted = tuple(after_reboot(server) for server in inventory.servers)
    if rebooted == inventory.servers:
        return report
    later = _judged(msgspec.structs.replace(inventory, servers=rebooted))
    more = Counter(finding.key for finding in later.findings if finding.is_at_risk)
    more -= Counter(finding.key for finding in report.findings if finding.is_at_risk)
    return msgspec.structs.replace(report, at_risk_after_reboot=more.total())


def _judged(inventory: Inventory) -> Report:
    inventory = aged(inventory)
    index = ServerIndex(inventory)
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    pending = inventory.pending_macs
    outdated: defaultdict[str | None, list[Gap]] = defaultdict(list)
    for gap in inventory.gaps:
        if gap.about is GapAbout.AGE:
            outdated[gap.hypervisor].append(gap)
    found_on: dict[str, list[Finding]] = {}
    left_out: Counter[NotJudged] = Counter()
    overruled: dict[str, None] = {}
    for hypervisor in inventory.hypervisors:
        judge = _HypervisorJudge(index, hypervisor, waivers, tuple(outdated[hypervisor.name]))
        findings = found_on.setdefault(hypervisor.name, [])
        for domain in hypervisor.domains:
            for interface in domain.interfaces:
                judged = judge.judge(domain, interface, pending)
                if not isinstance(judged, NotJudged):
                    findings.append(judged)
                elif not domain.next_start:
                    left_out[judged] += 1
        overruled |= judge.overruled
    return Report(
        inventory=inventory,
        findings=_most_urgent_first(found_on),
        not_judged=dict(left_out),
        irrelevant_gaps=irrelevant_gaps(inventory),
        warnings=(*waivers.warnings(inventory), *_warnings(inventory, index, tuple(overruled))),
    )


class _HypervisorJudge:
    """The findings of one hypervisor."""

    def __init__(self, index: ServerIndex, hypervisor: Hypervisor, waivers: Waivers, outdated: tuple[Gap, ...]):
        self._index = index
        self._hypervisor = hypervisor
        self._waivers = waivers
        self._evaluator = Evaluator(index, hypervisor)
        self._reasoning = Reasoning(index, hypervisor, self._evaluator.kernel, outdated)
        self._conclusions: dict[tuple[int, Exposure], Conclusion] = {}
        self._others = OtherServers()
        self._undecided: dict[int, tuple[_ServerVerdict, ...]] = {}
        self.overruled: dict[str, None] = {}

    def judge(self, domain: Domain, interface: Interface, pending: frozenset[Mac]) -> Finding | NotJudged:
        """Judge an interface; if a server is waived, the next worst one counts, as long as there is one."""
        evaluation = self._evaluator.evaluate(domain, interface)
        if isinstance(evaluation, NotJudged):
            return evaluation
        exposed = exposure(domain, interface, pending)
        finding = self._finding(domain, interface, evaluation, exposed)
        waived = self._waived_servers(finding, evaluation)
        if waived:
            names = {server.server for server in waived}
            without = frozenset(number for number, server in enumerate(self._index.servers) if server.name in names)
            rest = self._evaluator.evaluate(domain, interface, without)
            if isinstance(rest, NotJudged) or rest.ruling.stack is None:
                return finding.concluding(waived=waived[0].reason, waived_servers=waived, others=())
            finding = self._finding(domain, interface, rest, exposed).concluding(waived_servers=waived)
        return self._waivers.apply(finding) if finding.verdict in OPEN else finding

    def _waived_servers(self, finding: Finding, evaluation: Evaluation) -> tuple[WaivedServer, ...]:
        """Return the servers excluded by waivers that name them, each with its own verdict, worst first."""
        if finding.verdict not in OPEN or not self._waivers.name_servers:
            return ()
        undecided = self._undecided.get(id(evaluation))
        if undecided is None:
            undecided = self._undecided[id(evaluation)] = _undecided(evaluation)
        return tuple(
            WaivedServer(server=server, verdict=verdict, rule=rule, reason=reason)
            for server, verdict, rule in undecided
            if (reason := self._waivers.of_server(finding, server)) is not None
        )

    def _finding(self, domain: Domain, interface: Interface, evaluation: Evaluation, exposed: Exposure) -> Finding:
        # The evaluator keeps an evaluation for all interfaces that are attached alike.
        alike = (id(evaluation), exposed)
        if alike not in self._conclusions:
            self._conclusions[alike] = self._conclusion(evaluation, exposed)
        return Finding(
            hypervisor=self._hypervisor.name,
            origin=domain.origin,
            domain=domain.name,
            uuid=domain.uuid,
            index=interface.index,
            mac=interface.mac,
            next_start=domain.next_start,
            conclusion=self._conclusions[alike],
        )

    def _conclusion(self, evaluation: Evaluation, exposed: Exposure) -> Conclusion:
        decided, ruling, verdict = evaluation.decided, evaluation.ruling, evaluation.ruling.rule.verdict
        assert verdict is not None  # noqa: S101  an interface without a verdict is not judged
        because, missing = self._reasoning.reasons(evaluation)
        if verdict is Verdict.UNKNOWN:
            points = self._evaluator.in_full(evaluation)
            if not is_settled_by_one(verdict, points, missing):
                missing = tuple(dict.fromkeys((*missing, *self._reasoning.lacking(points))))
        for number in decided.contradicted:
            self.overruled[self._index.servers[number].name] = None
        stack = ruling.stack if ruling.rule.server else None
        return Conclusion(
            source_device=decided.point.device,
            source_mode=decided.point.mode,
            device_kind=decided.point.stack.kind,
            lower_devices=decided.point.stack.lower,
            segment=decided.point.segment,
            server=None if stack is None else stack.server.name,
            server_interface=None if stack is None else stack.interface,
            verdict=verdict,
            confidence=evaluation.confidence,
            exposure=exposed,
            rule=ruling.rule.id,
            because=because,
            missing=missing,
            reaches_server=evaluation.reach,
            others=self._others.of(evaluation),
        )


def _undecided(evaluation: Evaluation) -> tuple[_ServerVerdict, ...]:
    """Return every server that alone would leave the interface at risk or unknown, worst first."""
    verdicts: dict[str, _ServerVerdict] = {}
    rulings = (ruling for point in evaluation.points for ruling in point.rulings)
    for ruling in sorted(rulings, key=lambda ruling: ruling.sort_key):
        verdict, rule = ruling.rule.verdict, ruling.rule.id
        if verdict is Verdict.AT_RISK or verdict is Verdict.UNKNOWN:
            for name in dict.fromkeys(stack.server.name for stack in ruling.stacks):
                verdicts.setdefault(name, (name, verdict, rule))
    return tuple(verdicts.values())


def _warnings(inventory: Inventory, index: ServerIndex, overruled: tuple[str, ...]) -> Iterator[Gap]:
    """Warn about declarations that observations contradict."""
    for hypervisor in inventory.hypervisors:
        observed, declared = hypervisor.kernel, hypervisor.declared_kernel
        item = HypervisorItem(hypervisor=hypervisor.name)
        if observed is not None and declared is not None and observed.value != declared:
            yield _warning(item, KernelContradicted(declared=declared, observed=observed.value, source=observed.source))
        machine = index.fleet.hypervisors[hypervisor.name].machine
        if hypervisor.physical and machine in {Machine.VIRTUAL, Machine.CONTAINER}:
            yield _warning(item, PhysicalContradicted(machine=machine))
    machines = (tuple(index.fleet.of_machine(name)) for name in index.fleet.members)
    for name, first in dict.fromkeys(read_twice((*machines, *running_alike(inventory.hypervisors)))):
        yield _warning(HypervisorItem(hypervisor=name), ReadTwice(hypervisor=first))
    for server in index.servers:
        if server.physical and is_seen_as_vm(server):
            yield _warning(ServerItem(server=server.name), PhysicalContradicted(machine=Machine.VIRTUAL))
        where = next((host for stack in sending_stacks(server) if (host := contradicted(stack, index.fleet))), None)
        if where is not None:
            runs_on = None if server.physical else server.runs_on
            yield _warning(ServerItem(server=server.name), PlaceContradicted(runs_on=runs_on, hypervisor=where))
    for name in overruled:
        yield _warning(ServerItem(server=name), ExclusionOverruled())
    for name, source in index.assignments.foreign:
        yield _warning(ServerItem(server=name), ForeignServer(source=source))


def _warning(item: AnyItem, cause: AnyCause) -> Gap:
    return Gap(item=item, cause=cause, about=GapAbout.CONFIGURATION)


def _most_urgent_first(found_on: Mapping[str, list[Finding]]) -> tuple[Finding, ...]:
    """Sort by urgency, then by the names of interfaces; host by host, so that only one host has sort keys."""
    findings: list[Finding] = []
    for name in sorted(found_on, key=lambda name: (natural(name), name)):
        of_host = found_on[name]
        names = sorted({finding.domain for finding in of_host}, key=lambda domain: (natural(domain), domain))
        rank = {domain: number for number, domain in enumerate(names)}
        findings += sorted(
            of_host,
            key=lambda finding: (
                rank[finding.domain],
                finding.index,
                finding.origin,
                finding.next_start,
                finding.mac or "",
            ),
        )
    findings.sort(key=_urgency)
    return tuple(findings)


def _urgency(finding: Finding) -> int:
    conclusion = finding.conclusion
    return conclusion.verdict.rank * len(Exposure) + conclusion.exposure.rank
