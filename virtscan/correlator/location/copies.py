"""Domains that may be a server: by a MAC of its sending stack, by its uuid, or by a NIC of its machine."""

from collections.abc import Iterator, Sequence

import msgspec

from virtscan.correlator.devices.nic import is_nic
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Domain, DomainKey, DomainState, Interface, Mac
from virtscan.model.identity.keys import machine_uuid


class DomainCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that may be the server, and the interface with its MAC; None where its machine is known otherwise."""

    hypervisor: str
    domain: Domain
    nic: Interface | None
    exclusive: bool = False


def copies_of(stack: SendingStack, fleet: Fleet) -> Iterator[DomainCopy]:
    """Yield the domains that may be the server: of copies of one uuid, a running one excludes those that are off."""
    copies = list(_all_copies(stack, fleet))
    running = {_identity(copy) for copy in copies if copy.domain.state is DomainState.ACTIVE}
    kept = [copy for copy in copies if copy.domain.state is not DomainState.INACTIVE or _identity(copy) not in running]
    kept += _before_next_start(kept, fleet)
    for copy in kept:
        exclusive = any(_excludes(other, copy) for other in kept if other is not copy)
        yield msgspec.structs.replace(copy, exclusive=exclusive)


def own_domains(stack: SendingStack, fleet: Fleet) -> frozenset[int]:
    """Identify the domains that are the server itself: found by its MACs or uuid, and not a clone of another uuid.

    Returns:
        The ids of the domain values in the inventory; empty where domains of several uuids have the MACs.
    """
    copies = list(_all_copies(stack, fleet))
    copies += _before_next_start(copies, fleet)
    by_mac: dict[Mac | None, set[tuple[str | None, DomainKey]]] = {}
    for copy in copies:
        by_mac.setdefault(None if copy.nic is None else copy.nic.mac, set()).add(_identity(copy))
    clones = any(len(identities) > 1 for identities in by_mac.values())
    return frozenset() if clones else frozenset(id(copy.domain) for copy in copies)


def may_run_elsewhere(copies: Sequence[DomainCopy]) -> bool:
    """Return True if, for some copy, neither it nor another one with its MAC or uuid is known to run.

    A running copy does not count if it will be the server only after its next start.
    """
    later = {_identity(copy) for copy in copies if copy.domain.next_start}
    running = [copy for copy in copies if copy.domain.state is DomainState.ACTIVE and _identity(copy) not in later]
    macs, identities = {_mac(copy) for copy in running}, {_identity(copy) for copy in running}
    return any(_mac(copy) not in macs and _identity(copy) not in identities for copy in copies)


def _all_copies(stack: SendingStack, fleet: Fleet) -> Iterator[DomainCopy]:
    for mac in sorted(stack.macs):
        for owner in fleet.interfaces.get(mac, ()):
            yield DomainCopy(hypervisor=owner.hypervisor, domain=owner.domain, nic=owner.interface)
    for name, domain in _of_machine(stack, fleet):
        if not any(interface.mac in stack.macs for interface in domain.interfaces):
            yield DomainCopy(hypervisor=name, domain=domain, nic=None)


def _before_next_start(copies: Sequence[DomainCopy], fleet: Fleet) -> Iterator[DomainCopy]:
    """Yield the running copies of domains that have a MAC of the server only after their next start."""
    known = {id(copy.domain) for copy in copies}
    for copy in copies:
        for domain in fleet.hypervisors[copy.hypervisor].domains if copy.domain.next_start else ():
            is_it = domain.key == copy.domain.key and domain.state is DomainState.ACTIVE
            if is_it and id(domain) not in known:
                known.add(id(domain))
                yield DomainCopy(hypervisor=copy.hypervisor, domain=domain, nic=None)


def _of_machine(stack: SendingStack, fleet: Fleet) -> Iterator[tuple[str, Domain]]:
    """Yield the domains that are the server's machine: by its uuid, or by a NIC where the named device was not read."""
    uuid = machine_uuid(stack.server.system_uuid)
    same_uuid = () if uuid is None else fleet.domains.get(uuid, ())
    owners = {id(domain): (name, domain) for name, domain in same_uuid}
    nics = (
        ()
        if stack.observed
        else (server_device.device for server_device in stack.server.devices if is_nic(server_device.device))
    )
    for mac in sorted({mac for nic in nics if (mac := nic.own_mac) is not None}):
        owners |= {id(owner.domain): (owner.hypervisor, owner.domain) for owner in fleet.interfaces.get(mac, ())}
    yield from owners.values()


def _excludes(copy: DomainCopy, other: DomainCopy) -> bool:
    """Return True if only one of two can be the server: they share a MAC, or are definitions of one domain."""
    return _mac(copy) == _mac(other) or (_identity(copy) == _identity(other) and copy.domain is not other.domain)


def _identity(copy: DomainCopy) -> tuple[str | None, DomainKey]:
    return copy.domain.key.on(copy.hypervisor)


def _mac(copy: DomainCopy) -> Mac | None:
    return None if copy.nic is None else copy.nic.mac
