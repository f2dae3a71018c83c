"""Attachment points: the devices that an interface is, or may be, plugged into."""

import msgspec

from virtscan.correlator.location.nic import NicKind
from virtscan.correlator.location.stack import DeviceStack
from virtscan.model import DeviceName, Machine, SourceMode


class AttachmentPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a hypervisor with the mode in which an interface is plugged into it.

    `network` is the libvirt network that led to it, `target` the device that libvirt was given, `segment` the name that
    the configuration gives to the layer-2 network behind the device; None without one. `machine` is True if the
    hypervisor is a virtual machine, as far as these `virtual_nics` or any other source show it.
    """

    hypervisor: str
    device: DeviceName | None
    mode: SourceMode | None
    network: str | None
    target: str | None
    segment: str | None
    reflective: bool
    stack: DeviceStack
    machine: Machine
    virtual_nics: tuple[DeviceName, ...] = ()

    @property
    def is_filled(self) -> bool:
        """Return True if frames from outside reach the device only through NICs that fill in checksums."""
        return self.stack.entry is NicKind.FILLING

    @property
    def hands_on(self) -> bool:
        """Return True if frames from outside are known to reach the device with partial checksums.

        A virtual machine has no NICs of its own: an end that is not known to fill them in is virtual.
        """
        is_vm = self.machine in {Machine.VIRTUAL, Machine.CONTAINER}
        return self.stack.entry is NicKind.VIRTUAL or (is_vm and not self.is_filled)
