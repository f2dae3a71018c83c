"""Notes about one server's change, in addition to the commands."""

import re
from collections.abc import Sequence

from virtscan.correlator.location.places import GuestNic
from virtscan.correlator.servers.cure import Cure, offload_of
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import DeviceKind, State
from virtscan.remedy.plan import SwitchedDevice
from virtscan.views.wording.cures import instead
from virtscan.views.wording.settings import setting_words

COST = (
    "The server's CPU computes the checksums of all packets that the device sends.",
    "Segmentation offload (TSO, UDP segmentation) depends on it and is then also off.",
    "Received packets and other devices are not affected.",
)

_OLD = re.compile(r"2\.")
_REFUSING = frozenset({DeviceKind.BOND, DeviceKind.VLAN})


def notes(
    stack: SendingStack, cure: Cure, switched: Sequence[SwitchedDevice], nics: Sequence[GuestNic]
) -> tuple[str, ...]:
    """Return special conditions of this stack, this kernel and this place, one or two sentences each.

    Args:
        stack: The devices that the server sends through.
        cure: Its cure.
        switched: The devices of the cure, as commands name them.
        nics: The server's NICs, if it is a domain.
    """
    server = stack.server
    sentences = [] if stack.declared else ["This NIC is not declared as the serving interface."]
    if not cure.is_complete:
        return (*sentences, *_instead(stack, cure, nics))
    sentences += _unnamed(stack, switched)
    sentences += _stack(stack, switched)
    sentences += _kept(stack, cure)
    if server.kernel is not None and _OLD.match(server.kernel.value):
        sentences += _old_kernel(switched)
    return tuple(sentences)


def _unnamed(stack: SendingStack, switched: Sequence[SwitchedDevice]) -> list[str]:
    if all(device.interface is not None for device in switched):
        return []
    if stack.interface is None:
        return ["Its interface is not configured: set INTERFACE to the one that sends its answers."]
    return [
        f"The name of its device (interface {stack.interface!r}) can't be used in a command: set INTERFACE yourself."
    ]


def _stack(stack: SendingStack, switched: Sequence[SwitchedDevice]) -> list[str]:
    """Explain the choice of devices.

    Source:
        Linux validate_xmit_skb: the stack fills in the checksum when the device that gets the packet has no checksum
        feature; a bond, bridge or VLAN passes the packet on as it is. A bond or bridge does not follow its members.
    """
    if stack.observed:
        names = [device.interface for device in switched if device.interface is not None]
        if len(names) < 2 or stack.top is None:
            return []
        return [f"Each path out of {stack.top} needs a device with offload off: {', '.join(names)}."]
    if not switched or switched[0].interface is None:
        return []
    name = switched[0].interface
    kinds = {
        DeviceKind.BOND: f"{name} is a bond: turning its offload off is enough; its members keep theirs.",
        DeviceKind.VLAN: f"{name} is a VLAN: turning its offload off is enough; the device below keeps its own.",
        DeviceKind.BRIDGE: f"{name} is a bridge: turning its offload off is enough; its ports keep theirs.",
    }
    choice = [kinds[switched[0].kind]] if switched[0].kind in kinds else []
    return [*choice, f"The devices below and above {name} were not read; the check reads them on the server."]


def _kept(stack: SendingStack, cure: Cure) -> list[str]:
    """Name the settings that already keep a path off after a reboot: a second one is never written."""
    if all(switch.lasting for switch in cure.switches):
        return []
    persistences = [offload_of(stack, name).persistence for name in stack.devices]
    settings = [
        setting_words(persistence.setting)
        for persistence in (*persistences, stack.server.persistence)
        if persistence and persistence.tx_checksum is State.OFF
    ]
    kept = ", ".join(dict.fromkeys(settings))
    names = ", ".join(switch.word or "INTERFACE" for switch in cure.switches if not switch.lasting)
    return [f"{names}: no persistent step needed; a setting keeps this path off after a reboot ({kept})."]


def _old_kernel(switched: Sequence[SwitchedDevice]) -> list[str]:
    """Describe differences of kernels before 3.0.

    Source:
        Linux 2.6.32: bond_ethtool_ops and vlan_ethtool_ops have no set_tx_csum; ethtool_set_tx_csum turns scatter-
        gather and with it TSO off, and does not turn them on again.
    """
    sentences = [
        "This kernel does not turn scatter-gather and TSO on again by itself: save the output of ethtool -k first."
    ]
    if any(device.kind in _REFUSING for device in switched):
        sentences.append(
            "This kernel can't switch a bond or VLAN (Operation not supported): switch every NIC below instead "
            "(/proc/net/bonding, /proc/net/vlan/config); a VLAN follows its NIC."
        )
    return sentences


def _instead(stack: SendingStack, cure: Cure, nics: Sequence[GuestNic]) -> list[str]:
    """List the cures of a path without a switchable device, in the order to try."""
    names = ", ".join(dict.fromkeys(name for name in cure.fixed if name)) or "The device"
    of_path = f"{names}: TX checksum offload can't be switched off on this path (a macvlan, or 'on [fixed]')"
    helps = [
        *instead(stack.server, nics),
        "Update the kernel of the hypervisors.",
    ]
    return [
        f"{of_path}, so no command helps. On a macvlan, ethtool -K fails, or exits with 0 and changes nothing.",
        "Instead, do the first of these that applies:",
        *(f"{number}. {text}" for number, text in enumerate(helps, 1)),
    ]
