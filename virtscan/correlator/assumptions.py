"""Assumptions: the inventory that would result if a server's offload were switched, a kernel updated, or VMs moved."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import msgspec

from virtscan.correlator.kernel import read_kernel
from virtscan.correlator.location.places import HostDevice, HostItself, places
from virtscan.correlator.servers.sending import sending_stacks
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.supposed import supposed, switched
from virtscan.errors import ConfigError
from virtscan.model import (
    ASSUMED,
    DeviceKind,
    Domain,
    HostStatus,
    Hypervisor,
    Inventory,
    KernelBasis,
    Observed,
    Server,
    State,
)
from virtscan.model.identity.short_names import ambiguous, in_full
from virtscan.nearest import did_you_mean

_FORM = re.compile(r"\s*(?P<name>\S.*?)\s+(?P<key>[\w-]+)\s*=\s*(?P<value>\S.*?)\s*", re.DOTALL)
_KEYS = ("tx", "runs_on", "kernel")
_EXAMPLES = (
    "write 'SERVER tx=off', 'SERVER runs_on=HYPERVISOR', 'HYPERVISOR kernel=RELEASE' or 'HYPERVISOR runs_on=OTHER'"
)

DomainPlace: TypeAlias = tuple[str, str, str]
"""Hypervisor, origin and name of a domain."""


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption: `tx`, `runs_on` or `kernel` of a server or hypervisor has a value; `text` is as typed."""

    name: str
    key: str
    value: str
    text: str


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """An inventory under assumptions; `moved` maps the new place of each moved domain to its old place."""

    inventory: Inventory
    moved: Mapping[DomainPlace, DomainPlace] = {}


def parse_assumption(text: str) -> Assumption:
    """Read `NAME KEY=VALUE`.

    Raises:
        ConfigError: Not of that form, or there is no such key.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ConfigError(f"--assume: invalid assumption {text!r}; {_EXAMPLES}")
    name, key, value = match["name"], match["key"], match["value"]
    if key not in _KEYS:
        hint = did_you_mean(key, _KEYS, otherwise=f"write one of {', '.join(_KEYS)}")
        raise ConfigError(f"--assume {text!r}: unknown fact {key!r}; {hint}")
    if key == "tx" and value not in {"on", "off"}:
        raise ConfigError(f"--assume {text!r}: invalid value {value!r}; write tx=on or tx=off")
    if key == "kernel" and read_kernel(value).basis is KernelBasis.UNREADABLE:
        raise ConfigError(f"--assume {text!r}: {value!r} is not a kernel release; write it as uname -r prints it")
    return Assumption(name=name, key=key, value=value, text=f"{name} {key}={value}")


def assume(inventory: Inventory, assumptions: Iterable[Assumption]) -> Assumed:
    """Apply assumptions in their order.

    Raises:
        ConfigError: A server or hypervisor is unknown, or can't be moved; the message names the nearest one.
    """
    assumed = Assumed(inventory=inventory)
    full = [_in_full(assumption, inventory) for assumption in assumptions]
    refuse_contradictions(full)
    for assumption in full:
        match assumption.key:
            case "tx":
                assumed = _with(assumed, servers=_switched(assumed.inventory.servers, assumption))
            case "kernel":
                assumed = _with(assumed, hypervisors=_updated(assumed.inventory, assumption))
            case _:
                assumed = _moved(assumed, assumption)
    return assumed


def _in_full(assumption: Assumption, inventory: Inventory) -> Assumption:
    """Return an assumption with full names in place of those without their domain.

    Raises:
        ConfigError: A name is ambiguous.
    """
    hosts = [host.name for host in inventory.hypervisors]
    servers = [server.name for server in inventory.servers]
    known = {"tx": servers, "kernel": hosts}.get(assumption.key, [*servers, *hosts])
    name, colon, device = (
        assumption.name.partition(":")
        if assumption.key == "tx" and assumption.name not in servers
        else (assumption.name, "", "")
    )
    name = f"{_whole(assumption, name, known)}{colon}{device}"
    value = _whole(assumption, assumption.value, hosts) if assumption.key == "runs_on" else assumption.value
    return msgspec.structs.replace(assumption, name=name, value=value)


def _whole(assumption: Assumption, name: str, known: Sequence[str]) -> str:
    meant = in_full(name, known)
    if len(meant) > 1:
        raise ConfigError(f"--assume {assumption.text!r}: {ambiguous(name, meant)}")
    return meant[0] if meant else name


def refuse_contradictions(assumptions: Sequence[Assumption]) -> None:
    """Refuse two values for one fact.

    Raises:
        ConfigError: Two assumptions contradict each other.
    """
    for first, second in combinations(assumptions, 2):
        if first.key == second.key and first.value != second.value and _same(first.name, second.name):
            raise ConfigError(f"--assume {first.text!r} and {second.text!r} contradict each other; omit one")


def _same(first: str, second: str) -> bool:
    """Return True for equal names, or for a server and one of its devices."""
    return first == second or first.startswith(f"{second}:") or second.startswith(f"{first}:")


def _with(assumed: Assumed, **changes: tuple[Server, ...] | tuple[Hypervisor, ...]) -> Assumed:
    return msgspec.structs.replace(assumed, inventory=msgspec.structs.replace(assumed.inventory, **changes))


def _switched(servers: Sequence[Server], assumption: Assumption) -> tuple[Server, ...]:
    """Switch all devices of a server, or only the device that `SERVER:INTERFACE` names."""
    state = State(assumption.value)
    if any(server.name == assumption.name for server in servers):
        return tuple(switched(server, state) if server.name == assumption.name else server for server in servers)
    name, _, interface = assumption.name.rpartition(":")
    named = [server for server in servers if server.name == name]
    devices = {device.device.name for server in named for device in server.devices}
    if not named or interface not in {*devices, *(server.interface for server in named)}:
        raise _unknown(assumption, "server", [server.name for server in servers])
    return tuple(switched(server, state, interface) if server.name == name else server for server in servers)


def _updated(inventory: Inventory, assumption: Assumption) -> tuple[Hypervisor, ...]:
    host = _hypervisor(inventory, assumption, assumption.name)
    kernel = Observed(value=assumption.value, source=ASSUMED, observed_at=inventory.taken_at)
    updated = msgspec.structs.replace(host, kernel=kernel, kernel_build=None, declared_kernel=None)
    return tuple(updated if other is host else other for other in inventory.hypervisors)


def _moved(assumed: Assumed, assumption: Assumption) -> Assumed:
    """Move a server, or all domains of a hypervisor; their interfaces keep the names of their source devices."""
    inventory = assumed.inventory
    servers = [number for number, server in enumerate(inventory.servers) if server.name == assumption.name]
    target = _hypervisor(inventory, assumption, assumption.value)
    if not servers:
        known = [server.name for server in inventory.servers]
        source = _hypervisor(inventory, assumption, assumption.name, "server or hypervisor", known)
        carried = _carried(assumed, {id(domain) for domain in source.domains}, target)
        return _with(carried, hypervisors=_with_unread_domains(carried.inventory, source, target.name))
    index = ServerIndex(inventory)
    numbers = [number for number, server in enumerate(index.servers) if server.name == assumption.name]
    for server in (index.servers[number] for number in numbers):
        for stack in sending_stacks(server):
            here = [place for place in places(stack, index.fleet) if isinstance(place, HostDevice | HostItself)]
            if any(not (isinstance(place, HostItself) and place.declared) for place in here):
                raise ConfigError(
                    f"--assume {assumption.text!r}: {server.name} is the hypervisor {here[0].hypervisor} itself"
                )
    own = {domain for domain, owners in index.owners.items() if owners & set(numbers)}
    placed = tuple(
        supposed(server, runs_on=target.name, physical=False, assumed_place=True) if number in servers else server
        for number, server in enumerate(inventory.servers)
    )
    return _with(_carried(assumed, own, target), servers=placed)


def _carried(assumed: Assumed, domains: set[int], target: Hypervisor) -> Assumed:
    """Move the domains with these ids."""
    inventory, moved = assumed.inventory, dict(assumed.moved)
    arriving: list[Domain] = []
    hosts: list[Hypervisor] = []
    for host in inventory.hypervisors:
        leaving = [domain for domain in host.domains if id(domain) in domains and host is not target]
        for domain in leaving:
            arriving.append(_arrived(domain, target))
            old = (host.name, domain.origin, domain.name)
            moved[target.name, target.uri, domain.name] = moved.pop(old, old)
        hosts.append(_without(host, leaving) if leaving else host)
    carried = tuple(
        msgspec.structs.replace(host, domains=(*host.domains, *arriving)) if host.name == target.name else host
        for host in hosts
    )
    return Assumed(inventory=msgspec.structs.replace(inventory, hypervisors=carried), moved=moved)


def _with_unread_domains(inventory: Inventory, source: Hypervisor, target: str) -> tuple[Hypervisor, ...]:
    """Return the hypervisors; the target may lack the domains of the source that were not read."""

    def after(host: Hypervisor) -> Hypervisor:
        stays = source.status is HostStatus.COMPLETE or host.status is not HostStatus.COMPLETE
        return msgspec.structs.replace(
            host,
            status=host.status if stays else HostStatus.PARTIAL,
            lists_all_domains=host.lists_all_domains and source.lists_all_domains,
        )

    return tuple(after(host) if host.name == target else host for host in inventory.hypervisors)


def _arrived(domain: Domain, target: Hypervisor) -> Domain:
    interfaces = tuple(msgspec.structs.replace(interface, target=None) for interface in domain.interfaces)
    return msgspec.structs.replace(domain, origin=target.uri, interfaces=interfaces)


def _without(host: Hypervisor, leaving: Sequence[Domain]) -> Hypervisor:
    """Return a hypervisor without some domains and the devices of their interfaces."""
    interfaces = [interface for domain in leaving for interface in domain.interfaces]
    targets, macs = {interface.target for interface in interfaces}, {interface.mac for interface in interfaces}
    gone = {id(domain) for domain in leaving}
    return msgspec.structs.replace(
        host,
        domains=tuple(domain for domain in host.domains if id(domain) not in gone),
        devices=tuple(
            device
            for device in host.devices
            if device.name not in targets and not (device.kind is DeviceKind.MACVLAN and device.mac in macs)
        ),
    )


def _hypervisor(
    inventory: Inventory, assumption: Assumption, name: str, noun: str = "hypervisor", others: Sequence[str] = ()
) -> Hypervisor:
    hypervisor = next((host for host in inventory.hypervisors if host.name == name), None)
    if hypervisor is None:
        raise _unknown(assumption, noun, [*others, *(host.name for host in inventory.hypervisors)], name)
    return hypervisor


def _unknown(assumption: Assumption, noun: str, known: Sequence[str], name: str | None = None) -> ConfigError:
    given = assumption.name if name is None else name
    there_are = f"there are {', '.join(sorted(set(known)))}" if known else f"no {noun} was given"
    return ConfigError(
        f"--assume {assumption.text!r}: no {noun} is named {given!r}; {did_you_mean(given, known, otherwise=there_are)}"
    )
