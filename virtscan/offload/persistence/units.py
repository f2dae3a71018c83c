"""Settings in systemd's services that start at boot."""

import re
import shlex
from collections.abc import Iterator, Sequence

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, ini, uncertain
from virtscan.offload.persistence.shell import Scene, may_concern, merged, run_words

_BASES = ("lib", "usr/lib", "usr/local/lib", "run", "etc")
_BOOT = frozenset(
    {"default", "multi-user", "basic", "sysinit", "network", "network-online", "network-pre", "local-fs", "remote-fs"}
    | {"sockets", "timers", "paths", "getty", "machines", "cloud-init", "cloud-config", "nss-lookup", "time-sync"}
)
_OTHER_TIMES = frozenset(
    {"rescue", "emergency", "sleep", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "shutdown"}
    | {"reboot", "poweroff", "halt", "final", "umount", "exit", "kexec", "ctrl-alt-del"}
)
_WANTS = re.compile(r"^(Wants|Requires|Requisite|BindsTo|Upholds|OnSuccess|OnFailure|Unit)$")
_EXEC = ("ExecStartPre", "ExecStart", "ExecStartPost")


def units(evidence: Evidence, device: str) -> Iterator[SavedSetting]:
    """Yield the settings in services; one that is not enabled has no effect.

    Source:
        systemd.unit(5): the folders in their order, drop-ins, `.wants` and `.requires`, instances of templates.
    """
    for name, (path, text) in sorted(_services(evidence).items()):
        drop_ins = "\n".join(
            extra for base in _BASES for _, extra in evidence.under(f"/{base}/systemd/system/{name}.d/*.conf")
        )
        for instance in _instances(name, evidence):
            started = _started(name, instance, evidence, device, depth=0)
            if started is State.OFF:
                continue
            entries = tuple(ini(f"{text}\n{drop_ins}"))
            states = _states(entries, instance, Scene(device=device, scripts=evidence.files))
            certain = started is State.ON and _unconditional(entries, device)
            if states:
                yield SavedSetting(place=SettingPlace(files=(path,)), states=states if certain else uncertain(states))


def _services(evidence: Evidence) -> dict[str, tuple[str, str]]:
    """Return the file that counts, by the name of the service."""
    files: dict[str, tuple[str, str]] = {}
    for base in _BASES:
        for path, text in evidence.under(f"/{base}/systemd/system/*.service"):
            files[path.name] = str(path), text
    return files


def _instances(name: str, evidence: Evidence) -> Sequence[str | None]:
    """Return the instances of a template that an enabled unit starts; a plain service has one, without a name."""
    if "@." not in name:
        return [""]
    prefix, suffix = name.split("@", 1)
    found = {
        unit[len(prefix) + 1 : -len(suffix)]
        for unit in (entry.rpartition("/")[2] for entry in evidence.wanted)
        if unit.startswith(f"{prefix}@") and unit.endswith(suffix)
    }
    return [*sorted(found - {""}), None]


def _started(name: str, instance: str | None, evidence: Evidence, device: str, *, depth: int) -> State:
    """Return whether a unit starts at boot; UNKNOWN when another unit may start it."""
    unit = name.replace("@.", f"@{instance}.") if instance else name
    names = {unit, *(alias for alias, target in evidence.aliases.items() if target in {unit, name})}
    owners = [entry.rpartition("/")[0] for entry in evidence.wanted if entry.rpartition("/")[2] in names]
    results = [_owner_starts(re.sub(r"\.(wants|requires)$", "", owner), evidence, device, depth) for owner in owners]
    if State.ON in results and instance is not None:
        return State.ON
    if State.UNKNOWN in results or _mentioned(names, name, evidence):
        return State.UNKNOWN
    return State.OFF


def _owner_starts(owner: str, evidence: Evidence, device: str, depth: int) -> State:
    stem, _, kind = owner.rpartition(".")
    if kind == "target" and stem in _BOOT:
        return State.ON
    if kind == "target" and (stem in _OTHER_TIMES or stem.startswith("initrd")):
        return State.OFF
    if kind == "device":
        escaped = device.replace("-", "\\x2d")
        return State.ON if stem == f"sys-subsystem-net-devices-{escaped}" else State.UNKNOWN
    if kind == "service" and depth < 5 and _started(owner, "", evidence, device, depth=depth + 1) is State.ON:
        return State.ON
    return State.UNKNOWN


def _mentioned(names: set[str], name: str, evidence: Evidence) -> bool:
    """Return True if a timer, another unit or a udev rule may start the unit."""
    stems = {re.sub(r"@?\.service$", "", each) for each in names}
    timers = {entry.rpartition("/")[2] for entry in evidence.wanted}
    if timers & {f"{stem}{kind}" for stem in stems for kind in (".timer", ".path", ".socket")}:
        return True
    for path, text in evidence.files.items():
        if "/systemd/system/" in path and not path.endswith(f"/{name}"):
            wanted = [value for _, key, value in ini(text) if _WANTS.fullmatch(key)]
        elif "/udev/rules.d/" in path:
            wanted = [line for line in text.splitlines() if "SYSTEMD_WANTS" in line]
        else:
            continue
        if any(re.search(rf"(?<![\w-]){re.escape(stem)}(@\S*)?\.service", line) for stem in stems for line in wanted):
            return True
    return False


def _unconditional(entries: Sequence[tuple[str, str, str]], device: str) -> bool:
    """Return True if nothing in the unit keeps it from running as root."""
    for _, key, value in entries:
        if re.match(r"(Condition|Assert)", key) and value:
            path = value.lstrip("|")
            if path.rstrip("/") != f"/sys/class/net/{device}" and not path.endswith("/ethtool"):
                return False
        confining = key in {"User", "DynamicUser", "RootDirectory", "PrivateNetwork", "NetworkNamespacePath"}
        if confining and value not in {"", "root", "0", "no", "false"}:
            return False
    return True


def _states(entries: Sequence[tuple[str, str, str]], instance: str | None, scene: Scene) -> dict[str, State]:
    states: dict[str, State] = {}
    variables = _environment(entries)
    inner = Scene(device=scene.device, scripts=scene.scripts, variables=variables)
    for key in _EXEC:
        commands: list[str] = []
        for section, name, value in entries:
            if section == "Service" and name == key:
                commands = [*commands, value] if value else []
        for command in commands:
            states = merged(states, _command(command, instance, inner), certain=True)
    return states


def _environment(entries: Sequence[tuple[str, str, str]]) -> dict[str, str | None]:
    variables: dict[str, str | None] = {}
    for _, key, value in entries:
        if key == "Environment":
            try:
                variables |= {name: text for name, _, text in (word.partition("=") for word in shlex.split(value))}
            except ValueError:
                continue
    return variables


def _command(line: str, instance: str | None, scene: Scene) -> dict[str, State]:
    """Return the states that one Exec line gives.

    Source:
        systemd.service(5), COMMAND LINES: specifiers, `$$`, `${NAME}`; a `;` of its own separates commands.
    """
    text = re.sub(r"^[-@:+!|]+", "", line)
    named = re.search(r"(?<!%)%[^%iI]", text) or (instance is None and re.search(r"(?<!%)%[iI]", text))
    if named:
        return may_concern(text)
    text = re.sub(r"%[iI]", instance or "", text).replace("%%", "%")
    try:
        words = shlex.split(text)
    except ValueError:
        return may_concern(text)
    states: dict[str, State] = {}
    command: list[str] = []
    for word in [*words, ";"]:
        if word != ";":
            command.append(word)
            continue
        states = merged(states, run_words([_replaced(each, scene) for each in command], scene), certain=True)
        command = []
    return states


def _replaced(word: str, scene: Scene) -> str | None:
    """Return a word with systemd's variables replaced; None if one is unknown."""
    text = re.sub(r"\$\{(\w+)\}|(?<!\$)\$(\w+)", lambda found: _value(found, scene), word)
    return None if "\0" in text else text.replace("$$", "$")


def _value(found: re.Match[str], scene: Scene) -> str:
    value = scene.variables.get(found[1] or found[2])
    # Unknown to systemd, it may still be a variable of the shell that gets the text.
    return found[0] if value is None else value
