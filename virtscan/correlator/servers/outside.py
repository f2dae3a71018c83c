"""The servers outside one hypervisor: ruled on once for all devices from which they look alike."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec

from virtscan.correlator.kernel import KernelState
from virtscan.correlator.location.afar import from_outside
from virtscan.correlator.location.attachment import AttachmentPoint
from virtscan.correlator.location.position import Position
from virtscan.correlator.reach import of_server
from virtscan.correlator.servers.server_index import PlacedStack, ServerIndex
from virtscan.correlator.servers.serving import Locality, locality, may_serve
from virtscan.correlator.table import Ruling
from virtscan.correlator.table.cases import rule_at
from virtscan.model import Device, DeviceName, Machine, Reach, SourceMode


class InterfaceServers(msgspec.Struct, frozen=True):
    """The servers of one interface by number: its domain is `own`, `without` are waived.

    `on_record` alone answer by a record, if any; `possible` are those that records may mean: any of them where the
    interface's MAC is unknown.
    """

    own: frozenset[int]
    on_record: frozenset[int]
    possible: frozenset[int]
    without: frozenset[int]


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """The rulings on the places outside, worst first, each with its server's number, and the positions of each server.

    `excluded` are the servers that do not answer, each with the code of why. `reaches` are those of all others, from
    their places outside alone.
    """

    rulings: tuple[Ruling, ...]
    numbers: tuple[int, ...]
    positions: Mapping[int, tuple[Position, ...]]
    excluded: Mapping[int, str]
    reaches: Mapping[int, Reach]
    counts: Mapping[Reach, int]

    @classmethod
    def of(cls, ruled: Sequence[tuple[int, Ruling]], servers: int) -> "Outside":
        """Gather rulings, each with its server's number; of so many servers none is excluded."""
        positions: dict[int, tuple[Position, ...]] = {}
        for number, ruling in ruled:
            positions[number] = (*positions.get(number, ()), ruling.position)
        reaches = {number: of_server(positions.get(number, ())) for number in range(servers)}
        return cls(
            rulings=tuple(ruling for _, ruling in ruled),
            numbers=tuple(number for number, _ in ruled),
            positions=positions,
            excluded={},
            reaches=reaches,
            counts=Counter(reaches.values()),
        )

    def but(self, silent: Collection[int], excluded: Mapping[int, str]) -> "Outside":
        """Give the same without the servers that do not answer or are waived."""
        left = [one for one in zip(self.numbers, self.rulings, strict=True) if one[0] not in silent]
        counts = Counter(self.counts)
        counts.subtract(self.reaches[number] for number in silent)
        return Outside(
            rulings=tuple(ruling for _, ruling in left),
            numbers=tuple(number for number, _ in left),
            positions={number: some for number, some in self.positions.items() if number not in silent},
            excluded=excluded,
            reaches={number: reach for number, reach in self.reaches.items() if number not in silent},
            counts=counts,
        )

    def reaches_without(self, numbers: Collection[int]) -> set[Reach]:
        """Give the reaches of the servers that answer, but for these."""
        left = Counter(self.counts)
        left.subtract(self.reaches[number] for number in numbers if number in self.reaches)
        return {reach for reach, count in left.items() if count}


class _View(msgspec.Struct, frozen=True):
    """All that the rulings on servers outside depend on, for the points of one hypervisor."""

    segment: str | None
    addresses: tuple[str, ...]
    vlan_id: int | None
    mode: SourceMode
    machine: Machine
    device: DeviceName | None
    audience: InterfaceServers


class _Vantage(msgspec.Struct, frozen=True):
    """The part of a view that positions depend on, whichever servers answer."""

    mode: SourceMode
    machine: Machine
    device: DeviceName | None


class OutsideServers:
    """The servers that are not on one hypervisor, with their rulings."""

    def __init__(
        self,
        index: ServerIndex,
        kernel: KernelState,
        devices: Mapping[DeviceName, Device],
        placed: Sequence[tuple[int, PlacedStack]],
    ) -> None:
        """Take the hypervisor's kernel and devices, and the places outside, each with its server's number."""
        self._index = index
        self._kernel = kernel
        self._devices = devices
        self._placed = placed
        self._seen: dict[_View, Outside] = {}
        self._all: dict[_Vantage, Outside] = {}

    def seen_from(self, point: AttachmentPoint, audience: InterfaceServers) -> Outside:
        """Rule once for all points that see the servers outside in the same way."""
        device = None if point.device is None else self._devices.get(point.device)
        view = _View(
            segment=point.segment,
            addresses=() if device is None else device.addresses,
            vlan_id=None if device is None else device.vlan_id,
            mode=point.mode or SourceMode.UNKNOWN,
            machine=point.machine,
            device=None if point.machine is Machine.PHYSICAL else point.device,
            audience=audience,
        )
        found = self._seen.get(view)
        if found is None:
            found = self._seen[view] = self._rule(point, view)
        return found

    def _rule(self, point: AttachmentPoint, view: _View) -> Outside:
        audience = view.audience
        # A declaration about a hypervisor that was read too long ago excludes nothing: its devices may have changed.
        is_outdated = point.hypervisor in self._index.fleet.outdated
        network = locality(None if is_outdated else view.segment, view.addresses)
        included = self._index.assignments.of_device(network, view.vlan_id)
        excluded = self._excluded(audience, network, included)
        everyone = self._everyone_from(point, _Vantage(view.mode, view.machine, view.device))
        silent = excluded.keys() | audience.without
        return everyone.but(silent, excluded) if silent else everyone

    def _everyone_from(self, point: AttachmentPoint, vantage: _Vantage) -> Outside:
        """Rule on all places outside, whichever of their servers answer."""
        found = self._all.get(vantage)
        if found is None:
            ruled = [
                (number, rule_at(self._kernel, point, one.stack, self._position(one, point)))
                for number, one in self._placed
            ]
            ruled.sort(key=lambda one: one[1].badness)
            found = self._all[vantage] = Outside.of(ruled, len(self._index.servers))
        return found

    def _position(self, one: PlacedStack, point: AttachmentPoint) -> Position:
        return from_outside(one.stack, one.place, point, self._index.fleet, one.remembered)

    def _excluded(self, audience: InterfaceServers, network: Locality, included: frozenset[int]) -> dict[int, str]:
        """Give the servers that do not answer, each with the code of why."""
        on_record = audience.on_record
        excluded = {}
        for number, server in enumerate(self._index.coverages):
            if number in audience.own:
                excluded[number] = "own-interface"
            elif on_record and number not in audience.possible:
                excluded[number] = "other-server-on-record"
            elif number not in audience.possible and number not in included and not may_serve(server, network):
                excluded[number] = "other-segments-served"
        return excluded
