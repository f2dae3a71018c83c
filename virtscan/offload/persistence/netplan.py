"""Settings in netplan's YAML files, from which it writes .link files at every boot."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.systemd.links import LINK_SINCE

_LINE = re.compile(r"( *)(?:\"([^\"]+)\"|'([^']+)'|([^\s:#][^:#]*?)):(?:\s+(.*?))?\s*(?:\s#.*)?")
_BASES = ("lib", "usr/lib", "etc", "run")
_KEY = "transmit-checksum-offload"


class _Definition(msgspec.Struct):
    """The lines of one definition."""

    path: str
    values: dict[str, str]


def netplan(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the settings in the definitions that fit the device.

    Source:
        netplan-yaml(5), common properties for physical interfaces: `match`, `transmit-checksum-offload`.
    """
    if evidence.udev is not None and evidence.udev < LINK_SINCE:
        return
    for name, definition in _definitions(evidence).items():
        value = definition.values.get(_KEY)
        fits = _fits(name, definition.values, device, macs)
        if value is not None and fits is not State.OFF:
            states = states_of([("tx", value)])
            place = SettingPlace(files=(definition.path,), key=_KEY)
            yield SavedSetting(place=place, states=states if fits is State.ON else uncertain(states))
    yield from _unclear(evidence)


def _definitions(evidence: Evidence) -> dict[str, _Definition]:
    """Return the definitions of all files together; a later file, by name, overrides an earlier one."""
    found: dict[str, _Definition] = {}
    for path, text in evidence.layered("netplan/*.yaml", *_BASES):
        for keys, value in _entries(text):
            match keys:
                case ["network", "ethernets", name, *rest] if rest:
                    definition = found.setdefault(name, _Definition(path=str(path), values={}))
                    definition.values[".".join(rest)] = value
                    if rest == [_KEY]:
                        definition.path = str(path)
    return found


def _unclear(evidence: Evidence) -> Iterator[SavedSetting]:
    """Yield an UNKNOWN for each file that has the setting in a form of YAML that is not interpreted."""
    for path, text in evidence.layered("netplan/*.yaml", *_BASES):
        lines = [line for line in text.splitlines() if _KEY in line and not line.lstrip().startswith("#")]
        if any((found := _LINE.fullmatch(line)) is None or found[4] != _KEY or "{" in line for line in lines):
            place = SettingPlace(files=(str(path),), key=_KEY)
            yield SavedSetting(place=place, states=dict.fromkeys(FEATURES, State.UNKNOWN))


def _entries(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the path of keys and the value of each line that has one."""
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        depth = len(found[1])
        stack = [(indent, key) for indent, key in stack if indent < depth]
        stack.append((depth, found[2] or found[3] or found[4]))
        yield [key for _, key in stack], (found[5] or "").strip("\"'")


def _fits(name: str, values: dict[str, str], device: str, macs: tuple[str, ...]) -> State:
    if not any(key == "match" or key.startswith("match.") for key in values):
        return State.ON if name == device else State.OFF
    address, pattern = values.get("match.macaddress"), values.get("match.name")
    others = [key for key in values if key.startswith("match.") and key not in {"match.macaddress", "match.name"}]
    if address is not None and macs and address.lower() not in macs:
        return State.OFF
    by_address = address is not None and bool(macs)
    by_name = (pattern is not None and fnmatchcase(device, pattern)) or values.get("set-name") == device
    named = by_name or (by_address and pattern is None)
    return State.ON if named and (address is None or by_address) and not others else State.UNKNOWN
