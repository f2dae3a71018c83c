"""What follows for the interfaces of one hypervisor from every server that could answer them."""

from typing import TypeAlias

from virtscan.correlator.chain import OnBond, follow
from virtscan.correlator.conditions import Case, Servers
from virtscan.correlator.coverage import Reach, may_serve, reach
from virtscan.correlator.fleet import Guest, OnHost
from virtscan.correlator.kernel import NOT_READ, read_kernel
from virtscan.correlator.panel import Panel
from virtscan.correlator.place import Position, Seat, from_afar, nearby
from virtscan.correlator.reasons import Situation, explain
from virtscan.correlator.rules import Fact
from virtscan.correlator.ruling import Hearing, Outcome, Ruling, Silence, rule_on
from virtscan.model import (
    Attachment,
    Hypervisor,
    Interface,
    LowerDevice,
    NotJudged,
    SourceMode,
    State,
)

_Plug: TypeAlias = tuple[tuple[Attachment, ...], str | None, frozenset[int], frozenset[int]]
"""All that an outcome depends on within a hypervisor.

That is attachments, network, whose own interface it is, and which servers are on record for its MAC.
"""

_Group: TypeAlias = tuple[str | None, tuple[str, ...], SourceMode, frozenset[int], frozenset[int]]
"""Devices with the same segment, addresses and servers on record, for interfaces in one mode and of one owner."""

_NO_SERVERS: frozenset[int] = frozenset()
_NO_MATTER_WHO_SERVES = {NotJudged.NOT_MACVTAP, NotJudged.NOT_ON_A_BOND}


_Ruled: TypeAlias = tuple[tuple[Ruling, ...], tuple[tuple[int, OnHost | Guest], ...]]


class Bench:
    """One hypervisor; remembers its outcomes, for most interfaces are plugged in like another one."""

    def __init__(self, panel: Panel, hypervisor: Hypervisor) -> None:
        self._panel = panel
        self._hypervisor = hypervisor
        self._state = NOT_READ if hypervisor.kernel is None else read_kernel(hypervisor.kernel.value)
        self._devices = {device.name: device for device in hypervisor.devices}
        self._views = tuple(
            from_afar(server, site, hypervisor.name, panel.fleet)
            for server, site in zip(panel.servers, panel.sites, strict=True)
        )
        self._groups: dict[_Group, _Ruled] = {}
        self._outcomes: dict[_Plug, Outcome | NotJudged] = {}

    def judge(self, interface: Interface) -> Outcome | NotJudged:
        """Judge an interface by what it is plugged into and whose it is."""
        plug = self._plug(interface)
        outcome = self._outcomes.get(plug)
        if outcome is None:
            outcome = self._outcomes[plug] = self._worst(*plug)
        return outcome

    def hear(self, interface: Interface) -> tuple[Hearing, ...]:
        """Everything that `judge` chooses the worst from, for each device that the interface may be plugged into."""
        attachments, network, own, named = self._plug(interface)
        return tuple(self._hear(seat, own, named) for seat in self._seats(attachments, network))

    def _hear(self, seat: Seat, own: frozenset[int], named: frozenset[int]) -> Hearing:
        afar, near = self._rulings(seat, own, named)
        rulings = tuple(sorted((*afar, *near), key=lambda ruling: ruling.badness))
        silent: dict[int, str] = {}
        if rulings[0].case.left_out not in _NO_MATTER_WHO_SERVES:
            silent = self._silent(reach(seat.segment, self._addresses(seat)), own, self._on_record(seat, named))
        return Hearing(
            seat=seat,
            rulings=rulings,
            silent=tuple(Silence(self._panel.servers[number], why) for number, why in silent.items()),
        )

    def _plug(self, interface: Interface) -> _Plug:
        own = _NO_SERVERS if interface.mac is None else self._panel.owners.get(interface.mac, _NO_SERVERS)
        return interface.attachments, interface.network, own, self._panel.assignments.of_mac(interface.mac)

    def _worst(
        self, attachments: tuple[Attachment, ...], network: str | None, own: frozenset[int], named: frozenset[int]
    ) -> Outcome | NotJudged:
        """Judge every device that the interface may be plugged into; the worst ruling counts."""
        ruled: list[tuple[Ruling, Seat]] = []
        for seat in self._seats(attachments, network):
            afar, near = self._rulings(seat, own, named)
            # Afar the first is the worst, and for most seats there are no others.
            ruled += ((ruling, seat) for ruling in (*afar[:1], *near))
        if not ruled:
            return NotJudged.NOT_MACVTAP
        ruling, seat = min(ruled, key=_badness)
        rule, case = ruling.rule, ruling.case
        if rule.verdict is None:
            return case.left_out or NotJudged.NOT_MACVTAP
        hosts = {self._hypervisor.name: self._hypervisor}
        if Fact.PLACE in rule.facts or Fact.NIC in rule.facts:
            hosts |= {host.name: host for host in self._panel.hosts_of(ruling.server)}
        devices = (self._devices.get(name) for name in (seat.device, *seat.chain.lower) if name is not None)
        situation = Situation(
            seat=seat,
            devices=tuple(device for device in devices if device is not None),
            hosts=tuple(hosts.values()),
            outdated=tuple(self._panel.outdated[self._hypervisor.name]),
            taken_at=self._panel.taken_at,
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

    def _seats(self, attachments: tuple[Attachment, ...], network: str | None) -> list[Seat]:
        return [self._seat(attachment, network) for attachment in sorted(attachments, key=_by_device)]

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

    def _rulings(
        self, seat: Seat, own: frozenset[int], named: frozenset[int]
    ) -> tuple[tuple[Ruling, ...], tuple[Ruling, ...]]:
        """Rule on every server that may answer, or once for all of them.

        Returns:
            The rulings on servers that are afar, worst first, and those on servers of this hypervisor.
        """
        servers, mode = self._panel.servers, seat.mode
        if mode is None:
            return (rule_on(Case(left_out=NotJudged.NOT_MACVTAP)),), ()
        if self._panel.asked_for is LowerDevice.BOND and seat.chain.on_bond is OnBond.NO:
            return (rule_on(Case(left_out=NotJudged.NOT_ON_A_BOND)),), ()
        group = (seat.segment, self._addresses(seat), mode, own, self._on_record(seat, named))
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = self._group(*group)
        rulings, near = found
        return rulings, tuple(
            self._rule_on(number, position, mode)
            for number, site in near
            for position in nearby(servers[number], site, seat)
        )

    def _addresses(self, seat: Seat) -> tuple[str, ...]:
        device = None if seat.device is None else self._devices.get(seat.device)
        return () if device is None else device.addresses

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
            The rulings on the servers for which these devices are all alike, worst first, and the servers that are
            near, for which they are not.
        """
        reached = reach(segment, addresses)
        silent = self._silent(reached, own, on_record)
        serving = [number for number in range(len(self._panel.servers)) if number not in silent]
        if not serving and own:
            return (rule_on(Case(left_out=NotJudged.SERVER_ITSELF)),), ()
        if not serving:
            nobody = Servers.NONE_SERVES if self._panel.servers else Servers.NONE_KNOWN
            return (rule_on(Case(kernel=self._state.fix, servers=nobody)),), ()
        rulings: list[Ruling] = []
        near: list[tuple[int, OnHost | Guest]] = []
        for number in serving:
            view = self._views[number]
            if isinstance(view, tuple):
                rulings += (self._rule_on(number, position, mode) for position in view)
            else:
                near.append((number, view))
        return tuple(sorted(rulings, key=lambda ruling: ruling.badness)), tuple(near)

    def _silent(self, reached: Reach, own: frozenset[int], on_record: frozenset[int]) -> dict[int, str]:
        """The servers that do not answer, each with the reason."""
        silent = {}
        for number, server in enumerate(self._panel.coverages):
            if number in own:
                silent[number] = "it is the server's own interface"
            elif on_record and number not in on_record:
                silent[number] = "a provisioning system has another server on record"
            elif not on_record and not may_serve(server, reached):
                silent[number] = "other networks are served"
        return silent

    def _rule_on(self, number: int, position: Position, mode: SourceMode) -> Ruling:
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
        return rule_on(case, server, position)


def _badness(ruled: tuple[Ruling, Seat]) -> tuple[int, int, bool, str, str]:
    return ruled[0].badness


def _by_device(attachment: Attachment) -> tuple[str, str]:
    return attachment.device or "", "" if attachment.mode is None else attachment.mode.value
