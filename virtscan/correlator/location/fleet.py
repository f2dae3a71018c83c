"""Indexes over all hypervisors of an inventory: owners of MACs, and hypervisors that are one machine."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from virtscan.correlator.devices.nic import NicKind, is_physical, kinds_of_nics, may_be_nic
from virtscan.correlator.location.machines import machines_of
from virtscan.correlator.location.nesting import (
    HypervisorDomain,
    InterfaceOwner,
    find_hypervisor_domains,
    hypervisor_domains_between,
    with_outer_machines,
)
from virtscan.correlator.unread import UnreadFacts, unread_of
from virtscan.model import (
    Device,
    DeviceName,
    Domain,
    DomainState,
    Hypervisor,
    Inventory,
    Mac,
    Machine,
)
from virtscan.model.identity.keys import machine_uuid


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Indexes over all hypervisors; one that is a domain of another one counts as observed to be virtual.

    A machine has the name of the first hypervisor that it is.
    """

    hypervisors: Mapping[str, Hypervisor]
    """Every hypervisor by name."""
    interfaces: Mapping[Mac, Sequence[InterfaceOwner]]
    """The interfaces of domains by MAC: those that a server or a hypervisor's device has."""
    devices: Mapping[Mac, Sequence[tuple[str, Device]]]
    """The devices of hypervisors by MAC, each with its hypervisor."""
    domains: Mapping[str, Sequence[tuple[str, Domain]]]
    """The domains by uuid, each with its hypervisor."""
    by_uuid: Mapping[str, Sequence[str]]
    """The hypervisors by the uuid of their machine, in lower case."""
    local: Sequence[str]
    """The hypervisors on the machine that reads."""
    targets: Mapping[str, Collection[str]]
    """The names of the devices of each hypervisor that are a domain's."""
    nic_kinds: Mapping[str, frozenset[NicKind]]
    """The kinds of the NICs of each hypervisor."""
    machines: Mapping[str, str]
    """The machine of each hypervisor."""
    members: Mapping[str, Sequence[str]]
    """The hypervisors of each machine."""
    hypervisor_domains: Mapping[str, Sequence[HypervisorDomain]]
    """The domains that a machine is, or may be."""
    unread: UnreadFacts
    """The hypervisors by the kind of items that were not read."""
    incomplete_machines: frozenset[str]
    """The machines that incomplete hypervisors are, or run on."""
    without_nics: frozenset[str]
    """The machines of which no NIC's MAC is known: such a MAC would show which domain the machine is."""
    floating: tuple[str, ...]
    """The incomplete hypervisors, unless unread, that show no NIC and so may be domains of any other; lacking first."""

    def of_machine(self, hypervisor: str) -> Iterator[Hypervisor]:
        """Yield every hypervisor of the inventory that is the same machine, the named one first."""
        yield self.hypervisors[hypervisor]
        for name in self.members[self.machines[hypervisor]]:
            if name != hypervisor:
                yield self.hypervisors[name]

    def devices_of(self, hypervisor: str) -> dict[DeviceName, Device]:
        """Return the devices of a hypervisor's machine by name; of two descriptions, the hypervisor's own counts."""
        devices: dict[DeviceName, Device] = {}
        for host in self.of_machine(hypervisor):
            for device in host.devices:
                devices.setdefault(device.name, device)
        return devices

    def hosts_on(self, hypervisor: str) -> Iterator[str]:
        """Name the hypervisors on a machine: its own, and those that are domains on it, at any depth.

        Domains of a nested hypervisor send through the NICs of the domain that it runs in.
        """
        yield from (host.name for host in self.of_machine(hypervisor))
        if self.hypervisor_domains:
            yield from (name for name in self.hypervisors if self.hypervisor_domains_on(name, hypervisor))

    def machines_under(self, hypervisor: str) -> frozenset[str]:
        """Name the machine of a hypervisor, and those that it runs on, at any depth."""
        return with_outer_machines({self.machines[hypervisor]}, self.hypervisor_domains, self.machines)

    def hypervisor_domains_on(self, hypervisor: str, onto: str) -> tuple[HypervisorDomain, ...]:
        """Return the domains on `onto`'s machine that a nested hypervisor is, or is nested in: one for each copy."""
        return hypervisor_domains_between(
            self.hypervisor_domains, self.machines, self.machines[hypervisor], self.machines[onto]
        )

    def runs_on(self, hypervisor: str, outer: str) -> bool:
        """Return True if a hypervisor is known to be a running domain on `outer`'s machine, or to run in one."""
        hypervisor_domains = self.hypervisor_domains_on(hypervisor, outer)
        return any(
            not hypervisor_domain.doubts and hypervisor_domain.domain.state is DomainState.ACTIVE
            for hypervisor_domain in hypervisor_domains
        )

    def is_nested(self, hypervisor: str) -> bool:
        """Return True if domains are known of which the hypervisor is certainly one."""
        return any(
            not hypervisor_domain.doubts
            for hypervisor_domain in self.hypervisor_domains.get(self.machines[hypervisor], ())
        )

    def has_one_domain(self, hypervisor: str) -> bool:
        """Return True if no second domain is known on a hypervisor's machine."""
        return sum(len(host.domains) for host in self.of_machine(hypervisor)) <= 1


def fleet_of(inventory: Inventory, macs: Iterable[Mac]) -> Fleet:
    """Index all hypervisors once, for all servers.

    Args:
        inventory: The facts that were read.
        macs: The MACs of servers; those of hypervisors' own devices are looked up in addition.
    """
    hosts = sorted(inventory.hypervisors, key=lambda host: host.name)
    devices = _devices_by_mac(hosts)
    domains = _domains_by_uuid(hosts)
    interfaces = _interfaces_by_mac(hosts, (*macs, *devices))
    machines = machines_of(hosts, {mac for mac, owners in interfaces.items() if owners})
    hypervisor_domains = find_hypervisor_domains(hosts, devices, interfaces, domains, machines)
    nested = {
        machine
        for machine, candidates in hypervisor_domains.items()
        if not all(candidate.doubts for candidate in candidates)
    }
    known = [_as_nested(host) if machines[host.name] in nested else host for host in hosts]
    unread = unread_of(inventory)
    without_nics = frozenset(machines.values()) - {machines[host.name] for host in hosts if _shows_nics(host)}
    may_hide, may_be_nested = unread.incomplete - unread.hosts, without_nics - nested
    floating = (
        host.name
        for host in hosts
        if host.name in may_hide and machines[host.name] in may_be_nested and not is_physical(host)
    )
    return Fleet(
        hypervisors={host.name: host for host in known},
        interfaces=interfaces,
        devices=devices,
        domains=domains,
        by_uuid=_by_uuid(hosts),
        local=[host.name for host in hosts if host.local],
        targets={host.name: frozenset(_targets_of(host)) for host in hosts},
        nic_kinds={host.name: kinds_of_nics(host) for host in known},
        machines=machines,
        members=_members(machines),
        hypervisor_domains=hypervisor_domains,
        unread=unread,
        incomplete_machines=with_outer_machines(
            {machines[name] for name in unread.incomplete & machines.keys()}, hypervisor_domains, machines
        ),
        without_nics=without_nics,
        floating=tuple(sorted(floating, key=lambda name: name not in unread.lacking)),
    )


def _targets_of(host: Hypervisor) -> Iterator[str]:
    interfaces = (interface for domain in host.domains for interface in domain.interfaces)
    return (interface.target for interface in interfaces if interface.target is not None)


def _shows_nics(host: Hypervisor) -> bool:
    return any(may_be_nic(device) and device.mac is not None for device in host.devices)


def _interfaces_by_mac(hosts: Iterable[Hypervisor], macs: Iterable[Mac]) -> dict[Mac, list[InterfaceOwner]]:
    """Index the interfaces of domains that have one of these MACs."""
    interfaces: dict[Mac, list[InterfaceOwner]] = {mac: [] for mac in macs}
    for host in hosts:
        for domain in host.domains:
            for interface in domain.interfaces:
                if interface.mac is not None and (owners := interfaces.get(interface.mac)) is not None:
                    owners.append(InterfaceOwner(host.name, domain, interface))
    return interfaces


def _devices_by_mac(hosts: Iterable[Hypervisor]) -> dict[Mac, list[tuple[str, Device]]]:
    """Index the devices of hypervisors by their present and their permanent MAC."""
    devices: dict[Mac, list[tuple[str, Device]]] = defaultdict(list)
    for host in hosts:
        for device in host.devices:
            for mac in device.macs:
                devices[mac].append((host.name, device))
    return devices


def _domains_by_uuid(hosts: Iterable[Hypervisor]) -> dict[str, list[tuple[str, Domain]]]:
    domains: dict[str, list[tuple[str, Domain]]] = defaultdict(list)
    for host in hosts:
        for domain in host.domains:
            if domain.uuid is not None:
                domains[domain.uuid.casefold()].append((host.name, domain))
    return domains


def _by_uuid(hosts: Iterable[Hypervisor]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for host in hosts:
        if (uuid := machine_uuid(host.system_uuid)) is not None:
            names[uuid].append(host.name)
    return names


def _members(machines: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(machines):
        members[machines[name]].append(name)
    return members


def _as_nested(host: Hypervisor) -> Hypervisor:
    return msgspec.structs.replace(host, machine=Machine.VIRTUAL) if host.machine is Machine.UNKNOWN else host
