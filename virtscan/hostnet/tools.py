"""Parsers of `brctl show`, `ethtool -i` and `ethtool -P`."""

import re

from virtscan.hostnet.link_kinds import LINK_KINDS, NIC, UNKNOWN_KIND, LinkKind, driver_name, is_nic_driver
from virtscan.hostnet.links import mac
from virtscan.model import Backing, Device, DeviceKind, DeviceName

_ROW = re.compile(
    r"(?P<bridge>\S+)\s+[0-9a-f]{4}\.[0-9a-f]{12}\s+(?:yes|no)(?:\s+(?P<port>\S+))?\s*|\s+(?P<more>\S+)\s*"
)
_LINE = re.compile(r"^(driver|bus-info):[^\S\n]*(.*?)[^\S\n]*$", re.MULTILINE)
_PERMANENT = re.compile(r"^Permanent address: (\S+)$", re.MULTILINE)
_KINDS = {"bonding": "bond", "802.1Q VLAN Support": "vlan"}
"""Drivers whose names differ from their link kinds."""
_NO_BUS = frozenset({"", "N/A", "tap", "tun"})


def read_bridges(text: str, *, source: str) -> tuple[Device, ...]:
    """Read `brctl show`: each bridge with all its ports. Kernels before 3.0 name the ports nowhere else as text.

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
        Device(name=name, kind=DeviceKind.BRIDGE, lower=tuple(below), lower_complete=True, sources=(source,))
        for name, below in ports.items()
    )


def read_driver(text: str, *, name: str, source: str) -> tuple[Device, ...]:
    """Read `ethtool -i NAME`: the kind by the driver's name, or a NIC with its driver if it is on a bus.

    Returns:
        The device; empty if the driver proves nothing.

    Source:
        Linux: `get_drvinfo` of drivers/net/{bonding,veth,tun,macvlan}.c, net/{8021q,bridge}; `ethtool_get_drvinfo`.
    """
    lines = {line[1]: line[2] for line in _LINE.finditer(text)}
    driver = driver_name(lines.get("driver", ""))
    kind = _link_kind(driver, lines.get("bus-info", ""))
    if kind == UNKNOWN_KIND:
        return ()
    return (
        Device(
            name=DeviceName(name),
            kind=kind.kind,
            backing=kind.backing,
            lower_complete=not kind.has_lower,
            driver=driver if kind.backing is Backing.PHYSICAL else None,
            sources=(source,),
        ),
    )


def read_permanent(text: str, *, name: str, source: str) -> tuple[Device, ...]:
    """Read `ethtool -P NAME`; return nothing if it shows no MAC."""
    printed = _PERMANENT.search(text)
    address = mac(printed[1]) if printed else None
    return () if address is None else (Device(name=DeviceName(name), permanent_mac=address, sources=(source,)),)


def _link_kind(driver: str | None, bus: str) -> LinkKind:
    if driver is None:
        return UNKNOWN_KIND
    kind = _KINDS.get(driver, driver)
    if kind in LINK_KINDS:
        return LINK_KINDS[kind]
    return NIC if bus not in _NO_BUS or is_nic_driver(driver) else UNKNOWN_KIND
