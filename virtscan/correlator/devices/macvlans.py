"""Macvlans of a host: the devices below them, and the frames that they hand up to a device above them."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.meeting import APART, over_shared
from virtscan.correlator.devices.nic import NicKind
from virtscan.correlator.devices.stack import UNKNOWN_STACK, DeviceStack, downwards, real_device
from virtscan.model import DeviceKind, DeviceName, SourceMode

_VETH = "veth"
_GUESTS_NAMES = ("vnet", "tap", _VETH)
"""Prefixes of the names of guests' taps and veths. Host macvlans have names like `macvtap0` and `docker-shim`."""


def macvlans_below(
    device: DeviceName, mode: SourceMode | None, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> Iterator[DeviceName]:
    """Yield the macvlans that untagged frames of a guest meet first on their way down from its device.

    Devices that may be macvlans are among them: libvirt lists these as ethernet devices, and not as node devices. Other
    sources list them without their kind, or not at all. They matter only where a NIC would clear an interface that gets
    frames of others on its device. The device of a tap is a bridge.
    """
    names = downwards(device, stacks)
    matter = point.is_filled and point.mode not in APART
    is_alone = mode is None or (mode in APART and point.mode is not None)
    macvlans = [
        name
        for name in names[is_alone:]
        if (name in stacks and stacks[name].kind is DeviceKind.MACVLAN)
        or (matter and (name in stacks or not point.lists_all_devices) and _may_be_macvlan(name, stacks))
    ]
    for name in macvlans:
        if not any(name in downwards(other, stacks)[1:] for other in macvlans) and not _is_tagged(name, names, stacks):
            yield name


def leaves_by_macvlans_alone(above: Iterable[DeviceName], stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    """Return True if none of the devices that are not below the macvlans of a stack is an end out of the host."""
    ends = (name for name in above if not (name in stacks and stacks[name].lower))
    return all(name in stacks and stacks[name].entry is NicKind.VIRTUAL and not stacks[name].nics for name in ends)


def bridged_macvlan(
    device: DeviceName, top: DeviceName, stacks: Mapping[DeviceName, DeviceStack], sender: DeviceName | None = None
) -> DeviceName | None:
    """Name the macvlan in bridge mode on a device that hands frames of its siblings up to the device `top`.

    The macvlan `sender` gets no frames of its own.
    """
    names = downwards(top, stacks)
    return next(
        (
            name
            for name in names[1:]
            if name in stacks
            and name != sender
            and stacks[name].kind is DeviceKind.MACVLAN
            and stacks[name].mode is SourceMode.BRIDGE
            and real_device(name, stacks) == device
            and device in stacks[name].lower
            and not _is_tagged(name, names, stacks)
        ),
        None,
    )


def veths_to_macvlans(
    device: DeviceName, sender: DeviceName, stacks: Mapping[DeviceName, DeviceStack]
) -> tuple[DeviceName, ...]:
    """Name the veths by which frames of a sender may come to a macvlan in bridge mode on a device.

    They leave the sender's stack by another veth: the pairs are unknown.
    """
    if not any(_is_veth(name, stacks) for name in downwards(sender, stacks)):
        return ()
    tops = [top for top in stacks if bridged_macvlan(device, top, stacks) is not None]
    veths = (name for top in tops for name in stacks[top].lower if _is_veth(name, stacks))
    return tuple(dict.fromkeys(veths))


def possible_macvlans(
    device: DeviceName, other: DeviceName, stacks: Mapping[DeviceName, DeviceStack]
) -> tuple[DeviceName, ...]:
    """Name the devices between two others that may be macvlans in bridge mode, on a device below both."""
    own, others = downwards(device, stacks), downwards(other, stacks)
    doubtful = [name for name in dict.fromkeys((*own, *others)) if name in stacks and stacks[name].may_bridge]
    return tuple(over_shared(doubtful, own, others, stacks)) if doubtful else ()


def as_macvlans(
    names: Iterable[DeviceName], stacks: Mapping[DeviceName, DeviceStack]
) -> Mapping[DeviceName, DeviceStack]:
    """Return the stacks as they are if these devices are macvlans in bridge mode."""
    macvlan = {"kind": DeviceKind.MACVLAN, "mode": SourceMode.BRIDGE, "may_bridge": False}
    return {**stacks, **{name: msgspec.structs.replace(stacks[name], **macvlan) for name in names}}


def may_be_bridge(device: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    """Return True if a device is a bridge, or of unknown kind."""
    return device not in stacks or stacks[device].kind in {DeviceKind.BRIDGE, DeviceKind.UNKNOWN}


def _may_be_macvlan(name: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    """Return True for a device that may be a macvlan on an unknown one.

    Taps and veths of guests are known by name, and so are VLANs over a listed device. The number alone shows no VLAN:
    keepalived names a macvlan `vrrp.51`.
    """
    stack = stacks.get(name, UNKNOWN_STACK)
    parent, _, tag = name.rpartition(".")
    is_named_as_vlan = parent in stacks and tag.isdecimal()
    if stack.kind is DeviceKind.UNKNOWN and (is_named_as_vlan or name.startswith(_GUESTS_NAMES)):
        return False
    is_alike = stack.kind in {DeviceKind.ETHERNET, DeviceKind.UNKNOWN}
    return is_alike and stack.entry is NicKind.UNKNOWN and not (stack.nics or stack.lower)


def _is_veth(name: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    kind = stacks.get(name, UNKNOWN_STACK).kind
    return kind is DeviceKind.VETH or (kind is DeviceKind.UNKNOWN and name.startswith(_VETH))


def _is_tagged(macvlan: DeviceName, names: Iterable[DeviceName], stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    """Return True if one of these devices is a VLAN over the macvlan: its frames are on another network."""
    return any(
        name in stacks and stacks[name].kind is DeviceKind.VLAN and macvlan in stacks[name].lower for name in names
    )
