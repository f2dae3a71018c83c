"""Which devices of a server to switch off so that no way out keeps a partial checksum: the one plan of all outputs."""

from collections.abc import Mapping

import msgspec

from virtscan.correlator.sending import SendingStack, WayState, sending_stacks
from virtscan.model import DeviceKind, DeviceName, Feature, Server, State

CHECKSUMS = ("tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming")


class Cure(msgspec.Struct, frozen=True, kw_only=True):
    """The devices to switch, from the bottom up; None in it is the unnamed interface of a server without one.

    `fixed` are those that would have to be switched and can't be: while there are some, a way stays open.
    """

    devices: tuple[DeviceName | None, ...]
    fixed: tuple[DeviceName, ...]

    @property
    def is_complete(self) -> bool:
        """Return True if the switched devices leave no way open."""
        return bool(self.devices) and not self.fixed


def cure(stack: SendingStack) -> Cure:
    """Choose on each way that keeps a partial checksum the lowest device that can be switched.

    The lowest, because bonds and VLANs of a 2.6 kernel refuse `ethtool -K`; a VLAN follows its NIC. Where nothing of
    the stack was read, it is the device that is named.
    """
    if not stack.observed:
        name = stack.top
        is_fixed = any_fixed(stack.server.features)
        return Cure(devices=() if is_fixed else (name,), fixed=(name,) if is_fixed and name else ())
    chosen: dict[DeviceName, None] = {}
    stuck: dict[DeviceName, None] = {}
    for way in stack.ways:
        if way.now is WayState.FILLED and way.after_reboot is not WayState.PARTIAL:
            continue
        able = next((name for name in reversed(way.devices) if _can_be_switched(stack, name)), None)
        if able is not None:
            chosen[able] = None
        else:
            stuck[way.devices[-1]] = None
    return Cure(devices=tuple(chosen), fixed=tuple(stuck))


def stack_of(server: Server, interface: str | None) -> SendingStack:
    """Give the stack of a server that a finding names by its interface; the first one if none has that name."""
    stacks = sending_stacks(server)
    return next((stack for stack in stacks if stack.interface == interface), stacks[0])


def any_fixed(features: Mapping[str, Feature]) -> bool:
    """Return True if a checksum feature is on and can't be switched."""
    found = [features[name] for name in CHECKSUMS if name in features]
    return any(feature.fixed and feature.state is State.ON for feature in found)


def _can_be_switched(stack: SendingStack, name: DeviceName) -> bool:
    one = next((one for one in stack.server.devices if one.device.name == name), None)
    if one is None or one.device.kind is DeviceKind.MACVLAN or any_fixed(one.offload.features):
        return False
    return one.offload.tx_checksum is not State.UNKNOWN
