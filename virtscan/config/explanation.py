"""What a plan comes to, in lines for people; nothing secret is in them."""

from collections.abc import Iterator

from virtscan.connectors import uri
from virtscan.correlator.coverage import coverage, may_serve, reach
from virtscan.errors import ConfigError
from virtscan.model import Inventory, Plan, Server, ServerTarget, Target, TargetKind
from virtscan.offload.source import shown


def overview(plan: Plan) -> Iterator[str]:
    """One line for the scan, each hypervisor, server and waiver."""
    facts = "asked by ssh" if plan.ssh_facts else "not asked by ssh"
    limits = f"{plan.host_timeout:g} s a host, {plan.deadline:g} s in all"
    yield f"scan: lower device {plan.policy.lower_device.value}, {limits}, hypervisors {facts}"
    for target in plan.targets:
        details = {"site": target.site, "kernel": target.kernel}
        details |= {f"segment of {device}": segment for device, segment in target.segments.items()}
        yield _line(f"hypervisor {_name(target)}", _address(target), details)
    for server in plan.servers:
        serves = ", ".join((*server.segments, *server.subnets)) or "every segment"
        details = {"interface": server.interface, "mac": " ".join(server.macs) or None, "serves": serves}
        details |= {"physical": "yes"} if server.physical else {}
        yield _line(f"server {server.name}", shown(server), details)
    for waiver in plan.policy.waivers:
        patterns = {key: getattr(waiver, key) for key in ("hypervisor", "domain", "mac", "server")}
        chosen = {key: pattern for key, pattern in patterns.items() if pattern != "*"}
        until = f" (until {waiver.until})" if waiver.until else ""
        yield _line("waiver", f"{waiver.reason}{until}", chosen)


def explain_device(plan: Plan, hypervisor: str, device: str, inventory: Inventory | None = None) -> Iterator[str]:
    """Which segment a source device has, and which servers may answer there, each with the reason.

    Args:
        plan: The configuration.
        hypervisor: Its name, or its address.
        device: The source device's name.
        inventory: A scan of it, which knows the device's addresses.

    Raises:
        ConfigError: No such hypervisor is configured.
    """
    target = next((one for one in plan.targets if hypervisor in (_name(one), one.address)), None)
    if target is None:
        known = ", ".join(map(_name, plan.targets))
        raise ConfigError(f"no hypervisor {hypervisor!r} is configured; there are {known}")
    segment = target.segments.get(device)
    addresses = _addresses(inventory, _name(target), device)
    yield f"{device} of {_name(target)}"
    yield f"  segment: {segment} (segments of the hypervisor)" if segment else "  segment: none is named for it"
    yield f"  addresses: {', '.join(addresses)}" if addresses else "  addresses: not known"
    where = reach(segment, addresses)
    for server in plan.servers:
        declared = Server(name=server.name, source="", segments=server.segments, subnets=server.subnets)
        answers = "may answer" if may_serve(coverage(declared), where) else "does not answer"
        yield f"  server {server.name}: {answers}: {_why(server, segment, addresses)}"
    if not plan.servers:
        yield "  no server is configured"


def _why(server: ServerTarget, segment: str | None, addresses: tuple[str, ...]) -> str:
    reasons = []
    if server.segments:
        named = ", ".join(server.segments)
        reasons.append(f"it serves {named}" if segment else f"it serves {named}, and the device may be in any segment")
    if server.subnets:
        named = ", ".join(server.subnets)
        reasons.append(f"it serves {named}" if addresses else f"it serves {named}, and the device may have any address")
    return "; ".join(reasons) or "neither segments nor subnets are declared, so it serves every segment"


def _addresses(inventory: Inventory | None, hypervisor: str, device: str) -> tuple[str, ...]:
    hosts = () if inventory is None else inventory.hypervisors
    found = (one.addresses for host in hosts if host.name == hypervisor for one in host.devices if one.name == device)
    return next(found, ())


def _name(target: Target) -> str:
    from_address = uri.host_name(target.address) if target.kind is TargetKind.LIBVIRT else None
    return target.name or from_address or _address(target)


def _address(target: Target) -> str:
    return uri.shown(target.address) if target.kind is TargetKind.LIBVIRT else target.address


def _line(subject: str, what: str, details: dict[str, str | None]) -> str:
    known = [f"{key} {value}" for key, value in details.items() if value is not None]
    return ", ".join([f"{subject}: {what}", *known])
