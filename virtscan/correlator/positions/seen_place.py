"""Places as one hypervisor sees them: on it, outside, or either."""

import msgspec

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, OtherMachine, Place, UnlocatedServer


class SeenPlace(msgspec.Struct, frozen=True):
    """A place as one hypervisor sees it: the sources of packets inside it, and the place if it may be outside."""

    inside: tuple[Place, ...]
    outside: Place | None


def seen_from(place: Place, here: str, fleet: Fleet) -> SeenPlace:
    """Return the sources of packets that a place has on the hypervisor `here`, and the place itself if it lies outside.

    A server on a hypervisor that is itself a domain `here` sends out of that domain's NICs, as far as they are known.
    One on a hypervisor that may be a domain has both places, of which only one is real.
    """
    if isinstance(place, OtherMachine | UnlocatedServer):
        return SeenPlace((), place)
    if fleet.machines[place.hypervisor] == fleet.machines[here]:
        return SeenPlace((place,), None)
    hypervisor_domains = fleet.hypervisor_domains_on(place.hypervisor, here)
    if not hypervisor_domains:
        return SeenPlace((), place)
    doubtful = all(one.doubts for one in hypervisor_domains)
    nics = (
        GuestNic(
            hypervisor=one.hypervisor,
            domain=one.domain,
            interface=nic,
            declared=place.declared if isinstance(place, GuestNic) else True,
            exclusive=doubtful or len(hypervisor_domains) > 1,
            inner=place if isinstance(place, GuestNic) else None,
            doubts=one.doubts,
        )
        for one in hypervisor_domains
        for nic in one.domain.interfaces
    )
    return SeenPlace(tuple(nics), msgspec.structs.replace(place, exclusive=True) if doubtful else None)
