"""The places of servers that an inventory takes over from an earlier one."""

from collections.abc import Iterable, Iterator

import msgspec

from virtscan.correlator.location.memory import ServerName
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself, OtherMachine, UnlocatedServer
from virtscan.correlator.servers.peers import PlacedStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.model import Domain, HostStatus, Hypervisor, Inventory, Mac, RememberedPlace
from virtscan.model.identity.matching import match_hosts


def remembering_places(new: Inventory, old: Inventory) -> Inventory:
    """Return the new inventory with the places that servers had on hypervisors which it did not read completely.

    A place counts from a hypervisor that the older inventory read completely. A server that may have been anywhere
    else has none.
    """
    index = ServerIndex(aged(old))
    pairs = match_hosts(old.hypervisors, new.hypervisors)
    hosts = {pair.old.name: pair.new for pair in pairs if pair.old is not None}
    complete = {host.name: host for host in old.hypervisors if host.status is HostStatus.COMPLETE}
    observed = {
        ServerName(server.name, server.interface): tuple(_observed(placed, complete, old))
        for server, placed in zip(index.servers, index.placed, strict=True)
    }
    known: dict[ServerName, list[RememberedPlace]] = {}
    for place in old.places:
        known.setdefault(ServerName(place.server, place.interface), []).append(place)
    servers = dict.fromkeys(ServerName(server.name, server.interface) for server in new.servers)
    places = (
        place for server in servers for place in _carried(observed.get(server, ()) or known.get(server, ()), hosts)
    )
    return msgspec.structs.replace(new, places=tuple(places))


def _observed(
    placed: Iterable[PlacedStack], complete: dict[str, Hypervisor], old: Inventory
) -> Iterator[RememberedPlace]:
    """Yield every place of a server, or none if one of them is unknown, bare or not on such a hypervisor."""
    macs_of: dict[RememberedPlace, set[Mac]] = {}
    for placed_stack in placed:
        place = placed_stack.place
        guest: Domain | None
        macs: set[Mac]
        match place:
            case OtherMachine() | UnlocatedServer():
                return
            case HostItself(declared=True):
                return
            case GuestNic(domain=domain):
                guest, macs = domain, {nic.mac for nic in domain.interfaces if nic.mac}
            case HostDevice() | HostItself():
                guest, macs = None, set()
        host = complete.get(place.hypervisor)
        if host is None:
            return
        remembered = RememberedPlace(
            server=placed_stack.stack.server.name,
            interface=placed_stack.stack.server.interface,
            hypervisor=host.name,
            observed_at=host.observed_at or old.taken_at,
            domain=None if guest is None else guest.name,
            uuid=None if guest is None else guest.uuid,
        )
        macs_of.setdefault(remembered, set()).update(macs, placed_stack.stack.macs)
    for remembered, all_macs in macs_of.items():
        yield msgspec.structs.replace(remembered, macs=tuple(sorted(all_macs)))


def _carried(places: Iterable[RememberedPlace], hosts: dict[str, Hypervisor | None]) -> Iterator[RememberedPlace]:
    """Yield the places on hypervisors that were not read completely this time, under their present names."""
    for place in places:
        host = hosts.get(place.hypervisor)
        if host is not None and host.status is not HostStatus.COMPLETE:
            yield msgspec.structs.replace(place, hypervisor=host.name)
