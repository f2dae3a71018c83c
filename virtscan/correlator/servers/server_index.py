"""The servers of an inventory, with everything about them that does not depend on the interface."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from virtscan.correlator.location.copies import own_domains
from virtscan.correlator.location.fleet import Fleet, fleet_of
from virtscan.correlator.location.memory import Memory, ServerName, remembered
from virtscan.correlator.location.places import (
    GuestNic,
    HostDevice,
    HostItself,
    OtherMachine,
    Place,
    UnlocatedServer,
    places,
)
from virtscan.correlator.positions.outer_host import OuterHosts
from virtscan.correlator.servers.assignments import Assignments
from virtscan.correlator.servers.peers import Peers, PlacedStack, peers
from virtscan.correlator.servers.sending import (
    SendingStack,
    down_to_macvlan,
    of_another_node,
    sending_stacks,
    with_local_ports,
)
from virtscan.correlator.servers.serving import Coverage, coverage
from virtscan.model import Inventory, LowerDevice, Server, State
from virtscan.model.sources import is_declared


class ServerIndex:
    """The servers in an order of their own; by a server's number its possible places and declared networks."""

    def __init__(self, inventory: Inventory) -> None:
        """Index an inventory from which facts that are too old have been taken away."""
        self.servers: tuple[Server, ...] = tuple(
            sorted(inventory.servers, key=lambda server: (server.name, server.interface or "", repr(server)))
        )
        stacks = [sending_stacks(server) for server in self.servers]
        self.fleet: Fleet = fleet_of(
            inventory, (mac for server_stacks in stacks for stack in server_stacks for mac in stack.macs)
        )
        self.outer_hosts = OuterHosts(self.fleet)
        memory = remembered(inventory)
        self.placed: tuple[tuple[PlacedStack, ...], ...] = tuple(
            tuple(_placed(server_stacks, self.fleet, memory)) for server_stacks in stacks
        )
        self.peers: tuple[Peers, ...] = peers(self.servers, self.placed, self.fleet)
        self.by_coverage: Mapping[Coverage, Collection[int]] = _by_coverage(self.servers)
        self._on_machine: Mapping[str, Collection[int]] = _on_machine(self.placed, self.fleet)
        self.owners: Mapping[int, frozenset[int]] = _owners(stacks, self.fleet)
        self.assignments = Assignments(inventory, self.servers)
        self.lower_device: LowerDevice = inventory.policy.lower_device

    def related_to(self, hypervisor: str) -> list[int]:
        """Return the servers with a place on a hypervisor's machine, on what runs there, or on what it runs on."""
        machines = self.fleet.machines_under(hypervisor)
        return sorted({number for machine in machines for number in self._on_machine.get(machine, ())})


def _by_coverage(servers: Sequence[Server]) -> dict[Coverage, list[int]]:
    by_coverage: defaultdict[Coverage, list[int]] = defaultdict(list)
    for number, server in enumerate(servers):
        by_coverage[coverage(server)].append(number)
    return by_coverage


def _on_machine(placed: Sequence[Sequence[PlacedStack]], fleet: Fleet) -> dict[str, set[int]]:
    """Return the servers with a place on a machine, or on a hypervisor that runs there."""
    on_machine: defaultdict[str, set[int]] = defaultdict(set)
    for number, placed_stacks in enumerate(placed):
        for placed_stack in placed_stacks:
            if isinstance(placed_stack.place, GuestNic | HostDevice | HostItself):
                for machine in fleet.machines_under(placed_stack.place.hypervisor):
                    on_machine[machine].add(number)
    return on_machine


def _placed(stacks: tuple[SendingStack, ...], fleet: Fleet, memory: Memory) -> Iterator[PlacedStack]:
    """Place the declared stacks; a NIC of their domain that is not declared sends through the stack that has its MAC.

    A declared state holds for the whole server; the state of a NIC that was not read is unknown.
    """
    declared = [stack for stack in stacks if stack.declared]
    for stack in declared:
        found_places = sorted(places(stack, fleet), key=_order)
        known = memory.get(ServerName(stack.server.name, stack.server.interface)) if _is_lost(found_places) else None
        for place in found_places:
            if isinstance(place, HostDevice | HostItself | OtherMachine):
                yield PlacedStack(stack, place, down_to_macvlan(with_local_ports(stack)))
                continue
            if not isinstance(place, GuestNic) or place.declared:
                sender = of_another_node(stack) if _is_another_node(stack, place) else stack
                if isinstance(place, UnlocatedServer):
                    sender = down_to_macvlan(sender)  # it may be the interface's hypervisor
                yield PlacedStack(sender, place, sender, known)
                continue
            mac = place.interface.mac
            if any(mac in other.macs for other in declared):
                continue  # a place of that stack
            undeclared = _undeclared(stack, mac, stacks)
            yield PlacedStack(undeclared, place, undeclared)


def _is_lost(found_places: Sequence[Place]) -> bool:
    """Return True for a server that was found nowhere, not even in facts that are too old."""
    return all(isinstance(place, UnlocatedServer) and place.outdated is None for place in found_places)


def _is_another_node(stack: SendingStack, place: Place) -> bool:
    """Return True for a place by declared MACs alone, which no device of the server has.

    A device whose MAC was not read may have it, unless the devices have another declared one.
    """
    server = stack.server
    has_all_macs = all(device.mac is not None for device in stack.listed)
    observed = {mac for server_device in server.devices for mac in server_device.device.macs}
    is_explained = not observed.isdisjoint(server.declared_macs)
    if not stack.observed or not (server.lists_all_devices or has_all_macs or is_explained):
        return False
    match place:
        case GuestNic():
            uuids = {None if uuid is None else uuid.casefold() for uuid in (server.system_uuid, place.domain.uuid)}
            same = len(uuids) == 1 and None not in uuids
            macs = {nic.mac for nic in place.domain.interfaces}
            return not same and place.interface.mac in server.declared_macs and macs.isdisjoint(observed)
        case UnlocatedServer():
            return bool(place.macs) and set(place.macs) <= set(server.declared_macs) - observed
        case _:
            return False


def _undeclared(stack: SendingStack, mac: str | None, stacks: tuple[SendingStack, ...]) -> SendingStack:
    owner = next((candidate for candidate in stacks if mac in candidate.macs), None)
    if owner is not None:
        return owner
    known = is_declared(stack.server.source)
    return msgspec.structs.replace(
        stack,
        interface=None,
        paths=stack.paths if known else (),
        tx=stack.tx if known else State.UNKNOWN,
        after_reboot=stack.after_reboot if known else State.UNKNOWN,
        observed=False,
        declared=False,
    )


def _order(place: Place) -> tuple[str, ...]:
    match place:
        case GuestNic():
            return "guest", place.hypervisor, place.domain.name, place.domain.origin, f"{place.interface.index:06}"
        case HostDevice():
            return "host", place.hypervisor, place.device.name
        case HostItself():
            return "host", place.hypervisor
        case OtherMachine():
            return ("bare",)
        case _:
            return ("unlocated", place.outdated or "", *place.macs)


def _owners(stacks: list[tuple[SendingStack, ...]], fleet: Fleet) -> dict[int, frozenset[int]]:
    """Return the numbers of the servers that a domain is, by the domain's id."""
    owners: dict[int, frozenset[int]] = {}
    for number, server_stacks in enumerate(stacks):
        for stack in server_stacks:
            for domain in own_domains(stack, fleet):
                owners[domain] = owners.get(domain, frozenset()) | {number}
    return owners
