"""Places on a hypervisor other than the interface's: frames from there pass NICs, unless one is in the other."""

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.nic import NicKind, is_nic, is_physical
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself
from virtscan.correlator.positions.filling import fills
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Hypervisor, Machine, Reach, State
from virtscan.model.reasons import (
    Because,
    Missing,
    NeedsNicKinds,
    NeedsOuterHost,
    NeedsPlace,
    OnOtherHypervisor,
    WhyUnlocated,
)


def on_another(
    stack: SendingStack, place: GuestNic | HostDevice | HostItself, point: AttachmentPoint, fleet: Fleet
) -> Position:
    """Judge a server on another hypervisor by the NICs between both: none for certain if one may run in the other."""
    nic = place if isinstance(place, GuestNic) else None
    there = OnOtherHypervisor(
        server=stack.server.name,
        hypervisor=place.hypervisor,
        domain=None if nic is None else nic.domain.name,
        declared=isinstance(place, HostItself) and place.declared,
    )
    where, shown, missing = _between(stack, place, point, fleet)
    return Position(
        where=where,
        reach=Reach.YES,
        because=(there, *shown),
        missing=missing,
        fills=None if nic is None else fills(stack.server.name, nic),
        weak=where is Where.THROUGH_NICS and bool(missing),
        declared=nic is None or nic.declared,
        mac=None if nic is None else nic.interface.mac,
        exclusive=place.exclusive,
        stopped=nic is not None and nic.is_stopped,
    )


def _between(
    stack: SendingStack, place: GuestNic | HostDevice | HostItself, point: AttachmentPoint, fleet: Fleet
) -> tuple[Where, tuple[Because, ...], tuple[Missing, ...]]:
    """Return whether NICs that fill are between both hypervisors, the facts that show it, and the missing ones."""
    local, remote = point.hypervisor, place.hypervisor
    seen = neighbour(remote, fleet)
    hidden = None if seen.leaves or seen.is_nested else _may_be_nested(place, local, fleet, stack, seen)
    nested = _is_nested(point, place, seen, fleet)
    if isinstance(hidden, NeedsPlace) and seen.is_virtual:
        return Where.UNPROVEN, (), (hidden,)
    if nested is State.ON:
        outer = remote if fleet.runs_on(local, remote) else None
        needed = NeedsOuterHost(server=stack.server.name, hypervisor=local, outer=outer)
        return Where.UNPROVEN, (point.shown_as_vm(),), (needed,) if hidden is None else (needed, hidden)
    if nested is State.UNKNOWN and (around := fleet.hypervisor_domains_on(local, remote)):
        return Where.UNPROVEN, (), tuple(dict.fromkeys(doubt for domain in around for doubt in domain.doubts))
    kinds = point.needs_nic_kinds() if nested is State.UNKNOWN else None
    return Where.THROUGH_NICS, (), tuple(fact for fact in (hidden, kinds) if fact is not None)


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor as seen by unrelated hypervisors: neither is a domain of the other.

    `leaves` is True if frames from it pass only NICs that fill in checksums. `is_nested` is True if it certainly is a
    known domain, `may_have_unread_domains` if domains on it may be unread. `shows_nics` is True if the MAC of one of
    its NICs is known: that MAC finds the domain that it may be.
    """

    is_virtual: bool
    leaves: bool
    is_nested: bool
    may_have_unread_domains: bool
    shows_nics: bool


def neighbour(name: str, fleet: Fleet) -> Neighbour:
    """Describe a hypervisor to the others, by its NICs or otherwise."""
    host, kinds, machine = fleet.hypervisors[name], fleet.nic_kinds[name], fleet.machines[name]
    return Neighbour(
        is_virtual=host.machine is Machine.VIRTUAL or NicKind.VIRTUAL in kinds,
        leaves=_leaves_by_filling_nics(host, kinds),
        is_nested=fleet.is_nested(name),
        may_have_unread_domains=machine in fleet.incomplete_machines,
        shows_nics=machine not in fleet.without_nics,
    )


def _leaves_by_filling_nics(host: Hypervisor, kinds: frozenset[NicKind]) -> bool:
    if kinds - {NicKind.FILLING}:
        return False
    return is_physical(host) or (bool(kinds) and host.lists_all_devices)


def _may_be_nested(
    place: GuestNic | HostDevice | HostItself, local: str, fleet: Fleet, stack: SendingStack, seen: Neighbour
) -> NeedsPlace | NeedsNicKinds | None:
    """Return the reason why the server's hypervisor may be a domain of this one: one that was not read, or any."""
    incomplete = next((host.name for host in fleet.of_machine(local) if host.name in fleet.unread.incomplete), None)
    if incomplete is None:
        if seen.shows_nics or fleet.has_one_domain(local):
            return None
        return NeedsNicKinds(hypervisor=place.hypervisor, device=None)
    devices = fleet.hypervisors[place.hypervisor].devices
    macs = tuple(sorted(device.mac for device in devices if device.mac is not None and is_nic(device)))
    why = WhyUnlocated.HYPERVISOR_INCOMPLETE
    return NeedsPlace(server=stack.server.name, why=why, macs=macs, hypervisor=incomplete)


def _is_nested(
    point: AttachmentPoint, place: GuestNic | HostDevice | HostItself, seen: Neighbour, fleet: Fleet
) -> State:
    """Return whether the two hypervisors may share an outer host, or one may be a domain of the other.

    No NIC that fills is then between them for certain; ON if the hypervisor is known to be virtual.
    """
    local = point.hypervisor
    if point.is_filled or point.machine is Machine.PHYSICAL:
        return State.OFF
    if seen.leaves and not may_carry(place, local, fleet):
        return State.OFF
    return State.UNKNOWN if point.machine is Machine.UNKNOWN else State.ON


def may_carry(place: GuestNic | HostDevice | HostItself, local: str, fleet: Fleet) -> bool:
    """Return True if a hypervisor is, or may be, a domain on the machine of a place, or nested in one."""
    if fleet.hypervisor_domains_on(local, place.hypervisor):
        return True
    if fleet.is_nested(local):
        return False
    is_any = fleet.machines[local] in fleet.without_nics and has_other_domains(place, fleet)
    return is_any or neighbour(place.hypervisor, fleet).may_have_unread_domains


def has_other_domains(place: GuestNic | HostDevice | HostItself, fleet: Fleet) -> bool:
    """Return True if domains beside the server are known on the machine of a place."""
    own = place.domain.name if isinstance(place, GuestNic) else None
    return any(domain.name != own for host in fleet.of_machine(place.hypervisor) for domain in host.domains)
