"""What domains' interfaces lead to: networks, and devices down to the cards; nothing else is fetched."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from functools import partial

from virtscan import analyzer
from virtscan.connectors.libvirt_lists import Describe, Lists
from virtscan.connectors.libvirt_session import Deliver, Session
from virtscan.connectors.spread import Answer, Question
from virtscan.model import Attachment, DeviceName, Domain, GapAbout, Network

SOURCE = "libvirt"

_NODE_DEVICE = re.compile(r"net_(.+?)((_[0-9a-f]{2}){6}|(_[0-9a-f]{2}){20})?")
"""`net_NAME_MAC`, every other character made `_` (node_device_udev.c udevGenerateDeviceName)."""

_ODD = re.compile("[^A-Za-z0-9]")


class Leads:
    """Follows domains' interfaces while the domains are read, so that what came before a deadline is understood.

    What can't be read is missed only where an interface of type macvtap may hang on it: a network as long as nobody
    else says which device an interface on it got, a device under a macvtap. A driver without lists of devices (a
    container's, an emulated one's) leaves their kind unknown, which is no gap: nobody could be asked.
    """

    def __init__(self, session: Session, lists: Lists) -> None:
        self._session = session
        self._lists = lists
        self._node_names = _node_names(lists.node_devices.documents)
        self._met: set[Hashable] = set()
        self._networks: dict[str, Network] = {}
        self._awaited: set[str] = set()

    def follow(self, domain: Domain) -> None:
        """Fetch what the domain's interfaces lead to, unless another one's did; part of a work."""
        for interface in domain.interfaces:
            if self._is_new((interface.network, interface.attachments)):
                if interface.network is not None:
                    self._follow_network(interface.network, decides=not interface.attachments)
                self._follow_attachments(interface.attachments)

    def _follow_network(self, name: str, *, decides: bool) -> None:
        listing = self._lists.networks
        if decides:
            self._awaited.add(name)
            if name in self._networks:
                self._follow_attachments(self._networks[name].attachments)
        if name in listing.documents and self._is_new(("network", name)):
            use = partial(self._session.read, f"network {name}", GapAbout.NETWORK, self._deliver_network)
            self._session.add(Question(listing.documents[name], use))
        if name not in listing.documents and decides and self._is_new(("no network", name)):
            why = "this host has no such network" if listing.supported else "this driver lists no networks"
            self._session.reading.gap(f"network {name}", listing.failure or why, GapAbout.NETWORK)

    def _deliver_network(self, xml: str) -> None:
        network = analyzer.read_network(xml)
        self._session.reading.add(network)
        self._networks[network.name] = network
        if network.name in self._awaited:
            self._follow_attachments(network.attachments)

    def _follow_attachments(self, attachments: Iterable[Attachment]) -> None:
        for attachment in attachments:
            if attachment.device is not None:
                self._follow_device(attachment.device)
                if attachment.mode is not None and self._is_new(("macvtap", attachment.device)):
                    self._miss_unless_listed(attachment.device)

    def _follow_device(self, name: DeviceName) -> None:
        if self._is_listed(name) and self._is_new(("device", name)):
            interfaces, nodes = self._lists.interfaces.documents, self._lists.node_devices.documents
            # First what knows its kind: of two that differ the earlier counts.
            waiting = [(interfaces[name], self._deliver_interface)] if name in interfaces else []
            deliver_node = partial(self._deliver_node, name)
            waiting += [(nodes[node], deliver_node) for node in self._node_names.get(_cleaned(name), [])]
            self._ask_for_next(f"device {name}", waiting)

    def _ask_for_next(self, subject: str, waiting: Sequence[tuple[Describe, Deliver]]) -> None:
        """Ask for one document after the other."""
        if not waiting:
            return
        (describe, deliver), *others = waiting

        def use(answers: Sequence[Answer]) -> None:
            self._session.read(subject, GapAbout.DEVICE, deliver, answers)
            self._ask_for_next(subject, others)

        self._session.add(Question(describe, use))

    def _deliver_interface(self, xml: str) -> None:
        devices = analyzer.read_host_interface(xml, source=SOURCE)
        self._session.reading.add(*devices)
        for device in devices:
            for name in device.lower:
                self._follow_device(name)

    def _deliver_node(self, name: DeviceName, xml: str) -> None:
        device = analyzer.read_node_device(xml, source=SOURCE)
        # Other names, too, look like this one once their odd characters are replaced.
        if device is not None and device.name == name:
            self._session.reading.add(device)

    def _miss_unless_listed(self, name: DeviceName) -> None:
        reading = self._session.reading
        interfaces, nodes = self._lists.interfaces, self._lists.node_devices
        for subject, listing in (("list of host interfaces", interfaces), ("list of node devices", nodes)):
            if listing.failure is not None and self._is_new(subject):
                reading.gap(subject, listing.failure, GapAbout.DEVICE)
        is_known_to_be_missing = not (interfaces.failure or nodes.failure) and (interfaces.supported or nodes.supported)
        if is_known_to_be_missing and not self._is_listed(name):
            reading.gap(f"device {name}", "libvirt lists no such device on this host", GapAbout.DEVICE)

    def _is_listed(self, name: DeviceName) -> bool:
        return name in self._lists.interfaces.documents or _cleaned(name) in self._node_names

    def _is_new(self, what: Hashable) -> bool:
        """Is it met for the first time?"""
        if what in self._met:
            return False
        self._met.add(what)
        return True


def _node_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Node devices by the name of their interface, as far as the node device's own name shows it."""
    found = defaultdict(list)
    for name in names:
        if match := _NODE_DEVICE.fullmatch(name):
            found[match[1]].append(name)
    return found


def _cleaned(name: str) -> str:
    return _ODD.sub("_", name)
