"""Settings in Debian's interfaces files, read by ifupdown and ifupdown2 (Proxmox)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.files import ini
from virtscan.offload.persistence.ifupdown.files import MAIN, PATTERN, UP, Interfaces, Stanza, read_interfaces
from virtscan.offload.persistence.shell import Scene, assigned, merged, run_line

_IFUPDOWN2 = "/etc/network/ifupdown2/*"
_MODULES = (
    "address|addressvirtual|batman_adv|bond|bridge|bridgevlan|dhcp|ethtool|ifenslave|link|mstpctl|openvswitch"
    "|openvswitch_port|ppp|tunnel|usercmds|vlan|vrf|vrrpd|vxlan|xfrm"
)
_RUN_PARTS = re.compile(r"[A-Za-z0-9_-]+")
_OF_BOTH = re.compile(rf"(?!({_MODULES})$)[A-Za-z0-9_-]+")
_OF_ONE = re.compile(rf"{_MODULES}|.*[^A-Za-z0-9_-].*", re.DOTALL)
_NONE = re.compile("(?!)")
_SCRIPT = "/etc/network/if-up.d/ethtool"
"""The script of Debian's ethtool package that applies `offload-` options."""
_ROUTE = re.compile(r"\bip\s+(?:-\S+\s+)*r(?:o|oute)?\s+a(?:dd)?\s+(\S+)(?!.*\s(?:metric|priority|table)\s)")
_LINK = re.compile(
    r"\bip\s+(?:-\S+\s+)*l(?:i|ink?)?\s+a(?:dd?)?\s+(?:link\s+\S+\s+)?(?:name\s+|dev\s+)?(\S+)|\bbrctl\s+addbr\s+(\S+)"
)
_MADE_BY_MODULES = {"bond0", "dummy0"}
_MODULES_MAKE_NONE = 235
"""systemd's version from which its file in modprobe.d prevents that."""
_SERVICE, _DEFAULTS = "networking", "/etc/default/networking"
_TIMEOUT = 300
"""Seconds after which systemd ends networking.service and ifup@.service, and what they have started."""


def ifupdown(evidence: Evidence, device: str) -> Iterator[SavedSetting]:
    """Yield the settings of interfaces files: options of the device's stanzas, and ethtool commands of any stanza.

    Source:
        Debian's ethtool package, if-up.d/ethtool: `offload-NAME VALUE` becomes `ethtool --offload DEVICE NAME VALUE`.
        interfaces(5): `inherits` includes the commands; `no-scripts` disables the scripts of if-up.d; after a command
        that fails, ifup skips the remaining commands, scripts and stanzas of the interface.
        ifupdown2, addons/ethtool.py: `tx-offload VALUE`; addons/usercmds.py: a command that fails is logged.
    """
    interfaces = read_interfaces(evidence)
    found: dict[SettingPlace, dict[str, State]] = {}
    reached: dict[str, bool | None] = {}
    for stanza in interfaces.stanzas:
        before = reached.get(stanza.name, True)
        if before is False:
            continue
        states, reached[stanza.name] = _states(stanza, interfaces, evidence, device, certain=before is True)
        if states:
            place = SettingPlace(files=(stanza.path,), key=f"iface {stanza.words[0]}")
            found[place] = found.get(place, {}) | states
    for place, states in found.items():
        yield SavedSetting(place=place, states=states)


def if_up(evidence: Evidence, device: str) -> tuple[Mapping[str, str | None], State]:
    """Return the environment of if-up.d scripts for the device, and whether they run for it at boot."""
    interfaces = read_interfaces(evidence)
    own = [stanza for stanza in interfaces.stanzas if stanza.fits(device)]
    variables = _variables(own[0] if own else None, device)
    if any(fnmatchcase(device, pattern) for pattern in interfaces.scriptless):
        return variables, State.OFF
    if not any(evidence.matching(MAIN)):  # another program may run them
        return variables, State.UNKNOWN if evidence.wanted else State.ON
    goes_on = any(evidence.matching(_IFUPDOWN2))
    started = interfaces.brought_up(device, dependents=goes_on)
    scene = _scene(evidence, device, variables)
    reached = own and all(_commands(_inherited(one, interfaces), scene, goes_on)[1] is True for one in own)
    valid = goes_on or not (interfaces.refused or any(PATTERN.search(one.name) for one in own))
    return variables, started if reached and valid and _runs(evidence, device) else State.UNKNOWN


def if_up_names(evidence: Evidence) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """Return the names of if-up.d scripts that run, and of those that may run; None instead of an empty set.

    Source:
        Debian's ifupdown: run-parts. ifupdown2 3.0.0, ifupdownmain.py, load_scripts: scripts of any name run, except
        those with the name of a module, and only with addon_scripts_support=1 (default 0). configparser refuses a
        repeated key. The files of ifupdown2 remain if it is removed.
    """
    texts = [text for _, text in evidence.matching(_IFUPDOWN2)]
    if not texts:
        return _RUN_PARTS, None
    values = [value for _, key, value in ini(*texts) if key == "addon_scripts_support"]
    return (_OF_BOTH, _OF_ONE) if values == ["1"] else (_NONE, re.compile(".*", re.DOTALL))


def _states(
    stanza: Stanza, interfaces: Interfaces, evidence: Evidence, device: str, *, certain: bool
) -> tuple[dict[str, State], bool | None]:
    """Return the states that a stanza gives to the device, and whether its commands succeed, None if unknown."""
    ours = stanza.fits(device)
    goes_on = any(evidence.matching(_IFUPDOWN2))
    options = _inherited(stanza, interfaces)
    states, succeed = _commands(options, _scene(evidence, device, _variables(stanza, device)), goes_on)
    scripted = not any(fnmatchcase(device, pattern) for pattern in interfaces.scriptless)
    scripted = scripted and not (_SCRIPT in evidence.files and evidence.executes(_SCRIPT) is State.OFF)
    for option, value in options if ours and succeed is not False else ():
        given, is_read = {}, False
        if option.startswith("offload-") and scripted:
            given = states_of([(option.removeprefix("offload-"), value)])
            is_read = not goes_on  # a module of ifupdown2 takes the place of the script
        elif option.startswith("ethtool-offload-"):  # of ifupdown-ng
            given = states_of([(option.removeprefix("ethtool-offload-"), value)])
        elif option == "tx-offload":  # ifupdown ignores it
            given = states_of([("tx", value)])
            is_read = goes_on or not evidence.wanted
        # ifupdown passes on all values of a repeated option, and ethtool takes on and off alone.
        is_read = is_read and [name for name, _ in options].count(option) == 1 and value in {"on", "off"}
        states = merged(states, given if is_read else uncertain(given), certain=succeed is True)
    device_up = device if ours else stanza.name
    started = interfaces.brought_up(device_up, dependents=goes_on)
    mapped = any(fnmatchcase(device_up, pattern) for pattern in interfaces.mapped)
    certain = certain and started is State.ON and not mapped and _runs(evidence, device_up)
    certain = certain and not PATTERN.search(stanza.name) and (goes_on or not interfaces.refused)
    return states if certain else uncertain(states), succeed


def _scene(evidence: Evidence, device: str, variables: Mapping[str, str | None]) -> Scene:
    name = variables["IFACE"]
    by_module = name in _MADE_BY_MODULES and (evidence.udev or 0) < _MODULES_MAKE_NONE
    made = frozenset({name} if name and not by_module else ())
    return msgspec.structs.replace(Scene.of(evidence, device, variables=variables), limit=_TIMEOUT, made=made)


def _runs(evidence: Evidence, device: str) -> bool:
    """Return True if the service starts at boot and its settings exclude no device of this name.

    Source:
        ifupdown 0.8.41, as tried: EXCLUDE_INTERFACES has patterns between blanks.
    """
    values = assigned(evidence.files.get(_DEFAULTS, ""), Scene(device=device)) or {}
    excluded = values.get("EXCLUDE_INTERFACES", "")
    return (
        evidence.starts(_SERVICE) is State.ON
        and _DEFAULTS not in evidence.not_in_report
        and values.get("CONFIGURE_INTERFACES", "yes") == "yes"
        and excluded is not None
        and not any(fnmatchcase(device, pattern) for pattern in excluded.split())
    )


def _commands(options: Sequence[tuple[str, str]], scene: Scene, goes_on: bool) -> tuple[dict[str, State], bool | None]:
    """Return the states that the commands of a stanza give, and whether all of them succeed.

    Args:
        options: The options of the stanza.
        scene: The environment of its commands.
        goes_on: True if the other commands run even after one failed.

    Source:
        ip-route(8), ip-link(8): `add` fails for a route or device that exists; the option `gateway` makes the default
        route.
    """
    states: dict[str, State] = {}
    made = {"default"} if "gateway" in dict(options) else set()
    succeed: bool | None = True
    for _, place in sorted((UP[option], place) for place, (option, _) in enumerate(options) if option in UP):
        given, succeeds = run_line(options[place][1], scene)
        states = merged(states, given, certain=succeed is True)
        if goes_on:
            continue
        if succeeds is False:
            return states, False
        added = _added(options[place][1], scene)
        succeed = None if added & made else succeed and succeeds
        made |= added
    return states, succeed


def _added(command: str, scene: Scene) -> set[str]:
    """Return the routes and devices that a command makes."""
    text = re.sub(r"\$(IFACE\b|\{IFACE\})", scene.variables.get("IFACE") or "", command)
    return {*_ROUTE.findall(text), *("".join(found) for found in _LINK.findall(text))}


def _inherited(stanza: Stanza, interfaces: Interfaces) -> tuple[tuple[str, str], ...]:
    """Return the options of a stanza, after those of the stanzas that it inherits."""
    earlier = takewhile(lambda other: other is not stanza, interfaces.stanzas)
    parents = [other for other in earlier if other.words[0] in stanza.parents]
    inherited = [option for other in parents for option in _inherited(other, interfaces)]
    return (*inherited, *stanza.options)


def _variables(stanza: Stanza | None, device: str) -> dict[str, str | None]:
    """Return the variables of a command in a stanza.

    Source:
        interfaces(5): IFACE, ADDRFAM, METHOD, MODE and PHASE.
    """
    words = () if stanza is None else stanza.words
    name = device if stanza is None or stanza.fits(device) else stanza.name
    known = None if PATTERN.search(name) else name
    return {
        "IFACE": known,
        "LOGICAL": known,
        "ADDRFAM": words[1] if len(words) > 1 else None,
        "METHOD": words[2] if len(words) > 2 else None,
        "MODE": "start",
        "PHASE": None,
    }
