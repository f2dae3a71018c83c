"""A systemd.link file, which udev applies when the device appears; since systemd 245."""

from virtscan.model.states import STACKED
from virtscan.remedy.forms import shell
from virtscan.remedy.forms.steps import SettingCommands
from virtscan.remedy.plan import SwitchedDevice


def setting(device: SwitchedDevice) -> SettingCommands:
    """Keep a NIC off by a .link file, and a device over others by a udev rule.

    Only the first matching .link file is applied, so a new one takes over the naming of the device. Of a bond, VLAN or
    bridge it takes over the choice of the MAC as well, which distributions make in different ways. A macvlan has no
    permanent MAC to match either, but no cure switches one: ethtool can't.

    Source:
        systemd.link(5): PermanentMACAddress= matches NICs and not devices above them; TransmitChecksumOffload=
        switches every feature `tx-checksum-…`; a device is renamed only with NamePolicy= or Name=.
    """
    by_rule = shell.setting(device)
    if device.kind in STACKED:
        return SettingCommands(
            write=by_rule.write,
            remove=by_rule.remove,
            means="a udev rule: a .link file would also take over how a bond, VLAN or bridge gets its MAC",
        )
    path = f"/etc/systemd/network/00-virtscan-{device.text}.link"
    return SettingCommands(
        write=_address(device) + shell.write_file(path, *_link(device)),
        remove=f'rm -f "{path}"\n',
        means="a systemd.link file, which sorts before those of netplan and keeps the device name",
    )


def _address(device: SwitchedDevice) -> str:
    """Write the command that reads the permanent MAC, if it is unknown; some virtual devices have none."""
    if device.mac is not None:
        return ""
    return (
        f"mac=$(ethtool -P {device.word} | sed -n 's/^Permanent address: *//p')\n"
        f"case $mac in\n"
        f"'' | not* | 00:00:00:00:00:00) mac=$(cat \"/sys/class/net/{device.text}/address\") ;;\n"
        f"*) ;;\n"
        f"esac\n"
    )


def _link(device: SwitchedDevice) -> tuple[str, ...]:
    match = ("[Match]", f"PermanentMACAddress={device.mac or '$mac'}")
    return (*match, "[Link]", f"Name={device.text}", "TransmitChecksumOffload=no")
