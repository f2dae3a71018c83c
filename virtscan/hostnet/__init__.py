"""Parsers of Linux's output about network devices and the machine (`ip`, /proc, /sys, ethtool, DMI); pure.

Each function returns the facts of one source. `merge_devices` combines several, including libvirt; the more
authoritative source comes first.
"""

from virtscan.hostnet.iproute import is_whole, read_ip
from virtscan.hostnet.kernel import RunningKernel, read_uname
from virtscan.hostnet.machine import (
    Dmi,
    is_container_group,
    read_dmi_files,
    read_dmidecode,
    read_hostnamectl,
    read_machine,
    system_uuid,
)
from virtscan.hostnet.merging import merge_devices
from virtscan.hostnet.procfs import read_bonding, read_vlans
from virtscan.hostnet.sections import read_devices
from virtscan.hostnet.sysfs import read_sysfs
from virtscan.hostnet.tools import read_bridges, read_driver, read_permanent

__all__ = [
    "Dmi",
    "RunningKernel",
    "is_container_group",
    "is_whole",
    "merge_devices",
    "read_bonding",
    "read_bridges",
    "read_devices",
    "read_dmi_files",
    "read_dmidecode",
    "read_driver",
    "read_hostnamectl",
    "read_ip",
    "read_machine",
    "read_permanent",
    "read_sysfs",
    "read_uname",
    "read_vlans",
    "system_uuid",
]
