"""A hypervisor of libvirt's test driver as the sosreport that sos would have made of it."""

import libvirt

from tests.evidence.sosreport.build import Link
from virtscan.analyzer import read_host_interface, read_node_device
from virtscan.hostnet import merge_devices
from virtscan.model import Backing, Device, DeviceKind

NETWORKING = "sos_commands/networking/"
VIRSH = "sos_commands/virsh/virsh_-r_"
DATE = "Sun Nov 22 02:00:00 UTC 2026\n"


def sosreport_of(address: str, *, host: str, kernel: str | None) -> dict[str, str | bytes | Link]:
    """Return the files of the report, by name."""
    connection = libvirt.openReadOnly(address)
    try:
        tree = _host(connection, host, kernel) | _guests(connection) | _devices(connection)
    finally:
        connection.close()
    return dict(tree)


def _host(connection: libvirt.virConnect, host: str, kernel: str | None) -> dict[str, str]:
    _model, memory_mib, cpus, *_ = connection.getInfo()
    tree = {
        "sos_commands/date/date": DATE,
        "sos_commands/host/hostname": f"{host}\n",
        "proc/cpuinfo": "".join(f"processor\t: {number}\n\n" for number in range(cpus)),
        "proc/meminfo": f"MemTotal:       {memory_mib * 1024} kB\n",
    }
    if kernel is not None:
        tree["sos_commands/kernel/uname_-a"] = f"Linux {host} {kernel} #1 SMP x86_64 GNU/Linux\n"
    return tree


def _guests(connection: libvirt.virConnect) -> dict[str, str]:
    domains = connection.listAllDomains()
    rows = [f" {'-' if d.ID() == -1 else d.ID():<5} {d.name():<30} {_state(d)}" for d in domains]
    tree = {f"{VIRSH}list_--all": "\n".join([" Id    Name                           State", "-" * 60, *rows, ""])}
    for domain in domains:
        tree[f"{VIRSH}dumpxml_{domain.name()}"] = domain.XMLDesc()
        tree[f"etc/libvirt/qemu/{domain.name()}.xml"] = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    for network in connection.listAllNetworks():
        tree[f"{VIRSH}net-dumpxml_{network.name()}"] = network.XMLDesc()
    return tree


def _state(domain: libvirt.virDomain) -> str:
    return "shut off" if domain.ID() == -1 else "running"


def _devices(connection: libvirt.virConnect) -> dict[str, str]:
    told = [
        device
        for interface in connection.listAllInterfaces()
        for device in read_host_interface(interface.XMLDesc(), source="libvirt")
    ]
    for node in connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET):
        device = read_node_device(node.XMLDesc(), source="libvirt")
        told += [] if device is None else [device]
    devices = merge_devices(told)
    masters = {
        lower: device
        for device in devices
        for lower in device.lower
        if device.kind in {DeviceKind.BOND, DeviceKind.BRIDGE}
    }
    tree = {f"{NETWORKING}ip_-s_-d_link": "".join(_link(d, n, masters.get(d.name)) for n, d in enumerate(devices, 1))}
    for device in devices:
        if device.kind is DeviceKind.BOND:
            macs = {lower: next((d.mac for d in devices if d.name == lower), None) for lower in device.lower}
            tree[f"proc/net/bonding/{device.name}"] = "Bonding Mode: IEEE 802.3ad\n" + "".join(
                f"\nSlave Interface: {name}\nMII Status: up\nPermanent HW addr: {mac}\n" for name, mac in macs.items()
            )
        if device.backing is Backing.PHYSICAL:
            tree[f"{NETWORKING}ethtool_-i_{device.name}"] = "driver: ixgbe\nbus-info: 0000:19:00.0\n"
    return tree


def _link(device: Device, number: int, master: Device | None) -> str:
    on = f"@{device.lower[0]}" if device.kind is DeviceKind.VLAN else ""
    under = f" master {master.name}" if master else ""
    lines = [
        f"{number}: {device.name}{on}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq{under} state UP",
        f"    link/ether {device.mac or '00:00:00:00:00:00'} brd ff:ff:ff:ff:ff:ff promiscuity 0",
    ]
    match device.kind:
        case DeviceKind.VLAN:
            lines.append(f"    vlan protocol 802.1Q id {device.vlan_id} <REORDER_HDR>")
        case DeviceKind.BOND | DeviceKind.BRIDGE:
            lines.append(f"    {device.kind.value} mode 802.3ad")
        case _:
            pass
    lines += [f"    {master.kind.value}_slave state ACTIVE"] if master else []
    return "".join(f"{line}\n" for line in lines)
