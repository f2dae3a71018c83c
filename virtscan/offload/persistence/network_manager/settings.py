"""Settings in NetworkManager's profiles."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from virtscan.model import DeviceKind, State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import (
    FEATURES,
    Evidence,
    SavedSetting,
    hardware_address,
    states_of,
    uncertain,
)
from virtscan.offload.persistence.ifupdown import read_interfaces
from virtscan.offload.persistence.network_manager.configuration import entries, knows_features
from virtscan.offload.persistence.network_manager.profiles import (
    BOOLEANS,
    ETHERNET,
    KINDS,
    REFUSED,
    Values,
    exposure,
    names_device,
    profiles,
)

_OPTIONS = ("feature-tx", *(f"feature-{name}" for name in FEATURES))
"""Its names of the features; it ignores others, such as feature-tx-checksumming."""
_ADDRESS = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_TYPES = {
    DeviceKind.ETHERNET: {*ETHERNET, "infiniband"},
    DeviceKind.VETH: {*ETHERNET, "veth"},
    DeviceKind.BOND: {"bond"},
    DeviceKind.BRIDGE: {"bridge"},
    DeviceKind.VLAN: {"vlan"},
    DeviceKind.MACVLAN: {"macvlan"},
    DeviceKind.DUMMY: {"dummy"},
}
"""The types of profiles for each kind of device; a device of unknown kind may have any."""
_OTHER_HARDWARE = frozenset({"wifi", "802-11-wireless", "gsm", "cdma", "bluetooth", "vpn", "wireguard", "loopback"})


def network_manager(evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind) -> Iterator[SavedSetting]:
    """Yield the settings of profiles that NetworkManager may activate on this device automatically.

    Its choice among several depends on their history, so they count only as far as they agree.

    Source:
        nm-settings-keyfile(5): `[ethtool] feature-tx`, `feature-tx-checksum-…`, booleans of GLib; a profile without
        interface-name and mac-address fits every device of its type. NetworkManager ignores files that other users
        than root may read, and all but one of those with the same uuid.
    """
    if (manages := _manages(evidence, device, macs)) is State.OFF:
        return
    found: list[SavedSetting] = []
    read = profiles(evidence)
    uuids = [values.get(("connection", "uuid")) for values in read.values()]
    for path, values in read.items():
        alone = uuids.count(values.get(("connection", "uuid"), path)) <= 1
        exposed = exposure(evidence, path)
        activates = _activates(values, device, macs, kind)
        if exposed is not State.ON and activates is not State.OFF:
            states = _states(values)
            certain = exposed is State.OFF and activates is State.ON and manages is State.ON and alone
            certain = certain and knows_features(evidence)
            place = SettingPlace(files=(path,), key="[ethtool]")
            found.append(SavedSetting(place=place, states=states if certain else uncertain(states)))
    setting = [item for item in found if item.states]
    if all(item.states == found[0].states for item in found):
        yield from setting[:1]
    else:
        files = tuple(file for item in setting for file in item.place.files)
        place = SettingPlace(files=files, key="[ethtool]", profiles=len(found))
        yield SavedSetting(place=place, states=uncertain(FEATURES))


def has_profile(evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind) -> bool:
    """Return True if NetworkManager has a profile that it activates on the device automatically."""
    return any(
        _activates(values, device, macs, kind) is State.ON and exposure(evidence, path) is State.OFF
        for path, values in profiles(evidence).items()
    )


def makes(evidence: Evidence, device: str) -> bool:
    """Return True if a profile or an ifcfg file is about a device of this name, or if no enabled unit is known."""
    names = {values.get(("connection", "interface-name")) for values in profiles(evidence).values()}
    return device in names or names_device(evidence, device) or not evidence.wanted


def _states(values: Values) -> dict[str, State]:
    pairs = {key.removeprefix("feature-"): values["ethtool", key] for key in _OPTIONS if ("ethtool", key) in values}
    states = states_of(pairs.items())
    return states if BOOLEANS.issuperset(pairs.values()) else uncertain(states)


def _manages(evidence: Evidence, device: str, macs: tuple[str, ...]) -> State:
    """Return whether NetworkManager runs and manages the device; UNKNOWN if its configuration may exclude it.

    OFF if its service is masked.

    Source:
        NetworkManager.conf(5): `[keyfile] unmanaged-devices`, `path` (another folder of profiles); `[device…] managed`,
        `allowed-connections`; with the ifupdown plugin the devices in Debian's interfaces files; `+=` adds to a list.
        NM_UNMANAGED in udev rules.
    """
    configured = list(entries(evidence))
    excluded = any(
        (key in {"unmanaged-devices", "unmanaged-devices+"} and _excludes(value, device, macs))
        or (key == "managed" and section.startswith("device") and value.lower() in {"0", "false", "no"})
        or (section, key) == ("keyfile", "path")
        or key == "allowed-connections"
        for section, key, value in configured
    )
    marked = any("NM_UNMANAGED" in text for _, text in evidence.matching("/etc/udev/rules.d/*", "/run/udev/rules.d/*"))
    if excluded or marked or _left_to_ifupdown(configured, evidence, device):
        return State.UNKNOWN
    return evidence.starts("NetworkManager")


def _excludes(specification: str, device: str, macs: tuple[str, ...]) -> bool:
    """Return True if a list of devices may contain this one."""
    for word in re.split(r"[;,\s]+", specification):
        kind, colon, value = word.partition(":")
        if kind == "except" or not word or word in {"type:wifi", "type:gsm", "type:cdma"}:
            continue
        if kind == "interface-name":
            possible = fnmatchcase(device, value.removeprefix("="))
        elif kind == "mac" or word.lower() in macs:
            possible = not macs or word.lower().removeprefix("mac:") in macs
        else:
            possible = bool(colon) or fnmatchcase(device, word)
        if possible:
            return True
    return False


def _left_to_ifupdown(configured: list[tuple[str, str, str]], evidence: Evidence, device: str) -> bool:
    plugin = any(key == "plugins" and "ifupdown" in value for _, key, value in configured)
    managed = any(
        section == "ifupdown" and key == "managed" and value.lower() in {"true", "1", "yes", "on"}
        for section, key, value in configured
    )
    return plugin and not managed and any(one.fits(device) for one in read_interfaces(evidence).stanzas)


def _activates(values: Values, device: str, macs: tuple[str, ...], device_kind: DeviceKind) -> State:
    """Return whether a profile matches the device and is activated without a user.

    UNKNOWN if this depends on unobserved facts. A port without autoconnect depends on `autoconnect-ports` of its bond
    or bridge.
    """
    kind = values.get(("connection", "type"), "")
    name = values.get(("connection", "interface-name"))
    words = [values[section, "mac-address"] for section in ETHERNET if values.get((section, "mac-address"))]
    addresses = [address for word in words if _ADDRESS.fullmatch(address := hardware_address(word))]
    denied = " ".join(value.lower() for (_, key), value in values.items() if re.match(r"mac-address-(black|deny)", key))
    patterns = [word for word in re.split(r"[;,\s]+", values.get(("match", "interface-name"), "")) if word]
    port = any(values.get(("connection", key)) for key in ("master", "controller"))
    autoconnect = values.get(("connection", "autoconnect"), "true")
    manual = autoconnect in {"false", "0"}
    excluded = (
        (manual and not port)
        or name not in {None, device}
        or bool(values.get(("connection", "permissions")))
        or kind in _OTHER_HARDWARE
        or (kind in KINDS and kind not in _TYPES.get(device_kind, KINDS))
        or any(mac in denied for mac in macs)
        or (bool(patterns) and not _named(device, patterns))
        or (bool(addresses and macs) and addresses[0] not in macs)
    )
    if excluded or not (words or name is not None or kind in ETHERNET):
        return State.OFF
    # NetworkManager ignores a profile with an unknown type, or with an invalid boolean or address.
    invalid = REFUSED in values or kind not in KINDS or autoconnect not in BOOLEANS or len(addresses) < len(words)
    unknown_mac = not macs and bool(addresses or denied)
    unknown = (
        manual
        or invalid
        or unknown_mac
        or any(section == "match" and key != "interface-name" for section, key in values)
    )
    return State.UNKNOWN if unknown else State.ON


def _named(device: str, patterns: list[str]) -> bool:
    """Return True if the patterns of `[match] interface-name` fit; `!` excludes, `|` and `&` join."""
    if any(word.startswith("!") and fnmatchcase(device, word[1:]) for word in patterns):
        return False
    wanted = [word.lstrip("|&") for word in patterns if not word.startswith("!")]
    return not wanted or any(fnmatchcase(device, word) for word in wanted)
