"""A file of /proc/net/bonding to the bond and its members."""

import re

from virtscan.hostnet.links import mac
from virtscan.model import Device, DeviceKind, DeviceName, Mac

_MODE = re.compile(r"^Bonding Mode:", re.MULTILINE)
_MEMBER = re.compile(r"^Slave Interface: (\S+)[^\S\n]*$(?:\n(?!Slave Interface:)(?!Permanent HW).*)*"
                     r"(?:\nPermanent HW addr: (\S+))?", re.MULTILINE)  # fmt: skip


def read_bonding(text: str, *, name: str, source: str) -> tuple[Device, ...]:
    """Read /proc/net/bonding/NAME.

    A member is known by name and by the MAC that it was made with, not by the bond's that it wears: what else it is,
    this file does not say (a veth can be a member, too).

    Returns:
        The bond, then its members in order; nothing from a text that is about no bond.

    Source:
        Linux drivers/net/bonding/bond_procfs.c (bond_main.c before 2.6.39).
    """
    if not _MODE.search(text):
        return ()
    members: dict[DeviceName, Mac | None] = {
        DeviceName(member[1]): mac(member[2] or "") for member in _MEMBER.finditer(text)
    }
    return (
        Device(name=DeviceName(name), kind=DeviceKind.BOND, lower=tuple(members), sources=(source,)),
        *(Device(name=member, mac=address, sources=(source,)) for member, address in members.items()),
    )
