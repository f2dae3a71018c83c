"""The commands that decide the effect of a script: ethtool, programs that run others, and the shell's own."""

import re
from abc import ABC, abstractmethod

from virtscan.offload.persistence.evidence import FEATURES, uncertain
from virtscan.offload.persistence.shell.effects import OFFLOAD, may_concern, offload_states
from virtscan.offload.persistence.shell.state import ExitError, NextError, ReturnError, Shell
from virtscan.offload.persistence.shell.syntax import Node, ShellSyntaxError
from virtscan.offload.persistence.shell.words import Word

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
READERS = SHELLS | {"at", "batch"}
"""Programs that run the commands which they read."""
_WRAPPERS = frozenset(
    {"sudo", "nice", "ionice", "nohup", "exec", "command", "env", "time", "setsid", "timeout", "busybox", "builtin"}
)
_SUCCEED = frozenset(
    {":", "true", "echo", "printf", "sleep", "usleep", "logger", "ifconfig", "brctl", "modprobe", "sysctl", "touch"}
    | {"wait", "set", "umask", "cd", "mkdir", "ethtool"}
)
RUN_NOTHING = frozenset(
    {":", "true", "echo", "printf", "logger", "cat", "grep", "wall", "cd", "ls", "cp", "mv", "rm", "ln", "chmod"}
    | {"chown", "mkdir", "touch", "install", "stat", "tee"}
)
"""Commands that run no words and no text that they get."""
_DECLARE = frozenset({"export", "local", "declare", "typeset", "readonly"})
_SWITCHES = re.compile(r"ethtool|offload", re.IGNORECASE)
CALLS = 6
"""Deepest nesting of calls between scripts and functions."""


class Commands(Shell, ABC):
    """A script that can run commands."""

    @abstractmethod
    def program(self, text: str, *, sourced: bool = False) -> None:
        """Run a script, as a process of its own or (`sourced`) as a part of this one."""

    @abstractmethod
    def _node(self, node: Node) -> bool | None: ...

    def _command(self, fields: list[Word]) -> bool | None:  # noqa: PLR0911  a table of commands
        if not fields:
            return True
        first = fields[0]
        if first is None:
            self._give(offload_states(fields[1:], self._scene), certain=False)
            return None
        if first in self._functions:
            return self._call(self._functions[first], fields[1:])
        first = self._scene.path_of(first)
        if first in self._scene.idle:
            return False
        name = first.rpartition("/")[2]
        if name == "ethtool":
            self._give(offload_states(fields[1:], self._scene))
            return True
        if name in {"exit", "return", "continue", "break"}:
            return self._leave(name)
        if name in _WRAPPERS:
            return self._wrapped(name, fields[1:])
        if name in SHELLS or name in {".", "source", "eval"} or first in self._scene.scripts:
            return self._script(first, name, fields[1:])
        return self._other(first, fields[1:])

    def _leave(self, name: str) -> bool | None:
        if name in {"continue", "break"}:
            if name == "break" and not self._doubt:
                self._ended = True  # the passes that would follow are in doubt
            self._end(NextError())
        else:
            self._end(ExitError() if name == "exit" else ReturnError())
        return None

    def _call(self, function: Node, arguments: list[Word]) -> bool | None:
        before, self._arguments = self._arguments, tuple(arguments)
        self._calls += 1
        if self._calls > CALLS:
            raise ShellSyntaxError("functions that call each other")
        try:
            return self._node(function)
        except ReturnError:
            return None
        finally:
            self._arguments = before
            self._calls -= 1

    def _wrapped(self, name: str, fields: list[Word]) -> bool | None:
        if name == "command" and fields[:1] == ["-v"]:
            return True if fields[1:] == ["ethtool"] else None
        rest = list(fields)
        while rest and rest[0] is not None and re.fullmatch(r"-.*|[0-9.]+[smh]?|\w+=.*|root", rest[0]):
            rest.pop(0)
        status = self._command(rest)
        if name == "exec" and rest:
            self._end(ExitError())
        return status

    def _script(self, first: str, name: str, fields: list[Word]) -> bool | None:
        if name == "eval":
            return self._text(None if None in fields else " ".join(field or "" for field in fields), fields)
        if name in SHELLS:
            inline = False
            while fields and fields[0] is not None and re.fullmatch(r"-.*", fields[0]):
                inline = inline or bool(re.fullmatch(r"-\w*c\w*", fields[0]))
                fields = fields[1:]
            if inline:
                return self._text(fields[0] if fields else None, fields[2:])
        path = first if first in self._scene.scripts else (fields[0] if fields else None)
        arguments = fields if first in self._scene.scripts else fields[1:]
        sourced = name in {".", "source"}
        if path is not None and path in self._scene.scripts:
            return self._text(self._scene.scripts[path], arguments, sourced=sourced)
        if (fields and path is None) or (sourced and (path is None or not path.startswith("/"))):
            return self._text(None, arguments)
        return None

    def _text(self, text: str | None, arguments: list[Word], *, sourced: bool = False) -> bool | None:
        if text is None:
            self._give(uncertain(FEATURES), certain=False)
            return None
        before = self._arguments
        if arguments or not sourced:
            self._arguments = tuple(arguments)
        self.program(text, sourced=sourced)
        self._arguments = before
        return None

    def _options(self, fields: list[Word]) -> None:
        if fields[:1] == ["--"]:
            self._arguments = None if self._doubt else tuple(fields[1:])
        self._errexit = _errexit(fields, before=self._errexit)

    def _other(self, first: str, fields: list[Word]) -> bool | None:
        name = first.rpartition("/")[2]
        match name, fields:
            case "false", _:
                return False
            case "which" | "type", [*_, "ethtool"]:
                return True
            case "read" | "unset" | "shift", _:
                return self._forget(name, fields)
            case "set", _:
                self._options(fields)
            case (("modprobe" | "rmmod"), [*options]) if name == "rmmod" or _removes(options):
                self.states = uncertain(self.states)  # a driver that is loaded again starts over
        if name in _DECLARE:
            for variable, equals, value in ((field or "").partition("=") for field in fields):
                if equals:
                    self._set(variable, (value,))
        elif name not in RUN_NOTHING:
            self._rename(name, fields)
            self._elsewhere(first, fields)
        configures = name == "ip" and not {"set", "add", "up"}.isdisjoint(fields)
        return True if name in _SUCCEED | _DECLARE or configures else None

    def _forget(self, name: str, fields: list[Word]) -> bool | None:
        if name == "shift":
            self._arguments = None if self._arguments is None or self._doubt else self._arguments[1:]
        for field in fields if name != "shift" else ():
            self._set(field or "", (None if name == "read" else "",))
        return None if name == "read" else True

    def _rename(self, name: str, words: list[Word]) -> None:
        """Mark the states as unknown if the device gets another name, or another device may get its name."""
        names = {None, self._scene.device, *self._scene.names}
        if _may_rename(name, words) and not names.isdisjoint(words):
            self._give(uncertain(FEATURES), certain=False)
            self._ended |= words[-1:] != [self._scene.device]  # its name is another one's in what follows

    def _elsewhere(self, first: str, fields: list[Word]) -> None:
        """Look for an ethtool command among the words of a program, in scripts that they name, and in its own name.

        A program that no word of these connects with offload is taken to leave it alone.
        """
        known = [field for field in (first, *fields) if field is not None]
        if _SWITCHES.search(first.rpartition("/")[2]) or not self._scene.opaque.isdisjoint(known):
            self._give(uncertain(FEATURES), certain=False)
        for text in [text for field in known for text in self._scene.texts_of(field)]:
            self._give(may_concern(text), certain=False)
        for number, field in enumerate(fields):
            if field is None:
                continue
            if field.rpartition("/")[2] == "ethtool" and set(fields[number:]) & OFFLOAD:
                self._give(uncertain(offload_states(fields[number + 1 :], self._scene)), certain=False)
            elif ("ethtool" in field and " " in field) or field.startswith("ethtool."):
                self._give(may_concern(field), certain=False)


def _errexit(options: list[Word], *, before: bool) -> bool:
    """Return whether `set -e` holds after these options of `set`."""
    for option, following in zip(options, [*options[1:], None], strict=True):
        if option is not None and (re.fullmatch(r"[-+][a-z]*e[a-z]*", option) or following == "errexit"):
            before = option.startswith("-")
    return before


def _may_rename(name: str, words: list[Word]) -> bool:
    """Return True if a command gives a device another name; `ip link add` names a new one."""
    return name in {"nameif", "ifrename"} or (name == "ip" and {"set", "name"} <= set(words))


def _removes(options: list[Word]) -> bool:
    return any(option is None or re.fullmatch(r"-[a-z]*r[a-z]*|--remove", option) for option in options)
