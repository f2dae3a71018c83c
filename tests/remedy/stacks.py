"""Servers whose sending stack was read, and random ones."""

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from tests.build import server
from virtscan.model import (
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Feature,
    Mac,
    Offload,
    Persistence,
    Server,
    ServerDevice,
    State,
)
from virtscan.model.facts.persistence import SettingInWords

FIXED = {"tx-checksum-ip-generic": Feature(state=State.ON, fixed=True)}
SETTING = "its setting"


def part(
    name: str,
    kind: DeviceKind = DeviceKind.ETHERNET,
    lower: Iterable[str] = (),
    *,
    tx: State = State.ON,
    later: State | None = None,
    fixed: bool = False,
    complete: bool = True,
    mac: str | None = None,
    permanent: str | None = None,
) -> ServerDevice:
    """A device of a server: a NIC without anything below it by default."""
    is_nic = kind is DeviceKind.ETHERNET
    device = Device(
        name=DeviceName(name),
        kind=kind,
        lower=tuple(map(DeviceName, lower)),
        lower_complete=complete,
        backing=Backing.PHYSICAL if is_nic else Backing.VIRTUAL,
        mac=None if mac is None else Mac(mac),
        permanent_mac=None if permanent is None else Mac(permanent),
    )
    persistence = None if later is None else Persistence(tx_checksum=later, setting=SettingInWords(text=SETTING))
    return ServerDevice(
        device=device, offload=Offload(tx_checksum=tx, persistence=persistence, features=FIXED if fixed else {})
    )


def stacked(*devices: ServerDevice, interface: str | None = "eth0") -> Server:
    """A server that lists all of its devices."""
    return server(interface=interface, devices=devices, lists_all_devices=True)


def bonded(*members: ServerDevice, tx: State = State.ON, later: State | None = None, complete: bool = True) -> Server:
    """A server on bond0 with these members, by default eth0 and eth1."""
    members = members or (part("eth0"), part("eth1"))
    names = [member.device.name for member in members]
    return stacked(
        part("bond0", DeviceKind.BOND, names, tx=tx, later=later, complete=complete), *members, interface="bond0"
    )


_BELOW: tuple[tuple[tuple[str, DeviceKind, tuple[str, ...]], ...], ...] = (
    (("eth0", DeviceKind.ETHERNET, ()),),
    (("bond0", DeviceKind.BOND, ("eth0", "eth1")),),
    (("bond0.100", DeviceKind.VLAN, ("bond0",)), ("bond0", DeviceKind.BOND, ("eth0", "eth1"))),
    (("br0", DeviceKind.BRIDGE, ("bond0", "eth2")), ("bond0", DeviceKind.BOND, ("eth0", "eth1"))),
    (("mv0", DeviceKind.MACVLAN, ("eth0",)),),
    (("br0", DeviceKind.BRIDGE, ("mv0", "eth1")), ("mv0", DeviceKind.MACVLAN, ("eth0",))),
)


@st.composite
def servers(draw: DrawFn) -> Server:
    """A server with any stack: each device on, off or unread, now and after a reboot, to be switched or not."""
    stack = draw(st.sampled_from(_BELOW))
    names = [name for name, _, _ in stack]
    nics = sorted({name for _, _, lower in stack for name in lower} - set(names))
    parts = [*stack, *((name, DeviceKind.ETHERNET, ()) for name in nics)]
    states = st.sampled_from((State.ON, State.ON, State.ON, State.OFF, State.UNKNOWN))
    devices = []
    for name, kind, lower in parts:
        tx, later = draw(states), draw(st.none() | states)
        fixed = tx is State.ON and (kind is DeviceKind.MACVLAN or draw(st.integers(0, 5)) == 0)
        complete = draw(st.integers(0, 5)) > 0
        devices.append(part(name, kind, lower, tx=tx, later=later, fixed=fixed, complete=complete))
    if draw(st.integers(0, 5)) == 0:
        tx, later = draw(states), draw(st.none() | states)
        persistence = None if later is None else Persistence(tx_checksum=later, setting=SettingInWords(text=SETTING))
        return server(interface="eth0", tx_checksum=tx, persistence=persistence)
    return stacked(*devices, interface=draw(st.sampled_from([names[0], nics[0] if nics else names[0]])))


def rebooted(server: Server) -> Server:
    """The server after its next reboot, according to its settings."""
    devices = tuple(
        replace(device, offload=replace(device.offload, tx_checksum=_later(device.offload.persistence)))
        for device in server.devices
    )
    return replace(server, devices=devices, tx_checksum=_later(server.persistence))


def _later(persistence: Persistence | None) -> State:
    return State.UNKNOWN if persistence is None else persistence.tx_checksum
