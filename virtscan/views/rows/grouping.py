"""Groups of a section's rows by a common value."""

from collections.abc import Iterable, Sequence

import msgspec


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """An action with its commands, each to be copied whole, or with the lines of a script, to be copied together."""

    action: str
    commands: tuple[str, ...] = ()
    script: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The action with its commands, in one sentence that a script follows; empty for nothing to do."""
        return f"{self.action}: {'; '.join(self.commands)}".rstrip() if self.commands or self.script else self.action


class RowGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a section that have one cause.

    `verdict` is that of all rows. `title` is a sentence about the cause, `action` is the cure or the missing fact,
    empty for nothing to do; `commands` belong to it, each to be copied whole; `also` must be done as well. `rows` are
    the places of the rows in their section, none where title and advice have all of a row; `columns` the keys in which
    they differ. A group that is not `is_open` needs no action; it is shown with `--all` only. `lists_rows` is False
    where the rows add nothing to the title: then their number is enough.
    """

    verdict: str
    title: str
    action: str = ""
    commands: tuple[str, ...] = ()
    also: tuple[Advice, ...] = ()
    rows: Sequence[int]
    columns: tuple[str, ...]
    is_open: bool = True
    lists_rows: bool = True

    @property
    def parts(self) -> tuple[Advice, ...]:
        """Everything to do, in order; empty for nothing to do."""
        first = Advice(action=self.action, commands=self.commands)
        return (first, *self.also) if self.action else ()

    @property
    def has_script(self) -> bool:
        """Return True if a part has a script, for which one line has no room."""
        return any(part.script for part in self.parts)


def joined(parts: Iterable[str]) -> str:
    """Join sentences and clauses; a clause ends with a semicolon, and one after a sentence begins another."""
    text = ""
    for part in parts:
        if text.endswith("."):
            text += f" {part[:1].upper()}{part[1:]}"
        else:
            text += f"{' ' if text.endswith(':') else '; '}{part}" if text else part
    return text
