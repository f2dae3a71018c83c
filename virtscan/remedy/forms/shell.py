"""Plain commands, made persistent by a udev rule, which works with any network manager since RHEL 6."""

import shlex

from virtscan.remedy.forms.steps import SettingCommands
from virtscan.remedy.plan import SwitchedDevice


def setting(device: SwitchedDevice) -> SettingCommands:
    """Keep a device off by a udev rule."""
    return SettingCommands(
        write=write_file(rule_path(device), rule(device)),
        remove=f'rm -f "{rule_path(device)}"\n',
        means="a udev rule",
    )


def write_file(path: str, *lines: str) -> str:
    """Return the command that writes a file: one line, which can be indented and copied as a whole."""
    return f"printf '%s\\n' {' '.join(map(_quoted, lines))} >\"{path}\"\n"


def _quoted(line: str) -> str:
    """Quote a line; the shell replaces variables in it."""
    return '"' + line.replace('"', '\\"') + '"' if "$" in line else shlex.quote(line)


def rule_path(device: SwitchedDevice) -> str:
    """Return the file of the rule, which sorts after those that name devices."""
    return f"/etc/udev/rules.d/99-virtscan-{device.text}.rules"


def rule(device: SwitchedDevice) -> str:
    """Write the rule that switches the device off whenever it appears; every distribution has /sbin/ethtool.

    Source:
        udev(7): RUN is executed after a device got its name; for a renamed device, `move` follows with
        KERNEL= its new name; at boot, coldplug triggers `add` for every device again.
    """
    name = device.text
    return f'ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="{name}", RUN+="/sbin/ethtool -K {name} tx off"'
