"""The plan that the configuration file declares, without the command line."""

import ipaddress
import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from virtscan.config.engine import dask_target
from virtscan.config.file.document import ConfigFile
from virtscan.config.file.problems import Problems
from virtscan.config.file.sections import HypervisorSection, ServerSection, WaiverSection
from virtscan.config.file.values import table_name
from virtscan.config.provisioning import provisioning_target
from virtscan.config.source import server_target
from virtscan.durations import duration
from virtscan.errors import ConfigError
from virtscan.model import (
    Mac,
    Plan,
    Policy,
    ProvisioningKind,
    ProvisioningTarget,
    ServerTarget,
    SourceKind,
    Target,
    TargetKind,
    Waiver,
    parse_mac,
)
from virtscan.model.sources import SOURCES, TARGETS, AddressKind
from virtscan.storage.address import check_url

FILES = {row.scheme: kind for kind, row in TARGETS.items() if row.address is AddressKind.PATH}
"""Kinds of hypervisors that are read from files, by their key in the configuration, which is their scheme."""

_NAMES = tuple(40 * character for character in "abcdefghijklmnopqrstuvwxyz0123456789")
_MACS = tuple(":".join(6 * [2 * digit]) for digit in "0123456789abcdef")
"""Names and MACs that share no text. The names are longer than globs such as `????`, which select by length."""
_NEARLY_ALL = 0.9


def declared_plan(document: ConfigFile, folder: Path, problems: Problems) -> Plan:
    """Make a plan from the file, with defaults for the rest; without a hypervisor if the file has none.

    Args:
        document: The file.
        folder: Where relative paths in it start.
        problems: Takes the values that are invalid or contradict others.

    Raises:
        ConfigError: A value is invalid or contradicts another.
    """
    scan = document.scan
    default = Plan()
    seconds = {
        key: _seconds(text, key, problems)
        for key, text in {"max_age": scan.max_age, "host_timeout": scan.host_timeout, "deadline": scan.deadline}.items()
    }
    provisioning = _provisioning(document, folder, problems)
    waivers = _waivers(document, problems)
    history = None
    if document.history.url is not None:
        with problems.met_in("history", key="url"):
            history = _history(document.history.url, folder)
    dask = None
    with problems.met_in("engine"):
        dask = dask_target(document.engine, folder)
    plan = Plan(
        targets=_targets(document, folder, problems),
        servers=_servers(document, folder, problems),
        provisioning=provisioning,
        policy=Policy(
            lower_device=scan.lower_device or default.policy.lower_device,
            max_age=seconds["max_age"],
            waivers=waivers,
        ),
        host_timeout=seconds["host_timeout"] or default.host_timeout,
        deadline=seconds["deadline"] or default.deadline,
        ssh_facts=scan.ssh_facts,
        next_start=scan.next_start,
        stats=scan.stats,
        fail_on=scan.fail_on,
        history=history,
        dask=dask,
    )
    problems.raise_any()
    return plan


def _provisioning(document: ConfigFile, folder: Path, problems: Problems) -> tuple[ProvisioningTarget, ...]:
    systems: dict[tuple[ProvisioningKind, str], ProvisioningTarget] = {}
    for number, section in enumerate(document.provisioning, 1):
        with problems.met_in("provisioning", number):
            subject = table_name("provisioning", number, section)
            system = provisioning_target(section, subject, folder)
            key = system.kind, system.title
            if key in systems:
                raise ConfigError(f"{subject}: used twice; names must be unique", key="name")
            systems[key] = system
    return tuple(systems.values())


def _waivers(document: ConfigFile, problems: Problems) -> tuple[Waiver, ...]:
    waivers: list[Waiver] = []
    for number, section in enumerate(document.waiver, 1):
        with problems.met_in("waiver", number):
            waivers.append(_waiver(section, table_name("waiver", number, section)))
    return tuple(waivers)


def _history(url: str, folder: Path) -> str:
    """Return the URL of a database; a relative path starts at the configuration's folder."""
    url = check_url(url, "history.url", private=True)
    scheme, mark, path = url.partition(":///")
    relative = scheme.startswith("sqlite") and mark and not path.startswith(("/", ":", "file:"))
    return f"{scheme}:///{folder / path}" if relative else url


def identity(target: Target) -> tuple[TargetKind, str]:
    """Return a key that two targets of one host share; a path may be written in several ways."""
    if target.kind is TargetKind.LIBVIRT:
        return target.kind, target.address
    return target.kind, os.path.abspath(target.address)  # noqa: PTH100 Path.resolve would ask the disk, which may hang


def absolute_test_uri(address: str, folder: Path) -> str:
    """Make the path of `test:fleet/hv1.xml` absolute; libvirt's test driver takes no other."""
    scheme, _, path = address.partition(":")
    return f"test://{os.path.realpath(folder / path)}" if scheme == "test" and path and path[0] != "/" else address


def targets_of(section: HypervisorSection, subject: str, folder: Path) -> tuple[str, tuple[Target, ...]]:
    """Return the key that gives the addresses of a table, and its hypervisors.

    Raises:
        ConfigError: The table has none or several kinds of address, or several addresses and a key for a single one.
    """
    key, addresses = _addresses(section, subject)
    return key, tuple(_target(section, key, address, subject, folder) for address in addresses)


def _targets(document: ConfigFile, folder: Path, problems: Problems) -> tuple[Target, ...]:
    """Return all hypervisors of the file; each host is declared once, because two tables could conflict."""
    targets: list[Target] = []
    subjects: dict[tuple[TargetKind, str], str] = {}
    for number, section in enumerate(document.hypervisor, 1):
        with problems.met_in("hypervisor", number):
            name = table_name("hypervisor", number, section)
            key, declared = targets_of(section, name, folder)
            for target in declared:
                first = subjects.get(identity(target))
                if first is not None:
                    raise ConfigError(f"{name}: {key}: duplicate address, already in {first}; remove one", key=key)
                subjects[identity(target)] = f"{name}: {key}"
                targets.append(target)
    return tuple(targets)


def _addresses(section: HypervisorSection, subject: str) -> tuple[str, tuple[str, ...]]:
    """Return the key that gives the addresses, and the addresses."""
    single: dict[str, str | None] = {key: getattr(section, key) for key in ("uri", *FILES)}
    declared: dict[str, tuple[str, ...]] = {key: (address,) for key, address in single.items() if address is not None}
    declared |= {"uris": section.uris} if section.uris else {}
    if len(declared) != 1:
        *keys, last = ("uri", "uris", *FILES)
        surplus = ("uris", *declared)[-1]  # without any, uris may be there, and empty
        raise ConfigError(f"{subject}: give exactly one of {', '.join(keys)} and {last}", key=surplus)
    ((key, addresses),) = declared.items()
    for of_one_host, value in {"name": section.name, "facts": section.facts}.items():
        if value is not None and len(addresses) > 1:
            raise ConfigError(
                f"{subject}: {of_one_host} applies to one hypervisor, but uris lists {len(addresses)}; remove it",
                key=of_one_host,
            )
    return key, addresses


def _target(section: HypervisorSection, key: str, address: str, subject: str, folder: Path) -> Target:
    kind = FILES.get(key, TargetKind.LIBVIRT)
    return Target(
        kind=kind,
        address=absolute_test_uri(address, folder) if kind is TargetKind.LIBVIRT else _from(folder, address),
        name=section.name,
        site=section.site,
        kernel=section.kernel,
        segments=section.segments,
        reflective=section.reflective,
        physical=section.physical,
        facts=_facts(section.facts, f"{subject}: facts", folder),
    )


def _facts(text: str | None, subject: str, folder: Path) -> str | None:
    if text is None:
        return None
    scheme, _, path = text.partition(":")
    row = SOURCES[SourceKind.ANSIBLE]
    if scheme != row.scheme or not path:
        raise ConfigError(
            f"{subject}: write {row.form}, the path of a fact cache or of the output of ansible -m setup", key="facts"
        )
    return _from(folder, path)


def _from(folder: Path, path: str) -> str:
    """Return a path that starts at a folder, without `..`, suitable for display."""
    return os.path.normpath(folder / path)


def _servers(document: ConfigFile, folder: Path, problems: Problems) -> tuple[ServerTarget, ...]:
    servers: dict[str, ServerTarget] = {}
    for number, section in enumerate(document.server, 1):
        subject = table_name("server", number, section)
        with problems.met_in("server", number):
            server = _server(section, subject, folder)
            if server.name in servers:
                raise ConfigError(f"{subject}: name: used twice; names must be unique", key="name")
            servers[server.name] = server
    return tuple(servers.values())


def _server(section: ServerSection, subject: str, folder: Path) -> ServerTarget:
    try:
        target = server_target(section.name, section.offload, interface=section.interface)
        for subnet in section.subnets:
            ipaddress.ip_network(subnet)
    except ValueError as error:
        raise ConfigError(f"{subject}: subnets: {error}; write a network, e.g. 10.77.0.0/24", key="subnets") from error
    except ConfigError as error:
        key = error.key or "offload"
        raise ConfigError(f"{subject}: {key}: {error}", key=key) from error
    if section.segments and section.subnets:
        raise ConfigError(f"{subject}: segments and subnets are mutually exclusive; set only one", key="subnets")
    if section.physical and section.runs_on is not None:
        raise ConfigError(f"{subject}: physical and runs_on are mutually exclusive; set only one", key="runs_on")
    macs = tuple(_mac(text, subject) for text in section.mac)
    is_path = SOURCES[target.kind].address is AddressKind.PATH
    return msgspec.structs.replace(
        target,
        address=_from(folder, target.address) if is_path else target.address,
        macs=macs,
        segments=section.segments,
        subnets=section.subnets,
        physical=section.physical,
        runs_on=section.runs_on,
    )


def _waiver(section: WaiverSection, subject: str) -> Waiver:
    waiver = Waiver(**msgspec.structs.asdict(section))
    names = waiver.hypervisor, waiver.domain, waiver.server
    if all(_fits_nearly_all(name, _NAMES) for name in names) and _fits_nearly_all(waiver.mac.lower(), _MACS):
        raise ConfigError(f"{subject}: waives every finding; set hypervisor, domain, mac or server")
    return waiver


def _fits_nearly_all(glob: str, examples: Sequence[str]) -> bool:
    """Return True if a glob excludes almost no name, as `*`, `?*`, and `[!x]*` do."""
    return sum(fnmatchcase(example, glob) for example in examples) > _NEARLY_ALL * len(examples)


def _seconds(text: str | None, key: str, problems: Problems) -> float | None:
    seconds = None
    with problems.met_in("scan"):
        try:
            seconds = None if text is None else duration(text)
        except ConfigError as error:
            raise ConfigError(f"scan.{key}: {error}", key=key) from error
    return seconds


def _mac(text: str, subject: str) -> Mac:
    mac = parse_mac(text)
    if mac is None:
        raise ConfigError(f"{subject}: mac: invalid MAC address {text!r}; write it like 52:54:00:aa:bb:cc", key="mac")
    return mac
