"""Places as one hypervisor sees them: on it, outside, or either."""

from collections.abc import Collection

import msgspec

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself, OtherMachine, Place, UnlocatedServer
from virtscan.model import DeviceName, Mac


class SeenPlace(msgspec.Struct, frozen=True):
    """A place as one hypervisor sees it: the sources of packets inside it, and the place if it may be outside."""

    inside: tuple[Place, ...]
    outside: Place | None


def seen_from(place: Place, here: str, fleet: Fleet) -> SeenPlace:
    """Return the sources of packets that a place has on the hypervisor `here`, and the place itself if it lies outside.

    A server on a hypervisor that is itself a domain `here` sends out of that domain's NICs, as far as they are known.
    If there are several NICs, only those below the server's own device are known to send for it. A server on a
    hypervisor that may be a domain has both places, of which only one is real.
    """
    if isinstance(place, OtherMachine | UnlocatedServer):
        return SeenPlace((), place)
    if fleet.machines[place.hypervisor] == fleet.machines[here]:
        return SeenPlace((place,), None)
    hypervisor_domains = fleet.hypervisor_domains_on(place.hypervisor, here)
    if not hypervisor_domains:
        return SeenPlace((), place)
    doubtful = all(outer.doubts for outer in hypervisor_domains)
    below = _macs_below(place, fleet)
    nics = (
        GuestNic(
            hypervisor=outer.hypervisor,
            domain=outer.domain,
            interface=nic,
            declared=(not isinstance(place, GuestNic) or place.declared)
            and (len(outer.domain.interfaces) == 1 or nic.mac in below),
            exclusive=doubtful or len(hypervisor_domains) > 1,
            inner=place if isinstance(place, GuestNic) else None,
            doubts=outer.doubts,
        )
        for outer in hypervisor_domains
        for nic in outer.domain.interfaces
    )
    return SeenPlace(tuple(nics), msgspec.structs.replace(place, exclusive=True) if doubtful else None)


def _macs_below(place: GuestNic | HostDevice | HostItself, fleet: Fleet) -> Collection[Mac | None]:
    """Return the MACs of everything below a place's device; none where the device is unknown."""
    devices = fleet.devices_of(place.hypervisor)
    below: dict[DeviceName, None] = {}
    waiting = [name for name in _names(place) if name in devices]
    while waiting:
        name = waiting.pop()
        below[name] = None
        waiting += [lower for lower in devices[name].lower if lower in devices and lower not in below]
    return {mac for name in below for mac in devices[name].macs}


def _names(place: GuestNic | HostDevice | HostItself) -> tuple[DeviceName, ...]:
    match place:
        case GuestNic(interface=interface):
            return tuple(attachment.device for attachment in interface.attachments if attachment.device is not None)
        case HostDevice(device=device):
            return (device.name, *device.lower)
        case HostItself():
            return ()
