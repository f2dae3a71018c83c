"""Lists of a connection, read by the calls that its daemon supports, also on old hypervisors."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import libvirt
import msgspec

from virtscan.connectors.libvirt.errors import end_if_lost, is_unsupported, reason
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall
from virtscan.connectors.libvirt.session import Session
from virtscan.hostnet.links import mac
from virtscan.model import Mac

Describe: TypeAlias = Callable[[], str]
"""Fetches a document; raises libvirtError."""


_WITH_PARENTS = (
    libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_INTERFACE
)
"""Network devices and their parents; every daemon with this call knows these flags."""


class NameList(msgspec.Struct, frozen=True):
    """The names that a hypervisor lists, each with a function that fetches its document, and MACs if the list has them.

    Empty with a `failure` if the list could not be read; empty and not `supported` if this driver has no such list.
    """

    documents: Mapping[str, Describe] = {}
    macs: Mapping[str, Mac] = {}
    failure: str | None = None
    supported: bool = True


def domains(connection: libvirt.virConnect) -> list[libvirt.virDomain] | None:
    """Return every domain, running or not, once; None if the daemon has no such list (see `domains_before_0_9_13`).

    Raises:
        libvirt.libvirtError: The list could not be read.
    """
    try:
        every: list[libvirt.virDomain] = connection.listAllDomains()
    except libvirt.libvirtError as error:
        if not is_unsupported(error):
            raise
        return None
    return every


def persistent(connection: libvirt.virConnect) -> set[str] | None:
    """Return the uuids of the running domains that have a definition for their next start; None if not listed.

    Raises:
        ConnectorError: The connection is gone.
    """
    flags = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE | libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT
    try:
        return {domain.UUIDString() for domain in connection.listAllDomains(flags)}
    except libvirt.libvirtError as error:
        end_if_lost(connection, error)
    return None


class Lists:
    """Lists of a hypervisor other than its domains; each is a round trip of its own, and empty until it is read."""

    def __init__(self, connection: libvirt.virConnect) -> None:
        self._connection = connection
        self.networks = NameList()
        self.interfaces = NameList()
        self.node_devices = NameList()
        self.others: Mapping[str, Describe] = {}

    def read_networks(self) -> None:
        """List the virtual networks."""
        connection = self._connection
        before_0_10_2 = (connection.listNetworks, connection.listDefinedNetworks)
        self.networks = _listing(connection, connection.listAllNetworks, before_0_10_2, connection.networkLookupByName)

    def read_interfaces(self) -> None:
        """List the host's network interfaces, as far as they are configured in a way that libvirt reads."""
        connection = self._connection
        before_0_10_2 = (connection.listInterfaces, connection.listDefinedInterfaces)
        self.interfaces = _listing(
            connection, connection.listAllInterfaces, before_0_10_2, connection.interfaceLookupByName, mac_of=_mac_of
        )

    def read_node_devices(self) -> None:
        """List the host's network devices; the names are libvirt's own, not the kernel's.

        Their possible parents come with the same round trip, in `others`.
        """
        connection = self._connection
        list_all = partial(connection.listAllDevices, _WITH_PARENTS)
        before_0_10_2 = (partial(connection.listDevices, "net"),)
        listing = _listing(connection, list_all, before_0_10_2, connection.nodeDeviceLookupByName)
        is_net = {name: name.startswith("net_") for name in listing.documents}
        self.others = {name: describe for name, describe in listing.documents.items() if not is_net[name]}
        net = {name: describe for name, describe in listing.documents.items() if is_net[name]}
        self.node_devices = msgspec.structs.replace(listing, documents=net)

    def node_device(self, name: str) -> Describe:
        """Return a function that fetches the document of any node device, even one that is not listed."""
        return self.others.get(name) or partial(_look_up_and_describe, self._connection.nodeDeviceLookupByName, name)


def name_of(item: Any) -> str:  # Any: libvirt-python ships no types; this is anything with a name
    """Return an object's name; a daemon can send one that is not text."""
    try:
        return str(item.name())
    except UnicodeDecodeError:
        return "with a name that is not UTF-8"


def domains_before_0_9_13(session: Session) -> list[libvirt.virDomain]:
    """Return running domains by id and the others by name, each looked up: two round trips per domain.

    A domain that starts or stops meanwhile moves from one list to the other. So the running ones are listed before and
    after the others, and duplicates are recognized by uuid. An id that is gone at its look-up was stopped before the
    names were listed, or no longer exists.
    """
    domains_by_uuid: dict[str, libvirt.virDomain] = {}

    def look_up(find: Callable[..., libvirt.virDomain], key: int | str) -> None:
        try:
            domain = find(key)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
        else:
            domains_by_uuid[domain.UUIDString()] = domain

    connection = session.connection
    running = connection.listDomainsID()
    session.run([PipelinedCall(partial(look_up, connection.lookupByID, number)) for number in running])
    session.run(
        [PipelinedCall(partial(look_up, connection.lookupByName, name)) for name in connection.listDefinedDomains()]
    )
    known_ids = {domain.ID() for domain in domains_by_uuid.values()}
    started = [number for number in connection.listDomainsID() if number not in known_ids]
    session.run([PipelinedCall(partial(look_up, connection.lookupByID, number)) for number in started])
    return list(domains_by_uuid.values())


def _listing(
    connection: libvirt.virConnect,
    list_all: Callable[[], list[Any]],  # Any: as in name_of
    lists_before_0_10_2: Sequence[Callable[[], list[str]]],
    look_up: Callable[[str], Any],  # Any: as in name_of
    mac_of: Callable[[Any], Mac | None] = lambda _item: None,
) -> NameList:
    def known_today() -> NameList:
        items = {name_of(item): item for item in list_all()}
        macs = {name: address for name, item in items.items() if (address := mac_of(item)) is not None}
        return NameList({name: item.XMLDesc for name, item in items.items()}, macs)

    def known_by_old_daemons() -> NameList:
        names = [name for names in lists_before_0_10_2 for name in names()]
        return NameList({name: partial(_look_up_and_describe, look_up, name) for name in names})

    for attempt in (known_today, known_by_old_daemons):
        try:
            return attempt()
        except libvirt.libvirtError as error:
            if not is_unsupported(error):
                end_if_lost(connection, error)
                return NameList(failure=reason(error))
    return NameList(supported=False)


def _mac_of(interface: Any) -> Mac | None:  # Any: as in name_of
    """Return a host interface's MAC, which came with the list."""
    return mac(interface.MACString() or "")


def _look_up_and_describe(look_up: Callable[[str], Any], name: str) -> str:  # Any: as in name_of
    return str(look_up(name).XMLDesc())
