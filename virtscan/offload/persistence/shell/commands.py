"""The commands that decide the effect of a script: ethtool, programs that run others, and the shell's own."""

import re
from collections.abc import Iterator, Sequence
from math import inf

import msgspec

from virtscan.offload.persistence.evidence import FEATURES, uncertain
from virtscan.offload.persistence.shell.effects import (
    offload_states,
    plain_path,
    succeeds,
)
from virtscan.offload.persistence.shell.language.syntax import Dialect, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.language.words import SOME_TEXT, Word
from virtscan.offload.persistence.shell.programs import (
    INPUT,
    KNOWN_OPTIONS,
    LIBRARIES,
    OF_BASH,
    PARTIAL,
    SHEBANG,
    SHELLS,
    WRAPPERS,
    contained,
    seconds,
)
from virtscan.offload.persistence.shell.state import (
    FAILURE,
    SUCCESS,
    CommandEnd,
    Outcomes,
    Shell,
    changed,
    common_shell,
    either,
    ended,
)
from virtscan.offload.persistence.shell.unknown import UnknownCommands
from virtscan.offload.persistence.shell.variables import after_program, after_text

_OPTIONS = frozenset("abcefhilmpuvxC")
"""Letters of a shell's options with which its commands run as usual, apart from the ends of `e` and `u`."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
ARGUMENTS = 1000
"""Most commands among the arguments of programs, of which some may contain others."""

CALLS = 6
"""Deepest nesting of calls between scripts and functions."""


class Commands(UnknownCommands):
    """The commands of scripts that run in one environment."""

    def process(
        self,
        text: str,
        arguments: tuple[Word, ...] | None,
        shell: Shell,
        *,
        options: str = "",
        interpreter: str | None = None,
    ) -> Outcomes:
        """Run a script in a new shell, with the interpreter and options of its first line unless others are given."""
        first = text.partition("\n")[0] if text.startswith("#!") else ""
        if interpreter is None:
            options = "".join(re.findall(r"\s-(\S*)", first))
        if (first and not SHEBANG.match(text)) or not _OPTIONS.issuperset(options):
            return ended(after_text(text, shell, self._scene), None)
        if shell.calls >= CALLS:
            raise RecursionError("scripts that call each other")
        try:
            found = SHEBANG.match(text)
            name = interpreter or (found[1] if found else "sh")
            of_sh = Shell.of(self._scene).dialect if name == "sh" else Dialect.UNKNOWN
            dialect = Dialect.BASH if name == "bash" else of_sh
            inner = shell.child(arguments, options=options, dialect=dialect)
            for path in inner.variables.get("BASH_ENV", ()):  # bash runs it first
                inner = common_shell((inner, *self._sourced([path], inner).values())) or inner
            outcomes = self.text(text, inner)
        except ShellSyntaxError:
            return ended(after_text(text, shell, self._scene), None)
        return changed(outcomes, shell.after_child, leaves=("exit", "return", "break", "continue"))

    def command(self, fields: Sequence[Word], shell: Shell) -> Outcomes:
        """Run a command, given by its words."""
        if not fields:
            return {SUCCESS: shell}
        first, *rest = fields
        if first is None:
            return self.any_program(rest, shell)
        bodies = shell.functions.get(first, (None,))
        missing = {FAILURE: shell} if first in OF_BASH and not shell.is_bash else {}
        return either(
            *(self._program(first, rest, shell) if body is None else self._call(body, rest, shell) for body in bodies),
            missing,
        )

    def argument(self, words: Sequence[Word], shell: Shell) -> Outcomes:
        """Run words of a program that may be a command; an unknown word is rarely one, such as a user's name."""
        self._arguments += 1
        if self._arguments > ARGUMENTS:
            raise RecursionError("too many possible commands")
        if words and words[0] is None:
            return ended(self.after_any_script(words[1:], shell), None)
        return self.command(words, shell)

    def _call(self, body: Node, arguments: Sequence[Word], shell: Shell) -> Outcomes:
        if shell.calls >= CALLS:
            raise RecursionError("functions that call each other")
        inner = msgspec.structs.replace(
            shell, arguments=tuple(arguments), calls=shell.calls + 1, local={}, returns=True
        )
        outcomes = self.node(body, inner)

        def restored(after: Shell) -> Shell:
            return msgspec.structs.replace(
                after.with_variables(after.local),
                arguments=shell.arguments,
                calls=shell.calls,
                local=shell.local,
                returns=shell.returns,
            )

        # `break` in a function leaves a loop around the call in dash, but not in bash.
        stays = {end: after for end, after in outcomes.items() if end.leaves in {"break", "continue"}}
        return either(changed(outcomes, restored, ("return",)), changed(stays, restored, ("break", "continue")))

    def _program(self, first: str, fields: list[Word], shell: Shell) -> Outcomes:  # noqa: PLR0911  a table of commands
        path = self._scene.path_of(first)
        name = path.rpartition("/")[2]
        if path in self._scene.not_executable or name == "false":
            return {FAILURE: shell}
        if name == "ethtool":
            found = "/" in first or shell.finds_ethtool
            status = True if found and succeeds(fields, self._scene) else None
            return ended(shell.with_states(offload_states(fields, self._scene), certain=found), status)
        if name in {"exit", "return"}:
            known = fields[0] if len(fields) == 1 else None
            statuses = (True, False) if known is None or not known.isdecimal() else (int(known) == 0,)
            ends = {CommandEnd(status, name): shell for status in statuses}
            # After a return outside of a function, bash continues and dash ends.
            ends_all = shell.returns if name == "return" else len(fields) < 2  # bash refuses more
            return ends if ends_all else {**ends, FAILURE: shell}
        if name in {"continue", "break"}:
            return self._loops(name, fields, shell)
        if name in WRAPPERS:
            return self._wrapped(name, fields, shell)
        if name in SHELLS:
            return self._shell(name, fields, shell)
        if name == "eval":
            return self._eval(fields, shell)
        if name in {".", "source"}:
            return self._sourced(fields, shell)
        if path in self._scene.scripts:
            return self.process(self._scene.scripts[path], tuple(fields), shell)
        outcomes = self.other(path, fields, shell)
        return either(outcomes, {FAILURE: shell}) if SOME_TEXT in first else outcomes  # it may be missing

    def _loops(self, name: str, fields: list[Word], shell: Shell) -> Outcomes:
        word = fields[0] if fields else "1"
        if word is None or not word.isdecimal():
            raise ShellSyntaxError(f"{name} {word}")
        return {CommandEnd(True, name, min(int(word), shell.loops)) if shell.loops else SUCCESS: shell}

    def _wrapped(self, name: str, fields: list[Word], shell: Shell) -> Outcomes:
        if name == "command" and fields[:1] == ["-v"]:
            return ended(shell, True if fields[1:] == ["ethtool"] else None)
        rest = list(fields)
        is_known = True
        limit, duration = self._limit, None
        environment: dict[str, tuple[Word, ...]] = {}
        while rest and rest[0] is not None and re.fullmatch(r"-.*|[0-9.]+[smh]?|\w+=.*|root", rest[0]):
            word = rest.pop(0) or ""
            is_known = is_known and (not word.startswith("-") or KNOWN_OPTIONS.fullmatch(word) is not None)
            if found := _ASSIGNMENT.fullmatch(word):
                environment[found[1]] = (found[2],)
            duration = seconds([word]) or duration
            rest[:1] = _parts(name, word, rest[:1])
        if not rest:
            return {SUCCESS: shell}
        if name == "timeout":
            self._limit = min(limit, self._slept + (duration or inf))
        inner = shell.without_variables() if name == "sudo" else shell
        if name == "env" and not {"-i", "-", "--ignore-environment"}.isdisjoint(fields):
            inner = inner.with_variables({"PATH": ("/usr/bin:/bin",)}, exported=True)
        if name == "time" or rest[0] is None:
            outcomes = (self.command if is_known else self.argument)(rest, inner)
        else:
            outcomes = self._program(rest[0], rest[1:], inner.with_variables(environment, exported=True))
        if not is_known:
            outcomes = either(outcomes, *(self.argument(words, inner) for words in self._possible(rest)))
        self._limit = limit
        if name == "exec":
            return {msgspec.structs.replace(end, leaves=end.leaves or "exit"): after for end, after in outcomes.items()}
        return outcomes if name in {"time", "command", "builtin"} else changed(outcomes, shell.after_child)

    def _possible(self, words: list[Word]) -> Iterator[Sequence[Word]]:
        """Yield the commands that words may contain, of which the first may belong to an option."""
        yield from contained(words, is_runner=True)
        for place, word in enumerate(words):
            if word and self._scene.called(word):
                yield words[place:]

    def _shell(self, name: str, fields: list[Word], shell: Shell) -> Outcomes:
        options, before = "", ""
        while fields and fields[0] is not None and fields[0].startswith("-"):
            letters = fields[0][1:] if not fields[0].startswith("--") else ""
            options += letters.rstrip("oO")
            if letters.endswith(("o", "O")):
                before += f"{'set -o' if letters[-1] == 'o' else 'shopt -s'} {fields[1] if fields[1:] else ''}\n"
            fields = fields[2:] if letters.endswith(("o", "O")) else fields[1:]
        if "n" in options:
            return ended(shell, None)
        if not fields or "s" in options or INPUT.match(fields[0] or ""):
            if not shell.reads_unknown:
                return self.any_program((), shell)
            fields = [None]
        path, *arguments = fields
        if path is not None and "c" not in options:
            path = plain_path(path)
        text = path if "c" in options else self._scene.scripts.get(path or "")
        if path is not None and text is not None:
            given = arguments[1:] if "c" in options else arguments
            return self.process(before + text, tuple(given), shell, options=options, interpreter=name)
        if path is not None:  # perhaps a script in a folder that is not known
            name = path if path.startswith("/") else f"./{path.removeprefix('./')}"
            shell = after_program("", [name, *arguments], shell, self._scene)
        else:
            shell = after_program("", arguments, shell, self._scene).with_states(uncertain(FEATURES), certain=False)
        return ended(shell, None)

    def _eval(self, fields: list[Word], shell: Shell) -> Outcomes:
        if None in fields:
            return self.anything(shell)
        return self.text(" ".join(field or "" for field in fields), shell)

    def _sourced(self, fields: list[Word], shell: Shell) -> Outcomes:
        path, *arguments = fields or [""]
        if path is None or not path.startswith("/") or INPUT.match(path):
            return self.anything(shell)
        path = plain_path(path)
        if path not in self._scene.scripts:
            return self._unread(path, after_program("", [path], shell, self._scene))
        text = self._scene.scripts[path]
        if shell.calls >= CALLS:
            raise RecursionError("scripts that call each other")
        tested = None if shell.tested else shell.tested  # dash ends at a failure even here
        inner = msgspec.structs.replace(shell, calls=shell.calls + 1, returns=True, tested=tested)

        def restored(after: Shell) -> Shell:
            return msgspec.structs.replace(after, calls=shell.calls, returns=shell.returns, tested=shell.tested)

        def with_arguments(after: Shell) -> Shell:
            return msgspec.structs.replace(restored(after), arguments=shell.arguments)

        found = changed(self.text(text, inner), restored, ("return",))
        if arguments:  # bash passes them, dash does not
            given = msgspec.structs.replace(inner, arguments=tuple(arguments))
            found = either(found, changed(self.text(text, given), with_arguments, ("return",)))
        return self._with_unread_lines(path, found, shell) if PARTIAL.fullmatch(path) else found

    def _with_unread_lines(self, path: str, outcomes: Outcomes, shell: Shell) -> Outcomes:
        """Return the outcomes of sourcing a file of which only some lines were read."""
        names = re.findall(r"^\s*(?:export\s+)?(\w+)=", self._scene.scripts[path], re.MULTILINE)
        kept = {*names, *self._scene.variables}
        outcomes = changed(outcomes, lambda after: after.without_variables(kept))
        ends = {} if path in self._scene.assigning else {CommandEnd(False, "exit"): shell}
        return either(outcomes, ends)

    def _unread(self, path: str, shell: Shell) -> Outcomes:
        """Return the outcomes of sourcing a file that was not read, or that does not exist: dash then ends."""
        if LIBRARIES.fullmatch(path):
            return {SUCCESS: shell}
        after = shell.without_variables(self._scene.variables)
        if re.sub(f"[^/]*{SOME_TEXT}.*", "*", path) in self._scene.assigning:
            return {SUCCESS: after}
        return {**ended(after, None), CommandEnd(False, "exit"): after}


def _parts(name: str, option: str, words: list[Word]) -> list[Word]:
    """Return the words after an option of a program; those of `env -S` are split, and a quoted part is unknown."""
    if (name, option) not in {("env", "-S"), ("env", "--split-string")}:
        return words
    parts = [part for word in words for part in ([None] if word is None else word.split())]
    return [None if re.search(r"[$'\"\\]", part or "") else part for part in parts]
