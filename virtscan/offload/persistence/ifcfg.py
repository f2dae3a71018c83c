"""Settings in ifcfg files: `ETHTOOL_OPTS` of Red Hat, `ETHTOOL_OPTIONS` of SUSE."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, uncertain
from virtscan.offload.persistence.network_manager import knows_features, makes, reads_ifcfg
from virtscan.offload.persistence.shell import Scene, assigned, may_concern, run_script

_REDHAT = "/etc/sysconfig/network-scripts/ifcfg-*"
_SUSE = "/etc/sysconfig/network/ifcfg-*"
_OF_INITSCRIPTS = re.compile(r"[$]|tx-checksumming")
"""Words in options that NetworkManager does not understand: variables, and names that it does not have."""
_OPTIONS = re.compile(r"ETHTOOL_OPTS|ETHTOOL_OPTIONS\w*")
_CONTROLLERS = ("MASTER", "TEAM_MASTER", "BRIDGE", "OVS_BRIDGE")
_STARTED = {"auto", "boot", "onboot", "hotplug", "ifplugd", "nfsroot", "yes", "true", "1", "t", "y", "on"}


def ifcfg(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the settings in ifcfg files that name this device, or run ethtool for it.

    A file belongs to the device by DEVICE or HWADDR; one of SUSE by its own name, too.

    Source:
        initscripts, network-functions: source_config reads the file without variables from elsewhere; ethtool_set
        splits ETHTOOL_OPTS at `;` and runs ethtool with each part. ifup-eth fails without a device, and for a device
        with another address. init.d/network leaves a port with SLAVE=yes to the ifup of its bond. NetworkManager
        activates a port with its controller, or not at all.
        SUSE, ifcfg(5): ETHTOOL_OPTIONS and ETHTOOL_OPTIONS_*, with the word `iface` for the device.
    """
    for path, text in _files(evidence):
        values = assigned(text, Scene(device=device, sh_is_bash=True))
        if values is None:
            states = may_concern(text)
            names = ["ETHTOOL_OPTS"]
        else:
            own_words = any(_OF_INITSCRIPTS.search(line) for line in text.splitlines() if _OPTIONS.search(line))
            manager = _manager(values, path, evidence, own_words=own_words)
            states, names = _states(values, path, device, macs, manager)
        if states:
            yield SavedSetting(place=SettingPlace(files=(str(path),), key=", ".join(names)), states=states)


def _files(evidence: Evidence) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield the ifcfg files; initscripts and NetworkManager ignore these backups."""
    for path, text in evidence.matching(_REDHAT, _SUSE):
        if path.suffix not in {".bak", ".old", ".orig"}:
            yield path, text


def files_of(evidence: Evidence, device: str, macs: tuple[str, ...]) -> list[PurePosixPath]:
    """Return the ifcfg files that belong to the device."""
    return [
        path
        for path, text in _files(evidence)
        if _owned(assigned(text, Scene(device=device, sh_is_bash=True)) or {}, path, device, macs) is State.ON
    ]


def _manager(values: Mapping[str, str | None], path: PurePosixPath, evidence: Evidence, *, own_words: bool) -> State:
    """Return whether a service starts at boot that applies the file: NetworkManager reads no files of SUSE.

    Args:
        values: The variables of the file.
        path: The file.
        evidence: The configuration of the server.
        own_words: True if the options have words that initscripts alone understands.
    """
    controllers = [name for key in _CONTROLLERS if (name := values.get(key))]
    if not all(makes(evidence, name) for name in controllers):
        return State.UNKNOWN
    if (values.get("NM_CONTROLLED") or "").lower() in {"no", "n", "false", "f", "0", "off"}:
        return evidence.starts("network")
    if path.match(_SUSE):
        return evidence.starts("wicked", "network")
    if evidence.wants("NetworkManager") and (own_words or not knows_features(evidence)):
        return State.UNKNOWN
    started = evidence.starts("NetworkManager", "network")
    reads = State.ON if evidence.wants("network") else reads_ifcfg(evidence)
    return reads if started is State.ON and evidence.wants("NetworkManager") else started


def _states(
    values: Mapping[str, str | None],
    path: PurePosixPath,
    device: str,
    macs: tuple[str, ...],
    manager: State,
) -> tuple[dict[str, State], list[str]]:
    owned = _owned(values, path, device, macs)
    certain = owned is State.ON and _started(values) and manager is State.ON
    stand_ins = ("iface",) if path.match(_SUSE) and owned is not State.OFF else ()
    states: dict[str, State] = {}
    names = []
    for name, value in values.items():
        if not _OPTIONS.fullmatch(name):
            continue
        given = _given(value, Scene(device=device, names=stand_ins))
        if given:
            names.append(name)
            states |= given if certain else uncertain(given)
    return states, names


def _given(value: str | None, scene: Scene) -> dict[str, State]:
    if value is None:
        return may_concern("ethtool -K $unknown")
    states: dict[str, State] = {}
    for command in (part.strip() for part in value.split(";")):
        if command.startswith("-"):
            # The value is not expanded again for ethtool: a variable in it remains a word, which matches no device.
            states |= run_script(f"ethtool {command}", scene)
    return states


def _owned(values: Mapping[str, str | None], path: PurePosixPath, device: str, macs: tuple[str, ...]) -> State:
    """Return whether the file belongs to the device; UNKNOWN if its name and its address do not match both."""
    address = (values.get("HWADDR") or values.get("LLADDR") or "").lower()
    suffix = path.name.removeprefix("ifcfg-")
    name = values.get("DEVICE")
    if address in macs or suffix.lower() in {f"eth-id-{mac}" for mac in macs}:
        return State.ON if name in {None, "", device} else State.UNKNOWN
    if (name or suffix) != device:
        return State.UNKNOWN if address and not (name or macs) else State.OFF
    return State.UNKNOWN if address or not (name or path.match(_SUSE)) else State.ON


def _started(values: Mapping[str, str | None]) -> bool:
    """Return True if the device is brought up at boot."""
    start = values.get("ONBOOT", values.get("STARTMODE", "yes"))
    return start is not None and start.lower() in _STARTED
