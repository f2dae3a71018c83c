"""NetworkManager's command line, for devices that it manages; since NetworkManager 1.14."""

from virtscan.remedy.forms.steps import SettingCommands
from virtscan.remedy.plan import SwitchedDevice


def setting(device: SwitchedDevice) -> SettingCommands:
    """Keep a device off by the profile that is active on it, which for a bond's member is that of the port.

    Source:
        nm-settings-nmcli(5), ethtool: feature-tx is on, off or ignore; nmcli(1): GENERAL.CON-UUID of `device show`.
    """
    return SettingCommands(
        write=_modify(device.word, "off"),
        remove=_modify(device.word, "ignore"),
        means="its NetworkManager profile",
    )


def _modify(device: str, value: str) -> str:
    return (
        f"profile=$(nmcli -g GENERAL.CON-UUID device show {device})\n"
        f'nmcli connection modify "${{profile:?NetworkManager has no profile on it}}" ethtool.feature-tx {value}\n'
    )
