"""The script that a hypervisor runs, and its output to kernel, machine and network devices.

It only reads: `ip`, /proc and DMI in the form that every version has had, and the names in /sys/class/net.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from virtscan import hostnet
from virtscan.errors import ConnectorError
from virtscan.model import Device, Machine
from virtscan.transport.sections import excerpt, read_sections

SOURCE = "ssh"

# As text, not as JSON, which RHEL 6 and 7 don't have. From /sys only names, because a hypervisor may have hundreds of
# taps, and reading a file costs a process: they show ports, bonds and NICs where an old `ip` does not. A NIC's driver
# is the folder that the shell itself can go to. All lines but the last only define functions: a truncated script does
# nothing.
SCRIPT = r"""
answer() {
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    say virtscan 1
    say uname; uname -srv | body
    say virt; systemd-detect-virt 2>/dev/null | body
    for file in /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/product_uuid; do
        [ -r "$file" ] && { say dmi "${file##*/}"; body < "$file"; }
    done
    for file in /proc/net/bonding/*; do
        [ -r "$file" ] && { say bonding "${file##*/}"; body < "$file"; }
    done
    say vlans; cat /proc/net/vlan/config 2>/dev/null | body
    say links; ip -d link 2>/dev/null | body
    say addresses; ip -o addr 2>/dev/null | body
    say sysfs; devices | body
    say drivers; drivers | body
    say end
}

say() { printf '@%s\n' "$*"; }
body() { while IFS= read -r line; do printf ' %s\n' "$line"; done; }

devices() {
    cd /sys/class/net 2>/dev/null || return 0
    for path in * */bonding */bridge */brif/* */device */lower_* */tun_flags; do
        [ -e "$path" ] && printf '%s\n' "$path"
    done
}

drivers() {
    cd /sys/class/net 2>/dev/null || return 0
    for path in */device/driver; do
        [ -e "$path" ] && (cd -P "$path" && printf '%s/device/driver %s\n' "${path%%/*}" "${PWD##*/}")
    done
}

answer </dev/null
"""


class HostAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A host's facts about itself; `kernel` is None without a Linux release, and `uname` is its whole output.

    `lists_all_devices` is True if `ip -d link` had every device of /sys/class/net.
    """

    uname: str
    kernel: str | None
    kernel_build: str | None
    machine: Machine
    system_uuid: str | None
    devices: tuple[Device, ...]
    lists_all_devices: bool


def parse_answer(output: bytes, *, at: datetime | None) -> HostAnswer:
    """Read the output of the script at that time.

    Raises:
        ConnectorError: The answer is not whole.
    """
    sections = read_sections(output)
    if not sections:
        raise ConnectorError(f"the login shell does not run the script; output: {excerpt(output)}")
    uname = _text(sections, "uname").strip()
    running = hostnet.read_uname(uname)
    dmi = hostnet.read_dmi_files({argument: text for name, argument, text in sections if name == "dmi"})
    devices = hostnet.merge_devices(hostnet.read_devices(sections, source=SOURCE, sysfs=_sysfs(sections)))
    return HostAnswer(
        uname=uname,
        kernel=running.release if running else None,
        kernel_build=running.build if running else None,
        machine=hostnet.read_machine(dmi=dmi, words=_text(sections, "virt").split()),
        system_uuid=hostnet.system_uuid(dmi.uuid),
        devices=tuple(msgspec.structs.replace(device, observed_at=at) for device in devices),
        lists_all_devices=_lists_all_devices(sections),
    )


def _text(sections: Sequence[tuple[str, str, str]], section: str) -> str:
    return "".join(text for name, _, text in sections if name == section)


def _lists_all_devices(sections: Sequence[tuple[str, str, str]]) -> bool:
    shown = {device.name for device in hostnet.read_ip(_text(sections, "links"), source=SOURCE)}
    names = {device.name for device in hostnet.read_sysfs(_sysfs(sections), source=SOURCE)}
    return bool(names) and names <= shown


def _sysfs(sections: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Return the names below /sys/class/net, and the targets of links to drivers."""
    names = dict.fromkeys(_text(sections, "sysfs").split(), "")
    links = (line.partition(" ") for line in _text(sections, "drivers").splitlines())
    return names | {path: driver for path, _, driver in links if path}
