"""The script on real devices, in network namespaces of its own."""

import subprocess
from collections.abc import Mapping

import pytest

from tests.harness.missing import cannot_run
from virtscan.config.source import server_target
from virtscan.model import Backing, Device, DeviceKind, DeviceName, Server, SourceMode, State
from virtscan.offload.probe import SCRIPT, parse_answer
from virtscan.offload.server import observed

pytestmark = pytest.mark.long

INSIDE = 'mount -t sysfs none /sys && {} && sh -s -- "$0"; status=$?; [ -z "${{outer-}}" ] || kill $outer; exit $status'


def read(setup: str, interface: str = "") -> Server:
    """Make devices in a namespace that ends with the script, and run the script there."""
    completed = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", INSIDE.format(setup.strip().replace("\n", " && ")), interface],
        input=SCRIPT.encode(),
        capture_output=True,
        check=False,
    )
    if completed.returncode != 0:
        cannot_run(f"no such devices can be made here: {completed.stderr.decode().strip()}")
    target = server_target("satellite", "local:", interface=interface or None)
    return observed(target, parse_answer(completed.stdout), at=None)


def stack(server: Server) -> Mapping[str, Device]:
    return {device.device.name: device.device for device in server.devices}


def offload(server: Server, name: str) -> State:
    return next(device.offload.tx_checksum for device in server.devices if device.device.name == DeviceName(name))


BRIDGE = """
ip link add br0 type bridge
ip link add veth0 type veth peer name veth1
ip link add veth2 type veth peer name veth3
ip link set veth0 master br0
ip link set veth2 master br0
ip address add 10.0.0.5/24 dev br0
"""


def test_a_bridge_is_read_with_all_its_ports_and_the_offload_of_each() -> None:
    server = read(f"{BRIDGE}ethtool -K veth2 tx off >/dev/null")
    devices = stack(server)

    assert (server.interface, server.lists_all_devices, "lo" in devices) == ("br0", True, False)
    assert (devices["br0"].kind, devices["br0"].lower, devices["br0"].lower_complete) == (
        DeviceKind.BRIDGE,
        ("veth0", "veth2"),
        True,
    )
    assert devices["br0"].addresses == ("10.0.0.5/24",)
    assert {devices[f"veth{number}"].kind for number in range(4)} == {DeviceKind.VETH}
    assert [offload(server, f"veth{number}") for number in range(4)] == [State.ON, State.ON, State.OFF, State.ON]


@pytest.mark.parametrize("mode", [mode for mode in SourceMode if mode is not SourceMode.UNKNOWN])
def test_a_macvlan_is_read_with_its_mode_and_parent_and_can_not_be_switched(mode: SourceMode) -> None:
    word = "passthru" if mode is SourceMode.PASSTHROUGH else mode.value
    server = read(f"ip link add veth0 type veth peer name veth1\nip link add mv0 link veth0 type macvlan mode {word}")
    macvlan = stack(server)["mv0"]

    assert (macvlan.kind, macvlan.mode, macvlan.backing) == (DeviceKind.MACVLAN, mode, Backing.VIRTUAL)
    assert (macvlan.lower, macvlan.lower_complete) == (("veth0",), True)
    (features,) = (device.offload.features for device in server.devices if device.device.name == "mv0")
    assert features["tx-checksum-ip-generic"].fixed


def with_another_namespace(made: str) -> str:
    """Make devices after there is another namespace, that of the process `$outer`."""
    other = "[ ! /proc/$outer/ns/net -ef /proc/$$/ns/net ]"
    return f"{{ unshare -n sleep 1000 >/dev/null 2>&1 & }}; outer=$!; until {other}; do :; done; {made}"


def test_a_container_sees_a_macvlan_without_its_parent() -> None:
    made = (
        "ip link add veth0 type veth peer name veth1; ip link add eth0 link veth0 type macvlan mode bridge; "
        "ip link set veth0 netns $outer; ip address add 10.0.0.5/24 dev eth0"
    )
    server = read(with_another_namespace(made))
    only = stack(server)["eth0"]

    assert (server.interface, only.kind, only.mode) == ("eth0", DeviceKind.MACVLAN, SourceMode.BRIDGE)
    assert (only.lower, only.lower_complete) == ((), False)


def test_a_container_sees_its_end_of_a_veth() -> None:
    made = (
        "ip link add eth0 type veth peer name veth1; ip link set veth1 netns $outer; "
        "ip address add 10.0.0.5/24 dev eth0"
    )
    server = read(with_another_namespace(made))

    assert (server.interface, stack(server)["eth0"].kind, stack(server)["eth0"].lower) == ("eth0", DeviceKind.VETH, ())


def test_three_hundred_veths_are_read_in_one_go() -> None:
    many = "\n".join(f"ip link add v{number} type veth peer name w{number}" for number in range(150))
    server = read(f"{many}\nip address add 10.0.0.5/24 dev v7")

    assert (server.interface, server.lists_all_devices) == ("v7", True)
    assert {device.offload.tx_checksum for device in server.devices if device.device.kind is DeviceKind.VETH} == {
        State.ON
    }
    assert len(server.devices) >= 300
