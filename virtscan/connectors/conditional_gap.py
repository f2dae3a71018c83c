"""Gaps about devices that count only if no other source describes these devices."""

from collections.abc import Iterable, Mapping

import msgspec

from virtscan.model import Backing, Device, DeviceName, Domain, Gap
from virtscan.model.states import STACKED


class ConditionalGap(msgspec.Struct, frozen=True, kw_only=True):
    """A gap that counts only while `device`, or with None any device under a macvtap, remains unknown."""

    gap: Gap
    device: DeviceName | None = None


def is_needed(conditional: ConditionalGap, domains: Iterable[Domain], devices: Mapping[DeviceName, Device]) -> bool:
    """Return True if the gap leaves a device under a macvtap unknown."""
    if conditional.device is not None:
        return conditional.device not in devices
    attachments = (a for domain in domains for interface in domain.interfaces for a in interface.attachments)
    under_macvtaps = {a.device for a in attachments if a.mode is not None and a.device is not None}
    return not all(_is_known(name, devices) for name in under_macvtaps)


def _is_known(name: DeviceName, devices: Mapping[DeviceName, Device]) -> bool:
    """Return True if the device and all devices below it are known, down to the lowest."""
    waiting = [name]
    seen: set[DeviceName] = set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        device = devices.get(current)
        if device is None:
            return False
        if device.kind in STACKED:
            if not device.lower:
                return False
            waiting += device.lower
        elif device.backing is Backing.UNKNOWN:
            return False
    return True
