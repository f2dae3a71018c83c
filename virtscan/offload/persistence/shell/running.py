"""Entry points of the interpreter: scripts, lines and commands.

After an unknown variable or outcome, the commands that depend on it give UNKNOWN. Ordinary commands, such as
`ip link set`, are assumed to succeed, and loops to end.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence

from virtscan.offload.persistence.shell.effects import Scene, States
from virtscan.offload.persistence.shell.interpreter import Interpreter
from virtscan.offload.persistence.shell.language.syntax import ShellSyntaxError
from virtscan.offload.persistence.shell.language.words import Word
from virtscan.offload.persistence.shell.state import Outcomes, Shell, common_shell


def run_script(text: str, scene: Scene) -> States:
    """Return the states that a script gives to the device; UNKNOWN if it is not understood."""
    return run_line(text, scene)[0]


def run_line(text: str, scene: Scene) -> tuple[States, bool | None]:
    """Return the states that a shell command line gives, and whether it succeeds (None if unknown)."""
    return _guarded(text, scene, lambda run, shell: run.process(text, scene.arguments, shell))


def run_words(words: Sequence[Word], scene: Scene) -> States:
    """Return the states that one command, given by its words, gives to the device."""
    return run_command(words, scene)[0]


def run_command(words: Sequence[Word], scene: Scene) -> tuple[States, bool | None]:
    """Return the states that one command gives, and whether it succeeds (None if unknown)."""
    text = shlex.join("$unknown" if word is None else word for word in words).replace("'$unknown'", "$unknown")
    return _guarded(text, scene, lambda run, shell: run.command(words, shell))


def assigned(text: str, scene: Scene) -> Mapping[str, str | None] | None:
    """Return the variables that a file of assignments sets; None if it is not understood."""
    try:
        after = common_shell(Interpreter(scene).text(text, Shell.of(scene)).values())
    except (ShellSyntaxError, RecursionError):
        return None
    return None if after is None else {name: after.text_of(name) for name in after.variables}


def _guarded(text: str, scene: Scene, act: Callable[[Interpreter, Shell], Outcomes]) -> tuple[States, bool | None]:
    try:
        outcomes = act(Interpreter(scene), Shell.of(scene))
    except (ShellSyntaxError, RecursionError):
        return scene.possible_states(text), None
    after = common_shell(outcomes.values())
    statuses = {end.status for end in outcomes}
    return {} if after is None else after.outcome(), statuses.pop() if len(statuses) == 1 else None
