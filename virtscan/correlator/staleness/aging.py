"""Facts that are too old to count become unknown, each with a gap that names its owner and how to renew it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from virtscan.correlator.devices.nic import is_seen_as_vm
from virtscan.correlator.staleness.age import Clock, aware
from virtscan.model import (
    CONFIGURATION,
    Device,
    DeviceName,
    Domain,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Machine,
    Netboot,
    Server,
    State,
    Subnet,
)
from virtscan.model.gaps.causes import TooOld
from virtscan.model.gaps.items import AnyItem, OldDevices, OldHost, OldKernel, OldRecords, ServerItem
from virtscan.model.sources import is_declared


def aged(inventory: Inventory) -> Inventory:
    """Return the inventory without the facts that are too old by its policy; itself if there are none.

    Age is counted from the scan. A declaration has no age. Names, MACs and boot devices stay: they identify the subject
    of a finding and its urgency, and a MAC that is too old clears nothing. Doing it again changes nothing more.
    """
    if inventory.policy.max_age is None:
        return inventory
    clock = Clock(inventory.taken_at, inventory.policy.max_age)
    hosts = [_hypervisor(host, clock) for host in inventory.hypervisors]
    servers = [_server(server, clock) for server in inventory.servers]
    groups = [more for _, more in hosts] + [more for _, more in servers]
    groups += [tuple(_old_records(inventory.netboots, clock)), tuple(_old_subnets(inventory.subnets, clock))]
    gaps = dict.fromkeys(gap for group in groups for gap in group if gap not in inventory.gaps)
    return msgspec.structs.replace(
        inventory,
        hypervisors=tuple(host for host, _ in hosts),
        servers=tuple(server for server, _ in servers),
        gaps=(*inventory.gaps, *gaps),
        places=tuple(place for place in inventory.places if not clock.is_too_old(place.observed_at)),
    )


def _hypervisor(host: Hypervisor, clock: Clock) -> tuple[Hypervisor, tuple[Gap, ...]]:
    gaps = [*_old_kernel(host, clock)]
    kernel = None if gaps else host.kernel
    devices = tuple(_device(device) if _is_too_old(device, host, clock) else device for device in host.devices)
    changes: dict[str, object] = {"kernel": kernel, "devices": devices}
    # The daemon's version does not take the place of a kernel that was read.
    if kernel is not host.kernel or (
        host.daemon is not None and clock.is_too_old(host.daemon.observed_at or host.observed_at)
    ):
        changes["daemon"] = None
    if clock.is_too_old(host.observed_at) and host.status is not HostStatus.FAILED:
        changes |= {"machine": Machine.UNKNOWN, "lists_all_devices": False}
        changes["domains"] = tuple(_domain(domain) for domain in host.domains)
        if host.status is HostStatus.COMPLETE:
            changes["status"] = HostStatus.PARTIAL
        item = OldHost(hypervisor=host.name, uri=host.uri)
        gaps.append(_gap(item, _too_old(clock, host.observed_at, host.uri), host.name))
    else:
        gaps += _old_devices(host, clock)
    return msgspec.structs.replace(host, **changes), tuple(gaps)


def _old_kernel(host: Hypervisor, clock: Clock) -> Iterator[Gap]:
    kernel = host.kernel
    if kernel is not None and kernel.source != CONFIGURATION and clock.is_too_old(kernel.observed_at):
        item = OldKernel(hypervisor=host.name, source=kernel.source)
        yield _gap(item, _too_old(clock, kernel.observed_at, kernel.source), host.name)


def _old_devices(host: Hypervisor, clock: Clock) -> Iterator[Gap]:
    """Yield one gap for the devices of a hypervisor that are of one source and one time."""
    alike: dict[tuple[tuple[str, ...], datetime | None], list[DeviceName]] = {}
    for device in host.devices:
        if _is_too_old(device, host, clock) and _device(device) != device:
            alike.setdefault((device.sources, device.observed_at), []).append(device.name)
    for (sources, observed_at), names in alike.items():
        item = OldDevices(hypervisor=host.name, devices=tuple(names), sources=sources)
        yield _gap(item, _too_old(clock, observed_at, *sources), host.name)


def _is_too_old(device: Device, host: Hypervisor, clock: Clock) -> bool:
    return clock.is_too_old(device.observed_at or host.observed_at)


def _device(device: Device) -> Device:
    """Return a device of which only facts that clear nothing count.

    These are its name and MACs, by which it may be found; its addresses and VLAN number only include servers.
    """
    return Device(
        name=device.name,
        mac=device.mac,
        permanent_mac=device.permanent_mac,
        addresses=device.addresses,
        vlan_id=device.vlan_id,
        sources=device.sources,
        observed_at=device.observed_at,
    )


def _domain(domain: Domain) -> Domain:
    interfaces = tuple(_interface(interface) for interface in domain.interfaces)
    return msgspec.structs.replace(domain, state=DomainState.UNKNOWN, interfaces=interfaces)


def _interface(interface: Interface) -> Interface:
    """Return an interface that still is in its place, without the facts that would clear a server sending from it."""
    return msgspec.structs.replace(interface, model=None, host_csum=None, guest_csum=None)


def _server(server: Server, clock: Clock) -> tuple[Server, tuple[Gap, ...]]:
    old = not is_declared(server.source) and clock.is_too_old(server.observed_at)
    kernel = server.kernel
    if kernel is not None and clock.is_too_old(kernel.observed_at):
        server = msgspec.structs.replace(server, kernel=None)
    if not old:
        return server, ()
    # With one of its MACs missing, a server may seem to be only where its other MAC is: all of them stay, or none. A
    # declaration as a physical machine only counts as long as no domain has any of its MACs, and no observation
    # contradicts it, however old. A server that has fewer MACs than were declared has lost them already.
    has_lost = bool(server.declared_macs) and not server.macs
    is_physical = server.physical and not is_seen_as_vm(server)
    keeps_macs = is_physical or (set(server.macs) <= set(server.declared_macs) and not has_lost)
    all_macs = tuple(dict.fromkeys((*server.macs, *server.declared_macs)))
    without = msgspec.structs.replace(
        server,
        features={},
        persistence=None,
        system_uuid=server.system_uuid if keeps_macs and all_macs else None,
        macs=all_macs if keeps_macs else (),
        devices=(),
        lists_all_devices=False,
        machine=Machine.UNKNOWN,
        physical=is_physical,
    )
    if server.is_wholly_assumed:
        return msgspec.structs.replace(without, persistence=server.persistence), ()
    if server.tx_checksum is State.UNKNOWN:
        return without, ()
    cause = _too_old(clock, server.observed_at, server.source)
    gap = Gap(item=ServerItem(server=server.name, source=server.source), cause=cause, about=GapAbout.SERVER)
    return msgspec.structs.replace(without, tx_checksum=State.UNKNOWN, reason=cause), (gap,)


def _old_records(netboots: Iterable[Netboot], clock: Clock) -> Iterator[Gap]:
    """Yield one gap for each record with a server, which it still includes; it excludes no other (`Assignments`)."""
    for netboot in netboots:
        if netboot.server is not None and clock.is_too_old(netboot.observed_at):
            item = OldRecords(source=netboot.source)
            yield _gap(item, _too_old(clock, netboot.observed_at, netboot.source))


def _old_subnets(subnets: Iterable[Subnet], clock: Clock) -> Iterator[Gap]:
    """Yield one gap for each subnet with servers; all of it still counts, because it only includes servers."""
    for subnet in subnets:
        if subnet.servers and clock.is_too_old(subnet.observed_at):
            item = OldRecords(source=subnet.source, subnets=True)
            yield _gap(item, _too_old(clock, subnet.observed_at, subnet.source))


def _too_old(clock: Clock, observed_at: datetime | None, *sources: str) -> TooOld:
    moment = None if observed_at is None else aware(observed_at)
    return TooOld(observed_at=moment, max_age=clock.max_age, sources=sources)


def _gap(item: AnyItem, cause: TooOld, hypervisor: str | None = None) -> Gap:
    return Gap(item=item, cause=cause, about=GapAbout.AGE, hypervisor=hypervisor)
