"""Plain commands; lasting by a udev rule, which works whoever manages the network, from RHEL 6 to this day."""

import msgspec

from virtscan.model import State
from virtscan.remedy.plan import Change, Sender, Steps
from virtscan.remedy.script import check


def steps(change: Change) -> Steps:
    """The change by ethtool and a udev rule.

    Source:
        udev(7): RUN is executed after a device got its name; a device that is renamed comes again as `move` with
        KERNEL= its new name, and every device as `add` at boot, when /sys is gone through again.
    """
    device = change.sender
    return Steps(
        now=off(change),
        lasting=f'cat >"{rule_path(device)}" <<EOF\n{rule(device)}EOF\n',
        means="a udev rule",
        check=check(device.word),
        undo=f'rm -f "{rule_path(device)}"\n{on(change)}',
    )


def without_second_setting(change: Change, steps: Steps) -> Steps:
    """Return the steps without the lasting one if a setting turns the offload off at the next boot already."""
    if not change.lasts:
        return steps
    return msgspec.structs.replace(steps, lasting=None, means=None, undo=on(change))


def off(change: Change) -> str | None:
    """Turn it off until the next boot; None when it is off.

    `tx` is the word for every feature `tx-checksum-…`, the one word that ethtool and kernels of all ages know.
    """
    return None if change.tx_checksum is State.OFF else f"ethtool -K {change.sender.word} tx off\n"


def on(change: Change) -> str:
    """Turn it on again as it was; segmentation offload, still asked for, then comes back by itself."""
    if change.tx_checksum is State.OFF:
        return ""
    features = " ".join(f"{name} on" for name in change.sender.switched_on) or "tx on"
    return f"ethtool -K {change.sender.word} {features}\n"


def rule_path(device: Sender) -> str:
    """Where the rule belongs, behind those that name devices."""
    return f"/etc/udev/rules.d/99-virtscan-{device.text}.rules"


def rule(device: Sender) -> str:
    """Turn it off whenever the device appears; /sbin is where every distribution has ethtool, if by a link."""
    name = device.text
    return f'ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="{name}", RUN+="/sbin/ethtool -K {name} tx off"\n'
