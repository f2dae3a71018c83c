"""What a plan comes to, in lines for people; nothing secret is in them."""

from collections.abc import Iterator, Mapping

from virtscan.connectors import naming
from virtscan.model import Plan, ProvisioningTarget
from virtscan.offload.source import shown


def overview(plan: Plan) -> Iterator[str]:
    """One line for the scan, each hypervisor, server, provisioning system and waiver."""
    facts = "asked by ssh" if plan.ssh_facts else "not asked by ssh"
    limits = f"{plan.host_timeout:g} s a host, {plan.deadline:g} s in all"
    yield f"scan: lower device {plan.policy.lower_device.value}, {limits}, hypervisors {facts}"
    for target in plan.targets:
        details = {"site": target.site, "kernel": target.kernel}
        details |= {"facts": target.facts and f"ansible:{target.facts}"}
        details |= {f"segment of {device}": segment for device, segment in target.segments.items()}
        yield _line(f"hypervisor {naming.name(target)}", naming.shown(target), details)
    for server in plan.servers:
        serves = ", ".join((*server.segments, *server.subnets)) or "every segment"
        details = {"interface": server.interface, "mac": " ".join(server.macs) or None, "serves": serves}
        details |= {"physical": "yes"} if server.physical else {}
        yield _line(f"server {server.name}", shown(server), details)
    for system in plan.provisioning:
        details = {"user": system.user, "password or token": _secret(system), "certificates": system.ca_file}
        name = f" {system.name}" if system.name else ""
        yield _line(f"provisioning {system.kind.value}{name}", system.url, details)
    for waiver in plan.policy.waivers:
        patterns = {key: getattr(waiver, key) for key in ("hypervisor", "domain", "mac", "server")}
        chosen = {key: pattern for key, pattern in patterns.items() if pattern != "*"}
        until = f" (until {waiver.until})" if waiver.until else ""
        yield _line("waiver", f"{waiver.reason}{until}", chosen)


def _secret(system: ProvisioningTarget) -> str | None:
    """Where it comes from, never itself."""
    if system.secret_file is not None:
        return f"from {system.secret_file}"
    if system.secret_variable is not None:
        return f"from the environment variable {system.secret_variable}"
    return None if system.secret is None else "in this file"


def _line(subject: str, what: str, details: Mapping[str, str | None]) -> str:
    known = [f"{key} {value}" for key, value in details.items() if value is not None]
    return ", ".join([f"{subject}: {what}", *known])
