"""The syntax tree of a shell script, as far as it decides which commands run."""

from collections.abc import Iterator
from enum import Enum

import msgspec


class ShellSyntaxError(ValueError):
    """A script that can't be parsed or interpreted."""


class Dialect(Enum):
    """The shell that runs a script. Bash is in POSIX mode if it is called `sh`."""

    BASH = "bash"
    POSIX_BASH = "bash as sh"
    UNKNOWN = "perhaps dash"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A command of any kind."""


class Simple(Node, frozen=True, kw_only=True):
    """A command with its words, still quoted, and its here-document or input file."""

    words: tuple[str, ...]
    document: str = ""


class Redirected(Node, frozen=True, kw_only=True):
    """A command with the redirections to and from files, as operators and words.

    `names` are variables that get the number of a file descriptor.
    """

    body: Node
    files: tuple[tuple[str, str], ...]
    names: tuple[str, ...] = ()


class AndOr(Node, frozen=True, kw_only=True):
    """Commands joined by `&&` and `||`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


class Pipe(Node, frozen=True, kw_only=True):
    """Commands joined by `|`, or one command after `!`."""

    commands: tuple[Node, ...]
    negated: bool


class If(Node, frozen=True, kw_only=True):
    """Conditions with their commands, and the commands after `else`."""

    branches: "tuple[tuple[Block, Block], ...]"
    otherwise: "Block"


class For(Node, frozen=True, kw_only=True):
    """A loop over words."""

    name: str
    words: tuple[str, ...]
    body: "Block"


class Loop(Node, frozen=True, kw_only=True):
    """A loop that runs while its condition succeeds, or (`until`) fails."""

    condition: "Block"
    body: "Block"
    until: bool


class CaseCommand(Node, frozen=True, kw_only=True):
    """A word with the patterns and commands of each branch."""

    word: str
    branches: "tuple[tuple[tuple[str, ...], Block], ...]"


class GroupCommand(Node, frozen=True, kw_only=True):
    """Commands in braces, in parentheses (a subshell), or before `&` (a subshell in the background)."""

    body: "Block"
    subshell: bool
    background: bool = False


class Function(Node, frozen=True, kw_only=True):
    """The definition of a function."""

    name: str
    body: Node


Block = tuple[Node, ...]


def texts(part: object) -> Iterator[str]:
    """Yield the words in a command of any kind, and in the commands inside of it."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple | Node):
        for inner in part if isinstance(part, tuple) else msgspec.structs.astuple(part):
            yield from texts(inner)


def without_files(node: Node) -> Node:
    """Return a command without its redirections."""
    return node.body if isinstance(node, Redirected) else node
