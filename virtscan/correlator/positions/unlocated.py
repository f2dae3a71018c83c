"""Servers that were not found: hidden on the interface's hypervisor, where they were last seen, or elsewhere."""

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.nic import belongs_to_a_nic
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.memory import Remembered
from virtscan.correlator.location.places import GuestNic, UnlocatedServer
from virtscan.correlator.positions.other_hypervisor import on_another
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.positions.seen_place import seen_from
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Machine, Reach
from virtscan.model.reasons import (
    Because,
    Missing,
    NeedsHypervisors,
    NeedsNicKinds,
    NeedsOuterHost,
    NeedsPlace,
    NotOnHypervisor,
    WasOnHypervisor,
    WhyUnlocated,
)


def unlocated(
    stack: SendingStack, place: UnlocatedServer, point: AttachmentPoint, fleet: Fleet, remembered: Remembered | None
) -> Position:
    """Judge a server that was not found: it is on another machine only if it can't be hidden on this one.

    If it may be hidden, it is where it was last seen, as long as the hypervisor here was read completely.
    """
    why = _hidden(stack, place, point.hypervisor, fleet)
    if why is not None:
        was_seen = None if remembered is None else _last_seen(stack, remembered, point, fleet)
        if was_seen is not None:
            return was_seen
        return Position(where=Where.UNKNOWN, reach=Reach.UNKNOWN, missing=(why,))
    absent: tuple[Because, ...] = (
        () if place.copy else (NotOnHypervisor(server=stack.server.name, hypervisor=point.hypervisor, macs=place.macs),)
    )
    if point.is_vm:
        outer = NeedsOuterHost(server=stack.server.name, hypervisor=point.hypervisor)
        return Position(where=Where.UNPROVEN, reach=Reach.YES, because=(*absent, point.shown_as_vm()), missing=(outer,))
    missing: list[Missing] = []
    unread = (fleet.unread.lacking if place.copy else fleet.unread.hosts) - {point.hypervisor}
    if unread:
        missing.append(NeedsHypervisors(hypervisors=tuple(sorted(unread))))
    lacking = next((name for name in fleet.hosts_on(point.hypervisor) if name in fleet.unread.devices), None)
    if lacking is not None:
        why_low = WhyUnlocated.HYPERVISOR_INCOMPLETE
        missing.append(NeedsPlace(server=stack.server.name, why=why_low, macs=place.macs, hypervisor=lacking))
    floating = _floating(place, point.hypervisor, fleet)
    if floating is not None:
        missing.append(NeedsNicKinds(hypervisor=floating, device=None))
    if point.machine is Machine.UNKNOWN:
        missing.append(point.needs_nic_kinds())
    elif not place.copy and fleet.machines[point.hypervisor] in fleet.without_nics:
        missing.append(NeedsNicKinds(hypervisor=point.hypervisor, device=point.device))  # one may have its MAC
    return Position(
        where=Where.THROUGH_NICS,
        reach=Reach.YES,
        because=absent,
        missing=tuple(missing),
        weak=bool(missing),
    )


def _floating(place: UnlocatedServer, local: str, fleet: Fleet) -> str | None:
    """Name a hypervisor that may run the server unseen, and may be a domain of this one, because it shows no NIC.

    This hypervisor is not among them: it was read completely.
    """
    name = next(iter(fleet.floating), None)
    is_read = place.copy and name not in fleet.unread.lacking
    return None if is_read or fleet.has_one_domain(local) else name


def _last_seen(stack: SendingStack, remembered: Remembered, point: AttachmentPoint, fleet: Fleet) -> Position | None:
    """Judge the places that an earlier scan observed; None if they prove nothing here.

    They prove nothing on a hypervisor that was not read completely, or for a server that is another machine by now. The
    same holds if one of them, when observed, would not clear the interface.
    """
    local = point.hypervisor
    if not fleet.unread.incomplete.isdisjoint(fleet.hosts_on(local)):
        return None
    if stack.macs and not stack.macs & remembered.macs:
        return None
    because: list[Because] = []
    for place in remembered.places:
        if seen_from(place, local, remembered.fleet).inside:
            return None
        if on_another(stack, place, point, remembered.fleet).where is not Where.THROUGH_NICS:
            return None
        domain = place.domain.name if isinstance(place, GuestNic) else None
        because.append(WasOnHypervisor(server=stack.server.name, hypervisor=place.hypervisor, domain=domain))
    unread = tuple(dict.fromkeys(place.hypervisor for place in remembered.places))
    return Position(
        where=Where.THROUGH_NICS,
        reach=Reach.YES,
        because=tuple(dict.fromkeys(because)),
        missing=(NeedsHypervisors(hypervisors=unread),),
        weak=True,
    )


def why_hidden(place: UnlocatedServer) -> WhyUnlocated:
    """Return the reason why a server that was not found may be on a hypervisor, as far as it is the same on all."""
    if place.outdated is not None:
        return WhyUnlocated.OUTDATED
    if place.copy:
        return WhyUnlocated.NOT_RUNNING
    if not place.macs:
        return WhyUnlocated.NO_MAC
    return WhyUnlocated.HYPERVISOR_INCOMPLETE if all(map(belongs_to_a_nic, place.macs)) else WhyUnlocated.NOT_A_NIC_MAC


def _hidden(stack: SendingStack, place: UnlocatedServer, local: str, fleet: Fleet) -> NeedsPlace | None:
    """Return the reason why the server may be here although nothing here has its MAC; None if it can't be."""
    why = why_hidden(place)
    macs, hypervisor = place.macs, place.outdated
    match why:
        case WhyUnlocated.NOT_RUNNING | WhyUnlocated.HYPERVISOR_INCOMPLETE:
            unread = fleet.unread.lacking if why is WhyUnlocated.NOT_RUNNING else fleet.unread.incomplete
            hypervisor = next((host for host in fleet.hosts_on(local) if host in unread), None)
            if hypervisor is None:
                return None
        case WhyUnlocated.NO_MAC:
            macs = tuple(sorted(stack.macs))
            why = WhyUnlocated.BOTTOM_UNKNOWN if macs else why
        case WhyUnlocated.NOT_A_NIC_MAC:
            macs = tuple(mac for mac in macs if not belongs_to_a_nic(mac))
        case _:
            pass
    return NeedsPlace(server=stack.server.name, why=why, macs=macs, hypervisor=hypervisor)
