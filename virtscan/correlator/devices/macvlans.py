"""Macvlans of a host: the devices below them, and the frames that they hand up to a device above them."""

from collections.abc import Collection, Iterator, Mapping

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.nic import NicKind
from virtscan.correlator.devices.stack import DeviceStack, real_device
from virtscan.model import DeviceKind, DeviceName, SourceMode


def macvlans_below(device: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> Iterator[DeviceName]:
    """Yield the macvlans that frames meet first on their way down from a device."""
    below = stacks[device].lower if device in stacks else ()
    found = [name for name in (device, *below) if name in stacks and stacks[name].kind is DeviceKind.MACVLAN]
    yield from (name for name in found if not any(name in stacks[other].lower for other in found))


def leaves_by_macvlans_alone(
    names: tuple[DeviceName, ...], met: Collection[DeviceName], stacks: Mapping[DeviceName, DeviceStack]
) -> bool:
    """Return True if no end of a stack but those below its macvlans leads out of the host."""
    ends = (name for name in names if name not in met and not (name in stacks and stacks[name].lower))
    return all(name in stacks and stacks[name].entry is NicKind.VIRTUAL and not stacks[name].nics for name in ends)


def bridged_macvlan(
    device: DeviceName, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> DeviceName | None:
    """Name the macvlan in bridge mode that hands frames of its siblings up to the interface's device."""
    return next(
        (
            name
            for name in point.stack.lower
            if name in stacks
            and stacks[name].kind is DeviceKind.MACVLAN
            and stacks[name].mode is SourceMode.BRIDGE
            and real_device(name, stacks) == device
            and device in stacks[name].lower
            and not _has_vlan_above(name, point, stacks)
        ),
        None,
    )


def _has_vlan_above(name: DeviceName, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    under = {name, *stacks[name].lower}
    above = ({point.device, *point.stack.lower} - under) & stacks.keys()
    return any(stacks[one].kind is DeviceKind.VLAN for one in above if one is not None)
