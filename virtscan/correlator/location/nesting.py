"""Hypervisors that are domains of others: by a NIC with the MAC of a domain's interface, or by a uuid."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec

from virtscan.correlator.devices.nic import is_named_as_local, is_nic, is_physical
from virtscan.model import Backing, Device, DeviceKind, Domain, Hypervisor, Interface, Mac, State
from virtscan.model.identity.keys import machine_uuid
from virtscan.model.reasons import NeedsNicKinds


class InterfaceOwner(msgspec.Struct, frozen=True, gc=False):
    """An interface with the domain and the hypervisor that it belongs to."""

    hypervisor: str
    domain: Domain
    interface: Interface


class HypervisorDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain of a hypervisor that is, or may be, another hypervisor.

    `doubts` are empty if it certainly is. Otherwise they name the device with the domain's MAC, which may be a NIC or
    the tap of a guest. The other hypervisor is then also judged as a machine of its own.
    """

    hypervisor: str
    domain: Domain
    doubts: tuple[NeedsNicKinds, ...] = ()


def find_hypervisor_domains(
    hosts: Sequence[Hypervisor],
    devices: Mapping[Mac, Sequence[tuple[str, Device]]],
    interfaces: Mapping[Mac, Sequence[InterfaceOwner]],
    domains: Mapping[str, Sequence[tuple[str, Domain]]],
    machines: Mapping[str, str],
) -> dict[str, tuple[HypervisorDomain, ...]]:
    """Find the domains that hypervisors are or may be, by machine."""
    candidates: dict[str, dict[tuple[str, int], HypervisorDomain]] = defaultdict(dict)

    def add(machine: str, candidate: HypervisorDomain) -> None:
        key = candidate.hypervisor, id(candidate.domain)
        candidates[machine][key] = min(candidates[machine].get(key, candidate), candidate, key=_doubt)

    physical = {machines[host.name] for host in hosts if is_physical(host)}
    for mac, owners in devices.items():
        # A machine that has the domain itself has the device for it, wherever else the domain is defined.
        at_home = {machines[owner.hypervisor] for owner in interfaces[mac]}
        for name, device in owners if at_home else ():
            own = _is_own(device, on_physical=machines[name] in physical)
            if own is State.OFF or machines[name] in at_home:
                continue
            doubts = () if own is State.ON else (NeedsNicKinds(hypervisor=name, device=None, nics=(device.name,)),)
            for owner in interfaces[mac]:
                add(machines[name], HypervisorDomain(hypervisor=owner.hypervisor, domain=owner.domain, doubts=doubts))
    for host in hosts:
        if (uuid := machine_uuid(host.system_uuid)) is not None:
            for name, domain in domains.get(uuid, ()):
                if machines[name] != machines[host.name]:
                    add(machines[host.name], HypervisorDomain(hypervisor=name, domain=domain))
    return {machine: tuple(sorted(around.values(), key=_by_name)) for machine, around in candidates.items()}


def hypervisor_domains_between(
    hypervisor_domains: Mapping[str, Sequence[HypervisorDomain]], machines: Mapping[str, str], inner: str, around: str
) -> tuple[HypervisorDomain, ...]:
    """Return the domains on the machine `around` that `inner` is or runs in, at any depth: one for each copy.

    A domain is in doubt if each path from it leads through a doubtful domain.
    """
    between: dict[tuple[str, int], HypervisorDomain] = {}
    for certain in (True, False):
        seen = {inner}
        waiting: list[tuple[str, tuple[NeedsNicKinds, ...]]] = [(inner, ())]
        while waiting:
            machine, so_far = waiting.pop()
            for hypervisor_domain in hypervisor_domains.get(machine, ()):
                if certain and hypervisor_domain.doubts:
                    continue
                doubts = (*so_far, *hypervisor_domain.doubts)
                outer = machines[hypervisor_domain.hypervisor]
                if outer == around:
                    between.setdefault(
                        (hypervisor_domain.hypervisor, id(hypervisor_domain.domain)),
                        msgspec.structs.replace(hypervisor_domain, doubts=doubts),
                    )
                elif outer not in seen:
                    seen.add(outer)
                    waiting.append((outer, doubts))
    return tuple(sorted(between.values(), key=_by_name))


def with_outer_machines(
    inner: Collection[str], hypervisor_domains: Mapping[str, Sequence[HypervisorDomain]], machines: Mapping[str, str]
) -> frozenset[str]:
    """Add the machines on which some machines run or may run, at any depth."""
    outer = set(inner)
    waiting = list(inner)
    while waiting:
        for hypervisor_domain in hypervisor_domains.get(waiting.pop(), ()):
            if machines[hypervisor_domain.hypervisor] not in outer:
                outer.add(machines[hypervisor_domain.hypervisor])
                waiting.append(machines[hypervisor_domain.hypervisor])
    return frozenset(outer)


def _by_name(candidate: HypervisorDomain) -> tuple[str, str, str, bool]:
    domain = candidate.domain
    return candidate.hypervisor, domain.name, domain.origin, domain.next_start


def _doubt(candidate: HypervisorDomain) -> tuple[tuple[str, ...], ...]:
    """Return the sort key that puts domains that certainly are the hypervisor before doubtful ones."""
    return tuple((nic_kinds.hypervisor, *nic_kinds.nics) for nic_kinds in candidate.doubts)


def _is_own(device: Device, *, on_physical: bool) -> State:
    """Return whether a device is its machine's NIC, or has the MAC of one.

    A tap or macvtap has the MAC of its guest. A device of unknown kind may be either. On a machine that is known not to
    be virtual, it is a guest's.
    """
    if device.kind in {DeviceKind.BOND, DeviceKind.BRIDGE, DeviceKind.VLAN} or is_nic(device):
        return State.ON
    if device.kind in {DeviceKind.MACVLAN, DeviceKind.VETH} or device.backing is Backing.VIRTUAL:
        return State.OFF
    return State.OFF if is_named_as_local(device.name) or on_physical else State.UNKNOWN
