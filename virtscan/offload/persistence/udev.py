"""Settings in udev rules that run ethtool."""

import re
import shlex
from collections.abc import Iterator, Sequence

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import (
    FEATURES,
    Evidence,
    SavedSetting,
    fits,
    fits_own_name,
    is_renamed,
    uncertain,
)
from virtscan.offload.persistence.files import SYSTEM_BASES
from virtscan.offload.persistence.outcomes import all_of, any_of
from virtscan.offload.persistence.shell import Scene, may_concern, merged, run_words

_PART = re.compile(r"([A-Z_]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*([ei]{0,2})\"((?:\\.|[^\"\\])*)\"")
_EVENT_TIMEOUT = 180
# Programs that run during rule processing; if one fails, the rest of its rule is skipped.
_AT_ONCE = {"PROGRAM", "IMPORT"}
_RUN_TYPES = {"", "program", "builtin"}
_ASSIGNS = {"=", "+=", ":="}
_CONDITIONS = frozenset(
    {"ACTION", "DEVPATH", "KERNEL", "SUBSYSTEM", "DRIVER", "TAGS", "KERNELS", "SUBSYSTEMS", "DRIVERS", "ATTRS"}
    | {"CONST", "TEST", "RESULT"}
)
_KEYS = _CONDITIONS | frozenset(
    {"NAME", "SYMLINK", "ATTR", "SYSCTL", "ENV", "TAG", "OWNER", "GROUP", "MODE", "SECLABEL", "RUN", "LABEL", "GOTO"}
    | {"PROGRAM", "IMPORT", "OPTIONS"}
)
Part = tuple[str, str, str, str]


class _DeviceAtBoot(msgspec.Struct, frozen=True, kw_only=True):
    """The device in question, with the MAC that it has at boot."""

    device: str
    macs: tuple[str, ...]
    is_nic: bool


class _Programs(msgspec.Struct):
    """The RUN list that udev executes for a device: the states that its programs give, by file.

    `renames` is the file that renames the device. `final` is True if later rules can't change the list, None if that is
    unknown. `ended` is True if an earlier rule may have ended the processing.
    """

    states: dict[str, dict[str, State]]
    renames: str | None = None
    final: bool | None = False
    ended: bool = False

    def empty(self, *, certain: bool) -> None:
        """Remove all programs, or mark them as doubtful."""
        self.states = {} if certain else {path: uncertain(states) for path, states in self.states.items()}


def udev_rules(evidence: Evidence, device: str, macs: tuple[str, ...], *, is_nic: bool) -> Iterator[SavedSetting]:
    """Yield the settings in rules that may run for this device, or run ethtool for it.

    The name that `%k` or `$name` stands for differs for each device, so such a command gives UNKNOWN.

    Source:
        udev(7): of files with the same name one counts; the RUN list is executed after all rules, and `=` clears the
        list first; a program without a path is searched in /usr/lib/udev. The kernel sends `move` for a renamed
        device. Programs that run longer than an event's timeout are killed, with all that they have forked. The
        option `last_rule` (in udev 147) ends the processing.
    """
    run = _Programs(states={})
    target = _DeviceAtBoot(device=device, macs=macs, is_nic=is_nic)
    for path, text in evidence.layered("udev/rules.d/*.rules", *SYSTEM_BASES):
        scene = msgspec.structs.replace(Scene.of(evidence, device), limit=_EVENT_TIMEOUT, ends_children=True)
        _read(text, scene, target, str(path), run)
    if run.renames is not None:
        yield SavedSetting(place=SettingPlace(files=(run.renames,), key="NAME"), states=uncertain(FEATURES))
    for file, states in run.states.items():
        if states:
            yield SavedSetting(place=SettingPlace(files=(file,)), states=states)


def _read(text: str, scene: Scene, target: _DeviceAtBoot, path: str, run: _Programs) -> None:
    skipping: dict[str, bool] = {}
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n", "", kept).splitlines()
    for number, line in enumerate(lines, 1):
        # A value after an `i` ignores case.
        parts: list[Part] = [
            (f"{key} i" if "i" in prefix else key, name, sign, value)
            for key, name, sign, prefix, value in _PART.findall(line)
        ]
        for label in [value for key, _, _, value in parts if key == "LABEL"]:
            skipping.pop(label, None)
        if True in skipping.values():
            continue
        fits = _rule_fits(parts, target)
        if fits is False:
            continue
        if not _is_valid(line, parts):
            fits = None
        for label in [value for key, _, _, value in parts if key == "GOTO"]:
            if any(_leads_to(label, later) for later in lines[number:]):  # else udev ignores it
                skipping[label] = fits is True
        own = fits is True or ("ATTR", "address") in [(key, name) for key, name, sign, _ in parts if sign == "=="]
        for name in [value for key, _, sign, value in parts if key == "NAME" and sign in {"=", ":="} and own]:
            run.renames = path if name != scene.device and not re.search(r"[%$]", name) else None
        for part in parts:
            _add(part, scene, path, run, certain=fits is True and not skipping and not run.ended)
        run.ended |= any(key == "OPTIONS" and "last_rule" in value for key, _, _, value in parts)


def _leads_to(target: str, line: str) -> bool:
    return ("LABEL", target) in [(key, value) for key, _, _, _, value in _PART.findall(line)]


def _is_valid(line: str, parts: Sequence[Part]) -> bool:
    """Return False for a line that udev ignores completely: an unquoted word, or an invalid key or operator."""
    keys = {key.removesuffix(" i") for key, _, _, _ in parts}
    runs = [(name, sign) for key, name, sign, _ in parts if key == "RUN"]
    understood = all(name in _RUN_TYPES and sign in _ASSIGNS for name, sign in runs)
    compares = all(sign in {"==", "!="} for key, _, sign, _ in parts if key in _CONDITIONS)
    return keys <= _KEYS and understood and compares and not _PART.sub("", line).strip(", \t")


def _add(part: Part, scene: Scene, path: str, run: _Programs, *, certain: bool) -> None:
    key, name, sign, value = part
    if key not in {"RUN", *_AT_ONCE} or (key == "RUN" and (run.final or sign not in _ASSIGNS)):
        return
    certain = certain and run.final is False
    if key == "RUN" and sign in {"=", ":="}:
        run.empty(certain=certain)
        if sign == ":=":
            run.final = certain or None
    if name == "builtin":  # a builtin of udev; none of them switches offload
        return
    run.states[path] = merged(run.states.get(path, {}), _command(value, scene), certain=certain and key == "RUN")


def _command(value: str, scene: Scene) -> dict[str, State]:
    """Return the states that one command gives; parts that udev replaces are unknown."""
    text = value.replace('\\"', '"')
    try:
        words = shlex.split(text)
    except ValueError:
        return may_concern(text)
    if words and not words[0].startswith(("/", "%", "$")):
        paths = (f"{folder}/{words[0]}" for folder in ("/usr/lib/udev", "/lib/udev"))
        words = [next((path for path in paths if path in scene.scripts), ""), *words[1:]]
        if not words[0]:
            return {}
    inline = any(re.fullmatch(r"-\w*c", word) for word in words)
    if inline:
        script = re.sub(r"%[a-zA-Z](\{[^}]*\})?|%[0-9]", "$unknown", words[-1])
        return run_words([*words[:-1], script], scene)
    return run_words([None if re.search(r"[%$]", word) else word for word in words], scene)


def _rule_fits(parts: Sequence[Part], target: _DeviceAtBoot) -> bool | None:
    """Return whether a rule matches an event of the device: that it was added, or that it was renamed."""
    events = ("add", "move") if is_renamed(target.device, is_nic=target.is_nic) else ("add",)
    return any_of([all_of([_fits(part, target, event) for part in parts]) for event in events])


def _fits(part: Part, target: _DeviceAtBoot, event: str) -> bool | None:
    """Return whether a part of a rule matches an event of the device; True for a part that is not a condition."""
    key, name, sign, value = part
    if key in _AT_ONCE:
        return None
    if sign not in {"==", "!="}:
        return True
    fits = _equals(key, name, value.split("|"), target, event)
    return fits if fits is None or sign == "==" else not fits


def _equals(key: str, name: str, patterns: list[str], target: _DeviceAtBoot, event: str) -> bool | None:
    device = target.device

    def matches(*texts: str) -> bool:
        return any(fits(text, pattern) for text in texts for pattern in patterns)

    match key, name:
        case "ACTION", _:
            return True if matches(event) else (None if matches("move", "change") else False)
        case "SUBSYSTEM", _:
            return matches("net")
        case ("KERNEL", _) | ("ENV", "INTERFACE"):
            own = fits_own_name(patterns, device, is_nic=target.is_nic)
            return matches(device) if event != "add" else {State.ON: True, State.OFF: False}.get(own)
        case "NAME", _:  # set by an earlier rule, for example one of udev's own
            return None
        case ("ATTR", "address") if target.macs:
            return matches(*target.macs)
    return None
