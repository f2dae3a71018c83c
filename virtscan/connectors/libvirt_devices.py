"""What domains' interfaces lead to: networks, and devices down to the cards; nothing else is fetched."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from virtscan import analyzer
from virtscan.connectors.libvirt_lists import Listing
from virtscan.connectors.libvirt_session import Session
from virtscan.model import Device, DeviceName, Domain, GapAbout, Network

SOURCE = "libvirt"

_NODE_DEVICE = re.compile(r"net_(.+?)((_[0-9a-f]{2}){6}|(_[0-9a-f]{2}){20})?")
"""`net_NAME_MAC`, every other character made `_` (node_device_udev.c udevGenerateDeviceName)."""

_ODD = re.compile("[^A-Za-z0-9]")


def read_networks(session: Session, domains: Iterable[Domain], listing: Listing) -> list[Network]:
    """Deliver the networks that interfaces are on.

    One that can't be read is missed only when an interface stands on nobody knows what without it; a running domain's
    document says what it got.
    """
    interfaces = [interface for domain in domains for interface in domain.interfaces if interface.network is not None]
    used = {interface.network for interface in interfaces if interface.network is not None}
    missed = {interface.network for interface in interfaces if not interface.attachments}
    found: list[Network] = []

    def deliver(xml: str) -> None:
        network = analyzer.read_network(xml)
        session.reading.add(network)
        found.append(network)

    session.run(
        [
            session.document(f"network {name}", GapAbout.NETWORK, listing.documents[name], deliver)
            for name in sorted(used & listing.documents.keys())
        ]
    )
    for name in sorted(name for name in missed if name is not None and name not in listing.documents):
        session.reading.gap(f"network {name}", _why_not_listed(listing), GapAbout.NETWORK)
    return found


def read_devices(session: Session, domains: Iterable[Domain], interfaces: Listing, nodes: Listing) -> None:
    """Deliver the devices that interfaces are attached to, and what these stand on.

    A driver without such lists (a container's, an emulated one's) leaves a device's kind unknown, which is no gap:
    nobody could be asked. Nor is a device that is only a bridge's: a network that is down has none.

    Args:
        session: The connection.
        domains: Resolved.
        interfaces: The host's interfaces: kind, and what is below.
        nodes: The host's node devices: what is a card.
    """
    attachments = [a for domain in domains for interface in domain.interfaces for a in interface.attachments]
    wanted = {attachment.device for attachment in attachments if attachment.device is not None}
    under_macvtap = {a.device for a in attachments if a.device is not None and a.mode is not None}
    node_names = _node_names(nodes.documents)
    asked: set[DeviceName] = set()
    while wanted:
        found = _describe(session, wanted, interfaces, nodes, node_names)
        asked |= wanted
        wanted = {name for device in found for name in device.lower} - asked
    if under_macvtap:
        listed = interfaces.documents.keys() | node_names.keys()
        _miss(session, [name for name in under_macvtap if not {name, _cleaned(name)} & listed], interfaces, nodes)


def _describe(
    session: Session, names: set[DeviceName], interfaces: Listing, nodes: Listing, node_names: dict[str, list[str]]
) -> list[Device]:
    """Deliver what both lists say of some devices: first what knows their kind, as of two the earlier one counts."""
    from_interfaces: list[Device] = []
    from_nodes: list[Device] = []

    def deliver_node(xml: str) -> None:
        device = analyzer.read_node_device(xml, source=SOURCE)
        # Other names, too, look like this one once their odd characters are replaced.
        if device is not None and device.name in names:
            from_nodes.append(device)

    def deliver_interface(xml: str) -> None:
        from_interfaces.extend(analyzer.read_host_interface(xml, source=SOURCE))

    jobs = []
    for name in sorted(names):
        subject = f"device {name}"
        if name in interfaces.documents:
            jobs.append(session.document(subject, GapAbout.DEVICE, interfaces.documents[name], deliver_interface))
        jobs += [
            session.document(subject, GapAbout.DEVICE, nodes.documents[node], deliver_node)
            for node in node_names.get(_cleaned(name), [])
        ]
    session.run(jobs)
    session.reading.add(*from_interfaces, *from_nodes)
    return [*from_interfaces, *from_nodes]


def _miss(session: Session, unlisted: Sequence[DeviceName], interfaces: Listing, nodes: Listing) -> None:
    for subject, listing in (("list of host interfaces", interfaces), ("list of node devices", nodes)):
        if listing.failure is not None:
            session.reading.gap(subject, listing.failure, GapAbout.DEVICE)
    if interfaces.failure or nodes.failure or not (interfaces.supported or nodes.supported):
        return
    for name in sorted(unlisted):
        session.reading.gap(f"device {name}", "libvirt lists no such device on this host", GapAbout.DEVICE)


def _why_not_listed(listing: Listing) -> str:
    if listing.failure is not None:
        return listing.failure
    return "this host has no such network" if listing.supported else "this driver lists no networks"


def _node_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Node devices by the name of their interface, as far as the node device's own name shows it."""
    found = defaultdict(list)
    for name in names:
        if match := _NODE_DEVICE.fullmatch(name):
            found[match[1]].append(name)
    return found


def _cleaned(name: str) -> str:
    return _ODD.sub("_", name)
