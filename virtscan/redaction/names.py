"""The identifying names in an inventory; pure."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from virtscan.errors import ConfigError
from virtscan.model import Device, Inventory, Server
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps import causes as c
from virtscan.model.gaps import items as i
from virtscan.model.keys import is_significant
from virtscan.model.sources import path_in
from virtscan.transport import uri

_FILE = re.compile(r"(?<![\w/.:])(?:/[^\s/:;&'\"<>(),]+){2,}")
"""An absolute path; one with a blank in it ends there."""

_HOME = re.compile(r"(?<![\w/.:])/home/[^\s:;&'\"<>(),]+")
_MAC = re.compile(r"(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])")
_SHORTEST_PATH = 3
"""A shorter one may be any word, or a dot."""


def names_of(inventory: Inventory) -> Iterator[tuple[str, Iterable[str]]]:
    """Give the names by kind, in the inventory's order; some may be empty."""
    hosts = inventory.hypervisors
    domains = [domain for host in hosts for domain in host.domains]
    yield "host", (name for host in hosts for name in _hosts(host.name, host.uri))
    yield "host", (name for host in hosts for name in _hosts(host.own_name or ""))
    for key in dict.fromkeys(key for host in hosts for key in host.former_keys):
        yield from _of_key(key)
    yield "host", (name for server in inventory.servers for name in _hosts(server.name, server.source))
    yield "user", (name for text in _places(inventory) for name in _users(text))
    yield "vm", (domain.name for domain in domains)
    yield "vm-uuid", (domain.uuid for domain in domains if domain.uuid)
    yield "path", (domain.origin for domain in domains if "/" in domain.origin and "://" not in domain.origin)
    yield "mac", (interface.mac for domain in domains for interface in domain.interfaces if interface.mac)
    yield "mac", (mac for host in hosts for device in host.devices for mac in _macs(device))
    yield "mac", (mac for server in inventory.servers for mac in (*server.macs, *server.declared_macs))
    devices = [one for server in inventory.servers for one in server.devices]
    yield "mac", (mac for one in devices for mac in _macs(one.device))
    machines = [host.system_uuid for host in hosts] + [server.system_uuid for server in inventory.servers]
    yield "vm-uuid", (uuid for uuid in machines if uuid and is_significant(uuid))
    for text in _settings(inventory.servers):
        yield "path", _HOME.findall(text)
        yield "mac", _MAC.findall(text.lower())
    yield "host", (server.runs_on or "" for server in inventory.servers)
    yield "mac", (netboot.mac for netboot in inventory.netboots)
    yield "vm", (netboot.system for netboot in inventory.netboots)
    yield "host", (name for netboot in inventory.netboots if netboot.server for name in _hosts(netboot.server))
    yield "host", (name for subnet in inventory.subnets for server in subnet.servers for name in _hosts(server))
    sources = [*(netboot.source for netboot in inventory.netboots), *(subnet.source for subnet in inventory.subnets)]
    for source in dict.fromkeys(sources):
        yield from _of_record(source)
    for gap in inventory.gaps:
        yield from _of_item(gap.item)
        yield from _of_cause(gap.cause)
    yield "path", (path for host in hosts for path in _FILE.findall(host.uri.partition("?")[2].replace("=", " ")))


def _of_key(key: str) -> Iterator[tuple[str, Iterable[str]]]:
    """Give the names in a key that an earlier observation of a host had."""
    kind, _, text = key.partition(":")
    match kind:
        case "uuid":
            yield "vm-uuid", (text,)
        case "uri":
            address, _, own_name = text.partition("#")
            yield "host", (*_hosts(own_name, address),)
            yield "user", _users(address)
        case _:
            yield "host", _hosts(text)


def _macs(device: Device) -> Iterator[str]:
    yield from (mac for mac in (device.mac, device.permanent_mac) if mac)


def _settings(servers: Iterable[Server]) -> Iterator[str]:
    """Sentences about servers' devices and settings, which repeat lines of their files."""
    for server in servers:
        offloads = [one.offload for one in server.devices]
        lasting = (server.persistence, *(one.persistence for one in offloads))
        yield from (one.setting for one in lasting if one is not None)


def _of_item(item: AnyItem) -> Iterator[tuple[str, Iterable[str]]]:
    """Give the names in what a gap is about: what could not be read may have no other place."""
    match item:
        case i.GuestDomain(domain=domain):
            yield "vm", (domain,)
        case i.DefinitionFile(path=path):
            yield "path", (path,)
        case i.System(system=system):
            yield from _of_system(system)
            if isinstance(item, i.SystemHost):
                yield "vm", (item.host,)
        case i.ServerItem(server=name, source=source):
            yield "host", _hosts(name, source or "")
            yield "user", _users(source or "")
        case i.OldHost(hypervisor=name, uri=uri):
            yield "host", _hosts(name, uri)
        case i.OldRecords(source=source):
            yield from _of_record(source)
    if (address := getattr(item, "uri", None)) is not None:
        yield "host", _hosts("", address)
        yield "user", _users(address)


def _of_cause(cause: AnyCause) -> Iterator[tuple[str, Iterable[str]]]:
    match cause:
        case c.BadDocument(domains=domains):
            yield "vm", domains
        case c.DefinedTwice(first=path):
            yield "path", (path,)
        case c.NoDefinitions(left_out=files):
            yield "path", files


def _of_system(system: str) -> Iterator[tuple[str, Iterable[str]]]:
    yield "host", _hosts("", system) if "://" in system else _hosts(system)
    yield "user", _users(system)


def _of_record(source: str) -> Iterator[tuple[str, Iterable[str]]]:
    """Give the names in the source of a record: the kind of the system, and its name or URL."""
    yield from _of_system(source.partition(" ")[2])


def _places(inventory: Inventory) -> Iterator[str]:
    yield from (host.uri for host in inventory.hypervisors)
    yield from (server.source for server in inventory.servers)


def _hosts(name: str, address: str = "") -> Iterator[str]:
    """Give a host's name as it stands, without its domain, and the one in its address; numeric addresses have none."""
    parsed = _parsed(address)
    for text in (name, parsed and parsed.host):
        if text and not _is_numeric(text):
            yield text
            yield text.partition(".")[0]
    if (path := path_in(address)) and len(path) >= _SHORTEST_PATH:
        yield path


def _users(address: str) -> Iterator[str]:
    parsed = _parsed(address)
    if parsed is not None and parsed.user:
        yield parsed.user.partition(":")[0]


def _parsed(address: str) -> uri.LibvirtUri | None:
    try:
        return uri.parse(address) if "://" in address else None
    except ConfigError:
        return None


def _is_numeric(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True
