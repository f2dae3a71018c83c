"""Documents that make up a host of libvirt's test driver."""

from uuid import NAMESPACE_DNS, uuid5
from xml.sax.saxutils import escape, quoteattr

_MAC = "<mac address='52:54:00:93:76:af'/>"
"""Given, because libvirt would make up another one each time."""

_TEST_DRIVER = "http://libvirt.org/schemas/domain/test/1.0"


def domain_xml(name: str, *interfaces: str, running: bool = True) -> str:
    state = "" if running else "<test:runstate>5</test:runstate>"
    return (
        f"<domain type='test' xmlns:test='{_TEST_DRIVER}'>{state}<name>{escape(name)}</name>"
        f"<uuid>{uuid5(NAMESPACE_DNS, name)}</uuid>"
        "<memory unit='MiB'>2048</memory><vcpu>2</vcpu><os><type>hvm</type><boot dev='network'/></os>"
        f"<devices>{''.join(interfaces)}</devices></domain>"
    )


def direct(device: str, mode: str = "bridge") -> str:
    """A macvtap interface."""
    return f"<interface type='direct'>{_MAC}<source dev='{device}' mode='{mode}'/><model type='virtio'/></interface>"


def on_network(name: str) -> str:
    return f"<interface type='network'>{_MAC}<source network={quoteattr(name)}/></interface>"


def on_bridge(name: str) -> str:
    return f"<interface type='bridge'>{_MAC}<source bridge='{name}'/></interface>"


def macvtap_network(name: str, *devices: str) -> str:
    pool = "".join(f"<interface dev='{device}'/>" for device in devices)
    return f"<network><name>{escape(name)}</name><forward mode='bridge'>{pool}</forward></network>"


def interface_xml(name: str, *, mac: str = "52:54:00:00:00:01") -> str:
    """A NIC among the host's interfaces."""
    return f"<interface type='ethernet' name='{name}'><mac address='{mac}'/></interface>"


def bond_xml(name: str, *members: str) -> str:
    inside = "".join(interface_xml(member) for member in members)
    return f"<interface type='bond' name='{name}'><bond>{inside}</bond></interface>"


def vlan_xml(name: str, tag: int, device: str) -> str:
    return f"<interface type='vlan' name='{name}'><vlan tag='{tag}'><interface name='{device}'/></vlan></interface>"


def card_xml(
    interface: str, *, name: str | None = None, parent: str = "computer", mac: str = "52:54:00:00:00:01"
) -> str:
    """A node device."""
    return (
        f"<device><name>{name or f'net_{interface}_' + mac.replace(':', '_')}</name><parent>{parent}</parent>"
        f"<capability type='net'><interface>{interface}</interface><address>{mac}</address></capability>"
        "</device>"
    )


def pci_xml(name: str) -> str:
    """Return a node device that can be the parent of NICs."""
    return (
        f"<device><name>{name}</name><parent>computer</parent><capability type='pci'><domain>0</domain><bus>1</bus>"
        "<slot>0</slot><function>0</function><product id='0x1'/><vendor id='0x1'/></capability></device>"
    )


COMPUTER = (
    "<device><name>computer</name><capability type='system'><hardware><uuid>4c4c4544-0042-3510-8052-b4c04f4e3731</uuid>"
    "</hardware></capability></device>"
)
