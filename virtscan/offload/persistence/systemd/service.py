"""Effects of a service's commands: its ExecStart and the lines around it."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.evidence import uncertain
from virtscan.offload.persistence.shell import Scene, may_concern, merged, run_command
from virtscan.offload.persistence.systemd.instances import with_instance

Entries = Sequence[tuple[str, str, str]]
_YES = {"1", "yes", "y", "true", "t", "on"}
_PREFIXES = "-@:+!|"
_CONFINING = frozenset(
    {"User", "DynamicUser", "RootDirectory", "RootImage", "PrivateNetwork", "NetworkNamespacePath", "PrivateUsers"}
    | {"CapabilityBoundingSet", "RestrictAddressFamilies", "SystemCallFilter", "InaccessiblePaths", "NoExecPaths"}
    | {"TemporaryFileSystem", "JoinsNamespaceOf", "IPCNamespacePath", "SecureBits", "ExecSearchPath"}
    # The job may be cancelled before the service starts.
    | {"JobTimeoutSec", "JobRunningTimeoutSec"}
    # If the folder, file, group or profile is missing, the service fails.
    | {"WorkingDirectory", "EnvironmentFile", "Group", "SupplementaryGroups", "LoadCredential", "ReadWritePaths"}
    | {"ReadOnlyPaths", "BindPaths", "BindReadOnlyPaths", "ExecPaths", "AppArmorProfile", "SELinuxContext", "PAMName"}
    | {"StandardInput", "StandardOutput", "StandardError", "MountImages", "ExtensionImages", "ExtensionDirectories"}
    | {"LoadCredentialEncrypted", "RequiresMountsFor", "Sockets"}
)
_ROOTS = {"WorkingDirectory", "RootDirectory"}
_COMMANDS = {"ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"}
_HARMLESS = re.compile(r"-.*|root|0|no|false|infinity|null|tty|inherit|(journal|kmsg|syslog)(\+console)?|")
_DEPENDENCIES = dict.fromkeys(("Requires", "Requisite", "BindsTo"), State.ON) | {"Conflicts": State.OFF}
"""Dependencies on another unit, with the state of that unit in which this one can start."""
_UNKNOWN_SPECIFIER = re.compile(r"(?<!%)(%%)*%[0-9OQRXZDFKcekqrxz]")
"""A specifier that no version of systemd has."""
_START_TIMEOUT = 90.0
_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("ms", "msec"), 0.001),
}
_STARTING = {"Requires", "BindsTo"}
"""Dependencies that also start the other unit, unless it is a target that refuses a manual start."""
_OTHER_VARIABLES = ("EnvironmentFile", "PassEnvironment", "UnsetEnvironment")
_ABSOLUTE_UNTIL = 239
"""systemd's version from which a command needs no path; before, such a line is ignored as an error."""


class _ExecCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One command: its words, None if they are not understood; `failure_counts` is False after a `-`."""

    text: str
    words: tuple[str | None, ...] | None
    failure_counts: bool


class _Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A service's environment; `is_open` is True if it has further variables with unknown values."""

    variables: Mapping[str, str]
    is_open: bool

    def value(self, name: str) -> str | None:
        """Return the value; None if it is unknown. A variable that is not set is empty."""
        return None if self.is_open else self.variables.get(name, "")


def effects(entries: Entries, instance: str | None, scene: Scene, *, version: int | None) -> dict[str, State]:
    """Return the states that a service gives to the device when it is started.

    Args:
        entries: Section, key and value of each line of the unit and its drop-ins.
        instance: The instance of a template; None if it is unknown.
        scene: The device in question, and the scripts that may be called.
        version: systemd's version, if known.

    Source:
        systemd.service(5): only Type=oneshot allows several commands; ExecStop= runs as soon as the service has exited,
        unless RemainAfterExit=yes; ExecStopPost= also runs after a command has failed. TimeoutStartSec= limits the
        commands that the start waits for, RuntimeMaxSec= the main one of other types. Processes that ExecStartPre= has
        forked are killed before the next command. systemd.kill(5): so are those of a service that has ended.
    """
    environment = _environment(entries, instance)
    variables = {name: environment.value(name) for name in environment.variables}
    scene = msgspec.structs.replace(scene, variables={**scene.variables, **variables})

    limit = _limit(entries)
    remains = _last(entries, "RemainAfterExit") in _YES
    oneshot = _last(entries, "Type") == "oneshot"
    forks = _last(entries, "Type") == "forking"

    def commands(*keys: str) -> list[_ExecCommand]:
        lines = [line for key in keys for line in _lines(entries, key)]
        return [command for line in lines for command in _commands(line, instance, environment, version)]

    start = commands("ExecStart")
    if not oneshot:  # a daemon, which is assumed to start
        start = [msgspec.structs.replace(command, failure_counts=False) for command in start]
    before = msgspec.structs.replace(scene, limit=limit, ends_children=True)
    main = msgspec.structs.replace(before, limit=_main_limit(entries, limit), ends_children=not (remains or forks))
    states, succeed = _run(
        [
            *((command, before) for command in (*commands("ExecCondition"), *commands("ExecStartPre"))),
            *((command, main) for command in start),
            *((command, msgspec.structs.replace(main, limit=limit)) for command in commands("ExecStartPost")),
        ]
    )
    if (len(start) > 1 and not oneshot) or _may_be_refused(entries):
        return uncertain(states)
    if not start:
        return states if remains and _lines(entries, "ExecStop") else {}
    if remains and succeed:
        return states
    stop, _ = _run([(command, scene) for command in commands(*(() if remains else ("ExecStop",)), "ExecStopPost")])
    return merged(states, stop, certain=oneshot and succeed)


def _run(commands: Iterable[tuple["_ExecCommand", Scene]]) -> tuple[dict[str, State], bool]:
    """Return the states that consecutive commands give, and True if all succeed; a failure ends the service."""
    states: dict[str, State] = {}
    certain = True
    for command, scene in commands:
        if command.words is None:
            given, succeeds = may_concern(command.text), None
        else:
            given, succeeds = run_command(command.words, scene)
        states = merged(states, given, certain=certain)
        if command.failure_counts and succeeds is False:
            return states, False
        certain = certain and (succeeds is True or not command.failure_counts)
    return states, certain


def _may_be_refused(entries: Entries) -> bool:
    """Return True for lines at which systemd may refuse the whole unit.

    Source:
        systemd 252, `systemd-analyze verify`: a fatal error in any command without a `-`, even if a later line resets
        it; Restart= of Type=oneshot; Type=dbus without a name.
    """
    kind = _last(entries, "Type")
    commands = [value for section, key, value in entries if section == "Service" and key in _COMMANDS]
    return (
        any(_is_fatal(line) for line in commands)
        or (kind == "oneshot" and _last(entries, "Restart") in {"always", "on-success"})
        or (kind == "dbus" and not _last(entries, "BusName"))
        or bool(re.match(r"[^-~/%]", _last(entries, "WorkingDirectory")))
    )


def _is_fatal(line: str) -> bool:
    text = line.lstrip(_PREFIXES)
    prefix = line.removesuffix(text)
    if not text or "-" in prefix:
        return False
    try:
        program = (*shlex.split(text), "")[0]
    except ValueError:
        return True
    named = program.startswith(("/", "%", "$")) or "/" not in program
    return bool(_UNKNOWN_SPECIFIER.search(text)) or not named or program.endswith("/") or not program


def _limit(entries: Entries) -> float:
    """Return the seconds after which a command that the start waits for is killed."""
    keys = {"TimeoutStartSec", "TimeoutSec"}
    value = next(
        (value for section, key, value in reversed(entries) if section == "Service" and key in keys and value), None
    )
    if value is None:
        return inf if _last(entries, "Type") == "oneshot" else _START_TIMEOUT
    return _time(value) or inf


def _main_limit(entries: Entries, limit: float) -> float:
    """Return the seconds after which the command of ExecStart= is killed; the start does not wait for every type."""
    kind = _last(entries, "Type") or "simple"
    if kind in {"oneshot", "forking"}:
        return limit
    longest = _time(_last(entries, "RuntimeMaxSec")) or inf
    return longest if kind in {"simple", "exec", "idle"} else min(limit, longest)


def _time(value: str) -> float:
    """Return the seconds of a time span; 0 for an invalid or missing one, which is ignored."""
    parts = re.findall(r"([\d.]+)\s*([a-zA-Z]*)", value)
    if not re.fullmatch(r"(\d+(\.\d+)?\s*[a-zA-Z]*\s*)+", value) or not {unit for _, unit in parts} <= _SECONDS.keys():
        return 0
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def is_unconditional(entries: Entries, instance: str | None, scene: Scene, starts: Callable[[str], State]) -> bool:
    """Return True if nothing prevents the unit from running as root with the right to switch offload.

    Args:
        entries: Section, key and value of each line of the unit and its drop-ins.
        instance: The instance of a template; None if it is unknown.
        scene: The device in question, which exists, and the programs that do not.
        starts: Returns whether another unit is active at boot.
    """
    for section, key, text in entries:
        value = text if instance is None else with_instance(text, instance)
        needed = _DEPENDENCIES.get(key) if section == "Unit" else None
        units = [unit for unit in value.split() if not (key in _STARTING and unit.endswith(".target"))]
        if needed is not None and any(starts(unit) is not needed for unit in units):
            return False
        if re.match(r"(Condition|Assert)", key) and value and not _is_met(key, value, scene):
            return False
        if key in _CONFINING and not (_HARMLESS.fullmatch(value) or (value == "/" and key in _ROOTS)):
            return False
    return True


def _is_met(key: str, value: str, scene: Scene) -> bool:
    """Return True for a condition that is known to hold: the device, ethtool or a script exists."""
    path = value.lstrip("|")
    if "!" in path[:1] or not re.fullmatch(r"(Condition|Assert)(PathExists|FileIsExecutable|FileNotEmpty)", key):
        return False
    if path.rstrip("/") == f"/sys/class/net/{scene.device}":
        return key.endswith("PathExists")
    exists = path.endswith("/ethtool") or bool(scene.scripts.get(path))
    return exists and (path not in scene.not_executable or (path in scene.scripts and "Executable" not in key))


def _lines(entries: Entries, wanted: str) -> list[str]:
    """Return the values of a key; an empty value removes those before it."""
    lines: list[str] = []
    for section, key, value in entries:
        if section == "Service" and key == wanted:
            lines = [*lines, value] if value else []
    return lines


def _last(entries: Entries, wanted: str) -> str:
    return next((value for *where, value in reversed(entries) if where == ["Service", wanted]), "")


def _environment(entries: Entries, instance: str | None) -> _Environment:
    lines = [_words(line, instance) for line in _lines(entries, "Environment")]
    given = (word.partition("=") for words in lines for word in words)
    is_open = [] in lines or any(_lines(entries, key) for key in _OTHER_VARIABLES)
    return _Environment(variables={name: text for name, _, text in given}, is_open=is_open)


def _commands(
    line: str, instance: str | None, environment: _Environment, version: int | None
) -> Iterator[_ExecCommand]:
    """Yield the commands of one Exec line.

    Source:
        systemd.service(5), COMMAND LINES: specifiers, `$$`, `${NAME}`; a `;` of its own separates commands.
    """
    text = line.lstrip(_PREFIXES)
    prefix = line.removesuffix(text)
    failure_counts = "-" not in prefix
    words = _words(text, instance)
    if not words:
        yield _ExecCommand(text=text, words=None, failure_counts=failure_counts)
        return
    if "@" in prefix:
        del words[1:2]
    command: list[str | None] = []
    for word in [*words, ";"]:
        if word != ";":
            command += [word] if ":" in prefix else _replaced(word, environment)
            continue
        ignored = version is not None and version < _ABSOLUTE_UNTIL and not (words[0] or "/").startswith("/")
        if command and not ignored:
            yield _ExecCommand(text=text, words=tuple(command), failure_counts=failure_counts)
        command = []


def _words(text: str, instance: str | None) -> list[str]:
    """Return the words of a line with its specifiers replaced; an empty list if it is not understood."""
    if re.search(r"(?<!%)%[^%iI]|\\[^\"'\\]", text) or (instance is None and re.search(r"(?<!%)%[iI]", text)):
        return []
    try:
        return shlex.split(with_instance(text, instance or "").replace("%%", "%"))
    except ValueError:
        return []


def _replaced(word: str, environment: _Environment) -> list[str | None]:
    """Expand variables in a word: `${NAME}` anywhere, `$NAME` only if it is the whole word."""
    if (whole := re.fullmatch(r"\$(\w+)", word)) is not None:
        value = environment.value(whole[1])
        return [None] if value is None else [*value.split()]
    names = re.findall(r"(?<!\$)\$\{(\w+)\}", word)
    if any(environment.value(name) is None for name in names):
        return [None]
    text = re.sub(r"(?<!\$)\$\{(\w+)\}", lambda found: environment.value(found[1]) or "", word)
    return [text.replace("$$", "$")]
