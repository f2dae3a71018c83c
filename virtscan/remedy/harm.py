"""Which servers put which interfaces at risk: every one that alone would, from one judgement of the fleet."""

from collections import defaultdict

import msgspec

from virtscan.correlator.evaluator import Evaluation, Evaluator
from virtscan.correlator.exposure import exposure
from virtscan.correlator.sending import SendingStack
from virtscan.correlator.server_index import ServerIndex
from virtscan.correlator.waivers import Waivers
from virtscan.model import Domain, Exposure, Interface, Inventory, NotJudged, Verdict
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


def harm(inventory: Inventory, index: ServerIndex) -> dict[Sending, list[Endangered]]:
    """Give for each stack that puts interfaces at risk these interfaces, the most urgent first.

    A finding names the worst server only, so all rulings on an interface count, those of waived servers excepted.

    Args:
        inventory: One without facts that are too old.
        index: Its servers.
    """
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    pending = frozenset(netboot.mac for netboot in inventory.netboots if netboot.pending)
    found: defaultdict[Sending, list[tuple[Endangered, tuple[str, int, bool]]]] = defaultdict(list)
    others: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}
    for hypervisor in inventory.hypervisors:
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
                names = tuple(dict.fromkeys(sending.server for sending in by))
                for sending, device in by.items():
                    pair = names, sending.server
                    if pair not in others:
                        others[pair] = tuple(name for name in names if name != sending.server)
                    one = Endangered(
                        hypervisor=hypervisor.name,
                        domain=domain.name,
                        index=interface.index,
                        mac=interface.mac,
                        source_device=device,
                        exposure=exposure(domain, interface, pending),
                        others=others[pair],
                    )
                    found[sending].append((one, _document(domain, interface)))
    return {sending: [one for one, _ in sorted(found[sending], key=_urgency)] for sending in sorted(found)}


def _at_risk_by(evaluation: Evaluation) -> dict[Sending, str | None]:
    """Give for each stack with an at-risk ruling the device of its worst one, in the order of the stacks."""
    rulings = [
        (ruling.badness, Sending.of(ruling.stack), point.point.device)
        for point in evaluation.points
        for ruling in point.rulings
        if ruling.rule.verdict is Verdict.AT_RISK and ruling.stack is not None
    ]
    worst: dict[Sending, str | None] = {}
    for _, sending, device in sorted(rulings, key=lambda one: one[0]):
        worst.setdefault(sending, device)
    return dict(sorted(worst.items()))


def _document(domain: Domain, interface: Interface) -> tuple[str, int, bool]:
    return domain.origin, interface.index, domain.next_start


def _urgency(one: tuple[Endangered, tuple[str, int, bool]]) -> tuple[int, str, str, int, str, bool]:
    endangered, (origin, index, next_start) = one
    return _EXPOSURES[endangered.exposure], endangered.hypervisor, endangered.domain, index, origin, next_start
