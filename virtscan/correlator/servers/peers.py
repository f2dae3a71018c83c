"""Servers that look alike to every hypervisor that they are not on: a ruling on one of them holds for all.

Most fleets have a few classes of such servers, however many servers there are.
"""

from collections import defaultdict
from collections.abc import Sequence, Set
from typing import assert_never

import msgspec

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.memory import Remembered
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself, OtherMachine, Place, UnlocatedServer
from virtscan.correlator.positions.filling import fills
from virtscan.correlator.positions.other_hypervisor import Neighbour, has_other_domains, neighbour
from virtscan.correlator.positions.unlocated import why_hidden
from virtscan.correlator.servers.sending import SendingStack, may_carry_guests
from virtscan.model import Server, State
from virtscan.model.reasons import WhyUnlocated
from virtscan.model.sources import is_declared


class PlacedStack(msgspec.Struct, frozen=True):
    """A sending stack at one of its places; `here` is the stack as interfaces of the same machine meet it.

    `remembered` is where an earlier scan saw a server that is unlocated now.
    """

    stack: SendingStack
    place: Place
    here: SendingStack
    remembered: Remembered | None = None


class Peers(msgspec.Struct, frozen=True, kw_only=True):
    """Servers by number, in order, that look alike from outside; each with its stacks at as many places."""

    numbers: tuple[int, ...]
    placed: tuple[Sequence[PlacedStack], ...]

    def stacks(self, place: int) -> tuple[SendingStack, ...]:
        """Return the stacks that the servers have at one of their places."""
        return tuple(placed_stacks[place].stack for placed_stacks in self.placed)

    def without(self, numbers: Set[int]) -> "Peers":
        """Leave out some servers."""
        if numbers.isdisjoint(self.numbers):
            return self
        left = [place for place, number in enumerate(self.numbers) if number not in numbers]
        return Peers(
            numbers=tuple(self.numbers[place] for place in left), placed=tuple(self.placed[place] for place in left)
        )


class _Aspect(msgspec.Struct, frozen=True, kw_only=True):
    """All that a ruling on a placed stack, seen from outside, depends on: without names, which only reasons hold.

    `is_observed` is True if the state was read of the whole stack, or declared. `for_guests` is the state on the way to
    guests of its machine. `looks` is the hypervisor around it, else the kind of place. `has_others` is True if another
    domain is known on that hypervisor, `runs_there` if the server is declared to be on it. `interface` is set where the
    stack is not named as its server is, because rulings are sorted by it.
    """

    tx: State
    after_reboot: State
    for_guests: tuple[State, State] | None
    is_observed: bool
    declared: bool
    runs_there: bool
    interface: str | None
    looks: Neighbour | WhyUnlocated | None
    has_others: bool
    fills: bool
    exclusive: bool
    stopped: bool


class _Likeness(msgspec.Struct, frozen=True):
    """All that rulings on a server depend on; `own` is set where only servers with the same value are alike."""

    own: str | int | None
    aspects: tuple[_Aspect, ...]


def peers(servers: Sequence[Server], placed: Sequence[Sequence[PlacedStack]], fleet: Fleet) -> tuple[Peers, ...]:
    """Group servers, each with its places."""
    neighbours: dict[str, Neighbour] = {}
    groups: defaultdict[_Likeness, list[int]] = defaultdict(list)
    for number, (server, placed_stacks) in enumerate(zip(servers, placed, strict=True)):
        likeness = _Likeness(
            _own(number, server, placed_stacks),
            tuple(_aspect(placed_stack, fleet, neighbours) for placed_stack in placed_stacks),
        )
        groups[likeness].append(number)
    return tuple(
        Peers(numbers=tuple(numbers), placed=tuple(placed[number] for number in numbers)) for numbers in groups.values()
    )


def _own(number: int, server: Server, placed: Sequence[PlacedStack]) -> str | int | None:
    """Set apart a server that an earlier scan saw; one with exclusive places is alike only to others of its name."""
    if any(placed_stack.remembered is not None for placed_stack in placed):
        return number
    return (
        server.name
        if any(isinstance(placed_stack.place, GuestNic) and placed_stack.place.exclusive for placed_stack in placed)
        else None
    )


def _aspect(placed_stack: PlacedStack, fleet: Fleet, neighbours: dict[str, Neighbour]) -> _Aspect:
    stack, place = placed_stack.stack, placed_stack.place
    nic = place if isinstance(place, GuestNic) else None
    return _Aspect(
        tx=stack.tx,
        after_reboot=stack.after_reboot,
        for_guests=_for_guests(placed_stack),
        is_observed=stack.observed or is_declared(stack.server.source),
        runs_there=isinstance(place, HostItself) and place.declared,
        declared=stack.declared and (nic is None or nic.declared),
        interface=None if stack.interface == stack.server.interface else stack.interface or "",
        looks=_looks(place, fleet, neighbours),
        has_others=isinstance(place, GuestNic | HostDevice | HostItself) and has_other_domains(place, fleet),
        fills=nic is not None and fills(stack.server.name, nic) is not None,
        exclusive=nic is not None and nic.exclusive,
        stopped=nic is not None and nic.is_stopped,
    )


def _for_guests(placed: PlacedStack) -> tuple[State, State] | None:
    """Return the state to guests of another machine that may carry some; None where it makes no difference."""
    is_other = placed.place == OtherMachine(declared=False) and may_carry_guests(placed.stack)
    may_carry = is_other or isinstance(placed.place, HostDevice | HostItself)
    return (placed.here.tx, placed.here.after_reboot) if may_carry else None


def _looks(place: Place, fleet: Fleet, neighbours: dict[str, Neighbour]) -> Neighbour | WhyUnlocated | None:
    match place:
        case OtherMachine():
            return None
        case UnlocatedServer():
            return why_hidden(place)
        case GuestNic() | HostDevice() | HostItself():
            hypervisor = place.hypervisor
            if hypervisor not in neighbours:
                neighbours[hypervisor] = neighbour(hypervisor, fleet)
            return neighbours[hypervisor]
        case _:
            assert_never(place)
