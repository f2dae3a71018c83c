"""Interpreter for shell scripts, which follows the ethtool commands that reach a device.

An unknown variable or an unknown outcome of a command makes the commands after it doubtful: they give UNKNOWN.
Ordinary commands, such as `ip link set`, are taken to succeed.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

from virtscan.offload.persistence.shell import syntax
from virtscan.offload.persistence.shell.commands import CALLS, READERS, RUN_NOTHING, SHELLS, Commands
from virtscan.offload.persistence.shell.conditions import holds
from virtscan.offload.persistence.shell.effects import Scene, States, may_concern, merged
from virtscan.offload.persistence.shell.parsing import parse
from virtscan.offload.persistence.shell.state import EndError, NextError, ReturnError
from virtscan.offload.persistence.shell.syntax import Block, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.words import Word, expand

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)", re.DOTALL)
_SHEBANG = re.compile(r"#!\s*\S*?/?(?:env\s+)?(?:\S*/)?(?:busybox\s+)?(sh|bash|dash|ash|ksh|zsh)\b(?!.*\r)")
_ERREXIT = re.compile(r"#!.*\s-\w*e")
_STEPS = 5000


def run_script(text: str, scene: Scene) -> States:
    """Return the states that a script gives to the device; UNKNOWN if it is not understood."""
    return _guarded(text, scene, lambda run: run.program(text))


def run_words(words: Sequence[Word], scene: Scene) -> States:
    """Return the states that one command, given by its words, gives to the device."""
    return run_command(words, scene)[0]


def run_command(words: Sequence[Word], scene: Scene) -> tuple[States, bool | None]:
    """Return the states that one command gives, and whether it succeeds, None if that is unknown."""
    text = shlex.join("$unknown" if word is None else word for word in words).replace("'$unknown'", "$unknown")
    status: list[bool | None] = []
    states = _guarded(text, scene, lambda run: status.append(run.words(words)))
    return states, status[0] if status else None


def is_script(words: Sequence[Word], scene: Scene) -> bool:
    """Return True if a command is a shell or a known script, which succeeds as a rule."""
    return any(word is not None and (word in scene.scripts or word.rpartition("/")[2] in SHELLS) for word in words[:1])


def assigned(text: str, scene: Scene) -> Mapping[str, str | None] | None:
    """Return the variables that a file of assignments sets; None if it is not understood."""
    run = _Script(scene)
    try:
        run.program(text)
    except (ShellSyntaxError, RecursionError):
        return None
    return {name: run.text_of(name) for name in run.variables}


def _guarded(text: str, scene: Scene, act: "Callable[[_Script], None]") -> States:
    run = _Script(scene)
    try:
        act(run)
    except (ShellSyntaxError, RecursionError):
        return merged(run.states, may_concern(text), certain=False)
    return run.states


def _excuses(node: Node) -> bool:
    """Return True if the failure of such a command does not end a script under `set -e`."""
    return (isinstance(node, syntax.AndOr) and (node.rest != () or _excuses(node.first))) or (
        isinstance(node, syntax.Pipe) and node.negated
    )


class _Script(Commands):
    """A script with its control flow."""

    def program(self, text: str, *, sourced: bool = False) -> None:
        """Run a script, as a process of its own or (`sourced`) as a part of this one."""
        if text.startswith("#!") and not _SHEBANG.match(text):
            self._give(may_concern(text), certain=False)
            return
        self._calls += 1
        if self._calls > CALLS:
            raise ShellSyntaxError("scripts that call each other")
        doubt, ended, errexit = self._doubt, self._ended, self._errexit
        self._ended = False
        if not sourced:
            self._errexit = _ERREXIT.match(text) is not None
        with suppress(ReturnError if sourced else EndError):
            self._block(parse(text))
        if not (sourced and self._ended):  # it may have ended this script, too
            self._doubt, self._ended = doubt, ended
        if not sourced:
            self._errexit = errexit
        self._calls -= 1

    def words(self, words: Sequence[Word]) -> bool | None:
        """Run one command."""
        with suppress(EndError):
            return self._command(list(words))
        return None

    def _block(self, block: Block) -> bool | None:
        status: bool | None = True
        for node in block:
            status = self._node(node)
            if status is False and self._errexit and not self._tested and not _excuses(node):
                self._doubt = self._ended = True
        return status

    def _node(self, node: Node) -> bool | None:
        self._steps += 1
        if self._steps > _STEPS:
            raise ShellSyntaxError("too many steps")
        status: bool | None
        match node:
            case syntax.Simple(words=words, document=document):
                if document and words[:1] != () and words[0] not in RUN_NOTHING:
                    self._give(may_concern(document), certain=False)
                status = self._simple(words)
            case syntax.AndOr():
                status = self._and_or(node)
            case syntax.Pipe():
                status = self._pipe(node)
            case syntax.If():
                status = self._if(node)
            case syntax.GroupCommand(body=body, subshell=subshell):
                status = self._group(body, subshell=subshell)
            case syntax.Function(name=name, body=function):
                self._functions[name] = function
                status = True
            case _:
                status = self._repeated(node)
        if self._ended:  # it may have ended: all that follows is in doubt
            self._doubt = True
        return status

    def _repeated(self, node: Node) -> bool | None:
        match node:
            case syntax.For():
                return self._for(node)
            case syntax.CaseCommand():
                return self._case(node)
            case syntax.Loop(condition=condition, body=body):
                with self._doubting():
                    with self._testing():
                        self._block(condition)
                    self._body(body)
                return None
        raise ShellSyntaxError("a command of another kind")

    def _and_or(self, node: syntax.AndOr) -> bool | None:
        if not node.rest:
            return self._node(node.first)
        with self._testing():
            return self._alternatives(node)

    def _alternatives(self, node: syntax.AndOr) -> bool | None:
        status = self._node(node.first)
        for operator, following in node.rest:
            if status is None:
                with self._doubting():
                    self._node(following)
            elif status == (operator == "&&"):
                status = self._node(following)
        return status

    def _pipe(self, node: syntax.Pipe) -> bool | None:
        status: bool | None = None
        piped = len(node.commands) > 1
        last = node.commands[-1]
        feeds = piped and isinstance(last, syntax.Simple) and last.words[:1] != () and last.words[0] in READERS
        for command in node.commands:
            if feeds and isinstance(command, syntax.Simple):
                self._give(may_concern("\n".join((" ".join(command.words), command.document))), certain=False)
            try:
                status = self._node(command)
            except EndError:
                if not piped:
                    raise
        if piped:
            return None
        return None if status is None else status != node.negated

    def _if(self, node: syntax.If) -> bool | None:
        with self._doubting(when=False):
            for condition, body in node.branches:
                with self._testing():
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
        with suppress(NextError):
            self._block(body)

    def _case(self, node: syntax.CaseCommand) -> bool | None:
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
        except EndError:
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
