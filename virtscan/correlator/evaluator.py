"""One hypervisor's interfaces against every server that may answer them.

The evaluation is pure; the caches around it have named keys. Most interfaces are plugged in like another one, and
servers outside the hypervisor look alike from most of its devices.
"""

from bisect import insort
from collections.abc import Mapping, Sequence

import msgspec

from virtscan.correlator.kernel import KernelState, kernel_state
from virtscan.correlator.location.afar import seen_from
from virtscan.correlator.location.attachment import AttachmentPoint
from virtscan.correlator.location.macvlans import real_device
from virtscan.correlator.location.nic import NicKind, is_nic, is_physical, nic_kind
from virtscan.correlator.location.places import Place
from virtscan.correlator.location.position import Position
from virtscan.correlator.location.route import positions
from virtscan.correlator.location.stack import UNKNOWN_STACK, DeviceStack, OnBond, follow
from virtscan.correlator.reach import of_any, of_pool, of_server
from virtscan.correlator.servers.outside import InterfaceServers, OutsideServers
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import PlacedStack, ServerIndex
from virtscan.correlator.table import Case, PossibleServers, Ruling, rule_on
from virtscan.correlator.table.cases import case_without_server, rule_at
from virtscan.correlator.table.doubts import doubts
from virtscan.correlator.table.evaluation import Evaluation, ExcludedServer, PointEvaluation
from virtscan.model import (
    Attachment,
    Confidence,
    Device,
    DeviceName,
    Domain,
    Hypervisor,
    Interface,
    LowerDevice,
    Machine,
    NotJudged,
    Reach,
)

_NONE: frozenset[int] = frozenset()
_CONTAINER = "lxc"


class _Plug(msgspec.Struct, frozen=True):
    """All that an evaluation depends on within a hypervisor."""

    attachments: tuple[Attachment, ...]
    network: str | None
    target: str | None
    audience: InterfaceServers


class Evaluator:
    """One hypervisor of an inventory."""

    def __init__(self, index: ServerIndex, hypervisor: Hypervisor) -> None:
        """Prepare the data that all interfaces of the hypervisor share."""
        self._index = index
        self._hypervisor = index.fleet.hypervisors[hypervisor.name]
        self.kernel: KernelState = kernel_state(hypervisor)
        self._devices: dict[DeviceName, Device] = index.fleet.devices_of(hypervisor.name)
        self._stacks: dict[DeviceName, DeviceStack] = {
            name: follow(self._devices, name, self._kind_of) for name in self._devices
        }
        self._virtual_nics = tuple(
            sorted(
                name
                for name, device in self._devices.items()
                if is_nic(device) and self._kind_of(device) is NicKind.VIRTUAL
            )
        )
        here = hypervisor.name
        self._near: list[tuple[int, SendingStack, Place]] = []
        afar: list[tuple[int, PlacedStack]] = []
        for number, placed in enumerate(index.placed):
            for one in placed:
                near = seen_from(one.place, here, index.fleet)
                self._near += ((number, one.here if place is one.place else one.stack, place) for place in near)
                if not near:
                    afar.append((number, one))
        self._outside = OutsideServers(index, self.kernel, self._devices, afar)
        self._evaluations: dict[_Plug, Evaluation | NotJudged] = {}

    def evaluate(self, domain: Domain, interface: Interface, without: frozenset[int] = _NONE) -> Evaluation | NotJudged:
        """Judge an interface by its attachment points and its domain, leaving out the servers in `without`."""
        if domain.type == _CONTAINER:
            return NotJudged.NOT_MACVTAP
        plug = self._plug(domain, interface, without)
        found = self._evaluations.get(plug)
        if found is None:
            found = self._evaluations[plug] = self._evaluate(plug)
        return found

    def points(self, domain: Domain, interface: Interface) -> tuple[PointEvaluation, ...]:
        """Give everything that `evaluate` chooses the worst from; empty where the interface can't be a macvtap."""
        plug = self._plug(domain, interface, _NONE)
        if domain.type == _CONTAINER:
            case = Case(left_out=NotJudged.NOT_MACVTAP)
            return tuple(_settled(self._point(one, plug), case, _NONE) for one in plug.attachments)
        return tuple(self._at(self._point(one, plug), plug) for one in sorted(plug.attachments, key=_by_device))

    def _plug(self, domain: Domain, interface: Interface, without: frozenset[int]) -> _Plug:
        return _Plug(
            attachments=interface.attachments,
            network=interface.network,
            target=None if interface.managed else interface.target,
            audience=InterfaceServers(
                own=self._index.owners.get(id(domain), _NONE),
                on_record=self._index.assignments.of_mac(interface.mac),
                possible=self._index.assignments.possible_for(interface.mac),
                without=without,
            ),
        )

    def _evaluate(self, plug: _Plug) -> Evaluation | NotJudged:
        """Judge every device that the interface may be plugged into; the worst ruling counts."""
        points = tuple(self._at(self._point(one, plug), plug) for one in sorted(plug.attachments, key=_by_device))
        if not points:
            return NotJudged.NOT_MACVTAP
        decided = min(points, key=lambda one: one.rulings[0].badness)
        ruling = decided.rulings[0]
        if ruling.rule.verdict is None:
            return ruling.case.left_out or NotJudged.NOT_MACVTAP
        alone = not ruling.position.exclusive
        rivals = [] if alone else [one for point in points for one in point.rulings if one.excludes(ruling)]
        pool = len(points) > 1 and any(point.rulings[0].rule.verdict is not ruling.rule.verdict for point in points)
        disagree = any(one.rule.verdict is not ruling.rule.verdict for one in rivals)
        capped = (disagree or pool) and ruling.confidence is Confidence.HIGH
        doubtful = doubts(ruling, points, self._index.fleet)
        confidence = Confidence.MEDIUM if capped else ruling.confidence
        return Evaluation(
            decided=decided,
            ruling=ruling,
            confidence=Confidence.LOW if doubtful else confidence,
            doubts=doubtful,
            disagree=disagree,
            reach=of_pool([point.reach for point in points]),
            points=points,
        )

    def _point(self, attachment: Attachment, plug: _Plug) -> AttachmentPoint:
        name, device = self._hypervisor.name, attachment.device
        segment = None if device is None else self._hypervisor.segments.get(device)
        if device is not None and attachment.mode is not None:
            device = real_device(device, self._stacks)
        stack = UNKNOWN_STACK if device is None else self._stacks.get(device, UNKNOWN_STACK)
        machine, virtual = self._machine(stack)
        return AttachmentPoint(
            hypervisor=name,
            device=device,
            mode=attachment.mode,
            network=plug.network,
            target=plug.target,
            segment=segment or (None if device is None else self._hypervisor.segments.get(device)),
            reflective=device is not None and not {device, *stack.lower}.isdisjoint(self._hypervisor.reflective),
            stack=stack,
            machine=machine,
            virtual_nics=virtual,
        )

    def _kind_of(self, device: Device) -> NicKind:
        return nic_kind(device, self._hypervisor)

    def _machine(self, stack: DeviceStack) -> tuple[Machine, tuple[DeviceName, ...]]:
        """Determine if the hypervisor is a virtual machine: by the NICs under a device, else by other facts."""
        host = self._hypervisor
        virtual = tuple(name for name in stack.nics if name in self._virtual_nics)
        if virtual or (stack.entry is not NicKind.FILLING and self._virtual_nics):
            return Machine.VIRTUAL, virtual or self._virtual_nics
        if is_physical(host) or stack.entry is NicKind.FILLING:
            return Machine.PHYSICAL, ()
        return host.machine, ()

    def _at(self, point: AttachmentPoint, plug: _Plug) -> PointEvaluation:
        """Rule on every server that may answer at a point, or once for all of them."""
        audience = plug.audience
        left_out = self._left_out(point)
        if left_out is not None:
            return _settled(point, Case(left_out=left_out), audience.on_record)
        outside = self._outside.seen_from(point, audience)
        near = [
            (number, [rule_at(self.kernel, point, stack, at) for at in positions(stack, place, point, self._stacks)])
            for number, stack, place in self._near
            if number not in audience.own and number not in audience.without
        ]
        excluded = outside.excluded
        there = {number for number, some in near if number in excluded and _has_place_on_the_device(some)}
        if not outside.reaches and not there:
            return self._unserved(point, audience, excluded)
        judged = [
            one
            for number, some in near
            for one in some
            if number not in excluded or (number in there and one.is_on_the_device)
        ]
        rulings = list(outside.rulings)
        for one in judged:
            insort(rulings, one, key=lambda ruling: ruling.badness)
        found: dict[int, tuple[Position, ...]] = {}
        for number, some in near:
            if number in outside.reaches or number in there:
                known = found.get(number, outside.positions.get(number, ()))
                found[number] = (*known, *(one.position for one in some))
        return PointEvaluation(
            point=point,
            rulings=tuple(rulings) if judged else outside.rulings,
            excluded=tuple(ExcludedServer(number, why) for number, why in excluded.items() if number not in there),
            contradicted=tuple(sorted(there)),
            reach=of_any(outside.reaches_without(found) | {of_server(some) for some in found.values()}),
            on_record=audience.on_record,
        )

    def _left_out(self, point: AttachmentPoint) -> NotJudged | None:
        if point.mode is None:
            return NotJudged.NOT_MACVTAP
        if self._index.lower_device is LowerDevice.BOND and point.stack.on_bond is OnBond.NO:
            return NotJudged.NOT_ON_A_BOND
        return None

    def _unserved(
        self, point: AttachmentPoint, audience: InterfaceServers, excluded: Mapping[int, str]
    ) -> PointEvaluation:
        if audience.own:
            return _settled(point, Case(left_out=NotJudged.SERVER_ITSELF), audience.on_record)
        servers = PossibleServers.NONE_SERVES if self._index.servers else PossibleServers.NONE_KNOWN
        settled = _settled(point, case_without_server(self.kernel, point, servers), audience.on_record)
        return msgspec.structs.replace(
            settled, excluded=tuple(ExcludedServer(number, why) for number, why in excluded.items())
        )


def _settled(point: AttachmentPoint, case: Case, on_record: frozenset[int]) -> PointEvaluation:
    return PointEvaluation(
        point=point, rulings=(rule_on(case),), excluded=(), contradicted=(), reach=Reach.UNKNOWN, on_record=on_record
    )


def _has_place_on_the_device(place: Sequence[Ruling]) -> bool:
    """Return True for a place that is on the device; of a pool only if each of its devices is."""
    found = [one.is_on_the_device for one in place]
    return any(found) and (all(found) or not any(one.position.exclusive for one in place))


def _by_device(attachment: Attachment) -> tuple[str, str]:
    return attachment.device or "", "" if attachment.mode is None else attachment.mode.value
