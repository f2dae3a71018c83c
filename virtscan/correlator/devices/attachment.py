"""Attachment points: the devices that an interface is, or may be, attached to."""

from collections.abc import Mapping

import msgspec

from virtscan.correlator.devices.nic import NicKind, is_nic, is_physical, nic_kind
from virtscan.correlator.devices.stack import UNKNOWN_STACK, DeviceStack, follow, real_device
from virtscan.model import Attachment, Device, DeviceName, Hypervisor, Machine, SourceMode, State
from virtscan.model.reasons import HypervisorIsVm, Missing, NeedsInterface, NeedsNicKinds, NeedsReflection


class AttachmentPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a hypervisor with the mode in which an interface is attached to it.

    `virtual_function` is True if it is an unknown one of the device. `network` is the libvirt network that led to it,
    `target` the device that libvirt was given. `segment` is the configured name of the layer-2 network behind the
    device; None if there is none. `machine` is the kind of the hypervisor, as far as these `virtual_nics` or any other
    source show it. `lists_all_devices` is True if a device that is not listed does not exist.
    """

    hypervisor: str
    device: DeviceName | None
    mode: SourceMode | None
    virtual_function: bool
    network: str | None
    target: str | None
    segment: str | None
    reflective: State
    stack: DeviceStack
    machine: Machine
    lists_all_devices: bool
    virtual_nics: tuple[DeviceName, ...] = ()

    @property
    def without_route(self) -> "AttachmentPoint":
        """Drop the network and the target, on which no position depends if the device is known."""
        if self.device is None or self.virtual_function:
            return self
        return msgspec.structs.replace(self, network=None, target=None)

    @property
    def is_vm(self) -> bool:
        """Return True if the hypervisor is known not to be a physical machine."""
        return self.machine in {Machine.VIRTUAL, Machine.CONTAINER}

    @property
    def is_filled(self) -> bool:
        """Return True if frames from outside reach the device only through NICs that fill in checksums."""
        return self.stack.entry is NicKind.FILLING

    @property
    def receives_partial(self) -> bool:
        """Return True if frames from outside are known to reach the device with partial checksums.

        A virtual machine has no NICs of its own: an end that is not known to fill in checksums is virtual.
        """
        return self.stack.entry is NicKind.VIRTUAL or (self.is_vm and not self.is_filled)

    def shown_as_vm(self) -> HypervisorIsVm:
        """Return the hypervisor as a virtual machine, with the NICs that show it."""
        return HypervisorIsVm(hypervisor=self.hypervisor, nics=self.virtual_nics)

    def needs_interface(self) -> NeedsInterface:
        """Name what the interface itself is attached to."""
        return NeedsInterface(hypervisor=self.hypervisor, network=self.network, target=self.target)

    def needs_way(self, veths: tuple[DeviceName, ...] = ()) -> Missing:
        """Name the fact that decides if packets entering the device from outside have passed a NIC that fills."""
        if veths or self.stack.entry is NicKind.VIRTUAL:
            return NeedsReflection(hypervisor=self.hypervisor, device=self.device, nics=veths or self.stack.open_ends)
        return self.needs_nic_kinds()

    def needs_nic_kinds(self) -> NeedsNicKinds:
        """Name the devices at the bottom of the stack that are not known to be NICs that fill in checksums."""
        ends = tuple(name for name in self.stack.open_ends if name != self.device)
        return NeedsNicKinds(hypervisor=self.hypervisor, device=self.device, nics=ends)


class AttachmentPoints:
    """The devices of one hypervisor, as interfaces may be attached to them."""

    def __init__(self, hypervisor: Hypervisor, devices: Mapping[DeviceName, Device]) -> None:
        """Follow each device of the hypervisor's machine down to its NICs."""
        self._hypervisor = hypervisor
        kinds = {name: nic_kind(device, hypervisor) for name, device in devices.items() if is_nic(device)}
        self.stacks: Mapping[DeviceName, DeviceStack] = {
            name: follow(devices, name, lambda device: nic_kind(device, hypervisor)) for name in devices
        }
        self._virtual_nics = tuple(sorted(name for name, kind in kinds.items() if kind is NicKind.VIRTUAL))

    def point(self, attachment: Attachment, network: str | None, target: str | None) -> AttachmentPoint:
        """Return the point of an attachment; see `AttachmentPoint` for `network` and `target`."""
        segments, device = self._hypervisor.segments, attachment.device
        segment = None if device is None else segments.get(device)
        if device is not None and attachment.mode is not None:
            device = real_device(device, self.stacks)
        stack = UNKNOWN_STACK if device is None else self.stacks.get(device, UNKNOWN_STACK)
        machine, virtual = self._machine(stack)
        return AttachmentPoint(
            hypervisor=self._hypervisor.name,
            device=device,
            mode=attachment.mode,
            virtual_function=attachment.virtual_function,
            network=network,
            target=target,
            segment=segment or (None if device is None else segments.get(device)),
            reflective=self._reflective(device, stack),
            stack=stack,
            machine=machine,
            lists_all_devices=self._hypervisor.lists_all_devices,
            virtual_nics=virtual,
        )

    def _reflective(self, device: DeviceName | None, stack: DeviceStack) -> State:
        """Return whether a switch sends frames back; a device with an unknown lower end may lead to such a port."""
        reflective = self._hypervisor.reflective
        if device is None or not reflective:
            return State.OFF
        if not {device, *stack.lower}.isdisjoint(reflective):
            return State.ON
        return State.OFF if set(stack.open_ends) <= set(stack.nics) and stack is not UNKNOWN_STACK else State.UNKNOWN

    def _machine(self, stack: DeviceStack) -> tuple[Machine, tuple[DeviceName, ...]]:
        """Return the kind of the hypervisor's machine: by the NICs under a device, else by other facts."""
        host = self._hypervisor
        virtual = tuple(name for name in stack.nics if name in self._virtual_nics)
        if virtual or (stack.entry is not NicKind.FILLING and self._virtual_nics):
            return Machine.VIRTUAL, virtual or self._virtual_nics
        if is_physical(host) or stack.entry is NicKind.FILLING:
            return Machine.PHYSICAL, ()
        return host.machine, ()
