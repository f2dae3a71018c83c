"""A case of the matrix, and what its scan left."""

from collections.abc import Callable
from pathlib import Path

import msgspec

MEMORY_MIB = 300


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a scan: `problems` are sentences about anything that must not be."""

    seconds: float
    limit: float
    complete: int
    healthy: int
    codes: tuple[int, ...]
    allowed: frozenset[int]
    left: tuple[str, ...] = ()
    memory_mib: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """Return everything that does not hold."""
        wrong_codes = sorted(set(self.codes) - self.allowed)
        found = {
            f"late by {self.seconds - self.limit:.1f} s": self.seconds > self.limit,
            f"{self.healthy - self.complete} healthy hosts incomplete": self.complete < self.healthy,
            f"exit codes {wrong_codes}": bool(wrong_codes),
            f"left running: {', '.join(self.left)}": bool(self.left),
            f"over {MEMORY_MIB} MiB": self.memory_mib > MEMORY_MIB,
        }
        return (*(text for text, is_wrong in found.items() if is_wrong), *self.problems)

    @property
    def lacks_time(self) -> bool:
        """Return True if a machine that is too busy for the limits of time may have caused all failures."""
        is_short = self.seconds > self.limit or self.complete < self.healthy
        return is_short and not self.left and not self.problems


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A named fault; `play` makes it in a folder of its own, with all time limits multiplied by a number.

    The core is what continuous integration plays.
    """

    name: str
    play: Callable[[Path, float], Outcome]
    is_core: bool = True
