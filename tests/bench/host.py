"""A made-up hypervisor with many domains, as a cloud has them: three interfaces and some 7 KB of XML each."""

from uuid import UUID

import libvirt

from tests.harness.definitions import bond_xml, card_xml, interface_xml, macvtap_network

BONDS = tuple(f"bond{number}" for number in range(3))
NICS = tuple(f"eth{number}" for number in range(6))
NETWORKS = tuple(f"net{number}" for number in range(10))
_DISKS = "abcd"


def documents(domains: int) -> list[str]:
    """Everything that the test driver needs to be this host for one connection."""
    return [
        *(domain(number) for number in range(domains)),
        *_networks(),
        *_bonds(),
        *(interface_xml(f"eth{number}") for number in range(6, 20)),
        *(card_xml(f"eth{number}") for number in range(60)),
    ]


def define(connection: libvirt.virConnect, domains: int) -> None:
    """Make the test driver's default host, which lasts as long as a connection to it, this host."""
    for listed in connection.listAllDomains():
        listed.destroy()
        listed.undefine()
    for xml in _networks():
        connection.networkDefineXML(xml)
    for xml in _bonds():
        connection.interfaceDefineXML(xml)
    for number in range(domains):
        connection.defineXML(domain(number))


def _networks() -> list[str]:
    return [macvtap_network(name, BONDS[number % 3]) for number, name in enumerate(NETWORKS)]


def _bonds() -> list[str]:
    return [bond_xml(bond, *NICS[2 * number : 2 * number + 2]) for number, bond in enumerate(BONDS)]


def domain_name(number: int) -> str:
    return f"vm-{number:05d}.prod.example.net"


def domain(number: int) -> str:
    """The domain of this number: one macvtap, one interface on a network, one on a bridge."""
    name = domain_name(number)
    return (
        f"<domain type='test'><name>{name}</name><uuid>{UUID(int=number + (1 << 100), version=4)}</uuid>"
        f"<title>{name}</title><description>Owner team-{number % 17}; ticket OPS-{number}</description>"
        f"{_metadata(number, name)}<memory unit='GiB'>8</memory><vcpu placement='static'>4</vcpu>"
        "<os><type arch='x86_64'>hvm</type><boot dev='network'/></os><features><acpi/><apic/></features>"
        "<clock offset='utc'><timer name='pit' tickpolicy='delay'/><timer name='rtc' tickpolicy='catchup'/></clock>"
        f"<devices>{''.join(_disk(name, disk) for disk in range(len(_DISKS)))}"
        f"<controller type='pci' index='0' model='pcie-root'/>{''.join(_port(port) for port in range(1, 13))}"
        f"{_interfaces(number)}"
        "<serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>"
        "<input type='tablet' bus='usb'/><graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'/>"
        "<video><model type='cirrus' vram='16384' heads='1' primary='yes'/></video><memballoon model='virtio'/>"
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices></domain>"
    )


def _metadata(number: int, name: str) -> str:
    return (
        "<metadata><instance xmlns='http://cloud.example.com/instance'>"
        f"<name>{name}</name><created>2026-05-01 10:00:00</created><flavor name='large'><memory>8192</memory>"
        "<disk>80</disk><swap>0</swap><vcpus>4</vcpus></flavor>"
        f"<owner><user>{number:032x}</user><project>{number % 50:032x}</project></owner></instance></metadata>"
    )


def _disk(name: str, disk: int) -> str:
    letter = _DISKS[disk]
    return (
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' io='native' discard='unmap'/>"
        f"<source file='/var/lib/libvirt/images/{name}-{letter}.qcow2'/><target dev='vd{letter}' bus='virtio'/>"
        f"<serial>{name}-{letter}</serial>{_address(4 + disk)}</disk>"
    )


def _port(port: int) -> str:
    return (
        f"<controller type='pci' index='{port}' model='pcie-root-port'><model name='pcie-root-port'/>"
        f"<target chassis='{port}' port='{hex(15 + port)}'/>{_address(0, 2 + port)}</controller>"
    )


def _address(bus: int, slot: int = 0) -> str:
    return f"<address type='pci' domain='0x0000' bus='0x{bus:02x}' slot='0x{slot:02x}' function='0x0'/>"


def _interfaces(number: int) -> str:
    def mac(interface: int) -> str:
        return f"52:54:{interface:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"

    return (
        f"<interface type='direct'><mac address='{mac(0)}'/><source dev='{BONDS[number % 3]}' mode='bridge'/>"
        f"<model type='virtio'/><driver name='vhost' queues='4'/>{_address(1)}</interface>"
        f"<interface type='network'><mac address='{mac(1)}'/><source network='{NETWORKS[number % 10]}'/>"
        f"<model type='virtio'/>{_address(2)}</interface>"
        f"<interface type='bridge'><mac address='{mac(2)}'/><source bridge='br-ex'/><model type='virtio'/>"
        f"{_address(3)}</interface>"
    )
