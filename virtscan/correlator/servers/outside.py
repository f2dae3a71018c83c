"""The servers outside one hypervisor: ruled on once for all that look alike, and for all devices that see them so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.kernel import KernelState
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, OtherMachine, UnlocatedServer
from virtscan.correlator.positions.other_hypervisor import may_carry
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.reach import of_server
from virtscan.correlator.servers.peers import Peers, PlacedStack
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.serving import Locality, locality, may_serve
from virtscan.correlator.table import Ruling
from virtscan.correlator.table.cases import rule_at
from virtscan.model import Device, DeviceName, Machine, Reach, SourceMode


class CandidateServers(msgspec.Struct, frozen=True):
    """The servers of one interface by number: its domain is `own`, `without` are waived.

    `on_record` alone answer by a record, if any; `possible` are those that records may mean: any of them where the
    interface's MAC is unknown.
    """

    own: frozenset[int]
    on_record: frozenset[int]
    possible: frozenset[int]
    without: frozenset[int]


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """The rulings on the places outside, worst first.

    `positions` are those outside of each server that is related to the hypervisor, `reaches` those of all others.
    `excluded` are the servers that do not answer, each with the code of why; `is_answered` if any other does.
    """

    rulings: tuple[Ruling, ...]
    positions: Mapping[int, tuple[Position, ...]]
    reaches: frozenset[Reach]
    excluded: Mapping[int, str]
    is_answered: bool


class _Vantage(msgspec.Struct, frozen=True):
    """All that positions outside depend on, for the points of one hypervisor, regardless of the servers that answer."""

    mode: SourceMode
    machine: Machine
    device: DeviceName | None


class _View(msgspec.Struct, frozen=True):
    """All that the rulings on servers outside depend on, for the points of one hypervisor."""

    segment: str | None
    addresses: tuple[str, ...]
    vlan_id: int | None
    vantage: _Vantage
    candidates: CandidateServers


class OutsideServers:
    """The servers that are not on one hypervisor, with their rulings."""

    def __init__(
        self,
        index: ServerIndex,
        kernel: KernelState,
        devices: Mapping[DeviceName, Device],
        related: Mapping[int, Sequence[PlacedStack]],
        groups: Iterable[Peers],
    ) -> None:
        """Take the hypervisor's kernel and devices, and the servers.

        Args:
            index: All servers.
            kernel: The hypervisor's kernel.
            devices: The devices of its machine.
            related: The places outside of each server that is related to the hypervisor.
            groups: The servers that are ruled on together where they are not related to it.
        """
        self._index = index
        self._kernel = kernel
        self._devices = devices
        self._related = related
        self._alone = tuple(Peers(numbers=(number,), placed=(placed,)) for number, placed in related.items())
        self._groups = (*(group.without(related.keys()) for group in groups), *self._alone)
        self._seen: dict[_View, Outside] = {}
        self._ruled: dict[tuple[_Vantage, tuple[int, ...]], tuple[Ruling, ...]] = {}

    def on_related(self, point: AttachmentPoint) -> Iterator[tuple[int, Sequence[Ruling]]]:
        """Rule on each server that is related to the hypervisor, at its places outside, whether it answers or not."""
        return ((group.numbers[0], self._on_group(group, point)) for group in self._alone)

    def seen_from(self, point: AttachmentPoint, candidates: CandidateServers) -> Outside:
        """Rule once for all points that see the servers outside in the same way."""
        device = None if point.device is None else self._devices.get(point.device)
        view = _View(
            segment=point.segment,
            addresses=() if device is None else device.addresses,
            vlan_id=None if device is None else device.vlan_id,
            vantage=_vantage(point),
            candidates=candidates,
        )
        outside = self._seen.get(view)
        if outside is None:
            outside = self._seen[view] = self._rule(point, view)
        return outside

    def _rule(self, point: AttachmentPoint, view: _View) -> Outside:
        candidates = view.candidates
        # A declaration about a hypervisor that was read too long ago excludes nothing: its devices may have changed.
        is_outdated = point.hypervisor in self._index.fleet.unread.outdated
        network = locality(None if is_outdated else view.segment, view.addresses)
        included = self._index.assignments.of_device(network, view.vlan_id)
        excluded = self._excluded(candidates, network, included)
        skipped = excluded.keys() | candidates.without
        ruled: list[tuple[int, Ruling]] = []
        positions: dict[int, tuple[Position, ...]] = {}
        reaches: set[Reach] = set()
        for group in self._groups:
            left = group.without(skipped)
            if not left.numbers:
                continue
            rulings = self._on_group(left, point)
            server_positions = tuple(ruling.position for ruling in rulings)
            if left.numbers[0] in self._related:
                positions[left.numbers[0]] = server_positions
            else:
                reaches.add(of_server(server_positions))
            ruled += ((left.numbers[0], ruling) for ruling in rulings)
        ruled.sort(key=lambda numbered: (numbered[1].sort_key, numbered[0]))
        return Outside(
            rulings=tuple(ruling for _, ruling in ruled),
            positions=positions,
            reaches=frozenset(reaches),
            excluded=excluded,
            is_answered=len(skipped) < len(self._index.servers),
        )

    def _on_group(self, group: Peers, point: AttachmentPoint) -> tuple[Ruling, ...]:
        """Rule on the first server of a group, at each of its places outside: that holds for the others."""
        key = _vantage(point), group.numbers
        rulings = self._ruled.get(key)
        if rulings is None:
            rulings = self._ruled[key] = tuple(
                _for_all(group, place, ruling)
                for place, placed_stack in enumerate(group.placed[0])
                for ruling in self._rule_at(point, placed_stack)
            )
        return rulings

    def _rule_at(self, point: AttachmentPoint, placed: PlacedStack) -> Iterator[Ruling]:
        for position in self._index.outer_hosts.positions(placed.stack, placed.place, point, placed.remembered):
            stack = stack_towards(placed, position, point.hypervisor, self._index.fleet)
            yield rule_at(self._kernel, point, stack, position)

    def _excluded(self, candidates: CandidateServers, network: Locality, included: frozenset[int]) -> dict[int, str]:
        """Return the servers that do not answer, each with the code of why."""
        all_numbers = range(len(self._index.servers))
        if candidates.on_record:
            excluded = {number: "other-server-on-record" for number in all_numbers if number not in candidates.possible}
        else:
            excluded = {
                number: "other-segments-served"
                for covered, numbers in self._index.by_coverage.items()
                if not may_serve(covered, network)
                for number in numbers
                if number not in candidates.possible and number not in included
            }
        excluded |= dict.fromkeys(candidates.own, "own-interface")
        return dict(sorted(excluded.items()))


def _vantage(point: AttachmentPoint) -> _Vantage:
    device = None if point.machine is Machine.PHYSICAL else point.device
    return _Vantage(point.mode or SourceMode.UNKNOWN, point.machine, device)


def stack_towards(placed: PlacedStack, position: Position, hypervisor: str, fleet: Fleet) -> SendingStack:
    """Return a server's stack as a hypervisor meets it, which may be a guest of the machine that the server is."""
    place = placed.place
    if position.where is Where.THROUGH_NICS or isinstance(place, GuestNic | UnlocatedServer):
        return placed.stack
    is_carried = isinstance(place, OtherMachine) or may_carry(place, hypervisor, fleet)
    return placed.here if is_carried else placed.stack


def _for_all(group: Peers, place: int, ruling: Ruling) -> Ruling:
    """Extend a ruling on a place of the first server of a group to the others."""
    return ruling if len(group.numbers) == 1 else msgspec.structs.replace(ruling, alike=group.stacks(place))
