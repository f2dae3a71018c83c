"""The configuration file and the command line -> one plan; what the command line says counts."""

import ipaddress
import os
import re
from pathlib import Path
from typing import TypeAlias

import msgspec

from virtscan.config.document import Document, HypervisorSection, ServerSection, WaiverSection
from virtscan.config.provisioning import provisioning_target, sends_in_clear
from virtscan.config.values import duration
from virtscan.connectors import uri
from virtscan.errors import ConfigError
from virtscan.model import LowerDevice, Mac, Plan, Policy, ServerTarget, SourceKind, Target, TargetKind, Waiver
from virtscan.offload.source import parse_server, server_target

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_PATHS = frozenset({SourceKind.FILE, SourceKind.SOSREPORT, SourceKind.ANSIBLE})
_HOST_TIMEOUT = 30.0
_DEADLINE = 600.0

_Identity: TypeAlias = tuple[TargetKind, str]


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


def make_plan(document: Document, options: Options, *, folder: Path, default_uri: str) -> tuple[Plan, tuple[str, ...]]:
    """Merge both into a plan.

    Hypervisors named on the command line replace the file's, which still says what it knows about them (kernel, site,
    segments); with none in either, libvirt's own default is scanned. A server of the command line replaces the one of
    the same name.

    Args:
        document: The file; an empty one when there is none.
        options: The command line.
        folder: Where relative paths in the file start.
        default_uri: What libvirt would open by itself; empty: it is to find out.

    Returns:
        The plan, and warnings about it.

    Raises:
        ConfigError: Something in it can't be meant, with its place in the file or the option.
    """
    declared = tuple(_target(section, f"hypervisor[{n}]", folder) for n, section in enumerate(document.hypervisor, 1))
    _refuse_twice(declared)
    targets = _requested(options, declared) or declared or (Target(kind=TargetKind.LIBVIRT, address=default_uri),)
    warnings = [
        f"{uri.shown(target.address)}: {warning}"
        for target in targets
        if target.kind is TargetKind.LIBVIRT
        for warning in uri.check(target.address, allow_unsafe=options.allow_unsafe_uri)
    ]
    provisioning = tuple(
        provisioning_target(section, f"provisioning[{n}]", folder) for n, section in enumerate(document.provisioning, 1)
    )
    warnings += [
        f"{target.url}: user and password travel readable for others: write https://"
        for target in provisioning
        if sends_in_clear(target)
    ]
    scan = document.scan
    plan = Plan(
        targets=targets,
        servers=_servers(document, options, folder),
        provisioning=provisioning,
        policy=Policy(
            lower_device=options.lower_device or scan.lower_device or LowerDevice.BOND,
            waivers=tuple(_waiver(section, f"waiver[{n}]") for n, section in enumerate(document.waiver, 1)),
        ),
        host_timeout=options.host_timeout or _seconds(scan.host_timeout, "scan.host_timeout") or _HOST_TIMEOUT,
        deadline=options.deadline or _seconds(scan.deadline, "scan.deadline") or _DEADLINE,
        ssh_facts=options.ssh_facts or scan.ssh_facts,
        allow_unsafe_uri=options.allow_unsafe_uri,
    )
    return plan, tuple(warnings)


def _requested(options: Options, declared: tuple[Target, ...]) -> tuple[Target, ...]:
    known = {_identity(target): target for target in declared}
    requested = [
        *((TargetKind.LIBVIRT, _absolute_test_uri(address, Path.cwd())) for address in options.connect),
        *((TargetKind.XML, str(path)) for path in options.xml),
        *((TargetKind.SOSREPORT, str(path)) for path in options.sosreport),
    ]
    targets: dict[_Identity, Target] = {}
    for kind, address in requested:
        target = Target(kind=kind, address=address)
        targets.setdefault(_identity(target), known.get(_identity(target), target))
    return tuple(targets.values())


def _identity(target: Target) -> _Identity:
    """What two targets have in common when they are one host: a path may be written in several ways."""
    if target.kind is TargetKind.LIBVIRT:
        return target.kind, target.address
    return target.kind, os.path.abspath(target.address)  # noqa: PTH100 Path.resolve would ask the disk, which may hang


def _refuse_twice(declared: tuple[Target, ...]) -> None:
    """One host under one address: of two tables about it the second could say the opposite."""
    places: dict[_Identity, int] = {}
    for number, target in enumerate(declared, 1):
        first = places.setdefault(_identity(target), number)
        if first != number:
            raise ConfigError(f"hypervisor[{number}]: the same address as hypervisor[{first}]")


def _waiver(section: WaiverSection, where: str) -> Waiver:
    waiver = Waiver(**msgspec.structs.asdict(section))
    if not waiver.reason.strip():
        raise ConfigError(f"{where}.reason: say why it is accepted")
    if all(pattern == "*" for pattern in (waiver.hypervisor, waiver.domain, waiver.mac, waiver.server)):
        raise ConfigError(f"{where}: it would waive everything: name a hypervisor, domain, mac or server")
    return waiver


def _target(section: HypervisorSection, where: str, folder: Path) -> Target:
    match section.uri, section.xml, section.sosreport:
        case str(address), None, None:
            kind, address = TargetKind.LIBVIRT, _absolute_test_uri(address, folder)
        case None, str(path), None:
            kind, address = TargetKind.XML, _from(folder, path)
        case None, None, str(path):
            kind, address = TargetKind.SOSREPORT, _from(folder, path)
        case _:
            raise ConfigError(f"{where}: give one of uri, xml and sosreport")
    return Target(
        kind=kind,
        address=address,
        name=section.name,
        site=section.site,
        kernel=section.kernel,
        segments=section.segments,
        facts=_facts(section.facts, f"{where}.facts", folder),
    )


def _facts(text: str | None, where: str, folder: Path) -> str | None:
    if text is None:
        return None
    scheme, _, path = text.partition(":")
    if scheme != "ansible" or not path:
        raise ConfigError(f"{where}: write ansible:PATH, the path of a fact cache or of what ansible -m setup printed")
    return _from(folder, path)


def _absolute_test_uri(address: str, folder: Path) -> str:
    """`test:fleet/hv1.xml`, a path for libvirt's test driver, which takes only absolute ones."""
    scheme, _, path = address.partition(":")
    return f"test://{(folder / path).resolve()}" if scheme == "test" and path and path[0] != "/" else address


def _from(folder: Path, path: str) -> str:
    """A path that counts from a folder; without dots in between, for it is shown to people."""
    return os.path.normpath(folder / path)


def _servers(document: Document, options: Options, folder: Path) -> tuple[ServerTarget, ...]:
    servers = {}
    for number, section in enumerate(document.server, 1):
        if section.name in servers:
            raise ConfigError(f"server[{number}].name: a second server named {section.name!r}")
        servers[section.name] = _server(section, f"server[{number}]", folder)
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


def _server(section: ServerSection, where: str, folder: Path) -> ServerTarget:
    try:
        target = server_target(section.name, section.offload, interface=section.interface)
        for subnet in section.subnets:
            ipaddress.ip_network(subnet)
    except ValueError as error:
        raise ConfigError(f"{where}.subnets: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    if section.segments and section.subnets:
        raise ConfigError(f"{where}: segments and subnets both say whom it serves: give one of them")
    macs = tuple(Mac(mac.lower()) for mac in section.mac)
    for mac in macs:
        if not _MAC.fullmatch(mac):
            raise ConfigError(f"{where}.mac: {mac!r} is no MAC address such as 52:54:00:aa:bb:cc")
    return msgspec.structs.replace(
        target,
        address=_from(folder, target.address) if target.kind in _PATHS else target.address,
        macs=macs,
        segments=section.segments,
        subnets=section.subnets,
        physical=section.physical,
    )


def _seconds(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    try:
        return duration(text)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
