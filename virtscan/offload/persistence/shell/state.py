"""The known state of an interpreted shell, and the possible outcomes of a command."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.shell.effects import Scene, States, merged
from virtscan.offload.persistence.shell.language.syntax import Dialect, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.language.words import BLANKS, Word, expand
from virtscan.offload.persistence.shell.programs import finds_ethtool

_Value = TypeVar("_Value")
_Values = tuple[Word, ...]
OPTIONS = ("errexit", "noglob", "nounset", "pipefail")
OPTION_LETTERS = {"e": "errexit", "f": "noglob", "u": "nounset"}
_UNKNOWN: _Values = (None,)


class CommandEnd(msgspec.Struct, frozen=True):
    """One possible end of a command: its success, and how it leaves the script's sequence.

    `leaves` is `exit`, `return`, `break` or `continue`, with the number of `loops`; `forever` for an endless loop;
    `line` if the next line of the script follows, as in bash after an error; empty if the next command follows.
    """

    status: bool
    leaves: str = ""
    loops: int = 0


SUCCESS, FAILURE = CommandEnd(True), CommandEnd(False)


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """The known state of a shell at one point of a script, over all paths that lead there.

    `states` were given to the device so far, `later` by commands in the background. A variable that is missing in
    `variables` is unknown; one that is not set has no values. `readonly` are variables that can't be set again, and
    `arrays` those that may be arrays, which no other program gets. `functions` have every possible body, None for no
    function. `local` has the values that variables get back after the function. `options` are None if unknown. In a
    `tested` command `set -e` ignores failures; None if that depends on the shell. `returns` is True in a function or a
    sourced script. `dialect` is the shell, if known. `doubtful` is True if a command may not reach the device: its name
    may belong to another device now, or the script may have been killed. `entered` are the folders to which it
    may have changed, None for an unknown one. `reads_unknown` is True if unknown text may be its input.
    """

    states: Mapping[str, State] = {}
    later: Mapping[str, State] = {}
    readonly: frozenset[str] = frozenset()
    variables: Mapping[str, _Values] = msgspec.field(default_factory=lambda: {"IFS": (BLANKS,)})
    arrays: frozenset[str] = frozenset()
    exported: frozenset[str] = frozenset({"PATH"})
    arguments: _Values | None = None
    functions: Mapping[str, tuple[Node | None, ...]] = {}
    local: Mapping[str, _Values] = {}
    options: Mapping[str, bool | None] = msgspec.field(default_factory=lambda: dict.fromkeys(OPTIONS, False))
    tested: bool | None = False
    returns: bool = False
    dialect: Dialect = Dialect.UNKNOWN
    doubtful: bool = False
    entered: frozenset[str | None] = frozenset()
    reads_unknown: bool = False
    loops: int = 0
    calls: int = 0

    @classmethod
    def of(cls, scene: Scene) -> "Shell":
        """Return the shell that starts a script."""
        environment = {name: (value,) for name, value in scene.variables.items()}
        dialect = Dialect.POSIX_BASH if scene.sh_is_bash else Dialect.UNKNOWN
        return cls(arguments=scene.arguments, dialect=dialect).with_variables(environment, exported=True)

    @property
    def is_bash(self) -> bool:
        """Return True if the shell is known to be bash, under either name."""
        return self.dialect is not Dialect.UNKNOWN

    def joined(self, other: "Shell") -> "Shell":
        """Return the state that both shells have in common."""
        variables = dict(_common(self.variables, other.variables, _UNKNOWN))
        if self.finds_ethtool and other.finds_ethtool and variables.get("PATH") == _UNKNOWN:
            del variables["PATH"]
        return msgspec.structs.replace(
            self,
            states=_common(self.states, other.states, State.UNKNOWN),
            later=_common(self.later, other.later, State.UNKNOWN),
            variables=variables,
            arrays=self.arrays | other.arrays,
            exported=self.exported & other.exported,
            readonly=self.readonly | other.readonly,
            arguments=self.arguments if self.arguments == other.arguments else None,
            functions={
                name: tuple(dict.fromkeys((*self.functions.get(name, (None,)), *other.functions.get(name, (None,)))))
                for name in {**self.functions, **other.functions}
            },
            local=_common(self.local, other.local, _UNKNOWN),
            options=_common(self.options, other.options, None),
            doubtful=self.doubtful or other.doubtful,
            entered=self.entered | other.entered,
            reads_unknown=self.reads_unknown or other.reads_unknown,
        )

    def lookup(self, name: str) -> _Values:
        """Return the values of a variable: several for `@`, `*` and arrays."""
        given = self.arguments
        if name in {"@", "*"}:
            return _UNKNOWN if given is None else given
        if name == "$":
            return ("$$",)  # a process number; its value is unknown and not needed
        if name == "#":
            return _UNKNOWN if given is None or None in given else (str(len(given)),)
        if name.isdecimal() and name != "0":
            place = int(name)
            return _UNKNOWN if given is None or None in given[:place] else given[place - 1 : place] or ("",)
        return self.variables.get(name, _UNKNOWN)

    def fields(self, word: str) -> list[Word]:
        """Expand a word to the fields that a command gets."""
        return expand(word, self.lookup, matches_files=self.options["noglob"] is not True)

    def is_set(self, name: str) -> bool:
        """Return True if a variable is known to be set."""
        if name.isdecimal():
            return self.arguments is not None and len(self.arguments) >= int(name) and self.lookup(name) != _UNKNOWN
        return not re.match(r"[A-Za-z_]", name) or self.lookup(name) not in {(), _UNKNOWN}

    def text_of(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unknown."""
        known = [value for value in self.lookup(name) if value is not None]
        return " ".join(known) if len(known) == len(self.lookup(name)) else None

    @property
    def finds_ethtool(self) -> bool:
        """Return False if PATH may lack the folders of ethtool: the script has set it to others, or to unknown ones."""
        path = self.text_of("PATH")
        return "PATH" not in self.variables if path is None else finds_ethtool(path)

    def with_states(self, states: States, *, certain: bool = True) -> "Shell":
        """Return the shell after a command that gives states to the device, or may give them."""
        after = merged(self.states, states, certain=certain and not self.doubtful)
        return msgspec.structs.replace(self, states=after)

    def reading(self, *, unknown: bool) -> "Shell":
        """Return the shell with another input."""
        return msgspec.structs.replace(self, reads_unknown=unknown)

    def with_variables(self, values: Mapping[str, _Values], *, exported: bool = False) -> "Shell":
        """Return the shell with other values of variables.

        Raises:
            ShellSyntaxError: One is read-only: dash ends there, and bash skips the rest of the line.
        """
        if not self.readonly.isdisjoint(values):
            raise ShellSyntaxError("a read-only variable is set")
        return msgspec.structs.replace(
            self,
            variables={**self.variables, **values},
            exported=self.exported.union(values) if exported else self.exported,
        )

    def without_variables(self, kept: Iterable[str] = ()) -> "Shell":
        """Return the shell with unknown variables, except for those to keep; PATH is taken to be the same."""
        names = {"IFS", "PATH", *kept}
        values = {name: value for name, value in self.variables.items() if name in names}
        return msgspec.structs.replace(self, variables=values)

    def child(self, arguments: _Values | None, *, options: str, dialect: Dialect) -> "Shell":
        """Return the shell of a script that this one starts."""
        exported = self.exported - self.arrays
        variables = {name: values for name, values in self.variables.items() if name in exported}
        return Shell(
            states=self.states,
            later=self.later,
            doubtful=self.doubtful,
            entered=self.entered,
            reads_unknown=self.reads_unknown,
            exported=exported,
            arguments=arguments,
            options=dict.fromkeys(OPTIONS, False)
            | {name: letter in options for letter, name in OPTION_LETTERS.items()},
            dialect=dialect,
            calls=self.calls + 1,
        ).with_variables({**variables, "IFS": (BLANKS,)})

    def after_child(self, child: "Shell") -> "Shell":
        """Return this shell after its child has ended, with its own variables."""
        return msgspec.structs.replace(self, states=child.states, later=child.later, doubtful=child.doubtful)

    def outcome(self) -> States:
        """Return the final states of the device, after the commands in the background have ended."""
        unlike = [name for name, state in self.later.items() if self.states.get(name) is not state]
        return {**self.states, **dict.fromkeys(unlike, State.UNKNOWN)}


def _common(one: Mapping[str, _Value], other: Mapping[str, _Value], unknown: _Value) -> Mapping[str, _Value]:
    if one == other:
        return one
    names = {**one, **other}
    return {name: one[name] if name in one and one[name] == other.get(name) else unknown for name in names}


Outcomes = Mapping[CommandEnd, Shell]
"""The possible ends of a command, each with the shell after it."""


def either(*several: Outcomes) -> Outcomes:
    """Return the outcomes if one of several commands runs."""
    found: dict[CommandEnd, Shell] = {}
    for outcomes in several:
        for end, shell in outcomes.items():
            found[end] = found[end].joined(shell) if end in found else shell
    return found


def ended(shell: Shell, status: bool | None) -> Outcomes:
    """Return the outcomes of a command; a status of None is unknown."""
    return dict.fromkeys((SUCCESS, FAILURE) if status is None else (CommandEnd(status),), shell)


def next_shell(outcomes: Outcomes) -> Shell | None:
    """Return the shell of the next command; None if there is none."""
    return common_shell(shell for end, shell in outcomes.items() if not end.leaves)


def common_shell(shells: Iterable[Shell]) -> Shell | None:
    """Return the state that all shells have in common; None if there are none."""
    found = None
    for shell in shells:
        found = shell if found is None else found.joined(shell)
    return found


def changed(outcomes: Outcomes, change: Callable[[Shell], Shell], leaves: Iterable[str] = ()) -> Outcomes:
    """Return outcomes with changed shells; after an end by one of `leaves`, the next command follows."""
    stopped = frozenset(leaves)
    return either(
        *({CommandEnd(end.status) if end.leaves in stopped else end: change(shell)} for end, shell in outcomes.items())
    )
