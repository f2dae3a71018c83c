"""The settings that a remedy writes, as the next scan reads them."""

import shlex

import pytest

from virtscan.model import DeviceKind, Feature, Mac, State
from virtscan.offload.persistence import Evidence, forecast
from virtscan.remedy.forms import shell, systemd
from virtscan.remedy.plan import SwitchedDevice

MAC = Mac("52:54:00:aa:bb:cc")
FEATURES = {"tx-checksum-ip-generic": Feature(state=State.OFF), "tx-checksum-ipv4": Feature(state=State.OFF)}


@pytest.mark.parametrize("form", [shell, systemd])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("eth0", DeviceKind.ETHERNET),
        ("enp1s0f0", DeviceKind.ETHERNET),
        ("bond0", DeviceKind.BOND),
        ("bond0.7", DeviceKind.VLAN),
        ("br0", DeviceKind.BRIDGE),
        ("mv0", DeviceKind.MACVLAN),
    ],
)
def test_a_device_stays_off_by_the_file_that_was_written_for_it(form: object, name: str, kind: DeviceKind) -> None:
    setting = (systemd if form is systemd else shell).setting(SwitchedDevice(interface=name, kind=kind, mac=MAC))
    _, _, *lines, target = shlex.split(setting.write)
    path, text = target.removeprefix(">"), "".join(f"{line}\n" for line in lines)
    forecasts = forecast(
        Evidence(files={path: text}, udev=252), device=name, macs=(MAC,), features=FEATURES, now=State.OFF
    )

    assert forecasts.tx_checksum is State.OFF


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DeviceKind.ETHERNET, ".link"),
        (DeviceKind.UNKNOWN, ".link"),
        (DeviceKind.BOND, ".rules"),
        (DeviceKind.VLAN, ".rules"),
        (DeviceKind.BRIDGE, ".rules"),
        (DeviceKind.MACVLAN, ".rules"),
    ],
)
def test_only_a_device_over_others_is_kept_off_by_a_rule_in_place_of_a_link_file(
    kind: DeviceKind, expected: str
) -> None:
    setting = systemd.setting(SwitchedDevice(interface="d0", kind=kind, mac=MAC))

    assert shlex.split(setting.write)[-1].endswith(expected)
