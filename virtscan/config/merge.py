"""The configuration file and the command line -> one plan; the command line wins."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from virtscan.config.declaration import FILES, absolute_test_uri, declared_plan, identity, targets_of
from virtscan.config.default_uri import DefaultUri
from virtscan.config.file.document import ConfigFile
from virtscan.config.file.problems import Problems
from virtscan.config.file.values import table_name
from virtscan.config.provisioning import sends_in_clear
from virtscan.config.source import parse_server
from virtscan.errors import ConfigError
from virtscan.model import FailOn, LowerDevice, Plan, ServerTarget, Target, TargetKind
from virtscan.transport import uri, url_secrets

_LONGEST = 7 * 86400.0
"""Longest limit of a host or a run in seconds; poll(2) takes milliseconds as an int, at most 24 days."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line; None for an option that was not given."""

    connect: tuple[str, ...] = ()
    xml: tuple[Path, ...] = ()
    sosreport: tuple[Path, ...] = ()
    servers: tuple[str, ...] = ()
    lower_device: LowerDevice | None = None
    host_timeout: float | None = None
    deadline: float | None = None
    max_age: float | None = None
    ssh_facts: bool = False
    next_start: bool = False
    stats: bool = False
    fail_on: FailOn | None = None
    allow_unsafe_uri: bool = False


def make_plan(
    document: ConfigFile,
    options: Options,
    *,
    folder: Path,
    default_uri: DefaultUri,
    problems: Problems | None = None,
) -> tuple[Plan, tuple[str, ...]]:
    """Merge both into a plan.

    Hypervisors of the command line replace the file's, and keep the file's declarations about them (kernel, site,
    segments). If neither names a hypervisor, the default URI is scanned. A server of the command line replaces the
    file's server of the same name.

    Args:
        document: The file; an empty document without a file.
        options: The command line.
        folder: Where relative paths in the file start.
        default_uri: The hypervisor to scan if none is named.
        problems: The errors of the file, which has no lines for None.

    Returns:
        The plan, and warnings about it.

    Raises:
        ConfigError: A value is invalid or contradicts another; the message has its place in the file, or the option.
    """
    problems = problems or Problems("configuration")
    declared = declared_plan(document, folder, problems)
    plan = msgspec.structs.replace(
        declared,
        targets=_requested(options, declared.targets)
        or declared.targets
        or (Target(kind=TargetKind.LIBVIRT, address=default_uri.uri, chosen_by=default_uri.origin),),
        servers=_servers(options, declared.servers),
        policy=msgspec.structs.replace(
            declared.policy,
            lower_device=options.lower_device or declared.policy.lower_device,
            max_age=options.max_age or declared.policy.max_age,
        ),
        host_timeout=options.host_timeout or declared.host_timeout,
        deadline=options.deadline or declared.deadline,
        ssh_facts=options.ssh_facts or declared.ssh_facts,
        next_start=options.next_start or declared.next_start,
        stats=options.stats or declared.stats,
        fail_on=options.fail_on or declared.fail_on,
        allow_unsafe_uri=options.allow_unsafe_uri,
    )
    _check_together(plan, options, problems)
    elsewhere = "--connect" if options.connect else default_uri.origin
    return plan, tuple(_warnings(plan, _subjects(document, folder, problems), elsewhere))


def _subjects(document: ConfigFile, folder: Path, problems: Problems) -> Mapping[tuple[TargetKind, str], str]:
    """Return the place of each target in the file, with its table and key."""
    subjects: dict[tuple[TargetKind, str], str] = {}
    for number, section in enumerate(document.hypervisor, 1):
        name = table_name("hypervisor", number, section)
        key, targets = targets_of(section, name, folder)
        place = problems.place("hypervisor", number, key)
        subjects |= dict.fromkeys(map(identity, targets), f"{place}: {name}: {key}")
    return subjects


def _warnings(plan: Plan, subjects: Mapping[tuple[TargetKind, str], str], elsewhere: str) -> Iterator[str]:
    """Yield the warnings about a plan; their subject is a target's key in the file, or `elsewhere`."""
    for target in plan.targets:
        if target.kind is TargetKind.LIBVIRT:
            subject = subjects.get(identity(target), elsewhere)
            yield from _checked(target.address, subject, allow_unsafe=plan.allow_unsafe_uri)
    for system in plan.provisioning:
        if sends_in_clear(system):
            yield f"{system.url}: user and password are sent unencrypted; write https://"


def _check_together(plan: Plan, options: Options, problems: Problems) -> None:
    """Check the limits that the file and the options set together; an error names the one that set it."""

    def subject(key: str) -> str:
        in_file = f"{problems.place('scan', key=key)}: scan.{key}"
        return f"--{key.replace('_', '-')}" if getattr(options, key) else in_file

    for key in ("host_timeout", "deadline"):
        if getattr(plan, key) > _LONGEST:
            raise ConfigError(f"{subject(key)}: too long; use at most 7d")
    if plan.fail_on is FailOn.PENDING and not plan.provisioning:
        advice = "add [[provisioning]], or choose boots, latent or never"
        raise ConfigError(f"{subject('fail_on')}: pending needs a provisioning system; {advice}")


def _requested(options: Options, declared: tuple[Target, ...]) -> tuple[Target, ...]:
    declared_targets = {identity(target): target for target in declared}
    requested = [
        *((TargetKind.LIBVIRT, absolute_test_uri(address, Path.cwd())) for address in options.connect),
        *((kind, str(path)) for key, kind in FILES.items() for path in getattr(options, key)),
    ]
    targets: dict[tuple[TargetKind, str], Target] = {}
    for kind, address in requested:
        target = Target(kind=kind, address=address)
        targets.setdefault(identity(target), declared_targets.get(identity(target), target))
    return tuple(targets.values())


def _checked(address: str, subject: str, *, allow_unsafe: bool) -> list[str]:
    if not address:
        raise ConfigError(f"{subject}: empty URI; write one, e.g. qemu:///system")
    try:
        return [f"{url_secrets.shown(address)}: {warning}" for warning in uri.check(address, allow_unsafe=allow_unsafe)]
    except ConfigError as error:
        raise ConfigError(f"{subject}: {error}") from error


def _servers(options: Options, declared: tuple[ServerTarget, ...]) -> tuple[ServerTarget, ...]:
    servers = {server.name: server for server in declared}
    named: set[str] = set()
    for text in options.servers:
        requested = parse_server(text)
        if requested.name in named:
            raise ConfigError(f"--server: {requested.name!r} is used twice; names must be unique")
        named.add(requested.name)
        declared_server = servers.get(requested.name)
        if declared_server:  # the file's other facts about it stay true
            requested = msgspec.structs.replace(
                declared_server,
                kind=requested.kind,
                address=requested.address,
                declared=requested.declared,
                interface=requested.interface or declared_server.interface,
            )
        servers[requested.name] = requested
    return tuple(servers.values())
