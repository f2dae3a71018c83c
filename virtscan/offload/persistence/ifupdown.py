"""Settings in Debian's interfaces files, read by ifupdown and ifupdown2 (Proxmox)."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.shell import Scene, run_script

_MAIN = "/etc/network/interfaces"
_IFUPDOWN2 = "/etc/network/ifupdown2/*"
_SERVICE = "networking"
_UP = {"pre-up": 0, "up": 1, "post-up": 1}
_PORTS = {"bridge_ports", "bridge-ports", "bond-slaves", "bond_slaves", "slaves"}
_RUN_PARTS = re.compile(r"[A-Za-z0-9_-]+")


class Stanza(msgspec.Struct, frozen=True, kw_only=True):
    """An `iface` stanza: its first line and its options, in their order."""

    path: str
    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Return the name or pattern of the interface."""
        return self.words[0].removeprefix("/")

    def fits(self, device: str) -> bool:
        """Return True if the stanza is one of the device."""
        return fnmatchcase(device, self.name)


class Interfaces(msgspec.Struct, frozen=True, kw_only=True):
    """All interfaces files together: stanzas, the names that are brought up, and the mapped names."""

    stanzas: tuple[Stanza, ...] = ()
    automatic: tuple[str, ...] = ()
    scriptless: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()

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


def ifupdown(evidence: Evidence, device: str) -> Iterator[SavedSetting]:
    """Yield the settings of interfaces files: options of the device's stanzas, and ethtool commands of any stanza.

    Source:
        Debian's ethtool package, if-up.d/ethtool: `offload-NAME VALUE` becomes `ethtool --offload DEVICE NAME VALUE`.
        interfaces(5): `inherits` also takes over the commands; `no-scripts` keeps the scripts of if-up.d from running.
        ifupdown2, addons/ethtool.py: `tx-offload VALUE`.
    """
    interfaces = read_interfaces(evidence)
    found: dict[SettingPlace, dict[str, State]] = {}
    for stanza in interfaces.stanzas:
        states = _states(stanza, interfaces, evidence, device)
        if states:
            place = SettingPlace(files=(stanza.path,), key=f"iface {stanza.words[0]}")
            found[place] = found.get(place, {}) | states
    for place, states in found.items():
        yield SavedSetting(place=place, states=states)


def if_up(evidence: Evidence, device: str) -> tuple[Mapping[str, str | None], State]:
    """Return the variables that if-up.d scripts get for the device, and whether they run for it at boot."""
    interfaces = read_interfaces(evidence)
    own = [stanza for stanza in interfaces.stanzas if stanza.fits(device)]
    variables = _variables(own[0] if own else None, device)
    if any(fnmatchcase(device, pattern) for pattern in interfaces.scriptless):
        return variables, State.OFF
    if not any(evidence.under(_MAIN)):
        return variables, State.ON
    started = interfaces.brought_up(device, dependents=any(evidence.under(_IFUPDOWN2)))
    running = evidence.starts(_SERVICE) is State.ON
    return variables, started if own and running else State.UNKNOWN


def read_interfaces(evidence: Evidence) -> Interfaces:
    """Read the main file and the files that it includes."""
    read = _Reading()
    waiting = [_MAIN]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in seen or path not in evidence.files:
            continue
        seen.add(path)
        read.is_open = False
        for words in _lines(evidence.files[path]):
            if words[0] in {"source", "source-directory"}:
                waiting += _included(evidence, words[0], words[1:])
                read.is_open = False
            else:
                read.line(path, words)
    logical = [name.partition("=") for name in read.names["auto"]]
    return Interfaces(
        stanzas=tuple(_mapped(stanza, logical) for stanza in read.stanzas),
        automatic=tuple(physical for physical, _, _ in logical),
        scriptless=tuple(read.names["no-scripts"]),
        mapped=tuple(read.names["mapping"]),
    )


class _Reading:
    """The lines read so far: stanzas, and the names after other keywords."""

    def __init__(self) -> None:
        self.stanzas: list[Stanza] = []
        self.names: dict[str, list[str]] = {"auto": [], "no-scripts": [], "mapping": []}
        self.is_open = False

    def line(self, path: str, words: list[str]) -> None:
        """Take in one line of a file."""
        match words:
            case ["iface", name, *rest]:
                self.stanzas.append(Stanza(path=path, words=(name, *rest), options=()))
                self.is_open = True
            case ["auto" | "allow-auto" | "allow-hotplug", *names]:
                self._name("auto", names)
            case ["no-scripts" | "mapping" as keyword, *names]:
                self._name(keyword, names)
            case [word, *_] if re.fullmatch(r"(allow|no)-\S+|template|vlan|rename", word):
                self.is_open = False
            case [option, *rest] if self.is_open:
                last = self.stanzas[-1]
                options = (*last.options, (option, " ".join(rest)))
                self.stanzas[-1] = msgspec.structs.replace(last, options=options)

    def _name(self, keyword: str, names: list[str]) -> None:
        self.names[keyword] += [name.removeprefix("/") for name in names]
        self.is_open = False


def _mapped(stanza: Stanza, logical: list[tuple[str, str, str]]) -> Stanza:
    """Name a stanza by the device that `auto DEVICE=NAME` gives it."""
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
            yield [words[0], *(line.split(None, 1)[1:] if words[0] in _UP else words[1:])]


def _included(evidence: Evidence, how: str, patterns: list[str]) -> list[str]:
    found = []
    for word in patterns:
        pattern = str(PurePosixPath("/etc/network", word))
        if how == "source-directory":
            names = (path for path in evidence.files if PurePosixPath(path).match(f"{pattern}/*"))
            found += [path for path in names if _RUN_PARTS.fullmatch(PurePosixPath(path).name)]
        else:
            found += [path for path in evidence.files if PurePosixPath(path).match(pattern)]
    return sorted(found)


def _states(stanza: Stanza, interfaces: Interfaces, evidence: Evidence, device: str) -> dict[str, State]:
    ours = stanza.fits(device)
    scene = Scene.of(evidence, device, variables=_variables(stanza, device))
    states: dict[str, State] = {}
    options = _inherited(stanza, interfaces)
    commands = sorted((_UP[option], place) for place, (option, _) in enumerate(options) if option in _UP)
    for _, place in commands:
        states |= run_script(options[place][1], scene)
    scripted = not any(fnmatchcase(device, pattern) for pattern in interfaces.scriptless)
    for option, value in options if ours else ():
        if option.startswith("offload-") and scripted:
            given = states_of([(option.removeprefix("offload-"), value)])
            states |= given if value in {"on", "off"} else uncertain(given)
        elif option == "tx-offload":
            states |= states_of([("tx", value)])
    device_up = device if ours else stanza.name
    started = interfaces.brought_up(device_up, dependents=any(evidence.under(_IFUPDOWN2)))
    mapped = any(fnmatchcase(device_up, pattern) for pattern in interfaces.mapped)
    certain = started is State.ON and not mapped and evidence.starts(_SERVICE) is State.ON
    return states if certain else uncertain(states)


def _inherited(stanza: Stanza, interfaces: Interfaces) -> tuple[tuple[str, str], ...]:
    """Return the options of a stanza, after those of the stanzas that it inherits."""
    parents = stanza.words[stanza.words.index("inherits") + 1 :] if "inherits" in stanza.words else ()
    inherited = [option for other in interfaces.stanzas if other.words[0] in parents for option in other.options]
    return (*inherited, *stanza.options)


def _variables(stanza: Stanza | None, device: str) -> dict[str, str | None]:
    """Return the variables of a command in a stanza.

    Source:
        interfaces(5): IFACE, ADDRFAM, METHOD, MODE and PHASE.
    """
    words = () if stanza is None else stanza.words
    name = device if stanza is None or stanza.fits(device) else stanza.name
    known = None if re.search(r"[*?\[]", name) else name
    return {
        "IFACE": known,
        "LOGICAL": known,
        "ADDRFAM": words[1] if len(words) > 1 else None,
        "METHOD": words[2] if len(words) > 2 else None,
        "MODE": "start",
        "PHASE": None,
    }
