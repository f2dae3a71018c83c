"""Kinds of NICs: those that fill in partial checksums, and those that pass them on to the host around the machine."""

import re

from virtscan.model import Backing, Closed, Device, DeviceKind, DeviceName, Hypervisor, Mac, Machine, Server

_FORWARDING_DRIVERS = frozenset(
    {"virtio_net", "vmxnet", "vmxnet3", "hv_netvsc", "netvsc", "xen-netfront", "xen_netfront", "vif", "ibmveth"}
)
_EMULATED_DRIVERS = frozenset({"e1000", "e1000e", "igb", "8139cp", "8139too", "pcnet32", "tulip", "ne2k-pci"})
"""Drivers of NICs that hypervisors emulate; partial checksums of an unfixed outer host pass these as well."""

HYPERVISOR_RANGES = (
    "52:54:00", "00:50:56", "00:0c:29", "00:05:69", "00:1c:14", "00:16:3e", "00:15:5d", "08:00:27",
    "00:1a:4a", "bc:24:11", "50:6b:8d", "00:1c:42",
)  # fmt: skip
"""Ranges from which hypervisors take the MACs of VMs.

Source:
    IEEE's list of OUIs for VMware, which makes no NICs. The defaults of oVirt and RHV (00:1a:4a), Proxmox VE 8
    (bc:24:11), Nutanix AHV (50:6b:8d) and Parallels (00:1c:42).
"""

_LOCAL_NAMES = ("docker", "virbr", "vnet", "tap", "veth", "macvtap", "br-", "cni", "lxc")
"""Prefixes of the names of devices that are not a machine's NICs."""

_SHARED_RANGES = ("00:00:5e:00", "00:00:5e:90", "00:00:0c:07:ac", "00:00:0c:9f:f", "00:05:73:a0", "00:07:b4:00")
"""Prefixes of MACs that move between machines: IANA's (with VRRP), HSRP's and GLBP's."""

_FIRST_BYTE = re.compile("[0-9a-f]{2}:")
_GROUP = 0b1
_LOCALLY_ADMINISTERED = 0b10


class NicKind(Closed):
    """Treatment of a partial checksum by a NIC: FILLING computes it, VIRTUAL passes it on."""

    FILLING = "filling"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


def is_nic(device: Device) -> bool:
    """Return True if a device is known to be a NIC: it is on a bus, and no source lists anything below it.

    libvirt lists such devices without their kind; a bond, VLAN or bridge is on no bus.
    """
    if device.backing is not Backing.PHYSICAL:
        return False
    return device.kind is DeviceKind.ETHERNET or (device.kind is DeviceKind.UNKNOWN and not device.lower)


def may_be_nic(device: Device) -> bool:
    """Return True for a NIC, and for a device of unknown backing that may be one."""
    is_alike = device.kind in {DeviceKind.ETHERNET, DeviceKind.UNKNOWN} and not device.lower
    is_local = device.backing is Backing.VIRTUAL or is_named_as_local(device.name)
    return is_nic(device) or (is_alike and not is_local)


def is_named_as_local(name: DeviceName) -> bool:
    """Return True if the name of a device shows that it is not one of its machine's NICs."""
    return name == "lo" or name.startswith(_LOCAL_NAMES)


def kinds_of_nics(host: Hypervisor) -> frozenset[NicKind]:
    """Return the kinds of a host's NICs; a device that may be one is unknown, unless the host is physical."""
    doubtful = NicKind.FILLING if is_physical(host) else NicKind.UNKNOWN
    return frozenset(
        nic_kind(device, host) if is_nic(device) else doubtful for device in host.devices if may_be_nic(device)
    )


def nic_kind(device: Device, host: Hypervisor) -> NicKind:
    """Classify a NIC by its driver, else by its host, else by its MAC.

    An observation counts more than the declaration that the host is physical. A virtual function that is passed
    through to a virtual machine has a driver of its own and fills in checksums. A NIC that QEMU emulates has the driver
    of a real one, and a MAC that none has.
    """
    by_driver = _kind_by_driver(device)
    if by_driver is not None:
        return by_driver
    if is_physical(host):
        return NicKind.FILLING
    if host.machine is not Machine.UNKNOWN:
        return NicKind.VIRTUAL
    mac = device.own_mac
    if mac is None:
        return NicKind.UNKNOWN
    if mac.startswith(HYPERVISOR_RANGES):
        return NicKind.VIRTUAL
    return NicKind.UNKNOWN if is_local(mac) else NicKind.FILLING


def _kind_by_driver(device: Device) -> NicKind | None:
    """Return the kind that the driver shows; None without one.

    The driver of an emulated model shows it only together with the MAC of a hypervisor's range or of a manufacturer.
    """
    if device.driver in _FORWARDING_DRIVERS:
        return NicKind.VIRTUAL
    if device.driver not in _EMULATED_DRIVERS:
        return None if device.driver is None else NicKind.FILLING
    mac = device.own_mac
    if mac is None or not belongs_to_a_nic(mac):
        return None
    return NicKind.VIRTUAL if mac.startswith(HYPERVISOR_RANGES) else NicKind.FILLING


def is_seen_as_vm(server: Server) -> bool:
    """Return True if a server is observed to be a virtual machine, itself or by the driver of a NIC."""
    if server.machine is Machine.PHYSICAL:
        return False
    nics = (server_device.device for server_device in server.devices if is_nic(server_device.device))
    return server.machine is Machine.VIRTUAL or any(_kind_by_driver(nic) is NicKind.VIRTUAL for nic in nics)


def is_physical(host: Hypervisor) -> bool:
    """Return True if a hypervisor is observed to be physical, or declared to be and not observed at all."""
    return host.machine is Machine.PHYSICAL or (host.physical and host.machine is Machine.UNKNOWN)


def belongs_to_a_nic(mac: Mac) -> bool:
    """Return True if only a NIC, real or emulated, has such a MAC; bridges, bonds, containers and VRRP have others."""
    if is_shared(mac) or is_group(mac):
        return False
    return mac.startswith(HYPERVISOR_RANGES) or not is_local(mac)


def is_burned_in(mac: Mac) -> bool:
    """Return True if a manufacturer gave this MAC to one NIC."""
    return belongs_to_a_nic(mac) and not mac.startswith(HYPERVISOR_RANGES)


def is_local(mac: Mac) -> bool:
    """Return True for a locally administered MAC."""
    return bool(_first_byte(mac) & _LOCALLY_ADMINISTERED)


def is_shared(mac: Mac) -> bool:
    """Return True for a MAC that moves between machines, and for one of zeros only."""
    return mac.startswith(_SHARED_RANGES) or not mac.strip("0:")


def is_group(mac: Mac) -> bool:
    """Return True for a multicast MAC, which no device has."""
    return bool(_first_byte(mac) & _GROUP)


def _first_byte(mac: Mac) -> int:
    """Return the first byte, which has the flags; text that is not a MAC has all of them, so that no NIC has it."""
    return int(mac[:2], 16) if _FIRST_BYTE.match(mac) else 0xFF
