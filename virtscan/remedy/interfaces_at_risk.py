"""Servers that put interfaces at risk, each by itself, from one evaluation of each interface."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from operator import eq
from typing import TypeAlias, overload

import msgspec

from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.findings.exposure import exposure
from virtscan.correlator.findings.waivers import Waivers
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.table.evaluation import Evaluation
from virtscan.model import Domain, Exposure, FindingKey, Hypervisor, Interface, Inventory, Mac, NotJudged, Verdict
from virtscan.remedy.plan import InterfaceAtRisk


class Sending(msgspec.Struct, frozen=True, order=True):
    """One sending path of a server: the server by its name and named interface, and the interface of the stack."""

    server: str
    named: str
    interface: str

    @classmethod
    def of(cls, stack: SendingStack) -> "Sending":
        """Name the stack of a server."""
        return cls(stack.server.name, stack.server.interface or "", stack.interface or "")


class _AtRisk(msgspec.Struct, frozen=True, gc=False):
    """An interface at risk."""

    hypervisor: str
    domain: Domain
    interface: Interface
    exposure: Exposure


_MOST_OTHERS = 10
"""Names of other servers that are kept: with many servers, all names would outnumber the interfaces."""

_RiskyStacks: TypeAlias = Mapping[Sending, str | None]
"""The stacks that put an interface at risk, each with the device where it does."""


class _Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Interfaces that the same stacks put at risk, the most urgent first; `servers` are those of the stacks."""

    by: _RiskyStacks
    servers: tuple[str, ...]
    interfaces: tuple[_AtRisk, ...]


class InterfacesAtRisk(Sequence[InterfaceAtRisk]):
    """The interfaces that a stack puts at risk, the most urgent first; made when they are read.

    With many servers they would fill memory, because each server may put every interface at risk.
    """

    def __init__(self, sending: Sending, groups: Sequence[_Alike]) -> None:
        self._sending = sending
        self._groups = groups

    @property
    def hypervisors(self) -> frozenset[str]:
        """Return the hypervisors of the interfaces."""
        return frozenset(group.interfaces[0].hypervisor for group in self._groups)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InterfacesAtRisk) and len(self) == len(other) and all(map(eq, self, other))

    def __hash__(self) -> int:
        return hash((self._sending, len(self)))

    def __len__(self) -> int:
        return sum(len(group.interfaces) for group in self._groups)

    def __iter__(self) -> Iterator[InterfaceAtRisk]:
        own = self._sending.server
        other_servers: dict[int, tuple[str, ...]] = {}
        for risk, group in merge(*map(_with_its_group, self._groups), key=lambda pair: _urgency(pair[0])):
            if id(group.servers) not in other_servers:
                other_servers[id(group.servers)] = tuple(
                    islice((name for name in group.servers if name != own), _MOST_OTHERS)
                )
            yield InterfaceAtRisk(
                hypervisor=risk.hypervisor,
                domain=risk.domain.name,
                index=risk.interface.index,
                mac=risk.interface.mac,
                source_device=group.by[self._sending],
                exposure=risk.exposure,
                others=other_servers[id(group.servers)],
                others_total=len(group.servers) - 1,
            )

    @overload
    def __getitem__(self, index: int) -> InterfaceAtRisk: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[InterfaceAtRisk, ...]: ...
    def __getitem__(self, index: int | slice) -> InterfaceAtRisk | tuple[InterfaceAtRisk, ...]:
        if isinstance(index, slice):
            return tuple(islice(self, *index.indices(len(self))))
        return next(islice(self, range(len(self))[index], None))


def interfaces_at_risk(inventories: Iterable[Inventory]) -> dict[Sending, InterfacesAtRisk]:
    """Return the interfaces at risk by the stack that puts them at risk.

    A finding names the worst server only, so all rulings on an interface count, except those of waived servers.

    Args:
        inventories: One fleet at several times, without facts that are too old.
    """
    risks: dict[FindingKey, _AtRisk] = {}
    causes: defaultdict[FindingKey, list[_RiskyStacks]] = defaultdict(list)
    for inventory in inventories:
        index = ServerIndex(inventory)
        waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
        pending = inventory.pending_macs
        for hypervisor in inventory.hypervisors:
            for risk, stacks in _on(hypervisor, index, waivers, pending):
                key = FindingKey.of(hypervisor.name, risk.domain, risk.interface)
                risks.setdefault(key, risk)
                causes[key].append(stacks)
    return _by_stack(_alike(risks, causes))


def _on(
    hypervisor: Hypervisor, index: ServerIndex, waivers: Waivers, pending: frozenset[Mac]
) -> Iterator[tuple[_AtRisk, _RiskyStacks]]:
    evaluator = Evaluator(index, hypervisor)
    # Interfaces that are attached alike share an evaluation, which the evaluator keeps.
    risky_stacks: dict[int, _RiskyStacks] = {}
    for domain in hypervisor.domains:
        for interface in domain.interfaces:
            evaluation = evaluator.evaluate(domain, interface)
            if isinstance(evaluation, NotJudged):
                continue
            if id(evaluation) not in risky_stacks:
                risky_stacks[id(evaluation)] = _at_risk_by(evaluation)
            stacks = risky_stacks[id(evaluation)]
            if not waivers.is_empty:
                stacks = {
                    sending: device
                    for sending, device in stacks.items()
                    if not waivers.is_waived(hypervisor.name, domain.name, interface.mac, sending.server)
                }
            if stacks:
                yield _AtRisk(hypervisor.name, domain, interface, exposure(domain, interface, pending)), stacks


def _alike(risks: Mapping[FindingKey, _AtRisk], causes: Mapping[FindingKey, list[_RiskyStacks]]) -> Iterator[_Alike]:
    """Group interfaces of a hypervisor by the stacks that put them at risk, each with its first device."""
    groups: defaultdict[tuple[str, tuple[int, ...]], list[FindingKey]] = defaultdict(list)
    for key, risk in risks.items():
        groups[risk.hypervisor, tuple(map(id, causes[key]))].append(key)
    same_servers: dict[tuple[str, ...], tuple[str, ...]] = {}
    for keys in groups.values():
        devices: dict[Sending, str | None] = {}
        for earlier in causes[keys[0]]:
            devices = {**earlier, **devices}
        servers = tuple(dict.fromkeys(sending.server for sending in sorted(devices)))
        interfaces = tuple(sorted((risks[key] for key in keys), key=_urgency))
        yield _Alike(by=devices, servers=same_servers.setdefault(servers, servers), interfaces=interfaces)


def _by_stack(groups: Iterable[_Alike]) -> dict[Sending, InterfacesAtRisk]:
    groups_by_stack: defaultdict[Sending, list[_Alike]] = defaultdict(list)
    for group in groups:
        for sending in group.by:
            groups_by_stack[sending].append(group)
    return {sending: InterfacesAtRisk(sending, groups_by_stack[sending]) for sending in sorted(groups_by_stack)}


def _with_its_group(group: _Alike) -> Iterator[tuple[_AtRisk, _Alike]]:
    return ((risk, group) for risk in group.interfaces)


def _at_risk_by(evaluation: Evaluation) -> dict[Sending, str | None]:
    """Return each stack with an at-risk ruling, with the device of its worst one."""
    rulings = [
        (ruling, point.point.device)
        for point in evaluation.points
        for ruling in point.rulings
        if ruling.rule.verdict is Verdict.AT_RISK
    ]
    worst: dict[Sending, str | None] = {}
    for ruling, device in sorted(rulings, key=lambda pair: pair[0].rank):
        for stack in ruling.stacks:
            worst.setdefault(Sending.of(stack), device)
    return worst


def _urgency(risk: _AtRisk) -> tuple[int, str, str, int, str, bool]:
    domain = risk.domain
    return (
        risk.exposure.rank,
        risk.hypervisor,
        domain.name,
        risk.interface.index,
        domain.origin,
        domain.next_start,
    )
