"""A hypervisor's own devices, as libvirt's host interface and node device documents describe them."""

import ipaddress
from collections.abc import Iterator

from lxml import etree

from virtscan.analyzer.literals import mac_address, number
from virtscan.analyzer.parsing import parse
from virtscan.errors import AnalyzerError
from virtscan.model import Backing, Device, DeviceKind, DeviceName, State

_KINDS = {kind.value: kind for kind in DeviceKind if kind is not DeviceKind.UNKNOWN}


def read_host_interface(xml: bytes | str, *, source: str) -> tuple[Device, ...]:
    """Read a host interface as `virsh iface-dumpxml` prints it.

    Returns:
        The device itself, then all below it, with what the document says of them: a VLAN's device only by name.

    Raises:
        AnalyzerError: It can't be read safely, or is no host interface with a name.
    """
    root = parse(xml)
    if root.tag != "interface":
        raise AnalyzerError(f"<{root.tag}> is no host interface")
    if not root.get("name"):
        raise AnalyzerError("a host interface without a name")
    return tuple(_devices(root, source))


def _devices(interface: etree._Element, source: str) -> Iterator[Device]:
    below = list(_below(interface))
    mac = interface.find("mac")
    vlan = interface.find("vlan")
    yield Device(
        name=DeviceName(interface.get("name", "")),
        kind=_KINDS.get(interface.get("type", ""), DeviceKind.UNKNOWN),
        lower=tuple(DeviceName(member.get("name", "")) for member in below),
        mac=None if mac is None else mac_address(mac.get("address")),
        vlan_id=None if vlan is None else number(vlan.get("tag")),
        addresses=tuple(_addresses(interface)),
        sources=(source,),
    )
    for member in below:
        yield from _devices(member, source)


def _below(interface: etree._Element) -> Iterator[etree._Element]:
    """The interfaces inside `<bond>`, `<bridge>` or `<vlan>`: members, ports, the device that carries the VLAN."""
    for part in interface.iterchildren("bond", "bridge", "vlan"):
        for member in part.iterchildren("interface"):
            if member.get("name"):
                yield member


def _addresses(interface: etree._Element) -> Iterator[str]:
    for protocol in interface.iterchildren("protocol"):
        for ip in protocol.iterchildren("ip"):
            stated = "/".join(part for part in (ip.get("address"), ip.get("prefix")) if part)
            try:
                yield str(ipaddress.ip_interface(stated))
            except ValueError:
                continue  # no address: of no use to anybody who compares it with a subnet


def read_node_device(xml: bytes | str, *, source: str) -> Device | None:
    """Read a node device as `virsh nodedev-dumpxml` prints it; None when it is no network device.

    libvirt hangs a device under `computer` when sysfs shows none that it knows above it: veth, tap and dummy, but also
    a card on a bus that it doesn't know (VMBus, Xen, a board's own). Any other parent is a device on a bus; it may
    still be a virtual machine's. Bonds, VLANs, bridges and macvlans are not listed at all (udev gives them a DEVTYPE),
    so what kind a device is stays open. `tx` is what ETHTOOL_GTXCSUM says, which may be true of SCTP alone; a libvirt
    that doesn't look lists no feature.

    Raises:
        AnalyzerError: It can't be read safely, is no node device, or a network device without a name.

    Source:
        libvirt src/node_device/node_device_udev.c udevGetDeviceType, udevSetParent;
        src/util/virnetdev.c virNetDevGetFeatures.
    """
    root = parse(xml)
    if root.tag != "device":
        raise AnalyzerError(f"<{root.tag}> is no node device")
    net = next((capability for capability in root.iterchildren("capability") if capability.get("type") == "net"), None)
    if net is None:
        return None
    name = net.findtext("interface")
    if not name:
        raise AnalyzerError("a network device without the name of its interface")
    return Device(
        name=DeviceName(name),
        backing=_backing(root.findtext("parent")),
        mac=mac_address(net.findtext("address")),
        tx=_tx({feature.get("name") for feature in net.iterchildren("feature")}),
        sources=(source,),
    )


def _backing(parent: str | None) -> Backing:
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
