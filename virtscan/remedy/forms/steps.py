"""A change as commands of a shell: the same in every form, except how a setting is written."""

from collections.abc import Callable

import msgspec

from virtscan.remedy.forms.check import FUNCTIONS, call
from virtscan.remedy.plan import Change, Steps, SwitchedDevice


class SettingCommands(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that keep one device off: commands that write and remove the setting, and its name."""

    write: str
    remove: str
    means: str


def steps(change: Change, setting: Callable[[SwitchedDevice], SettingCommands]) -> Steps:
    """Write the change; the devices are switched from the bottom up, and back in the opposite order."""
    settings = [setting(device) for device in change.devices if device.lasting]
    undone = "".join(commands.remove for commands in settings)
    return Steps(
        now="".join(f"ethtool -K {device.word} tx off\n" for device in change.devices if device.now) or None,
        lasting="".join(commands.write for commands in settings) or None,
        means="; ".join(dict.fromkeys(commands.means for commands in settings)),
        check=FUNCTIONS + call(SwitchedDevice(interface=change.top).word),
        undo=undone + "".join(_on(device) for device in reversed(change.devices) if device.now),
    )


def features(device: SwitchedDevice) -> tuple[str, ...]:
    """Return the words after `ethtool -K DEVICE` that switch it on again as it was.

    `tx` is the word for every feature `tx-checksum-…` that ethtool and kernels of all ages know. Segmentation offload,
    still requested, then comes back by itself.
    """
    return tuple(word for name in device.switched_on for word in (name, "on")) or ("tx", "on")


def _on(device: SwitchedDevice) -> str:
    return f"ethtool -K {device.word} {' '.join(features(device))}\n"
