"""Effects of commands that are not known: an unknown program, or unknown text that a shell runs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import msgspec

from virtscan.offload.persistence.evidence import FEATURES, uncertain
from virtscan.offload.persistence.shell.effects import Scene, States, may_concern, may_move, offload_states
from virtscan.offload.persistence.shell.language.syntax import Node
from virtscan.offload.persistence.shell.language.words import Word
from virtscan.offload.persistence.shell.state import CommandEnd, Outcomes, Shell, ended
from virtscan.offload.persistence.shell.variables import after_program


class UnknownCommands(ABC):
    """The unknown commands of scripts that run in one environment."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._slept = 0.0
        self._arguments = 0
        self._limit = scene.limit

    @abstractmethod
    def text(self, text: str, shell: Shell) -> Outcomes:
        """Run commands in a shell.

        Raises:
            ShellSyntaxError: The commands are not understood.
        """

    @abstractmethod
    def other(self, first: str, fields: list[Word], shell: Shell) -> Outcomes:
        """Run a builtin, or a program that is not followed."""

    @abstractmethod
    def node(self, node: Node, shell: Shell) -> Outcomes:
        """Run one command in a shell."""

    @cached_property
    def _of_any_script(self) -> tuple[States, bool]:
        """The states that an unknown script may give, and whether it may give the device another name."""
        text = "\n".join(self._scene.called(None))
        return may_concern(text), may_move(text, self._scene.device)

    def any_program(self, arguments: Sequence[Word], shell: Shell) -> Outcomes:
        """Return the outcomes of an unknown program, script or function with these arguments, or none before them."""
        if any(body is not None for bodies in shell.functions.values() for body in bodies):
            return self.anything(shell)
        shell = self.after_any_script(arguments, shell.with_states(uncertain(shell.states), certain=False))
        return ended(after_program("", arguments, shell, self._scene), None)

    def after_any_script(self, arguments: Sequence[Word], shell: Shell) -> Shell:
        """Return the shell after ethtool with these arguments, or one of the scripts that were read."""
        states, moves = self._of_any_script
        shell = shell.with_states({**offload_states(arguments, self._scene), **states}, certain=False)
        return msgspec.structs.replace(shell, doubtful=shell.doubtful or moves)

    @staticmethod
    def anything(shell: Shell) -> Outcomes:
        """Return the outcomes of unknown commands."""
        after = shell.with_states(uncertain(FEATURES), certain=False).without_variables()
        after = msgspec.structs.replace(after, arguments=None)
        return {**ended(after, None), CommandEnd(False, "exit"): after}
