"""Paths of frames from the top of a server's devices down to a NIC, and partial checksums on them.

A frame stays partial only if every device on its path has the offload on: the first device without it fills the
checksum. Bonds and bridges don't follow their members, so each path counts by itself.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from virtscan.correlator.devices.nic import is_nic
from virtscan.correlator.devices.stack import lists_all_below
from virtscan.model import Backing, Closed, DeviceKind, DeviceName, Offload, ServerDevice, State


class PathState(Closed):
    """Fate of a partial checksum on one path."""

    FILLED = "filled"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class SendingPath(msgspec.Struct, frozen=True, kw_only=True):
    """One path from the top of a sending stack down to a NIC, and the fate of a partial checksum on it.

    `ends_open` is True where more may be below the last device than its source lists.
    """

    devices: tuple[DeviceName, ...]
    now: PathState
    after_reboot: PathState
    ends_open: bool = False


PATH_STATES = {State.OFF: PathState.FILLED, State.ON: PathState.PARTIAL, State.UNKNOWN: PathState.UNKNOWN}


def state_over(states: Sequence[PathState]) -> State:
    """Return the state over several paths: ON if one stays partial, OFF if all are filled, UNKNOWN without a path."""
    if PathState.PARTIAL in states:
        return State.ON
    return State.OFF if states and all(state is PathState.FILLED for state in states) else State.UNKNOWN


def paths_down(
    top: DeviceName, known: Mapping[DeviceName, ServerDevice], named: Collection[DeviceName]
) -> Iterator[SendingPath]:
    """Walk every path down; a circle ends where it closes."""
    waiting: list[tuple[DeviceName, ...]] = [(top,)]
    while waiting:
        path = waiting.pop(0)
        lowest = known.get(path[-1])
        below = () if lowest is None else tuple(name for name in lowest.device.lower if name not in path)
        waiting += ((*path, name) for name in below)
        complete = lowest is not None and lists_all_below(lowest.device)
        if not below or not complete:
            yield path_along(path, known, named, ends_open=not complete)


def path_along(
    names: tuple[DeviceName, ...],
    known: Mapping[DeviceName, ServerDevice],
    named: Collection[DeviceName],
    *,
    ends_open: bool,
    is_possible: bool = False,
) -> SendingPath:
    """Judge the path along some devices, from the top down.

    Args:
        names: The devices of the path.
        known: The devices that the server lists.
        named: The devices that it is declared to serve on.
        ends_open: More may be below the last device.
        is_possible: The devices may be above the server's, and others below them: they certainly fill, or are unknown.
    """
    offloads = [known[name].offload if name in known else Offload() for name in names]
    now = [offload.tx_checksum for offload in offloads]
    after = [State.UNKNOWN if offload.persistence is None else offload.persistence.tx_checksum for offload in offloads]
    doubtful = tuple(_doubtful(names, known, named))
    may_fill = any(now[place] is State.OFF for place in doubtful)
    may_fill_later = any(after[place] is State.OFF for place in doubtful)
    for place in doubtful:
        now[place], after[place] = _unless_off(now[place]), _unless_off(after[place])
    # A device that fills now may also fill after a reboot: the others alone don't put the path "on again".
    open_later = any(before is State.OFF and later is State.UNKNOWN for before, later in zip(now, after, strict=True))
    kinds = {known[name].device.kind for name in names if name in known}
    # Of a bond or bridge whose members are not all listed, one path is unknown unless something above already fills.
    hidden = ends_open and bool(kinds & {DeviceKind.BOND, DeviceKind.BRIDGE}) and _is_master(names[-1], known)
    hidden = hidden or is_possible
    return SendingPath(
        devices=names,
        now=_on_path(now, hidden=hidden or may_fill),
        after_reboot=_on_path(after, hidden=hidden or open_later or may_fill_later),
        ends_open=ends_open,
    )


def _doubtful(
    names: tuple[DeviceName, ...], known: Mapping[DeviceName, ServerDevice], named: Collection[DeviceName]
) -> Iterator[int]:
    """Yield the places of devices above the named one that may be masters or VLANs.

    The server sends through its master, and not through a VLAN.
    """
    for place, name in enumerate(names):
        if name in named:
            return
        if name in known and known[name].device.kind is DeviceKind.UNKNOWN and known[name].device.lower:
            yield place


def above_macvlan(names: tuple[DeviceName, ...], known: Mapping[DeviceName, ServerDevice]) -> tuple[DeviceName, ...]:
    """Return the devices above the first macvlan, or all of them without one."""
    kinds = (known[name].device.kind if name in known else None for name in names)
    return names[: next((place for place, kind in enumerate(kinds) if kind is DeviceKind.MACVLAN), len(names))]


def _unless_off(state: State) -> State:
    return State.UNKNOWN if state is State.OFF else state


def _is_master(name: DeviceName, known: Mapping[DeviceName, ServerDevice]) -> bool:
    return name in known and known[name].device.kind in {DeviceKind.BOND, DeviceKind.BRIDGE}


def _on_path(states: Collection[State], *, hidden: bool) -> PathState:
    if State.OFF in states:
        return PathState.FILLED
    return PathState.PARTIAL if State.ON in states and not hidden else PathState.UNKNOWN


def without_local_ports(
    paths: tuple[SendingPath, ...], known: Mapping[DeviceName, ServerDevice]
) -> tuple[SendingPath, ...]:
    """Leave out paths to taps, veths and dummies if there is a NIC: frames to other machines take that."""
    local = [path for path in paths if _is_local_port(known.get(path.devices[-1]))]
    outward = tuple(path for path in paths if path not in local)
    has_nic = any((end := known.get(path.devices[-1])) and is_nic(end.device) for path in outward)
    return outward if has_nic else paths


def _is_local_port(port: ServerDevice | None) -> bool:
    """Return True for a tap, veth or dummy; a VLAN, bond or bridge leads out if nothing below it is known."""
    if port is None:
        return False
    is_port = port.device.kind in {DeviceKind.ETHERNET, DeviceKind.VETH}
    return port.device.kind is DeviceKind.DUMMY or (is_port and port.device.backing is Backing.VIRTUAL)
