"""NetworkManager's command line, for devices that it manages; since NetworkManager 1.14."""

from virtscan.remedy.plan import Change, Steps
from virtscan.remedy.script import check
from virtscan.remedy.shell import off, on


def steps(change: Change) -> Steps:
    """The change by ethtool, and in the profile that is active on the device, which is not interrupted.

    Source:
        nm-settings-nmcli(5), ethtool: feature-tx is on, off or ignore; nmcli(1): GENERAL.CON-UUID of `device show`.
    """
    device = change.sender.word
    return Steps(
        now=off(change),
        lasting=_modify(device, "off"),
        means="its NetworkManager profile",
        check=check(device),
        undo=f"{_modify(device, 'ignore')}{on(change)}",
    )


def _modify(device: str, value: str) -> str:
    return (
        f"profile=$(nmcli -g GENERAL.CON-UUID device show {device})\n"
        f'nmcli connection modify "${{profile:?NetworkManager has no profile on it}}" ethtool.feature-tx {value}\n'
    )
