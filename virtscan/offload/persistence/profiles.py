"""Settings that belong to a device by rules: NetworkManager's profiles and systemd's .link files."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, ini, states_of, uncertain

_ETHERNET = ("ethernet", "802-3-ethernet")
_PROFILES = "NetworkManager/system-connections/*"
LINK_SINCE = 245


def network_manager(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield settings in the profiles that NetworkManager may activate on this device by itself.

    Which of several it takes depends on their history, so they count only as far as they agree.

    Source:
        nm-settings-keyfile(5): `[ethtool] feature-tx`, `feature-tx-checksum-…`; a profile without interface-name and
        mac-address fits every device of its type. NetworkManager ignores files that other users than root may read.
    """
    found: list[SavedSetting] = []
    for path, text in evidence.under(_PROFILES):
        values = {(section, key): value for section, key, value in ini(text)}
        exposed = _exposed(evidence, str(path))
        if exposed is not State.ON and _activates(values, device, macs):
            pairs = [
                (key.removeprefix("feature-"), value) for (part, key), value in values.items() if part == "ethtool"
            ]
            states = states_of(pairs)
            place = SettingPlace(files=(str(path),), key="[ethtool]")
            found.append(SavedSetting(place=place, states=states if exposed is State.OFF else uncertain(states)))
    setting = [item for item in found if item.states]
    if all(item.states == found[0].states for item in found):
        yield from setting[:1]
    else:
        files = tuple(file for item in setting for file in item.place.files)
        place = SettingPlace(files=files, key="[ethtool]", profiles=len(found))
        yield SavedSetting(place=place, states=dict.fromkeys(FEATURES, State.UNKNOWN))


def has_profile(evidence: Evidence, device: str, macs: tuple[str, ...]) -> bool:
    """Return True if NetworkManager has a profile that it activates on the device by itself."""
    return any(
        _activates({(section, key): value for section, key, value in ini(text)}, device, macs)
        for path, text in evidence.under(_PROFILES)
        if _exposed(evidence, str(path)) is State.OFF
    )


def _exposed(evidence: Evidence, path: str) -> State:
    """Return whether NetworkManager ignores a profile because others may read it; of a package's it is not known."""
    exposed = evidence.exposed.get(path, State.OFF)
    return State.UNKNOWN if exposed is State.ON and path.startswith("/usr/lib/") else exposed


def _activates(values: Mapping[tuple[str, str], str], device: str, macs: tuple[str, ...]) -> bool:
    """Return True if a profile fits the device and is activated without a user.

    A port's profile is activated together with its bond or bridge, whatever its own autoconnect.
    """
    kind = values.get(("connection", "type"), "")
    name = values.get(("connection", "interface-name"))
    addresses = [values[section, "mac-address"].lower() for section in _ETHERNET if (section, "mac-address") in values]
    patterns = [word for word in re.split(r"[;,\s]+", values.get(("match", "interface-name"), "")) if word]
    port = any(values.get(("connection", key)) for key in ("master", "controller"))
    manual = values.get(("connection", "autoconnect"), "").lower() in {"false", "no", "0"} and not port
    if manual or name not in {None, device} or values.get(("connection", "permissions")):
        return False
    if patterns and not _named(device, patterns):
        return False
    if addresses:
        return addresses[0] in macs
    return name is not None or kind in _ETHERNET


def _named(device: str, patterns: list[str]) -> bool:
    """Return True if the patterns of `[match] interface-name` fit; `!` excludes, `|` and `&` join."""
    if any(word.startswith("!") and fnmatchcase(device, word[1:]) for word in patterns):
        return False
    wanted = [word.lstrip("|&") for word in patterns if not word.startswith("!")]
    return not wanted or any(fnmatchcase(device, word) for word in wanted)


def links(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the setting in the .link file that udev applies to this device: the first that fits, in the order of names.

    A file that may fit, as far as known, makes the outcome UNKNOWN when it matters.

    Source:
        systemd.link(5): same names replace each other (/etc before /run before /usr/local/lib and /usr/lib), drop-ins
        add to them, a file without [Match] fits nothing; TransmitChecksumOffload= exists since systemd 245.
    """
    if evidence.udev is not None and evidence.udev < LINK_SINCE:
        return
    possible: list[tuple[str, dict[str, State]]] = []
    for name, (path, text) in sorted(_link_files(evidence).items()):
        drop_ins = "\n".join(extra for _, extra in evidence.under(f"systemd/network/{name}.d/*.conf"))
        entries = tuple(ini(f"{text}\n{drop_ins}"))
        fits = _fits([(key, value) for section, key, value in entries if section == "Match"], device, macs)
        if fits is not State.OFF:
            value = next((value for _, key, value in reversed(entries) if key == "TransmitChecksumOffload"), None)
            possible.append((str(path), states_of([("tx", value)] if value else [])))
        if fits is State.ON:
            break
    else:
        possible.append(("", {}))
    setting = [path for path, states in possible if states]
    if setting:
        # netplan writes such a file only for a udev that knows the setting.
        known = evidence.udev is not None or all("/10-netplan-" in path for path in setting)
        certain = known and all(states == possible[-1][1] for _, states in possible)
        states = possible[-1][1] if certain else dict.fromkeys(FEATURES, State.UNKNOWN)
        yield SavedSetting(place=SettingPlace(files=tuple(setting), key="TransmitChecksumOffload"), states=states)


def _link_files(evidence: Evidence) -> dict[str, tuple[PurePosixPath, str]]:
    """Return the file that counts, by its name."""
    files: dict[str, tuple[PurePosixPath, str]] = {}
    for base in ("lib", "usr/lib", "usr/local/lib", "run", "etc"):
        for path, text in evidence.under(f"/{base}/systemd/network/*.link"):
            files[path.name] = path, text
    return files


def _fits(rules: list[tuple[str, str]], device: str, macs: tuple[str, ...]) -> State:
    """Return whether a [Match] section matches this device; UNKNOWN if it needs an unobserved fact."""
    results = [_rule_fits(key, value.split(), device, macs) for key, value in rules]
    if not results or State.OFF in results:
        return State.OFF
    return State.UNKNOWN if State.UNKNOWN in results else State.ON


def _rule_fits(key: str, words: list[str], device: str, macs: tuple[str, ...]) -> State:
    match key:
        case "OriginalName" if words == ["*"]:
            return State.ON
        case "OriginalName" if not any(word.startswith("!") for word in words):
            # The kernel's own name, which the device had before it got the one that it has now.
            if any(fnmatchcase(device, word) for word in words):
                return State.ON
            return State.OFF if re.fullmatch(r"eth\d+", device) else State.UNKNOWN
        case "MACAddress" | "PermanentMACAddress":
            return State.ON if any(word.lower().replace("-", ":") in macs for word in words) else State.OFF
        case _:
            return State.UNKNOWN
