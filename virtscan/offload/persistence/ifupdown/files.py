"""Parser of Debian's interfaces files: stanzas, and the interfaces that are brought up at boot."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.evidence import Evidence

MAIN = "/etc/network/interfaces"
UP = {"pre-up": 0, "up": 1, "post-up": 1}
"""Options that are commands, and the phase in which they run."""
PATTERN = re.compile(r"[*?\[]")
_METHODS = {
    "inet": frozenset({"loopback", "static", "manual", "dhcp", "bootp", "tunnel", "ppp", "wvdial", "ipv4ll"}),
    "inet6": frozenset({"auto", "loopback", "static", "manual", "dhcp", "v4tunnel", "tunnel", "6to4"}),
}
_PORTS = {"bridge_ports", "bridge-ports", "bond-slaves", "bond_slaves", "slaves"}
_RUN_PARTS = re.compile(r"[A-Za-z0-9_-]+")


class Stanza(msgspec.Struct, frozen=True, kw_only=True):
    """An `iface` stanza: the words of its first line, and its options in the order of the file."""

    path: str
    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Return the name or pattern of the interface."""
        return self.words[0].removeprefix("/")

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the names of the stanzas that this one inherits."""
        return self.words[self.words.index("inherits") + 1 :] if "inherits" in self.words else ()

    @property
    def lacks_address(self) -> bool:
        """Return True if the stanza needs an address and neither has nor inherits one."""
        return self.words[2:] == ("static",) and "address" not in dict(self.options)

    def fits(self, device: str) -> bool:
        """Return True if the stanza applies to the device."""
        return fnmatchcase(device, self.name)


class Interfaces(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All interfaces files together: stanzas, the names that are brought up, and the mapped names.

    `is_malformed` is True if ifupdown refuses a line: an option outside of a stanza or without a value, a template.
    """

    stanzas: tuple[Stanza, ...] = ()
    automatic: tuple[str, ...] = ()
    scriptless: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    is_malformed: bool = False

    @cached_property
    def refused(self) -> bool:
        """Return True if ifupdown refuses the files as a whole.

        Source:
            ifupdown 0.8.41: `unknown iface to inherit from`, also for a stanza that comes later; `unknown or no address
            type and no inherits keyword specified`; `unknown or no method`; `misplaced option`; `option with empty
            value`; `missing required variable: address`, which refuses only the interface.
        """
        families: dict[str, set[str]] = {}
        for stanza in self.stanzas:
            own = {word for word in stanza.words[1:2] if word != "inherits"}
            inherited = [families.get(parent, set()) for parent in stanza.parents]
            if len(stanza.words) < 3 or not all(family & own if own else family for family in inherited):
                return True
            method = {word for word in stanza.words[2:3] if own and word != "inherits"}
            if stanza.lacks_address or not method <= _METHODS.get(stanza.words[1], frozenset()):
                return True
            families.setdefault(stanza.words[0], set()).update(own, *inherited)
        return self.is_malformed

    def brought_up(self, device: str, *, dependents: bool) -> State:
        """Return whether a device is brought up at boot; UNKNOWN when no line does it.

        Args:
            device: The device.
            dependents: True if ports are brought up with their bridge or bond, as by ifupdown2.
        """
        if any(fnmatchcase(device, pattern) for pattern in self.automatic):
            return State.ON
        masters = [
            stanza.name
            for stanza in self.stanzas
            for option, value in stanza.options
            if option in _PORTS and device in value.split()
        ]
        started = dependents and any(fnmatchcase(name, pattern) for name in masters for pattern in self.automatic)
        return State.ON if started else State.UNKNOWN


def read_interfaces(evidence: Evidence) -> Interfaces:
    """Read the main file and the files that it includes."""
    read = _Reading()
    _read(MAIN, evidence, read, set())
    logical = [name.partition("=") for name in read.names["auto"]]
    return Interfaces(
        stanzas=tuple(_mapped(stanza, logical) for stanza in read.stanzas),
        automatic=tuple(physical for physical, _, _ in logical),
        scriptless=tuple(read.names["no-scripts"]),
        mapped=tuple(read.names["mapping"]),
        is_malformed=read.is_malformed,
    )


def _read(path: str, evidence: Evidence, read: "_Reading", seen: set[str]) -> None:
    if path in seen or path not in evidence.files:
        return
    seen.add(path)
    read.is_open = False
    for words in _lines(evidence.files[path]):
        if words[0] in {"source", "source-directory"}:
            for included in _included(evidence, PurePosixPath(path).parent, words):
                _read(included, evidence, read, seen)
            read.is_open = False
        else:
            read.line(path, words)


class _Reading:
    """The lines read so far: stanzas, and the names after other keywords."""

    def __init__(self) -> None:
        self.stanzas: list[Stanza] = []
        self.names: dict[str, list[str]] = {"auto": [], "no-scripts": [], "mapping": []}
        self.is_open = False
        self.maps = False
        self.is_malformed = False

    def line(self, path: str, words: list[str]) -> None:
        """Add one line of a file."""
        match words:
            case ["iface", name, *rest]:
                self.stanzas.append(Stanza(path=path, words=(name, *rest), options=()))
                self.is_open = True
            case ["auto" | "allow-auto" | "allow-hotplug", *names]:
                # A pattern begins with a slash.
                self._name("auto", [name for name in names if name.startswith("/") or not PATTERN.search(name)])
            case ["no-scripts" | "mapping" as keyword, *names]:
                self._name(keyword, names)
            case [word, *_] if re.fullmatch(r"(allow|no)-\S+|template|vlan|rename", word):
                self.is_open = self.maps = False
                self.is_malformed |= word == "template"
            case [option, *rest] if self.is_open and rest:
                last = self.stanzas[-1]
                options = (*last.options, (option, " ".join(rest)))
                self.stanzas[-1] = msgspec.structs.replace(last, options=options)
            case [option, *_]:
                self.is_malformed |= not (self.maps and option in {"script", "map"})

    def _name(self, keyword: str, names: list[str]) -> None:
        self.names[keyword] += [name.removeprefix("/") for name in names]
        self.is_open = False
        self.maps = keyword == "mapping"


def _mapped(stanza: Stanza, logical: list[tuple[str, str, str]]) -> Stanza:
    """Rename a stanza to the device that `auto DEVICE=NAME` assigns to it."""
    for physical, _, name in logical:
        if name and name == stanza.name:
            return msgspec.structs.replace(stanza, words=(physical, *stanza.words[1:]))
    return stanza


def _lines(text: str) -> Iterator[list[str]]:
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", kept).splitlines():
        words = line.split()
        if words:
            # Blanks inside a command are part of it.
            yield [words[0], *(line.split(None, 1)[1:] if words[0] in UP else words[1:])]


def _included(evidence: Evidence, folder: PurePosixPath, words: list[str]) -> list[str]:
    how, *patterns = words
    found = []
    for word in patterns:
        pattern = str(folder / word)
        if how == "source-directory":
            names = (path for path in evidence.files if PurePosixPath(path).match(f"{pattern}/*"))
            found += [path for path in names if _RUN_PARTS.fullmatch(PurePosixPath(path).name)]
        else:
            found += [path for path in evidence.files if PurePosixPath(path).match(pattern)]
    return sorted(found)
