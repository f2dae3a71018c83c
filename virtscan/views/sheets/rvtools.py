"""The headers of RVTools for columns of the same meaning, by sheet; RVTools 4.7 exports them."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from virtscan.views.document import Field

T = TypeVar("T")

_WHERE = {"domain": "VM", "powerstate": "Powerstate", "hypervisor": "Host", "site": "Datacenter"}

VINFO = {
    **_WHERE,
    "uuid": "VM UUID",
    "vcpus": "CPUs",
    "memory_mib": "Memory",
    "interfaces": "NICs",
    "disks": "Disks",
    **{f"network_{number}": f"Network #{number}" for number in range(1, 9)},
    "firmware": "Firmware",
    "machine": "HW version",
    "os": "OS according to the configuration file",
    "description": "Annotation",
}
VCPU = {
    **_WHERE,
    "vcpus": "CPUs",
    "sockets": "Sockets",
    "cores_per_socket": "Cores p/s",
    "max_vcpus": "Max",
    "cpu_hot_add": "Hot Add",
    "cpu_shares": "Shares",
}
VMEMORY = {
    **_WHERE,
    "memory_mib": "Size MiB",
    "max_memory_mib": "Max",
    "reserved_mib": "Reservation",
    "memory_hot_add": "Hot Add",
}
VDISK = {
    **_WHERE,
    "disk": "Disk",
    "path": "Path",
    "mode": "Disk Mode",
    "capacity_mib": "Capacity MiB",
}
VNETWORK = {
    **_WHERE,
    "nic_label": "NIC label",
    "model": "Adapter",
    "connection": "Network",
    "source_device": "Switch",
    "connected": "Connected",
    "starts_connected": "Starts Connected",
    "mac": "Mac Address",
    "type": "Type",
}
VHOST = {
    "hypervisor": "Host",
    "site": "Datacenter",
    "cpu_model": "CPU Model",
    "cpu_mhz": "Speed",
    "sockets": "# CPU",
    "cores_per_socket": "Cores per CPU",
    "cores": "# Cores",
    "memory_mib": "# Memory",
    "domains_running": "# VMs",
    "domains": "# VMs total",
    "vcpus_running": "# vCPUs",
    "memory_running_mib": "vRAM",
    "vcpus_per_core": "vCPUs per Core",
}


def headed(
    fields: Iterable[Field[T]], headers: Mapping[str, str], ours: Collection[str] | None = None
) -> tuple[Field[T], ...]:
    """Return the columns under their headers of RVTools; of the others only `ours`, if that is given."""
    return tuple(
        field.with_column(sheet=headers.get(key, ""))
        for field in fields
        for key in (field.column.key,)
        if key in headers or ours is None or key in ours
    )
