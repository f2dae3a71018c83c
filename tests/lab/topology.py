"""The devices of a scenario, as the commands that make them on the hypervisor; pure.

Everything is in a network namespace of the scenario's own, and the server, unless it is the hypervisor, in one more:
names need not be unique.
"""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from tests.lab.scenario import Lower, Scenario, Sender, Way
from virtscan.model import DeviceName, State

SERVER = "server"
"""The server's network namespace."""

SERVER_MACS = ("52:54:00:77:00:01", "52:54:00:77:00:02")
CONTAINER_MAC = "02:42:0a:4d:00:01"
SERVER_ADDRESS = "10.77.0.1"

RELAYED = ("path0", "path1")
"""Between these two the relay of the lossy way stands."""

SWITCH = "far0"
"""The far end of the cable."""

PORT = DeviceName("port0")
"""The hypervisor's end of the cable."""

_NICS = (DeviceName("srv0"), DeviceName("srv1"))
_TOPS = {Sender.NIC: _NICS[0], Sender.BRIDGE: DeviceName("br9"), Sender.BOND: DeviceName("bond9")}
_SOURCE_DEVICES = {Lower.VETH: PORT, Lower.BRIDGE: "br0", Lower.BOND: "bond0", Lower.VLAN: "bond0.100"}
_WITH_VIRTUAL_NIC = frozenset({Way.GUEST, Way.VLAN, Way.MACHINE})


class VirtualNic(msgspec.Struct, frozen=True, kw_only=True):
    """A server's tap with what it is connected to: a macvtap, or the far end of the cable."""

    tap: DeviceName
    plug: DeviceName
    is_macvtap: bool
    does: str


def source_device(lower: Lower) -> DeviceName:
    """Return the device that the VM's macvtap stands on."""
    return DeviceName(_SOURCE_DEVICES[lower])


def sending_device(sender: Sender) -> DeviceName:
    """Return the device that has the server's address."""
    return _TOPS[sender]


def server_nics(sender: Sender) -> tuple[DeviceName, ...]:
    """Return the NICs under it."""
    return _NICS if sender is Sender.BOND else _NICS[:1]


def virtual_nics(scenario: Scenario) -> Iterator[VirtualNic]:
    """Return the virtual NICs that the lab has to connect."""
    if scenario.way not in _WITH_VIRTUAL_NIC:
        return
    away = scenario.way is Way.MACHINE
    does = "fill" if away else "lose" if scenario.unfixed else "keep"
    for number, tap in enumerate(server_nics(scenario.sender)):
        plug = SWITCH if away else f"plug{number}"
        yield VirtualNic(tap=tap, plug=DeviceName(plug), is_macvtap=not away, does=does)


def inside(scenario: Scenario) -> tuple[str, ...]:
    """Return the start of a command line that is run on the server, from the hypervisor."""
    return () if scenario.is_on_hypervisor else ("ip", "netns", "exec", SERVER)


def commands(scenario: Scenario, lower: Lower) -> Iterator[list[str]]:
    """Return everything to run, in its order, on a hypervisor that has no devices yet but its NIC, if one is needed."""
    for line in (*_cable(scenario), *_over_the_cable(lower), *_server(scenario, source_device(lower))):
        yield shlex.split(line)


def offload_commands(scenario: Scenario, switch: State) -> Iterator[list[str]]:
    """Return what turns the server's TX checksum offload on or off.

    Of two NICs only the second one is turned on: the problem report's workaround names one, `ethtool -K eth0 tx off`.
    """
    nics = server_nics(scenario.sender)
    for nic in nics:
        state = State.OFF if len(nics) > 1 and nic == nics[0] else switch
        yield [*inside(scenario), "ethtool", "-K", nic, "tx", state.value]


def capture_command(device: DeviceName, file: Path) -> list[str]:
    """Capture what passes at the VM's lower device; each frame is in the file at once."""
    return ["tcpdump", "-Z", "root", "--immediate-mode", "-U", "-s", "0", "-w", str(file), "-i", device]


def _cable(scenario: Scenario) -> Iterator[str]:
    """Make the hypervisor's port and what is at its far end."""
    yield f"ip netns add {SERVER}"
    match scenario.way:
        case Way.LOSSY:
            yield f"ip link add {PORT} type veth peer name {RELAYED[1]}"
            yield f"ip link add {RELAYED[0]} type veth peer name {_NICS[0]} netns {SERVER}"
            yield from (f"ip link set {device} up" for device in RELAYED)
        case Way.DIRECT:
            yield f"ip link add {PORT} type veth peer name {_NICS[0]} netns {SERVER}"
        case Way.MACHINE:
            yield f"ip link add {PORT} type veth peer name {SWITCH} netns {SERVER}"
            yield f"ip -n {SERVER} link set {SWITCH} up"
        case _ if scenario.needs_nic:
            pass
        case _:
            yield f"ip link add {PORT} type veth peer name {SWITCH}"
            yield f"ip link set {SWITCH} up"
            if scenario.way is Way.HAIRPIN:
                # Without offload of its own a device is given filled checksums: what leaves it looks as behind a NIC.
                yield f"ethtool -K {PORT} tx off"


def _over_the_cable(lower: Lower) -> Iterator[str]:
    match lower:
        case Lower.VETH:
            pass
        case Lower.BRIDGE:
            yield "ip link add br0 type bridge"
            yield f"ip link set {PORT} master br0"
        case Lower.BOND | Lower.VLAN:
            yield "ip link add bond0 type bond mode active-backup miimon 100"
            yield f"ip link set {PORT} master bond0"
            if lower is Lower.VLAN:
                yield "ip link set bond0 up"
                yield "ip link add link bond0 name bond0.100 type vlan id 100"
        case _:
            assert_never(lower)
    yield f"ip link set {PORT} up"
    yield f"ip link set {source_device(lower)} up"


def _server(scenario: Scenario, source: DeviceName) -> Iterator[str]:
    nics = server_nics(scenario.sender)
    on_server = "ip" if scenario.is_on_hypervisor else f"ip -n {SERVER}"
    match scenario.way:
        case Way.LOSSY | Way.DIRECT:
            yield f"{on_server} link set {nics[0]} address {SERVER_MACS[0]}"
        case Way.GUEST | Way.VLAN | Way.MACHINE:
            yield from _guest(scenario, source, nics)
        case Way.HOST_MACVLAN:
            yield f"ip link add link {source} name {nics[0]} address {SERVER_MACS[0]} type macvlan mode bridge"
        case Way.CONTAINER_MACVLAN:
            yield _in_server(f"link {source} name {nics[0]}", f"address {CONTAINER_MAC} type macvlan mode bridge")
        case Way.CONTAINER_PORT:
            yield f"ip link add veth0 type veth peer name {nics[0]} netns {SERVER}"
            yield f"ip link set veth0 master {source}"
            yield "ip link set veth0 up"
            yield f"{on_server} link set {nics[0]} address {CONTAINER_MAC}"
        case Way.HAIRPIN:
            yield _in_server(f"link {source} name {nics[0]}", f"address {SERVER_MACS[0]} type macvlan mode vepa")
        case _:
            assert_never(scenario.way)
    top = sending_device(scenario.sender)
    yield from (f"{on_server} {line}" for line in _over_the_nics(scenario.sender, top, nics))
    yield f"{on_server} addr add {SERVER_ADDRESS}/24 dev {top}"
    yield f"{on_server} link set {top} up"
    yield f"{on_server} link set lo up"


def _in_server(over: str, rest: str) -> str:
    return f"ip link add {over} netns {SERVER} {rest}"


def _guest(scenario: Scenario, source: DeviceName, nics: Sequence[DeviceName]) -> Iterator[str]:
    """Make each NIC as the server sees it, and what it is plugged into."""
    if scenario.way is Way.VLAN:
        yield f"ip link add link {source} name {source}.100 type vlan id 100"
        yield f"ip link set {source}.100 up"
        source = DeviceName(f"{source}.100")
    for nic, mac in zip(nics, SERVER_MACS, strict=False):
        yield f"ip -n {SERVER} tuntap add dev {nic} mode tap vnet_hdr"
        yield f"ip -n {SERVER} link set {nic} address {mac}"
    for virtual, mac in zip(virtual_nics(scenario), SERVER_MACS, strict=False):
        if virtual.is_macvtap:
            yield f"ip link add link {source} name {virtual.plug} address {mac} type macvtap mode bridge"
            yield f"ip link set {virtual.plug} up"


def _over_the_nics(sender: Sender, top: DeviceName, nics: Sequence[DeviceName]) -> Iterator[str]:
    match sender:
        case Sender.NIC:
            return
        case Sender.BRIDGE:
            # An address of its own is kept when a port is added.
            yield f"link add {top} address 02:00:00:77:00:09 type bridge"
            yield from (f"link set {nic} master {top}" for nic in nics)
        case Sender.BOND:
            # A macvtap delivers to its own MAC alone, so the active NIC's has to be the bond's.
            yield f"link add {top} type bond mode active-backup miimon 100 fail_over_mac active"
            yield from (f"link set {nic} master {top}" for nic in nics)
            yield f"link set {top} type bond primary {nics[-1]}"
        case _:
            assert_never(sender)
    yield from (f"link set {nic} up" for nic in nics)
