"""What `ethtool -i` prints to what kind of device a driver makes."""

import re

from virtscan.hostnet.natures import CARD, NATURES, NOBODY_KNOWS, Nature
from virtscan.model import Device, DeviceName

_LINE = re.compile(r"^(driver|bus-info):[^\S\n]*(.*?)[^\S\n]*$", re.MULTILINE)
_KINDS = {"bonding": "bond", "802.1Q VLAN Support": "vlan"}
"""Drivers that are named otherwise than their link kind."""
_NO_BUS = frozenset({"", "N/A", "tap", "tun"})


def read_driver(text: str, *, name: str, source: str) -> tuple[Device, ...]:
    """Read `ethtool -i NAME`: its kind by the driver's name, or a card when it is on a bus.

    Returns:
        The device; nothing when the driver does not tell, or tells nothing that is of use.

    Source:
        Linux: `get_drvinfo` of drivers/net/{bonding,veth,tun,macvlan}.c, net/{8021q,bridge}; `ethtool_get_drvinfo`.
    """
    lines = {line[1]: line[2] for line in _LINE.finditer(text)}
    nature = _nature(lines.get("driver", ""), lines.get("bus-info", ""))
    if nature == NOBODY_KNOWS:
        return ()
    return (Device(name=DeviceName(name), kind=nature.kind, backing=nature.backing, sources=(source,)),)


def _nature(driver: str, bus: str) -> Nature:
    kind = _KINDS.get(driver, driver)
    if kind in NATURES:
        return NATURES[kind]
    return CARD if driver and bus not in _NO_BUS else NOBODY_KNOWS
