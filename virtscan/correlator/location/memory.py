"""Places that an earlier scan observed, of servers whose hypervisors were not read completely since.

A remembered place is weaker than any observation: it counts only where a server would be unlocated, and only as seen
from hypervisors that were read completely.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator.location.fleet import Fleet, fleet_of
from virtscan.correlator.location.places import GuestNic, HostItself
from virtscan.model import HostStatus, Hypervisor, Inventory, Mac, RememberedPlace


class ServerName(msgspec.Struct, frozen=True):
    """A server by its name and interface."""

    server: str
    interface: str | None


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """All places that a server had, in `fleet`: the hypervisors with the last complete observation of each.

    `macs` are those by which it was known.
    """

    places: tuple[GuestNic | HostItself, ...]
    macs: frozenset[Mac]
    fleet: Fleet


Memory: TypeAlias = Mapping[ServerName, Remembered]


def remembered(inventory: Inventory) -> Memory:
    """Return the remembered places by server; none of a server that was seen on another hypervisor since."""
    unread = {host.name for host in inventory.hypervisors if host.status is not HostStatus.COMPLETE}
    last = {
        unread_host.hypervisor: msgspec.structs.replace(unread_host.last, name=unread_host.hypervisor)
        for unread_host in inventory.unread
        if unread_host.last is not None and unread_host.hypervisor in unread
    }
    by_server: dict[ServerName, list[RememberedPlace]] = {}
    for place in inventory.places:
        by_server.setdefault(ServerName(place.server, place.interface), []).append(place)
    seen = {host.name: _marks(host) for host in inventory.hypervisors} if by_server else {}
    usable = {
        name: server_places
        for name, server_places in by_server.items()
        if all(place.hypervisor in last and not _is_elsewhere(place, seen) for place in server_places)
    }
    if not usable:
        return {}
    hosts = tuple(last.get(host.name, host) for host in inventory.hypervisors)
    fleet = fleet_of(msgspec.structs.replace(inventory, hypervisors=hosts, unread=(), places=()), ())
    memories = {
        name: Remembered(
            places=tuple(known for place in server_places for known in _places(place, last[place.hypervisor])),
            macs=frozenset(mac for place in server_places for mac in place.macs),
            fleet=fleet,
        )
        for name, server_places in usable.items()
    }
    return {name: memory for name, memory in memories.items() if memory.places}


def _places(place: RememberedPlace, host: Hypervisor) -> Iterator[GuestNic | HostItself]:
    if place.domain is None:
        yield HostItself(hypervisor=host.name)
        return
    for domain in host.domains:
        if (domain.uuid, domain.name) == (place.uuid, place.domain):
            yield from (
                GuestNic(hypervisor=host.name, domain=domain, interface=interface) for interface in domain.interfaces
            )


def _marks(host: Hypervisor) -> frozenset[str]:
    """Return the uuids and MACs by which a server may be seen on a hypervisor."""
    uuids = {domain.uuid.casefold() for domain in host.domains if domain.uuid is not None}
    macs = {interface.mac for domain in host.domains for interface in domain.interfaces if interface.mac is not None}
    devices = {mac for device in host.devices for mac in device.macs}
    return frozenset(uuids | macs | devices)


def _is_elsewhere(place: RememberedPlace, seen: Mapping[str, frozenset[str]]) -> bool:
    marks = {*place.macs, *(() if place.uuid is None else (place.uuid.casefold(),))}
    return any(name != place.hypervisor and not marks.isdisjoint(marks_there) for name, marks_there in seen.items())
