"""The script that a hypervisor runs, and what it prints -> its kernel and its network devices.

It only reads: what `ip` and /proc say in the form that every version has had, and the names in /sys/class/net.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from virtscan import hostnet
from virtscan.errors import ConnectorError
from virtscan.model import Device
from virtscan.sections import excerpt, read_sections

SOURCE = "ssh"

# As text, not as JSON, which RHEL 6 and 7 don't have. From /sys names alone, for a hypervisor may have hundreds of
# taps, and each file that is read costs a process: they tell ports, bonds and cards where an old `ip` does not.
# It only defines functions up to its last line: cut short, it does nothing.
SCRIPT = r"""
answer() {
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    say virtscan 1
    say uname; uname -sr | body
    for file in /proc/net/bonding/*; do
        [ -r "$file" ] && { say bonding "${file##*/}"; body < "$file"; }
    done
    say vlans; cat /proc/net/vlan/config 2>/dev/null | body
    say links; ip -d link 2>/dev/null | body
    say addresses; ip -o addr 2>/dev/null | body
    say sysfs; devices | body
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

answer </dev/null
"""

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says about itself; `kernel` is None when it names no Linux release, and `uname` what it said."""

    uname: str
    kernel: str | None
    devices: tuple[Device, ...]


def parse_answer(output: bytes, *, at: datetime | None) -> Answer:
    """Read what the script printed at that time.

    Raises:
        ConnectorError: The answer is not whole.
    """
    sections = read_sections(output)
    if not sections:
        raise ConnectorError(f"it does not answer as a shell would; it says: {excerpt(output)}")
    uname = "".join(text for name, _, text in sections if name == "uname").strip()
    system, _, release = uname.partition(" ")
    return Answer(
        uname=uname,
        kernel=release if system == "Linux" and _RELEASE.fullmatch(release) else None,
        devices=tuple(
            msgspec.structs.replace(device, observed_at=at) for device in hostnet.merge_devices(_told(sections))
        ),
    )


def _told(sections: Sequence[tuple[str, str, str]]) -> Iterator[Device]:
    """What each section says of devices, the more authoritative first as the script prints them."""
    for name, argument, text in sections:
        match name:
            case "bonding":
                yield from hostnet.read_bonding(text, name=argument, source=SOURCE)
            case "vlans":
                yield from hostnet.read_vlans(text, source=SOURCE)
            case "links" | "addresses":
                yield from hostnet.read_ip(text, source=SOURCE)
            case "sysfs":
                yield from hostnet.read_sysfs(dict.fromkeys(text.split(), ""), source=SOURCE)
