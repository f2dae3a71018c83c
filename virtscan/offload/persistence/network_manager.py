"""Settings in NetworkManager's profiles."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import (
    FEATURES,
    Evidence,
    SavedSetting,
    hardware_address,
    ini,
    states_of,
    uncertain,
)
from virtscan.offload.persistence.ifupdown import read_interfaces

_ETHERNET = ("ethernet", "802-3-ethernet")
_KINDS = frozenset({*_ETHERNET, "bond", "bridge", "vlan", "team", "infiniband", "dummy", "generic", "macvlan", "veth"})
_BASES = _KINDS | {
    "wifi",
    "802-11-wireless",
    "vpn",
    "wireguard",
    "loopback",
    "tun",
    "ip-tunnel",
    "vxlan",
    "vrf",
    "macsec",
}
"""Sections of which the only one gives a profile its type."""
_NEEDS = {"vlan": "parent", "macvlan": "parent", "veth": "peer"}
_UNCHECKED = {"802-1x", "user", "tc", "sriov"}
_METHODS = {
    "ipv4": {"auto", "manual", "disabled", "link-local", "shared"},
    "ipv6": {"auto", "manual", "disabled", "link-local", "shared", "ignore", "dhcp"},
}
_IP = {
    "ipv4": re.compile(r"\d+(\.\d+){3}([/;,].*|$)"),
    "ipv6": re.compile(r"[\da-f:.]*:[\da-f:.]*([/;,].*|$)", re.IGNORECASE),
}
_UUID = re.compile(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}", re.IGNORECASE)
_REFUSED = ("", "refused")
_ADDRESS = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_OTHER_HARDWARE = frozenset({"wifi", "802-11-wireless", "gsm", "cdma", "bluetooth", "vpn", "wireguard", "loopback"})
_PROFILES = "NetworkManager/system-connections/*"
_CONFIGURATION = ("NetworkManager/NetworkManager.conf", "NetworkManager/conf.d/*.conf")
_BOOLEANS = frozenset({"true", "false", "1", "0"})
Values = Mapping[tuple[str, str], str]


def network_manager(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the settings of profiles that NetworkManager may activate on this device automatically.

    Its choice among several depends on their history, so they count only as far as they agree.

    Source:
        nm-settings-keyfile(5): `[ethtool] feature-tx`, `feature-tx-checksum-…`, booleans of GLib; a profile without
        interface-name and mac-address fits every device of its type. NetworkManager ignores files that other users
        than root may read, and all but one of those with the same uuid.
    """
    manages = _manages(evidence, device, macs)
    found: list[SavedSetting] = []
    uuids = [values.get(("connection", "uuid")) for _, values in _profiles(evidence)]
    for path, values in _profiles(evidence):
        alone = uuids.count(values.get(("connection", "uuid"), path)) <= 1
        exposed = _exposed(evidence, path)
        activates = _activates(values, device, macs)
        if exposed is not State.ON and activates is not State.OFF:
            states = _states(values)
            certain = exposed is State.OFF and activates is State.ON and manages is State.ON and alone
            place = SettingPlace(files=(path,), key="[ethtool]")
            found.append(SavedSetting(place=place, states=states if certain else uncertain(states)))
    setting = [item for item in found if item.states]
    if all(item.states == found[0].states for item in found):
        yield from setting[:1]
    else:
        files = tuple(file for item in setting for file in item.place.files)
        place = SettingPlace(files=files, key="[ethtool]", profiles=len(found))
        yield SavedSetting(place=place, states=uncertain(FEATURES))


def has_profile(evidence: Evidence, device: str, macs: tuple[str, ...]) -> bool:
    """Return True if NetworkManager has a profile that it activates on the device automatically."""
    return any(
        _activates(values, device, macs) is State.ON and _exposed(evidence, path) is State.OFF
        for path, values in _profiles(evidence)
    )


def _profiles(evidence: Evidence) -> Iterator[tuple[str, Values]]:
    """Yield the files with their values; without a type, the only section of a type decides.

    Source:
        NetworkManager 1.42.4, `nmcli --offline connection modify`.
    """
    for path, text in evidence.matching(_PROFILES):
        values = {(section, key): value for section, key, value in ini(text)}
        sections = frozenset(re.findall(r"^\s*\[(.*)\]\s*$", text, re.MULTILINE))
        kind = values.get(("connection", "type"), "".join(sections & _BASES) if len(sections & _BASES) == 1 else "")
        refused = {_REFUSED: ""} if _is_refused(text, sections, values) else {}
        yield str(path), {**values, ("connection", "type"): kind, **refused}


def _is_refused(text: str, sections: frozenset[str], values: Values) -> bool:
    """Return True if NetworkManager may refuse a profile: it is invalid, or has a section that is not checked here.

    Source:
        NetworkManager 1.42.4, `nmcli --offline connection modify`: a line without `=`, even a comment after `;`; an
        empty section of IP; addresses that the method needs or excludes; a port without its type.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    own = {key: value for (section, key), value in values.items() if section == "connection"}
    kind = own.get("type", "")
    port = {"master", "controller"} & own.keys(), {"slave-type", "port-type"} & own.keys()
    return (
        not all(re.fullmatch(r"\[.*\]|[^=]+=.*", line) for line in lines)
        or not "".join(lines[:1]).startswith("[")
        or bool(sections & _UNCHECKED)
        or bool(port[0]) != bool(port[1])
        or not _UUID.fullmatch(own.get("uuid", "0" * 8 + "-0000" * 3 + "-" + "0" * 12))
        or values.get(("ethernet", "duplex"), "full") not in {"full", "half"}
        or not all(_has_addresses(section, values) for section in sections & _METHODS.keys())
        or (kind in _NEEDS and (kind, _NEEDS[kind]) not in values)
    )


def _has_addresses(section: str, values: Values) -> bool:
    """Return True if a section of IP has a method, and addresses as far as the method needs or allows them."""
    own = {key: value for (part, key), value in values.items() if part == section}
    method = own.get("method")
    addresses = [
        key
        for key, value in own.items()
        if re.fullmatch(r"address(es)?(0|[1-9]\d*)?", key) and _IP[section].fullmatch(value.strip())
    ]
    if method not in _METHODS[section] or ("gateway" in own and not addresses):
        return False
    return bool(addresses) if method == "manual" else not (addresses and method in {"disabled", "link-local", "ignore"})


def _states(values: Values) -> dict[str, State]:
    pairs = [(key.removeprefix("feature-"), value) for (part, key), value in values.items() if part == "ethtool"]
    states = states_of(pairs)
    return states if all(value in _BOOLEANS for _, value in pairs) else uncertain(states)


def _exposed(evidence: Evidence, path: str) -> State:
    """Return whether NetworkManager ignores a profile because others may read it; UNKNOWN for a package's profile."""
    exposed = evidence.exposed.get(path, State.OFF)
    return State.UNKNOWN if exposed is State.ON and path.startswith("/usr/lib/") else exposed


def _manages(evidence: Evidence, device: str, macs: tuple[str, ...]) -> State:
    """Return whether NetworkManager runs and manages the device; UNKNOWN if its configuration may exclude it.

    Source:
        NetworkManager.conf(5): `[keyfile] unmanaged-devices`, `[device…] managed`, and with the ifupdown plugin the
        devices in Debian's interfaces files; NM_UNMANAGED in udev rules.
    """
    entries: list[tuple[str, str, str]] = []
    for pattern in _CONFIGURATION:
        for _, text in evidence.layered(pattern, "usr/lib", "run", "etc"):
            entries += ini(text)
    excluded = any(
        (key == "unmanaged-devices" and _excludes(value, device, macs))
        or (key == "managed" and section.startswith("device") and value.lower() in {"0", "false", "no"})
        for section, key, value in entries
    )
    marked = any("NM_UNMANAGED" in text for _, text in evidence.matching("/etc/udev/rules.d/*", "/run/udev/rules.d/*"))
    if excluded or marked or _left_to_ifupdown(entries, evidence, device):
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
            possible = word.lower().removeprefix("mac:") in macs
        else:
            possible = bool(colon) or fnmatchcase(device, word)
        if possible:
            return True
    return False


def _left_to_ifupdown(entries: list[tuple[str, str, str]], evidence: Evidence, device: str) -> bool:
    plugin = any(key == "plugins" and "ifupdown" in value for _, key, value in entries)
    managed = any(
        section == "ifupdown" and key == "managed" and value.lower() in {"true", "1", "yes", "on"}
        for section, key, value in entries
    )
    return plugin and not managed and any(one.fits(device) for one in read_interfaces(evidence).stanzas)


def _activates(values: Values, device: str, macs: tuple[str, ...]) -> State:
    """Return whether a profile matches the device and is activated without a user.

    UNKNOWN if this depends on unobserved facts. A port without autoconnect depends on `autoconnect-ports` of its bond
    or bridge.
    """
    kind = values.get(("connection", "type"), "")
    name = values.get(("connection", "interface-name"))
    words = [values[section, "mac-address"] for section in _ETHERNET if values.get((section, "mac-address"))]
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
        or any(mac in denied for mac in macs)
        or (bool(patterns) and not _named(device, patterns))
        or (bool(addresses) and addresses[0] not in macs)
    )
    if excluded or not (words or name is not None or kind in _ETHERNET):
        return State.OFF
    # NetworkManager ignores a profile with an unknown type, or with an invalid boolean or address.
    invalid = _REFUSED in values or kind not in _KINDS or autoconnect not in _BOOLEANS or len(addresses) < len(words)
    unknown = manual or invalid or any(section == "match" and key != "interface-name" for section, key in values)
    return State.UNKNOWN if unknown else State.ON


def _named(device: str, patterns: list[str]) -> bool:
    """Return True if the patterns of `[match] interface-name` fit; `!` excludes, `|` and `&` join."""
    if any(word.startswith("!") and fnmatchcase(device, word[1:]) for word in patterns):
        return False
    wanted = [word.lstrip("|&") for word in patterns if not word.startswith("!")]
    return not wanted or any(fnmatchcase(device, word) for word in wanted)
