"""The part of the server's script that reads network devices and the machine, and the parser of its output."""

from collections.abc import Iterator, Sequence

import msgspec

from virtscan import hostnet
from virtscan.model import Device, DeviceName, Machine

SOURCE = "probe"

# `ethtool -k` is harmless, so it is run on all devices. A container host may have hundreds of veths: lists are limited,
# and so is the number of devices that ethtool is run on. The configured one, bonds, bridges and NICs come first.
STACK = r"""
stack() {
    most=1000
    say devices; devices | head -n "$most" | body
    say links; ip -o -d link 2>/dev/null | head -n "$most" | body
    say addresses; ip -o addr 2>/dev/null | head -n "$most" | body
    for file in "$root"/proc/net/bonding/*; do
        [ -r "$file" ] || continue
        say bonding "${file##*/}"
        grep -E '^(Bonding Mode|Slave Interface|Permanent HW addr):' "$file" | body
    done
    say vlans; head -n "$most" "$root/proc/net/vlan/config" 2>/dev/null | body
    say sysfs; sysfs | head -n 8000 | body
    features
    machine
}

devices() {
    for path in "$net"/*; do [ -d "$path" ] && printf '%s\n' "${path##*/}"; done
}

sysfs() {
    cd "$net" 2>/dev/null || return 0
    for path in */bonding */bridge */brif/* */device */lower_* */tun_flags; do
        if [ -e "$path" ] || [ -h "$path" ]; then printf '%s\n' "$path"; fi
    done
    for path in */address */bonding_slave/perm_hwaddr; do
        [ -r "$path" ] && IFS= read -r line <"$path" && printf '%s %s\n' "$path" "$line"
    done
    for path in */uevent; do
        [ -r "$path" ] || continue
        while IFS= read -r line; do
            case $line in DEVTYPE=*) printf '%s %s\n' "$path" "$line" ;; esac
        done <"$path"
    done
    for path in */device/driver; do
        [ -h "$path" ] && printf '%s %s\n' "$path" "$(readlink "$path")"
    done
}

features() {
    command -v ethtool >/dev/null 2>&1 || { say no-ethtool; return 0; }
    seen=' ' count=0
    for path in "$net/$device" "$net"/*/bonding "$net"/*/bridge "$net"/*/device "$net"/*; do
        [ -d "$path" ] || continue
        name=${path#"$net"/} name=${name%%/*}
        case $seen in *" $name "*) continue ;; esac
        if [ -z "$name" ] || { [ "$name" = lo ] && [ "$device" != lo ]; }; then continue; fi
        seen="$seen$name " count=$((count + 1))
        [ "$count" -le 400 ] || { say unread; break; }
        say ethtool "$name"
        ethtool -k "$name" 2>&1 | relevant
    done
}

# Headers, errors and TX features.
relevant() {
    while IFS= read -r line; do
        case $line in
            *tx-* | *'tx '*) ;;
            *': on'* | *': off'*) continue ;;
        esac
        printf ' %s\n' "$line"
    done
}

machine() {
    say dmi
    for name in sys_vendor product_name product_uuid; do
        file=$root/sys/class/dmi/id/$name
        [ -r "$file" ] && IFS= read -r line <"$file" && printf '%s %s\n' "$name" "$line"
    done | body
    say virtualization; systemd-detect-virt 2>/dev/null | head -n 1 | body
    say cgroup; head -n 50 "$root/proc/1/cgroup" 2>/dev/null | body
    for file in .dockerenv run/.containerenv run/systemd/container; do
        [ -e "$root/$file" ] && say container "$file"
    done
    [ -d "$root/proc/vz" ] && [ ! -d "$root/proc/bc" ] && say container proc/vz
    grep -qw hypervisor "$root/proc/cpuinfo" 2>/dev/null && say hypervisor
    reached=${SSH_CONNECTION-} reached=${reached#* * }
    say reached "${reached% *}"
}
"""

_MOST = 1000
_MOST_SYSFS = 8000


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """The devices and the machine of a server."""

    devices: tuple[Device, ...]
    lists_all_devices: bool
    machine: Machine
    system_uuid: str | None


def read_stack(sections: Sequence[tuple[str, str, str]]) -> Stack:
    """Parse the sections that the shell function `stack` printed."""
    bodies = {name: text for name, _, text in sections}
    names = {*bodies.get("devices", "").split()}
    links = hostnet.read_ip(bodies.get("links", ""), source=SOURCE)
    cut = any(_is_cut(bodies.get(name, "")) for name in ("devices", "links", "addresses", "vlans"))
    dmi = hostnet.read_dmi_files(_pairs(bodies.get("dmi", "")))
    return Stack(
        devices=hostnet.merge_devices(_described(sections)),
        lists_all_devices=bool(links) and not cut and "unread" not in bodies and names <= {d.name for d in links},
        machine=hostnet.read_machine(
            dmi=dmi,
            words=bodies.get("virtualization", "").split(),
            container="container" in bodies or hostnet.is_container_group(bodies.get("cgroup", "")),
            hypervisor_flag="hypervisor" in bodies,
        ),
        system_uuid=hostnet.system_uuid(dmi.uuid),
    )


def _described(sections: Sequence[tuple[str, str, str]]) -> Iterator[Device]:
    """Yield the devices of each section, and those of which only the name is known."""
    bodies = {name: text for name, _, text in sections}
    sysfs = bodies.get("sysfs", "")
    yield from hostnet.read_devices(
        sections,
        source=SOURCE,
        sysfs=_pairs(sysfs),
        whole_links=not _is_cut(bodies.get("links", "")),
        whole_sysfs=sysfs.count("\n") < _MOST_SYSFS,
    )
    yield from (Device(name=DeviceName(name), sources=(SOURCE,)) for name in bodies.get("devices", "").split())


def _pairs(text: str) -> dict[str, str]:
    """Return the rest of each line by its first word."""
    return {word: rest for word, _, rest in (line.partition(" ") for line in text.splitlines())}


def _is_cut(text: str) -> bool:
    return text.count("\n") >= _MOST
