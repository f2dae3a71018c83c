"""The configuration file alone -> the plan that it declares."""

import ipaddress
import os
import re
from pathlib import Path

import msgspec

from virtscan.config.document import Document, HypervisorSection, ServerSection, WaiverSection
from virtscan.config.provisioning import provisioning_target
from virtscan.config.values import duration
from virtscan.errors import ConfigError
from virtscan.model import LowerDevice, Mac, Plan, Policy, ServerTarget, SourceKind, Target, TargetKind, Waiver
from virtscan.offload.source import server_target

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_PATHS = frozenset({SourceKind.FILE, SourceKind.SOSREPORT, SourceKind.ANSIBLE})


def declared_plan(document: Document, folder: Path) -> Plan:
    """What the file says, with defaults for the rest; no hypervisor where it names none.

    Args:
        document: The file.
        folder: Where relative paths in it start.

    Raises:
        ConfigError: Something in it can't be meant, with its place in the file.
    """
    scan = document.scan
    default = Plan()
    return Plan(
        targets=_targets(document, folder),
        servers=_servers(document, folder),
        provisioning=tuple(
            provisioning_target(section, f"provisioning[{n}]", folder)
            for n, section in enumerate(document.provisioning, 1)
        ),
        policy=Policy(
            lower_device=scan.lower_device or LowerDevice.BOND,
            waivers=tuple(_waiver(section, f"waiver[{n}]") for n, section in enumerate(document.waiver, 1)),
        ),
        host_timeout=_seconds(scan.host_timeout, "scan.host_timeout") or default.host_timeout,
        deadline=_seconds(scan.deadline, "scan.deadline") or default.deadline,
        ssh_facts=scan.ssh_facts,
    )


def identity(target: Target) -> tuple[TargetKind, str]:
    """What two targets have in common when they are one host: a path may be written in several ways."""
    if target.kind is TargetKind.LIBVIRT:
        return target.kind, target.address
    return target.kind, os.path.abspath(target.address)  # noqa: PTH100 Path.resolve would ask the disk, which may hang


def absolute_test_uri(address: str, folder: Path) -> str:
    """`test:fleet/hv1.xml`, a path for libvirt's test driver, which takes only absolute ones."""
    scheme, _, path = address.partition(":")
    return f"test://{(folder / path).resolve()}" if scheme == "test" and path and path[0] != "/" else address


def _targets(document: Document, folder: Path) -> tuple[Target, ...]:
    """One host under one address: of two tables about it the second could say the opposite."""
    targets: list[Target] = []
    places: dict[tuple[TargetKind, str], int] = {}
    for number, section in enumerate(document.hypervisor, 1):
        target = _target(section, f"hypervisor[{number}]", folder)
        first = places.setdefault(identity(target), number)
        if first != number:
            raise ConfigError(f"hypervisor[{number}]: the same address as hypervisor[{first}]")
        targets.append(target)
    return tuple(targets)


def _target(section: HypervisorSection, where: str, folder: Path) -> Target:
    match section.uri, section.xml, section.sosreport:
        case str(address), None, None:
            kind, address = TargetKind.LIBVIRT, absolute_test_uri(address, folder)
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


def _from(folder: Path, path: str) -> str:
    """A path that counts from a folder; without dots in between, for it is shown to people."""
    return os.path.normpath(folder / path)


def _servers(document: Document, folder: Path) -> tuple[ServerTarget, ...]:
    servers: dict[str, ServerTarget] = {}
    for number, section in enumerate(document.server, 1):
        if section.name in servers:
            raise ConfigError(f"server[{number}].name: a second server named {section.name!r}")
        servers[section.name] = _server(section, f"server[{number}]", folder)
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


def _waiver(section: WaiverSection, where: str) -> Waiver:
    waiver = Waiver(**msgspec.structs.asdict(section))
    if not waiver.reason.strip():
        raise ConfigError(f"{where}.reason: say why it is accepted")
    if all(pattern == "*" for pattern in (waiver.hypervisor, waiver.domain, waiver.mac, waiver.server)):
        raise ConfigError(f"{where}: it would waive everything: name a hypervisor, domain, mac or server")
    return waiver


def _seconds(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    try:
        return duration(text)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
