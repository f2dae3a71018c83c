"""What is to be known about one server's change beside the commands."""

import re
from collections.abc import Sequence

from virtscan.correlator.location.places import GuestNic
from virtscan.model import DeviceKind, Server
from virtscan.remedy.plan import Sender

COST = (
    "Cost: the server's CPU computes the checksums of all that this device sends, and segmentation offload (TSO, UDP "
    "segmentation) goes off with it, which depends on it. What it receives, and its other devices, stay as they are."
)

_OLD = re.compile(r"2\.")
_VIRTIO = "virtio"


def notes(server: Server, device: Sender, nics: Sequence[GuestNic], *, fixed: bool) -> tuple[str, ...]:
    """What this device, this kernel and this place make different, one sentence or two each."""
    found = []
    if server.interface is None:
        found.append("Nobody named its interface: set INTERFACE to the one that its answers leave through.")
    elif device.interface is None:
        found.append(
            f"Its interface {server.interface!r} has a name that no command is made of: set INTERFACE yourself."
        )
    if fixed:
        return (*found, *_otherwise(nics))
    found += _below(device)
    if server.kernel is not None and _OLD.match(server.kernel.value):
        found += _long_ago(device)
    return tuple(found)


def _below(device: Sender) -> list[str]:
    """Why not the device underneath.

    Source:
        Linux validate_xmit_skb: the stack fills in the sum when the device that it hands the packet to has no checksum
        feature; a bond and a VLAN hand on what they got.
    """
    match device.kind:
        case DeviceKind.BOND:
            return ["It is a bond: off on the bond itself is what counts, its members keep their offload."]
        case DeviceKind.VLAN:
            return ["It is a VLAN: off on the VLAN itself is enough, and the device below keeps its offload."]
        case DeviceKind.BRIDGE:
            return ["It is a bridge: off on the bridge itself is what counts, its ports keep their offload."]
        case _:
            return []


def _long_ago(device: Sender) -> list[str]:
    """What kernels before 3.0 do otherwise.

    Source:
        Linux 2.6.32: bond_ethtool_ops and vlan_ethtool_ops have no set_tx_csum; ethtool_set_tx_csum turns scatter-
        gather and with it TSO off, and nothing turns them on again.
    """
    found = [
        "This kernel does not turn scatter-gather and TSO on again by itself: note ethtool -k before, and compare."
    ]
    if device.kind in {DeviceKind.BOND, DeviceKind.VLAN}:
        found.append(
            "It can't set this on a bond or VLAN (Operation not supported): set it on every card below instead "
            "(/proc/net/bonding, /proc/net/vlan/config); the bond or VLAN then follows."
        )
    return found


def _otherwise(nics: Sequence[GuestNic]) -> list[str]:
    """What is left where the device can't turn it off."""
    return [
        "Its offload is on [fixed]: this device can't turn it off, so no command is given.",
        "A macvlan (of a container, say) is such a device: ethtool -K fails there, or ends with 0 and changes nothing.",
        "Instead, the best first: give the hypervisors below a fixed kernel.",
        _in_the_domain(nics),
        "Or let the server answer through another device: in a container a veth on a bridge instead of a macvlan.",
        "Or let its firewall fill in UDP checksums, which cures TFTP and the DHCP of dnsmasq, but not HTTP:",
        "  iptables -t mangle -A POSTROUTING -p udp -j CHECKSUM --checksum-fill",
    ]


def _in_the_domain(nics: Sequence[GuestNic]) -> str:
    """Stop the server's own virtual card from sending unfilled sums (rule R6)."""
    change = "<driver><host csum='off'/></driver>"
    if not nics:
        return (
            f"Or, if it is a virtual machine with a virtio card: {change} in its interface (virsh edit), then boot it."
        )
    domain = f"{nics[0].domain.name} on {nics[0].hypervisor}"
    if all((nic.interface.model or "").startswith(_VIRTIO) for nic in nics):
        return (
            f"Or, it is the domain {domain}: {change} in its virtio interface (virsh edit), then power it off and on."
        )
    return f"Or, it is the domain {domain}: give it a virtio interface with {change}, then power it off and on."
