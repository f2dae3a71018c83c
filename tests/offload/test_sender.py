"""The device by which a server sends: named, reached, or the only one that may be meant."""

import pytest

from virtscan.config.source import server_target
from virtscan.errors import OffloadError
from virtscan.model import Device, DeviceName
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.sender import named_sender

LO = Device(name=DeviceName("lo"), addresses=("198.51.100.9/32",))
ETH0 = Device(name=DeviceName("eth0"), addresses=("10.0.0.5/24", "2001:db8::5/64"))
ETH1 = Device(name=DeviceName("eth1"), addresses=("10.77.0.1/24",))
ETH2 = Device(name=DeviceName("eth2"))
VIRBR0 = Device(name=DeviceName("virbr0"), addresses=("10.77.0.1/24",))


@pytest.mark.parametrize(
    ("source", "reached", "devices", "sender"),
    [
        ("local:", None, (LO, ETH0, ETH2), "eth0"),
        ("local:", None, (ETH0, ETH1), None),
        ("local:", "10.77.0.1", (ETH0, ETH1), None),  # where someone logged in is not where it serves
        ("local:", None, (LO, ETH2), None),
        ("ssh://10.77.0.1", None, (ETH0, ETH1), "eth1"),
        ("ssh://root@[2001:db8:0::5]:22", None, (ETH0, ETH1), "eth0"),
        ("ssh://10.0.0.5", "10.77.0.1", (ETH0, ETH1), "eth0"),
        ("ssh://satellite", "10.77.0.1", (ETH0, ETH1), "eth1"),
        ("ssh://satellite", "10.99.0.1", (ETH0, ETH1), None),
        ("ssh://satellite", "fe80::1%eth0", (ETH0, ETH1), None),
        ("ssh://satellite", "10.77.0.1", (ETH0, ETH1, VIRBR0), None),
        ("ssh://198.51.100.9", None, (LO, ETH0, ETH1), None),
        ("sosreport:x", None, (ETH1,), "eth1"),
    ],
)
def test_address_that_was_reached_precedes_the_only_address(
    source: str, reached: str | None, devices: tuple[Device, ...], sender: str | None
) -> None:
    answer = ServerAnswer(devices=devices, reached=reached, no_features=NoFeatures.NO_ETHTOOL)

    assert named_sender(server_target("satellite", source), answer) == sender


def test_name_precedes_every_address() -> None:
    target = server_target("satellite", "ssh://10.77.0.1", interface="eth2")
    answer = ServerAnswer(devices=(ETH0, ETH1, ETH2), no_features=NoFeatures.NO_ETHTOOL)

    assert named_sender(target, answer) == "eth2"
    with pytest.raises(OffloadError, match="eth2: no such device; devices: none"):
        named_sender(target, ServerAnswer(no_features=NoFeatures.NO_ETHTOOL))
