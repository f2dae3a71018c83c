"""A systemd.link file, which udev applies when the device appears; since systemd 245."""

from virtscan.model import DeviceKind
from virtscan.remedy import shell
from virtscan.remedy.plan import Change, Sender, Steps
from virtscan.remedy.script import check


def steps(change: Change) -> Steps:
    """The change by ethtool and a .link file, for a card; for what is none by a udev rule.

    Only the first .link file that fits is applied, so a new one takes over the naming of the device, and of a bond,
    VLAN or bridge the choice of its MAC as well, which distributions make in different ways.

    Source:
        systemd.link(5): PermanentMACAddress= fits cards and not what stands on them; TransmitChecksumOffload= switches
        every feature `tx-checksum-…`; a device is renamed only if NamePolicy= or Name= says so.
    """
    device = change.sender
    if device.kind in {DeviceKind.BOND, DeviceKind.VLAN, DeviceKind.BRIDGE}:
        return _by_rule(change)
    path = f"/etc/systemd/network/10-virtscan-{device.text}.link"
    address = "" if device.mac else f"mac=$(cat /sys/class/net/{device.word}/address)\n"
    return Steps(
        now=shell.off(change),
        lasting=f'{address}cat >"{path}" <<EOF\n{_link(device)}EOF\n',
        means="a systemd.link file, which comes before all others and keeps its name",
        check=check(device.word),
        undo=f'rm -f "{path}"\n{shell.on(change)}',
    )


def _by_rule(change: Change) -> Steps:
    steps = shell.steps(change)
    return Steps(
        now=steps.now,
        lasting=steps.lasting,
        means="a udev rule: a .link file would also take over how a bond, VLAN or bridge gets its MAC",
        check=steps.check,
        undo=steps.undo,
    )


def _link(device: Sender) -> str:
    return (
        f"[Match]\nPermanentMACAddress={device.mac or '$mac'}\n\n"
        f"[Link]\nName={device.text}\nTransmitChecksumOffload=no\n"
    )
