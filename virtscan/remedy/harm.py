"""Which servers put which interfaces at risk: every one that alone would, from one evaluation of each interface."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from virtscan.correlator.evaluator import Evaluation, Evaluator
from virtscan.correlator.exposure import exposure
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.waivers import Waivers
from virtscan.model import Domain, Exposure, Hypervisor, Interface, Inventory, Mac, NotJudged, Verdict
from virtscan.remedy.plan import Endangered

_EXPOSURES = {exposure: rank for rank, exposure in enumerate(Exposure)}


class Sending(msgspec.Struct, frozen=True, order=True):
    """One way of a server to send: the server by its name and named interface, and the interface of the stack."""

    server: str
    named: str
    interface: str

    @classmethod
    def of(cls, stack: SendingStack) -> "Sending":
        """Name the stack of a server."""
        return cls(stack.server.name, stack.server.interface or "", stack.interface or "")


class _AtRisk(msgspec.Struct):
    """An interface with the stacks that put it at risk, and for each of them the device where it does."""

    hypervisor: str
    domain: Domain
    interface: Interface
    exposure: Exposure
    by: dict[Sending, str | None]


_InterfaceKey: TypeAlias = tuple[str, str, str, int, bool]


def harm(inventories: Iterable[Inventory]) -> dict[Sending, list[Endangered]]:
    """Give for each stack that puts interfaces at risk these interfaces, the most urgent first.

    A finding names the worst server only, so all rulings on an interface count, those of waived servers excepted.

    Args:
        inventories: One fleet at several times, without facts that are too old.
    """
    places: dict[_InterfaceKey, _AtRisk] = {}
    for inventory in inventories:
        index = ServerIndex(inventory)
        waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
        pending = frozenset(netboot.mac for netboot in inventory.netboots if netboot.pending)
        for hypervisor in inventory.hypervisors:
            for one in _on(hypervisor, index, waivers, pending):
                known = places.setdefault(_place(one), one)
                known.by.update({sending: device for sending, device in one.by.items() if sending not in known.by})
    return _by_stack(sorted(places.values(), key=_urgency))


def _on(hypervisor: Hypervisor, index: ServerIndex, waivers: Waivers, pending: frozenset[Mac]) -> Iterator[_AtRisk]:
    evaluator = Evaluator(index, hypervisor)
    known: dict[int, dict[Sending, str | None]] = {}
    for domain in hypervisor.domains:
        for interface in domain.interfaces:
            evaluation = evaluator.evaluate(domain, interface)
            if isinstance(evaluation, NotJudged):
                continue
            # Interfaces that are plugged in alike share an evaluation, which the evaluator keeps.
            if id(evaluation) not in known:
                known[id(evaluation)] = _at_risk_by(evaluation)
            by = {
                sending: device
                for sending, device in known[id(evaluation)].items()
                if not waivers.is_waived(hypervisor.name, domain.name, interface.mac, sending.server)
            }
            if by:
                yield _AtRisk(hypervisor.name, domain, interface, exposure(domain, interface, pending), by)


def _by_stack(places: Iterable[_AtRisk]) -> dict[Sending, list[Endangered]]:
    found: defaultdict[Sending, list[Endangered]] = defaultdict(list)
    # Shared, and looked up once an interface: with many servers they are long.
    others_of: defaultdict[tuple[str, ...], dict[str, tuple[str, ...]]] = defaultdict(dict)
    for one in places:
        names = tuple(dict.fromkeys(sending.server for sending in sorted(one.by)))
        others = others_of[names]
        for sending, device in one.by.items():
            if sending.server not in others:
                others[sending.server] = tuple(name for name in names if name != sending.server)
            found[sending].append(
                Endangered(
                    hypervisor=one.hypervisor,
                    domain=one.domain.name,
                    index=one.interface.index,
                    mac=one.interface.mac,
                    source_device=device,
                    exposure=one.exposure,
                    others=others[sending.server],
                )
            )
    return dict(sorted(found.items()))


def _at_risk_by(evaluation: Evaluation) -> dict[Sending, str | None]:
    """Give each stack with an at-risk ruling, with the device of its worst one."""
    rulings = [
        (ruling.badness, Sending.of(ruling.stack), point.point.device)
        for point in evaluation.points
        for ruling in point.rulings
        if ruling.rule.verdict is Verdict.AT_RISK and ruling.stack is not None
    ]
    worst: dict[Sending, str | None] = {}
    for _, sending, device in sorted(rulings, key=lambda one: one[0]):
        worst.setdefault(sending, device)
    return worst


def _place(one: _AtRisk) -> _InterfaceKey:
    domain = one.domain
    return one.hypervisor, domain.origin, domain.name, one.interface.index, domain.next_start


def _urgency(one: _AtRisk) -> tuple[int, str, str, int, str, bool]:
    domain = one.domain
    return (
        _EXPOSURES[one.exposure],
        one.hypervisor,
        domain.name,
        one.interface.index,
        domain.origin,
        domain.next_start,
    )
