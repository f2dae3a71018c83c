"""The script that a server runs, and what it prints -> an answer.

One script for every way to reach a shell (ssh, this machine). It only reads, and only what is about one device: of
configuration files it sends the lines that bear on TX checksum offload, never a password that stands beside them.
"""

import ipaddress
import re

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import DeviceName, Mac
from virtscan.offload.persistence import Evidence
from virtscan.sections import excerpt, read_sections

# Arguments: the device (empty: the only card or bond that is up), the folder that stands for / in the files read.
# The answer is a list of sections. It only defines functions up to its last line: cut short, it does nothing.
SCRIPT = r"""
answer() {
    device=$1 root=${2-}
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    net=$root/sys/class/net

    say() { printf '@%s\n' "$(printf '%s' "$*" | tr '\n' '?')"; }
    body() { while IFS= read -r line; do printf ' %s\n' "$line"; done; }

    say virtscan 1
    say devices
    for path in "$net"/*; do [ -d "$path" ] && printf '%s\n' "${path##*/}"; done | body
    if [ -z "$device" ]; then
        say candidates
        device=$(candidates)
        printf '%s\n' "$device" | body
        case $device in *"
"*) device= ;; esac
    fi
    if [ -n "$device" ] && [ -d "$net/$device" ]; then
        say device "$device"
        features
        say mac; cat "$net/$device/address" 2>/dev/null | body
        say addresses; ip -o addr show dev "$device" 2>/dev/null | body
        say kernel; uname -r | body
        say udev; udevadm --version 2>/dev/null | body
        settings
    fi
    say end
}

candidates() {
    for path in "$net"/*; do
        [ -e "$path/device" ] || [ -e "$path/bonding" ] || continue
        if [ -e "$path/master" ] || [ -e "$path/brport" ]; then continue; fi
        case $(cat "$path/operstate" 2>/dev/null) in
            up | unknown) printf '%s\n' "${path##*/}" ;;
        esac
    done
}

features() {
    if ! command -v ethtool >/dev/null 2>&1; then
        say no-ethtool
    elif json=$(ethtool --json -k "$device" 2>/dev/null) && [ -n "$json" ]; then
        say ethtool; printf '%s\n' "$json" | body
    else
        say ethtool; ethtool -k "$device" 2>&1 | body
    fi
}

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

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LOOPBACK = "00:00:00:00:00:00"
_ADDRESS = re.compile(r"\sinet6?\s(\S+)\s.*\bscope (?:global|site)\b")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says about one of its devices.

    `ethtool` is what ethtool printed, None when there is no ethtool. `addresses` are in CIDR form, without those that
    reach no other segment (loopback, link).
    """

    device: DeviceName
    ethtool: str | None
    macs: tuple[Mac, ...]
    addresses: tuple[str, ...]
    kernel: str | None
    evidence: Evidence


def parse_answer(output: bytes, *, device: str | None) -> Answer:
    """Read what the script printed when asked for `device`.

    Raises:
        OffloadError: The answer is not whole, or there is no such device, or none was named and no single one fits.
    """
    sections = read_sections(output)
    if not sections:
        raise OffloadError(f"it does not answer as a shell would; it says: {excerpt(output)}")
    bodies = {name: text for name, _, text in sections}
    named = {name: argument for name, argument, _ in sections}
    if "device" not in named:
        raise OffloadError(_no_device(device, bodies.get("devices", ""), bodies.get("candidates", "")))
    mac = bodies.get("mac", "").strip().lower()
    udev = bodies.get("udev", "").strip()
    return Answer(
        device=DeviceName(named["device"]),
        ethtool=bodies.get("ethtool"),
        macs=(Mac(mac),) if _MAC.fullmatch(mac) and mac != _LOOPBACK else (),
        addresses=tuple(filter(_is_address, _ADDRESS.findall(bodies.get("addresses", "")))),
        kernel=bodies.get("kernel", "").strip() or None,
        evidence=Evidence(
            files={argument: text for name, argument, text in sections if name == "file"},
            unreadable=tuple(argument for name, argument, _ in sections if name == "unreadable"),
            udev=int(udev) if re.fullmatch(r"[0-9]{1,6}", udev) else None,
        ),
    )


def _no_device(device: str | None, devices: str, candidates: str) -> str:
    there = f"it has {', '.join(devices.split())}"
    if device is not None:
        return f"there is no device {device}; {there}"
    if candidates.split():
        return f"name the interface that answers: {', '.join(candidates.split())} are up"
    return f"name the interface that answers: no card or bond is up; {there}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True
