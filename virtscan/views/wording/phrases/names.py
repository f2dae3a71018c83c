"""Names in sentences."""

from collections.abc import Sequence

from virtscan.model import DeviceName


def sender(name: str, interface: str | None) -> str:
    """Name a server with its interface, if one is named."""
    return f"{name} {interface}" if interface else name


def named(device: DeviceName | None) -> str:
    """Name the interface's device, also one without a name."""
    return device or "the interface's device"


def listed(names: Sequence[str | DeviceName], most: int = 3) -> str:
    """List up to so many names, and the number of the others."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def were(names: Sequence[str]) -> str:
    """Return the verb in the number of the names, in the past."""
    return "was" if len(names) == 1 else "were"
