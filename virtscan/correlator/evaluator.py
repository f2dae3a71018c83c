"""One hypervisor's interfaces against every server that may answer them.

The evaluation is pure; the caches around it have named keys. Most interfaces are attached like others, and most devices
see the servers outside the hypervisor in the same way.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint, AttachmentPoints
from virtscan.correlator.devices.stack import OnBond
from virtscan.correlator.kernel import KernelState, kernel_state
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import Place
from virtscan.correlator.positions.route import positions
from virtscan.correlator.positions.seen_place import seen_from
from virtscan.correlator.reach import of_any, of_pool, of_server
from virtscan.correlator.servers.outside import CandidateServers, OutsideServers
from virtscan.correlator.servers.peers import Peers, PlacedStack
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.table import Case, PossibleServers, Ruling, rule_on
from virtscan.correlator.table.cases import case_without_server, rule_at
from virtscan.correlator.table.doubts import doubts
from virtscan.correlator.table.evaluation import Evaluation, PointEvaluation
from virtscan.model import (
    Attachment,
    Confidence,
    Device,
    DeviceName,
    Domain,
    Hypervisor,
    Interface,
    LowerDevice,
    NotJudged,
    Reach,
)

_NONE: frozenset[int] = frozenset()
_CONTAINER = "lxc"


class _EvaluationKey(msgspec.Struct, frozen=True):
    """Everything within a hypervisor that an evaluation depends on."""

    attachments: tuple[Attachment, ...]
    network: str | None
    target: str | None
    candidates: CandidateServers


class Evaluator:
    """One hypervisor of an inventory."""

    def __init__(self, index: ServerIndex, hypervisor: Hypervisor) -> None:
        """Prepare the data that all interfaces of the hypervisor share."""
        self._index = index
        self.kernel: KernelState = kernel_state(hypervisor)
        self._devices: dict[DeviceName, Device] = index.fleet.devices_of(hypervisor.name)
        self._points = AttachmentPoints(index.fleet.hypervisors[hypervisor.name], self._devices)
        self._near: list[tuple[int, SendingStack, Place]] = []
        self._related: dict[int, list[PlacedStack]] = {}
        for number in index.related_to(hypervisor.name):
            outside = self._related[number] = []
            for placed in index.placed[number]:
                seen = seen_from(placed.place, hypervisor.name, index.fleet)
                self._near += (
                    (number, placed.here if place is placed.place else placed.stack, place) for place in seen.inside
                )
                if seen.outside is not None:
                    outside.append(msgspec.structs.replace(placed, place=seen.outside))
        self._outside = self._outside_servers(index.peers)
        self._evaluations: dict[_EvaluationKey, Evaluation | NotJudged] = {}
        self._near_rulings: dict[AttachmentPoint, tuple[tuple[int, Sequence[Ruling]], ...]] = {}

    def evaluate(self, domain: Domain, interface: Interface, without: frozenset[int] = _NONE) -> Evaluation | NotJudged:
        """Judge an interface by its attachment points and its domain, leaving out the servers in `without`."""
        if domain.type == _CONTAINER:
            return NotJudged.NOT_MACVTAP
        key = self._key(domain, interface, without)
        evaluation = self._evaluations.get(key)
        if evaluation is None:
            points = tuple(self._evaluate_at(point, key.candidates, self._outside) for point in self._points_of(key))
            evaluation = self._evaluations[key] = conclude(points, key.candidates, self._index.fleet)
        return evaluation

    def points(self, domain: Domain, interface: Interface) -> tuple[PointEvaluation, ...]:
        """Judge each server alone, at every attachment point; empty where the interface can't be a macvtap."""
        key = self._key(domain, interface, _NONE)
        if domain.type == _CONTAINER:
            case = Case(left_out=NotJudged.NOT_MACVTAP)
            return tuple(_by_case(self._point(attachment, key), case) for attachment in key.attachments)
        return self._evaluate_each_at(self._points_of(key), key.candidates)

    def in_full(self, evaluation: Evaluation) -> tuple[PointEvaluation, ...]:
        """Judge each server alone, where the evaluation has one ruling for all that look alike."""
        return self._evaluate_each_at((point.point for point in evaluation.points), evaluation.candidates)

    def _evaluate_each_at(
        self, points: Iterable[AttachmentPoint], candidates: CandidateServers
    ) -> tuple[PointEvaluation, ...]:
        return tuple(self._evaluate_at(point, candidates, self._each_outside) for point in points)

    @cached_property
    def _each_outside(self) -> OutsideServers:
        index = self._index
        return self._outside_servers(
            Peers(numbers=(number,), placed=(placed,)) for number, placed in enumerate(index.placed)
        )

    def _outside_servers(self, groups: Iterable[Peers]) -> OutsideServers:
        return OutsideServers(self._index, self.kernel, self._devices, self._related, groups)

    def _key(self, domain: Domain, interface: Interface, without: frozenset[int]) -> _EvaluationKey:
        return _EvaluationKey(
            attachments=interface.attachments,
            network=interface.network,
            target=None if interface.managed else interface.target,
            candidates=CandidateServers(
                own=self._index.owners.get(id(domain), _NONE),
                on_record=self._index.assignments.of_mac(interface.mac),
                possible=self._index.assignments.possible_for(interface.mac),
                without=without,
            ),
        )

    def _points_of(self, key: _EvaluationKey) -> Iterator[AttachmentPoint]:
        return (self._point(attachment, key) for attachment in sorted(key.attachments, key=_by_device))

    def _point(self, attachment: Attachment, key: _EvaluationKey) -> AttachmentPoint:
        return self._points.point(attachment, key.network, key.target)

    def _evaluate_at(
        self, point: AttachmentPoint, candidates: CandidateServers, others: OutsideServers
    ) -> PointEvaluation:
        """Rule on every server that may answer at a point, or once for all of them."""
        left_out = self._left_out(point)
        if left_out is not None:
            return _by_case(point, Case(left_out=left_out))
        outside = others.seen_from(point, candidates)
        near = [
            (number, server_rulings)
            for number, server_rulings in self._rule_on_near(point.without_route)
            if number not in candidates.own and number not in candidates.without
        ]
        contradicted = {
            number
            for number, server_rulings in (*near, *others.on_related(point))
            if number in outside.excluded and _has_place_on_the_device(server_rulings)
        } - (candidates.own | candidates.without)
        if contradicted:  # judged at all of its places, as if nothing excluded it
            included = candidates.possible | contradicted
            outside = others.seen_from(point, msgspec.structs.replace(candidates, possible=included))
        if not outside.is_answered:
            return self._unserved(point, outside.excluded, is_own=bool(candidates.own))
        rulings = list(outside.rulings)
        positions_of = dict(outside.positions)
        for number, server_rulings in near:
            if number not in outside.excluded:
                positions_of[number] = (*positions_of.get(number, ()), *(ruling.position for ruling in server_rulings))
                for ruling in server_rulings:
                    insort(rulings, ruling, key=lambda ruling: ruling.sort_key)
        return PointEvaluation(
            point=point,
            rulings=tuple(rulings),
            excluded=outside.excluded,
            contradicted=tuple(sorted(contradicted)),
            reach=of_any(outside.reaches | {of_server(server_positions) for server_positions in positions_of.values()}),
        )

    def _rule_on_near(self, point: AttachmentPoint) -> tuple[tuple[int, Sequence[Ruling]], ...]:
        """Rule on every server on this machine, each by its number, at each of its places."""
        rulings = self._near_rulings.get(point)
        if rulings is None:
            stacks = self._points.stacks
            rulings = self._near_rulings[point] = tuple(
                (number, [rule_at(self.kernel, point, stack, at) for at in positions(stack, place, point, stacks)])
                for number, stack, place in self._near
            )
        return rulings

    def _left_out(self, point: AttachmentPoint) -> NotJudged | None:
        if point.mode is None:
            return NotJudged.NOT_MACVTAP
        if self._index.lower_device is LowerDevice.BOND and point.stack.on_bond is OnBond.NO:
            return NotJudged.NOT_ON_A_BOND
        return None

    def _unserved(self, point: AttachmentPoint, excluded: Mapping[int, str], *, is_own: bool) -> PointEvaluation:
        if is_own:
            return _by_case(point, Case(left_out=NotJudged.SERVER_ITSELF))
        servers = PossibleServers.NONE_SERVES if self._index.servers else PossibleServers.NONE_KNOWN
        case = case_without_server(self.kernel, point, servers)
        return _by_case(point, case, excluded)


def conclude(points: tuple[PointEvaluation, ...], candidates: CandidateServers, fleet: Fleet) -> Evaluation | NotJudged:
    """Decide about an interface by every point that it may be attached to; the worst ruling counts."""
    if not points:
        return NotJudged.NOT_MACVTAP
    decided = min(points, key=lambda point: point.rulings[0].sort_key)
    ruling = decided.rulings[0]
    if ruling.rule.verdict is None:
        return ruling.case.left_out or NotJudged.NOT_MACVTAP
    alone = not ruling.position.exclusive
    rivals = [] if alone else [rival for point in points for rival in point.rulings if rival.excludes(ruling)]
    pool = len(points) > 1 and any(point.rulings[0].rule.verdict is not ruling.rule.verdict for point in points)
    disagree = any(rival.rule.verdict is not ruling.rule.verdict for rival in rivals)
    capped = (disagree or pool) and ruling.confidence is Confidence.HIGH
    doubtful = doubts(ruling, points, fleet)
    confidence = Confidence.MEDIUM if capped else ruling.confidence
    return Evaluation(
        decided=decided,
        ruling=ruling,
        confidence=Confidence.LOW if doubtful else confidence,
        doubts=doubtful,
        disagree=disagree,
        reach=of_pool([point.reach for point in points]),
        points=points,
        candidates=candidates,
    )


def _by_case(point: AttachmentPoint, case: Case, excluded: Mapping[int, str] = {}) -> PointEvaluation:
    return PointEvaluation(
        point=point,
        rulings=(rule_on(case),),
        excluded=excluded,
        contradicted=(),
        reach=Reach.UNKNOWN,
    )


def _has_place_on_the_device(place: Sequence[Ruling]) -> bool:
    """Return True for a place that is on the device; of a pool only if each of its devices is."""
    on_device = [ruling.is_on_the_device for ruling in place]
    return any(on_device) and (all(on_device) or not any(ruling.position.exclusive for ruling in place))


def _by_device(attachment: Attachment) -> tuple[str, str]:
    return attachment.device or "", "" if attachment.mode is None else attachment.mode.value
