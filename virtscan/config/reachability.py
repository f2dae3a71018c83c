"""The servers that may answer on a hypervisor's device, by configuration and records, as lines of text."""

from collections.abc import Iterator

import msgspec

from virtscan.connectors import naming
from virtscan.correlator.servers.assignments import Assignments
from virtscan.correlator.servers.serving import Locality, coverage, locality, may_serve
from virtscan.correlator.staleness.aging import aged
from virtscan.errors import ConfigError
from virtscan.model import Device, GapAbout, Hypervisor, Inventory, Plan, Server, ServerTarget, Target
from virtscan.model.identity.short_names import ambiguous, in_full
from virtscan.model.sources import shown
from virtscan.transport import url_secrets


class _KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device with its known facts; `reach` is its place in the network."""

    hypervisor: str
    name: str
    reach: Locality
    addresses: tuple[str, ...] = ()
    vlan_id: int | None = None


def explain_device(plan: Plan, hypervisor: str, device: str, inventory: Inventory | None) -> Iterator[str]:
    """Yield a source device's segment and the servers that may answer there, each with the reason.

    Args:
        plan: The configuration.
        hypervisor: Its declared or scanned name, the name in its address, or the address.
        device: The source device's name.
        inventory: A scan, with the device's addresses and VLAN and with records of provisioning systems. Records
            that are too old by its policy don't count.

    Raises:
        ConfigError: No such hypervisor is configured.
    """
    inventory = None if inventory is None else aged(inventory)
    target = _target(plan, hypervisor, inventory)
    known_device = _device(target, device, inventory)
    yield f"{device} of {known_device.hypervisor}"
    segment = known_device.reach.segment
    yield f"  segment: {segment} (segments of the hypervisor)" if segment else "  segment: none configured"
    yield f"  addresses: {', '.join(known_device.addresses)}" if known_device.addresses else "  addresses: unknown"
    if known_device.vlan_id is not None:
        yield f"  VLAN: {known_device.vlan_id}"
    servers = tuple(_server(server, inventory) for server in plan.servers)
    records = Assignments(inventory, servers) if inventory else None
    yield from _of_the_network(known_device, plan, servers, records)
    if inventory is not None and records is not None:
        yield from _of_macs(known_device, inventory, servers, records)


def is_certain(plan: Plan, hypervisor: str, inventory: Inventory | None) -> bool:
    """Return False if something that the inventory lacks affects which servers may answer on a hypervisor.

    Raises:
        ConfigError: No such hypervisor is configured.
    """
    if inventory is None:
        return True
    scanned = _scanned(_target(plan, hypervisor, inventory), inventory)
    if scanned is None:
        return False
    elsewhere = {GapAbout.SERVER, GapAbout.PROVISIONING}
    return not any(gap.hypervisor == scanned.name or gap.about in elsewhere for gap in aged(inventory).gaps)


def _target(plan: Plan, hypervisor: str, inventory: Inventory | None) -> Target:
    """Find a hypervisor by one of its names, with or without the domain.

    Raises:
        ConfigError: No hypervisor has this name, or several share the short name.
    """
    named = {name: target for target in reversed(plan.targets) for name in _names(target, inventory)}
    matches = {naming.name(named[name]): named[name] for name in in_full(hypervisor, named)}
    if len(matches) == 1:
        return next(iter(matches.values()))
    typed = url_secrets.shown(hypervisor)
    if matches:
        raise ConfigError(f"--hypervisor: {ambiguous(typed, matches)}")
    configured = ", ".join(map(naming.name, plan.targets))
    raise ConfigError(f"hypervisor {typed!r}: not configured; known: {configured}")


def _of_the_network(
    known_device: _KnownDevice, plan: Plan, servers: tuple[Server, ...], records: Assignments | None
) -> Iterator[str]:
    on_record = frozenset[int]()
    if records is not None:
        on_record = records.of_device(known_device.reach, known_device.vlan_id)
        for subnet in records.subnets_of(known_device.reach, known_device.vlan_id):
            answering = ", ".join(subnet.servers) or "no server"
            unclear = "" if on_record else "; no effect: not a configured server"
            yield f"  subnet {subnet.name} ({subnet.network}) of {subnet.source}: answered by {answering}{unclear}"
    elif plan.provisioning:
        yield "  provisioning systems: not read; add --inventory FILE for their records"
    for number, (server, declared) in enumerate(zip(servers, plan.servers, strict=True)):
        if number in on_record:
            answers, reason = True, "by the recorded subnet"
        else:
            answers, reason = may_serve(coverage(server), known_device.reach), _why(declared, known_device)
        yield f"  server {server.name}: {'may answer' if answers else 'does not answer'}: {reason}"
    if not servers:
        yield "no server configured"


def _of_macs(
    known_device: _KnownDevice, inventory: Inventory, servers: tuple[Server, ...], records: Assignments
) -> Iterator[str]:
    """Yield the records of the interfaces on the device, which take precedence over records of its network."""
    domains = {
        interface.mac: domain.name
        for host in inventory.hypervisors
        if host.name == known_device.hypervisor
        for domain in host.domains
        for interface in domain.interfaces
        if known_device.name in {attachment.device for attachment in interface.attachments}
    }
    for netboot in inventory.netboots:
        if netboot.mac in domains:
            named = [servers[number].name for number in sorted(records.of_mac(netboot.mac))]
            included = [servers[number].name for number in sorted(records.possible_for(netboot.mac))]
            answering = f"{', '.join(included)} may answer" if included else "no configured server is on record"
            answering = f"only {', '.join(named)} may answer" if named else answering
            pending = ", and it is about to boot from the network" if netboot.pending else ""
            yield f"  {netboot.mac} of {domains[netboot.mac]}: on record at {netboot.source}: {answering}{pending}"


def _names(target: Target, inventory: Inventory | None) -> tuple[str, ...]:
    """Return every name that a hypervisor can be called by."""
    scanned = _scanned(target, inventory)
    return (naming.name(target), target.address, *((scanned.name,) if scanned else ()))


def _scanned(target: Target, inventory: Inventory | None) -> Hypervisor | None:
    """Find the hypervisor in an inventory, where its name may differ from that in its address."""
    hosts = () if inventory is None else inventory.hypervisors
    return next((host for host in hosts if host.uri == naming.shown(target)), None)


def _device(target: Target, name: str, inventory: Inventory | None) -> _KnownDevice:
    scanned = _scanned(target, inventory)
    host = scanned.name if scanned else naming.name(target)
    devices = (device for device in scanned.devices if device.name == name) if scanned else iter(())
    device: Device | None = next(devices, None)
    segment = target.segments.get(name)
    if device is None:
        return _KnownDevice(hypervisor=host, name=name, reach=locality(segment, ()))
    return _KnownDevice(
        hypervisor=host,
        name=name,
        reach=locality(segment, device.addresses),
        addresses=device.addresses,
        vlan_id=device.vlan_id,
    )


def _server(target: ServerTarget, inventory: Inventory | None) -> Server:
    """Make a server from its declaration, with its scanned addresses, which records may name."""
    scanned = () if inventory is None else inventory.servers
    known = next((server for server in scanned if server.name == target.name), None)
    return Server(
        name=target.name,
        source=shown(target),
        addresses=() if known is None else known.addresses,
        observed_at=None if known is None else known.observed_at,
        segments=target.segments,
        subnets=target.subnets,
    )


def _why(server: ServerTarget, known_device: _KnownDevice) -> str:
    if server.segments:
        named = ", ".join(server.segments)
        return f"serves {named}" + ("" if known_device.reach.segment else "; the device's segment is unknown")
    if server.subnets:
        return f"serves {', '.join(server.subnets)}; only devices of other declared subnets are excluded"
    return "no segments or subnets declared; serves every segment"
