"""The script that a server runs, and what it prints -> an answer.

One script for every way to reach a shell (ssh, this machine). It only reads.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import DeviceName, Mac
from virtscan.offload.persistence import Evidence
from virtscan.offload.settings import SETTINGS
from virtscan.sections import excerpt, read_sections

# Arguments: the device (empty: the only card or bond that is up), the folder that stands for / in the files read.
# The answer is a list of sections. It only defines functions up to its last line: cut short, it does nothing.
_FACTS = r"""
answer() {
    device=$1 root=${2-}
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    net=$root/sys/class/net

    say() { printf '@%s\n' "$(printf '%s' "$*" | tr '\n' '?')"; }
    body() { while IFS= read -r line || [ -n "$line" ]; do printf ' %s\n' "$line"; done; }

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
"""
_LAST = """
answer "$@" </dev/null
"""
SCRIPT = _FACTS + SETTINGS + _LAST

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
            unreadable=tuple(dict.fromkeys(_arguments(sections, "unreadable"))),
            executable=frozenset(_arguments(sections, "executable")),
            foreign=frozenset(_arguments(sections, "foreign")),
            wanted=frozenset(bodies.get("wants", "").splitlines()),
            aliases=dict(line.split(" ", 1) for line in bodies.get("aliases", "").splitlines() if " " in line),
            calls={argument: tuple(text.split()) for name, argument, text in sections if name == "calls"},
            udev=int(udev) if re.fullmatch(r"[0-9]{1,6}", udev) else None,
        ),
    )


def _arguments(sections: Iterable[tuple[str, str, str]], wanted: str) -> Iterator[str]:
    return (argument for name, argument, _ in sections if name == wanted)


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
