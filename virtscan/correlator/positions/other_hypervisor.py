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
    remote = place.hypervisor
    nic = place if isinstance(place, GuestNic) else None
    because: tuple[Because, ...] = (
        OnOtherHypervisor(
            server=stack.server.name,
            hypervisor=remote,
            domain=None if nic is None else nic.domain.name,
            declared=isinstance(place, HostItself) and place.declared,
        ),
    )
    where = Where.THROUGH_NICS
    missing: tuple[Missing, ...] = ()
    seen = neighbour(remote, fleet)
    hidden = None if seen.leaves or seen.is_nested else _may_be_nested(place, point.hypervisor, fleet, stack, seen)
    nested = _is_nested(point, place, seen, fleet)
    if isinstance(hidden, NeedsPlace) and seen.is_virtual:
        where, missing = Where.UNPROVEN, (hidden,)
    elif nested is State.ON:
        because += (point.shown_as_vm(),)
        outer = remote if fleet.runs_on(point.hypervisor, remote) else None
        where = Where.UNPROVEN
        outer_host = NeedsOuterHost(server=stack.server.name, hypervisor=point.hypervisor, outer=outer)
        missing = (outer_host,) if hidden is None else (outer_host, hidden)
    elif nested is State.UNKNOWN and (around := fleet.hypervisor_domains_on(point.hypervisor, remote)):
        where, missing = (
            Where.UNPROVEN,
            tuple(dict.fromkeys(doubt for candidate in around for doubt in candidate.doubts)),
        )
    else:
        missing += (hidden,) if hidden is not None else ()
        missing += (point.needs_nic_kinds(),) if nested is State.UNKNOWN else ()
    return Position(
        where=where,
        reach=Reach.YES,
        because=because,
        missing=missing,
        fills=None if nic is None else fills(stack.server.name, nic),
        weak=where is Where.THROUGH_NICS and bool(missing),
        declared=nic is None or nic.declared,
        mac=None if nic is None else nic.interface.mac,
        exclusive=place.exclusive,
        stopped=nic is not None and nic.is_stopped,
    )


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
