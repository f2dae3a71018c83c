"""Commands that change the variables, arguments, options and aliases of a shell, or the name of the device."""

import re
from collections.abc import Sequence

import msgspec

from virtscan.offload.persistence.evidence import FEATURES, uncertain
from virtscan.offload.persistence.shell.effects import Scene, may_move, program_states
from virtscan.offload.persistence.shell.language import syntax
from virtscan.offload.persistence.shell.language.parsing import parse
from virtscan.offload.persistence.shell.language.syntax import ShellSyntaxError
from virtscan.offload.persistence.shell.language.tokens import tokenize
from virtscan.offload.persistence.shell.language.words import Word, expand
from virtscan.offload.persistence.shell.programs import RUNNERS, may_rename
from virtscan.offload.persistence.shell.state import OPTION_LETTERS, Shell

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[.*\])?(\+?)=(.*)", re.DOTALL)
DECLARE = frozenset({"export", "local", "declare", "typeset", "readonly"})
_OPTIONS = frozenset({*"abCefmuvxo", "errexit", "nounset", "noglob", "noclobber", "allexport", "xtrace", "verbose"})
_OPTIONS_OF_BASH = frozenset({*"BEhHT", "pipefail", "errtrace", "functrace"})
SET_VARIABLES = frozenset({"read", "unset", "getopts", "mapfile", "readarray", "let", "printf"})


def assigned(assignment: re.Match[str], shell: Shell) -> Shell:
    """Return the shell after an assignment."""
    name, element, more, value = assignment.groups()
    values: tuple[Word, ...]
    if element or (more and value.startswith("(")):
        values = (None,)
    elif value.startswith("("):
        tokens = tokenize(value[1:-1], dialect=shell.dialect)
        words = [token.text for token in tokens if token.text != "\n"]
        if any(token.operator and token.text != "\n" for token in tokens):
            raise ShellSyntaxError("an operator in an array")
        values = tuple(field for word in words for field in shell.fields(word))
    else:
        values = tuple(expand(value, shell.lookup, split=False)) or ("",)
    if element or value.startswith("("):
        shell = msgspec.structs.replace(shell, arrays=shell.arrays | {name})
    if more and not element:
        parts = (*shell.lookup(name), *values)
        values = (None,) if None in parts else ("".join(part or "" for part in parts),)
    return shell if None in values and is_longer_path(assignment) else shell.with_variables({name: values})


def is_longer_path(assignment: re.Match[str]) -> bool:
    """Return True if an assignment keeps the folders in PATH, such as `PATH=$PATH:/opt/bin`."""
    return assignment[1] == "PATH" and re.search(r"\$(PATH\b|\{PATH\})", assignment[4]) is not None


def declared(name: str, fields: Sequence[Word], shell: Shell) -> Shell:
    """Return the shell after `export`, `local` and the like.

    Raises:
        ShellSyntaxError: An attribute changes values, or a name is invalid, which ends dash.
    """
    if any(re.match(r"-\w*[gilnu]|[^A-Za-z_-]", field or "") for field in fields):
        raise ShellSyntaxError(f"{name} of another kind")
    fixes = name == "readonly" or any(re.match(r"-\w*r", field or "") for field in fields)
    for field in fields:
        variable, equals, value = (field or "").partition("=")
        if name in {"local", "declare", "typeset"}:
            before = {variable: shell.lookup(variable), **shell.local}
            shell = msgspec.structs.replace(shell, local=before).with_variables({variable: (None,)})
        if equals:
            shell = shell.with_variables({variable: (value,)})
        if name == "export":
            shell = msgspec.structs.replace(shell, exported=shell.exported | {variable})
        if fixes:
            shell = msgspec.structs.replace(shell, readonly=shell.readonly | {variable})
    return shell


def overwritten(name: str, fields: Sequence[Word], shell: Shell) -> Shell:
    """Return the shell after a command such as `read` or `unset`, which overwrites the variables in its arguments."""
    if None in fields and name != "printf":
        return shell.without_variables()
    if name == "printf":
        fields = fields[1:2] if fields[:1] == ["-v"] else ()
    names = [found for field in fields for found in re.findall(r"[A-Za-z_]\w*", field or "")]
    value: tuple[Word, ...] = () if name == "unset" else (None,)
    return shell.with_variables({**dict.fromkeys(names, value), "REPLY": (None,)})


def shifted(fields: Sequence[Word], shell: Shell) -> Shell | None:
    """Return the shell after `shift`; None if there are too few arguments: then dash ends and bash continues."""
    number, given = fields[0] if fields else "1", shell.arguments
    if number is None or not number.isdecimal() or given is None:
        return msgspec.structs.replace(shell, arguments=None)
    return msgspec.structs.replace(shell, arguments=given[int(number) :]) if int(number) <= len(given) else None


def with_options(fields: Sequence[Word], shell: Shell) -> Shell | None:
    """Return the shell after `set`; None after an unknown option, which may end the shell."""
    options: dict[str, bool | None] = dict(shell.options)
    rest = list(fields)
    while rest and rest[0] is not None and re.fullmatch(r"[-+].*", rest[0]):
        option = rest.pop(0) or ""
        if option == "--":
            return msgspec.structs.replace(shell, options=options, arguments=tuple(rest))
        names = {name for letter, name in OPTION_LETTERS.items() if letter in option[1:]}
        if option.endswith("o") and rest:
            names |= {rest.pop(0) or ""}
        known = _OPTIONS | _OPTIONS_OF_BASH if shell.is_bash else _OPTIONS
        if not known.issuperset({*option[1:], *names}):
            return None
        options |= dict.fromkeys(names & options.keys(), option.startswith("-"))
    if None in rest:  # perhaps an option
        return msgspec.structs.replace(shell, options=dict.fromkeys(options), arguments=None)
    return msgspec.structs.replace(shell, options=options, arguments=tuple(rest) if rest else shell.arguments)


def aliased(fields: list[Word], shell: Shell) -> Shell:
    """Return the shell after `alias`: in scripts, dash expands aliases and bash does not."""
    functions = dict(shell.functions)
    for name, equals, text in ((field or "").partition("=") for field in fields):
        if equals:
            itself = text.split()[:1] == [name]  # is not replaced again
            body = parse(f'{"command " if itself else ""}{text} "$@"')
            functions[name] = (*functions.get(name, (None,)), syntax.GroupCommand(body=body, subshell=False))
    return msgspec.structs.replace(shell, functions=functions)


def after_program(first: str, words: Sequence[Word], shell: Shell, scene: Scene) -> Shell:
    """Return the shell after a program that is not followed, an unknown one if its name is empty.

    It may give the device another name or namespace, or its name to another device. `nameif` and `ifrename` may find it
    by its MAC.
    """
    name = first.rpartition("/")[2]
    if may_rename(name, words) and not (name == "ip" and {None, scene.device, *scene.names}.isdisjoint(words)):
        elsewhere = words[-1:] != [scene.device]  # its name is another one's in what follows
        shell = shell.with_states(uncertain(FEATURES), certain=False)
        shell = msgspec.structs.replace(shell, doubtful=shell.doubtful or elsewhere)
    names = (first, *words) if name in RUNNERS else (first,)
    texts = [text for each in names if each for text in scene.called(each)]
    texts += [text for word in (first, *words) if word for text in scene.texts_of(word, shell.entered)]
    moves = any(may_move(text, scene.device) for text in texts)
    states = uncertain(FEATURES) if moves else program_states(first, words, texts, scene, entered=bool(shell.entered))
    return msgspec.structs.replace(shell.with_states(states, certain=False), doubtful=shell.doubtful or moves)


def after_text(text: str, shell: Shell, scene: Scene) -> Shell:
    """Return the shell after commands that are not understood."""
    shell = shell.with_states(scene.possible_states(text), certain=False)
    return msgspec.structs.replace(shell, doubtful=shell.doubtful or may_move(text, scene.device))


def started_over(shell: Shell) -> Shell:
    """Return the shell after the device got its driver again, or was made again."""
    return msgspec.structs.replace(shell, states=uncertain(shell.states))
