"""Verdicts that the table demands although less is known: what the properties let through, each with its reason.

Outside the properties are a running copy, a first server, a list that is shorter but still called complete, and R10
with confidence low.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator.evaluator import Evaluator, PointEvaluation
from virtscan.correlator.location.places import Bare, GuestNic, HostDevice, Place, UnlocatedServer
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.correlator.table import Ruling
from virtscan.model import Confidence, DomainState, Finding, Inventory
from virtscan.model.reasons import ExclusionContradicted, OutsideStack


class Clearing(msgspec.Struct, frozen=True):
    """A finding that lost its warning: before and after the loss, None where it vanished."""

    before: Inventory
    after: Inventory
    old: Finding
    new: Finding | None

    @property
    def rule(self) -> str | None:
        """The rule that clears."""
        return None if self.new is None else self.new.rule


def _is_weak(one: Clearing) -> bool:
    """Return True for a place elsewhere that says which fact is missing.

    Another place or server that is mitigated, the worse verdict, may stand before it in the finding.
    """
    return any(ruling.rule.id == "R10" and ruling.confidence is Confidence.LOW for ruling in _rulings(one))


def _has_virtual_bottom(one: Clearing) -> bool:
    """Return True where R9 gave way to R14.

    It does only where the bottom is known to be virtual: ports that never meet locally are cleared without known NICs.
    """
    virtual = any(point.point.hands_on for point in _points(one, one.before))
    cleared = [point for point in _points(one, one.after) if any(ruling.rule.id == "R9" for ruling in point.rulings)]
    return virtual and any(not point.point.hands_on for point in cleared)


def _tells_machines_apart(one: Clearing) -> bool:
    """Return True where two hypervisors were known as one machine, or one as a domain of the other.

    They are two machines unless a fact shows otherwise, and what is found on another machine passes NICs.
    """
    return _machines(one.before) != _machines(one.after)


def _has_running_copy(one: Clearing) -> bool:
    """Return True where a place of the server was lost, and it is still found running at another one.

    A running copy excludes those that are off, so it counts also against one that is not seen any more.
    """
    was, now = _found(one.before), _found(one.after)
    return any(was[name].keys() - now[name].keys() and any(now[name].values()) for name in was)


def _lost_an_undeclared_nic(one: Clearing) -> bool:
    """Return True where only a NIC outside the declared stack, which is off, was open.

    Its offload is unknown only as long as the NIC is found; R5 clears a server of which the place is not known.
    """
    was, now = _found(one.before), _found(one.after)
    outside = any(isinstance(reason, OutsideStack) for reason in one.old.because)
    return one.rule == "R5" and outside and any(was[name].keys() - now[name].keys() for name in was)


def _is_the_servers_own(one: Clearing) -> bool:
    """Return True for the server's own interface, which it serves only as long as a clone of it is seen."""
    servers = [server for server in one.before.servers if one.new is None or server.name == one.old.server]
    macs = {mac for server in servers for mac in server.macs}
    is_left = one.new is None or one.new.server != one.old.server
    return is_left and any(
        interface.mac in macs
        for host in one.before.hypervisors
        for domain in host.domains
        if (host.name, domain.name) == (one.old.hypervisor, one.old.domain)
        for interface in domain.interfaces
    )


def _is_excluded(one: Clearing) -> bool:
    """Return True where declarations on both sides exclude a server that was known to be on this very device."""
    overruled = {reason.server for reason in one.old.because if isinstance(reason, ExclusionContradicted)}
    return one.old.server in overruled and (one.rule == "R4" or one.new is None or one.new.server != one.old.server)


Exemption: TypeAlias = Callable[[Clearing], bool]

DEMANDED: tuple[Exemption, ...] = (
    _is_weak,
    _has_virtual_bottom,
    _tells_machines_apart,
    _has_running_copy,
    _lost_an_undeclared_nic,
    _is_the_servers_own,
    _is_excluded,
)


def _rulings(one: Clearing) -> tuple[Ruling, ...]:
    """Give all rulings on the interface after the loss: another server's mitigation may hide the one that clears."""
    return tuple(ruling for point in _points(one, one.after) for ruling in point.rulings)


def _points(one: Clearing, inventory: Inventory) -> tuple[PointEvaluation, ...]:
    looked_at = aged(inventory)
    (host,) = [host for host in looked_at.hypervisors if host.name == one.old.hypervisor]
    (domain,) = [domain for domain in host.domains if domain.name == one.old.domain]
    return Evaluator(ServerIndex(looked_at), host).points(domain, domain.interfaces[one.old.index])


def _found(inventory: Inventory) -> Mapping[str, Mapping[str, bool]]:
    """Give for each server the places where it is found, and whether it runs there."""
    index = ServerIndex(aged(inventory))
    found: dict[str, dict[str, bool]] = {server.name: {} for server in index.servers}
    for server, placed in zip(index.servers, index.placed, strict=True):
        for one in placed:
            if not isinstance(one.place, Bare | UnlocatedServer):
                found[server.name][_name(one.place)] = _runs(one.place)
    return found


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


def _machines(inventory: Inventory) -> tuple[object, object]:
    """Give which hypervisors are one machine, and which of them are domains of others."""
    fleet = ServerIndex(aged(inventory)).fleet
    carried = {name: [(host, domain.name) for host, domain in some] for name, some in fleet.carriers.items()}
    return fleet.machines, carried
