"""What several sources say about a host's devices, as one."""

from collections.abc import Iterable

import msgspec

from virtscan.model import Device, DeviceName


def merge_devices(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Make one device of all that were said to have the same name.

    Each fact is taken from the first that knows it: of two that contradict each other the earlier one counts, so the
    more authoritative source is to be given first. In what order different devices come does not matter. A device is
    as old as the oldest source that a fact of it was taken from.

    Returns:
        Every device once, sorted by name; in `sources` everybody who described it, in the order given.
    """
    merged: dict[DeviceName, Device] = {}
    for device in devices:
        known = merged.get(device.name)
        merged[device.name] = device if known is None else _completed(known, device)
    return tuple(merged[name] for name in sorted(merged))


def _completed(known: Device, further: Device) -> Device:
    unknown = Device(name=known.name)
    facts = {
        field: getattr(further, field)
        for field in _FACTS
        if getattr(known, field) == getattr(unknown, field) != getattr(further, field)
    }
    used = (known, further) if facts else (known,)
    times = [device.observed_at for device in used if device.observed_at is not None]
    sources = tuple(dict.fromkeys((*known.sources, *further.sources)))
    return msgspec.structs.replace(known, **facts, sources=sources, observed_at=min(times, default=None))


_FACTS = tuple(field for field in Device.__struct_fields__ if field not in {"name", "sources", "observed_at"})
