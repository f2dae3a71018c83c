"""Names in sentences."""

from collections.abc import Sequence

from virtscan.model import DeviceName


def sender(name: str, interface: str | None) -> str:
    """Name a server with its interface, if one is named."""
    return f"{name} {interface}" if interface else name


def named(device: DeviceName | None) -> str:
    """Name the interface's device, also one without a name."""
    return device or "the interface's device"


def listed(names: Sequence[str | DeviceName], most: int = 3, *, total: int | None = None) -> str:
    """List up to `most` names and the number of the others; `total` also counts those not given."""
    shown = ", ".join(names[:most])
    left = (len(names) if total is None else total) - len(names[:most])
    return f"{shown} and {left} more" if left else shown


def were(names: Sequence[str]) -> str:
    """Return the verb in the number of the names, in the past."""
    return "was" if len(names) == 1 else "were"
