"""Resolution of interfaces on libvirt networks, and on devices created beforehand, to devices of the host."""

from collections.abc import Iterable, Mapping

import msgspec

from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    Interface,
    Network,
    SourceMode,
)

_UNKNOWN = (Attachment(None, SourceMode.UNKNOWN),)
_TAPS = frozenset({DeviceKind.ETHERNET, DeviceKind.VETH})


class HostDevices:
    """The devices of a host; `is_complete` if no device of the kernel is missing and each has its kind."""

    def __init__(self, devices: Iterable[Device] = (), *, is_complete: bool = False) -> None:
        self.is_complete = is_complete
        self.by_name = {device.name: device for device in devices}
        self._bridges = {
            port: device.name
            for device in self.by_name.values()
            if device.kind is DeviceKind.BRIDGE
            for port in device.lower
        }

    def bridge_of(self, name: DeviceName) -> DeviceName | None:
        """Return the bridge that the device is a port of."""
        return self._bridges.get(name)


def resolve(domain: Domain, networks: Mapping[str, Network], host: HostDevices | None = None) -> Domain:
    """Fill in the devices of interfaces of type network, and of those on a device created beforehand.

    An interface that already knows its device, as in a running domain, keeps it. A network that is not in `networks`
    could have been anything, macvtap included; so could a device that is not among those of the host. The tap that
    libvirt made for a running domain may be a port of a bridge of the host.

    Returns:
        The domain; the very same object when there was nothing to resolve.
    """
    running = domain.state is DomainState.ACTIVE
    if not any(_is_open(interface, running=running) for interface in domain.interfaces):
        return domain
    host = host or HostDevices()
    interfaces = tuple(
        msgspec.structs.replace(interface, attachments=_attachments(interface, networks, host))
        if _is_open(interface, running=running)
        else interface
        for interface in domain.interfaces
    )
    return domain if interfaces == domain.interfaces else msgspec.structs.replace(domain, interfaces=interfaces)


def _is_open(interface: Interface, *, running: bool) -> bool:
    may_exist = interface.type == "ethernet" and (not interface.managed or (running and interface.target is not None))
    return (interface.type == "network" or may_exist) and not interface.attachments


def _attachments(interface: Interface, networks: Mapping[str, Network], host: HostDevices) -> tuple[Attachment, ...]:
    if interface.type == "ethernet":
        return (
            _created_by_libvirt(interface.target, host)
            if interface.managed
            else _created_beforehand(interface.target, host)
        )
    network = None if interface.network is None else networks.get(interface.network)
    return _UNKNOWN if network is None else network.attachments


def _created_by_libvirt(target: str | None, host: HostDevices) -> tuple[Attachment, ...]:
    """Return the bridge of a running domain's tap, as far as the host's devices show it."""
    if target is None:
        return ()
    bridge = host.bridge_of(DeviceName(target))
    if bridge is not None:
        return (Attachment(bridge, None),)
    attachments = _created_beforehand(target, host)
    return () if attachments == _UNKNOWN else attachments


def _created_beforehand(target: str | None, host: HostDevices) -> tuple[Attachment, ...]:
    """Return the lower device of a tap or macvtap of this name.

    Only a list that gives every device its kind distinguishes a tap from a macvtap, which libvirt's own lists don't.
    """
    device = None if target is None else host.by_name.get(DeviceName(target))
    if device is None:
        return _UNKNOWN
    if device.kind is DeviceKind.MACVLAN:
        return (Attachment(next(iter(device.lower), None), device.mode or SourceMode.UNKNOWN),)
    if device.kind not in _TAPS or not host.is_complete:
        return _UNKNOWN
    bridge = host.bridge_of(device.name)
    return () if bridge is None else (Attachment(bridge, None),)
