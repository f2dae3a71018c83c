"""A shell script, run in thought: which of its ethtool commands reach a device.

What is unknown (a variable, the outcome of a command) makes what depends on it doubtful: such a command gives UNKNOWN.
Ordinary commands are taken to succeed, as a script that is in use at boot does.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

from virtscan.offload.persistence.evidence import uncertain
from virtscan.offload.persistence.shell import syntax
from virtscan.offload.persistence.shell.conditions import holds
from virtscan.offload.persistence.shell.effects import (
    OFFLOAD,
    Scene,
    States,
    may_concern,
    merged,
    offload_states,
)
from virtscan.offload.persistence.shell.parsing import parse
from virtscan.offload.persistence.shell.syntax import Block, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.words import Field, expand

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)", re.DOTALL)
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_WRAPPERS = frozenset(
    {"sudo", "nice", "ionice", "nohup", "exec", "command", "env", "time", "setsid", "timeout", "busybox", "builtin"}
)
_SUCCEED = frozenset(
    {":", "true", "echo", "printf", "sleep", "usleep", "logger", "ifconfig", "brctl", "modprobe", "sysctl", "touch"}
    | {"wait", "set", "umask", "cd", "mkdir", "ethtool"}
)
_PRINT = frozenset({"echo", "printf", "logger", "cat", "grep", "wall"})
_DECLARE = frozenset({"export", "local", "declare", "typeset", "readonly"})
_SHEBANG = re.compile(r"#!\s*\S*?/?(?:env\s+)?(?:\S*/)?(?:busybox\s+)?(sh|bash|dash|ash|ksh|zsh)\b")
_STEPS = 5000
_CALLS = 6


class _EndError(Exception):
    """The end of a script, a function or a pass of a loop."""


class _ExitError(_EndError):
    pass


class _ReturnError(_EndError):
    pass


class _NextError(_EndError):
    pass


def run_script(text: str, scene: Scene) -> States:
    """Return the states that a script gives to the device; UNKNOWN if it is not understood."""
    return _guarded(text, scene, lambda run: run.program(text))


def run_words(words: Sequence[Field], scene: Scene) -> States:
    """Return the states that one command, given by its words, gives to the device."""
    text = shlex.join("$unknown" if word is None else word for word in words).replace("'$unknown'", "$unknown")
    return _guarded(text, scene, lambda run: run.words(words))


def assigned(text: str, scene: Scene) -> Mapping[str, str | None] | None:
    """Return the variables that a file of assignments sets; None if it is not understood."""
    run = _Run(scene)
    try:
        run.program(text)
    except (ShellSyntaxError, RecursionError):
        return None
    return {name: run.text_of(name) for name in run.variables}


def _guarded(text: str, scene: Scene, act: "Callable[[_Run], None]") -> States:
    run = _Run(scene)
    try:
        act(run)
    except (ShellSyntaxError, RecursionError):
        return merged(run.states, may_concern(text), certain=False)
    return run.states


class _Run:
    """One script while it runs; `states` are what it has given to the device so far."""

    def __init__(self, scene: Scene) -> None:
        self.states: States = {}
        self.variables: dict[str, tuple[Field, ...]] = {name: (value,) for name, value in scene.variables.items()}
        self._scene = scene
        self._arguments = scene.arguments
        self._functions: dict[str, Node] = {}
        self._doubt = False
        self._steps = 0
        self._calls = 0

    def program(self, text: str) -> None:
        """Run a script as a process of its own."""
        if text.startswith("#!") and not _SHEBANG.match(text):
            self._give(may_concern(text), certain=False)
            return
        self._calls += 1
        if self._calls > _CALLS:
            raise ShellSyntaxError("scripts that call each other")
        doubt, ended = self._doubt, self._ended
        self._ended = False
        try:
            self._block(parse(text))
        except _EndError:
            pass
        self._doubt, self._ended = doubt, ended
        self._calls -= 1

    def words(self, words: Sequence[Field]) -> None:
        """Run one command."""
        try:
            self._command(list(words))
        except _EndError:
            pass

    def text_of(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unknown."""
        values = [value for value in self.variables[name] if value is not None]
        return " ".join(values) if len(values) == len(self.variables[name]) else None

    def _lookup(self, name: str) -> tuple[Field, ...]:
        if name in {"@", "*"}:
            return (None,) if self._arguments is None else self._arguments
        if name == "#":
            known = self._arguments is not None and None not in self._arguments
            return (str(len(self._arguments or ())),) if known else (None,)
        if name.isdecimal() and name != "0":
            if self._arguments is None:
                return (None,)
            return self._arguments[int(name) - 1 : int(name)] or ("",)
        return self.variables.get(name, (None,))

    def _give(self, states: States, *, certain: bool = True) -> None:
        self.states = merged(self.states, states, certain=certain and not self._doubt)

    @contextmanager
    def _doubting(self, *, when: bool = True) -> Iterator[None]:
        before = self._doubt
        self._doubt = before or when
        yield
        self._doubt = before

    def _end(self, reason: _EndError) -> None:
        """End here, or from here on be in doubt."""
        if not self._doubt:
            raise reason
        self._ended = True

    _ended = False

    def _block(self, block: Block) -> bool | None:
        status: bool | None = True
        for node in block:
            status = self._node(node)
            if self._ended:  # it may have ended: all that follows is in doubt
                self._doubt = True
        return status

    def _node(self, node: Node) -> bool | None:
        self._steps += 1
        if self._steps > _STEPS:
            raise ShellSyntaxError("it takes too many steps")
        match node:
            case syntax.Simple(words=words):
                return self._simple(words)
            case syntax.AndOr():
                return self._and_or(node)
            case syntax.Pipe():
                return self._pipe(node)
            case syntax.If():
                return self._if(node)
            case syntax.For():
                return self._for(node)
            case syntax.Loop(condition=condition, body=body):
                with self._doubting():
                    self._block(condition)
                    self._body(body)
                return None
            case syntax.Case():
                return self._case(node)
            case syntax.Group(body=body, subshell=subshell):
                return self._group(body, subshell=subshell)
            case syntax.Function(name=name, body=function):
                self._functions[name] = function
                return True
        raise ShellSyntaxError("a command of another kind")

    def _and_or(self, node: syntax.AndOr) -> bool | None:
        status = self._node(node.first)
        for operator, following in node.rest:
            if status is None:
                with self._doubting():
                    self._node(following)
            elif status == (operator == "&&"):
                status = self._node(following)
        if self._ended:
            self._doubt = True
        return status

    def _pipe(self, node: syntax.Pipe) -> bool | None:
        status: bool | None = None
        piped = len(node.commands) > 1
        last = node.commands[-1]
        feeds = piped and isinstance(last, syntax.Simple) and last.words[:1] != () and last.words[0] in _SHELLS
        for command in node.commands:
            if feeds and isinstance(command, syntax.Simple):
                self._give(may_concern(" ".join(command.words)), certain=False)
            try:
                status = self._node(command)
            except _EndError:
                if not piped:
                    raise
        if piped:
            return None
        return None if status is None else status != node.negated

    def _if(self, node: syntax.If) -> bool | None:
        with self._doubting(when=False):
            for condition, body in node.branches:
                status = self._block(condition)
                if status is False:
                    continue
                if status is True:
                    return self._block(body)
                self._doubt = True
                self._block(body)
            self._block(node.otherwise)
        return None

    def _for(self, node: syntax.For) -> bool | None:
        fields = [field for word in node.words for field in expand(word, self._lookup)]
        for field in fields:
            self._set(node.name, (field,))
            with self._doubting(when=field is None):
                self._body(node.body)
            if self._ended:
                self._doubt = True
        return True

    def _body(self, body: Block) -> None:
        try:
            self._block(body)
        except _NextError:
            pass

    def _case(self, node: syntax.Case) -> bool | None:
        (word,) = expand(node.word, self._lookup, split=False) or [""]
        with self._doubting(when=False):
            for patterns, body in node.branches:
                known = [expand(pattern, self._lookup, split=False)[0] for pattern in patterns]
                if word is not None and any(pattern is not None and fnmatchcase(word, pattern) for pattern in known):
                    return self._block(body)
                if word is None or None in known:
                    self._doubt = True
                    self._block(body)
        return None

    def _group(self, body: Block, *, subshell: bool) -> bool | None:
        if not subshell:
            return self._block(body)
        try:
            return self._block(body)
        except _EndError:
            return None

    def _simple(self, words: tuple[str, ...]) -> bool | None:
        if words[:1] == ("[[",):
            fields = [field for word in words[1:-1] for field in expand(word, self._lookup, split=False)]
            return holds(fields, device=self._scene.device, patterns=True)
        rest = list(words)
        while rest and (assignment := _ASSIGNMENT.fullmatch(rest[0])):
            self._assign(assignment)
            rest.pop(0)
        if not rest:
            return True
        if rest[0] in {"[", "test"}:
            inner = rest[1:-1] if rest[0] == "[" else rest[1:]
            fields = [field for word in inner for field in expand(word, self._lookup)]
            return holds(fields, device=self._scene.device, patterns=False)
        return self._command([field for word in rest for field in expand(word, self._lookup)])

    def _assign(self, assignment: re.Match[str]) -> None:
        name, more, value = assignment.groups()
        if value.startswith("("):
            inner = parse(value[1:-1].replace("\n", " ")) or (syntax.Simple(words=()),)
            words = inner[0].words if isinstance(inner[0], syntax.Simple) else ()
            values = tuple(field for word in words for field in expand(word, self._lookup))
        else:
            values = tuple(expand(value, self._lookup, split=False)) or ("",)
        if more:
            values = (None,) if value.startswith("(") else self._appended(name, values)
        self._set(name, values)

    def _appended(self, name: str, values: tuple[Field, ...]) -> tuple[Field, ...]:
        parts = (*self._lookup(name), *values)
        return (None,) if None in parts else ("".join(part or "" for part in parts),)

    def _set(self, name: str, values: tuple[Field, ...]) -> None:
        same = self.variables.get(name) == values
        self.variables[name] = values if not self._doubt or same else (None,)

    def _command(self, fields: list[Field]) -> bool | None:
        if not fields:
            return True
        first = fields[0]
        if first is None:
            self._give(offload_states([word for word in fields[1:]], self._scene), certain=False)
            return None
        name = first.rpartition("/")[2]
        if first in self._functions:
            return self._call(self._functions[first], fields[1:])
        if name == "ethtool":
            self._give(offload_states(fields[1:], self._scene))
            return True
        if name in {"exit", "return", "continue", "break"}:
            return self._leave(name, fields[1:])
        if name in _WRAPPERS:
            return self._wrapped(name, fields[1:])
        if name in _SHELLS or name in {".", "source", "eval"} or first in self._scene.scripts:
            return self._script(first, name, fields[1:])
        return self._other(name, fields[1:])

    def _leave(self, name: str, rest: list[Field]) -> bool | None:
        if name in {"continue", "break"}:
            if name == "break" and not self._doubt:
                self._ended = True  # the passes that would follow are in doubt
            self._end(_NextError())
        else:
            self._end(_ExitError() if name == "exit" else _ReturnError())
        return None

    def _call(self, function: Node, arguments: list[Field]) -> bool | None:
        before, self._arguments = self._arguments, tuple(arguments)
        self._calls += 1
        if self._calls > _CALLS:
            raise ShellSyntaxError("functions that call each other")
        try:
            return self._node(function)
        except _ReturnError:
            return None
        finally:
            self._arguments = before
            self._calls -= 1

    def _wrapped(self, name: str, fields: list[Field]) -> bool | None:
        if name == "command" and fields[:1] == ["-v"]:
            return True if fields[1:] == ["ethtool"] else None
        rest = list(fields)
        while rest and rest[0] is not None and re.fullmatch(r"-.*|[0-9.]+[smh]?|\w+=.*|root", rest[0]):
            rest.pop(0)
        status = self._command(rest)
        if name == "exec" and rest:
            self._end(_ExitError())
        return status

    def _script(self, first: str, name: str, fields: list[Field]) -> bool | None:
        if name == "eval":
            return self._text(None if None in fields else " ".join(field or "" for field in fields), fields)
        if name in _SHELLS:
            inline = False
            while fields and fields[0] is not None and re.fullmatch(r"-.*", fields[0]):
                inline = inline or bool(re.fullmatch(r"-\w*c\w*", fields[0]))
                fields = fields[1:]
            if inline:
                return self._text(fields[0] if fields else None, fields[2:])
        path = first if first in self._scene.scripts else (fields[0] if fields else None)
        arguments = fields if first in self._scene.scripts else fields[1:]
        if path is not None and path in self._scene.scripts:
            return self._text(self._scene.scripts[path], arguments)
        return None

    def _text(self, text: str | None, arguments: list[Field]) -> bool | None:
        if text is None:
            self._give(may_concern(" ".join(field or "$unknown" for field in arguments)), certain=False)
            return None
        before, self._arguments = self._arguments, tuple(arguments)
        self.program(text)
        self._arguments = before
        return None

    def _other(self, name: str, fields: list[Field]) -> bool | None:
        match name, fields:
            case "false", _:
                return False
            case "which" | "type", [*_, "ethtool"]:
                return True
            case "read", _:
                for field in fields:
                    self.variables[field or ""] = (None,)
                return None
            case "unset", _:
                for field in fields:
                    self._set(field or "", ("",))
                return True
            case "shift", _:
                self._arguments = None if self._arguments is None or self._doubt else self._arguments[1:]
                return True
            case "set", ["--", *arguments]:
                self._arguments = None if self._doubt else tuple(arguments)
                return True
        if name in _DECLARE:
            for field in fields:
                variable, equals, value = (field or "").partition("=")
                if equals:
                    self._set(variable, (value,))
            return True
        if name not in _PRINT:
            self._elsewhere(fields)
        ordinary = name in _SUCCEED or (name == "ip" and {"set", "add", "up"} & {field or "" for field in fields})
        return True if ordinary else None

    def _elsewhere(self, fields: list[Field]) -> None:
        """Look for an ethtool command among the words of a program that may run it."""
        for number, field in enumerate(fields):
            if field is None:
                continue
            if field.rpartition("/")[2] == "ethtool" and set(fields[number:]) & OFFLOAD:
                self._give(uncertain(offload_states(fields[number + 1 :], self._scene)), certain=False)
            elif "ethtool" in field and " " in field:
                self._give(may_concern(field), certain=False)
