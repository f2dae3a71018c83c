"""The configuration file and the command line -> one plan; what the command line says counts."""

from pathlib import Path

import msgspec

from virtscan.config.declaration import absolute_test_uri, declared_plan, identity
from virtscan.config.document import Document
from virtscan.config.provisioning import sends_in_clear
from virtscan.connectors import uri
from virtscan.errors import ConfigError
from virtscan.model import LowerDevice, Plan, ServerTarget, Target, TargetKind
from virtscan.offload.source import parse_server

_LONGEST = 7 * 86400.0
"""Seconds that a host or a run may be given; the system's own calls for waiting end at 24 days (poll's int of ms)."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    connect: tuple[str, ...] = ()
    xml: tuple[Path, ...] = ()
    sosreport: tuple[Path, ...] = ()
    servers: tuple[str, ...] = ()
    lower_device: LowerDevice | None = None
    host_timeout: float | None = None
    deadline: float | None = None
    ssh_facts: bool = False
    allow_unsafe_uri: bool = False


def make_plan(
    document: Document, options: Options, *, folder: Path, default_uri: str, origin: str = "configuration"
) -> tuple[Plan, tuple[str, ...]]:
    """Merge both into a plan.

    Hypervisors named on the command line replace the file's, which still says what it knows about them (kernel, site,
    segments); with none in either, libvirt's own default is scanned. A server of the command line replaces the one of
    the same name.

    Args:
        document: The file; an empty one when there is none.
        options: The command line.
        folder: Where relative paths in the file start.
        default_uri: What libvirt would open by itself; empty: it is to find out.
        origin: What errors call the file.

    Returns:
        The plan, and warnings about it.

    Raises:
        ConfigError: Something in it can't be meant, with its place in the file or the option.
    """
    try:
        declared = declared_plan(document, folder)
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from error
    plan = msgspec.structs.replace(
        declared,
        targets=_requested(options, declared.targets)
        or declared.targets
        or (Target(kind=TargetKind.LIBVIRT, address=default_uri),),
        servers=_servers(options, declared.servers),
        policy=msgspec.structs.replace(
            declared.policy, lower_device=options.lower_device or declared.policy.lower_device
        ),
        host_timeout=options.host_timeout or declared.host_timeout,
        deadline=options.deadline or declared.deadline,
        ssh_facts=options.ssh_facts or declared.ssh_facts,
        allow_unsafe_uri=options.allow_unsafe_uri,
    )
    if max(plan.host_timeout, plan.deadline) > _LONGEST:
        raise ConfigError("host timeout and deadline: write at most 7d")
    places = {identity(target): f"{origin}: hypervisor[{n}].uri" for n, target in enumerate(declared.targets, 1)}
    elsewhere = "--connect" if options.connect else "LIBVIRT_DEFAULT_URI"
    warnings = [
        warning
        for target in plan.targets
        if target.kind is TargetKind.LIBVIRT
        for warning in _checked(
            target.address, places.get(identity(target), elsewhere), allow_unsafe=options.allow_unsafe_uri
        )
    ]
    warnings += [
        f"{target.url}: user and password travel readable for others: write https://"
        for target in plan.provisioning
        if sends_in_clear(target)
    ]
    return plan, tuple(warnings)


def _requested(options: Options, declared: tuple[Target, ...]) -> tuple[Target, ...]:
    known = {identity(target): target for target in declared}
    requested = [
        *((TargetKind.LIBVIRT, absolute_test_uri(address, Path.cwd())) for address in options.connect),
        *((TargetKind.XML, str(path)) for path in options.xml),
        *((TargetKind.SOSREPORT, str(path)) for path in options.sosreport),
    ]
    targets: dict[tuple[TargetKind, str], Target] = {}
    for kind, address in requested:
        target = Target(kind=kind, address=address)
        targets.setdefault(identity(target), known.get(identity(target), target))
    return tuple(targets.values())


def _checked(address: str, where: str, *, allow_unsafe: bool) -> list[str]:
    try:
        return [f"{uri.shown(address)}: {warning}" for warning in uri.check(address, allow_unsafe=allow_unsafe)]
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _servers(options: Options, declared: tuple[ServerTarget, ...]) -> tuple[ServerTarget, ...]:
    servers = {server.name: server for server in declared}
    named: set[str] = set()
    for text in options.servers:
        requested = parse_server(text)
        if requested.name in named:
            raise ConfigError(f"--server: a second server named {requested.name!r}")
        named.add(requested.name)
        known = servers.get(requested.name)
        if known:  # what the file knows about it besides the source stays true
            requested = msgspec.structs.replace(
                known,
                kind=requested.kind,
                address=requested.address,
                declared=requested.declared,
                interface=requested.interface or known.interface,
            )
        servers[requested.name] = requested
    return tuple(servers.values())
