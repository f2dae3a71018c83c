"""Places as the host around a nested hypervisor sees them, if that host is scanned too.

Frames enter the nested hypervisor by virtual NICs, which are interfaces of a domain of that host. A frame that reaches
such an interface with a partial checksum has it at the devices above the NIC as well.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint, AttachmentPoints
from virtscan.correlator.devices.meeting import APART
from virtscan.correlator.devices.nic import is_physical
from virtscan.correlator.devices.stack import DeviceStack
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.memory import Remembered
from virtscan.correlator.location.nesting import HypervisorDomain
from virtscan.correlator.location.places import GuestNic, Place
from virtscan.correlator.positions.elsewhere import from_outside
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.positions.route import positions
from virtscan.correlator.positions.seen_place import seen_from
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import DeviceName, DomainState, Interface, Reach, SourceMode, State
from virtscan.model.reasons import NeedsOuterHost

_CLEARED = frozenset({Where.THROUGH_NICS, Where.NEVER_MET, Where.SAME_OTHER})


class _Entry(msgspec.Struct, frozen=True):
    """A virtual NIC under a point, as an interface of its domain at a point of the outer host."""

    interface: Interface
    outer: AttachmentPoint
    stacks: Mapping[DeviceName, DeviceStack]

    def receives_partial(self, position: Position) -> bool:
        """Return True if a frame from there arrives without a NIC, and the interface takes partial checksums."""
        takes = (self.interface.model or "").startswith("virtio") and self.interface.guest_csum is not State.OFF
        return takes and (
            position.where is Where.RECEIVED
            or (position.where is Where.SAME_BRIDGE and self.outer.mode is SourceMode.BRIDGE)
        )

    def is_cleared(self, position: Position) -> bool:
        """Return True if a NIC fills in the checksums of all frames from there that arrive."""
        is_apart = position.where is Where.SAME_BRIDGE and self.outer.mode in APART
        return position.where in _CLEARED or is_apart


class OuterHosts:
    """The hypervisors of a fleet as hosts of others."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._points: dict[str, AttachmentPoints] = {}

    def positions(
        self, stack: SendingStack, place: Place, point: AttachmentPoint, remembered: Remembered | None
    ) -> tuple[Position, ...]:
        """Judge a place outside the interface's hypervisor, by the host around that one where this decides.

        Returns:
            One position, or two where the server is received from one of several possible places on that host.
        """
        position = from_outside(stack, place, point, self._fleet, remembered)
        if not any(isinstance(fact, NeedsOuterHost) for fact in position.missing):
            return (position,)
        seen = [
            (entry, at)
            for entry in self._entries(point)
            for at in self._seen_from_outer(stack, place, entry, remembered)
        ]
        received = [at for entry, at in seen if entry.receives_partial(at)]
        if received:
            joined = _joined(position, received, Where.RECEIVED)
            is_certain = len(received) == len(seen) or not all(at.exclusive for at in received)
            return (joined,) if is_certain else (joined, msgspec.structs.replace(position, exclusive=True))
        if seen and all(entry.is_cleared(at) for entry, at in seen):
            return (_joined(position, [at for _, at in seen], Where.THROUGH_NICS),)
        return (position,)

    def _seen_from_outer(
        self, stack: SendingStack, place: Place, entry: _Entry, remembered: Remembered | None
    ) -> Iterator[Position]:
        """Yield the positions of a place at an entry; frames that leave by it don't come back by it."""
        seen = seen_from(place, entry.outer.hypervisor, self._fleet)
        for inside in seen.inside:
            if not (isinstance(inside, GuestNic) and inside.interface is entry.interface):
                yield from positions(stack, inside, entry.outer, entry.stacks)
        if seen.outside is not None:
            yield from self.positions(stack, seen.outside, entry.outer, remembered)

    def _entries(self, point: AttachmentPoint) -> Sequence[_Entry]:
        """Return every entry of frames to a point, except NICs that fill; empty unless all are known."""
        around = self._domain_around(point.hypervisor)
        if around is None:
            return ()
        devices = self._fleet.devices_of(point.hypervisor)
        macs = [devices[end].own_mac if end in point.stack.nics else None for end in point.stack.open_ends]
        found = [[nic for nic in around.domain.interfaces if nic.mac == mac] for mac in macs if mac is not None]
        if len(set(macs)) < len(macs) or None in macs or any(len(nics) != 1 for nics in found):
            return ()
        entries = [self._entry(nic, around.hypervisor) for (nic,) in found]
        known = [entry for entry in entries if entry is not None]
        return known if len(known) == len(entries) else ()

    def _entry(self, nic: Interface, hypervisor: str) -> _Entry | None:
        if len(nic.attachments) != 1 or nic.attachments[0].device is None:
            return None
        if hypervisor not in self._points:
            self._points[hypervisor] = AttachmentPoints(
                self._fleet.hypervisors[hypervisor], self._fleet.devices_of(hypervisor)
            )
        points = self._points[hypervisor]
        return _Entry(nic, points.point(nic.attachments[0], nic.network, nic.target), points.stacks)

    def _domain_around(self, hypervisor: str) -> HypervisorDomain | None:
        """Return the domain that a hypervisor certainly is, on a host that was read completely with all its guests.

        A host whose NICs are unknown may itself be a server. Contradictions leave it open: a machine that is observed
        to be physical, and hosts that each are a domain of the other.
        """
        fleet = self._fleet
        machine = fleet.machines[hypervisor]
        running = [
            copy
            for copy in fleet.hypervisor_domains.get(machine, ())
            if copy.domain.state is DomainState.ACTIVE and not copy.domain.next_start
        ]
        if len(running) != 1 or running[0].doubts or fleet.runs_on(running[0].hypervisor, hypervisor):
            return None
        if any(is_physical(host) for name, host in fleet.hypervisors.items() if fleet.machines[name] == machine):
            return None
        outer = running[0].hypervisor
        lacking = fleet.unread.incomplete | fleet.unread.devices
        is_read = lacking.isdisjoint(fleet.hosts_on(outer)) and fleet.machines[outer] not in fleet.without_nics
        return running[0] if is_read else None


def _joined(position: Position, seen: Sequence[Position], where: Where) -> Position:
    """Return a position with the answer of the outer host in place of the fact that was missing."""
    missing = [fact for fact in position.missing if not isinstance(fact, NeedsOuterHost)]
    missing += [fact for at in seen for fact in at.missing]
    reaches = {at.reach for at in seen}
    fills = next((at.fills for at in seen if at.fills is not None), None)
    return msgspec.structs.replace(
        position,
        where=where,
        reach=reaches.pop() if len(reaches) == 1 else Reach.UNKNOWN,
        because=tuple(dict.fromkeys((*position.because, *(reason for at in seen for reason in at.because)))),
        missing=tuple(dict.fromkeys(missing)),
        fills=position.fills or (fills if all(at.fills is not None for at in seen) else None),
        weak=where is Where.THROUGH_NICS and bool(missing),
        declared=position.declared and all(at.declared for at in seen),
        exclusive=position.exclusive or any(at.exclusive for at in seen),
    )
