"""Settings in netplan's YAML files, from which it writes .link files at every boot."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.systemd.links import LINK_SINCE, fits

_LINE = re.compile(r"( *)(?:\"([^\"]+)\"|'([^']+)'|([^\s:#][^:#]*?)):(?:\s+(.*?))?\s*(?:\s#.*)?")
_BASES = ("lib", "usr/lib", "etc", "run")
_KEY = "transmit-checksum-offload"
_LINK_KEYS = {"match.name": "OriginalName", "match.macaddress": "PermanentMACAddress"}


class _Definition(msgspec.Struct):
    """The lines of one definition."""

    path: str
    values: dict[str, str]


def netplan(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the settings in the definitions that fit the device.

    Source:
        netplan-yaml(5), common properties for physical interfaces: `match`, `transmit-checksum-offload`; settings are
        not reliable for devices that are matched by name only, because udev renames them. netplan's
        append_match_section: a definition's name becomes OriginalName=.
    """
    if evidence.udev is not None and evidence.udev < LINK_SINCE:
        return
    for name, definition in _definitions(evidence).items():
        value = definition.values.get(_KEY)
        applied = _fits(name, definition.values, device, macs)
        renames = applied is State.ON and definition.values.get("set-name", device) != device
        if (value is not None or renames) and applied is not State.OFF:
            states = uncertain(FEATURES) if renames or value is None else states_of([("tx", value)])
            place = SettingPlace(files=(definition.path,), key="set-name" if renames else _KEY)
            yield SavedSetting(place=place, states=states if applied is State.ON else uncertain(states))
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
            yield SavedSetting(place=place, states=uncertain(FEATURES))


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


def _fits(name: str, values: Mapping[str, str], device: str, macs: tuple[str, ...]) -> State:
    """Return whether udev applies the .link file of a definition; the name may be another one when it looks."""
    match = {key: value for key, value in values.items() if key.startswith("match.") or (key == "match" and value)}
    rules = [(_LINK_KEYS.get(key, key), value) for key, value in match.items()]
    return fits(rules or [("OriginalName", name)], device, macs)
