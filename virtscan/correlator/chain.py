"""What a source device stands on, all the way down, and what that proves."""

from collections import deque
from collections.abc import Mapping
from enum import Enum

import msgspec

from virtscan.model import Backing, Device, DeviceKind, DeviceName


class OnBond(Enum):
    """Does a device stand on a bond, or is it one? NO only when everything below it is known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """A device with everything below it.

    `lower` is in the order in which it is met going down, each device once. `bond` names the bond that was met first.
    `cards` names the network cards at the bottom if it ends in nothing else, so that whatever reaches the device from
    outside came through one of them; it is empty if any end is virtual or unknown.
    """

    kind: DeviceKind
    lower: tuple[DeviceName, ...]
    on_bond: OnBond
    bond: DeviceName | None
    cards: tuple[DeviceName, ...]


UNKNOWN_CHAIN = Chain(kind=DeviceKind.UNKNOWN, lower=(), on_bond=OnBond.UNKNOWN, bond=None, cards=())


def follow(devices: Mapping[DeviceName, Device], name: DeviceName | None) -> Chain:
    """Follow a device down to its cards.

    An empty `lower` proves nothing, for it may mean that nobody looked (a macvlan or a team shows as an ethernet
    device, too); only a card is known to stand on nothing. A circle is walked once and has no end of its own.

    Args:
        devices: The devices of one hypervisor by name.
        name: The device to start from; one that is not among them, and None, is unknown in everything.
    """
    if name is None or name not in devices:
        return UNKNOWN_CHAIN
    seen = {name}
    order: list[DeviceName] = []
    queue = deque([name])
    cards: list[DeviceName] = []
    bond: DeviceName | None = None
    all_known = True
    all_cards = True
    while queue:
        current = queue.popleft()
        device = devices.get(current)
        if device is not None and is_card(device):
            cards.append(current)
            continue
        lower = () if device is None else device.lower
        if device is not None and device.kind is DeviceKind.BOND:
            bond = bond or current
        if device is None or device.kind is DeviceKind.UNKNOWN or not lower:
            all_known = False
        all_cards = all_cards and bool(lower)
        for below in lower:
            if below not in seen:
                seen.add(below)
                order.append(below)
                queue.append(below)
    no_bond = OnBond.NO if all_known and cards else OnBond.UNKNOWN
    return Chain(
        kind=devices[name].kind,
        lower=tuple(order),
        on_bond=no_bond if bond is None else OnBond.YES,
        bond=bond,
        cards=tuple(cards) if all_cards else (),
    )


def is_card(device: Device) -> bool:
    """Whether a device is known to be a network card: it sits on a bus, and is not said to stand on anything.

    libvirt's list of such devices does not say their kind; a bond, VLAN or bridge sits on no bus.
    """
    if device.backing is not Backing.PHYSICAL:
        return False
    return device.kind is DeviceKind.ETHERNET or (device.kind is DeviceKind.UNKNOWN and not device.lower)
