import pytest
from msgspec.structs import replace

from tests.build import domain, macvtap
from virtscan.correlator.exposure import exposure
from virtscan.model import Exposure, Interface, LinkState, Mac, State

MAC = Mac("52:54:00:93:76:af")


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
def test_exposure_says_whether_the_interface_would_boot_from_the_network(
    boots_from: tuple[str, ...], interface: Interface, pending: list[Mac], expected: Exposure
) -> None:
    assert exposure(domain("d", interface, boot_devices=boots_from), interface, frozenset(pending)) is expected
