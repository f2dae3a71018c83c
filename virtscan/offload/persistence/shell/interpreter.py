"""Control flow of a shell script.

All execution paths of a script are followed: a command has several outcomes if its success is unknown. Where paths
join, a variable or a state of the device is unknown unless all paths agree on it. A loop is repeated until another pass
changes nothing that is known.
"""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.shell.effects import Scene
from virtscan.offload.persistence.shell.language import syntax
from virtscan.offload.persistence.shell.language.parsing import parse, parse_lines
from virtscan.offload.persistence.shell.language.syntax import Block, Dialect, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.language.words import SOME_TEXT, Word, expand, expand_pattern, file_pattern
from virtscan.offload.persistence.shell.programs import REBINDS, SPECIAL, is_filter, opens, runs_nothing
from virtscan.offload.persistence.shell.simple import SimpleCommands, with_errexit
from virtscan.offload.persistence.shell.state import (
    FAILURE,
    SUCCESS,
    CommandEnd,
    Outcomes,
    Shell,
    changed,
    common_shell,
    either,
    next_shell,
)
from virtscan.offload.persistence.shell.variables import after_text, started_over

_STEPS = 5000
_FOLLOWED = 20
"""Number of passes of a loop that are followed one by one."""


class Interpreter(SimpleCommands):
    """The control flow of scripts."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._steps = 0

    def text(self, text: str, shell: Shell) -> Outcomes:
        """Run commands in a shell."""
        outcomes: Outcomes = {SUCCESS: shell}
        for line in parse_lines(text, dialect=shell.dialect):
            following = next_shell(outcomes)
            if following is None:
                break
            outcomes = changed(either(_leaving(outcomes), self._block(line, following)), lambda after: after, ("line",))
        return outcomes

    def trap(self, text: str, shell: Shell) -> Shell:
        """Return the shell after commands that a signal or the end of the script may run."""
        return msgspec.structs.replace(shell, later=self._background(parse(text), shell).later)

    def _block(self, block: Block, shell: Shell) -> Outcomes:
        outcomes: Outcomes = {SUCCESS: shell}
        for node in block:
            following = next_shell(outcomes)
            if following is None:
                break
            outcomes = either(_leaving(outcomes), self.node(node, following))
        return outcomes

    def node(self, node: Node, shell: Shell) -> Outcomes:  # noqa: C901, PLR0911  a table of nodes
        """Run one command in a shell."""
        self._steps += 1
        if self._steps > _STEPS:
            raise RecursionError("too many steps")
        match node:
            case syntax.Simple():
                return with_errexit(self.simple(node, shell))
            case syntax.Redirected():
                return self._redirected(node, shell)
            case syntax.AndOr():
                return self._and_or(node, shell)
            case syntax.Pipe():
                return self._pipe(node, shell)
            case syntax.If():
                return self._if(node, shell)
            case syntax.GroupCommand():
                return self._group(node, shell)
            case syntax.Function(name=name, body=body):
                if not name.isidentifier() and shell.dialect is not Dialect.BASH:
                    raise ShellSyntaxError("a name that dash and POSIX mode refuse")
                functions = {**shell.functions, name: (body,)}
                return {SUCCESS: msgspec.structs.replace(shell, functions=functions)}
            case syntax.For():
                return self._for(node, shell)
            case syntax.CaseCommand():
                return self._case(node, shell)
            case syntax.Loop():
                return self._loop(node, shell)
        raise ShellSyntaxError("a command of another kind")

    def _redirected(self, node: syntax.Redirected, shell: Shell) -> Outcomes:
        """Run a command with redirections: if one fails, the command does not run, and a special builtin ends dash."""
        found, _, shell = self.substituted([word for operator, word in node.files if "(" not in operator], shell)
        for text in (word[2:-1] for operator, word in node.files if "(" in operator):
            shell = self._background(parse(text, dialect=shell.dialect), shell)
        shell = shell.with_variables(dict.fromkeys(node.names, (None,)))
        files = [(operator, (*expand(word, shell.lookup, split=False), None)[0]) for operator, word in node.files]
        reads = shell.reads_unknown or any(operator in {"<", "<(", "<&"} and path is None for operator, path in files)
        outcomes = self.node(node.body, shell.reading(unknown=reads))
        if not (isinstance(node.body, syntax.Simple) and node.body.words == ("exec",)):
            outcomes = changed(outcomes, lambda after: after.reading(unknown=shell.reads_unknown))
        outcomes = either(found, outcomes)
        if any(REBINDS.fullmatch(path or "") for _, path in files):
            outcomes = changed(outcomes, started_over)
        if all(opens(operator, path) for operator, path in files):
            return outcomes
        words = node.body.words if isinstance(node.body, syntax.Simple) else ()
        ended = {CommandEnd(False, "exit"): shell} if SPECIAL.intersection(words[:1]) else {}
        return either(outcomes, with_errexit({FAILURE: shell}), ended)

    def _tested(self, block: Block, shell: Shell) -> Outcomes:
        """Run commands whose failure `set -e` ignores."""
        outcomes = self._block(block, msgspec.structs.replace(shell, tested=True))
        return changed(outcomes, lambda after: msgspec.structs.replace(after, tested=shell.tested))

    def _and_or(self, node: syntax.AndOr, shell: Shell) -> Outcomes:
        outcomes = self._tested((node.first,), shell)
        for number, (operator, following) in enumerate(node.rest, 1):
            continues = SUCCESS if operator == "&&" else FAILURE
            if continues in outcomes:
                run = self._block if number == len(node.rest) else self._tested
                others = {end: after for end, after in outcomes.items() if end != continues}
                outcomes = either(others, run((following,), outcomes[continues]))
        return outcomes

    def _pipe(self, node: syntax.Pipe, shell: Shell) -> Outcomes:
        if node.negated:
            positive = self._tested((msgspec.structs.replace(node, negated=False),), shell)
            return {end if end.leaves else CommandEnd(not end.status): after for end, after in positive.items()}
        if len(node.commands) == 1:
            return self.node(node.commands[0], shell)
        reads = shell.reads_unknown
        for number, command in enumerate(map(syntax.without_files, node.commands)):
            before = node.commands[:number]
            if not (isinstance(command, syntax.Simple) and is_filter(command.words)):
                text = "\n".join(" ".join(syntax.texts(each)) for each in before)
                shell = after_text(text, shell, self._scene)
                reads = reads or "$" in text or "`" in text or not all(map(_prints_known, before))
        # All of them run at the same time, in any order.
        inner = shell.reading(unknown=reads)
        forth, back = self._parts(node.commands, inner), self._parts(node.commands[::-1], inner)
        after = (common_shell((*forth.values(), *back.values())) or shell).reading(unknown=shell.reads_unknown)
        statuses = {end.status for end in forth} if shell.options["pipefail"] is False else {True, False}
        return with_errexit({CommandEnd(status): after for status in statuses})

    def _parts(self, commands: Sequence[Node], shell: Shell) -> Outcomes:
        outcomes: Outcomes = {SUCCESS: shell}
        for command in commands:
            outcomes = self.in_subshell((command,), common_shell(outcomes.values()) or shell)
        return outcomes

    def in_subshell(self, block: Block, shell: Shell) -> Outcomes:
        """Run commands in a subshell that is assumed to end."""
        leaves = ("exit", "return", "break", "continue", "line", "forever")
        return changed(self._block(block, shell), shell.after_child, leaves)

    def _group(self, node: syntax.GroupCommand, shell: Shell) -> Outcomes:
        if not node.subshell:
            return self._block(node.body, shell)
        if not node.background:
            leaves = ("exit", "return", "break", "continue", "line")
            return with_errexit(changed(self._block(node.body, shell), shell.after_child, leaves))
        return {SUCCESS: self._background(node.body, shell)}

    def _background(self, block: Block, shell: Shell) -> Shell:
        """Return the shell after starting commands in the background, which may take effect at any later time."""
        alone = common_shell(self.in_subshell(block, msgspec.structs.replace(shell, states={})).values()) or shell
        later = dict(alone.later)
        for name, state in alone.states.items():
            later[name] = state if later.get(name, state) is state else State.UNKNOWN
        shell = shell.with_states(dict(alone.states), certain=not self._scene.ends_children)
        return msgspec.structs.replace(shell, later=later, doubtful=alone.doubtful)

    def _if(self, node: syntax.If, shell: Shell) -> Outcomes:
        found: Outcomes = {}
        for condition, body in node.branches:
            outcomes = self._tested(condition, shell)
            found = either(found, _leaving(outcomes))
            if SUCCESS in outcomes:
                found = either(found, self._block(body, outcomes[SUCCESS]))
            if FAILURE not in outcomes:
                return found
            shell = outcomes[FAILURE]
        return either(found, self._block(node.otherwise, shell))

    def _pass(self, body: Block, shell: Shell) -> tuple[Outcomes, Outcomes]:
        """Run one pass of a loop: the outcomes with which the next one starts, and those that leave the loop."""
        outcomes = self._block(body, msgspec.structs.replace(shell, loops=shell.loops + 1))
        again: list[Outcomes] = []
        left: list[Outcomes] = []
        for end, after in outcomes.items():
            outside = msgspec.structs.replace(after, loops=shell.loops)
            if end.loops > 1:
                left.append({msgspec.structs.replace(end, loops=end.loops - 1): outside})
            elif end.leaves in {"", "continue"}:
                again.append({CommandEnd(end.status): outside})
            else:
                left.append({SUCCESS if end.leaves == "break" else end: outside})
        return either(*again), either(*left)

    @staticmethod
    def _passes(once: Callable[[Shell], tuple[Outcomes, Outcomes]], shell: Shell) -> tuple[Shell, Outcomes, Outcomes]:
        """Run passes of a loop until another one adds nothing: the shell before any of them, and behind them."""
        again, left = once(shell)
        more = next_shell(either({SUCCESS: shell}, again))
        return (shell, again, left) if more is None or more == shell else Interpreter._passes(once, more)

    def _for(self, node: syntax.For, shell: Shell) -> Outcomes:
        found, _, shell = self.substituted(node.words, shell)
        outcomes: Outcomes = {SUCCESS: shell}
        fields: list[Word] = []
        for word in node.words:
            pattern = file_pattern(word, shell.lookup) if shell.options["noglob"] is False else None
            paths = self._scene.matching(pattern) if pattern else []
            if pattern and paths:
                unread = re.sub(r"[*?].*", SOME_TEXT, pattern)
                fields += [unread, *(each for path in paths for each in (path, unread))]
            else:
                fields += shell.fields(word)
        for field in fields:

            def once(start: Shell, field: Word = field) -> tuple[Outcomes, Outcomes]:
                return self._pass(node.body, start.with_variables({node.name: (field,)}))

            start = next_shell(outcomes)
            if start is None:
                break
            if field is None or SOME_TEXT in field:  # any number of passes
                start, outcomes, left = self._passes(once, start)
                outcomes = either({SUCCESS: start}, outcomes)
            else:
                outcomes, left = once(start)
            found = either(found, left)
        return either(found, outcomes)

    def _loop(self, node: syntax.Loop, shell: Shell) -> Outcomes:
        enters, leaves = (FAILURE, SUCCESS) if node.until else (SUCCESS, FAILURE)

        def once(start: Shell) -> tuple[Outcomes, Outcomes]:
            tested = self._tested(node.condition, start)
            again, left = self._pass(node.body, tested[enters]) if enters in tested else ({}, {})
            done = {SUCCESS: tested[leaves]} if leaves in tested else {}
            return again, either(left, _leaving(tested), done)

        found: Outcomes = {}
        ends: set[CommandEnd] = {SUCCESS}  # of the last pass
        for _ in range(_FOLLOWED):  # while the condition is certain
            tested = self._tested(node.condition, shell)
            if tested.keys() == {leaves}:
                return either(found, dict.fromkeys(ends, tested[leaves]))
            again, left = once(shell) if tested.keys() == {enters} else ({}, {})
            following = next_shell(again)
            if following is None or following == shell:
                break
            found, shell, ends = either(found, left), following, set(again)
        start, again, left = self._passes(once, shell)
        if SUCCESS in left:
            left = either(left, dict.fromkeys({*ends, *again}, left[SUCCESS]))
        return either(found, left) or {CommandEnd(True, "forever"): next_shell(again) or start}

    def _case(self, node: syntax.CaseCommand, shell: Shell) -> Outcomes:
        found, _, shell = self.substituted((node.word,), shell)
        fields = expand(node.word, shell.lookup, split=False)
        word = fields[0] if len(fields) == 1 and SOME_TEXT not in (fields[0] or "") else None
        for patterns, body in node.branches:
            ends, _, after = self.substituted(patterns, shell)
            found, shell = either(found, ends), shell.joined(after)  # an earlier one may match
            known = [expand_pattern(pattern, shell.lookup) for pattern in patterns]
            if word is not None and any(pattern is not None and fnmatchcase(word, pattern) for pattern in known):
                return either(found, self._block(body, shell))
            if word is None or None in known:
                found = either(found, self._block(body, shell))
        return either(found, {SUCCESS: shell})


def _prints_known(node: Node) -> bool:
    """Return True if what a command prints is in its words, or in the files that they name."""
    command = syntax.without_files(node)
    return isinstance(command, syntax.Simple) and runs_nothing("".join(command.words[:1]), command.words[1:])


def _leaving(outcomes: Outcomes) -> Outcomes:
    return {end: shell for end, shell in outcomes.items() if end.leaves}
