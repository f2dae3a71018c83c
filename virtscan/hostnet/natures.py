"""The kernel's words for what a device is, and what they prove."""

import msgspec

from virtscan.model import Backing, DeviceKind


class Nature(msgspec.Struct, frozen=True):
    """What a device is, and whether there is a card behind it.

    Bonds, VLANs and bridges have no backing of their own: that is for what they stand on to say.
    """

    kind: DeviceKind = DeviceKind.UNKNOWN
    backing: Backing = Backing.UNKNOWN


NOBODY_KNOWS = Nature()
CARD = Nature(DeviceKind.ETHERNET, Backing.PHYSICAL)
_VIRTUAL = Nature(DeviceKind.ETHERNET, Backing.VIRTUAL)

NATURES = {
    "bond": Nature(DeviceKind.BOND),
    "vlan": Nature(DeviceKind.VLAN),
    "bridge": Nature(DeviceKind.BRIDGE),
    **dict.fromkeys(("dummy", "ifb", "macvlan", "macvtap", "tun", "veth", "vxlan"), _VIRTUAL),
    # Devices of which not even the kind is ours to name: a team stands on cards, a VRF carries no frames.
    **dict.fromkeys(("geneve", "gretap", "hsr", "ipvlan", "ipvtap", "openvswitch", "team", "vrf"), NOBODY_KNOWS),
}
"""By link kind, as `ip -d link` and netlink name it (IFLA_INFO_KIND). A word that is not here is no kind."""

ON_TOP = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"})
"""Kinds whose `@NAME` is what they stand on; a veth's is its other end."""
