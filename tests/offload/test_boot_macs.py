"""The MACs by which configuration files find a device at boot."""

import pytest

from virtscan.config.source import server_target
from virtscan.model import Device, DeviceKind, DeviceName, Mac, State
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.persistence import Evidence
from virtscan.offload.server import observed

FIRST, SECOND = Mac("52:54:00:aa:00:01"), Mac("52:54:00:aa:00:02")
OFF_TEXT = "Features for {}:\ntx-checksumming: off\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: off\n"
PORTS = (DeviceName("eth0"), DeviceName("eth1"))
FILES = {
    "link": ("/etc/systemd/network/10-a.link", "[Match]\nMACAddress={}\n[Link]\nTransmitChecksumOffload=no\n"),
    "udev": (
        "/etc/udev/rules.d/50-a.rules",
        'ACTION=="add", SUBSYSTEM=="net", ATTR{{address}}=="{}", RUN+="/sbin/ethtool -K eth1 tx off"\n',
    ),
    "profile": (
        "/etc/NetworkManager/system-connections/a.nmconnection",
        "[connection]\nid=a\ntype=ethernet\n[ethernet]\nmac-address={}\n[ethtool]\nfeature-tx=false\n",
    ),
    "ifcfg": (
        "/etc/sysconfig/network-scripts/ifcfg-a",
        'HWADDR={}\nONBOOT=yes\nETHTOOL_OPTS="-K eth1 tx off"\n',
    ),
}


def after_reboot(name: str, devices: tuple[Device, ...], files: dict[str, str]) -> State:
    answer = ServerAnswer(
        devices=devices,
        features={device.name: OFF_TEXT.format(device.name) for device in devices},
        no_features=NoFeatures.NO_ETHTOOL,
        evidence=Evidence(files=files, udev=252),
    )
    server = observed(server_target("satellite", "local:", interface=name), answer, at=None)
    assert server.persistence is not None
    return server.persistence.tx_checksum


def bond(permanent: Mac | None) -> tuple[Device, ...]:
    """Return a bond with two ports that have its MAC, that of the first port."""
    return (
        Device(name=DeviceName("bond0"), kind=DeviceKind.BOND, mac=FIRST, lower=PORTS),
        Device(name=PORTS[0], mac=FIRST, permanent_mac=FIRST),
        Device(name=PORTS[1], mac=FIRST, permanent_mac=permanent),
    )


@pytest.mark.parametrize("kind", FILES)
def test_a_port_is_not_found_by_the_mac_of_its_bond(kind: str) -> None:
    path, text = FILES[kind]
    files = {path: text.format(FIRST)}

    assert after_reboot("eth1", bond(SECOND), files) is not State.OFF
    assert after_reboot("eth1", bond(None), files) is State.UNKNOWN


@pytest.mark.parametrize("kind", FILES)
def test_a_port_is_found_by_its_permanent_mac(kind: str) -> None:
    path, text = FILES[kind]

    assert after_reboot("eth1", bond(SECOND), {path: text.format(SECOND)}) is State.OFF


def test_a_bond_has_no_mac_when_it_is_made() -> None:
    path, text = FILES["link"]

    assert after_reboot("bond0", bond(SECOND), {path: text.format(FIRST)}) is State.UNKNOWN
    assert after_reboot("eth0", bond(SECOND), {path: text.format(FIRST)}) is State.OFF
