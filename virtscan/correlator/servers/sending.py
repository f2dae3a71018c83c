"""Sending stacks of a server: its devices, with the state of the offload over all paths through them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from virtscan.correlator.devices.nic import is_named_as_local, is_nic
from virtscan.correlator.devices.stack import lists_all_below
from virtscan.correlator.servers.paths import (
    PATH_STATES,
    PathState,
    SendingPath,
    above_macvlan,
    path_along,
    paths_down,
    state_over,
    without_local_ports,
)
from virtscan.model import ASSUMED, Device, DeviceKind, DeviceName, Mac, Offload, Server, ServerDevice, State

_MASTERS = frozenset({DeviceKind.BOND, DeviceKind.BRIDGE, DeviceKind.UNKNOWN})


class SendingStack(msgspec.Struct, frozen=True, kw_only=True):
    """The devices that a server sends through, with the state of its offload over all of their paths.

    `interface` is the named device, `top` the bond or bridge above it. `macs` are the MACs of all of its devices.
    `nic_macs` are those of the NICs at its bottom, empty where an end is not known to be a NIC. `observed` is False
    where nothing of the stack was read, but at most the state of one device. `declared` is False for a NIC of the
    server that is not declared to serve.
    """

    server: Server
    interface: str | None
    top: DeviceName | None
    devices: tuple[DeviceName, ...]
    paths: tuple[SendingPath, ...]
    tx: State
    after_reboot: State
    macs: frozenset[Mac]
    nic_macs: tuple[Mac, ...]
    on_nics: bool
    observed: bool = True
    declared: bool = True

    def deciding(self) -> tuple[DeviceName, ...]:
        """Name the devices that decide: if offload is on, every device of a partial path; if off, the first that fills.

        Empty where nothing of the stack was read.
        """
        if self.tx is State.ON:
            partial = (name for path in self.paths if path.now is PathState.PARTIAL for name in path.devices)
            return tuple(dict.fromkeys(name for name in partial if self.offload(name).tx_checksum is State.ON))
        if self.tx is State.OFF:
            off = (self._first(path, State.OFF) for path in self.paths)
            return tuple(dict.fromkeys(name for name in off if name is not None))
        unread = (name for path in self.paths for name in path.devices)
        return tuple(dict.fromkeys(name for name in unread if self.offload(name).tx_checksum is State.UNKNOWN))

    @property
    def is_assumed(self) -> bool:
        """Return True if the state of a device that decides is assumed."""
        assumed = self.server.assumed_tx
        return bool(assumed) and (not self.observed or not set(assumed).isdisjoint(self.deciding()))

    @property
    def source(self) -> str:
        """The source of the state, as shown."""
        return ASSUMED if self.is_assumed else self.server.source

    @property
    def observed_at(self) -> datetime | None:
        """The time at which the state was observed; None where it was not."""
        return None if self.is_assumed else self.server.observed_at

    @property
    def listed(self) -> tuple[Device, ...]:
        """The devices of the stack that the server's source lists."""
        devices = (server_device.device for server_device in self.server.devices)
        return tuple(device for device in devices if device.name in self.devices)

    def offload(self, name: DeviceName) -> Offload:
        """Return the offload state of one device; UNKNOWN for one that the server does not list."""
        named = next(
            (server_device for server_device in self.server.devices if server_device.device.name == name), None
        )
        return Offload() if named is None else named.offload

    def _first(self, path: SendingPath, state: State) -> DeviceName | None:
        return next((name for name in path.devices if self.offload(name).tx_checksum is state), None)


def with_local_ports(stack: SendingStack) -> SendingStack:
    """Return the stack as guests of its own machine meet it: frames to them leave by taps and veths, not by a NIC."""
    if not stack.observed or stack.top is None:
        return stack
    known = stack.server.devices_by_name
    named = [DeviceName(stack.server.interface)] if stack.server.interface else [stack.top]
    paths = tuple(paths_down(stack.top, known, named))
    if paths == stack.paths:
        return stack
    return _with_paths(stack, paths)


def may_carry_guests(stack: SendingStack) -> bool:
    """Return True if frames leave the stack by taps or veths as well, which guests of its own machine may have."""
    known = stack.server.devices_by_name
    local = set(with_local_ports(stack).paths).difference(stack.paths)
    ends = [known[path.devices[-1]].device for path in local if path.devices[-1] in known]
    return any(end.kind is not DeviceKind.DUMMY for end in ends)


def _with_paths(stack: SendingStack, paths: tuple[SendingPath, ...]) -> SendingStack:
    now, after_reboot = [path.now for path in paths], [path.after_reboot for path in paths]
    return msgspec.structs.replace(stack, paths=paths, tx=state_over(now), after_reboot=state_over(after_reboot))


def of_another_node(stack: SendingStack) -> SendingStack:
    """Return the stack of a machine that shares the server's name and was not read itself."""
    return msgspec.structs.replace(
        stack, interface=None, paths=(), tx=State.UNKNOWN, after_reboot=State.UNKNOWN, observed=False
    )


def down_to_macvlan(stack: SendingStack) -> SendingStack:
    """Return the stack as siblings of its macvlan meet it on one hypervisor: they get the frames before anything below.

    A stack without a macvlan, or of which nothing was read, stays as it is.
    """
    known = stack.server.devices_by_name
    cut = tuple(dict.fromkeys(path.devices[: len(above_macvlan(path.devices, known)) + 1] for path in stack.paths))
    if cut == tuple(path.devices for path in stack.paths):
        return stack
    paths = tuple(path_along(names, known, names, ends_open=False) for names in cut)
    return _with_paths(stack, paths)


def sending_stacks(server: Server) -> tuple[SendingStack, ...]:
    """Return every stack that a server may send through: the declared ones first, then those of its other devices.

    With a named device there is one declared stack. Without one, each device with an address has a stack of its own.
    """
    known = server.devices_by_name
    named = [] if server.interface is None else [DeviceName(server.interface)]
    if not named:
        named = [server_device.device.name for server_device in server.devices if server_device.device.addresses]
    tops = list(dict.fromkeys(_top(name, known) for name in named if name in known))
    if not tops:
        return (_bare(server), *(_stack(server, top, known, (), None, declared=False) for top in _others(known, ())))
    declared = [_stack(server, top, known, named, named[0] if len(tops) == 1 else None) for top in tops]
    used = {name for stack in declared for name in stack.devices}
    return (*declared, *(_stack(server, top, known, (), None, declared=False) for top in _others(known, used)))


def sending(server: Server) -> SendingStack:
    """Return the stack that decides for a server as a whole: of several declared ones the worst."""
    order = (State.ON, State.UNKNOWN, State.OFF)
    declared = [stack for stack in sending_stacks(server) if stack.declared]
    return min(declared, key=lambda stack: (order.index(stack.tx), order.index(stack.after_reboot)))


def _bare(server: Server) -> SendingStack:
    """Make a stack from the only device of which something was read or declared."""
    after = State.UNKNOWN if server.persistence is None else server.persistence.tx_checksum
    name = DeviceName(server.interface) if server.interface else None
    path = SendingPath(
        devices=() if name is None else (name,),
        now=PATH_STATES[server.tx_checksum],
        after_reboot=PATH_STATES[after],
    )
    return SendingStack(
        server=server,
        interface=server.interface,
        top=name,
        devices=path.devices,
        paths=(path,),
        tx=server.tx_checksum,
        after_reboot=after,
        macs=frozenset(server.macs),
        nic_macs=server.macs,
        on_nics=False,
        observed=False,
    )


def _stack(
    server: Server,
    top: DeviceName,
    known: Mapping[DeviceName, ServerDevice],
    named: Collection[DeviceName],
    interface: str | None,
    *,
    declared: bool = True,
) -> SendingStack:
    paths = without_local_ports(tuple(paths_down(top, known, named)), known)
    held = {name for path in paths for name in path.devices}
    masters = (name for name in _may_hold(top, known) if name not in held)
    paths += tuple(path_along((name,), known, named, ends_open=True, is_possible=True) for name in masters)
    names = tuple(dict.fromkeys(name for path in paths for name in path.devices))
    macs = {mac for name in names if name in known for mac in known[name].device.macs}
    if declared and interface is not None:
        macs |= {*server.macs, *server.declared_macs}
    elif declared:
        macs |= {*server.declared_macs}
    ends = [known.get(path.devices[-1]) for path in paths]
    on_nics = (
        bool(ends) and not any(path.ends_open for path in paths) and all(end and is_nic(end.device) for end in ends)
    )
    bottom = [_own_mac(path, known) for path in paths]
    return SendingStack(
        server=server,
        interface=interface or top,
        top=top,
        devices=names,
        paths=paths,
        tx=state_over([path.now for path in paths]),
        after_reboot=state_over([path.after_reboot for path in paths]),
        macs=frozenset(macs),
        nic_macs=tuple(dict.fromkeys(mac for mac in bottom if mac)) if on_nics and all(bottom) else (),
        on_nics=on_nics,
        declared=declared,
    )


def _own_mac(path: SendingPath, known: Mapping[DeviceName, ServerDevice]) -> Mac | None:
    """Return the MAC of the NIC at the end of a path; None if it is unknown.

    A bond or team gives its members its own MAC.
    """
    *above, nic = (known[name].device for name in path.devices if name in known)
    if nic.permanent_mac is not None:
        return nic.permanent_mac
    lent = {server_device.mac for server_device in above if server_device.kind in {DeviceKind.BOND, DeviceKind.UNKNOWN}}
    return None if nic.mac in lent else nic.mac


def _top(name: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> DeviceName:
    """Go up from a device to the bond or bridge that it is a member of, and on to that one's."""
    seen = {name}
    while True:
        above = next(
            (
                master.device.name
                for master in known.values()
                if name in master.device.lower and master.device.kind in _MASTERS and master.device.name not in seen
            ),
            None,
        )
        if above is None:
            return name
        seen.add(above)
        name = above


def _may_hold(top: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> Iterator[DeviceName]:
    """Name the masters that a device may be a member of, because not all of their members are listed.

    They are bonds, bridges, and devices of unknown kind. A team has no kind in many sources, nor has a VLAN or a veth.
    A device with an address is not a member of a team. A VLAN is recognized by its name, a veth of a guest as well.
    """
    is_member = top in known and not known[top].device.addresses
    for name, server_device in known.items():
        if lists_all_below(server_device.device):
            continue
        is_team = is_member and server_device.device.kind is DeviceKind.UNKNOWN and not _is_named_otherwise(name, known)
        if is_team or server_device.device.kind in {DeviceKind.BOND, DeviceKind.BRIDGE}:
            yield name


def _is_named_otherwise(name: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> bool:
    return name.rpartition(".")[0] in known or is_named_as_local(name)


def _others(known: Mapping[DeviceName, ServerDevice], used: Iterable[DeviceName]) -> list[DeviceName]:
    """Name the tops of the NICs that no declared stack holds."""
    taken = set(used)
    tops = (
        _top(name, known) for name, server_device in known.items() if is_nic(server_device.device) and name not in taken
    )
    return [top for top in dict.fromkeys(tops) if top not in taken]
