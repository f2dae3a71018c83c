"""Places on the interface's own hypervisor: whether a frame from there reaches the interface's device without a NIC."""

from collections.abc import Iterator, Mapping
from typing import assert_never

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.functions import needs_function
from virtscan.correlator.devices.macvlans import (
    as_macvlans,
    bridged_macvlan,
    leaves_by_macvlans_alone,
    macvlans_below,
    may_be_bridge,
    possible_macvlans,
    veths_to_macvlans,
)
from virtscan.correlator.devices.meeting import NEVER_REFLECTED, Meeting, Relation, meeting, reach_between
from virtscan.correlator.devices.nic import is_nic
from virtscan.correlator.devices.stack import DeviceStack, downwards, real_device
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself, OtherMachine, Place, UnlocatedServer
from virtscan.correlator.positions.filling import fills
from virtscan.correlator.positions.position import LocalServer, Position, Where
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Attachment, Backing, Device, DeviceKind, DeviceName, Reach, SourceMode, State
from virtscan.model.reasons import (
    Because,
    Carried,
    ElsewhereOnHypervisor,
    EnteredByNics,
    LeavesByNic,
    Missing,
    NeedsDeviceRole,
    NeedsMode,
    NeedsServerDevice,
    SendsDown,
    SeparatedByVlan,
    SharesDevice,
)

_ON_NO_DEVICE = frozenset(
    {"client", "hostdev", "internal", "mcast", "network", "null", "server", "udp", "user", "vdpa", "vhostuser"}
)
"""Types of interfaces that, without an attachment, are attached to no device that macvtaps may be on.

A network without one hands out PCI devices. A script plugs an `ethernet` interface into anything.
"""

_ON_ONE_DEVICE = {SourceMode.BRIDGE: Where.SAME_BRIDGE, SourceMode.UNKNOWN: Where.SAME_UNKNOWN}


def positions(
    stack: SendingStack, place: Place, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> Iterator[Position]:
    """Yield the positions of a server at a place on the interface's own hypervisor, at least one.

    Args:
        stack: The devices that the server sends through.
        place: Where it is, on the point's machine.
        point: The device that the interface is attached to.
        stacks: Every device of that machine with its device stack.
    """
    name = stack.server.name
    match place:
        case GuestNic():
            yield from _of_guest(name, place, point, stacks)
        case HostDevice(device=device):
            sender = LocalServer(server=name, domain=None, is_host_process=True)
            yield from _of_host_device(sender, device, point, stacks)
        case HostItself(hypervisor=hypervisor):
            yield _unproven(NeedsServerDevice(server=name, hypervisor=hypervisor))
        case OtherMachine() | UnlocatedServer():
            raise ValueError(place)  # `seen_from` gives these to no point on this hypervisor
        case _:
            assert_never(place)


def _of_guest(
    name: str, place: GuestNic, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> Iterator[Position]:
    sender = LocalServer(server=name, domain=place.domain.name)
    attachments = place.interface.attachments
    if not attachments:
        is_apart = place.interface.type in _ON_NO_DEVICE
        possible = [_elsewhere(sender, None, point) if is_apart else _unknown_device(sender, point)]
    else:
        possible = [
            position
            for attachment in attachments
            for position in (
                [_unknown_device(sender, point)]
                if attachment.device is None
                else _through(
                    msgspec.structs.replace(sender, virtual_function=attachment.virtual_function),
                    attachment.device,
                    attachment.mode,
                    point,
                    stacks,
                )
            )
        ]
    for position in possible:
        yield msgspec.structs.replace(
            position,
            missing=(*position.missing, *place.doubts),
            fills=fills(name, place),
            declared=place.declared,
            mac=place.interface.mac,
            exclusive=place.exclusive or len(attachments) > 1,
            stopped=place.is_stopped,
        )


def _of_host_device(
    sender: LocalServer, device: Device, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> Iterator[Position]:
    if device.kind is DeviceKind.MACVLAN:
        if not device.lower:
            yield _unknown_device(sender, point, device.name)
            return
        macvlan = LocalServer(server=sender.server, domain=None, macvlan=device.name)
        yield from _through(macvlan, device.lower[0], device.mode or SourceMode.UNKNOWN, point, stacks)
        return
    if device.kind is DeviceKind.DUMMY and device.name != point.device:
        yield _unknown_device(sender, point)  # it sends nothing: another device does
        return
    # A device of unknown kind may be a macvlan, but not on top of several others, as a team is. libvirt lists a macvlan
    # as an ethernet device, without its lower device.
    is_alike = device.kind is DeviceKind.UNKNOWN and len(device.lower) < 2
    is_doubtful = is_alike or (device.kind is DeviceKind.ETHERNET and not device.lower_complete)
    if is_doubtful and not is_nic(device):
        yield _unknown_device(sender, point, device.name)
        return
    is_port = device.backing is Backing.VIRTUAL and device.kind in {DeviceKind.ETHERNET, DeviceKind.VETH}
    if is_port and point.device is not None and device.name in point.stack.lower:
        yield _received(sender, point.device, point, port=device.name)
        return
    yield from _through(sender, device.name, None, point, stacks)


def _through(
    sender: LocalServer,
    device: DeviceName,
    mode: SourceMode | None,
    point: AttachmentPoint,
    stacks: Mapping[DeviceName, DeviceStack],
) -> Iterator[Position]:
    """Judge a server at a device; then as if each device that may be a macvlan in bridge mode were one."""
    sent = tuple(_sent(sender, device, mode, point, stacks))
    yield from sent
    if point.device is None or any(position.may_arrive(point.mode) for position in sent):
        return
    possible = possible_macvlans(device, point.device, stacks)
    names = tuple(name for name in possible if mode is not None or name != device)  # a tap's own device is a bridge
    if not names:
        return
    supposed = as_macvlans(names, stacks)
    real = real_device(point.device, supposed)
    at = msgspec.structs.replace(point, device=real, stack=supposed.get(real, point.stack))
    if any(position.may_arrive(at.mode) for position in _sent(sender, device, mode, at, supposed)):
        yield _unproven(NeedsDeviceRole(server=sender.server, hypervisor=point.hypervisor, devices=names))


def _sent(
    sender: LocalServer,
    device: DeviceName,
    mode: SourceMode | None,
    point: AttachmentPoint,
    stacks: Mapping[DeviceName, DeviceStack],
) -> Iterator[Position]:
    """Judge a server at a device, and at the parent of each macvlan by which its frames leave that device."""
    device = device if mode is None else real_device(device, stacks)
    macvlans = tuple(macvlans_below(device, mode, point, stacks))
    below_macvlans = {name for macvlan in macvlans for name in downwards(macvlan, stacks)}
    above = [name for name in downwards(device, stacks) if name not in below_macvlans]
    meets = point.device in above or device in point.stack.lower
    if not macvlans or meets or not leaves_by_macvlans_alone(above, stacks):
        yield _at(sender, device, mode, point, stacks)
    for macvlan in macvlans:
        below = LocalServer(server=sender.server, domain=sender.domain, macvlan=macvlan)
        parent = real_device(macvlan, stacks)
        if parent == macvlan:
            yield _unknown_device(sender, point, macvlan)
        else:
            yield _at(below, parent, stacks[macvlan].mode or SourceMode.UNKNOWN, point, stacks)


def _at(
    sender: LocalServer,
    device: DeviceName,
    mode: SourceMode | None,
    point: AttachmentPoint,
    stacks: Mapping[DeviceName, DeviceStack],
) -> Position:
    """Judge a server at a device: in a macvtap's mode, or with None by a tap in a bridge or as the host's process."""
    needed = needs_function(sender.server, Attachment(device, mode, sender.virtual_function), point, stacks)
    if point.device is None or needed is not None:
        return _unproven(needed or point.needs_interface())
    met = meeting(device, point.device, stacks)
    is_apart = sender.virtual_function or point.virtual_function
    match Relation.APART if is_apart else met.relation, met.vlan:
        case (Relation.SAME | Relation.ABOVE, State.OFF) if point.mode is None:
            return _received(sender, point.device, point)  # a tap gets all frames of its bridge
        case (Relation.SAME | Relation.ABOVE | Relation.BELOW, _) if point.mode is None:
            return _unproven(point.needs_way())
        case Relation.SAME | Relation.BELOW, _:
            return _on_the_stack(sender, met, mode, point, stacks)
        case (Relation.ABOVE, _) | (Relation.BESIDE, State.ON):
            return _goes_down(sender, met, point)
        case _:
            return _elsewhere(sender, device, point, veths_to_macvlans(point.device, device, stacks))


def _on_the_stack(
    sender: LocalServer,
    met: Meeting,
    mode: SourceMode | None,
    point: AttachmentPoint,
    stacks: Mapping[DeviceName, DeviceStack],
) -> Position:
    """Judge a server at the interface's own device, or at one below it."""
    match mode:
        case None if not sender.is_host_process:
            return _received(sender, met.device, point)
        case SourceMode.UNKNOWN if may_be_bridge(met.device, stacks) or bridged_macvlan(
            met.device, met.other, stacks, sender.macvlan
        ):
            return _unproven(NeedsMode(server=sender.server))  # its frames may enter the stack: as a tap's, or bridged
        case SourceMode.BRIDGE if port := bridged_macvlan(met.device, met.other, stacks, sender.macvlan):
            return _received(sender, met.device, point, port)
        case SourceMode() if met.relation is Relation.SAME:
            return _shared(sender, met.device, mode, point)
        case _:
            return _goes_down(sender, met, point)


def _shared(sender: LocalServer, device: DeviceName, mode: SourceMode, point: AttachmentPoint) -> Position:
    """Judge two macvtaps, or a macvlan and a macvtap, on one device."""
    shares = SharesDevice(
        server=sender.server, hypervisor=point.hypervisor, domain=sender.domain, device=device, mode=mode
    )
    modes = {mode, point.mode or SourceMode.UNKNOWN}
    reach = reach_between(modes, reflective=point.reflective)
    apart = bool(modes - {SourceMode.BRIDGE, SourceMode.UNKNOWN})
    if apart and point.reflective is not State.OFF and not modes & NEVER_REFLECTED and point.receives_partial:
        return _unproven(point.needs_way(), shares, reach=reach)
    missing = (NeedsMode(server=sender.server),) if mode is SourceMode.UNKNOWN else ()
    leaves = (LeavesByNic(device=device),) if apart and not point.receives_partial else ()
    where = _ON_ONE_DEVICE.get(mode, Where.SAME_OTHER)
    return Position(where=where, reach=reach, because=(shares, *leaves), missing=missing)


def _received(
    sender: LocalServer, device: DeviceName, point: AttachmentPoint, port: DeviceName | None = None
) -> Position:
    carried = Carried(server=sender.server, hypervisor=point.hypervisor, domain=sender.domain, device=device, port=port)
    return Position(where=Where.RECEIVED, reach=Reach.YES, because=(carried,))


def _goes_down(sender: LocalServer, met: Meeting, point: AttachmentPoint) -> Position:
    """Judge a server whose frames pass the interface's own stack on their way out, where no macvtap receives them."""
    kind = SeparatedByVlan if met.vlan is State.ON else SendsDown
    reason = kind(
        server=sender.server,
        hypervisor=point.hypervisor,
        domain=sender.domain,
        server_device=met.device,
        device=met.other,
    )
    is_hosts_own = sender.is_host_process and kind is SendsDown and met.relation in {Relation.SAME, Relation.BELOW}
    reach = Reach.NO if is_hosts_own else Reach.UNKNOWN
    if point.receives_partial and (met.vlan is not State.OFF or point.reflective is not State.OFF):
        return _unproven(point.needs_way(), reason, reach=reach)
    leaves = () if point.receives_partial else (LeavesByNic(device=met.other),)
    return Position(where=Where.NEVER_MET, reach=reach, because=(reason, *leaves))


def _elsewhere(
    sender: LocalServer, device: DeviceName | None, point: AttachmentPoint, veths: tuple[DeviceName, ...] = ()
) -> Position:
    reason = ElsewhereOnHypervisor(
        server=sender.server, hypervisor=point.hypervisor, domain=sender.domain, device=device
    )
    if point.is_filled and not veths:
        entered = EnteredByNics(hypervisor=point.hypervisor, device=point.device, nics=point.stack.nics)
        return Position(where=Where.THROUGH_NICS, reach=Reach.UNKNOWN, because=(reason, entered))
    return _unproven(point.needs_interface() if point.device is None else point.needs_way(veths), reason)


def _unknown_device(sender: LocalServer, point: AttachmentPoint, device: DeviceName | None = None) -> Position:
    return _unproven(NeedsServerDevice(server=sender.server, hypervisor=point.hypervisor, device=device))


def _unproven(needed: Missing, *because: Because, reach: Reach = Reach.UNKNOWN) -> Position:
    return Position(where=Where.UNPROVEN, reach=reach, because=because, missing=(needed,))
