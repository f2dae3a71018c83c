"""What a server's frames pass on their way out, and whether a partial checksum stays partial on it.

A frame stays partial only if every device on its way has the offload on: the first device without it fills the
checksum. Bonds and bridges don't follow their members, so each way from the top of the stack down to a NIC counts by
itself.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum

import msgspec

from virtscan.correlator.location.nic import is_nic
from virtscan.correlator.location.stack import lists_all_below
from virtscan.model import Backing, DeviceKind, DeviceName, Mac, Offload, Server, ServerDevice, State

_MASTERS = frozenset({DeviceKind.BOND, DeviceKind.BRIDGE, DeviceKind.UNKNOWN})


class WayState(Enum):
    """What becomes of a partial checksum on one way."""

    FILLED = "filled"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way from the top of a sending stack down to a NIC, and what becomes of a partial checksum on it.

    `ends_open` is True where more may be below the last device than its source lists.
    """

    devices: tuple[DeviceName, ...]
    now: WayState
    after_reboot: WayState
    ends_open: bool = False


class SendingStack(msgspec.Struct, frozen=True, kw_only=True):
    """The devices that a server sends through, with the state of its offload over all of their ways.

    `interface` is the named device, `top` the bond or bridge above it. `macs` are the MACs of all of its devices,
    `nic_macs` those of the NICs at its bottom, empty where an end is not known to be a NIC. `observed` is False where
    nothing of the stack was read, but at most the state of one device. `declared` is False for a NIC of the server that
    is not declared to serve.
    """

    server: Server
    interface: str | None
    top: DeviceName | None
    devices: tuple[DeviceName, ...]
    ways: tuple[Way, ...]
    tx: State
    after_reboot: State
    macs: frozenset[Mac]
    nic_macs: tuple[Mac, ...]
    on_nics: bool
    observed: bool = True
    declared: bool = True

    def deciding(self) -> tuple[DeviceName, ...]:
        """Name the devices that decide: with the offload on, every device of a partial way; off, the first that fills.

        Empty where nothing of the stack was read.
        """
        if self.tx is State.ON:
            partial = (name for way in self.ways if way.now is WayState.PARTIAL for name in way.devices)
            return tuple(dict.fromkeys(name for name in partial if self.offload(name).tx_checksum is State.ON))
        if self.tx is State.OFF:
            off = (self._first(way, State.OFF) for way in self.ways)
            return tuple(dict.fromkeys(name for name in off if name is not None))
        unread = (name for way in self.ways for name in way.devices)
        return tuple(dict.fromkeys(name for name in unread if self.offload(name).tx_checksum is State.UNKNOWN))

    def offload(self, name: DeviceName) -> Offload:
        """Give the offload state of one device; UNKNOWN for one that the server does not list."""
        found = next((one for one in self.server.devices if one.device.name == name), None)
        return Offload() if found is None else found.offload

    def _first(self, way: Way, state: State) -> DeviceName | None:
        return next((name for name in way.devices if self.offload(name).tx_checksum is state), None)


def with_local_ports(stack: SendingStack) -> SendingStack:
    """Give the stack as guests of its own machine meet it: frames to them leave by taps and veths, not by a NIC."""
    if not stack.observed or stack.top is None:
        return stack
    known = {one.device.name: one for one in stack.server.devices}
    named = [DeviceName(stack.server.interface)] if stack.server.interface else [stack.top]
    ways = tuple(_ways(stack.top, known, named))
    if ways == stack.ways:
        return stack
    return msgspec.structs.replace(
        stack, ways=ways, tx=_over([way.now for way in ways]), after_reboot=_over([way.after_reboot for way in ways])
    )


def of_another_node(stack: SendingStack) -> SendingStack:
    """Give the stack of a machine that shares the server's name and was not read itself."""
    return msgspec.structs.replace(
        stack, interface=None, ways=(), tx=State.UNKNOWN, after_reboot=State.UNKNOWN, observed=False
    )


def down_to_macvlan(stack: SendingStack) -> SendingStack:
    """Give the stack as siblings of its macvlan meet it on one hypervisor: they get the frames before anything below.

    A stack without a macvlan, or of which nothing was read, stays as it is.
    """
    kinds = {one.device.name: one.device.kind for one in stack.server.devices}
    cut = tuple(dict.fromkeys(_down_to_macvlan(way.devices, kinds) for way in stack.ways))
    if cut == tuple(way.devices for way in stack.ways):
        return stack
    known = {one.device.name: one for one in stack.server.devices}
    ways = tuple(_way(names, known, names, ends_open=False) for names in cut)
    return msgspec.structs.replace(
        stack,
        ways=ways,
        tx=_over([way.now for way in ways]),
        after_reboot=_over([way.after_reboot for way in ways]),
    )


def _down_to_macvlan(names: tuple[DeviceName, ...], kinds: Mapping[DeviceName, DeviceKind]) -> tuple[DeviceName, ...]:
    end = next((place for place, name in enumerate(names) if kinds.get(name) is DeviceKind.MACVLAN), len(names))
    return names[: end + 1]


def sending_stacks(server: Server) -> tuple[SendingStack, ...]:
    """Give every stack that a server may send through: the declared ones first, then those of its other devices.

    With a named device there is one declared stack. Without one, each device with an address has a stack of its own.
    """
    known = {one.device.name: one for one in server.devices}
    named = [] if server.interface is None else [DeviceName(server.interface)]
    if not named:
        named = [one.device.name for one in server.devices if one.device.addresses]
    tops = list(dict.fromkeys(_top(name, known) for name in named if name in known))
    if not tops:
        return (_bare(server), *(_stack(server, top, known, (), None, declared=False) for top in _others(known, ())))
    declared = [_stack(server, top, known, named, named[0] if len(tops) == 1 else None) for top in tops]
    used = {name for stack in declared for name in stack.devices}
    return (*declared, *(_stack(server, top, known, (), None, declared=False) for top in _others(known, used)))


def sending(server: Server) -> SendingStack:
    """Give the stack that decides for a server as a whole: of several declared ones the worst."""
    order = (State.ON, State.UNKNOWN, State.OFF)
    declared = [stack for stack in sending_stacks(server) if stack.declared]
    return min(declared, key=lambda stack: (order.index(stack.tx), order.index(stack.after_reboot)))


def _bare(server: Server) -> SendingStack:
    """Make a stack of the one device of which something was read or declared."""
    after = State.UNKNOWN if server.persistence is None else server.persistence.tx_checksum
    name = DeviceName(server.interface) if server.interface else None
    way = Way(
        devices=() if name is None else (name,),
        now=_WAYS[server.tx_checksum],
        after_reboot=_WAYS[after],
    )
    return SendingStack(
        server=server,
        interface=server.interface,
        top=name,
        devices=way.devices,
        ways=(way,),
        tx=server.tx_checksum,
        after_reboot=after,
        macs=frozenset(server.macs),
        nic_macs=server.macs,
        on_nics=False,
        observed=False,
    )


_WAYS = {State.OFF: WayState.FILLED, State.ON: WayState.PARTIAL, State.UNKNOWN: WayState.UNKNOWN}


def _stack(
    server: Server,
    top: DeviceName,
    known: Mapping[DeviceName, ServerDevice],
    named: Collection[DeviceName],
    interface: str | None,
    *,
    declared: bool = True,
) -> SendingStack:
    ways = _without_local_ports(tuple(_ways(top, known, named)), known)
    names = tuple(dict.fromkeys(name for way in ways for name in way.devices))
    macs = {mac for name in names if name in known for mac in _macs(known[name])}
    if declared and interface is not None:
        macs |= {*server.macs, *server.declared_macs}
    elif declared:
        macs |= {*server.declared_macs}
    ends = [known.get(way.devices[-1]) for way in ways]
    on_nics = bool(ends) and not any(way.ends_open for way in ways) and all(end and is_nic(end.device) for end in ends)
    bottom = [end.device.permanent_mac or end.device.mac for end in ends if end is not None]
    return SendingStack(
        server=server,
        interface=interface or top,
        top=top,
        devices=names,
        ways=ways,
        tx=_over([way.now for way in ways]),
        after_reboot=_over([way.after_reboot for way in ways]),
        macs=frozenset(macs),
        nic_macs=tuple(dict.fromkeys(mac for mac in bottom if mac)) if on_nics and all(bottom) else (),
        on_nics=on_nics,
        declared=declared,
    )


def _macs(one: ServerDevice) -> Iterator[Mac]:
    for mac in (one.device.mac, one.device.permanent_mac):
        if mac is not None:
            yield mac


def _over(states: Sequence[WayState]) -> State:
    if WayState.PARTIAL in states:
        return State.ON
    return State.OFF if states and all(state is WayState.FILLED for state in states) else State.UNKNOWN


def _top(name: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> DeviceName:
    """Go up from a device to the bond or bridge that it is a member of, and on to that one's."""
    seen = {name}
    while True:
        above = next(
            (
                one.device.name
                for one in known.values()
                if name in one.device.lower and one.device.kind in _MASTERS and one.device.name not in seen
            ),
            None,
        )
        if above is None:
            return name
        seen.add(above)
        name = above


def _ways(top: DeviceName, known: Mapping[DeviceName, ServerDevice], named: Collection[DeviceName]) -> Iterator[Way]:
    """Walk every way down; a circle ends where it closes."""
    waiting: list[tuple[DeviceName, ...]] = [(top,)]
    while waiting:
        way = waiting.pop(0)
        one = known.get(way[-1])
        below = () if one is None else tuple(name for name in one.device.lower if name not in way)
        waiting += ((*way, name) for name in below)
        complete = one is not None and lists_all_below(one.device)
        if not below or not complete:
            yield _way(way, known, named, ends_open=not complete)


def _way(
    names: tuple[DeviceName, ...],
    known: Mapping[DeviceName, ServerDevice],
    named: Collection[DeviceName],
    *,
    ends_open: bool,
) -> Way:
    offloads = [known[name].offload if name in known else Offload() for name in names]
    now = [one.tx_checksum for one in offloads]
    after = [State.UNKNOWN if one.persistence is None else one.persistence.tx_checksum for one in offloads]
    for place in _doubtful(names, known, named):
        now[place], after[place] = _unless_off(now[place]), _unless_off(after[place])
    kinds = {known[name].device.kind for name in names if name in known}
    # Of a bond or bridge whose members are not all listed, one way is unknown unless something above already fills.
    hidden = ends_open and bool(kinds & {DeviceKind.BOND, DeviceKind.BRIDGE}) and _is_master(names[-1], known)
    return Way(
        devices=names,
        now=_on_way(now, hidden=hidden),
        after_reboot=_on_way(after, hidden=hidden),
        ends_open=ends_open,
    )


def _doubtful(
    names: tuple[DeviceName, ...], known: Mapping[DeviceName, ServerDevice], named: Collection[DeviceName]
) -> Iterator[int]:
    """Give the places of devices above the named one that may be VLANs, through which the server does not send."""
    for place, name in enumerate(names):
        if name in named:
            return
        if name in known and known[name].device.kind is DeviceKind.UNKNOWN and known[name].device.lower:
            yield place


def _unless_off(state: State) -> State:
    return State.UNKNOWN if state is State.OFF else state


def _is_master(name: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> bool:
    return name in known and known[name].device.kind in {DeviceKind.BOND, DeviceKind.BRIDGE}


def _on_way(states: Collection[State], *, hidden: bool) -> WayState:
    if State.OFF in states:
        return WayState.FILLED
    return WayState.PARTIAL if State.ON in states and not hidden else WayState.UNKNOWN


def _without_local_ports(ways: tuple[Way, ...], known: Mapping[DeviceName, ServerDevice]) -> tuple[Way, ...]:
    """Leave out ways to taps and veths of local guests beside a NIC: frames to other machines don't leave by them."""
    local = [way for way in ways if _is_local_port(known.get(way.devices[-1]))]
    outward = tuple(way for way in ways if way not in local)
    has_nic = any((end := known.get(way.devices[-1])) and is_nic(end.device) for way in outward)
    return outward if has_nic else ways


def _is_local_port(one: ServerDevice | None) -> bool:
    """Return True for a tap or veth; a VLAN, bond or bridge of which nothing below is known leads out all the same."""
    ports = {DeviceKind.ETHERNET, DeviceKind.VETH}
    return one is not None and one.device.backing is Backing.VIRTUAL and one.device.kind in ports


def _others(known: Mapping[DeviceName, ServerDevice], used: Iterable[DeviceName]) -> list[DeviceName]:
    """Name the tops of the NICs that no declared stack holds."""
    taken = set(used)
    tops = (_top(name, known) for name, one in known.items() if is_nic(one.device) and name not in taken)
    return [top for top in dict.fromkeys(tops) if top not in taken]
