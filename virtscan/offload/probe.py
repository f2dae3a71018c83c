"""The script that a server runs, and what it prints -> an answer.

One script for every way to reach a shell (ssh, this machine). It only reads: of configuration files it sends the lines
that bear on TX checksum offload, never a password that stands beside them.
"""

import re

from virtscan.errors import OffloadError
from virtscan.model import DeviceName
from virtscan.offload.answer import Answer
from virtscan.offload.persistence import Evidence
from virtscan.offload.stack import STACK, read_stack
from virtscan.sections import excerpt, read_sections

# Arguments: the device that is named or nothing, the folder that stands for / in the files read.
# The answer is a list of sections. It only defines functions up to its last line: cut short, it does nothing.
SCRIPT = (
    r"""
answer() {
    device=$1 root=${2-}
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    net=$root/sys/class/net

    say() { printf '@%s\n' "$(printf '%s' "$*" | tr '\n' '?')"; }
    body() { while IFS= read -r line; do printf ' %s\n' "$line"; done; }

    say virtscan 1
    say kernel; uname -r | body
    say udev; udevadm --version 2>/dev/null | body
    stack
    settings
    say end
}
"""
    + STACK
    + r"""
settings() {
    blank='[[:space:]]*'
    lines "^$blank(\[|interface-name|mac-address|type|autoconnect|feature-tx)" \
        "$root"/etc/NetworkManager/system-connections "$root"/run/NetworkManager/system-connections \
        "$root"/usr/lib/NetworkManager/system-connections
    lines "^$blank(export$blank)?(DEVICE|HWADDR|ETHTOOL_OPTS)=" "$root"/etc/sysconfig/network-scripts/ifcfg-*
    match='OriginalName|MACAddress|PermanentMACAddress|Path|Driver|Type|Kind|Property|Host|Virtualization'
    match="$match|KernelCommandLine|KernelVersion|Credential|Architecture|Firmware"
    for folder in etc run usr/local/lib usr/lib lib; do
        lines "^$blank(\[|($match|TransmitChecksumOffload)$blank=)" "$root/$folder"/systemd/network/*.link \
            "$root/$folder"/systemd/network/*.link.d/*.conf
    done
    lines "^$blank(iface|auto|allow-|no-|mapping|source|offload-|[^#]*ethtool)" \
        "$root"/etc/network/interfaces "$root"/etc/network/interfaces.d
    lines '^[^#]*ethtool' "$root"/etc/rc.local "$root"/etc/rc.d/rc.local "$root"/sbin/ifup-local \
        "$root"/etc/NetworkManager/dispatcher.d "$root"/etc/NetworkManager/dispatcher.d/pre-up.d \
        "$root"/etc/udev/rules.d "$root"/etc/systemd/system/*.service
}

# Of the files, and the files in the folders, the lines that fit the pattern; what is not there is no answer.
lines() {
    pattern=$1
    shift
    for place; do
        if [ -d "$place" ]; then
            if [ -r "$place" ] && [ -x "$place" ]; then
                for file in "$place"/*; do [ -d "$file" ] || show "$file"; done
            else
                say unreadable "${place#"$root"}"
            fi
        else
            show "$place"
        fi
    done
}

show() {
    [ -e "$1" ] || return 0
    if [ -r "$1" ] && { [ -f "$1" ] || [ -c "$1" ]; }; then
        say file "${1#"$root"}"
        grep -E "$pattern" "$1" | head -n 1000 | body
    else
        say unreadable "${1#"$root"}"
    fi
}

answer "$@" </dev/null
"""
)


def parse_answer(output: bytes) -> Answer:
    """Read what the script printed.

    Raises:
        OffloadError: The answer is not whole.
    """
    sections = read_sections(output)
    if not sections:
        raise OffloadError(f"it does not answer as a shell would; it says: {excerpt(output)}")
    bodies = {name: text for name, _, text in sections}
    stack = read_stack(sections)
    udev = bodies.get("udev", "").strip()
    unread = "it was not read; name it, the server has too many devices"
    return Answer(
        devices=stack.devices,
        lists_all_devices=stack.lists_all_devices,
        features={DeviceName(argument): text for name, argument, text in sections if name == "ethtool"},
        no_features="there is no ethtool: install it" if "no-ethtool" in bodies else unread,
        reached=next((argument for name, argument, _ in sections if name == "reached"), None) or None,
        kernel=bodies.get("kernel", "").strip() or None,
        machine=stack.machine,
        system_uuid=stack.system_uuid,
        evidence=Evidence(
            files={argument: text for name, argument, text in sections if name == "file"},
            unreadable=tuple(argument for name, argument, _ in sections if name == "unreadable"),
            udev=int(udev) if re.fullmatch(r"[0-9]{1,6}", udev) else None,
        ),
    )
