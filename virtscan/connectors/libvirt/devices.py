"""Networks and devices of domains' interfaces, down to the NICs, and devices of servers; no other XML is fetched."""

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial

from virtscan import analyzer
from virtscan.connectors.conditional_gap import ConditionalGap
from virtscan.connectors.libvirt.lists import Describe, Lists, NameList
from virtscan.connectors.libvirt.nics import Drivers
from virtscan.connectors.libvirt.replies import Reply, reply_of
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall
from virtscan.connectors.libvirt.session import Deliver, Session
from virtscan.hostnet.links import mac
from virtscan.model import Attachment, Device, DeviceName, Domain, Gap, GapAbout, Mac, Network
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.causes import DeviceNotListed, Driver, Failure, NetworksNotListed, NoDriver, NoSuchNetwork
from virtscan.model.gaps.items import FactName, HostFact, HostNetwork, NamedDevice

SOURCE = "libvirt"

_BYTE = "_[0-9a-f][0-9a-f]"
_NODE_DEVICE = re.compile(f"net_(.+?)({_BYTE * 6}|{_BYTE * 20})?")
"""`net_NAME_MAC`, every other character made `_` (node_device_udev.c udevGenerateDeviceName)."""

_ODD = re.compile("[^A-Za-z0-9]")


class DeviceReader:
    """Reads the networks and devices of domains' interfaces while the domains are read.

    A domain that is read in time thus has its devices. Every device that libvirt lists is delivered, by name and MAC.
    Documents are fetched only of devices that an interface depends on or that have a MAC of a server. An unreadable
    document is a gap only if a macvtap may depend on it. The document of a network is a gap if no other source has the
    device of an interface on it. The document of a device under a macvtap is a gap if no other source has the device.
    """

    def __init__(self, session: Session, lists: Lists, server_macs: Collection[Mac]) -> None:
        self._session = session
        self._lists = lists
        self._server_macs = server_macs
        self._drivers = Drivers(session, lists)
        self._node_names: Mapping[str, Sequence[tuple[str, Mac | None]]] = {}
        self._listed: Mapping[str, Device] = {}
        self._pending_lists = 3  # networks, interfaces, node devices
        self._waiting: list[Domain] = []
        self._seen: set[Hashable] = set()
        self._networks: dict[str, Network] = {}
        self._awaited: set[str] = set()

    def listed(self, results: Sequence[None]) -> None:
        """Count the lists that have arrived; after the last one, follow the domains and servers."""
        self._pending_lists -= len(results)
        if self._pending_lists:
            return
        self._node_names = _node_names(self._lists.node_devices.documents)
        self._listed = _listed(self._lists.interfaces, self._node_names)
        self._session.draft.add_listed(self._listed)
        self._follow_servers()
        for domain in self._waiting:
            self.follow(domain)

    def follow(self, domain: Domain) -> None:
        """Fetch the networks and devices of the domain's interfaces, each once for all domains.

        A domain that arrives before the lists waits for them.
        """
        if self._pending_lists:
            self._waiting.append(domain)
            return
        for interface in domain.interfaces:
            is_open = interface.type == "network" and not interface.attachments
            if self._is_new((interface.network, interface.attachments, is_open)):
                if interface.network is not None:
                    self._follow_network(interface.network, decides=is_open)
                self._follow_attachments(interface.attachments)

    def _follow_servers(self) -> None:
        """Fetch the devices that have a MAC of a server."""
        for device in self._listed.values():
            if device.mac is not None and device.mac in self._server_macs:
                self._follow_device(device.name)

    def _follow_network(self, name: str, *, decides: bool) -> None:
        listing = self._lists.networks
        item = HostNetwork(uri=self._session.draft.uri, network=name)
        if decides:
            self._awaited.add(name)
            if name in self._networks:
                self._follow_attachments(self._networks[name].attachments)
        if name in listing.documents and self._is_new(("network", name)):
            use = partial(self._session.read, item, GapAbout.NETWORK, self._deliver_network)
            self._session.add(PipelinedCall(partial(reply_of, listing.documents[name]), use))
        if name not in listing.documents and decides and self._is_new(("no network", name)):
            absence = NoSuchNetwork() if listing.supported else NetworksNotListed()
            cause = absence if listing.failure is None else Failure(detail=listing.failure)
            self._session.draft.gap(item, cause, GapAbout.NETWORK)

    def _deliver_network(self, xml: str) -> None:
        network = analyzer.read_network(xml)
        self._session.draft.add(network)
        self._networks[network.name] = network
        if network.name in self._awaited:
            self._follow_attachments(network.attachments)

    def _follow_attachments(self, attachments: Iterable[Attachment]) -> None:
        for attachment in attachments:
            if attachment.device is not None:
                self._follow_device(attachment.device)
                if attachment.mode is not None and self._is_new(("macvtap", attachment.device)):
                    self._report_unless_listed(attachment.device)

    def _follow_device(self, name: DeviceName) -> None:
        if self._is_new(("device", name)) and self._is_listed(name):
            interfaces, nodes = self._lists.interfaces.documents, self._lists.node_devices.documents
            # Documents with the device's kind first: of two that differ the earlier counts.
            waiting = [(interfaces[name], self._deliver_interface)] if name in interfaces else []
            waiting += [
                (nodes[node], partial(self._deliver_node, node)) for node, _ in self._node_names.get(_cleaned(name), ())
            ]
            self._request_next(NamedDevice(uri=self._session.draft.uri, device=name), waiting)

    def _request_next(self, item: NamedDevice, waiting: Sequence[tuple[Describe, Deliver]]) -> None:
        """Request one document after the other."""
        if not waiting:
            return
        (describe, deliver), *further = waiting

        def use(replies: Sequence[Reply[str]]) -> None:
            self._session.read(item, GapAbout.DEVICE, deliver, replies)
            self._request_next(item, further)

        self._session.add(PipelinedCall(partial(reply_of, describe), use))

    def _deliver_interface(self, xml: str) -> None:
        devices = analyzer.read_host_interface(xml, source=SOURCE)
        self._session.draft.add(*devices)
        for device in devices:
            for name in device.lower:
                self._follow_device(name)

    def _deliver_node(self, node: str, xml: str) -> None:
        device, parent = analyzer.read_with_parent(xml, source=SOURCE)
        if device is not None:
            if device.name != self._listed[node].name:
                self._session.draft.withdraw_listed(node)
            self._session.draft.add(device)
            self._drivers.follow(device, parent)

    def _report_unless_listed(self, name: DeviceName) -> None:
        interfaces, nodes = self._lists.interfaces, self._lists.node_devices
        uri = self._session.draft.uri
        for fact, listing, driver in (
            (FactName.INTERFACES, interfaces, Driver.INTERFACE),
            (FactName.NODE_DEVICES, nodes, Driver.NODE_DEVICE),
        ):
            if (not listing.supported or listing.failure is not None) and self._is_new(fact):
                cause = NoDriver(driver=driver) if listing.failure is None else Failure(detail=listing.failure)
                self._report_gap(HostFact(uri=uri, fact=fact), cause)
        if interfaces.supported and not (interfaces.failure or nodes.failure or self._is_listed(name)):
            self._report_gap(NamedDevice(uri=uri, device=name), DeviceNotListed(), name)

    def _report_gap(self, item: AnyItem, cause: AnyCause, device: DeviceName | None = None) -> None:
        gap = Gap(item=item, cause=cause, about=GapAbout.DEVICE)
        self._session.draft.add(ConditionalGap(gap=gap, device=device))

    def _is_listed(self, name: DeviceName) -> bool:
        return name in self._lists.interfaces.documents or _cleaned(name) in self._node_names

    def _is_new(self, key: Hashable) -> bool:
        """Return True the first time."""
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _node_names(names: Iterable[str]) -> Mapping[str, Sequence[tuple[str, Mac | None]]]:
    """Return node devices, each with its MAC, by the cleaned name of their interface; libvirt's own order varies."""
    devices = defaultdict(list)
    for name in sorted(names):
        if match := _NODE_DEVICE.fullmatch(name):
            devices[match[1]].append((name, mac((match[2] or "")[1:].replace("_", ":"))))
    return devices


def _listed(interfaces: NameList, node_names: Mapping[str, Sequence[tuple[str, Mac | None]]]) -> dict[str, Device]:
    """Return every device of both lists, by the lists' own names.

    The name of a node device holds that of its interface only without odd characters, which the list of host
    interfaces has. Several that look the same are numbered.
    """
    real: defaultdict[str, list[str]] = defaultdict(list)
    for name in interfaces.documents:
        real[_cleaned(name)].append(name)
    listed = {f"interface {name}": _device(name, interfaces.macs.get(name)) for name in interfaces.documents}
    for cleaned, nodes in node_names.items():
        candidates = real.get(cleaned, [])
        unnamed = 0
        for node, address in nodes:
            names = [name for name in candidates if interfaces.macs.get(name) == address]
            if len(candidates) == len(nodes) == 1:
                names = candidates
            if not names:
                unnamed += 1
                names = [cleaned if unnamed == 1 else f"{cleaned}#{unnamed}"]
            listed[node] = _device(names[0], address)
    return listed


def _device(name: str, address: Mac | None) -> Device:
    return Device(name=DeviceName(name), mac=address, sources=(SOURCE,))


def _cleaned(name: str) -> str:
    return _ODD.sub("_", name)
