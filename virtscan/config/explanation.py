"""A plan as lines of text, without secrets."""

from collections.abc import Iterator, Mapping

from virtscan.connectors import naming
from virtscan.model import WAIVER_PATTERNS, FailOn, Plan, ProvisioningTarget, SourceKind
from virtscan.model.sources import SOURCES, shown
from virtscan.transport import url_secrets
from virtscan.views.wording.phrases.ages import exactly


def overview(plan: Plan) -> Iterator[str]:
    """Describe the scan, each hypervisor, server, provisioning system and waiver, one line each."""
    yield _scan(plan)
    if plan.history is not None:
        yield _line("history", url_secrets.shown(plan.history), {})
    for target in plan.targets:
        details = {"site": target.site, "kernel": target.kernel}
        details |= {"facts": target.facts and SOURCES[SourceKind.ANSIBLE].text(target.facts)}
        details |= {"physical": "yes" if target.physical else None, "reflective": " ".join(target.reflective) or None}
        details |= {"chosen by": target.chosen_by}
        details |= {f"{device} in segment": segment for device, segment in target.segments.items()}
        yield _line(f"hypervisor {naming.name(target)}", naming.shown(target), details)
    for server in plan.servers:
        serves = ", ".join((*server.segments, *server.subnets)) or "every segment"
        details = {"interface": server.interface, "mac": " ".join(server.macs) or None, "serves": serves}
        details |= {"physical": "yes" if server.physical else None, "runs on": server.runs_on}
        yield _line(f"server {server.name}", shown(server), details)
    for system in plan.provisioning:
        details = {"user": system.user, "password or token": _secret(system), "certificates": system.ca_file}
        name = f" {system.name}" if system.name else ""
        yield _line(f"provisioning {system.kind.value}{name}", system.url, details)
    for waiver in plan.policy.waivers:
        chosen = {key: pattern for key in WAIVER_PATTERNS if (pattern := getattr(waiver, key)) != "*"}
        until = f" (until {waiver.until})" if waiver.until else ""
        yield _line("waiver", f"{waiver.reason}{until}", chosen)


def _scan(plan: Plan) -> str:
    facts = "read over SSH" if plan.ssh_facts else "not read over SSH"
    limits = f"{exactly(plan.host_timeout)} per host, {exactly(plan.deadline)} in total"
    chosen = [
        *([f"facts older than {exactly(plan.policy.max_age)} ignored"] if plan.policy.max_age else []),
        *(["persistent definitions of running domains read"] if plan.next_start else []),
        *(["disk and balloon sizes read"] if plan.stats else []),
        *([_failing(plan.fail_on)] if plan.fail_on else []),
    ]
    return ", ".join(
        [f"scan: lower device {plan.policy.lower_device.value}, {limits}, hypervisor facts {facts}", *chosen]
    )


def _failing(fail_on: FailOn) -> str:
    if fail_on is FailOn.NEVER:
        return "never exit code 1 or 4"
    return f"exit code 1 or 4 at exposure {fail_on.value} or higher"


def _secret(system: ProvisioningTarget) -> str | None:
    """Return where the secret comes from; it is never shown."""
    if system.secret_file is not None:
        return f"from {system.secret_file}"
    if system.secret_variable is not None:
        return f"from the environment variable {system.secret_variable}"
    return None if system.secret is None else "in this file"


def _line(subject: str, description: str, details: Mapping[str, str | None]) -> str:
    given = [f"{key} {value}" for key, value in details.items() if value is not None]
    return ", ".join([f"{subject}: {description}", *given])
