"""Parsers of /proc/net/bonding and /proc/net/vlan."""

import re

from virtscan.hostnet.links import mac
from virtscan.model import Device, DeviceKind, DeviceName, Mac

_MODE = re.compile(r"^Bonding Mode:", re.MULTILINE)
_MEMBER = re.compile(r"^Slave Interface: (\S+)[^\S\n]*$(?:\n(?!Slave Interface:)(?!Permanent HW).*)*"
                     r"(?:\nPermanent HW addr: (\S+))?", re.MULTILINE)  # fmt: skip
_VLAN = re.compile(r"^\s*([^\s|]+)\s*\|\s*(\d{1,4})\s*\|\s*([^\s|]+)\s*$", re.MULTILINE)


def read_bonding(text: str, *, name: str, source: str) -> tuple[Device, ...]:
    """Read /proc/net/bonding/NAME, which lists all members with their permanent MACs.

    The file lacks the kind of a member; a veth can also be one.

    Returns:
        The bond, then its members in order; empty for other text.

    Source:
        Linux drivers/net/bonding/bond_procfs.c (bond_main.c before 2.6.39).
    """
    if not _MODE.search(text):
        return ()
    members: dict[DeviceName, Mac | None] = {
        DeviceName(member[1]): mac(member[2] or "") for member in _MEMBER.finditer(text)
    }
    return (
        Device(
            name=DeviceName(name),
            kind=DeviceKind.BOND,
            lower=tuple(members),
            lower_complete=True,
            sources=(source,),
        ),
        *(Device(name=member, permanent_mac=address, sources=(source,)) for member, address in members.items()),
    )


def read_vlans(text: str, *, source: str) -> tuple[Device, ...]:
    """Read /proc/net/vlan/config: each VLAN with its number and parent.

    Source:
        Linux net/8021q/vlanproc.c vlan_seq_show.
    """
    return tuple(
        Device(
            name=DeviceName(row[1]),
            kind=DeviceKind.VLAN,
            lower=(DeviceName(row[3]),),
            lower_complete=True,
            vlan_id=int(row[2]),
            sources=(source,),
        )
        for row in _VLAN.finditer(text)
    )
