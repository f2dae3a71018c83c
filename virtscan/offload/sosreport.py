"""`sosreport:PATH`: the server's own sosreport."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from virtscan.errors import OffloadError, SosreportError
from virtscan.model import Backing, Device, DeviceKind, DeviceName, Persistence, Server, ServerTarget
from virtscan.offload.persistence import Evidence
from virtscan.offload.probe import Answer
from virtscan.offload.server import observed

if TYPE_CHECKING:
    from virtscan.sosreport import Sosreport

_FEATURES = "sos_commands/networking/ethtool_-k_"
_SETTINGS = (
    "etc/NetworkManager/",
    "etc/cron",
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
_UNITS = "etc/systemd/system/"
_WANTED = re.compile(r"[^/]+\.(?:wants|requires)/[^/]+")
# Places that sos does not collect, or not always: the absence of their files says nothing.
_NOT_TAKEN = ("usr/lib/systemd/network", "usr/lib/systemd/system", "usr/lib/udev/rules.d", "var/spool/cron")


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  whoever runs it ends it
    """Read what the report tells of the named device, or of every card and bond that may be the sending one.

    Several of which none is named count when they are in the same state; addresses and MACs are then those of all.

    Raises:
        OffloadError: It can't be read, or there is no such device, or several are in different states.
    """
    from virtscan import sosreport  # with what reads archives, which other sources don't need

    try:
        report = sosreport.open_sosreport(Path(target.address))
    except SosreportError as error:
        raise OffloadError(f"the sosreport can't be read: {error}") from error
    devices = {device.name: device for device in sosreport.read_devices(report)}
    captures = dict(report.named(_FEATURES))
    names = _names(target, devices, captures, report)
    return _together([_server(target, name, devices, captures.get(name), report) for name in names])


def _names(
    target: ServerTarget, devices: Mapping[DeviceName, Device], captures: Mapping[str, str], report: "Sosreport"
) -> Sequence[DeviceName]:
    """The device that is named, or every one that may be meant.

    Raises:
        OffloadError: There is none.
    """
    known = ", ".join(sorted({*devices, *captures})) or "no device"
    if target.interface is None:
        names = _candidates(devices, captures)
        if not names:
            raise OffloadError(f"name the interface that answers: the sosreport has {known}")
        return names
    if target.interface not in devices and target.interface not in captures:
        cut = "" if report.cut_short is None else f"; it could be read in part only: {report.cut_short}"
        raise OffloadError(f"the sosreport tells of no device {target.interface}, but of {known}{cut}")
    return [DeviceName(target.interface)]


def _candidates(devices: Mapping[DeviceName, Device], captures: Mapping[str, str]) -> Sequence[DeviceName]:
    """The cards and bonds by which frames leave from the devices that have an address, whatever stands between."""
    found: list[DeviceName] = []
    for device in devices.values():
        waiting = [device] if device.addresses else []
        seen: set[DeviceName] = set()
        while waiting:
            below = waiting.pop()
            seen.add(below.name)
            if below.kind is DeviceKind.BOND or below.backing is Backing.PHYSICAL:
                found.append(below.name)
            else:
                waiting += [devices[name] for name in below.lower if name in devices and name not in seen]
    return sorted(name for name in {*found} if name in captures)


def _server(
    target: ServerTarget,
    name: DeviceName,
    devices: Mapping[DeviceName, Device],
    capture: str | None,
    report: "Sosreport",
) -> Server:
    device = devices.get(name, Device(name=name))
    answer = Answer(
        device=name,
        ethtool=capture,
        macs=() if device.mac is None else (device.mac,),
        addresses=device.addresses,
        kernel=report.kernel,
        evidence=_evidence(report),
    )
    server = observed(target, answer, at=report.taken_at)
    if capture is None:
        return msgspec.structs.replace(server, reason=f"the sosreport has no ethtool -k of {name}")
    return server


def _evidence(report: "Sosreport") -> Evidence:
    files = {
        f"/{folder}{rest}": text
        for folder in _SETTINGS
        for rest, text in report.named(folder)
        if not _WANTED.fullmatch(f"{folder}{rest}".removeprefix(_UNITS))
    }
    units = {name.removeprefix(_UNITS): target for name, target in report.links.items() if name.startswith(_UNITS)}
    masked = {f"/{_UNITS}{name}": "" for name, target in units.items() if target == "/dev/null"}
    skipped = (f"/{name}" for name in report.skipped if name.startswith(_SETTINGS))
    return Evidence(
        files=files | masked,
        unreadable=(*skipped, *(f"/{place} (not in a sosreport)" for place in _NOT_TAKEN)),
        executable=frozenset(f"/{name}" for name in report.executable),
        wanted=frozenset(name for name in units if _WANTED.fullmatch(name)),
        aliases={name: target.rpartition("/")[2] for name, target in units.items() if "/" not in name},
    )


def _together(servers: Sequence[Server]) -> Server:
    """One server of the same seen from several devices.

    Raises:
        OffloadError: It depends on the device.
    """
    first = servers[0]
    if len(servers) == 1:
        return first
    if any(server.tx_checksum is not first.tx_checksum for server in servers):
        states = ", ".join(f"{server.interface} ({server.tx_checksum.value})" for server in servers)
        raise OffloadError(f"name the interface that answers: {states}")
    lasting = {server.persistence and server.persistence.tx_checksum for server in servers}
    return msgspec.structs.replace(
        first,
        interface=None,
        features={},
        persistence=first.persistence if len(lasting) == 1 else Persistence(setting="it depends on the device"),
        macs=tuple(dict.fromkeys(mac for server in servers for mac in server.macs)),
        addresses=tuple(dict.fromkeys(address for server in servers for address in server.addresses)),
    )
