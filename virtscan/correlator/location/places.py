"""Every place that a server may have: as many as it has NICs and copies.

Not finding a MAC proves nothing by itself: bridges and bonds of guests have MACs of their own, containers always. A
server that is not found stays `UnlocatedServer` here; `elsewhere` decides for each hypervisor whether it can be there.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from virtscan.correlator.devices.nic import is_nic, is_seen_as_vm
from virtscan.correlator.location.copies import DomainCopy, copies_of, may_run_elsewhere
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.servers.sending import SendingStack, sending_stacks
from virtscan.model import Device, DeviceKind, DeviceName, Domain, DomainState, Interface, Mac, Machine, Server
from virtscan.model.identity.keys import machine_uuid
from virtscan.model.reasons import Missing


class GuestNic(msgspec.Struct, frozen=True, kw_only=True):
    """A domain's interface. `declared` is False for one that the server was not declared to serve through.

    `exclusive` is True if the domain is one of several copies of which only one can be the server. `inner` is the NIC
    of a domain inside this one, where that is a hypervisor itself; `doubts` are the missing facts without which it may
    be none.
    """

    hypervisor: str
    domain: Domain
    interface: Interface
    declared: bool = True
    exclusive: bool = False
    inner: "GuestNic | None" = None
    doubts: tuple[Missing, ...] = ()

    @property
    def is_stopped(self) -> bool:
        """Return True if the domain of the server itself is not known to run."""
        return (self.inner or self).domain.state is not DomainState.ACTIVE


class HostDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor's own device that has one of the server's MACs, or that the server names."""

    hypervisor: str
    device: Device
    exclusive: bool = False


class HostItself(msgspec.Struct, frozen=True, kw_only=True):
    """The hypervisor, through an unknown device: observed to be one machine, or declared (`runs_on`)."""

    hypervisor: str
    declared: bool = False
    exclusive: bool = False


class OtherMachine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine of its own: declared not to be virtual, or observed to be physical, with NICs of its own."""

    declared: bool


class UnlocatedServer(msgspec.Struct, frozen=True, kw_only=True):
    """Not found on any hypervisor by these MACs; `outdated` names a hypervisor where it was found too long ago.

    `copy` marks a server that was found, but not running: another copy of it may be where a domain was not read.
    """

    macs: tuple[Mac, ...] = ()
    outdated: str | None = None
    copy: bool = False


Place: TypeAlias = GuestNic | HostDevice | HostItself | OtherMachine | UnlocatedServer


def places(stack: SendingStack, fleet: Fleet) -> tuple[Place, ...]:
    """Return every place of a server that sends through this stack, at least one."""
    server = stack.server
    copies = list(copies_of(stack, fleet))
    seen: list[GuestNic | HostDevice | HostItself] = [nic for copy in copies for nic in _nics(copy, stack)]
    seen += _on_hosts(stack, fleet)
    all_places: list[Place] = [*seen]
    outdated = {place.hypervisor for place in seen} & fleet.unread.outdated
    all_places += [UnlocatedServer(outdated=name) for name in sorted(outdated)]
    declared = declared_place(server, fleet)
    if not all_places:
        if declared is not None:
            return (declared,)
        bare = server.machine is Machine.PHYSICAL and stack.on_nics and not _has_local_device(stack)
        all_places.append(OtherMachine(declared=False) if bare else UnlocatedServer(macs=stack.nic_macs))
    if declared is not None:
        return tuple(all_places)  # the declaration is about all of its MACs
    if fleet.unread.lacking and len(seen) == len(all_places) and may_run_elsewhere(copies):
        all_places.append(UnlocatedServer(macs=tuple(sorted(stack.macs)), copy=True))
    if seen and not copies and _may_be_a_container(stack):
        all_places.append(UnlocatedServer())
    missing = tuple(mac for mac in _unexplained(stack) if not fleet.interfaces.get(mac) and mac not in fleet.devices)
    if missing and UnlocatedServer(macs=missing) not in all_places:
        all_places.append(UnlocatedServer(macs=missing))
    return tuple(all_places)


def _may_be_a_container(stack: SendingStack) -> bool:
    """Return True if the server may be a container on the machine whose uuid it has: its devices are not the host's."""
    return not stack.observed and not stack.macs and stack.server.machine is not Machine.PHYSICAL


def _has_local_device(stack: SendingStack) -> bool:
    """Return True if frames enter the stack by a device that guests of the machine may share, such as a macvlan.

    A device of unknown kind may be one, but not on top of several others, as a team is.
    """
    return any(
        device.kind in {DeviceKind.MACVLAN, DeviceKind.VETH}
        or (device.kind is DeviceKind.UNKNOWN and len(device.lower) < 2)
        for device in stack.listed
    )


def declared_place(server: Server, fleet: Fleet) -> HostItself | OtherMachine | None:
    """Return where a server is declared to be; None if an observation contradicts it, on any of its NICs."""
    if not server.physical and server.runs_on not in fleet.hypervisors:
        return None
    if any(contradicted(stack, fleet) is not None for stack in sending_stacks(server)):
        return None
    if server.runs_on is not None and server.runs_on in fleet.hypervisors:
        return HostItself(hypervisor=server.runs_on, declared=True)
    return None if is_seen_as_vm(server) else OtherMachine(declared=True)


def contradicted(stack: SendingStack, fleet: Fleet) -> str | None:
    """Name the hypervisor on which a server was found that is declared to be physical, or to run on another one."""
    server = stack.server
    if not server.physical and server.runs_on is None:
        return None
    hypervisors = [
        *(copy.hypervisor for copy in copies_of(stack, fleet)),
        *(place.hypervisor for place in _on_hosts(stack, fleet)),
    ]
    declared_machine = None if server.physical else fleet.machines.get(server.runs_on or "")
    return min((name for name in hypervisors if fleet.machines[name] != declared_machine), default=None)


def _nics(copy: DomainCopy, stack: SendingStack) -> Iterator[GuestNic]:
    """Yield the copy's interface, and every other interface of its domain whose MAC is not in the stack."""
    by_mac = [interface for interface in copy.domain.interfaces if interface.mac in stack.macs]
    if copy.nic is not None and copy.nic is not by_mac[0]:
        yield _nic(copy, copy.nic, declared=stack.declared)
        return
    for interface in copy.domain.interfaces:
        declared = not by_mac or interface is copy.nic
        if declared or interface.mac not in stack.macs:
            yield _nic(copy, interface, declared=declared and stack.declared)


def _nic(copy: DomainCopy, interface: Interface, *, declared: bool) -> GuestNic:
    return GuestNic(
        hypervisor=copy.hypervisor,
        domain=copy.domain,
        interface=interface,
        declared=declared,
        exclusive=copy.exclusive,
    )


def _on_hosts(stack: SendingStack, fleet: Fleet) -> Iterator[HostDevice | HostItself]:
    """Yield the hypervisors' own devices that the server sends through: by MAC, or because both are one machine.

    Frames of a machine that is the server enter at the top of its stack, which may be a macvlan that libvirt does not
    list. A dummy sends nothing: another device with the MAC does. Any other device with its MAC, such as the macvtap
    of a domain that was not read, is where they enter.
    """
    own = next((listed for listed in stack.listed if listed.name == stack.top), None)
    matched: dict[str, dict[tuple[str, DeviceName], Device]] = {}
    same = {fleet.machines[name] for name in _observed_as(stack.server, fleet)}
    for mac in sorted(stack.macs):
        for name, device in fleet.devices.get(mac, ()):
            if not _is_a_guests(mac, device, name, fleet):
                matched.setdefault(fleet.machines[name], {})[name, device.name] = device
                same |= {fleet.machines[name]} if _is_its_nic(stack, mac, device) else set()
    for machine, devices in matched.items():
        if own is not None and machine in same:
            yield HostDevice(hypervisor=next(iter(devices))[0], device=own)
        else:
            only_dummies = all(device.kind is DeviceKind.DUMMY for device in devices.values())
            for (name, _), device in devices.items():
                if only_dummies or device.kind is not DeviceKind.DUMMY:
                    yield HostDevice(hypervisor=name, device=device)
    for name in sorted(same - matched.keys()):
        named = None if stack.top is None else fleet.devices_of(name).get(stack.top)
        sends = own or named
        if sends is None:
            yield HostItself(hypervisor=name)
        else:
            yield HostDevice(hypervisor=name, device=sends)


def _is_its_nic(stack: SendingStack, mac: Mac, device: Device) -> bool:
    """Return True for a NIC under the stack; one that was lent to a guest's macvtap has another permanent MAC."""
    if not is_nic(device) or mac != device.own_mac:
        return False
    return any(is_nic(listed) and mac == listed.own_mac for listed in stack.listed)


def _observed_as(server: Server, fleet: Fleet) -> Iterator[str]:
    """Name the hypervisors that are observed to be one machine with a server."""
    if server.source == "local:":
        yield from fleet.local
    if (uuid := machine_uuid(server.system_uuid)) is not None:
        yield from fleet.by_uuid.get(uuid, ())


def _is_a_guests(mac: Mac, device: Device, hypervisor: str, fleet: Fleet) -> bool:
    """Return True for the tap or macvtap of a known domain's interface on the same machine.

    Only a domain that runs is known to have one.
    """
    if any(device.name in fleet.targets[host.name] for host in fleet.of_machine(hypervisor)):
        return True
    machine = fleet.machines[hypervisor]
    return any(
        fleet.machines[owner.hypervisor] == machine
        and owner.domain.state is DomainState.ACTIVE
        and owner.interface.target is None
        for owner in fleet.interfaces.get(mac, ())
    )


def _unexplained(stack: SendingStack) -> Iterator[Mac]:
    """Yield the MACs of NICs that stand for a node of their own where they are not found beside those that are.

    An observed stack yields none: the MACs of its bonds and bridges are in no domain, nor is the MAC of a NIC that is
    passed through.
    """
    if not stack.observed:
        yield from stack.nic_macs
        return
    observed = {mac for server_device in stack.server.devices for mac in server_device.device.macs}
    yield from (mac for mac in stack.server.declared_macs if mac not in observed)
