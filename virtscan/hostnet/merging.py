"""One list of a host's devices from several sources."""

from collections.abc import Iterable
from operator import attrgetter

import msgspec

from virtscan.model import Device, DeviceName


def merge_devices(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Merge all devices of the same name into one.

    Each fact is taken from the first source that has it, so the more authoritative source must come first. `lower` and
    `lower_complete` are one fact: a complete list replaces an incomplete one. A device is as old as the oldest source
    of its facts.

    Returns:
        Every device once, sorted by name; `sources` lists all its sources in the given order.
    """
    merged: dict[DeviceName, Device] = {}
    for device in devices:
        known = merged.get(device.name)
        merged[device.name] = device if known is None else _completed(known, device)
    return tuple(merged[name] for name in sorted(merged))


def _completed(known: Device, further: Device) -> Device:
    facts: dict[str, object] = {  # values of all the fields of a device
        field: new
        for field, unknown, old, new in zip(_FACTS, _UNKNOWN, _facts(known), _facts(further), strict=True)
        if old == unknown != new
    }
    better = (further.lower_complete, bool(further.lower)) > (known.lower_complete, bool(known.lower))
    if better and (further.lower or not known.lower):  # a NIC is known to have none by its kind, not from a list
        facts |= {"lower": further.lower, "lower_complete": further.lower_complete}
    if not facts and further.sources == known.sources:
        return known
    used = (known, further) if facts else (known,)
    times = [device.observed_at for device in used if device.observed_at is not None]
    sources = tuple(dict.fromkeys((*known.sources, *further.sources)))
    return msgspec.structs.replace(known, **facts, sources=sources, observed_at=min(times, default=None))


_NO_FACTS = frozenset({"name", "sources", "observed_at"})
_ONE_FACT = frozenset({"lower", "lower_complete"})
_FACTS = tuple(field for field in Device.__struct_fields__ if field not in _NO_FACTS | _ONE_FACT)
_facts = attrgetter(*_FACTS)
_UNKNOWN = _facts(Device(name=DeviceName("")))
