"""A hypervisor's own devices, as libvirt's host interface and node device documents describe them."""

import ipaddress
import re
from collections.abc import Iterator

from lxml import etree

from virtscan.analyzer.literals import identifier, number
from virtscan.analyzer.xml.parsing import attribute, first_children, parse
from virtscan.errors import AnalyzerError
from virtscan.hostnet import Dmi
from virtscan.hostnet.link_kinds import driver_name
from virtscan.model import Backing, Device, DeviceKind, DeviceName, State, mac_or_text

_KINDS = {kind.value: kind for kind in DeviceKind if kind is not DeviceKind.UNKNOWN}
_LISTING = frozenset({"bond", "bridge", "vlan"})
"""Types of host interfaces with an element of the same name, which holds the lower devices."""

_DRIVERS = {"virtio-pci": "virtio_net", "virtio-mmio": "virtio_net", "virtio_ccw": "virtio_net"}
"""Drivers of buses of virtual machines, by the driver of the NICs on them."""
_BUSES = (
    (re.compile("/virtio[0-9]+/"), "virtio_net"),
    (re.compile("/VMBUS:[0-9]+/", re.IGNORECASE), "hv_netvsc"),
    (re.compile("/vif-[0-9]+/"), "xen-netfront"),
)
"""Parts of a NIC's path in sysfs that imply its driver."""


def read_host_interface(xml: bytes | str, *, source: str) -> tuple[Device, ...]:
    """Read a host interface as `virsh iface-dumpxml` prints it.

    The members of a bond and the ports of a bridge are complete, except for taps of domains (`vnet0`), which libvirt
    leaves out. A bond or VLAN without a lower device in the document was not inspected by libvirt.

    Returns:
        The device itself, then all below it, with their facts in the document: a VLAN's device only by name.

    Raises:
        AnalyzerError: It is not safe XML, or not a host interface with a name.

    Source:
        libvirt src/interface/interface_backend_udev.c udevGetIfaceDef, udevBridgeScanDirFilter.
    """
    root = parse(xml)
    if root.tag != "interface":
        raise AnalyzerError(f"<{root.tag}> is not a host interface")
    if not root.get("name"):
        raise AnalyzerError("a host interface without a name")
    return tuple(_devices(root, source))


def _devices(interface: etree._Element, source: str) -> Iterator[Device]:
    first = first_children(interface)
    below = list(_below(interface))
    kind = interface.get("type", "")
    has_list = kind in _LISTING and kind in first
    yield Device(
        name=DeviceName(interface.get("name", "")),
        kind=_KINDS.get(kind, DeviceKind.UNKNOWN),
        lower=tuple(DeviceName(member.get("name", "")) for member in below),
        lower_complete=has_list and (bool(below) or kind == "bridge"),
        mac=mac_or_text(attribute(first.get("mac"), "address")),
        vlan_id=number(attribute(first.get("vlan"), "tag")),
        addresses=tuple(_addresses(interface)),
        sources=(source,),
    )
    for member in below:
        yield from _devices(member, source)


def _below(interface: etree._Element) -> Iterator[etree._Element]:
    """Yield the interfaces inside `<bond>`, `<bridge>` or `<vlan>`: members, ports, the VLAN's parent."""
    for part in interface:
        if part.tag in _LISTING:
            yield from (member for member in part if member.tag == "interface" and member.get("name"))


def _addresses(interface: etree._Element) -> Iterator[str]:
    for protocol in interface.iterchildren("protocol"):
        for ip in protocol.iterchildren("ip"):
            stated = "/".join(part for part in (ip.get("address"), ip.get("prefix")) if part)
            try:
                yield str(ipaddress.ip_interface(stated))
            except ValueError:
                continue  # not an address, so that it can't be compared with a subnet


def read_node_device(xml: bytes | str, *, source: str) -> Device | None:
    """Read a node device as `virsh nodedev-dumpxml` prints it; None if it is not a network device.

    libvirt makes `computer` the parent of a device when sysfs shows no parent that it knows. These are veth, tap and
    dummy devices, but also NICs on an unknown bus (VMBus, Xen, a board's own), which the path implies. Any other parent
    is on a bus, possibly a virtual machine's. Bonds, VLANs, bridges and macvlans are not listed at all (udev gives them
    a DEVTYPE), so the kind of a device remains unknown. A NIC has no lower device. `tx` is the result of
    ETHTOOL_GTXCSUM, which may be true for SCTP alone; a libvirt without this query lists no feature.

    Raises:
        AnalyzerError: It is not safe XML, not a node device, or a network device without a name.

    Source:
        libvirt src/node_device/node_device_udev.c udevGetDeviceType, udevSetParent;
        src/util/virnetdev.c virNetDevGetFeatures.
    """
    return read_with_parent(xml, source=source)[0]


def read_with_parent(xml: bytes | str, *, source: str) -> tuple[Device | None, str | None]:
    """Read a node device as `read_node_device` does; return it with the name of its parent node device.

    The name is None if the parent is `computer` or not given.

    Raises:
        AnalyzerError: As `read_node_device`.
    """
    root = parse(xml)
    if root.tag != "device":
        raise AnalyzerError(f"<{root.tag}> is not a node device")
    parent = root.findtext("parent")
    return _network_device(root, parent, source), None if parent in {None, "", "computer"} else parent


def _network_device(root: etree._Element, parent: str | None, source: str) -> Device | None:
    net = next((capability for capability in root.iterchildren("capability") if capability.get("type") == "net"), None)
    if net is None:
        return None
    name = net.findtext("interface")
    if not name:
        raise AnalyzerError("a network device without the name of its interface")
    path = root.findtext("path") or ""
    backing = _backing(parent, path)
    return Device(
        name=DeviceName(name),
        lower_complete=backing is Backing.PHYSICAL,
        backing=backing,
        driver=next((driver for bus, driver in _BUSES if bus.search(path)), None),
        mac=mac_or_text(net.findtext("address")),
        tx=_tx({feature.get("name") for feature in net.iterchildren("feature")}),
        sources=(source,),
    )


def read_driver(xml: bytes | str) -> str | None:
    """Return the kernel driver of a node device; the driver of a bus for a single NIC is mapped to that of the NIC.

    Raises:
        AnalyzerError: It is not safe XML.
    """
    driver = parse(xml).findtext("driver/name")
    return driver_name(_DRIVERS.get(driver, driver)) if driver else None


def read_computer(xml: bytes | str) -> Dmi:
    """Read the node device `computer`, which libvirt makes from DMI.

    Raises:
        AnalyzerError: It is not safe XML, or not a node device.
    """
    root = parse(xml)
    if root.tag != "device":
        raise AnalyzerError(f"<{root.tag}> is not a node device")
    system = root.find("capability[@type='system']")
    if system is None:
        return Dmi()
    return Dmi(
        vendor=system.findtext("hardware/vendor") or "",
        product=system.findtext("product") or "",
        uuid=identifier(system.findtext("hardware/uuid")) or "",
    )


def _backing(parent: str | None, path: str) -> Backing:
    if path.startswith("/sys/devices/"):
        return Backing.VIRTUAL if path.startswith("/sys/devices/virtual/") else Backing.PHYSICAL
    match parent:
        case None | "":
            return Backing.UNKNOWN
        case "computer":
            return Backing.VIRTUAL
        case _:
            return Backing.PHYSICAL


def _tx(features: set[str | None]) -> State:
    if not features:
        return State.UNKNOWN
    return State.ON if "tx" in features else State.OFF
