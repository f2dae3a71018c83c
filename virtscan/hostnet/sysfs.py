"""Parser of /sys/class/net."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from virtscan.hostnet.link_kinds import LINK_KINDS, NIC, UNKNOWN_KIND, LinkKind, driver_name
from virtscan.hostnet.links import mac
from virtscan.model import Device, DeviceKind, DeviceName


def read_sysfs(entries: Mapping[str, str], *, source: str, complete: bool = True) -> tuple[Device, ...]:
    """Read any part of /sys/class/net.

    `bond2/bonding/slaves`, `bond2/lower_eth4`, `br0/brif/eth0`, `eth4/master`, `eth4/device` or anything below it,
    `eth4/device/driver`, `bond2/uevent`, `tap0/tun_flags`, `eth4/address`, `eth4/bonding_slave/perm_hwaddr`, or
    `eth4` itself, whose target distinguishes hardware from virtual devices.

    Args:
        entries: By path below /sys/class/net: a file's text, a link's target, or nothing if only its name is known.
        source: The name of the source, for `Device.sources`.
        complete: True if the `lower_*`, `brif/*` and members of a device are all there if one of them is.

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
        _device(name, own, ports[name], source, complete)
        for name, own in sorted(grouped.items())
        if name and name != "bonding_masters"
    )


_MASTERS = frozenset({DeviceKind.BOND, DeviceKind.BRIDGE})


def _device(name: str, own: Mapping[str, str], ports: Iterable[str], source: str, complete: bool) -> Device:
    kind = _link_kind(own)
    listed = (
        *own.get("bonding/slaves", "").split(),
        *sorted(path.removeprefix("brif/").partition("/")[0] for path in own if path.startswith("brif/")),
        *sorted(path.removeprefix("lower_").partition("/")[0] for path in own if path.startswith("lower_")),
    )
    return Device(
        name=DeviceName(name),
        kind=kind.kind,
        lower=tuple(DeviceName(lower) for lower in dict.fromkeys((*listed, *ports))),
        # A bond or bridge without members has an empty list; a VLAN of an old kernel has none.
        lower_complete=complete and (bool(listed) or not kind.has_lower or kind.kind in _MASTERS),
        backing=kind.backing,
        driver=driver_name(PurePosixPath(own.get("device/driver", "").strip()).name) if kind == NIC else None,
        mac=mac(own.get("address", "")),
        permanent_mac=mac(own.get("bonding_slave/perm_hwaddr", "")),
        sources=(source,),
    )


def _link_kind(own: Mapping[str, str]) -> LinkKind:
    """Return the kind by DEVTYPE, else by a file that only one kind has, else a NIC if the device is on a bus."""
    devtype = dict(line.split("=", 1) for line in own.get("uevent", "").splitlines() if "=" in line).get("DEVTYPE", "")
    kinds = [devtype, *(kind for mark, kind in _MARKS.items() if _has(own, mark))]
    known = [LINK_KINDS[kind] for kind in kinds if kind in LINK_KINDS]
    if known:
        return known[0]
    target = own.get("", "")
    on_a_bus = _has(own, "device") or ("/devices/" in f"/{target}" and "/devices/virtual/" not in f"/{target}")
    return NIC if on_a_bus and not devtype else UNKNOWN_KIND


_MARKS = {"bonding": "bond", "bridge": "bridge", "brif": "bridge", "tun_flags": "tun"}


def _has(own: Mapping[str, str], mark: str) -> bool:
    return any(path == mark or path.startswith(f"{mark}/") for path in own)
