"""Likelihood that an interface boots from the network."""

from virtscan.model import Domain, Exposure, Firmware, Interface, LinkState, Mac, State

# Before Python 3.12 the members of an enum are slow to look up, and this is done for every interface.
_PENDING, _BOOTS, _LATENT = Exposure.PENDING, Exposure.BOOTS, Exposure.LATENT
_OFF, _DOWN, _EFI = State.OFF, LinkState.DOWN, Firmware.EFI


def exposure(domain: Domain, interface: Interface, pending: frozenset[Mac]) -> Exposure:
    """Return the exposure of an interface.

    Args:
        domain: Its `<os><boot>` applies to all interfaces.
        interface: One of the domain's.
        pending: MACs that a provisioning system has set to boot from the network.
    """
    if interface.mac in pending:
        return _PENDING
    # EFI firmware has a PXE of its own and boots even without the NIC's ROM.
    rom_off = interface.rom is _OFF and domain.firmware is not _EFI
    if rom_off or interface.link is _DOWN or domain.direct_kernel:
        return _LATENT
    if interface.boot_order is not None or "network" in domain.boot_devices:
        return _BOOTS
    return _LATENT
