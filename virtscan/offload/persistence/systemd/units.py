"""Settings in systemd's services that start at boot."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, uncertain
from virtscan.offload.persistence.files import SYSTEM_BASES, ini
from virtscan.offload.persistence.shell import Scene
from virtscan.offload.persistence.systemd import service

_BOOT = frozenset({"multi-user", "basic", "sysinit", "network", "local-fs", "sockets", "timers", "paths", "getty"})
"""Targets of every boot. Services that set up the network request `network`."""
_WAITING = frozenset({"NetworkManager-wait-online.service", "systemd-networkd-wait-online.service"})
_NETWORK = frozenset(
    {"network.target", "network-online.target", "networking.service", "network.service", "wicked.service"}
)
_OTHER_TIMES = frozenset(
    {"rescue", "emergency", "sleep", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "shutdown"}
    | {"reboot", "poweroff", "halt", "final", "umount", "exit", "kexec", "ctrl-alt-del"}
)
_UNREAD = "[Service]\nExecStart=/bin/true\n"
"""Text in place of a service of which only drop-ins were read."""


def units(evidence: Evidence, device: str, *, is_made: bool) -> Iterator[SavedSetting]:
    """Yield the settings in services; a service that is not enabled has no effect.

    For a device that the network service makes, a service must be ordered after it.

    Source:
        systemd.unit(5): precedence of the folders, drop-ins, `.wants` and `.requires`, instances of templates.
    """
    files = evidence.layered("systemd/system/*.service", *SYSTEM_BASES)
    own = {file.name for file, _ in files}
    excluding = _excluding(evidence)
    unread = [(folder, _UNREAD) for folder in _drop_in_folders(evidence) if folder.name.removesuffix(".d") not in own]
    for file, text in (*files, *unread):
        path, name = str(file), file.name.removesuffix(".d")
        for instance in _instances(name, evidence):
            unit = name.replace("@.", f"@{instance}.")
            if unit != name and (unit in own or evidence.masks(unit)):  # takes the place of the template
                continue
            extras = _drop_ins(name, instance, evidence)
            entries = tuple(ini(text, *extras))
            started = _started(name, instance, evidence, device, depth=0)
            if started is State.OFF:
                continue
            scene = Scene.of(evidence, device)
            states = service.effects(entries, instance, scene, version=evidence.udev)
            unconditional = service.is_unconditional(entries, instance, scene, partial(_active, evidence, device))
            certain = started is State.ON and unconditional and name in own
            certain = certain and not _may_start(excluding.get(unit, set()), evidence, device)
            certain = certain and not (is_made and not _follows_device(entries, unit, evidence, device))
            if states:
                yield SavedSetting(place=SettingPlace(files=(path,)), states=states if certain else uncertain(states))


def _excluding(evidence: Evidence) -> Mapping[str, set[str]]:
    """Return the units that name another one in Conflicts=, by that one: systemd starts one of them."""
    found: dict[str, set[str]] = {}
    for path, text in evidence.matching("systemd/system/*", "systemd/system/*.d/*.conf"):
        owner = (path.parent if path.suffix == ".conf" else path).name.removesuffix(".d")
        for unit in (unit for _, key, value in ini(text) if key == "Conflicts" for unit in value.split()):
            found.setdefault(unit, set()).add(owner)
    return found


def _may_start(units: set[str], evidence: Evidence, device: str) -> bool:
    """Return True if one of some units may start at boot."""
    services = {unit for unit in units if unit.endswith(".service")}
    started = [
        *(_started(unit, one, evidence, device, depth=0) for unit in services for one in _instances(unit, evidence)),
        *(_owner_starts(unit, evidence, device, 0) for unit in units - services),
    ]
    return any(state is not State.OFF for state in started)


def _follows_device(entries: service.Entries, unit: str, evidence: Evidence, device: str) -> bool:
    """Return True if a service starts when the network service has made the device."""
    own = _unit_of(device)
    after = {each for section, key, value in entries if (section, key) == ("Unit", "After") for each in value.split()}
    sure = {own, *_WAITING}
    if not evidence.makes_devices_late:
        sure |= _NETWORK
    elif any(evidence.wants(each.removesuffix(".service")) for each in _WAITING):
        sure |= {"network-online.target"}
    return f"{own}.wants/{unit}" in evidence.wanted or not after.isdisjoint(sure)


def _unit_of(device: str) -> str:
    escaped = device.replace("-", "\\x2d")
    return f"sys-subsystem-net-devices-{escaped}.device"


def _drop_ins(name: str, instance: str | None, evidence: Evidence) -> list[str]:
    """Return the texts of a unit's drop-ins: of all services, of its prefixes with a dash, its own, its instance's.

    Source:
        systemd.unit(5): of files with the same name, the one in the most specific folder counts; all are read in the
        order of names.
    """
    stem = name.removesuffix(".service")
    owners = ["service", *(f"{stem[: place + 1]}.service" for place, char in enumerate(stem[:-1]) if char == "-")]
    owners += [*([f"{name.partition('@')[0]}@.service"] if "@" in name else []), name]
    owners += [name.replace("@.", f"@{instance}.")] if instance else []
    found: dict[str, str] = {}
    for owner in owners:
        files = evidence.layered(f"systemd/system/{owner}.d/*.conf", *SYSTEM_BASES)
        found |= {path.name: text for path, text in files}
    return [found[name] for name in sorted(found)]


def _drop_in_folders(evidence: Evidence) -> list[PurePosixPath]:
    """Return the folders of drop-ins of single services, each name once."""
    patterns = [f"/{base}/systemd/system/*.service.d/*.conf" for base in SYSTEM_BASES]
    folders = {file.parent.name: file.parent for file, _ in evidence.matching(*patterns)}
    folders = {name: folder for name, folder in folders.items() if not re.search(r"@|-\.service", name)}
    return [folders[name] for name in sorted(folders)]


def _instances(name: str, evidence: Evidence) -> Sequence[str | None]:
    """Return the instances of a template that other units start; a plain service has one, without a name."""
    if "@." not in name:
        return [name.removesuffix(".service").partition("@")[2]]
    prefix, suffix = name.split("@", 1)
    found = {
        unit[len(prefix) + 1 : -len(suffix)]
        for unit in (entry.rpartition("/")[2] for entry in evidence.wanted)
        if unit.startswith(f"{prefix}@") and unit.endswith(suffix)
    }
    return [*sorted(found - {""}), None]


def _started(name: str, instance: str | None, evidence: Evidence, device: str, *, depth: int) -> State:
    """Return whether a unit starts at boot; UNKNOWN when another unit may start it."""
    unit = name.replace("@.", f"@{instance}.") if instance else name
    names = {unit, *(alias for alias, target in evidence.aliases.items() if target in {unit, name})}
    owners = [entry.rpartition("/")[0] for entry in evidence.wanted if entry.rpartition("/")[2] in names]
    results = [
        _owner_starts(re.sub(r"\.(wants|requires|upholds)$", "", owner), evidence, device, depth) for owner in owners
    ]
    if State.ON in results and instance is not None:
        return State.ON
    until_reboot = names & {entry.rpartition("/")[2] for entry in evidence.wanted_until_reboot}
    if State.UNKNOWN in results or until_reboot or _mentioned(names, name, evidence):
        return State.UNKNOWN
    return State.OFF


def _active(evidence: Evidence, device: str, unit: str) -> State:
    """Return whether another unit is active at boot: a target, the device, an enabled service or one of udev's.

    A oneshot service in /etc/systemd/system may fail; any other is assumed to start.
    """
    stem, _, kind = unit.rpartition(".")
    if kind != "service":
        return _owner_starts(unit, evidence, device, 0)
    if evidence.masks(unit):
        return State.OFF
    own = ini(evidence.files.get(f"/etc/systemd/system/{unit}", ""))
    if ("Service", "Type", "oneshot") in own:
        return State.UNKNOWN
    return State.ON if evidence.wants(stem) or stem.startswith("systemd-udev") else State.UNKNOWN


def _owner_starts(owner: str, evidence: Evidence, device: str, depth: int) -> State:
    kind = owner.rpartition(".")[2]
    if kind == "target":
        return _target_starts(owner, evidence, device, depth)
    if kind == "device":
        return State.ON if owner == _unit_of(device) else State.UNKNOWN
    if kind == "service" and depth < 5 and _started(owner, "", evidence, device, depth=depth + 1) is State.ON:
        return State.ON
    return State.UNKNOWN


def _target_starts(target: str, evidence: Evidence, device: str, depth: int) -> State:
    """Return whether a target is reached at boot: one of every boot, or one that a unit which starts requests."""
    stem = target.removesuffix(".target")
    booted = evidence.booted_targets
    certain = {*booted, "default.target"} if len(booted) == 1 else set()
    if target in certain or (evidence.boots_services and stem in _BOOT):
        return State.ON
    if target in booted:
        return State.UNKNOWN
    if stem in _OTHER_TIMES or stem.startswith("initrd"):
        return State.OFF
    entries = [entry.rpartition("/") for entry in evidence.wanted]
    owners = {re.sub(r"\.(wants|requires|upholds)$", "", owner) for owner, _, unit in entries if unit == target}
    owners |= {path.name for path, text in evidence.matching("systemd/system/*.service") if target in _wanted_by(text)}
    if depth < 5 and any(_owner_starts(one, evidence, device, depth + 1) is State.ON for one in sorted(owners)):
        return State.ON
    return State.UNKNOWN


def _wanted_by(text: str) -> list[str]:
    """Return the units that a unit requests."""
    return [unit for _, key, value in ini(text) if key in {"Wants", "Requires", "BindsTo"} for unit in value.split()]


def _mentioned(names: set[str], name: str, evidence: Evidence) -> bool:
    """Return True if a timer, another unit or a udev rule may start the unit."""
    stems = {re.sub(r"@?\.service$", "", each) for each in names}
    timers = {entry.rpartition("/")[2] for entry in evidence.wanted}
    if timers & {f"{stem}{kind}" for stem in stems for kind in (".timer", ".path", ".socket")}:
        return True
    started = [re.compile(rf"(?<![\w-]){re.escape(stem)}(@\S*)?\.service") for stem in stems]
    own = f"/systemd/system/{name}"
    return any(
        one.search(line)
        for path, lines in evidence.starting.items()
        if not path.endswith(own)
        for line in lines
        for one in started
    )
