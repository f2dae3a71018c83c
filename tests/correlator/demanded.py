"""Verdicts that the table demands although less is known: what the properties let through, each with its reason.

Outside the properties are a running copy, a first server, a list that is shorter but still called complete, and R10
with confidence low. `test_demanded` shows for each exemption that a scenario's right answer demands it.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.location.places import GuestNic, HostDevice, OtherMachine, Place, UnlocatedServer
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.correlator.table.evaluation import PointEvaluation
from virtscan.model import Confidence, Domain, DomainState, Finding, Hypervisor, Inventory
from virtscan.model.reasons import (
    ExclusionContradicted,
    NeedsHypervisors,
    NeedsNicKinds,
    NeedsPlace,
    NeedsReflection,
    OutsideStack,
)


class Clearing(msgspec.Struct, frozen=True):
    """A finding that lost its warning: before and after the loss, None where it vanished."""

    before: Inventory
    after: Inventory
    old: Finding
    new: Finding | None


def is_weak(clearing: Clearing) -> bool:
    """Return True for a clearing of low confidence, which names what is missing.

    "R10 with confidence low […] list the missing fact": no device list, or a hypervisor that was not read.
    """
    new = clearing.new
    return (
        new is not None
        and new.confidence is Confidence.LOW
        and any(isinstance(reason, NeedsHypervisors | NeedsNicKinds | NeedsPlace) for reason in new.missing)
    )


def has_virtual_bottom(clearing: Clearing) -> bool:
    """Return True where R9 gave way to R14 for a virtual bottom, of which nothing is known after the loss.

    "If the bottom is known to be virtual […]: R14": ports that never meet locally are cleared without known NICs.
    """
    lacked = any(isinstance(reason, NeedsReflection | NeedsNicKinds) for reason in clearing.old.missing)
    points = _points(clearing, clearing.after)
    return (
        lacked
        and any(point.point.receives_partial for point in _points(clearing, clearing.before))
        and any(
            ruling.rule.id == "R9" and not point.point.receives_partial for point in points for ruling in point.rulings
        )
    )


def tells_machines_apart(clearing: Clearing) -> bool:
    """Return True where the hypervisor of a place was known as the interface's own machine, or as nested with it.

    "Two machines unless this shows that they are one": what is found on another machine passes NICs. A server that is
    found nowhere may be on any hypervisor.
    """
    here, server = clearing.old.hypervisor, clearing.old.server or ""
    was, now = ServerIndex(aged(clearing.before)), ServerIndex(aged(clearing.after))
    places = _places(now).get(server, ())
    hosts = {place.hypervisor for place in places if not isinstance(place, OtherMachine | UnlocatedServer)}
    if any(isinstance(place, UnlocatedServer) for place in places):
        hosts = set(now.fleet.hypervisors)
    return any(_links(was, here, there) - _links(now, here, there) for there in hosts)


def has_running_copy(clearing: Clearing) -> bool:
    """Return True where a place of the server was lost, and it is found running at each of the others.

    "Outside the property: a running copy": it excludes copies that are off, also one that is not seen any more.
    """
    server = clearing.old.server or ""
    was, now = _found(clearing.before, server), _found(clearing.after, server)
    return clearing.new is not None and bool(was.keys() - now.keys()) and bool(now) and all(now.values())


def lost_an_undeclared_nic(clearing: Clearing) -> bool:
    """Return True where only a NIC outside the declared stack, which is off, was open, and is not known any more.

    "T off: mitigated": where no domain of the server shows another NIC, its declared stack decides alone.
    """
    server = clearing.old.server or ""
    outside = {reason.mac for reason in clearing.old.because if isinstance(reason, OutsideStack)}
    places = _places(ServerIndex(aged(clearing.after))).get(server, ())
    seen = {place.interface.mac for place in places if isinstance(place, GuestNic) and not place.declared}
    rulings = [
        ruling for point in _points(clearing, clearing.after) for ruling in point.rulings if ruling.server == server
    ]
    return bool(outside) and not outside & seen and any(ruling.rule.id == "R5" for ruling in rulings)


def is_the_servers_own(clearing: Clearing) -> bool:
    """Return True for an interface of the server's own domain, as long as no clone of it is seen.

    "An interface of the server's own domain: no finding".
    """
    server = clearing.old.server or ""
    return server in _owners(clearing, clearing.after) - _owners(clearing, clearing.before)


def is_declared_apart(clearing: Clearing) -> bool:
    """Return True where a declaration or record excludes the server, and the fact that outweighed it was lost.

    See R4 of MECHANISM: an unknown place does not count against it. The fact was a NIC on the very device, a record or
    an address. One that is only older still outweighs.
    """
    server = clearing.old.server
    points = _points(clearing, clearing.after)
    servers = ServerIndex(aged(clearing.after)).servers
    judged = {ruling.server for point in points for ruling in point.rulings}
    only_on_device = {servers[number].name for point in points for number in point.contradicted}
    is_excluded = server not in judged or server in only_on_device
    on_device = any(
        isinstance(reason, ExclusionContradicted) and reason.server == server for reason in clearing.old.because
    )
    return is_excluded and (on_device or _inclusions(clearing.before) != _inclusions(clearing.after))


Exemption: TypeAlias = Callable[[Clearing], bool]

DEMANDED: tuple[Exemption, ...] = (
    is_weak,
    has_virtual_bottom,
    tells_machines_apart,
    has_running_copy,
    lost_an_undeclared_nic,
    is_the_servers_own,
    is_declared_apart,
)


def _interface_of(clearing: Clearing, looked_at: Inventory) -> tuple[Hypervisor, Domain]:
    (host,) = [host for host in looked_at.hypervisors if host.name == clearing.old.hypervisor]
    (domain,) = [domain for domain in host.domains if domain.name == clearing.old.domain]
    return host, domain


def _points(clearing: Clearing, inventory: Inventory) -> tuple[PointEvaluation, ...]:
    looked_at = aged(inventory)
    host, domain = _interface_of(clearing, looked_at)
    return Evaluator(ServerIndex(looked_at), host).points(domain, domain.interfaces[clearing.old.index])


def _owners(clearing: Clearing, inventory: Inventory) -> set[str]:
    """Name the servers that the interface's domain is."""
    looked_at = aged(inventory)
    index = ServerIndex(looked_at)
    _, domain = _interface_of(clearing, looked_at)
    return {index.servers[number].name for number in index.owners.get(id(domain), ())}


def _places(index: ServerIndex) -> Mapping[str, tuple[Place, ...]]:
    return {
        server.name: tuple(place.place for place in placed)
        for server, placed in zip(index.servers, index.placed, strict=True)
    }


def _found(inventory: Inventory, server: str) -> Mapping[str, bool]:
    """Return the places where a server is found, and whether it runs there."""
    places = _places(ServerIndex(aged(inventory))).get(server, ())
    return {_name(place): _runs(place) for place in places if not isinstance(place, OtherMachine | UnlocatedServer)}


def _name(place: Place) -> str:
    match place:
        case GuestNic(hypervisor=name, domain=domain, interface=interface):
            return f"{name} {domain.name} {interface.index}"
        case HostDevice(hypervisor=name, device=device):
            return f"{name} {device.name}"
        case _:
            return str(place)


def _runs(place: Place) -> bool:
    return not isinstance(place, GuestNic) or place.domain.state is DomainState.ACTIVE


def _links(index: ServerIndex, here: str, there: str) -> set[str]:
    """Return how two hypervisors are known to be linked: as one machine, or one as a domain on the other."""
    fleet = index.fleet
    links = {
        "one": fleet.machines[here] == fleet.machines[there],
        "inside": any(not place.doubts for place in fleet.hypervisor_domains_on(there, here)),
        "around": any(not place.doubts for place in fleet.hypervisor_domains_on(here, there)),
    }
    return {name for name, holds in links.items() if holds}


def _inclusions(inventory: Inventory) -> tuple[object, ...]:
    """Return the facts that include a server against segments: records, subnets on record, and addresses."""
    return (
        {(record.mac, record.server) for record in inventory.netboots},
        {(subnet.network, subnet.servers) for subnet in inventory.subnets},
        {(server.name, server.addresses) for server in inventory.servers},
        {(host.name, device.name, device.addresses) for host in inventory.hypervisors for device in host.devices},
    )
