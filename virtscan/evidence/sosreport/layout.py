"""Layout of sosreports of all versions: names of the wanted files below a report's root."""

import re

_HYPERVISOR = (
    "etc/libvirt/*.conf",
    "etc/libvirt/qemu/*.xml",
    "etc/libvirt/qemu/autostart/*.xml",
    "etc/libvirt/lxc/*.xml",
    "etc/libvirt/libxl/*.xml",
    "etc/libvirt/qemu/networks/*.xml",
    "run/libvirt/*/*.xml",
    "var/run/libvirt/*/*.xml",
    "var/lib/libvirt/network/*.xml",
    "sos_commands/*/virsh*_dumpxml_*",
    "sos_commands/*/virsh*_net-dumpxml_*",
    "sos_commands/*/virsh*_nodedev-dumpxml_net_*",
    "sos_commands/*/virsh*_list_--all",
    "sos_commands/*/virsh*_version",
    "sos_commands/*/virsh*_version_--daemon",
)
_HOST = (
    "date",
    "dmidecode",
    "etc/hostname",
    "hostname",
    "ip_addr",
    "proc/1/cgroup",
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/net/bonding/*",
    "proc/net/vlan/config",
    "proc/sys/kernel/hostname",
    "proc/sys/kernel/osrelease",
    "sos_commands/date/date*",
    "sos_commands/general/date",
    "sos_commands/general/hostname",
    "sos_commands/hardware/dmidecode",
    "sos_commands/host/hostname",
    "sos_commands/host/hostnamectl*",
    "sos_commands/kernel/uname_-a",
    "sos_commands/networking/brctl_show",
    "sos_commands/networking/ethtool_-P_*",
    "sos_commands/networking/ethtool_-i_*",
    "sos_commands/networking/ethtool_-k_*",
    "sos_commands/networking/ip_-d_address",
    "sos_commands/networking/ip_-d_link",
    "sos_commands/networking/ip_-o_addr",
    "sos_commands/networking/ip_-s_-d_link",
    "sos_commands/networking/ip_address",
    "sos_commands/networking/ip_link",
    "sos_commands/processor/lscpu",
    "sos_commands/systemd/timedatectl",
    "sys/class/dmi/id/product_name",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/sys_vendor",
    "sys/class/net/*",
    "sys/class/net/*/address",
    "sys/class/net/*/bonding/slaves",
    "sys/class/net/*/bonding_slave/perm_hwaddr",
    "sys/class/net/*/brif/*",
    "sys/class/net/*/device",
    "sys/class/net/*/device/driver",
    "sys/class/net/*/device/numa_node",
    "sys/class/net/*/lower_*",
    "sys/class/net/*/master",
    "sys/class/net/*/tun_flags",
    "sys/class/net/*/uevent",
    "uname",
)
_SERVER = (
    "boot/grub*/grubenv",
    "boot/loader/entries/*.conf",
    "etc/NetworkManager/NetworkManager.conf",
    "etc/NetworkManager/conf.d/*.conf",
    "etc/NetworkManager/dispatcher.d/*",
    "etc/NetworkManager/dispatcher.d/pre-up.d/*",
    "etc/NetworkManager/system-connections/*",
    "etc/cron.d/*",
    "etc/crontab",
    "etc/default/grub",
    "etc/default/networkd-dispatcher",
    "etc/default/networking",
    "etc/init.d/after.local",
    "etc/init.d/boot.local",
    "etc/netplan/*.yaml",
    "etc/network/if-pre-up.d/*",
    "etc/network/if-up.d/*",
    "etc/network/ifupdown2/*.conf",
    "etc/network/interfaces",
    "etc/network/interfaces.d/*",
    "etc/networkd-dispatcher/*.d/*",
    "etc/passwd",
    "etc/rc.d/rc.local",
    "etc/rc.d/rc3.d/S*",
    "etc/rc.d/rc5.d/S*",
    "etc/rc.local",
    "etc/sysconfig/network-scripts/ifcfg-*",
    "etc/sysconfig/network/ifcfg-*",
    "etc/systemd/network/*.link",
    "etc/systemd/network/*.link.d/*.conf",
    "etc/systemd/system/*.requires/*",
    "etc/systemd/system/*.service",
    "etc/systemd/system/*.service.d/*.conf",
    "etc/systemd/system/*.timer",
    "etc/systemd/system/*.wants/*",
    "etc/systemd/system/service.d/*.conf",
    "etc/udev/rules.d/*",
    "lib/systemd/network/*.link",
    "proc/cmdline",
    "run/NetworkManager/conf.d/*.conf",
    "run/NetworkManager/system-connections/*",
    "run/systemd/network/*.link",
    "run/systemd/network/*.link.d/*.conf",
    "run/systemd/system/*.service",
    "sbin/ifup-local",
    "usr/lib/NetworkManager/conf.d/*.conf",
    "usr/lib/NetworkManager/system-connections/*",
    "usr/lib/systemd/network/*.link",
    "usr/lib/systemd/network/*.link.d/*.conf",
    "usr/lib/systemd/system/*.service",
    "var/spool/cron/crontabs/root",
    "var/spool/cron/root",
    "var/spool/cron/tabs/root",
)
_PATTERNS = tuple(tuple(pattern.split("/")) for pattern in (*_HYPERVISOR, *_HOST, *_SERVER))


def _either(patterns: set[tuple[str, ...]]) -> re.Pattern[str]:
    """Compile patterns into one; `*` matches anything within one path component."""
    return re.compile(
        "|".join(sorted("/".join(re.escape(part).replace(r"\*", "[^/]*") for part in parts) for parts in patterns)),
        re.DOTALL,
    )


_FILES = _either(set(_PATTERNS))
_FOLDERS = _either({parts[:depth] for parts in _PATTERNS for depth in range(1, len(parts))})
_TOPS = frozenset(parts[0] for parts in _PATTERNS)


def split_root(name: str) -> tuple[str, str] | None:
    """Split a name into the report's root folder, which may be empty, and the name below it.

    Returns:
        None for an absolute name, a name with `..`, and the folder itself.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or ".." in parts or not parts:
        return None
    if parts[0] in _TOPS:
        return "", "/".join(parts)
    return (parts[0], "/".join(parts[1:])) if len(parts) > 1 else None


def is_wanted(name: str) -> bool:
    """Return True if a file of this name, below the root, is wanted."""
    return _FILES.fullmatch(name) is not None


def may_hold_wanted(folder: str) -> bool:
    """Return True if a file below this folder may be wanted."""
    return _FOLDERS.fullmatch(folder) is not None
