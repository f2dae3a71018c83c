"""The devices of a scenario, as the commands that make them on the hypervisor; pure.

Everything is in a network namespace of the scenario's own, and the server in one more: names need not be unique.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from tests.lab.scenario import Lower, Scenario, Way
from virtscan.model import DeviceName

SERVER = "server"
"""The server's network namespace."""

SERVER_DEVICE = DeviceName("srv0")
SERVER_MAC = "52:54:00:77:00:01"
SERVER_ADDRESS = "10.77.0.1"
LOGIN_ADDRESS = "192.0.2.2"
"""Where the server lets administrators in: on a network of its own, as usual."""

RELAYED = ("path0", "path1")
"""Between these two the relay of the lossy way stands."""

SWITCH = "far0"
"""The far end of the cable when nothing but a switch is there."""

_PORT = "port0"
_SOURCE_DEVICES = {Lower.VETH: _PORT, Lower.BRIDGE: "br0", Lower.BOND: "bond0", Lower.VLAN: "bond0.100"}


def source_device(lower: Lower) -> DeviceName:
    """The device that the VM's macvtap stands on."""
    return DeviceName(_SOURCE_DEVICES[lower])


def commands(scenario: Scenario, lower: Lower) -> Iterator[list[str]]:
    """Everything to run, in its order, on a hypervisor that has no devices yet."""
    for line in (*_cable(scenario.way), *_over_the_cable(lower), *_server(scenario.way, source_device(lower))):
        yield shlex.split(line)


def offload_command(switch: str) -> list[str]:
    """Turn the server's TX checksum offload on or off, as its administrator would."""
    return in_server("ethtool", "-K", SERVER_DEVICE, "tx", switch)


def capture_command(device: DeviceName, file: Path) -> list[str]:
    """Capture what passes at the VM's lower device; each frame is in the file at once."""
    return ["tcpdump", "-Z", "root", "--immediate-mode", "-U", "-s", "0", "-w", str(file), "-i", device]


def in_server(*command: str) -> list[str]:
    """The command line that runs a command in the server's namespace, from the hypervisor."""
    return ["ip", "netns", "exec", SERVER, *command]


def _cable(way: Way) -> Iterator[str]:
    """From the hypervisor's port to whatever is at its far end."""
    yield f"ip netns add {SERVER}"
    match way:
        case Way.LOSSY:
            yield f"ip link add {_PORT} type veth peer name {RELAYED[1]}"
            yield f"ip link add {RELAYED[0]} type veth peer name {SERVER_DEVICE} netns {SERVER}"
            yield from (f"ip link set {device} up" for device in RELAYED)
        case Way.DIRECT:
            yield f"ip link add {_PORT} type veth peer name {SERVER_DEVICE} netns {SERVER}"
        case Way.SAME_LOWER | Way.HAIRPIN:
            yield f"ip link add {_PORT} type veth peer name {SWITCH}"
            yield f"ip link set {SWITCH} up"
            if way is Way.HAIRPIN:
                # Without offload of its own a device is given filled checksums: what leaves it looks as behind a card.
                yield f"ethtool -K {_PORT} tx off"
        case _:
            assert_never(way)


def _over_the_cable(lower: Lower) -> Iterator[str]:
    match lower:
        case Lower.VETH:
            pass
        case Lower.BRIDGE:
            yield "ip link add br0 type bridge"
            yield f"ip link set {_PORT} master br0"
        case Lower.BOND | Lower.VLAN:
            yield "ip link add bond0 type bond mode active-backup miimon 100"
            yield f"ip link set {_PORT} master bond0"
            if lower is Lower.VLAN:
                yield "ip link set bond0 up"
                yield "ip link add link bond0 name bond0.100 type vlan id 100"
        case _:
            assert_never(lower)
    yield f"ip link set {_PORT} up"
    yield f"ip link set {source_device(lower)} up"


def _server(way: Way, source: DeviceName) -> Iterator[str]:
    inside = f"ip -n {SERVER}"
    if way in {Way.SAME_LOWER, Way.HAIRPIN}:
        mode = "bridge" if way is Way.SAME_LOWER else "vepa"
        yield f"ip link add link {source} name {SERVER_DEVICE} netns {SERVER} type macvlan mode {mode}"
    yield f"{inside} link set {SERVER_DEVICE} address {SERVER_MAC}"
    yield f"{inside} addr add {SERVER_ADDRESS}/24 dev {SERVER_DEVICE}"
    yield f"{inside} link set {SERVER_DEVICE} up"
    yield f"{inside} link set lo up"
    yield f"ip link add login0 type veth peer name login0 netns {SERVER}"
    yield "ip addr add 192.0.2.1/30 dev login0"
    yield "ip link set login0 up"
    yield f"{inside} addr add {LOGIN_ADDRESS}/30 dev login0"
    yield f"{inside} link set login0 up"
