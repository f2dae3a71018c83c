"""Losses of knowledge about an inventory, each of one fact; weaker sources of the same fact are lost with it.

Left out are facts that only show that two things are one: two hypervisors without a common mark are two machines. So
are declarations, which hold until they are withdrawn.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from tests.build import TAKEN_AT, failure, gap_in_words
from virtscan.model import (
    Attachment,
    Backing,
    Device,
    DeviceKind,
    Domain,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Machine,
    Netboot,
    Observed,
    Offload,
    Server,
    ServerDevice,
    SourceMode,
    State,
    Subnet,
)
from virtscan.model.gaps.items import HypervisorItem, ServerItem
from virtscan.model.gaps.mismatches import PhysicalContradicted, PlaceContradicted
from virtscan.model.sources import is_declared

T = TypeVar("T")
LONG_AGO = TAKEN_AT - timedelta(days=31)
Change: TypeAlias = Callable[[Inventory], Inventory]


def _of_other_nodes(server: Server) -> tuple[Mac, ...]:
    """Return the declared MACs that no device of a server that was read has: they stand for more nodes."""
    observed = {mac for device in server.devices for mac in (device.device.mac, device.device.permanent_mac)}
    return tuple(mac for mac in server.declared_macs if server.devices and mac not in observed)


def _not_read(server: Server) -> Server:
    """Return a server as its configuration alone describes it."""
    return replace(
        server,
        tx_checksum=State.UNKNOWN,
        reason=failure("timeout"),
        features={},
        persistence=None,
        macs=server.declared_macs,
        addresses=(),
        kernel=None,
        machine=Machine.UNKNOWN,
        system_uuid=None,
        devices=(),
        lists_all_devices=False,
        observed_at=None,
    )


def _old(observed: Observed[T] | None) -> Observed[T] | None:
    return None if observed is None else replace(observed, observed_at=LONG_AGO)


def _named_only(device: Device) -> Device:
    return Device(name=device.name, addresses=device.addresses, observed_at=device.observed_at)


def _with_old_kernel(host: Hypervisor) -> Hypervisor:
    return replace(host, kernel=_old(host.kernel), declared_kernel=None, daemon=None)


SERVER_LOSSES: tuple[Callable[[Server], Server], ...] = (
    lambda server: replace(
        server,
        macs=_of_other_nodes(server),
        declared_macs=_of_other_nodes(server),
        machine=Machine.UNKNOWN,
        devices=tuple(
            replace(each, device=replace(each.device, mac=None, permanent_mac=None)) for each in server.devices
        ),
    ),
    lambda server: replace(server, tx_checksum=State.UNKNOWN, reason=failure("timeout")),
    lambda server: replace(server, machine=Machine.UNKNOWN),
    lambda server: replace(server, segments=(), subnets=()),
    lambda server: replace(server, persistence=None),
    lambda server: replace(server, observed_at=None),
    lambda server: replace(server, lists_all_devices=False),
    lambda server: replace(server, addresses=()),
    lambda server: server if is_declared(server.source) else _not_read(server),
)
SERVER_DEVICE_LOSSES: tuple[Callable[[ServerDevice], ServerDevice], ...] = (
    lambda device: replace(device, offload=Offload()),
    lambda device: replace(device, device=replace(device.device, kind=DeviceKind.UNKNOWN)),
    lambda device: replace(device, device=replace(device.device, backing=Backing.UNKNOWN)),
    lambda device: replace(device, device=replace(device.device, lower=(), lower_complete=False)),
    lambda device: replace(device, device=replace(device.device, lower=device.device.lower[:1], lower_complete=False)),
    lambda device: replace(device, device=replace(device.device, lower_complete=False)),
    lambda device: replace(device, device=replace(device.device, mac=None, permanent_mac=None)),
    lambda device: replace(device, device=replace(device.device, permanent_mac=None)),
    lambda device: replace(device, device=replace(device.device, driver=None)),
)
HOST_LOSSES: tuple[Callable[[Hypervisor], Hypervisor], ...] = (
    lambda host: replace(host, kernel=None, kernel_build=None, declared_kernel=None, daemon=None),
    lambda host: replace(host, daemon=None),
    lambda host: host if host.kernel is None else _with_old_kernel(host),
    lambda host: replace(host, daemon=_old(host.daemon)),
    lambda host: replace(host, segments={}),
    lambda host: replace(host, status=HostStatus.PARTIAL) if host.status is HostStatus.COMPLETE else host,
    lambda host: replace(host, status=HostStatus.FAILED),
    lambda host: replace(host, lists_all_domains=False),
    lambda host: replace(host, lists_all_devices=False),
    lambda host: replace(host, observed_at=None),
    lambda host: replace(host, machine=Machine.UNKNOWN, daemon=None),
    lambda host: replace(host, physical=False),
)
DEVICE_LOSSES: tuple[Callable[[Device], Device], ...] = (
    lambda device: replace(device, kind=DeviceKind.UNKNOWN),
    lambda device: replace(device, backing=Backing.UNKNOWN),
    lambda device: replace(device, lower=(), lower_complete=False),
    lambda device: replace(device, lower=device.lower[:1], lower_complete=False),
    lambda device: replace(device, lower_complete=False),
    lambda device: replace(device, mode=None),
    lambda device: replace(device, driver=None),
    lambda device: replace(device, addresses=()),
    lambda device: replace(device, observed_at=LONG_AGO),
    lambda device: replace(device, permanent_mac=None),
    lambda device: replace(device, kind=DeviceKind.UNKNOWN, backing=Backing.UNKNOWN),
    lambda device: replace(_named_only(device), mac=device.mac),
    lambda device: replace(_named_only(device), mac=device.mac, permanent_mac=device.permanent_mac),
)
RECORD_LOSSES: tuple[Callable[[Netboot], Netboot], ...] = (
    lambda device: replace(device, server=None),
    lambda device: replace(device, observed_at=None),
)
SUBNET_LOSSES: tuple[Callable[[Subnet], Subnet], ...] = (
    lambda subnet: replace(subnet, servers=()),
    lambda subnet: replace(subnet, observed_at=None),
)
DOMAIN_LOSSES: tuple[Callable[[Domain], Domain], ...] = (
    lambda domain: replace(domain, state=DomainState.UNKNOWN),
    lambda domain: replace(domain, boot_devices=()),
    lambda domain: replace(domain, uuid=None),
)
INTERFACE_LOSSES: tuple[Callable[[Interface], Interface], ...] = (
    lambda interface: replace(
        interface, attachments=(Attachment(None, SourceMode.UNKNOWN),) if interface.attachments else ()
    ),
    lambda interface: replace(
        interface, attachments=tuple(Attachment(at.device, SourceMode.UNKNOWN) for at in interface.attachments)
    ),
    lambda interface: replace(interface, model=None),
    lambda interface: replace(interface, host_csum=None),
    lambda interface: replace(interface, boot_order=None, rom=None, link=None),
)


def losses(inventory: Inventory) -> Iterator[Change]:
    """Return every loss of one fact, or one more gap."""
    for about in GapAbout:
        for name in (None, "hv0"):
            yield with_gap(about, name)
    for server in inventory.servers:
        yield from _of_server(server)
    for host in inventory.hypervisors:
        yield from _of_host(host)
    for number in range(len(inventory.netboots)):
        yield from (_record(number, loss) for loss in RECORD_LOSSES)
    for number in range(len(inventory.subnets)):
        yield from (_subnet(number, loss) for loss in SUBNET_LOSSES)


def withdrawn(inventory: Inventory, gaps: Iterable[Gap]) -> Inventory:
    """Remove the declarations that an observation contradicts by these gaps: they are its weaker source."""
    placed = {
        gap.item.server for gap in gaps if isinstance(gap.cause, PlaceContradicted) and isinstance(gap.item, ServerItem)
    }
    real = {
        gap.item.hypervisor
        for gap in gaps
        if isinstance(gap.cause, PhysicalContradicted) and isinstance(gap.item, HypervisorItem)
    }
    virtual = {
        gap.item.server
        for gap in gaps
        if isinstance(gap.cause, PhysicalContradicted) and isinstance(gap.item, ServerItem)
    }
    return replace(
        inventory,
        servers=tuple(
            replace(
                server,
                physical=server.physical and server.name not in placed | virtual,
                runs_on=None if server.name in placed else server.runs_on,
            )
            for server in inventory.servers
        ),
        hypervisors=tuple(
            replace(host, physical=False) if host.name in real else host for host in inventory.hypervisors
        ),
    )


def _of_server(server: Server) -> Iterator[Change]:
    for loss in SERVER_LOSSES:
        yield _server(server.name, loss)
    for place in range(len(server.devices)):
        for part in SERVER_DEVICE_LOSSES:
            yield _server_device(server.name, place, part)


def _of_host(host: Hypervisor) -> Iterator[Change]:
    for loss in HOST_LOSSES:
        yield _host(host.name, loss)
    yield _without_lists(host.name, devices=True)
    yield _without_lists(host.name, domains=True)
    yield _without_lists(host.name, devices=True, domains=True)
    for place in range(len(host.devices)):
        for part in DEVICE_LOSSES:
            yield _device_of(host.name, place, part)
        yield _without_device(host.name, place)
    for place, domain in enumerate(host.domains):
        for change in DOMAIN_LOSSES:
            yield _domain_of(host.name, place, change)
        for number in range(len(domain.interfaces)):
            for less in (*INTERFACE_LOSSES, *_unless_kept(domain.interfaces[number])):
                yield _interface_of(host.name, place, number, less)
        yield _without_domain(host.name, place)


def _unless_kept(interface: Interface) -> Iterator[Callable[[Interface], Interface]]:
    if interface.mac is not None:
        yield lambda interface: replace(interface, mac=None)


def with_gap(about: GapAbout, hypervisor: str | None) -> Change:
    """Add a gap."""
    gap = gap_in_words(subject="something", reason="timeout", about=about, hypervisor=hypervisor)
    return lambda inventory: replace(inventory, gaps=(*inventory.gaps, gap))


def _record(place: int, change: Callable[[Netboot], Netboot]) -> Change:
    return lambda inventory: replace(
        inventory,
        netboots=tuple(change(each) if number == place else each for number, each in enumerate(inventory.netboots)),
    )


def _subnet(place: int, change: Callable[[Subnet], Subnet]) -> Change:
    return lambda inventory: replace(
        inventory,
        subnets=tuple(change(each) if number == place else each for number, each in enumerate(inventory.subnets)),
    )


def _server(name: str, change: Callable[[Server], Server]) -> Change:
    return lambda inventory: replace(
        inventory, servers=tuple(change(server) if server.name == name else server for server in inventory.servers)
    )


def _server_device(name: str, place: int, change: Callable[[ServerDevice], ServerDevice]) -> Change:
    return _server(
        name,
        lambda server: replace(
            server,
            devices=tuple(change(each) if number == place else each for number, each in enumerate(server.devices)),
        ),
    )


def _host(name: str, change: Callable[[Hypervisor], Hypervisor]) -> Change:
    return lambda inventory: replace(
        inventory, hypervisors=tuple(change(host) if host.name == name else host for host in inventory.hypervisors)
    )


def _device_of(host: str, place: int, change: Callable[[Device], Device]) -> Change:
    return _host(
        host,
        lambda host: replace(
            host,
            devices=tuple(change(each) if number == place else each for number, each in enumerate(host.devices)),
        ),
    )


def _without_device(host: str, place: int) -> Change:
    without = _host(
        host,
        lambda host: replace(
            host,
            lists_all_devices=False,
            devices=tuple(each for number, each in enumerate(host.devices) if number != place),
        ),
    )
    gap = with_gap(GapAbout.DEVICE, host)
    return lambda inventory: gap(without(inventory))


def _without_lists(host: str, *, devices: bool = False, domains: bool = False) -> Change:
    """Take away the whole list of devices, of domains, or both: a daemon without its driver, a host that is down.

    A list of devices that an interface rests on is missed.
    """
    gap = with_gap(GapAbout.DEVICE, host)

    def change(host: Hypervisor) -> Hypervisor:
        less = replace(host, devices=(), lists_all_devices=False) if devices else host
        less = replace(less, domains=(), lists_all_domains=False) if domains else less
        return replace(less, status=HostStatus.FAILED) if devices and domains else less

    without = _host(host, change)
    return (lambda inventory: gap(without(inventory))) if devices else without


def _domain_of(host: str, place: int, change: Callable[[Domain], Domain]) -> Change:
    return _host(
        host,
        lambda host: replace(
            host,
            domains=tuple(change(each) if number == place else each for number, each in enumerate(host.domains)),
        ),
    )


def _interface_of(host: str, place: int, index: int, change: Callable[[Interface], Interface]) -> Change:
    return _domain_of(
        host,
        place,
        lambda domain: replace(
            domain,
            interfaces=tuple(
                change(each) if number == index else each for number, each in enumerate(domain.interfaces)
            ),
        ),
    )


def _without_domain(host: str, place: int) -> Change:
    without = _host(
        host,
        lambda host: replace(host, domains=tuple(each for number, each in enumerate(host.domains) if number != place)),
    )
    gap = with_gap(GapAbout.DOMAIN, host)
    return lambda inventory: gap(without(inventory))


def mac_of(inventory: Inventory) -> frozenset[Mac]:
    """Return every MAC of a server."""
    return frozenset(mac for server in inventory.servers for mac in server.macs)


def found_macs(inventory: Inventory) -> frozenset[Mac]:
    """Return every MAC of a server that a domain has: one more place of it is not the first."""
    return mac_of(inventory) & {
        interface.mac for host in inventory.hypervisors for domain in host.domains for interface in domain.interfaces
    }
