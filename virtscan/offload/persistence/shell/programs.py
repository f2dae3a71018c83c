"""Properties of common programs: which succeed, run others, or rename a device."""

import re
from collections.abc import Sequence

from virtscan.offload.persistence.shell.language.words import Word

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
READERS = SHELLS | {"at", "batch"}
"""Programs that run commands from their standard input."""
WRAPPERS = frozenset(
    {"sudo", "nice", "ionice", "nohup", "exec", "command", "env", "time", "setsid", "timeout", "busybox", "builtin"}
)
SUCCEED = frozenset(
    {":", "true", "echo", "printf", "sleep", "usleep", "logger", "ifconfig", "brctl", "modprobe", "sysctl", "touch"}
    | {"wait", "set", "umask", "cd", "mkdir", "date", "trap", "shift", "unset", "unalias", "alias"}
)
RUN_NOTHING = frozenset(
    {":", "true", "echo", "printf", "logger", "cat", "grep", "wall", "cd", "ls", "cp", "mv", "rm", "ln", "chmod"}
    | {"chown", "mkdir", "touch", "install", "stat", "tee"}
)
"""Commands that execute neither their arguments nor their input."""
SPECIAL = frozenset({".", "source", "eval", "exec", ":", "set", "export", "readonly", "unset", "shift", "trap"})
"""Special builtins: an assignment before one remains in effect after it (POSIX 2.14)."""
# Function libraries of distributions, which neither change a script's variables nor end it.
LIBRARIES = re.compile(r"(/usr)?/lib/.*|/etc/(rc\.d/)?init\.d/functions(\.sh)?|/etc/rc\.(status|subr)")
_FOLDERS = re.compile(r"/|/(dev|proc|sys|var|usr|run|tmp|etc|root)(/[^/]+)?")
_DEVICES = re.compile(r"/(dev|proc|sys)/.+")
_WRITABLE = re.compile(rf"{_DEVICES.pattern}|/(var/log|var/tmp|var/run|run|tmp|etc|root)/[^/]+")


def finds_ethtool(path: str | None) -> bool:
    """Return False if a PATH lacks the folders of ethtool; True if the PATH is unknown."""
    return path is None or not {"/usr/sbin", "/sbin"}.isdisjoint(path.split(":"))


def opens(operator: str, path: Word) -> bool:
    """Return True if a redirection is assumed to succeed: a device, or a file in a folder that every machine has."""
    return path is not None and (_DEVICES if operator == "<" else _WRITABLE).fullmatch(path) is not None


def may_rename(name: str, words: Sequence[Word]) -> bool:
    """Return True if a command gives a device another name; `ip link add` names a new one."""
    return name in {"nameif", "ifrename"} or (name == "ip" and {"set", "name"} <= set(words))


def is_taken_to_succeed(name: str, words: Sequence[Word]) -> bool:
    """Return True if a command with these arguments is assumed to succeed."""
    match name, words:
        case "cd", [path, *_] if path is None or not _FOLDERS.fullmatch(path):
            return False
        case "mkdir", [str(option), *_] if not re.match(r"-\w*p", option):
            return False
        case "wait", [_, *_]:
            return False
    return name in SUCCEED or (name == "ip" and not {"set", "add", "up"}.isdisjoint(words))


def removes(options: Sequence[Word]) -> bool:
    """Return True if options of `modprobe` remove a module."""
    return any(option is None or re.fullmatch(r"-[a-z]*r[a-z]*|--remove", option) for option in options)
