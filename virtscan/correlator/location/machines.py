"""Hypervisors that are one machine: by a uuid or by NICs that no other machine has."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

from virtscan.correlator.devices.nic import is_burned_in, may_be_nic
from virtscan.model import DomainState, Hypervisor, Mac
from virtscan.model.identity.keys import driver_of, machine_uuid
from virtscan.model.sources import is_local

_MADE_UP = ("test:", "test+")
"""URIs of the test driver: its hosts all have the same devices, and are not machines."""


def machines_of(hosts: Sequence[Hypervisor], guests: Collection[Mac]) -> dict[str, str]:
    """Return, for each hypervisor, the name of the first one that shares an identifier with it.

    A list of NICs that is a part of another one's is the same machine's, read with a gap, unless uuids differ.

    Args:
        hosts: All hypervisors.
        guests: MACs of domains' interfaces.
    """
    machine = {host.name: host.name for host in hosts}

    def find(name: str) -> str:
        while machine[name] != name:
            machine[name] = name = machine[machine[name]]
        return name

    def join(name: str, other: str) -> None:
        first, last = sorted((find(name), find(other)))
        machine[last] = first

    first: dict[Hashable, str] = {}
    for host in hosts:
        for mark in _marks(host):
            join(host.name, first.setdefault(mark, host.name))
    for part, whole in _parts(hosts, guests):
        join(part, whole)
    return {name: find(name) for name in machine}


def read_twice(machines: Iterable[Sequence[Hypervisor]]) -> Iterator[tuple[str, str]]:
    """Yield the name of each hypervisor that is read at a second address, with the name that it has at the first.

    Several drivers, and the daemons of users, have domains of their own on one machine.

    Args:
        machines: The hypervisors of each machine.
    """
    for hosts in machines:
        seen: dict[tuple[str, str], str] = {}
        for host in hosts if len(hosts) > 1 else ():
            driver = driver_of(host.uri)
            domains = [(driver, domain.uuid.casefold()) for domain in host.domains if domain.uuid is not None]
            if first := next((seen[domain] for domain in domains if domain in seen), None):
                yield host.name, first
            seen = dict.fromkeys(domains, host.name) | seen


def running_alike(hosts: Iterable[Hypervisor]) -> Iterator[Sequence[Hypervisor]]:
    """Yield groups of hypervisors that run the same domains, at least two, and that no uuid of a machine distinguishes.

    A domain runs on one machine; only a migration shows one on two. Facts of files may be of two times.
    """
    groups: defaultdict[tuple[str, frozenset[str]], list[Hypervisor]] = defaultdict(list)
    for host in hosts:
        running = frozenset(
            domain.uuid.casefold()
            for domain in host.present_domains
            if domain.uuid is not None and domain.state is DomainState.ACTIVE
        )
        if len(running) > 1 and not is_local(host.uri) and not host.uri.startswith(_MADE_UP):
            groups[driver_of(host.uri), running].append(host)
    for group in groups.values():
        if len({machine_uuid(host.system_uuid) for host in group} - {None}) < 2:
            yield group


def _parts(hosts: Sequence[Hypervisor], guests: Collection[Mac]) -> Iterator[tuple[str, str]]:
    """Yield pairs of hypervisors of which the first lists some NICs of the second, and no uuid distinguishes them."""
    own = {host.name: _burned_in(host, guests) for host in hosts}
    uuids = {host.name: machine_uuid(host.system_uuid) for host in hosts}
    having: dict[Mac, set[str]] = defaultdict(set)
    for name, macs in own.items():
        for mac in macs:
            having[mac].add(name)
    for name, macs in own.items():
        for other in set.intersection(*(having[mac] for mac in macs)) if macs else ():
            if None in (uuids[name], uuids[other]):
                yield name, other


def _burned_in(host: Hypervisor, guests: Collection[Mac]) -> frozenset[Mac]:
    """Return the MACs that no other machine has; a guest's macvtap may have lent its own to a NIC."""
    if host.uri.startswith(_MADE_UP):
        return frozenset()
    return frozenset(mac for mac in _nic_macs(host) if is_burned_in(mac) and mac not in guests)


def _nic_macs(host: Hypervisor) -> frozenset[Mac]:
    nics = [device for device in host.devices if device.mac is not None and may_be_nic(device)]
    return frozenset(mac for device in nics if (mac := device.own_mac) is not None)


def _marks(host: Hypervisor) -> Iterator[Hashable]:
    if host.uri.startswith(_MADE_UP):
        return
    if host.local:
        yield "local"
    if (uuid := machine_uuid(host.system_uuid)) is not None:
        yield uuid
    macs = _nic_macs(host)
    if any(map(is_burned_in, macs)):
        yield macs
