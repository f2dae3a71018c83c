"""Settings in udev rules that run ethtool."""

import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting
from virtscan.offload.persistence.shell import Scene, may_concern, merged, run_words

_BASES = ("lib", "usr/lib", "usr/local/lib", "run", "etc")
_PART = re.compile(r"([A-Z_]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*[ei]?\"((?:\\.|[^\"\\])*)\"")
_KERNELS_OWN = re.compile(r"eth\d+")
Part = tuple[str, str, str, str]


def udev_rules(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the settings in rules that may run for this device, or run ethtool for it.

    The name behind `%k` or `$name` is another one for each device, so such a command gives UNKNOWN.

    Source:
        udev(7): files of the same name replace each other; RUN is executed when all rules are done.
    """
    files = {}
    for base in _BASES:
        for path, text in evidence.under(f"/{base}/udev/rules.d/*.rules"):
            files[path.name] = path, text
    for _, (path, text) in sorted(files.items()):
        states = _states(text, Scene(device=device, scripts=evidence.files), macs)
        if states:
            yield SavedSetting(place=SettingPlace(files=(str(path),)), states=states)


def _states(text: str, scene: Scene, macs: tuple[str, ...]) -> dict[str, State]:
    states: dict[str, State] = {}
    skipping: dict[str, bool] = {}
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", "", kept).splitlines():
        parts: list[Part] = [(key, name, sign, value) for key, name, sign, value in _PART.findall(line)]
        for label in [value for key, _, _, value in parts if key == "LABEL"]:
            skipping.pop(label, None)
        if True in skipping.values():
            continue
        fits = _all(_fits(part, scene.device, macs) for part in parts)
        if fits is False:
            continue
        for target in [value for key, _, _, value in parts if key == "GOTO"]:
            skipping[target] = fits is True
        for key, _, sign, value in parts:
            if key in {"RUN", "PROGRAM"} and sign != "-=":
                certain = fits is True and key == "RUN" and not skipping
                states = merged(states, _command(value, scene), certain=certain)
    return states


def _command(value: str, scene: Scene) -> dict[str, State]:
    """Return the states that one command gives; parts that udev replaces are unknown."""
    text = value.replace('\\"', '"')
    try:
        words = shlex.split(text)
    except ValueError:
        return may_concern(text)
    inline = any(re.fullmatch(r"-\w*c", word) for word in words)
    if inline:
        script = re.sub(r"%[a-zA-Z](\{[^}]*\})?|%[0-9]", "$unknown", words[-1])
        return run_words([*words[:-1], script], scene)
    return run_words([None if re.search(r"[%$]", word) else word for word in words], scene)


def _all(results: Iterator[bool | None]) -> bool | None:
    found: Sequence[bool | None] = list(results)
    if False in found:
        return False
    return None if None in found else True


def _fits(part: Part, device: str, macs: tuple[str, ...]) -> bool | None:
    """Return whether a part of a rule fits when the device is added; True for a part that is not a condition."""
    key, name, sign, value = part
    if sign not in {"==", "!="}:
        return True
    fits = _equals(key, name, value.split("|"), device, macs)
    return fits if fits is None or sign == "==" else not fits


def _equals(key: str, name: str, patterns: list[str], device: str, macs: tuple[str, ...]) -> bool | None:
    def matches(*texts: str) -> bool:
        return any(fnmatchcase(text, pattern) for text in texts for pattern in patterns)

    match key, name:
        case "ACTION", _:
            return True if matches("add") else (None if matches("move", "change") else False)
        case "SUBSYSTEM", _:
            return matches("net")
        case ("KERNEL", _) | ("ENV", "INTERFACE"):
            return matches(device) or (False if _KERNELS_OWN.fullmatch(device) else None)
        case "NAME", _:
            return matches(device)
        case ("ATTR", "address") if macs:
            return matches(*macs, *(mac.upper() for mac in macs))
    return None
