from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import domain, macvtap
from virtscan.correlator.findings.exposure import exposure
from virtscan.model import Exposure, Firmware, Interface, LinkState, Mac, State

MAC = Mac("52:54:00:93:76:af")
BOOTS = {"boot_devices": ("network",)}
EFI, BIOS = ({"firmware": firmware} for firmware in (Firmware.EFI, Firmware.BIOS))


@pytest.mark.parametrize(
    ("boots_from", "interface", "pending", "expected"),
    [
        (("hd",), macvtap(), [], Exposure.LATENT),
        ((), macvtap(), [], Exposure.LATENT),
        (("network",), macvtap(), [], Exposure.BOOTS),
        (("hd", "network"), macvtap(), [], Exposure.BOOTS),
        ((), macvtap(boot_order=2), [], Exposure.BOOTS),
        (("network",), macvtap(rom=State.ON, link=LinkState.UP), [], Exposure.BOOTS),
        (("network",), macvtap(rom=State.OFF), [], Exposure.LATENT),
        ((), macvtap(boot_order=1, rom=State.OFF), [], Exposure.LATENT),
        (("network",), macvtap(link=LinkState.DOWN), [], Exposure.LATENT),
        ((), macvtap(boot_order=1, link=LinkState.DOWN), [], Exposure.LATENT),
        (("hd",), macvtap(), [MAC], Exposure.PENDING),
        (("network",), macvtap(), [Mac("52:54:00:00:00:01")], Exposure.BOOTS),
        (("hd",), replace(macvtap(), mac=None), [MAC], Exposure.LATENT),
    ],
)
def test_exposure_shows_whether_the_interface_would_boot_from_the_network(
    boots_from: tuple[str, ...], interface: Interface, pending: list[Mac], expected: Exposure
) -> None:
    assert exposure(domain("d", interface, boot_devices=boots_from), interface, frozenset(pending)) is expected


@pytest.mark.parametrize(
    ("guest", "interface", "expected"),
    [
        # EFI firmware has its own PXE; BIOS needs the ROM, and so may a firmware that the XML does not name.
        (BOOTS | EFI, macvtap(rom=State.OFF), Exposure.BOOTS),
        (EFI, macvtap(rom=State.OFF, boot_order=1), Exposure.BOOTS),
        (BOOTS | BIOS, macvtap(rom=State.OFF), Exposure.LATENT),
        (BOOTS, macvtap(rom=State.OFF), Exposure.LATENT),
        (BOOTS | BIOS, macvtap(rom=State.UNKNOWN), Exposure.BOOTS),
        # A kernel that is given directly, or a pulled cable, comes first under any firmware.
        (BOOTS | {"direct_kernel": True}, macvtap(), Exposure.LATENT),
        (BOOTS | EFI | {"direct_kernel": True}, macvtap(boot_order=1), Exposure.LATENT),
        (BOOTS | EFI, macvtap(link=LinkState.DOWN), Exposure.LATENT),
        (EFI, macvtap(), Exposure.LATENT),
    ],
)
def test_firmware_decides_what_an_interface_without_a_rom_does(
    guest: dict[str, Any], interface: Interface, expected: Exposure
) -> None:
    guest_domain = domain("d", interface, **guest)

    assert exposure(guest_domain, interface, frozenset()) is expected
    assert exposure(guest_domain, interface, frozenset({MAC})) is Exposure.PENDING
