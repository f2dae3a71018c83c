"""`sosreport:PATH`: the server's own sosreport."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from virtscan import hostnet
from virtscan.errors import OffloadError, SosreportError
from virtscan.model import Device, DeviceName, Server, ServerTarget, State
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.kernel_command_line import boot_words, of_loader, renames_nics
from virtscan.offload.persistence import Evidence
from virtscan.offload.server import observed

if TYPE_CHECKING:
    from virtscan.evidence.sosreport import Sosreport

_FEATURES = "sos_commands/networking/ethtool_-k_"
_SETTINGS = (
    "etc/NetworkManager/",
    "etc/cron",
    "etc/default/networkd-dispatcher",
    "etc/default/networking",
    "etc/init.d/",
    "etc/netplan/",
    "etc/network/",
    "etc/networkd-dispatcher/",
    "etc/rc.",
    "etc/sysconfig/network",
    "etc/systemd/",
    "etc/udev/rules.d/",
    "lib/systemd/network/",
    "run/NetworkManager/",
    "run/systemd/",
    "sbin/ifup-local",
    "usr/lib/NetworkManager/",
    "usr/lib/systemd/",
    "var/spool/cron/",
)
_CRONTABS = ("/etc/cron.d/", "/etc/crontab", "/var/spool/cron/")
"""Tables that cron ignores if their last line has no end."""
_GRUB = re.compile(r"^\s*GRUB_CMDLINE_LINUX(?:_DEFAULT)?=(.*)", re.MULTILINE)
_UNITS = "etc/systemd/system/"
_WANTED = re.compile(r"[^/]+\.(?:wants|requires|upholds)/[^/]+")
_RUNLEVEL = re.compile(r"etc/rc\.d/rc[35]\.d/S\d\d(.+)")
# sos does not always collect these places: if their files are missing, this proves nothing.
_NOT_TAKEN = (
    "usr/lib/systemd/network",
    "usr/lib/systemd/system",
    "usr/lib/udev/rules.d",
    "var/spool/cron",
    "etc/default/networking",
)


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  the caller ends it
    """Read the report.

    Raises:
        OffloadError: It can't be read, or the server has no device of the configured name.
    """
    from virtscan.evidence import sosreport  # with libraries that other sources don't need

    try:
        report = sosreport.open_sosreport(Path(target.address))
    except SosreportError as error:
        raise OffloadError(f"can't be read: {error}") from error
    try:
        return observed(target, _answer(report), at=report.taken_at)
    except OffloadError as error:
        if report.cut_short is None:
            raise
        raise OffloadError(f"{error}; the sosreport was read only in part: {report.cut_short}") from error


def _answer(report: "Sosreport") -> ServerAnswer:
    from virtscan.evidence import sosreport

    features = {DeviceName(name): text for name, text in report.named(_FEATURES)}
    known = sosreport.read_devices(report)
    return ServerAnswer(
        devices=hostnet.merge_devices((*known, *(Device(name=name) for name in features))),
        lists_all_devices=report.cut_short is None and sosreport.lists_all_devices(report),
        features=features,
        no_features=NoFeatures.NOT_IN_REPORT,
        kernel=report.kernel,
        machine=report.machine,
        system_uuid=report.system_uuid,
        evidence=_evidence(report, frozenset(device.name for device in known)),
    )


def _evidence(report: "Sosreport", devices: frozenset[str]) -> Evidence:
    files = {
        f"/{folder}{rest}": text
        for folder in _SETTINGS
        for rest, text in report.named(folder)
        if not _WANTED.fullmatch(f"{folder}{rest}".removeprefix(_UNITS))
    }
    units = {name.removeprefix(_UNITS): target for name, target in report.links.items() if name.startswith(_UNITS)}
    masked = {
        f"/{name}": "" for name, target in report.links.items() if target == "/dev/null" and name.startswith(_SETTINGS)
    }
    started = (found[1] for name in report.links if (found := _RUNLEVEL.fullmatch(name)))
    unended = (name for name, text in files.items() if name.startswith(_CRONTABS) and text[-1:] not in {"", "\n"})
    loader = [line for _, text in report.named("boot/") for line in of_loader(text)]
    defaults = _GRUB.findall(report.text("etc/default/grub") or "")
    command_lines = (report.text("proc/cmdline"), " ".join(loader) if loader else None, " ".join(defaults))
    skipped = (f"/{name}" for name in report.skipped if name.startswith(_SETTINGS))
    return Evidence(
        files=files | masked,
        devices=devices,
        unreadable=tuple(skipped),
        not_in_report=tuple(f"/{place}" for place in _NOT_TAKEN if f"/{place}" not in files),
        unclear=tuple(unended),
        executable=frozenset(f"/{name}" for name in report.executable),
        exposed={f"/{name}": State.UNKNOWN for name in report.exposed},  # sos, or unpacking, may have changed it
        users=frozenset({"root", *re.findall(r"^([^:\n]+):", report.text("etc/passwd") or "", re.MULTILINE)}),
        boot_words=boot_words(*command_lines),
        renames_nics=renames_nics(*command_lines),
        sh_is_bash=re.search(r"\.(el|fc)\d", report.kernel or "") is not None,  # Red Hat
        wanted=frozenset(
            (
                *(name for name in units if _WANTED.fullmatch(name)),
                *(f"multi-user.target.wants/{name}.service" for name in started),
            )
        ),
        aliases={name: target.rpartition("/")[2] for name, target in units.items() if "/" not in name},
    )
