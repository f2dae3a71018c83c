"""Device stacks: the devices below a device, all the way down, and their consequences."""

from collections.abc import Callable, Collection, Mapping

import msgspec

from virtscan.correlator.devices.nic import NicKind, is_nic
from virtscan.model import Backing, Closed, Device, DeviceKind, DeviceName, SourceMode


class OnBond(Closed):
    """Relation of a device to bonds: it is one or is on top of one; NO only if everything below it is known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class DeviceStack(msgspec.Struct, frozen=True, kw_only=True):
    """A device with everything below it.

    `lower` is in the order in which it is met going down, each device once. `bond` is the bond that is met first.
    `nics` are the NICs at the bottom. `entry` is FILLING if frames from outside reach the device only through NICs that
    fill in checksums. It is VIRTUAL if some end is known to pass partial ones on, else UNKNOWN. `open_ends` are the
    ends that are not known to be filling. A dummy is an end only as the device itself. `mode` is a macvlan's.
    `may_bridge` is True for a device that may be a macvlan in bridge mode: a macvlan of unknown mode, or a device of
    unknown kind on exactly one other.
    """

    kind: DeviceKind
    lower: tuple[DeviceName, ...]
    on_bond: OnBond
    bond: DeviceName | None
    nics: tuple[DeviceName, ...]
    entry: NicKind
    open_ends: tuple[DeviceName, ...]
    mode: SourceMode | None = None
    may_bridge: bool = False


UNKNOWN_STACK = DeviceStack(
    kind=DeviceKind.UNKNOWN,
    lower=(),
    on_bond=OnBond.UNKNOWN,
    bond=None,
    nics=(),
    entry=NicKind.UNKNOWN,
    open_ends=(),
)

_ONE_PARENT = frozenset({DeviceKind.VLAN, DeviceKind.MACVLAN})


def lists_all_below(device: Device) -> bool:
    """Return True if nothing can be below a device that its `lower` lacks."""
    return device.lower_complete or (device.kind in _ONE_PARENT and bool(device.lower)) or is_nic(device)


def follow(
    devices: Mapping[DeviceName, Device], name: DeviceName | None, kind_of: Callable[[Device], NicKind]
) -> DeviceStack:
    """Follow a device down to its NICs.

    An empty `lower` proves nothing by itself, because a macvlan or a team may be listed as an ethernet device. A cycle
    is walked once and adds no end.

    Args:
        devices: The devices of one hypervisor by name.
        name: The device to start from; one that is not among them, and None, is unknown in everything.
        kind_of: Classifies a NIC.
    """
    if name is None or name not in devices:
        return UNKNOWN_STACK
    met, seen = [name], {name}
    nics: list[DeviceName] = []
    ends: dict[DeviceName, NicKind] = {}
    bond: DeviceName | None = None
    all_known = True
    for current in met:  # it grows on the way
        device = devices.get(current) or Device(name=current)
        if current != name and device.kind is DeviceKind.DUMMY:
            continue  # a port that sends nothing
        if is_nic(device):
            nics.append(current)
            ends[current] = kind_of(device)
            continue
        if device.kind is DeviceKind.BOND:
            bond = bond or current
        is_whole = lists_all_below(device)
        if device.kind is DeviceKind.UNKNOWN or not is_whole:
            all_known = False
        if not device.lower or not is_whole:
            virtual = device.backing is Backing.VIRTUAL and not device.lower
            ends[current] = NicKind.VIRTUAL if virtual else NicKind.UNKNOWN
        for below in device.lower:
            if below not in seen:
                seen.add(below)
                met.append(below)
    no_bond = OnBond.NO if all_known and nics else OnBond.UNKNOWN
    return DeviceStack(
        kind=devices[name].kind,
        lower=tuple(met[1:]),
        on_bond=no_bond if bond is None else OnBond.YES,
        bond=bond,
        nics=tuple(nics),
        entry=_worst(ends.values()),
        open_ends=tuple(end for end, kind in ends.items() if kind is not NicKind.FILLING),
        mode=devices[name].mode,
        may_bridge=_may_bridge(devices[name]),
    )


def downwards(name: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> tuple[DeviceName, ...]:
    """Return a device and everything that is known to be below it."""
    return (name, *stacks[name].lower) if name in stacks else (name,)


def real_device(name: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> DeviceName:
    """Return the device that a macvtap is attached to; over a macvlan it is the device below that one."""
    seen = {name}
    while name in stacks and stacks[name].kind is DeviceKind.MACVLAN and stacks[name].lower:
        below = stacks[name].lower[0]
        if below in seen:
            break
        seen.add(below)
        name = below
    return name


def _may_bridge(device: Device) -> bool:
    match device.kind:
        case DeviceKind.MACVLAN:
            return device.mode is None or device.mode is SourceMode.UNKNOWN
        case DeviceKind.UNKNOWN:
            return len(device.lower) == 1 and device.backing is not Backing.PHYSICAL
        case _:
            return False


def _worst(kinds: Collection[NicKind]) -> NicKind:
    order = (NicKind.VIRTUAL, NicKind.UNKNOWN, NicKind.FILLING)
    return next((kind for kind in order if kind in kinds), NicKind.UNKNOWN)
