"""State of an interpreted shell script: variables, arguments, and the states that it gave to the device."""

from collections.abc import Iterator
from contextlib import contextmanager

from virtscan.offload.persistence.shell.effects import Scene, States, merged
from virtscan.offload.persistence.shell.syntax import Node
from virtscan.offload.persistence.shell.words import Word


class EndError(Exception):
    """The end of a script, a function or a pass of a loop."""


class ExitError(EndError):
    """`exit`."""


class ReturnError(EndError):
    """`return`."""


class NextError(EndError):
    """`continue` or `break`."""


class Shell:
    """One script while it runs; `states` are those that it has given to the device so far."""

    def __init__(self, scene: Scene) -> None:
        self.states: States = {}
        self.variables: dict[str, tuple[Word, ...]] = {name: (value,) for name, value in scene.variables.items()}
        self._scene = scene
        self._arguments = scene.arguments
        self._functions: dict[str, Node] = {}
        self._doubt = False
        self._ended = False  # it may have ended: all that follows is in doubt
        self._errexit = False  # `set -e`
        self._tested = 0  # so deep in conditions, where `set -e` does not count
        self._steps = 0
        self._calls = 0

    def text_of(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unknown."""
        values = [value for value in self.variables[name] if value is not None]
        return " ".join(values) if len(values) == len(self.variables[name]) else None

    def _lookup(self, name: str) -> tuple[Word, ...]:
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

    @contextmanager
    def _testing(self) -> Iterator[None]:
        self._tested += 1
        try:
            yield
        finally:
            self._tested -= 1

    def _end(self, reason: EndError) -> None:
        """End here, or treat everything from here on as doubtful."""
        if not self._doubt:
            raise reason
        self._ended = True

    def _appended(self, name: str, values: tuple[Word, ...]) -> tuple[Word, ...]:
        parts = (*self._lookup(name), *values)
        return (None,) if None in parts else ("".join(part or "" for part in parts),)

    def _set(self, name: str, values: tuple[Word, ...]) -> None:
        same = self.variables.get(name) == values
        self.variables[name] = values if not self._doubt or same else (None,)
