"""Places outside the interface's hypervisor: packets from there pass the hypervisor's NICs."""

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.nic import NicKind, belongs_to_a_nic, is_nic, is_physical
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.memory import Remembered
from virtscan.correlator.location.places import Bare, GuestNic, HostDevice, HostItself, Place, UnlocatedServer
from virtscan.correlator.location.position import Position, Where
from virtscan.correlator.location.sight import seen_from
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import DomainState, Hypervisor, Interface, Machine, Reach, State
from virtscan.model.reasons import (
    Because,
    DeclaredPhysical,
    HypervisorIsVm,
    Missing,
    NeedsHypervisors,
    NeedsNicKinds,
    NeedsOuterHost,
    NeedsPlace,
    NicFills,
    NotOnHypervisor,
    ObservedPhysical,
    OnOtherHypervisor,
    WasOnHypervisor,
    WhyUnlocated,
)

# QEMU fills in the checksums of packets from these models, in software.
_FILLING_MODELS = frozenset({"e1000", "rtl8139"})
_VIRTIO_MODELS = frozenset({"virtio", "virtio-transitional", "virtio-non-transitional"})


def from_outside(
    stack: SendingStack, place: Place, point: AttachmentPoint, fleet: Fleet, remembered: Remembered | None
) -> Position:
    """Judge a place outside the interface's hypervisor; of the point, only the kinds of its NICs matter."""
    match place:
        case Bare(declared=declared):
            reason = DeclaredPhysical(server=_name(stack)) if declared else ObservedPhysical(server=_name(stack))
            return Position(where=Where.THROUGH_NICS, reach=Reach.YES, because=(reason,))
        case UnlocatedServer():
            return _unlocated(stack, place, point, fleet, remembered)
        case GuestNic() | HostDevice() | HostItself():
            return _on_another(stack, place, point, fleet)


def _name(stack: SendingStack) -> str:
    return stack.server.name


def _on_another(
    stack: SendingStack, place: GuestNic | HostDevice | HostItself, point: AttachmentPoint, fleet: Fleet
) -> Position:
    there = place.hypervisor
    because: tuple[Because, ...] = (
        OnOtherHypervisor(
            server=_name(stack),
            hypervisor=there,
            domain=place.domain.name if isinstance(place, GuestNic) else None,
            declared=isinstance(place, HostItself) and place.declared,
        ),
    )
    where = Where.THROUGH_NICS
    missing: tuple[Missing, ...] = ()
    seen = neighbour(there, fleet)
    hidden = None if seen.leaves or seen.is_carried else _may_be_carried(place, point.hypervisor, fleet, stack, seen)
    nested = _is_nested(point, there, seen, fleet)
    if isinstance(hidden, NeedsPlace) and seen.is_virtual:
        where, missing = Where.UNPROVEN, (hidden,)
    elif nested is State.ON:
        because += (_is_vm(point),)
        outer = there if fleet.runs_on(point.hypervisor, there) else None
        where, missing = (
            Where.UNPROVEN,
            (NeedsOuterHost(server=_name(stack), hypervisor=point.hypervisor, outer=outer),),
        )
    else:
        missing += (hidden,) if hidden is not None else ()
        missing += (needs_nic_kinds(point),) if nested is State.UNKNOWN else ()
    weak = where is Where.THROUGH_NICS and bool(missing)
    return Position(
        where=where,
        reach=Reach.YES,
        because=because,
        missing=missing,
        fills=fills(_name(stack), place) if isinstance(place, GuestNic) else None,
        weak=weak,
        declared=place.declared if isinstance(place, GuestNic) else True,
        mac=place.interface.mac if isinstance(place, GuestNic) else None,
        exclusive=place.exclusive,
        stopped=isinstance(place, GuestNic) and place.is_stopped,
    )


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor as seen by unrelated hypervisors: neither carries the other.

    `leaves` is True if frames from it pass filling NICs alone. `is_carried` is True if it certainly is a known domain,
    `may_carry` if domains on it may be unread. `shows_nics` is True if the MAC of a NIC is known, by which the domain
    is found that it may be.
    """

    is_virtual: bool
    leaves: bool
    is_carried: bool
    may_carry: bool
    shows_nics: bool


def neighbour(name: str, fleet: Fleet) -> Neighbour:
    """Describe a hypervisor to the others, by its NICs or otherwise."""
    host, kinds, machine = fleet.hypervisors[name], fleet.nic_kinds[name], fleet.machines[name]
    return Neighbour(
        is_virtual=host.machine is Machine.VIRTUAL or NicKind.VIRTUAL in kinds,
        leaves=_leaves_by_filling_nics(host, kinds),
        is_carried=fleet.is_carried(name),
        may_carry=machine in fleet.incomplete_machines,
        shows_nics=machine not in fleet.without_nics,
    )


def _leaves_by_filling_nics(host: Hypervisor, kinds: frozenset[NicKind]) -> bool:
    if kinds - {NicKind.FILLING}:
        return False
    return is_physical(host) or (bool(kinds) and host.lists_all_devices)


def _may_be_carried(
    place: GuestNic | HostDevice | HostItself, here: str, fleet: Fleet, stack: SendingStack, seen: Neighbour
) -> NeedsPlace | NeedsNicKinds | None:
    """Return the reason why the server's hypervisor may be a domain of this one: one that was not read, or any."""
    incomplete = next((one.name for one in fleet.of_machine(here) if one.name in fleet.unread.incomplete), None)
    if incomplete is None:
        return (
            None
            if seen.shows_nics or _is_alone(here, fleet)
            else NeedsNicKinds(hypervisor=place.hypervisor, device=None)
        )
    devices = fleet.hypervisors[place.hypervisor].devices
    macs = tuple(sorted(device.mac for device in devices if device.mac is not None and is_nic(device)))
    why = WhyUnlocated.HYPERVISOR_INCOMPLETE
    return NeedsPlace(server=_name(stack), why=why, macs=macs, hypervisor=incomplete)


def _is_alone(here: str, fleet: Fleet) -> bool:
    """Return True if a hypervisor that was read completely has no domain beside the interface's own."""
    return sum(len(one.domains) for one in fleet.of_machine(here)) <= 1


def _is_nested(point: AttachmentPoint, there: str, seen: Neighbour, fleet: Fleet) -> State:
    """Return whether the interface's hypervisor and `there` may share an outer host, or one be a domain of the other.

    No NIC that fills is then between them for certain; ON if the hypervisor is known to be virtual.
    """
    here = point.hypervisor
    if point.is_filled or point.machine is Machine.PHYSICAL:
        return State.OFF
    may_run_there = not fleet.is_carried(here) and seen.may_carry
    runs_there = bool(fleet.carriers_on(here, there))
    if seen.leaves and not (runs_there or may_run_there):
        return State.OFF
    return State.UNKNOWN if point.machine is Machine.UNKNOWN else State.ON


def _unlocated(
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
        () if place.copy else (NotOnHypervisor(server=_name(stack), hypervisor=point.hypervisor, macs=place.macs),)
    )
    if point.machine in {Machine.VIRTUAL, Machine.CONTAINER}:
        outer = NeedsOuterHost(server=_name(stack), hypervisor=point.hypervisor)
        return Position(where=Where.UNPROVEN, reach=Reach.YES, because=(*absent, _is_vm(point)), missing=(outer,))
    missing: list[Missing] = []
    unread = (fleet.unread.lacking if place.copy else fleet.unread.hosts) - {point.hypervisor}
    if unread:
        missing.append(NeedsHypervisors(hypervisors=tuple(sorted(unread))))
    lacking = next((name for name in fleet.hosts_on(point.hypervisor) if name in fleet.unread.devices), None)
    if lacking is not None:
        why_low = WhyUnlocated.HYPERVISOR_INCOMPLETE
        missing.append(NeedsPlace(server=_name(stack), why=why_low, macs=place.macs, hypervisor=lacking))
    floating = _floating(place, point.hypervisor, fleet)
    if floating is not None:
        missing.append(NeedsNicKinds(hypervisor=floating, device=None))
    if point.machine is Machine.UNKNOWN:
        missing.append(needs_nic_kinds(point))
    return Position(
        where=Where.THROUGH_NICS,
        reach=Reach.YES,
        because=absent,
        missing=tuple(missing),
        weak=bool(missing),
    )


def _floating(place: UnlocatedServer, here: str, fleet: Fleet) -> str | None:
    """Name a hypervisor that may carry the server unseen, and may be a domain of this one, because it shows no NIC.

    This one is not among them: it was read completely.
    """
    name = next(iter(fleet.floating), None)
    is_read = place.copy and name not in fleet.unread.lacking
    return None if is_read or _is_alone(here, fleet) else name


def _last_seen(stack: SendingStack, remembered: Remembered, point: AttachmentPoint, fleet: Fleet) -> Position | None:
    """Judge the places that an earlier scan observed; None if they prove nothing here.

    They prove nothing on a hypervisor that was not read completely, or for a server that is another machine by now. The
    same holds if one of them, when observed, would not clear the interface.
    """
    here = point.hypervisor
    if not fleet.unread.incomplete.isdisjoint(fleet.hosts_on(here)):
        return None
    if stack.macs and not stack.macs & remembered.macs:
        return None
    because: list[Because] = []
    for place in remembered.places:
        if seen_from(place, here, remembered.fleet).near:
            return None
        if _on_another(stack, place, point, remembered.fleet).where is not Where.THROUGH_NICS:
            return None
        domain = place.domain.name if isinstance(place, GuestNic) else None
        because.append(WasOnHypervisor(server=_name(stack), hypervisor=place.hypervisor, domain=domain))
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


def _hidden(stack: SendingStack, place: UnlocatedServer, here: str, fleet: Fleet) -> NeedsPlace | None:
    """Return the reason why the server may be here although nothing here has its MAC; None if it can't be."""
    why = why_hidden(place)
    macs, hypervisor = place.macs, place.outdated
    match why:
        case WhyUnlocated.NOT_RUNNING | WhyUnlocated.HYPERVISOR_INCOMPLETE:
            unread = fleet.unread.lacking if why is WhyUnlocated.NOT_RUNNING else fleet.unread.incomplete
            hypervisor = next((host for host in fleet.hosts_on(here) if host in unread), None)
            if hypervisor is None:
                return None
        case WhyUnlocated.NO_MAC:
            macs = tuple(sorted(stack.macs))
            why = WhyUnlocated.BOTTOM_UNKNOWN if macs else why
        case WhyUnlocated.NOT_A_NIC_MAC:
            macs = tuple(mac for mac in macs if not belongs_to_a_nic(mac))
        case _:
            pass
    return NeedsPlace(server=_name(stack), why=why, macs=macs, hypervisor=hypervisor)


def fills(name: str, place: GuestNic) -> NicFills | None:
    """Return whether the server's virtual NIC sends only complete checksums."""
    if place.inner is not None and (found := fills(name, place.inner)) is not None:
        return found
    nic: Interface = place.interface
    if nic.model in _FILLING_MODELS:
        return NicFills(server=name, model=nic.model)
    live = place.domain.state is DomainState.ACTIVE
    if live and nic.host_csum is State.OFF and nic.model in _VIRTIO_MODELS:
        return NicFills(server=name, model=None)
    return None


def _is_vm(point: AttachmentPoint) -> HypervisorIsVm:
    return HypervisorIsVm(hypervisor=point.hypervisor, nics=point.virtual_nics)


def needs_nic_kinds(point: AttachmentPoint) -> NeedsNicKinds:
    """Name the devices at the bottom of the interface's device that are not known to be filling NICs."""
    ends = tuple(name for name in point.stack.open_ends if name != point.device)
    return NeedsNicKinds(hypervisor=point.hypervisor, device=point.device, nics=ends)
