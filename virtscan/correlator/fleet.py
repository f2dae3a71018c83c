"""Where each server is among the hypervisors that were read: a MAC is looked up in all of them at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from virtscan.correlator.age import Clock
from virtscan.model import (
    Device,
    Domain,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Server,
)


class Declared(msgspec.Struct, frozen=True):
    """The administrator says that the server is a physical machine."""


class Absent(msgspec.Struct, frozen=True):
    """The server's MAC is in no domain and on no device of any hypervisor, and all of them were read completely."""


class OnHost(msgspec.Struct, frozen=True):
    """The server runs on a hypervisor itself: these devices there have its MAC."""

    hypervisor: str
    devices: tuple[Device, ...]


class Guest(msgspec.Struct, frozen=True):
    """The server is a domain; `nics` may be what it sends from, None for a MAC that no interface has."""

    hypervisor: str
    domain: Domain
    nics: tuple[Interface | None, ...]


class NotKnown(msgspec.Struct, frozen=True):
    """Nobody can say where the server runs; `why` says what to do or what stands against it."""

    why: str


Site: TypeAlias = Declared | Absent | OnHost | Guest | NotKnown


class Berth(msgspec.Struct, frozen=True, gc=False):
    """An interface with the domain and the hypervisor that it belongs to."""

    hypervisor: str
    domain: Domain
    interface: Interface


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Who has which MAC, for the MACs of servers and of devices.

    `unread` says what may hide an interface, empty when everything was read. `nested` names the hypervisors that are
    domains of others; `machines` names for each hypervisor the machine that it shares with those. `addressed` names
    those of which the MAC of a device is known; of the rest nobody can say that they are no domain. `outdated` names
    those whose facts are too old to count, with None, and with a device's name single devices of which that is true:
    what has a MAC there says only where something may be.
    """

    interfaces: Mapping[Mac, Sequence[Berth]]
    devices: Mapping[Mac, Sequence[tuple[str, Device]]]
    unread: tuple[str, ...]
    machines: Mapping[str, str]
    nested: frozenset[str]
    addressed: frozenset[str]
    outdated: frozenset[tuple[str, str | None]]


def survey(inventory: Inventory) -> Fleet:
    """Look through all hypervisors once, for all servers."""
    devices: dict[Mac, list[tuple[str, Device]]] = {}
    outdated = frozenset(_outdated(inventory))
    for hypervisor in inventory.hypervisors:
        for device in hypervisor.devices:
            if device.mac is not None:
                devices.setdefault(device.mac, []).append((hypervisor.name, device))
    interfaces: dict[Mac, list[Berth]] = {mac: [] for server in inventory.servers for mac in server.macs}
    interfaces |= {mac: [] for mac in devices}
    unread = {gap.subject for gap in inventory.gaps if gap.about in {GapAbout.HYPERVISOR, GapAbout.DOMAIN}}
    for hypervisor in inventory.hypervisors:
        if hypervisor.status is HostStatus.FAILED or (hypervisor.name, None) in outdated:
            unread.add(hypervisor.uri)
        for domain in hypervisor.domains:
            for interface in domain.interfaces:
                if interface.mac is None:
                    unread.add(f"{hypervisor.name}/{domain.name}: an interface without a MAC")
                elif (found := interfaces.get(interface.mac)) is not None:
                    found.append(Berth(hypervisor.name, domain, interface))
    nestings = {
        (inner, berth.hypervisor)
        for mac, owners in devices.items()
        for inner, _ in owners
        for berth in interfaces[mac]
        if berth.hypervisor != inner
    }
    return Fleet(
        interfaces=interfaces,
        devices=devices,
        unread=tuple(sorted(unread)),
        machines=_machines(inventory.hypervisors, nestings),
        nested=frozenset(inner for inner, _ in nestings),
        addressed=frozenset(
            name for owners in devices.values() for name, device in owners if (name, device.name) not in outdated
        ),
        outdated=outdated,
    )


def _outdated(inventory: Inventory) -> Iterator[tuple[str, str | None]]:
    clock = Clock(inventory.taken_at, inventory.policy.max_age)
    for hypervisor in inventory.hypervisors:
        if clock.is_too_old(hypervisor.observed_at):
            yield hypervisor.name, None
        for device in hypervisor.devices:
            if clock.is_too_old(device.observed_at or hypervisor.observed_at):
                yield hypervisor.name, device.name


def locate(server: Server, fleet: Fleet) -> Site:
    """Say where a server runs, by its MACs.

    MACs are not unique (clones, teaming pairs, the same domain in two files): one that several interfaces have
    proves nothing. A domain that was seen with a server's MAC counts more than the word that it is no domain.
    """
    if server.physical and not any(fleet.interfaces.get(mac) for mac in server.macs):
        return Declared()
    if not server.macs:
        return NotKnown("give its MAC")
    return _as_guest(server, fleet) or _as_host(server, fleet) or _as_stranger(fleet)


def _as_guest(server: Server, fleet: Fleet) -> Guest | NotKnown | None:
    berths = [fleet.interfaces[mac] for mac in server.macs]
    for mac, found in zip(server.macs, berths, strict=True):
        if len(found) > 1:
            return NotKnown(f"MAC {mac} is in {len(found)} interfaces ({_some(_names(found))})")
    matched = [found[0] for found in berths if found]
    if not matched:
        return None
    first = matched[0]
    if (first.hypervisor, None) in fleet.outdated:
        return NotKnown(f"its MAC was in {first.hypervisor}/{first.domain.name}, which is known from too long ago")
    if any(berth.domain is not first.domain for berth in matched):
        return NotKnown(f"its MACs are in different domains ({_some(_names(matched))})")
    if len(matched) < len(berths) and fleet.unread:
        return NotKnown(f"some of its MACs were not found, but not everything was read ({_some(fleet.unread)})")
    return Guest(first.hypervisor, first.domain, tuple(found[0].interface if found else None for found in berths))


def _as_host(server: Server, fleet: Fleet) -> OnHost | NotKnown | None:
    owners = [owner for mac in server.macs for owner in fleet.devices.get(mac, ())]
    hosts = sorted({name for name, _ in owners})
    if not hosts:
        return None
    if len(hosts) > 1:
        return NotKnown(f"devices of {len(hosts)} hypervisors have its MAC ({_some(hosts)})")
    if any((name, device.name) in fleet.outdated for name, device in owners):
        return NotKnown(f"a device of {hosts[0]} had its MAC, which is known from too long ago")
    return OnHost(hosts[0], tuple(sorted((device for _, device in owners), key=lambda device: device.name)))


def _as_stranger(fleet: Fleet) -> Absent | NotKnown:
    if fleet.unread:
        return NotKnown(f"its MAC was not found, but not everything was read ({_some(fleet.unread)})")
    return Absent()


def own_interfaces(servers: Sequence[Server], fleet: Fleet) -> dict[Mac, frozenset[int]]:
    """Which servers, by position, an interface with this MAC belongs to.

    A MAC that several domains have may be a clone's and belongs to no server for sure; a teaming pair within one
    domain does.
    """
    owners: dict[Mac, frozenset[int]] = {}
    for position, server in enumerate(servers):
        for mac in server.macs:
            if len({(berth.hypervisor, id(berth.domain)) for berth in fleet.interfaces[mac]}) == 1:
                owners[mac] = owners.get(mac, frozenset()) | {position}
    return owners


def _machines(hypervisors: Iterable[Hypervisor], nestings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give hypervisors that are nested in one another, or in a third one, the name of one of them."""
    outer = {hypervisor.name: hypervisor.name for hypervisor in hypervisors}

    def outermost(name: str) -> str:
        while outer[name] != name:
            outer[name] = name = outer[outer[name]]
        return name

    for inner, around in nestings:
        outer[outermost(inner)] = outermost(around)
    return {name: outermost(name) for name in outer}


def _names(berths: Iterable[Berth]) -> list[str]:
    return sorted({f"{berth.hypervisor}/{berth.domain.name}" for berth in berths})


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
