"""Checks of this machine and of the hosts of a plan; each failed check has advice."""

import platform
import re
import shutil
import socket
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path

import msgspec

from virtscan import __version__
from virtscan.connectors.libvirt import CLIENT_ADVICE
from virtscan.errors import SshError
from virtscan.files import FileError, NoFileError, read_regular
from virtscan.model import Gap, HostStatus, Hypervisor, Inventory, Plan, ProvisioningTarget, Server, Target, TargetKind
from virtscan.model.gaps.items import ServerItem, System
from virtscan.model.sources import is_declared
from virtscan.transport import ssh, uri
from virtscan.views.document import Column, Document, Field, metrics_by, one_of, section, word
from virtscan.views.report.gap_section import gap_section
from virtscan.views.wording.gaps import reason
from virtscan.views.wording.gaps import subject as subject_of
from virtscan.views.wording.gaps.causes import cause_words

LIBVIRT = "libvirt client"
"""The subject of the check without which no hypervisor can be read."""

SOCKETS = Path("/run/libvirt")
SETTINGS = Path("/etc/libvirt")
_SOCKET_TIMEOUT = 5.0
_LARGEST_SETTINGS = 1 << 20
_STRING_OR_COMMENT = re.compile(rb'"""(?s:.*?)"""|"[^"\n\r]*"|\'[^\'\n\r]*\'|(#[^\n\r]*)')
_ACCESS_DRIVERS = re.compile(rb"(?:^|[;\n\r])[ \t]*access_drivers[ \t]*=[ \t]*(?:\[[^]]*)?['\"]polkit['\"]")


class CheckResult(Enum):
    """Outcome of a check; a WARNING hinders only a part of the work."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check; `detail` has the advice unless it is OK. Subject and detail may hold characters from outside."""

    subject: str
    outcome: CheckResult
    detail: str


def of_machine() -> tuple[Check, ...]:
    """Check the requirements of every scan from this machine; no host is read."""
    versions = f"{__version__}, on Python {platform.python_version()}"
    return (
        Check(subject="virtscan", outcome=CheckResult.OK, detail=versions),
        _libvirt(),
        _ssh(),
    )


def of_sockets(targets: Iterable[Target], *, folder: Path = SOCKETS) -> tuple[Check, ...]:
    """Check, once for each driver, whether this user may connect to the read-only socket of a local hypervisor."""
    return tuple(_socket(driver, folder) for driver in _local_drivers(targets))


def of_access_rules(targets: Iterable[Target], *, user: int, folder: Path = SETTINGS) -> tuple[Check, ...]:
    """Check whether libvirt may leave out domains of a local hypervisor: no answer of libvirt shows that it does.

    Args:
        targets: The hypervisors to read.
        user: The numeric id of this user; polkit allows root everything.
        folder: The settings of libvirt's daemons.

    Source:
        https://libvirt.org/acl.html: virConnectListAllDomains returns only domains with the permission `getattr`.
    """
    drivers = _local_drivers(targets) if user else ()
    names = [f"virt{driver}d.conf" for driver in drivers] + ["libvirtd.conf"] * bool(drivers)
    files: dict[str, list[str]] = {}
    for path in (folder / name for name in names):
        if (problem := _access_rules(path)) is not None:
            files.setdefault(problem, []).append(str(path))
    advice = "libvirt leaves out domains that this user may not see; compare the number with `virsh list --all` as root"
    return tuple(
        Check(subject="access rules", outcome=CheckResult.WARNING, detail=f"{', '.join(paths)}: {problem}, {advice}")
        for problem, paths in files.items()
    )


def of_inventory(plan: Plan, inventory: Inventory) -> tuple[Check, ...]:
    """Check in the result of a scan whether each hypervisor, server and provisioning system could be read."""
    return (
        *(_hypervisor(hypervisor, inventory.gaps) for hypervisor in inventory.hypervisors),
        *(_server(server, inventory) for server in inventory.servers),
        *(_provisioning(target, inventory.gaps) for target in plan.provisioning),
    )


def document(checks: Sequence[Check], inventory: Inventory) -> Document:
    """Make the document of the checks and of the gaps in reading for them."""
    outcomes = (check.outcome for check in checks)
    return Document(
        schema="virtscan.doctor/1",
        version=__version__,
        taken_at=inventory.taken_at,
        sections=(section("rows", _FIELDS, checks),),
        gaps=gap_section(inventory.gaps, inventory.taken_at),
        metrics=tuple(metrics_by("checks", CheckResult, "outcome", outcomes, "Checks by outcome.")),
    )


_FIELDS: tuple[Field[Check], ...] = (
    Field(one_of(CheckResult, "outcome"), lambda check: word(check.outcome)),
    Field(Column("subject"), lambda check: check.subject),
    Field(Column("detail", wraps=True), lambda check: check.detail),
)


def of_names(mismatches: Iterable[Gap]) -> tuple[Check, ...]:
    """Turn names that don't match into warnings: see `virtscan.correlator.naming`."""
    return tuple(Check(subject=subject_of(gap), outcome=CheckResult.WARNING, detail=reason(gap)) for gap in mismatches)


def _libvirt() -> Check:
    try:
        from virtscan.connectors.libvirt.client import version
    except ImportError as error:
        return Check(subject=LIBVIRT, outcome=CheckResult.FAILED, detail=f"can't be loaded ({error}); {CLIENT_ADVICE}")
    return Check(subject=LIBVIRT, outcome=CheckResult.OK, detail=f"libvirt {version()}")


def _ssh() -> Check:
    try:
        name = ssh.client_command()[0]
    except SshError as error:
        return Check(subject="ssh", outcome=CheckResult.FAILED, detail=f"{error}; correct it, or unset it")
    program = shutil.which(name)
    if program is None:
        advice = "install the OpenSSH client, or name it in VIRTSCAN_SSH"
        detail = f"{name} not found; ssh:// servers and qemu+ssh:// hypervisors need it; {advice}"
        return Check(subject="ssh", outcome=CheckResult.WARNING, detail=detail)
    return Check(subject="ssh", outcome=CheckResult.OK, detail=program)


def _local_drivers(targets: Iterable[Target]) -> tuple[str, ...]:
    drivers = [
        uri.parse(target.address).driver
        for target in targets
        if target.kind is TargetKind.LIBVIRT and _has_system_socket(target.address)
    ]
    return tuple(dict.fromkeys(drivers))


def _access_rules(path: Path) -> str | None:
    """Return what suggests that the settings have access rules, or that they can't be read; None otherwise.

    Source:
        libvirt, src/util/virconf.c: strings and comments; a semicolon separates statements as well.
    """
    try:
        content, _ = read_regular(path, _LARGEST_SETTINGS)
    except NoFileError:
        return None
    except FileError as error:
        return f"{error}; if access_drivers is set there"
    settings = _STRING_OR_COMMENT.sub(lambda found: b"" if found[1] else found[0], content)
    return "access_drivers is set" if _ACCESS_DRIVERS.search(settings) else None


def _has_system_socket(address: str) -> bool:
    """Return True if a daemon of the system must listen; a session starts its own."""
    return uri.is_local(address) and uri.parse(address).path != "/session"


def _socket(driver: str, folder: Path) -> Check:
    """Try the driver's own daemon, then the one for all drivers, in libvirt's order."""
    subject = f"{driver} socket"
    refusals = []
    for name in (f"virt{driver}d-sock-ro", "libvirt-sock-ro"):
        path = folder / name
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_SOCKET_TIMEOUT)
                client.connect(str(path))
        except PermissionError:
            refusals.append(f"{path}: permission denied; join the group libvirt, or run as root")
        except ConnectionRefusedError:
            refusals.append(f"{path}: connection refused; restart the daemon")
        except FileNotFoundError:
            pass  # one of the two daemons is enough
        except OSError as error:
            refusals.append(f"{path}: {error.strerror or error}; check the daemon")
        else:
            return Check(subject=subject, outcome=CheckResult.OK, detail=f"{path}: connected")
    absent = f"no socket in {folder}; start virt{driver}d or libvirtd"
    return Check(subject=subject, outcome=CheckResult.FAILED, detail="; ".join(refusals) or absent)


def _hypervisor(hypervisor: Hypervisor, gaps: Iterable[Gap]) -> Check:
    subject = f"hypervisor {hypervisor.name}"
    address = "" if hypervisor.name == hypervisor.uri else f"{hypervisor.uri}: "
    own = [gap for gap in gaps if gap.hypervisor == hypervisor.name]
    if hypervisor.status is HostStatus.FAILED:
        return Check(subject=subject, outcome=CheckResult.FAILED, detail=f"{address}{reason(own[0])}")
    domains = len(hypervisor.present_domains)
    detail = f"{address}domains read: {domains}"
    return _read(subject, detail, own)


def _server(server: Server, inventory: Inventory) -> Check:
    subject = f"server {server.name}"
    if server.reason is not None:
        why = cause_words(server.reason, inventory.taken_at)
        return Check(subject=subject, outcome=CheckResult.FAILED, detail=f"{server.source}: {why}")
    is_read = not is_declared(server.source)
    detail = f"{server.source}: offload state read" if is_read else f"offload declared {server.source}"
    own = [gap for gap in inventory.gaps if isinstance(gap.item, ServerItem) and gap.item.server == server.name]
    return _read(subject, detail, own)


def _provisioning(target: ProvisioningTarget, gaps: Iterable[Gap]) -> Check:
    own = [
        gap
        for gap in gaps
        if isinstance(gap.item, System) and (gap.item.system_kind, gap.item.system) == (target.kind, target.title)
    ]
    for gap in own:
        if type(gap.item) is System:  # all of it
            return Check(subject=target.source, outcome=CheckResult.FAILED, detail=f"{target.url}: {reason(gap)}")
    return _read(target.source, f"{target.url}: records read", own)


def _read(subject: str, detail: str, gaps: list[Gap]) -> Check:
    """Check something that was read, perhaps with gaps; the first gap is shown, a scan shows all."""
    if not gaps:
        return Check(subject=subject, outcome=CheckResult.OK, detail=detail)
    detail = f"{detail}, gaps: {len(gaps)}, first {subject_of(gaps[0])}: {reason(gaps[0])}"
    return Check(subject=subject, outcome=CheckResult.WARNING, detail=detail)
