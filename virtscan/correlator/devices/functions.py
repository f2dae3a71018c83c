"""Virtual functions of a NIC that are known by the NIC alone: the devices that may be one of them."""

from collections.abc import Mapping

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.devices.stack import DeviceStack
from virtscan.model import Attachment, DeviceKind, DeviceName, SourceMode
from virtscan.model.reasons import Missing, NeedsServerDevice

_MAY_BRIDGE = frozenset({SourceMode.BRIDGE, SourceMode.UNKNOWN})
"""Modes of two macvtaps that exchange frames on one device; with any other mode they don't."""


def needs_function(
    server: str, attachment: Attachment, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]
) -> Missing | None:
    """Name the unknown virtual function of the interface or of the server, if the other one may be on it as well."""
    if not _may_share(attachment, point, stacks):
        return None
    if point.virtual_function:
        return point.needs_interface()
    return NeedsServerDevice(server=server, hypervisor=point.hypervisor)


def _may_share(attachment: Attachment, point: AttachmentPoint, stacks: Mapping[DeviceName, DeviceStack]) -> bool:
    """Return True if two interfaces may be on one virtual function, and exchange frames there."""
    if not {attachment.mode, point.mode} <= _MAY_BRIDGE:
        return False
    if attachment.virtual_function and point.virtual_function:
        return attachment.device == point.device
    if attachment.virtual_function:
        return _may_be_function(point.device, attachment.device, stacks)
    return point.virtual_function and _may_be_function(attachment.device, point.device, stacks)


def _may_be_function(
    device: DeviceName | None, nic: DeviceName | None, stacks: Mapping[DeviceName, DeviceStack]
) -> bool:
    """Return True for a device that may be a virtual function of a NIC: another NIC, or one of unknown kind."""
    if device is None or device not in stacks:
        return True
    stack = stacks[device]
    return device != nic and stack.kind in {DeviceKind.ETHERNET, DeviceKind.UNKNOWN} and not stack.lower
