"""What follows for the interfaces of one hypervisor from every server that could answer them."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator.assignments import Assignments
from virtscan.correlator.chain import OnBond, follow
from virtscan.correlator.conditions import Case, Servers
from virtscan.correlator.coverage import Coverage, coverage, may_serve, reach
from virtscan.correlator.fleet import Fleet, Guest, OnHost, locate, own_interfaces, survey
from virtscan.correlator.kernel import NOBODY_SAID, read_kernel
from virtscan.correlator.place import Place, Position, Seat, from_afar, nearby
from virtscan.correlator.reasons import Situation, explain
from virtscan.correlator.rules import Rule, decide
from virtscan.model import (
    Attachment,
    Confidence,
    Hypervisor,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    NotJudged,
    Server,
    SourceMode,
    State,
    Verdict,
)

VERDICTS = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""Rank of each verdict, worst first."""

_CONFIDENCES = {confidence: rank for rank, confidence in enumerate(Confidence)}
_LEFT_OUT = {reason: rank for rank, reason in enumerate(NotJudged)}

_Plug: TypeAlias = tuple[tuple[Attachment, ...], str | None, frozenset[int], frozenset[int]]
"""All that an outcome depends on within a hypervisor.

That is attachments, network, whose own interface it is, and which servers are on record for its MAC.
"""

_Group: TypeAlias = tuple[str | None, tuple[str, ...], SourceMode, frozenset[int], frozenset[int]]
"""Devices with the same segment, addresses and servers on record, for interfaces in one mode and of one owner."""

_NO_SERVERS: frozenset[int] = frozenset()
_NOBODY = Server(name="", source="")
_NOWHERE = Position(place=Place.UNKNOWN, why="")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for all interfaces that are plugged in alike."""

    rule: Rule
    verdict: Verdict
    confidence: Confidence
    seat: Seat
    server: Server | None
    because: tuple[str, ...]
    missing: tuple[str, ...]


class _Ruling(msgspec.Struct, frozen=True):
    """What the table says about one case; `badness` sorts the worst first, then those that name a server, by its name.

    "No finding" is the mildest ruling of all.
    """

    badness: tuple[int, int, bool, str, str]
    rule: Rule
    case: Case
    server: Server
    position: Position


_Ruled: TypeAlias = tuple[tuple[_Ruling, ...], tuple[tuple[int, OnHost | Guest], ...]]


class Panel:
    """The servers, with everything about them that does not depend on the interface."""

    def __init__(self, inventory: Inventory) -> None:
        self.servers = tuple(
            sorted(inventory.servers, key=lambda server: (server.name, server.interface or "", repr(server)))
        )
        self.fleet: Fleet = survey(inventory)
        self.sites = tuple(locate(server, self.fleet) for server in self.servers)
        self.coverages: tuple[Coverage, ...] = tuple(coverage(server) for server in self.servers)
        self.owners: Mapping[Mac, frozenset[int]] = own_interfaces(self.servers, self.fleet)
        self.assignments = Assignments(inventory, self.servers)
        self.asked_for: LowerDevice = inventory.policy.lower_device


class Bench:
    """One hypervisor; remembers its outcomes, for most interfaces are plugged in like another one."""

    def __init__(self, panel: Panel, hypervisor: Hypervisor) -> None:
        self._panel = panel
        self._hypervisor = hypervisor
        self._state = NOBODY_SAID if hypervisor.kernel is None else read_kernel(hypervisor.kernel.value)
        self._devices = {device.name: device for device in hypervisor.devices}
        self._views = tuple(
            from_afar(server, site, hypervisor.name, panel.fleet)
            for server, site in zip(panel.servers, panel.sites, strict=True)
        )
        self._groups: dict[_Group, _Ruled] = {}
        self._outcomes: dict[_Plug, Outcome | NotJudged] = {}

    def judge(self, interface: Interface) -> Outcome | NotJudged:
        """Judge an interface by what it is plugged into and whose it is."""
        own = _NO_SERVERS if interface.mac is None else self._panel.owners.get(interface.mac, _NO_SERVERS)
        plug = (interface.attachments, interface.network, own, self._panel.assignments.of_mac(interface.mac))
        outcome = self._outcomes.get(plug)
        if outcome is None:
            outcome = self._outcomes[plug] = self._worst(*plug)
        return outcome

    def _worst(
        self, attachments: tuple[Attachment, ...], network: str | None, own: frozenset[int], named: frozenset[int]
    ) -> Outcome | NotJudged:
        """Judge every device that the interface may be plugged into; the worst ruling counts."""
        seats = [self._seat(attachment, network) for attachment in sorted(attachments, key=_by_device)]
        ruled = [(ruling, seat) for seat in seats for ruling in self._rulings(seat, own, named)]
        if not ruled:
            return NotJudged.NOT_MACVTAP
        ruling, seat = min(ruled, key=_badness)
        rule, case = ruling.rule, ruling.case
        if rule.verdict is None:
            return case.left_out or NotJudged.NOT_MACVTAP
        situation = Situation(
            seat=seat,
            kernel=self._hypervisor.kernel,
            state=self._state,
            servers=self._panel.servers,
            server=ruling.server,
            position=ruling.position,
        )
        because, missing = explain(rule, situation, self._panel.asked_for)
        if on_record := sorted(self._on_record(seat, named)):
            names = ", ".join(self._panel.servers[number].name for number in on_record)
            because += (f"a provisioning system has {names} on record for it",)
        return Outcome(
            rule=rule,
            verdict=rule.verdict,
            confidence=rule.confidence(case),
            seat=seat,
            server=ruling.server if rule.server else None,
            because=because,
            missing=missing,
        )

    def _seat(self, attachment: Attachment, network: str | None) -> Seat:
        chain = follow(self._devices, attachment.device)
        return Seat(
            hypervisor=self._hypervisor.name,
            device=attachment.device,
            mode=attachment.mode,
            network=network,
            segment=None if attachment.device is None else self._hypervisor.segments.get(attachment.device),
            chain=chain,
            cards=() if self._hypervisor.name in self._panel.fleet.nested else chain.cards,
        )

    def _on_record(self, seat: Seat, named: frozenset[int]) -> frozenset[int]:
        """The servers on record for the MAC, which is closer to the matter, else for its network."""
        device = None if seat.device is None else self._devices.get(seat.device)
        if named or device is None:
            return named
        return self._panel.assignments.of_device(reach(seat.segment, device.addresses), device.vlan_id)

    def _rulings(self, seat: Seat, own: frozenset[int], named: frozenset[int]) -> Iterable[_Ruling]:
        """Rule on every server that may answer, or once for all of them."""
        servers, mode = self._panel.servers, seat.mode
        if mode is None:
            return (_rule(Case(left_out=NotJudged.NOT_MACVTAP)),)
        if self._panel.asked_for is LowerDevice.BOND and seat.chain.on_bond is OnBond.NO:
            return (_rule(Case(left_out=NotJudged.NOT_ON_A_BOND)),)
        device = None if seat.device is None else self._devices.get(seat.device)
        addresses = () if device is None else device.addresses
        group = (seat.segment, addresses, mode, own, self._on_record(seat, named))
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = self._group(*group)
        rulings, near = found
        return [
            *rulings,
            *(
                self._rule_on(number, position, mode)
                for number, site in near
                for position in nearby(servers[number], site, seat)
            ),
        ]

    def _group(
        self,
        segment: str | None,
        addresses: tuple[str, ...],
        mode: SourceMode,
        own: frozenset[int],
        on_record: frozenset[int],
    ) -> _Ruled:
        """Rule for all devices that the same servers serve.

        Returns:
            The worst ruling on the servers for which these devices are all alike, and the servers that are near, for
            which they are not.
        """
        reached = reach(segment, addresses)
        serving = [
            number
            for number, server in enumerate(self._panel.coverages)
            if number not in own and (number in on_record if on_record else may_serve(server, reached))
        ]
        if not serving and own:
            return (_rule(Case(left_out=NotJudged.SERVER_ITSELF)),), ()
        if not serving:
            nobody = Servers.NONE_SERVES if self._panel.servers else Servers.NONE_KNOWN
            return (_rule(Case(kernel=self._state.fix, servers=nobody)),), ()
        rulings: list[_Ruling] = []
        near: list[tuple[int, OnHost | Guest]] = []
        for number in serving:
            view = self._views[number]
            if isinstance(view, tuple):
                rulings += (self._rule_on(number, position, mode) for position in view)
            else:
                near.append((number, view))
        return tuple(sorted(rulings, key=lambda ruling: ruling.badness)[:1]), tuple(near)

    def _rule_on(self, number: int, position: Position, mode: SourceMode) -> _Ruling:
        server = self._panel.servers[number]
        case = Case(
            kernel=self._state.fix,
            servers=Servers.THIS_ONE,
            tx=server.tx_checksum,
            tx_after_reboot=State.UNKNOWN if server.persistence is None else server.persistence.tx_checksum,
            muted=bool(position.muted),
            place=position.place,
            mode=mode,
        )
        return _rule(case, server, position)


def _rule(case: Case, server: Server = _NOBODY, position: Position = _NOWHERE) -> _Ruling:
    rule = decide(case)
    if rule.verdict is None:
        # The reason that was reached last stands: a macvtap on no bond is not judged because of the bond.
        rank = (len(VERDICTS), -_LEFT_OUT[case.left_out or NotJudged.NOT_MACVTAP])
    else:
        rank = (VERDICTS[rule.verdict], _CONFIDENCES[rule.confidence(case)])
    return _Ruling((*rank, not rule.server, server.name, server.interface or ""), rule, case, server, position)


def _badness(ruled: tuple[_Ruling, Seat]) -> tuple[int, int, bool, str, str]:
    return ruled[0].badness


def _by_device(attachment: Attachment) -> tuple[str, str]:
    return attachment.device or "", "" if attachment.mode is None else attachment.mode.value
