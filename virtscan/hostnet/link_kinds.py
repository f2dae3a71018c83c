"""Link kinds: the kernel's names for a device, and their meaning."""

import msgspec

from virtscan.model import Backing, DeviceKind


class LinkKind(msgspec.Struct, frozen=True):
    """Kind of a device and whether it is a NIC.

    Bonds, VLANs and bridges have no backing of their own; that of their lower devices counts. `has_lower` is
    False if a device of this kind has no lower device unless it has ports. `has_parent` is True for a device on exactly
    one other, whose name follows the `@`; for a veth, that is its peer.
    """

    kind: DeviceKind = DeviceKind.UNKNOWN
    backing: Backing = Backing.UNKNOWN
    has_lower: bool = True
    has_parent: bool = False


UNKNOWN_KIND = LinkKind()
NIC = LinkKind(DeviceKind.ETHERNET, Backing.PHYSICAL, has_lower=False)
TUNNEL = LinkKind(has_lower=False)
"""A device without members or ports, of a kind that the model lacks."""

_MACVLAN = LinkKind(DeviceKind.MACVLAN, Backing.VIRTUAL, has_parent=True)
_SOFTWARE = LinkKind(DeviceKind.ETHERNET, Backing.VIRTUAL, has_lower=False)

LINK_KINDS = {
    "bond": LinkKind(DeviceKind.BOND),
    "vlan": LinkKind(DeviceKind.VLAN, has_parent=True),
    "bridge": LinkKind(DeviceKind.BRIDGE),
    "macvlan": _MACVLAN,
    "macvtap": _MACVLAN,
    "veth": LinkKind(DeviceKind.VETH, Backing.VIRTUAL, has_lower=False),
    **dict.fromkeys(("ifb", "tun"), _SOFTWARE),
    "dummy": LinkKind(DeviceKind.DUMMY, Backing.VIRTUAL, has_lower=False),
    "vxlan": LinkKind(DeviceKind.ETHERNET, Backing.VIRTUAL),
    # The model has no kind for these: a team is on top of NICs, a VRF carries no frames.
    **dict.fromkeys(("hsr", "openvswitch", "team", "vrf"), UNKNOWN_KIND),
    **dict.fromkeys(("ipvlan", "ipvtap", "macsec"), LinkKind(has_parent=True)),
    **dict.fromkeys(("erspan", "geneve", "gretap", "ip6erspan", "ip6gretap", "wireguard"), TUNNEL),
}
"""By the word of `ip -d link` and netlink (IFLA_INFO_KIND). Other words are not kinds."""

_DRIVERS = {"vif": "xen-netfront", "xen_netfront": "xen-netfront", "netvsc": "hv_netvsc"}
"""Names of drivers in /sys, `ethtool -i` and Ansible that differ from the usual ones."""

_BUSLESS = frozenset({"hv_netvsc", "virtio_net", "vmxnet3", "xen-netfront"})
"""Drivers of NICs for which `ethtool -i` may show no bus."""


def driver_name(word: str) -> str | None:
    """Return the usual name of a NIC's driver; None for an empty word."""
    name = word.strip()
    return _DRIVERS.get(name, name) or None


def is_nic_driver(name: str) -> bool:
    """Return True if a driver of this name makes NICs, with or without a bus."""
    return name in _BUSLESS
