"""Devices of a server to switch off so that no path out keeps a partial checksum: the one plan of all outputs."""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import HostDevice, HostItself, UnlocatedServer, places
from virtscan.correlator.servers.paths import PathState, SendingPath, above_macvlan
from virtscan.correlator.servers.sending import SendingStack, down_to_macvlan, sending, sending_stacks
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.model import Device, DeviceKind, DeviceName, Feature, Inventory, Offload, Server, State

CHECKSUMS = ("tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming")

# The kernel allows more (dev_valid_name), but nothing else is in use, and these need no quotes in any language.
_PLAIN_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,14}"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A device to switch off: `now`, for the time after a reboot (`lasting`), or both.

    `device` is None for the unnamed interface of a server without one.
    """

    device: DeviceName | None
    now: bool
    lasting: bool

    @property
    def word(self) -> str | None:
        """Return the name for a command; None where there is none."""
        return command_word(self.device)


class Cure(msgspec.Struct, frozen=True, kw_only=True):
    """The devices to switch, from the bottom up.

    `fixed` are those that would have to be switched and can't be: while there are some, a path stays open.
    """

    switches: tuple[Switch, ...]
    fixed: tuple[DeviceName, ...]

    @property
    def is_complete(self) -> bool:
        """Return True if the switched devices leave no path open."""
        return bool(self.switches) and not self.fixed

    @property
    def words(self) -> tuple[str | None, ...]:
        """Name the devices that a command switches now; None for one that the command can't name."""
        return tuple(dict.fromkeys(switch.word for switch in self.switches if switch.now))


def cure(stack: SendingStack) -> Cure:
    """Choose the lowest switchable device on each path that keeps a partial checksum, now or after a reboot.

    The lowest, because bonds and VLANs of a 2.6 kernel refuse `ethtool -K`; a VLAN follows its NIC. A path that a
    setting keeps filled after a reboot needs no second setting. Where nothing of the stack was read, the named device
    is chosen.
    """
    if not stack.observed:
        return _of_one_device(stack)
    chosen: dict[DeviceName, Switch] = {}
    stuck: dict[DeviceName, None] = {}
    for path in stack.paths:
        if not _is_open(path, stack):
            continue
        name = next(_candidates(path, stack), None)
        if name is None:
            stuck[path.devices[-1]] = None
            continue
        before = chosen.get(name, Switch(device=name, now=False, lasting=False))
        chosen[name] = Switch(
            device=name,
            now=before.now or path.now is not PathState.FILLED,
            lasting=before.lasting or path.after_reboot is not PathState.FILLED,
        )
    depths = {name: depth for path in stack.paths for depth, name in enumerate(path.devices)}
    switches = sorted(chosen.values(), key=lambda switch: -depths[switch.device or DeviceName("")])
    return Cure(switches=tuple(switches), fixed=tuple(stuck))


def own_devices(stack: SendingStack, fleet: Fleet) -> tuple[Device, ...]:
    """Return the devices of hypervisors that the server is, or that have its MAC."""
    return tuple(place.device for place in places(stack, fleet) if isinstance(place, HostDevice))


def as_judged(stack: SendingStack, fleet: Fleet) -> SendingStack:
    """Return the stack as findings see it, which may be on its hypervisor: a macvlan sends frames to its neighbours."""
    may_be_host = any(isinstance(place, HostDevice | HostItself | UnlocatedServer) for place in places(stack, fleet))
    return down_to_macvlan(stack) if may_be_host else stack


def judged_stacks(inventory: Inventory) -> tuple[SendingStack, ...]:
    """Return the stack that decides for each server, as findings see it, in the order of the servers."""
    fleet = ServerIndex(inventory).fleet
    return tuple(as_judged(sending(server), fleet) for server in inventory.servers)


def cure_of(stack: SendingStack, fleet: Fleet) -> Cure:
    """Work out the cure of a stack as it is judged; a macvlan that only its hypervisor lists can't be switched."""
    macvlans = [device.name for device in own_devices(stack, fleet) if device.kind is DeviceKind.MACVLAN]
    if macvlans and not stack.observed:
        return Cure(switches=(), fixed=tuple(dict.fromkeys(macvlans)))
    return cure(as_judged(stack, fleet))


def command_word(name: str | None) -> str | None:
    """Return a device's name for a command; None for an unnamed one or a name that no command can safely contain."""
    return name if name is not None and re.fullmatch(_PLAIN_NAME, name) else None


def stack_of(server: Server, interface: str | None) -> SendingStack:
    """Return the stack of a server that a finding names by its interface.

    Without such a stack the finding rests on a NIC of the server whose name is unknown.
    """
    stacks = sending_stacks(server)
    named = next((stack for stack in stacks if stack.interface == interface), None)
    if named is not None:
        return named
    return msgspec.structs.replace(stacks[0], interface=None, top=None, observed=False, declared=False)


def server_of(servers: Iterable[Server], name: str | None, interface: str | None) -> Server | None:
    """Return the server that a finding names; of several, the one that sends through the interface, else the first."""
    named = [server for server in servers if server.name == name]
    if len(named) > 1:
        for server in named:
            if any(stack.interface == interface for stack in sending_stacks(server)):
                return server
    return named[0] if named else None


def any_fixed(features: Mapping[str, Feature]) -> bool:
    """Return True if a checksum feature is on and can't be switched."""
    checksums = [features[name] for name in CHECKSUMS if name in features]
    return any(feature.fixed and feature.state is State.ON for feature in checksums)


def offload_of(stack: SendingStack, name: DeviceName | None) -> Offload:
    """Return the known offload of a device; for an unread stack it is that of the server."""
    if stack.observed and name is not None:
        return stack.offload(name)
    server = stack.server
    if not stack.declared:
        return Offload(tx_checksum=stack.tx)
    return Offload(tx_checksum=server.tx_checksum, features=server.features, persistence=server.persistence)


def _of_one_device(stack: SendingStack) -> Cure:
    name = None if stack.interface is None else DeviceName(stack.interface)
    if stack.tx is State.OFF and stack.after_reboot is not State.ON:
        return Cure(switches=(), fixed=())
    if any_fixed(offload_of(stack, name).features):
        return Cure(switches=(), fixed=(name or DeviceName(""),))
    switch = Switch(device=name, now=stack.tx is not State.OFF, lasting=stack.after_reboot is not State.OFF)
    return Cure(switches=(switch,), fixed=())


def _is_open(path: SendingPath, stack: SendingStack) -> bool:
    """Return True if a partial checksum stays on a path, or may after a reboot because a device on it is on then."""
    if path.now is not PathState.FILLED or path.after_reboot is PathState.PARTIAL:
        return True
    lasting = (stack.offload(name).persistence for name in path.devices)
    comes_back = any(persistence is not None and persistence.tx_checksum is State.ON for persistence in lasting)
    return comes_back and path.after_reboot is PathState.UNKNOWN


def _candidates(path: SendingPath, stack: SendingStack) -> Iterator[DeviceName]:
    """Name the devices that can be switched, the best first: already off, else of known state, from the bottom up.

    A macvlan can't be, nor does a device below it help: it hands frames to its neighbours itself. A device that is
    off on a path that is not filled may be a VLAN beside the path, and does not count as off.
    """
    above = above_macvlan(path.devices, stack.server.devices_by_name)
    able = [name for name in reversed(above) if not any_fixed(stack.offload(name).features)]
    already = (State.OFF,) if path.now is PathState.FILLED else ()
    for state in (*already, State.ON, State.UNKNOWN):
        for name in able:
            if stack.offload(name).tx_checksum is state:
                yield name
