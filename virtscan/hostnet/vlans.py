"""/proc/net/vlan/config to VLAN devices."""

import re

from virtscan.model import Device, DeviceKind, DeviceName

_ROW = re.compile(r"^\s*([^\s|]+)\s*\|\s*(\d{1,4})\s*\|\s*([^\s|]+)\s*$", re.MULTILINE)


def read_vlans(text: str, *, source: str) -> tuple[Device, ...]:
    """Read /proc/net/vlan/config: for each VLAN its number and the device that carries it.

    Source:
        Linux net/8021q/vlanproc.c vlan_seq_show.
    """
    return tuple(
        Device(
            name=DeviceName(row[1]),
            kind=DeviceKind.VLAN,
            lower=(DeviceName(row[3]),),
            vlan_id=int(row[2]),
            sources=(source,),
        )
        for row in _ROW.finditer(text)
    )
