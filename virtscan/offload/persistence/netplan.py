"""The .link files that netplan writes at every boot, from its YAML files."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.files import ini
from virtscan.offload.persistence.systemd.link_file import OFFLOAD, LinkFile

_LINE = re.compile(r"( *)(?:\"([^\"]+)\"|'([^']+)'|([^\s:#][^:#]*?)):(?:\s+(.*?))?\s*(?:\s#.*)?")
WRITTEN = "/run/systemd/network/"
"""The folder of the .link files that netplan writes."""
_BASES = ("lib", "usr/lib", "etc", "run")
_KEY = "transmit-checksum-offload"
_SETTING = re.compile(rf"{_KEY}|ethtool\.feature-tx")
"""Netplan's own key, and one that it passes on to NetworkManager."""
_LINK_KEY = re.compile(r"set-name|mtu|wakeonlan|.*-offload")
"""Keys for which netplan writes a .link file; udev then applies this one."""
_BOOLEAN = re.compile(r"true|on|yes|y|false|off|no|n", re.IGNORECASE)
_PLAIN = re.compile(
    rf"""
    network(/ethernets(/[^/]+(/match|/nameservers)?)?)?=
    |network/version=2
    |network/renderer=(networkd|NetworkManager)
    |network/ethernets/[^/]+/(
        (dhcp[46]|optional|critical|accept-ra|wakeonlan
        |(transmit|receive)-checksum-offload|(tcp6?|generic)-segmentation-offload|(generic|large)-receive-offload
        )=({_BOOLEAN.pattern})
        |mtu=\d+
        |set-name=[\w-]+
        |match/name=[\w*-]+
        |match/macaddress=([\da-f]{{2}}:){{5}}[\da-f]{{2}}
        |(nameservers/)?addresses=
        |nameservers/search=
        |routes=
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Keys and values with which netplan accepts a file, each key by its path."""

_IP = r"\"?[\da-f.:]+(/\d+)?\"?"
_VALID = re.compile(
    rf" *(- *({_IP}|[a-z\d.-]+)|(addresses|search): *\[[\da-z.:/, \"'-]*\]|metric: *\d+"
    rf"|(- )?(to|via|gateway[46]): *(\"?default\"?|{_IP}))\s*(#.*)?",
    re.IGNORECASE,
)
"""Lines that netplan accepts and that don't matter: addresses, routes and search domains."""
_LINK_WORDS = {_KEY: OFFLOAD, "set-name": "Name"}
_LINK_KEYS = {"match.name": "OriginalName", "match.macaddress": "PermanentMACAddress"}


class _Definition(msgspec.Struct):
    """The lines of one definition; `matches_later` is True if a file after the first one adds `match`."""

    path: str
    values: dict[str, str]
    first: str
    matches_later: bool = False


def link_files(evidence: Evidence) -> Iterator[LinkFile]:
    """Yield the .link files that netplan writes at the next boot, if it accepts all its files.

    It does if it has written the same files to /run, or if the YAML files contain only plain, valid keys.

    Source:
        netplan-yaml(5), common properties for physical interfaces: `match`, `transmit-checksum-offload`; settings are
        not reliable for devices that are matched by name only, because udev renames them. netplan's
        append_match_section: a definition's name becomes OriginalName=; it may remain if a later file adds `match`.
        write_link_file: the keys that need a file. netplan 0.106 writes no file at all after a tab, an unknown key, a
        value of the wrong type, or `set-name` without `match`.
    """
    is_plain = all(_is_plain(text) for _, text in evidence.layered("netplan/*.yaml", *_BASES))
    for name, definition in _definitions(evidence).items():
        values = definition.values
        if not any(map(_LINK_KEY.fullmatch, values)):
            continue
        match = [(_LINK_KEYS.get(key, key), value) for key, value in values.items() if key.startswith("match.")]
        if values.get("match"):  # on one line, which is not interpreted
            match.append(("match", values["match"]))
        if not match:
            match = [("OriginalName", name)]
        elif definition.matches_later:  # in some cases the name remains, too
            match.append((name, "?"))
        link = [(_LINK_WORDS[key], value) for key, value in values.items() if key in _LINK_WORDS]
        entries = (*(("Match", *pair) for pair in match), *(("Link", *pair) for pair in link))
        file = LinkFile(
            name=f"10-netplan-{name}.link", source=definition.path, entries=entries, keys=(_KEY, "set-name")
        )
        yield msgspec.structs.replace(file, is_certain=is_plain or _is_written(file, evidence))


def _is_plain(text: str) -> bool:
    """Return True if a file has only plain keys, as installers write them: each once, with consistent indentation."""
    kept = [line for line in text.splitlines() if not _VALID.fullmatch(line)]
    entries = list(_entries("\n".join(kept)))
    found = {"/".join(keys): value for _, keys, value in entries}
    indents = {len(keys): indent for indent, keys, _ in entries}
    lines = [line for line in kept if line.strip() and not line.lstrip().startswith("#")]
    return (
        len(found) == len(lines)
        and all(indents[len(keys)] == indent for indent, keys, _ in entries)
        and all(_PLAIN.fullmatch(f"{path}={value}") for path, value in found.items())
        and all(f"{path.removesuffix('set-name')}match" in found for path in found if path.endswith("/set-name"))
    )


def _is_written(file: LinkFile, evidence: Evidence) -> bool:
    """Return True if netplan has written a file with the same name for the device and the same offload."""
    text = evidence.files.get(f"{WRITTEN}{file.name}", "")
    written = msgspec.structs.replace(file, entries=tuple(ini(text)))

    def values(one: LinkFile) -> tuple[str | None, Mapping[str, State]]:
        return one.value("Name"), states_of([("tx", one.value(OFFLOAD) or "")])

    return bool(text) and values(written) == values(file)


def _definitions(evidence: Evidence) -> dict[str, _Definition]:
    """Return the definitions of all files together; a later file, by name, overrides an earlier one."""
    found: dict[str, _Definition] = {}
    for path, text in evidence.layered("netplan/*.yaml", *_BASES):
        for _, keys, value in _entries(text):
            match keys:
                case ["network", "ethernets", name, *rest] if rest:
                    definition = found.setdefault(name, _Definition(path=str(path), values={}, first=str(path)))
                    known = any(key.startswith("match") for key in definition.values)
                    definition.matches_later |= rest[0] == "match" and definition.first != str(path) and not known
                    definition.values[".".join(rest)] = value
                    if rest == [_KEY]:
                        definition.path = str(path)
    return found


def unclear(evidence: Evidence) -> Iterator[SavedSetting]:
    """Yield UNKNOWN for each file whose setting is in a form that is not interpreted, or that netplan refuses."""
    for path, text in evidence.layered("netplan/*.yaml", *_BASES):
        lines = [line for line in text.splitlines() if _SETTING.search(line) and not line.lstrip().startswith("#")]
        if not all(_is_understood(line) for line in lines):
            place = SettingPlace(files=(str(path),), key=_KEY)
            yield SavedSetting(place=place, states=uncertain(FEATURES))


def _is_understood(line: str) -> bool:
    """Return True for the setting with a boolean; with another value netplan refuses all files."""
    found = _LINE.fullmatch(line)
    return found is not None and found[4] == _KEY and _BOOLEAN.fullmatch((found[5] or "").strip("\"'")) is not None


def _entries(text: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield the indent, the path of keys and the value of each line that has a key."""
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        depth = len(found[1])
        stack = [(indent, key) for indent, key in stack if indent < depth]
        stack.append((depth, found[2] or found[3] or found[4]))
        yield depth, [key for _, key in stack], (found[5] or "").strip("\"'")
