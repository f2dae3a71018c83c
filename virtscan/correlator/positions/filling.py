"""Virtual NICs that send only complete checksums."""

from virtscan.correlator.location.places import GuestNic
from virtscan.model import DomainState, Interface, State
from virtscan.model.facts.hypervisors import VIRTIO_MODELS
from virtscan.model.reasons import NicFills

# QEMU fills in the checksums of packets from these models, in software.
_FILLING_MODELS = frozenset({"e1000", "rtl8139"})


def fills(name: str, place: GuestNic) -> NicFills | None:
    """Return whether the server's virtual NIC sends only complete checksums."""
    if place.inner is not None and (filled := fills(name, place.inner)) is not None:
        return filled
    nic: Interface = place.interface
    if nic.model in _FILLING_MODELS:
        return NicFills(server=name, model=nic.model)
    live = place.domain.state is DomainState.ACTIVE
    if live and nic.host_csum is State.OFF and nic.model in VIRTIO_MODELS:
        return NicFills(server=name, model=None)
    return None
