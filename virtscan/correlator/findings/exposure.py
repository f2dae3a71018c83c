"""Likelihood that an interface boots from the network."""

from virtscan.model import Domain, Exposure, Firmware, Interface, LinkState, Mac, State


def exposure(domain: Domain, interface: Interface, pending: frozenset[Mac]) -> Exposure:
    """Return the urgency of a finding.

    Args:
        domain: Where `<os><boot>` stands, which counts for all interfaces.
        interface: One of the domain's.
        pending: MACs that a provisioning system has set to boot from the network.
    """
    if interface.mac in pending:
        return Exposure.PENDING
    # EFI firmware has a PXE of its own and boots even without the NIC's ROM.
    rom_off = interface.rom is State.OFF and domain.firmware is not Firmware.EFI
    if rom_off or interface.link is LinkState.DOWN or domain.direct_kernel:
        return Exposure.LATENT
    if interface.boot_order is not None or "network" in domain.boot_devices:
        return Exposure.BOOTS
    return Exposure.LATENT
