"""What lies in /sys/class/net to devices."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from virtscan.hostnet.links import mac
from virtscan.hostnet.natures import CARD, NATURES, NOBODY_KNOWS, Nature
from virtscan.model import Device, DeviceName


def read_sysfs(entries: Mapping[str, str], *, source: str) -> tuple[Device, ...]:
    """Read what is known of /sys/class/net.

    Any part of it will do: `bond2/bonding/slaves`, `bond2/lower_eth4`, `br0/brif/eth0`, `eth4/master`, `eth4/device`
    or anything below it, `bond2/uevent`, `tap0/tun_flags`, `eth4/address`, or `eth4` itself, whose target tells
    hardware from what the kernel made up.

    Args:
        entries: By path below /sys/class/net: a file's text, a link's target, or nothing for what is only there.
        source: Who says it.

    Returns:
        A device for every name in it, by name.
    """
    grouped: dict[str, dict[str, str]] = defaultdict(dict)
    for path, text in entries.items():
        name, _, rest = path.strip("/").partition("/")
        grouped[name][rest] = text
    ports: dict[str, list[str]] = defaultdict(list)
    for name, own in sorted(grouped.items()):
        if master := PurePosixPath(own.get("master", "").strip()).name:
            ports[master].append(name)
    return tuple(
        _device(name, own, ports[name], source)
        for name, own in sorted(grouped.items())
        if name and name != "bonding_masters"
    )


def _device(name: str, own: Mapping[str, str], ports: Iterable[str], source: str) -> Device:
    nature = _nature(own)
    below = (
        *own.get("bonding/slaves", "").split(),
        *sorted(path.removeprefix("brif/").partition("/")[0] for path in own if path.startswith("brif/")),
        *sorted(path.removeprefix("lower_").partition("/")[0] for path in own if path.startswith("lower_")),
        *ports,
    )
    return Device(
        name=DeviceName(name),
        kind=nature.kind,
        lower=tuple(DeviceName(lower) for lower in dict.fromkeys(below)),
        backing=nature.backing,
        mac=mac(own.get("address", "")),
        sources=(source,),
    )


def _nature(own: Mapping[str, str]) -> Nature:
    """The kernel's own word (DEVTYPE), what only one kind has, or a place on a bus; in this order."""
    told = dict(line.split("=", 1) for line in own.get("uevent", "").splitlines() if "=" in line).get("DEVTYPE", "")
    kinds = [told, *(kind for mark, kind in _MARKS.items() if _has(own, mark))]
    known = [NATURES[kind] for kind in kinds if kind in NATURES]
    if known:
        return known[0]
    target = own.get("", "")
    on_a_bus = _has(own, "device") or ("/devices/" in f"/{target}" and "/devices/virtual/" not in f"/{target}")
    return CARD if on_a_bus and not told else NOBODY_KNOWS


_MARKS = {"bonding": "bond", "bridge": "bridge", "brif": "bridge", "tun_flags": "tun"}


def _has(own: Mapping[str, str], mark: str) -> bool:
    return any(path == mark or path.startswith(f"{mark}/") for path in own)
