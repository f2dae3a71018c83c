"""Simple commands: their words, command substitutions, assignments before the command, and builtins."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from math import inf

import msgspec

from virtscan.offload.persistence.shell.commands import Commands
from virtscan.offload.persistence.shell.conditions import holds
from virtscan.offload.persistence.shell.language import syntax
from virtscan.offload.persistence.shell.language.arithmetic import compares_and_sets, may_set_any
from virtscan.offload.persistence.shell.language.parsing import parse
from virtscan.offload.persistence.shell.language.syntax import Block, Dialect, ShellSyntaxError
from virtscan.offload.persistence.shell.language.words import (
    Word,
    assigned_in,
    expand_pattern,
    file_pattern,
    has_invalid_arithmetic,
    may_fail,
    needed,
    substituted,
)
from virtscan.offload.persistence.shell.programs import (
    HARMLESS_OPTIONS,
    RUN_NOTHING,
    RUN_SOME,
    RUNNERS,
    SPECIAL,
    given,
    is_taken_to_succeed,
    managed,
    may_rename,
    removes,
    removes_device,
    runs_nothing,
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
from virtscan.offload.persistence.shell.variables import (
    ASSIGNMENT,
    DECLARE,
    SET_VARIABLES,
    after_program,
    after_text,
    aliased,
    assigned,
    declared,
    is_longer_path,
    overwritten,
    shifted,
    started_over,
    with_options,
)


class SimpleCommands(Commands):
    """The simple commands of scripts."""

    @abstractmethod
    def trap(self, text: str, shell: Shell) -> Shell:
        """Return the shell after commands that a signal or the end of the script may run."""

    @abstractmethod
    def in_subshell(self, block: Block, shell: Shell) -> Outcomes:
        """Run commands in a subshell that is assumed to end."""

    def simple(self, node: syntax.Simple, shell: Shell) -> Outcomes:
        """Run a command with its here-document."""
        document = node.document
        if document and ("$(" in document or "`" in document or not RUN_NOTHING.issuperset(node.words[:1])):
            shell = after_text(document, shell, self._scene)
        quoted = '"{}\n"'.format(document.replace('"', ""))
        if may_set_any(quoted, shell.lookup):
            shell = shell.without_variables()
        names = [name for name, _ in assigned_in(quoted, shell.lookup)]  # for a program, in dash alone
        found, status, shell = self.substituted(node.words, shell.with_variables(dict.fromkeys(names, (None,))))
        if not re.search(r"[$`]", document):
            return either(found, self._expanded(node.words, status, shell))
        outcomes = self._expanded(node.words, status, shell.reading(unknown=True))
        return either(found, changed(outcomes, lambda after: after.reading(unknown=shell.reads_unknown)))

    def _expanded(self, words: Sequence[str], status: bool | None, shell: Shell) -> Outcomes:
        """Run a command after its command substitutions, the last of which ended with `status`."""
        if words[:1] == ("[[",):
            fields = [expand_pattern(word, shell.lookup) for word in words[1:-1]]
            result = holds(fields, self._scene, patterns=True)
            return ended(shell, result if shell.is_bash or not result else None)  # a command that dash does not have
        rest = list(words)
        after = shell
        while rest and (assignment := ASSIGNMENT.fullmatch(rest[0])) is not None:
            if (assignment[2] or assignment[3]) and not shell.is_bash:  # dash takes it for a command
                return ended(shell.with_variables({assignment[1]: (None,)}), None)
            after = assigned(assignment, after)
            rest.pop(0)
        if not rest:
            return ended(after, status)
        if rest[0] in {"[", "test"}:
            inner = rest[1:-1] if rest[0] == "[" else rest[1:]
            fields = [field for word in inner for field in shell.fields(word)]
            known = "==" not in fields or shell.is_bash  # else an error of dash
            return ended(shell, holds(fields, self._scene, patterns=False) if known else None)
        fields = self._fields(rest, shell)
        if None in fields and fields[0] not in RUN_NOTHING:
            patterns = [file_pattern(word, shell.lookup) for word in rest]
            paths = [path for pattern in patterns if pattern for path in self._scene.matching(pattern)]
            if fields[0] in RUNNERS and not paths and fields.count(None) <= len([*filter(None, patterns)]):
                fields = [field for field in fields if field is not None]  # none of the scripts that were read
            states = after_program("", paths, shell, self._scene)
            shell, after = shell.after_child(states), after.after_child(states)
        if len(rest) == len(words):
            return self._declared(rest, shell) if rest[0] in DECLARE else self.command(fields, shell)
        # An assignment before a command lasts only for the command, except for special builtins and functions.
        names = [name for name, values in after.variables.items() if values != shell.variables.get(name)]
        keeps = fields[:1] and (fields[0] in SPECIAL or fields[0] in shell.functions)
        values = {name: (None,) if keeps else shell.lookup(name) for name in names if keeps or name in shell.variables}
        exported = shell.exported

        def restored(done: Shell) -> Shell:
            others = {name: given for name, given in done.variables.items() if name not in names}
            done = msgspec.structs.replace(done, variables=others).with_variables(values)
            return msgspec.structs.replace(done, exported=exported)

        environment = {name: after.variables[name] for name in names}
        return changed(self.command(fields, shell.with_variables(environment, exported=True)), restored)

    @staticmethod
    def _fields(words: Sequence[str], shell: Shell) -> list[Word]:
        """Expand the words of a command."""
        fields = [field for word in words for field in shell.fields(word)]
        if None in fields and fields[0] in {"trap", "alias"}:  # of words with variables that are unknown then, too
            found = ((word, shell.fields(word)) for word in words)
            return [field for word, given in found for field in ([word.replace('"', "")] if None in given else given)]
        return fields

    def _declared(self, words: Sequence[str], shell: Shell) -> Outcomes:
        """Run `export` or another declaration, which may have unknown words, or arrays and unknown values."""
        fields: list[Word] = []
        arrays: dict[str, tuple[Word, ...]] = {}
        for word in words:
            found = shell.fields(word)
            assignment = ASSIGNMENT.fullmatch(word)
            if assignment is not None and assignment[4].startswith("("):
                after = assigned(assignment, shell)
                arrays[assignment[1]] = after.variables[assignment[1]]
                shell = msgspec.structs.replace(shell, arrays=after.arrays)
                found = [assignment[1]]
            elif None in found and assignment is not None:
                if not is_longer_path(assignment):
                    shell = shell.with_variables({assignment[1]: (None,)})
                found = [assignment[1]]
            elif None in found:
                shell = shell.without_variables()
            fields += found

        def filled(done: Shell) -> Shell:
            return msgspec.structs.replace(done, variables={**done.variables, **arrays})

        return changed(self.command(fields, shell), filled)

    def substituted(self, words: Sequence[str], shell: Shell) -> tuple[Outcomes, bool | None, Shell]:
        """Run the command substitutions in words; return outcomes that end the script, their status, and the shell."""
        statuses = {True}
        for text in [text for word in words for text in substituted(word)]:
            errexit = False if shell.options["errexit"] is False else None  # bash resets it there
            inner = msgspec.structs.replace(shell, options={**shell.options, "errexit": errexit})
            outcomes = self.in_subshell(parse(text, dialect=shell.dialect), inner)
            shell = shell.after_child(common_shell(outcomes.values()) or shell)
            statuses = {end.status for end in outcomes}
        unset = [name for word in words for name in needed(word) if not shell.is_set(name)]
        ends = (unset and shell.options["nounset"] is not False) or any(
            may_fail(word, shell.is_set, shell.lookup, is_bash=shell.is_bash) for word in words
        )
        refused = any(has_invalid_arithmetic(word, shell.lookup, is_bash=shell.is_bash) for word in words)
        skips = shell.dialect is Dialect.BASH and (ends or refused)
        found: Outcomes = {CommandEnd(False, "line"): shell} if skips else {}
        if ends or (refused and not skips):
            found = {**found, CommandEnd(False, "exit"): shell}
        if any(may_set_any(word, shell.lookup) for word in words) or compares_and_sets(words, shell.lookup):
            shell = shell.without_variables()
        shell = shell.with_variables(dict(each for word in words for each in assigned_in(word, shell.lookup)))
        return found, statuses.pop() if len(statuses) == 1 else None, shell

    def _own(self, name: str, fields: list[Word], shell: Shell) -> Outcomes | None:
        """Run a builtin that changes more than variables; return None for other commands."""
        after: Shell | None = shell
        status = True if self._is_taken_to_succeed(name, fields, shell) else None
        match name, fields:
            case "which" | "type", [*options, "ethtool"] if name == "which" or shell.is_bash or not options:
                pass
            case "shift", _:
                after = shifted(fields, shell)
                if after is not None and after.arguments is None:  # there may be too few
                    return {SUCCESS: after, FAILURE: after, CommandEnd(False, "exit"): after}
            case "local", _ if not shell.returns:
                after = None
            case "trap", ["--", text, *_] | [text, *_] if text != "-":
                is_known = text is not None and not re.match(r"[$`]", text)
                return ended(self.trap(text or "", shell), status) if is_known else self.any_program((), shell)
            case "alias", _:
                return ended(aliased(fields, shell), status)
            case "shopt" | "coproc", _ if name == "coproc" or not HARMLESS_OPTIONS.issuperset(fields):
                raise ShellSyntaxError("a coprocess, or an option that changes how words are compared or found")
            case "kill", _ if not {"$$", "0"}.isdisjoint(fields):
                after = None
            case "set", _:
                after = with_options(fields, shell)
            case _:
                return None
        # After an error in them, dash ends and bash continues; a signal may end both.
        return {SUCCESS: after} if after else {FAILURE: shell, CommandEnd(False, "exit"): shell}

    def _is_taken_to_succeed(self, name: str, fields: list[Word], shell: Shell) -> bool:
        if name in DECLARE and not shell.is_bash and any(re.match("-", field or "") for field in fields):
            return False  # dash has none of these options
        return is_taken_to_succeed(name, fields, self._scene.device, self._scene.others, self._scene.made)

    def _sleep(self, fields: list[Word], shell: Shell) -> Outcomes:
        duration = seconds(fields)
        if duration == inf:
            return {CommandEnd(True, "forever"): shell}
        self._slept += duration or 0
        if self._slept < self._limit and duration is not None:
            return {SUCCESS: shell}
        # It may fail, and the script may have been killed.
        late = msgspec.structs.replace(shell, doubtful=shell.doubtful or self._slept >= self._limit)
        return ended(late, None)

    def _after_program(self, first: str, fields: list[Word], shell: Shell) -> Shell:
        """Return the shell after a program that is not followed, and perhaps others that its arguments contain."""
        name = first.rpartition("/")[2]
        shell = after_program(first, fields, shell, self._scene)
        for command in given(name, fields):
            shell = common_shell((shell, *self.argument(command, shell).values())) or shell
        for text in managed(name, fields, self._scene.scripts):
            outcomes = self.process(text, (None,), shell)
            shell = common_shell((shell, *outcomes.values())) or shell
        open_ends = [place for place, word in enumerate(fields, 1) if word is None or re.search(r"[$`]", word)]
        if open_ends and name in RUN_SOME:
            shell = self.after_any_script(fields[open_ends[0] :], shell)
        return shell

    def other(self, first: str, fields: list[Word], shell: Shell) -> Outcomes:
        """Run a builtin, or a program that is not followed."""
        name = first.rpartition("/")[2]
        if (outcomes := self._own(name, fields, shell)) is not None:
            return outcomes
        if name == "sleep":
            return self._sleep(fields, shell)
        loads = name == "rmmod" or (name == "modprobe" and removes(fields))
        if loads or removes_device(name, fields, self._scene.device):
            shell = started_over(shell)
        if name in {"cd", "pushd"}:
            folder = fields[0] if len(fields) == 1 else None
            known = folder if folder and folder.startswith("/") else None
            shell = msgspec.structs.replace(shell, entered=shell.entered | {known})
        if name in SET_VARIABLES:
            shell = overwritten(name, fields, shell)
        if name in DECLARE:
            shell = declared(name, fields, shell)
        elif may_rename(name, fields) or not runs_nothing(name, fields):
            shell = self._after_program(first, fields, shell)
        if self._is_taken_to_succeed(name, fields, shell):
            return {SUCCESS: shell}
        return {**ended(shell, None), **({CommandEnd(False, "exit"): shell} if name in SPECIAL else {})}


def with_errexit(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes of a command to which `set -e` applies."""
    failed = outcomes.get(FAILURE)
    if failed is None or failed.tested or failed.options["errexit"] is False:
        return outcomes
    certain = failed.tested is False and failed.options["errexit"] is True
    others = {end: shell for end, shell in outcomes.items() if end != FAILURE or not certain}
    return either(others, {CommandEnd(False, "exit"): failed})
