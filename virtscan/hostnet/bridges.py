"""What `brctl show` prints to bridges: the only place where kernels before 3.0 name a bridge's ports as text."""

import re

from virtscan.model import Device, DeviceKind, DeviceName

_ROW = re.compile(
    r"(?P<bridge>\S+)\s+[0-9a-f]{4}\.[0-9a-f]{12}\s+(?:yes|no)(?:\s+(?P<port>\S+))?\s*|\s+(?P<more>\S+)\s*"
)


def read_bridges(text: str, *, source: str) -> tuple[Device, ...]:
    """Read `brctl show`: each bridge with its ports.

    Source:
        bridge-utils brctl/brctl_cmd.c show_bridge.
    """
    ports: dict[DeviceName, list[DeviceName]] = {}
    current: list[DeviceName] = []
    for line in text.splitlines():
        row = _ROW.fullmatch(line)
        if row is None:
            continue
        if row["bridge"]:
            current = ports.setdefault(DeviceName(row["bridge"]), [])
        port = row["port"] or row["more"]
        if port:
            current.append(DeviceName(port))
    return tuple(
        Device(name=name, kind=DeviceKind.BRIDGE, lower=tuple(below), sources=(source,))
        for name, below in ports.items()
    )
