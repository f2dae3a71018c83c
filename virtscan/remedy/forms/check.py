"""A check in shell that each path out of a server has offload off: `ethtool -k` of each device on each path."""

FUNCTIONS = r"""
# Succeed if TX checksum offload of a device is off, for UDP over IPv4.
is_off() {
    case $(ethtool -k "$1" 2>&1) in
    *'tx-checksum-unneeded: on'* | *'tx-checksum-ipv4: on'* | *'tx-checksum-ip-generic: on'*) return 1 ;;
    *'Cannot get device tx'*) return 1 ;;
    *'tx-checksumming: off'*) ;;
    *'Cannot get device generic features'*) return 1 ;;
    *'tx-checksum-ipv4: off'*'tx-checksum-ip-generic: off'*) ;;
    *) return 1 ;;
    esac
}

# Succeed for a macvlan, which hands frames to its neighbours before its parent gets them.
is_macvlan() {
    ip -o -d link show dev "$1" 2>/dev/null | grep -qE ' (macvlan|macvtap) +mode '
}

# Print the parent, members or ports of a device.
below() {
    if is_macvlan "$1"; then return 0; fi
    for path in "/sys/class/net/$1"/lower_*; do
        if [ -e "$path" ]; then echo "${path##*/lower_}"; fi
    done
    for path in "/sys/class/net/$1"/brif/*; do
        if [ -e "$path" ]; then echo "${path##*/}"; fi
    done
    if [ -r "/sys/class/net/$1/bonding/slaves" ]; then
        tr ' ' '\n' <"/sys/class/net/$1/bonding/slaves"
    fi
    if [ -r /proc/net/vlan/config ]; then
        awk -v name="$1" '$1 == name { print $NF }' /proc/net/vlan/config
    fi
}

# Print every path from a device down: off if a device on it is off, else on; then its end, and its devices.
paths() (
    state=$2
    if is_off "$1"; then state=off; fi
    lower=$(below "$1" | sort -u)
    if [ -n "$lower" ]; then
        set -f
        for name in $lower; do paths "$name" "$state" "$3$1>"; done
    elif [ -e "/sys/class/net/$1/device" ] || is_macvlan "$1"; then
        echo "$state NIC $3$1"
    else
        echo "$state virtual $3$1"
    fi
)

# Fail unless every path is off, from the bond or bridge that a device belongs to down to each NIC. Ports of local
# guests beside a NIC don't count.
check_paths() {
    top=$1
    while :; do
        for link in "/sys/class/net/$top/master" "/sys/class/net/$top/brport/bridge"; do
            if [ -h "$link" ]; then
                top=$(basename "$(readlink "$link")")
                continue 2
            fi
        done
        break
    done
    all=$(paths "$top" on '')
    counting=$(echo "$all" | grep ' NIC ' || echo "$all")
    if [ -z "$counting" ] || echo "$counting" | grep '^on ' >&2; then
        echo 'TX checksum offload is still on: no device on these paths has it off' >&2
        exit 1
    fi
}

""".lstrip()
"""POSIX shell for kernels of all ages: 2.6 has no lower_* links, but the folders of bonds and bridges."""


def call(word: str) -> str:
    """Return the call that checks the paths of a device, which is given as a word of a shell."""
    return f"check_paths {word}\n"
