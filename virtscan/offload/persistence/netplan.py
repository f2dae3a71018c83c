"""Settings in netplan's YAML files, from which it writes .link files at every boot."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.profiles import LINK_SINCE

_LINE = re.compile(r"( *)(?:\"([^\"]+)\"|'([^']+)'|([^\s:#][^:#]*?)):(?:\s+(.*?))?\s*(?:\s#.*)?")
_BASES = ("lib", "usr/lib", "etc", "run")


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
        value = definition.values.get("transmit-checksum-offload")
        fits = _fits(name, definition.values, device, macs)
        if value is not None and fits is not State.OFF:
            states = states_of([("tx", value)])
            place = SettingPlace(files=(definition.path,), key="transmit-checksum-offload")
            yield SavedSetting(place=place, states=states if fits is State.ON else uncertain(states))


def _definitions(evidence: Evidence) -> dict[str, _Definition]:
    """Return the definitions of all files together; a later file, by name, overrides an earlier one."""
    files = {}
    for base in _BASES:
        for path, text in evidence.under(f"/{base}/netplan/*.yaml"):
            files[path.name] = str(path), text
    found: dict[str, _Definition] = {}
    for _, (file, text) in sorted(files.items()):
        for keys, value in _entries(text):
            match keys:
                case ["network", "ethernets", name, *rest] if rest:
                    definition = found.setdefault(name, _Definition(path=file, values={}))
                    definition.values[".".join(rest)] = value
                    if rest == ["transmit-checksum-offload"]:
                        definition.path = file
    return found


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
    if address is not None:
        if not macs:
            return State.UNKNOWN
        return State.ON if address.lower() in macs else State.OFF
    if pattern is not None and fnmatchcase(device, pattern):
        return State.ON
    return State.ON if values.get("set-name") == device else State.UNKNOWN
